"""Empty, waiting and failed places: what would be here, and the first step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import icons, theme
from ui.pieces.buttons import Button
from ui.pieces.text import words


class EmptyState(QWidget):
    """``EmptyState("walk", "还没有走访", "登记后在这里按时间排列。", Button("登记走访", …))``."""

    def __init__(self, icon: str, title: str, text: str = "", *actions: Button) -> None:
        super().__init__()
        body = QVBoxLayout(self)
        body.setSpacing(6)
        body.addStretch(2)
        body.addWidget(_Picture(icon), 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = words(title, strong=True, wrap=True)
        self.text = words(text, tone="text-3", wrap=True)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            body.addWidget(label)
        line = QHBoxLayout()
        line.addStretch(1)
        for action in actions:
            line.addWidget(action)
        line.addStretch(1)
        body.addSpacing(4)
        body.addLayout(line)
        body.addStretch(3)


class _Picture(QWidget):
    def __init__(self, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.setFixedSize(48, 48)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().colour("strip"))
        painter.drawEllipse(self.rect())
        icons.paint(painter, self.rect().adjusted(12, 12, -12, -12), self._icon, "text-3")
