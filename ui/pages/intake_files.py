"""Photos of a case being taken: from files, a whole folder, the clipboard or dropped; sealed at once, shown small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QCursor, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from app.errors import KnownError
from app.services.attachments import Staged
from ui.jobs import Jobs
from ui.pages.attachments_card import KINDS
from ui.pieces.buttons import Button, IconButton
from ui.pieces.camera import CameraButton, Photo, as_png
from ui.pieces.card import Card
from ui.pieces.files import Files, FileTile
from ui.pieces.text import retone, words

if TYPE_CHECKING:
    from app.services.office import Office

MOST = 30
"""So many files of one folder: who picked the wrong folder doesn't attach a disk."""
_SUFFIXES = {
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".wps", ".ofd",
}  # fmt: skip


@dataclass(frozen=True)
class _Shown:
    staged: Staged
    thumb: bytes | None


class IntakeFiles(Card):
    """Signal ``changed``. What is taken in is sealed on the disk before the case is saved, and comes back with its draft.

    *small*: one line in the form of an action, without a frame and without whole folders; tiles stand below it once there are any.
    """

    changed = Signal()

    def __init__(self, office: Office, jobs: Jobs, *, small: bool = False) -> None:
        # Two of one key on a page would be none: there the photos of the case have it.
        self.camera = CameraButton(self.take_photo, small=small)
        if small:
            super().__init__()
            self.setObjectName("bare")
            self.body.setContentsMargins(0, 0, 0, 0)
            pick = Button(
                "附照片",
                self._choose,
                kind="link",
                icon="paperclip",
                small=True,
                tip="照片、扫描件、文件，和这一步一起交",
            )
            self.add_line(
                pick, self.camera, IconButton("clipboard", "粘贴截图、复制的照片", self.paste, small=True), None
            )
        else:
            paste = Button(
                "粘贴", self.paste, kind="quiet", icon="clipboard", small=True, tip="截图、复制的照片（Ctrl+V）"
            )
            folder = Button("整个文件夹", self._choose_folder, kind="quiet", icon="folder", small=True)
            super().__init__("照片附件", " ", actions=[self.camera, paste, folder])
        self._office, self._jobs, self._small = office, jobs, small
        self._owner = ""
        self._held: list[_Shown] = []
        self._coming = self._pasted = self._photos = 0
        # Who is told of what comes when this form is closed already.
        self.late: Callable[[Staged], object] = lambda _staged: None
        self._heir: IntakeFiles | None = None
        self.files = Files(columns=3 if small else 4, add="" if small else "添加照片")
        self.files.added.connect(self._choose)
        self.files.opened.connect(self._on_opened)
        self.add(self.files)
        self.said = words("", "12", "text-3", wrap=True)
        self.add(self.said)
        self.say("")

    def show_files(self, owner: str, staged: Sequence[Staged]) -> None:
        """Begin for the case *owner* with what was taken in for it before."""
        self._owner, self._held = owner, []
        self._pasted = sum(one.name.startswith("粘贴的照片") for one in staged)
        self._photos = sum(one.name.startswith("拍的照片") for one in staged)
        self._show()
        self.say("")
        if staged:
            # Until they are read they are not among those held: nothing may be saved without them.
            self._coming += 1
            self._jobs.run(
                lambda: (owner, [_Shown(one, self._office.attachments.small_of(one)) for one in staged]),
                partial(_kept, self),
                partial(_refused, self),
            )

    def staged(self) -> tuple[Staged, ...]:
        """What was taken in."""
        return tuple(one.staged for one in self._held)

    def coming(self) -> bool:
        """Whether some are still being taken in."""
        return self._coming > 0

    def inherit(self, before: IntakeFiles) -> None:
        """What was on its way to the one *before* comes here, and is waited for."""
        before._heir = self
        self._coming += before._coming
        before._coming = 0
        self._count()

    def living(self) -> IntakeFiles | None:
        """Who shows what comes for this one: itself, or the form that was opened since; None where all were closed."""
        last = self
        while last._heir is not None:
            last = last._heir
        return last if shiboken6.isValid(last) else None

    def take_mime(self, mime: QMimeData) -> bool:
        """Take what was dropped or pasted; False where there is no file and no picture in it."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []
        if paths:
            self.take_paths(paths)
            return True
        if mime.hasImage() and not mime.hasText():
            image = QImage(mime.imageData())
            if not image.isNull():
                self._pasted += 1
                self._take_image(lambda: image, f"粘贴的照片{self._pasted}")
                return True
        return False

    def take_photo(self, photo: Photo) -> None:
        """Take what the camera saw."""
        self._photos += 1
        self._take_image(photo, f"拍的照片{self._photos}")

    def paste(self) -> bool:
        """Take what the clipboard holds."""
        found = self.take_mime(QApplication.clipboard().mimeData())
        if not found:
            self.say("剪贴板里没有照片或文件。先截图或复制照片，再按 Ctrl+V。")
        return found

    def take_paths(self, paths: Sequence[Path]) -> None:
        """Take files in, of a folder those that can be attached; one that can't be is told and holds up no other."""
        self._coming += 1
        self._count()
        self._jobs.run(lambda: files_in(paths), partial(_listed, self), partial(_refused, self))

    def say(self, text: str) -> None:
        """Say what happened; "" how files come here."""
        retone(self.said, "orange" if text else "text-3")
        how = "" if self._small else "可以拖进来，或截图、复制照片后按 Ctrl+V；照片缩小后加密存在本机。"
        self.said.setText(text or how)
        if self._small and not text:
            self.said.hide()
        elif self.said.isHidden():
            self.said.show()

    def listed(self, wanted: Sequence[Path]) -> None:
        """Take in what there is of it."""
        self._coming -= 1
        self._count()
        self.take_each(wanted[:MOST])
        if not wanted:
            self.say("文件夹里没有照片或文件。")
        elif len(wanted) > MOST:
            self.say(f"一次最多添加 {MOST} 份，还有 {len(wanted) - MOST} 份没有添加。")

    def _take_image(self, image: Photo, name: str) -> None:
        owner = self._owner
        self._coming += 1
        self._count()
        self._jobs.run(
            lambda: self._staged(owner, as_png(image()), name), partial(_arrived, self), partial(_refused, self)
        )

    def take_each(self, paths: Sequence[Path]) -> None:
        """Take *paths* in, one job of the lane each; of a form that was closed meanwhile, too."""
        owner = self._owner
        for path in paths:
            self._coming += 1
            self._count()
            self._jobs.run(
                lambda path=path: self._staged(owner, path, path.name), partial(_arrived, self), partial(_refused, self)
            )

    def _staged(self, owner: str, source: Path | bytes, name: str) -> tuple[str, list[_Shown]]:
        """Runs in the lane."""
        staged = self._office.attachments.stage("event", owner, source, name)
        return owner, [_Shown(staged, self._office.attachments.small_of(staged))]

    def taken(self, found: tuple[str, list[_Shown]]) -> None:
        """Show what was taken in."""
        self._coming -= 1
        self._on_read(found)
        self.changed.emit()

    def kept(self, found: tuple[str, list[_Shown]]) -> None:
        """Show what was taken in before this form."""
        self._coming -= 1
        self._on_read(found)

    def _on_read(self, found: tuple[str, list[_Shown]]) -> None:
        owner, shown = found
        if owner != self._owner:
            return
        known = {one.staged.sha256 for one in self._held}
        self._held += [one for one in shown if one.staged.sha256 not in known]
        self._show()

    def refused(self, error: Exception) -> None:
        """One of those on their way could not be taken in; say why."""
        self._coming -= 1
        self._count()
        if isinstance(error, KnownError):
            self.say(str(error))
        else:
            self._jobs.failed.emit(error)

    def gone_by(self, error: Exception | None = None) -> None:
        """One of those on their way came, or can't come, when every form was closed."""
        self._coming -= 1
        if error is not None:
            self._jobs.failed.emit(error)

    def _show(self) -> None:
        self._count()
        cursor = QApplication.focusWidget()
        here = cursor is not None and self.files.isAncestorOf(cursor)
        self.files.show_files([_tile(one) for one in self._held])
        if self._small:
            self.files.setVisible(bool(self._held))
        if here:
            # The tiles are made anew, and what goes gives the cursor to anybody.
            self.files.begin()

    def _count(self) -> None:
        """How many there are, and that some are on their way: a large picture takes seconds on an old machine."""
        if not shiboken6.isValid(self):
            return
        parts = [f"{len(self._held)} 份" if self._held else "", f"正在处理 {self._coming} 份" if self._coming else ""]
        self.note.setText("，".join(part for part in parts if part))

    def _on_opened(self, key: object) -> None:
        menu = QMenu(self)
        menu.addAction("去掉这一份").triggered.connect(lambda: self.take_out(str(key)))
        menu.popup(QCursor.pos())

    def take_out(self, sha256: str) -> None:
        """Leave one out again."""
        self._held = [one for one in self._held if one.staged.sha256 != sha256]
        self._show()
        self.changed.emit()

    def _choose(self) -> None:
        chosen, _filter = QFileDialog.getOpenFileNames(self, "选照片或文件", str(Path.home()), KINDS)
        self.take_paths([Path(name) for name in chosen])

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "选一个文件夹，里面的照片和文件都添加", str(Path.home()))
        if chosen:
            self.take_paths([Path(chosen)])


