"""The progress strip: what takes longer, how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from ui.pieces.buttons import Button
from ui.pieces.text import Elided, words


class ProgressStrip(QWidget):
    """``ProgressStrip("正在导入", can_stop=True)``; feed with `show_progress`. Signal ``stopped``."""

    stopped = Signal()

    def __init__(self, title: str, can_stop: bool = False) -> None:
        super().__init__()
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(6)
        head = QHBoxLayout()
        self.title = words(title, strong=True)
        self.figure = words("", strong=True)
        self.stop_button = Button("取消", self.stopped.emit, small=True)
        if not can_stop:
            self.stop_button.hide()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.figure)
        head.addWidget(self.stop_button)
        self.bar = QProgressBar()
        self.bar.setProperty("main", "true")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.note = Elided("", tone="text-2")
        body.addLayout(head)
        body.addWidget(self.bar)
        body.addWidget(self.note)
        self.note.hide()

    def show_progress(self, done: int, total: int, figure: str = "", note: str = "") -> None:
        """Show how far it is; a *total* of 0 only says that it works. *figure* such as ``1.5 / 4.1 MB``."""
        self.bar.setRange(0, 1000 if total > 0 else 0)
        if total > 0:
            # Bytes may pass a C int: the bar counts in thousandths.
            self.bar.setValue(min(1000, done * 1000 // total))
        self.figure.setText(figure or (f"{done:,} / {total:,}" if total > 0 else ""))
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def show_told(self, told: object, figure: str = "") -> None:
        """Show how far a worker says that it is: ``{"done": 3, "total": 7, "text": "…"}``; anything else changes nothing."""
        if isinstance(told, Mapping) and "done" in told:
            text = str(told.get("text") or "")
            note = text if text != self.title.text() else ""  # the title says it already
            self.show_progress(int(told["done"]), int(told.get("total") or 0), figure=figure, note=note)
