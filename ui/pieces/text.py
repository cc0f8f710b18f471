"""Words on a page: labels by token, and hairlines."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from ui.fonts import readable


def words(
    text: str, size: str = "", tone: str = "", strong: bool = False, wrap: bool = False, parent: QWidget | None = None
) -> QLabel:
    """A label: *size* 20, 16, 13, 12 or calm; *tone* a text token or a state tone."""
    label = QLabel(readable(text), parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if size:
        label.setProperty("fs", size)
    if tone:
        label.setProperty("tone", tone)
    if strong:
        label.setProperty("strong", "true")
    if wrap:
        label.setWordWrap(True)
        label.setMinimumWidth(40)
    return label


def retone(label: QLabel, tone: str) -> None:
    """Give *label* another tone after it was shown."""
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        label.style().unpolish(label)
        label.style().polish(label)


def rule() -> QFrame:
    """A hairline across."""
    line = QFrame()
    line.setObjectName("rule")
    return line


class Elided(QLabel):
    """A label of one line that ends in … where its place is too narrow; the whole text is its tooltip."""

    def __init__(self, text: str = "", size: str = "", tone: str = "", strong: bool = False) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        for name, value in (("fs", size), ("tone", tone), ("strong", "true" if strong else "")):
            if value:
                self.setProperty(name, value)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("字…"), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(readable(self.text()), Qt.TextElideMode.ElideRight, self.width())
        cut = shown != readable(self.text())
        if cut and self.toolTip() != self.text():
            self.setToolTip(self.text())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | self.alignment(), shown)
