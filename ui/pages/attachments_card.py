"""The photos and papers of a record: small pictures to open, one tile to add; the lane reads and writes, the page only shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QVBoxLayout, QWidget

from app.errors import KnownError
from app.services.attachments import Attachment
from ui.jobs import Jobs
from ui.pieces.buttons import Button
from ui.pieces.camera import CameraButton, Photo, as_png
from ui.pieces.card import Card
from ui.pieces.files import Files, FileTile

if TYPE_CHECKING:
    from app.services.office import Office

KINDS = (
    "照片和文件 (*.jpg *.jpeg *.png *.webp *.bmp *.tif *.tiff *.pdf *.doc *.docx *.xls *.xlsx *.wps *.ofd *.txt *.csv)"
)
_COLUMNS = 3
_SCREEN = 0.8


@dataclass(frozen=True)
class _Shown:
    """One attachment with its small picture's bytes."""

    one: Attachment
    thumb: bytes | None


class AttachmentsCard(Card):
    """*form*: of the records that it shows files of. *say* tells the clerk, *fetch* asks for an exchange soon."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        form: str,
        say: Callable[[str], object],
        fetch: Callable[[], object] = lambda: None,
    ) -> None:
        may = office.gate.decide("create", office.attachments.form_of(form).name, office.session.area, own=True)
        self.camera = CameraButton(self.add_photo) if may.allowed else None
        super().__init__("照片附件", " ", actions=[self.camera] if self.camera else ())
        self._office, self._jobs, self._form, self._say, self._fetch = office, jobs, form, say, fetch
        self._id = ""
        self._photos = 0
        self._held: dict[str, Attachment] = {}
        self.files = Files(columns=_COLUMNS, add="添加照片" if may.allowed else "")
        self.files.added.connect(self._choose)
        self.files.opened.connect(self._on_opened)
        self.add(self.files)

    def show_record(self, record_id: str) -> None:
        """Show the files of another record, or those of the same anew."""
        if record_id != self._id:
            self._id, self._photos = record_id, 0
        self._jobs.run(lambda: self._read(record_id), then=self._show)

    def add_files(self, paths: Sequence[Path]) -> None:
        """Attach *paths*, one after the other; one that can't be taken is told and holds up no other."""
        for path in paths:
            self._add(lambda path=path: path, path.name)

    def add_photo(self, photo: Photo) -> None:
        """Attach what the camera saw."""
        self._photos += 1
        self._add(lambda: as_png(photo()), f"拍的照片{self._photos}")

    def open_file(self, attachment: str) -> None:
        """Show a picture; ask where to write anything else. What isn't here is fetched by the next exchange."""
        one = self._held.get(attachment)
        if one is None:
            return
        if one.media_type.startswith("image/"):
            record_id, room = self._id, self.screen().availableSize() * _SCREEN

            def show(picture: QImage) -> None:
                # Who has gone on meanwhile isn't shown what belongs to the record before.
                if record_id == self._id and self.isVisible():
                    self._view(one, picture)

            self._jobs.run(lambda: _fitting(self._content(attachment), room), then=show, failed=self._on_refused)
        elif one.here:
            self._save(one)
        else:
            self._jobs.run(lambda: self._content(attachment), failed=self._on_refused)

    def write(self, attachment: str, out: Path) -> None:
        """Write the original to *out*, in the lane."""
        self._jobs.run(
            lambda: self._office.attachments.write(attachment, out),
            then=lambda _size: self._say(f"已存到 {out.name}"),
            failed=self._on_refused,
        )

    def _add(self, source: Callable[[], Path | bytes], name: str) -> None:
        record_id = self._id
        self._jobs.run(
            lambda: self._office.attachments.add(self._form, record_id, source(), name=name),
            then=lambda outcome: self._on_added(
                "；".join(fault.message for fault in outcome.faults) or f"已添加 {name}，存在本机，有网时自己发出去"
            ),
            failed=self._on_refused,
        )

    def _read(self, record_id: str) -> list[_Shown]:
        shown = []
        for one in self._office.attachments.of(self._form, record_id):
            try:
                shown.append(_Shown(one, self._office.attachments.thumbnail(one)))
            except KnownError:
                shown.append(_Shown(one, None))  # a small picture that was damaged comes again by itself
        return shown

    def _show(self, shown: Sequence[_Shown]) -> None:
        self._held = {item.one.id: item.one for item in shown}
        self._photos = max(self._photos, sum(item.one.name.startswith("拍的照片") for item in shown))
        self.note.setText(f"{len(shown)} 份" if shown else "")
        self.files.show_files([_tile(item) for item in shown])

    def _content(self, attachment: str) -> bytes:
        with self._office.attachments.opening(attachment) as reader:
            return reader.read()

    def _on_opened(self, key: object) -> None:
        self.open_file(str(key))

    def _on_added(self, told: str) -> None:
        self._say(told)
        self.show_record(self._id)

    def _on_refused(self, error: Exception) -> None:
        if not isinstance(error, KnownError):
            self._jobs.failed.emit(error)
            return
        self._say(str(error))
        if error.code in {"files.missing", "files.damaged"}:
            self._fetch()
            self.show_record(self._id)

    def _choose(self) -> None:
        chosen, _filter = QFileDialog.getOpenFileNames(self, "选照片或文件", str(Path.home()), KINDS)
        self.add_files([Path(name) for name in chosen])

    def _save(self, one: Attachment) -> None:
        chosen, _filter = QFileDialog.getSaveFileName(self, "存到哪里", str(Path.home() / one.name))
        if chosen:
            self.write(one.id, Path(chosen))

    def _view(self, one: Attachment, picture: QImage) -> None:
        if picture.isNull():
            self._save(one)
            return
        self.viewer = _Viewer(self, one, QPixmap.fromImage(picture), lambda: self._save(one))
        self.viewer.open()


class _Viewer(QDialog):
    """One picture, as large as the screen allows; nothing of it is written in clear anywhere."""

    def __init__(self, parent: QWidget, one: Attachment, picture: QPixmap, save: Callable[[], object]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(one.name)
        whole = QVBoxLayout(self)
        label = QLabel()
        label.setPixmap(picture)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        whole.addWidget(label, 1)
        whole.addWidget(Button("另存为", save, small=True), 0, Qt.AlignmentFlag.AlignRight)


def _fitting(data: bytes, room: QSize) -> QImage:
    """The picture, no larger than *room*; a null one where it is none. Runs in the lane: a large one takes a tenth of a second."""
    picture = QImage.fromData(data)
    if picture.width() > room.width() or picture.height() > room.height():
        how = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        picture = picture.scaled(room, *how)
    return picture


def _tile(item: _Shown) -> FileTile:
    one = item.one
    picture = None
    if item.thumb:
        picture = QPixmap()
        if not picture.loadFromData(item.thumb):
            picture = None
    waiting = "待发送" if one.sending == "waiting" else "正在取" if one.wanted and not one.here else ""
    if one.sending == "refused":
        waiting = "没发成"
    icon = "photo" if one.media_type.startswith("image/") else "file-text"
    return FileTile(one.name, icon, one.id, waiting, picture)
