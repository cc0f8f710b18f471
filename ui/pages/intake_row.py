"""A labelled field of the page that takes a case, with one line below it for what is recognised or wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLayout, QWidget

from ui import theme
from ui.pieces.text import retone, words


class IntakeRow(QWidget):
    """``IntakeRow("类别", entry)``: *beside* stands at the right of the entry."""

    def __init__(self, label: str, entry: QWidget, beside: QWidget | None = None, *, required: bool = False) -> None:
        super().__init__()
        self.entry = entry
        entry.setAccessibleName(label + ("，必填" if required else ""))
        self.label = words(f"{label} *" if required else label, tone="text-2")
        self.label.setBuddy(entry)
        self.said = words("", "12", "text-3", wrap=True)
        self.said.hide()
        self._wrong = False
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        self.label.setFixedWidth(theme.current().grown(72))
        self.label.setContentsMargins(0, 5, 0, 0)
        grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(entry, 0, 1, 1, 1 if beside is not None else 2, Qt.AlignmentFlag.AlignTop)
        if beside is not None:
            grid.addWidget(beside, 0, 2, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.said, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._grid = grid

    def add_below(self, widget: QWidget) -> None:
        """Put *widget* below the field and what is said of it."""
        self._grid.addWidget(widget, 2, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Say *text* below the field; *wrong* marks it as a fault."""
        self._wrong = wrong and bool(text)
        self.said.setText(text)
        retone(self.said, "orange" if wrong else "text-3")
        self.said.setVisible(bool(text))
        if bool(self.entry.property("wrong")) != self._wrong:
            self.entry.setProperty("wrong", "true" if self._wrong else "")
            self.entry.style().unpolish(self.entry)
            self.entry.style().polish(self.entry)

    def wrong(self) -> bool:
        """Whether a fault is said."""
        return self._wrong


def two(left: QWidget, right: QWidget) -> QLayout:
    """Two rows side by side."""
    line = QGridLayout()
    line.setHorizontalSpacing(16)
    line.addWidget(left, 0, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(right, 0, 1, Qt.AlignmentFlag.AlignTop)
    line.setColumnStretch(0, 1)
    line.setColumnStretch(1, 1)
    return line