def _listed(files: IntakeFiles, wanted: Sequence[Path]) -> None:
    """Also where the form was closed meanwhile: who picked them had them in mind."""
    shows = files.living()
    if shows is not None:
        shows.listed(wanted)
    else:
        files.gone_by()
        files.take_each(wanted[:MOST])


def _arrived(files: IntakeFiles, found: tuple[str, list[_Shown]]) -> None:
    """What was taken in goes to its form; where that was closed meanwhile, to the next, or to whoever keeps it until then."""
    shows = files.living()
    if shows is not None:
        shows.taken(found)
        return
    files.gone_by()
    for one in found[1]:
        files.late(one.staged)


def _kept(files: IntakeFiles, found: tuple[str, list[_Shown]]) -> None:
    shows = files.living()
    if shows is not None:
        shows.kept(found)
    else:
        files.gone_by()


def _refused(files: IntakeFiles, error: Exception) -> None:
    """Somebody hears of it, also where the form was closed meanwhile."""
    shows = files.living()
    if shows is not None:
        shows.refused(error)
    else:
        files.gone_by(error)


def files_in(paths: Sequence[Path]) -> list[Path]:
    """*paths*, with what can be attached of a folder in its place; runs in the lane: a stick may be slow."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.iterdir() if one.suffix.lower() in _SUFFIXES and one.is_file())
        else:
            found.append(path)
    return found


def _tile(one: _Shown) -> FileTile:
    picture = None
    if one.thumb:
        picture = QPixmap()
        if not picture.loadFromData(one.thumb):
            picture = None
    icon = "photo" if str(one.staged.values.get("media_type", "")).startswith("image/") else "file-text"
    return FileTile(one.staged.name, icon, one.staged.sha256, "", picture)
