"""Where the rows of a form stand: one column, or two where there is room."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.forms.fields import FieldRow
from ui.pieces.text import words

TWO_COLUMNS, LABEL_BESIDE = 620, 330
"""From which widths on, in px at normal size."""


class Sections(QWidget):
    """Titles and rows in the order in which they were added; `arrange(width)` places them."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[tuple[QLabel | None, QGridLayout, list[FieldRow]]] = []
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(2, 2, 10, 2)
        self._body.setSpacing(8)
        self._body.addStretch(1)
        self._way: tuple[int, bool] | None = None

    def add_title(self, title: str) -> None:
        """Begin a section."""
        label = words(title, strong=True) if title else None
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        if label is not None:
            label.setContentsMargins(0, 8 if self._parts else 0, 0, 0)
            self._body.insertWidget(self._body.count() - 1, label)
        self._body.insertLayout(self._body.count() - 1, grid)
        self._parts.append((label, grid, []))

    def add_row(self, row: FieldRow) -> None:
        """Put *row* into the section that was begun last."""
        if not self._parts:
            self.add_title("")
        self._parts[-1][2].append(row)
        row.setParent(self)

    def arrange(self, width: int) -> None:
        """Place the rows for a form *width* px wide."""
        look = theme.current()
        columns = 2 if width >= look.grown(TWO_COLUMNS) else 1
        above = width < look.grown(LABEL_BESIDE)
        if (columns, above) == self._way:
            return
        self._way = (columns, above)
        for _title, grid, rows in self._parts:
            _place(grid, rows, columns, above=above)


def _place(grid: QGridLayout, rows: list[FieldRow], columns: int, *, above: bool) -> None:
    while grid.count():
        grid.takeAt(0)
    line = column = 0
    for row in rows:
        row.place(above=above)
        if row.wide and columns == 2:
            if column:
                line, column = line + 1, 0
            grid.addWidget(row, line, 0, 1, 2)
            line += 1
            continue
        grid.addWidget(row, line, column)
        column += 1
        if column == columns:
            line, column = line + 1, 0
    for number in range(2):
        grid.setColumnStretch(number, 1 if number < columns else 0)
