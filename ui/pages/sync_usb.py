"""The exchange without a network, for a person who has never done it: three steps, two buttons, and what came of them."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QStorageInfo, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QLabel

from app.store.outbox import Waiting
from app.store.sealing import Written
from ui.jobs import Jobs, Worker
from ui.pages.sync_words import said_moment
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.text import retone, words

if TYPE_CHECKING:
    from app.services.office import Office

_SUFFIX = "*.xzt"
_STICKS = ("/media/", "/run/media/")


@dataclass(frozen=True)
class StickView:
    """How the USB way stands: what a file would hold, and which file went last. ``why_not``: why none can be written."""

    now: dt.datetime
    waiting: Waiting
    last: Written | None
    why_not: str
    photos: int = 0
    """Photos and scans that wait for a network; they don't go by stick."""


def read_stick(office: Office) -> StickView:
    """Read it, in the lane."""
    sync = office.store.sync
    if not sync.state.county:
        why_not = "这台电脑还没有在县里登记"
    elif not sync.county_keys[0] or not sync.signing_key:
        why_not = "先联网同步一次，以后就能用 U 盘"
    elif sync.recovery is not None:
        why_not = "县里恢复过备份，先联网同步一次，再用 U 盘"
    else:
        why_not = ""
    files = office.store.files.waiting()
    # A photo goes as two files, the small picture first; a clerk knows of one.
    photos = max(files.to_send - files.small, min(files.to_send, 1))
    return StickView(office.cases.now(), sync.waiting(), next(iter(sync.written()), None), why_not, photos)


