"""The breadcrumb of the registry: 镇 › 村 › 网格 › 楼栋 › 房屋 › 户 › 人."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ui import icons, theme
from ui.pieces.buttons import Button
from ui.pieces.card import empty
from ui.pieces.text import Elided


class Breadcrumb(QWidget):
    """``Breadcrumb([("云岭镇", "53…"), ("上寨村", "53…01")])``; the last is where one is. Signal ``went(key)``."""

    went = Signal(object)

    def __init__(self, steps: Sequence[tuple[str, object]] = ()) -> None:
        super().__init__()
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(2)
        self.show_steps(steps)

    def show_steps(self, steps: Sequence[tuple[str, object]]) -> None:
        """Show the way to another place."""
        empty(self._line)
        side = theme.current().grown(14)
        for number, (text, key) in enumerate(steps):
            if number:
                arrow = QLabel()
                arrow.setPixmap(icons.pixmap("chevron-right", "text-3", side, self.devicePixelRatioF()))
                self._line.addWidget(arrow)
            if number == len(steps) - 1:
                self._line.addWidget(Elided(text, strong=True))
            else:
                self._line.addWidget(Button(text, lambda key=key: self.went.emit(key), kind="crumb"))
        self._line.addStretch(1)
