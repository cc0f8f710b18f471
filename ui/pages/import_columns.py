"""The columns of a sheet and what each is taken for, changeable one by one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QWidget

from ui import icons, theme
from ui.pages.import_read import HOW, ColumnLine
from ui.pieces.text import Elided, words

_HEADS = ("表里的列", "第一行的值", "对应到", "怎么认出的")


class MatchGrid(QScrollArea):
    """What the sheet says on the left, what it is taken for on the right, a row each."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def lay(self, heads: Sequence[str], rows: Sequence[Sequence[QWidget]], stretches: Sequence[int]) -> QGridLayout:
        """Show *rows* in the place of what stood here; *stretches* are the columns' shares of the width."""
        inside = QWidget()
        inside.setObjectName("scrolled")
        grid = QGridLayout(inside)
        grid.setContentsMargins(12, 8, 12, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for number, head in enumerate(heads):
            grid.addWidget(Elided(head, "13", "text-2"), 0, number)
        for place, row in enumerate(rows, start=1):
            for number, widget in enumerate(row):
                grid.addWidget(widget, place, number)
        for number, stretch in enumerate(stretches):
            grid.setColumnStretch(number, stretch)
        grid.setRowStretch(len(rows) + 1, 1)
        self.setWidget(inside)
        return grid


class ColumnMatches(MatchGrid):
    """``show_columns(columns, targets)``. Signal ``matched(heading, target or "")`` when somebody chooses."""

    matched = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, QComboBox] = {}

    def show_columns(self, columns: Sequence[ColumnLine], targets: Sequence[tuple[str, str]]) -> None:
        """Show the columns of a sheet; *targets* are what they can be."""
        self.boxes = {}
        rows = [
            (
                Elided(column.heading),
                Elided(column.sample or ("（不读取）" if column.how == "never" else "（空）"), tone="text-2"),
                self._choice(column, targets),
                _how(column),
            )
            for column in columns
        ]
        large = theme.current().large
        grid = self.lay((*_HEADS[:3], "") if large else _HEADS, rows, (0, 1, 0, 0) if large else (2, 3, 3, 3))
        # What the sheet calls a column is what a clerk looks for: it is the last to be cut.
        grid.setColumnMinimumWidth(0, theme.current().grown(76))

    def _choice(self, column: ColumnLine, targets: Sequence[tuple[str, str]]) -> QWidget:
        if column.how == "never":
            return words("不采集此项", tone="text-3")
        box = QComboBox()
        box.setAccessibleName(f"{column.heading} 对应到")
        box.addItem("不导入", "")
        for name, label in targets:
            box.addItem(label, name)
        box.setCurrentIndex(max(box.findData(column.target or ""), 0))
        box.setMaxVisibleItems(16)
        box.setMinimumWidth(theme.current().grown(112 if theme.current().large else 136))
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.activated.connect(lambda at: self.matched.emit(column.heading, str(box.itemData(at))))
        # The wheel scrolls the list of columns; it must not change what a column means.
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign]
        self.boxes[column.heading] = box
        return box


def _how(column: ColumnLine) -> QWidget:
    said = HOW.get(column.how, "")
    if column.how == "hand" and column.target is None:
        said = "您选了不导入"
    icon, tone = (
        ("check", "green") if column.target else ("ban", "text-3") if column.how != "none" else ("hand-stop", "orange")
    )
    mark = QLabel()
    mark.setPixmap(icons.pixmap(icon, tone, theme.current().px("chip-icon"), mark.devicePixelRatioF()))
    if theme.current().large:
        # Words that are all cut say nothing, and take the place of the values.
        mark.setToolTip(said)
        mark.setAccessibleName(said)
        return mark
    thing = QWidget()
    line = QHBoxLayout(thing)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(4)
    line.addWidget(mark)
    line.addWidget(Elided(said, "13", tone), 1)
    return thing