class StickCard(Card):
    """``StickCard(office, jobs, worker)``; `load` reads how things stand. Signal ``changed``: something came in or was written."""

    changed = Signal()

    def __init__(self, office: Office, jobs: Jobs, worker: Callable[[Sequence[str]], Worker]) -> None:
        super().__init__("没有网时，用 U 盘")
        self._office, self._jobs, self._make = office, jobs, worker
        self._worker: Worker | None = None
        self._why_not = ""
        self.write_button = Button(
            "写到 U 盘…", self._choose_folder, icon="device-floppy", tip="选中 U 盘，程序自己起名", small=True
        )
        self.read_button = Button(
            "从 U 盘读入…", self._choose_file, icon="upload", tip="选名字里有“答复”的文件", small=True
        )
        self.holds = self._step("1", "插上 U 盘写", self.write_button)
        self.went = self._step("2", "把 U 盘送到县中心", None)
        self.comes = self._step("3", "拿回来读入", self.read_button)
        self.holds.setText("没送到的都会写进去。")
        self.went.setText("请他们读入，再把答复写回 U 盘。")
        self.comes.setText("选名字里有“答复”的文件。")
        self.add_rule()
        self.told = words(
            "文件是加密的，丢了、晚了都不要紧，再写一个就行；中间来了网，照常自己发，不会重。",
            "13",
            "text-3",
            wrap=True,
        )
        self.add(self.told)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """What Ctrl+K offers."""
        return [(button.words(), "", button.click) for button in (self.write_button, self.read_button)]

    def load(self) -> None:
        """Read anew what a file would hold and which one went last."""
        self._jobs.run(lambda: read_stick(self._office), then=self._show)

    def write(self, folder: Path) -> None:
        """Write a file for the county into *folder*, or as that file, by a worker process."""
        self._begin(["bundle", "export", str(folder)], "正在写到 U 盘，请不要拔…", self.show_written)

    def read(self, file: Path) -> None:
        """Read the county's answer in *file*, by a worker process."""
        self._begin(["bundle", "import", str(file)], "正在从 U 盘读入，请不要拔…", self._read)

    def show_written(self, document: dict[str, Any]) -> None:
        """A file was written, as *document* of the worker tells."""
        name = Path(str(document.get("file", ""))).name
        count = int(document.get("changes") or 0)
        self._say(f"写好了：{name}，里面有 {count:,} 条。请安全弹出 U 盘，送到县中心。", "green")
        self._over()

    def running(self) -> bool:
        """Whether a worker is at it."""
        return self._worker is not None

    def _step(self, number: str, title: str, button: Button | None) -> QLabel:
        head = words(f"{number}  {title}", strong=True)
        if button is None:
            self.add_line(head, None)
        else:
            # A wrapped label below makes the layout reckon too little height for the line.
            button.setMinimumHeight(button.sizeHint().height())
            self.add_line(head, None, button)
        note = words("", "13", "text-3", wrap=True)
        self.add(note)
        return note

    def _show(self, view: StickView) -> None:
        total, urgent, last = view.waiting.total, view.waiting.urgent, view.last
        self.holds.setText(
            f"没送到的 {total:,} 条" + (f"（急件 {urgent:,} 条）" if urgent else "") + "会写进去。"
            if total
            else "现在没有要送的；写一个去，也能带回县里的新内容。"
        )
        if view.photos:
            self.holds.setText(f"{self.holds.text()}照片、扫描件（{view.photos:,} 个在等）不走 U 盘，联网后自己送。")
        if last is None:
            self.went.setText("请他们读入，再把答复写回 U 盘。")
        elif last.answered:
            self.went.setText(f"上一个文件的答复已在{said_moment(last.answered, view.now)} 读入。")
        else:
            self.went.setText(
                f"{said_moment(last.at, view.now)} 写了 {last.changes:,} 条：{last.name}，还没读到答复。"
                "县里若说恢复过备份、读不了，先联网同步一次再写。"
            )
        self._why_not = view.why_not
        self._fit()
        self._refuse("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's own: another width breaks the lines elsewhere."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A page that is too low squeezes wrapped labels before it scrolls: each says how much it needs for what it says now.
        for label in (self.holds, self.went, self.comes, self.told):
            label.setMinimumHeight(max(label.heightForWidth(label.width()), 0))

    def _refuse(self, why_not: str) -> None:
        for button in (self.write_button, self.read_button):
            button.refuse(why_not or self._why_not)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "选中 U 盘", stick_folder())
        if chosen:
            self.write(Path(chosen))

    def _choose_file(self) -> None:
        chosen, _filter = QFileDialog.getOpenFileName(self, "选县里给的答复", stick_folder(), f"收发文件 ({_SUFFIX})")
        if chosen:
            self.read(Path(chosen))

    def _begin(self, tail: Sequence[str], saying: str, then: Callable[[dict[str, Any]], object]) -> None:
        if self._worker is not None:
            return
        self._say(saying, "text-2")
        self._refuse("正在读写 U 盘")
        worker = self._make(tail)
        worker.setParent(self)
        worker.finished.connect(then)
        worker.failed.connect(self._failed)
        worker.cancelled.connect(self._over)
        self._worker = worker
        worker.start()

    def _read(self, document: dict[str, Any]) -> None:
        up, down = document.get("up", {}), document.get("down", {})
        if document.get("known"):
            told = "这个答复以前读过，没有新内容，也没有重复收。"
        else:
            told = f"读完了：县里已收到 {int(up.get('changes') or 0):,} 条，带回 {int(down.get('records') or 0):,} 条。"
        left = sum(int(count or 0) for count in document.get("left", {}).values())
        if document.get("again"):
            told += "还有没带全的，请再写一个文件送去。"
        elif left:
            told += f"后来又写的 {left:,} 条，下次再送。"
        if document.get("conflicts") or document.get("refused"):
            told += "有要您处理的，请看上面。"
        self._say(told, "orange" if document.get("again") else "green")
        self._over()

    def _failed(self, sentence: str) -> None:
        self._say(sentence, "orange")
        self._over()

    def _over(self) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
            self._worker = None
        self._refuse("")
        self.changed.emit()

    def _say(self, text: str, tone: str) -> None:
        self.told.setText(text)
        retone(self.told, tone)
        self._fit()


def stick_folder() -> str:
    """Where a stick is, as far as the system tells; else the user's own folder."""
    for volume in QStorageInfo.mountedVolumes():
        root = volume.rootPath()
        system = sys.platform == "win32" and volume.isRoot()
        plugged = root.startswith(_STICKS) if sys.platform != "win32" else not system
        if plugged and volume.isValid() and volume.isReady() and not volume.isReadOnly():
            return root
    return str(Path.home())
