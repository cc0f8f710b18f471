"""What is taller than its place scrolls in it, without a frame and on the ground of the card that it stands in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget


def scrolled(inside: QWidget, *, focus: bool = True, sideways: bool = False) -> QScrollArea:
    """*inside* as wide as its place. *focus*: the keys scroll it; *sideways*: where it can't be made that narrow it moves so, too."""
    inside.setObjectName("scrolled")
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    if not focus:
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if not sideways:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area
