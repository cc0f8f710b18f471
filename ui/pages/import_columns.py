"""The columns of a sheet and what each is taken for, changeable one by one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QWidget

from ui import icons, theme
from ui.pages.import_read import HOW, ColumnLine
from ui.pieces.text import Elided, words

_HEADS = ("表里的列", "第一行的值", "对应到", "怎么认出的")


class ColumnMatches(QScrollArea):
    """``show_columns(columns, targets)``. Signal ``matched(heading, target or "")`` when somebody chooses."""

    matched = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.boxes: dict[str, QComboBox] = {}

    def show_columns(self, columns: Sequence[ColumnLine], targets: Sequence[tuple[str, str]]) -> None:
        """Show the columns of a sheet; *targets* are what they can be."""
        inside = QWidget()
        inside.setObjectName("scrolled")
        grid = QGridLayout(inside)
        grid.setContentsMargins(12, 8, 12, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for number, head in enumerate(_HEADS):
            grid.addWidget(Elided(head, "13", "text-2"), 0, number)
        self.boxes = {}
        for row, column in enumerate(columns, start=1):
            grid.addWidget(Elided(column.heading), row, 0)
            grid.addWidget(
                Elided(column.sample or ("（不读取）" if column.how == "never" else "（空）"), tone="text-2"), row, 1
            )
            grid.addWidget(self._choice(column, targets), row, 2)
            grid.addWidget(_how(column), row, 3)
        for number, stretch in enumerate((2, 3, 3, 3)):
            grid.setColumnStretch(number, stretch)
        # What the sheet calls a column is what a clerk looks for: it is the last to be cut.
        grid.setColumnMinimumWidth(0, theme.current().grown(76))
        grid.setRowStretch(len(columns) + 1, 1)
        self.setWidget(inside)

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
        box.setMinimumWidth(theme.current().grown(136))
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
    thing = QWidget()
    line = QHBoxLayout(thing)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(4)
    mark = QLabel()
    mark.setPixmap(icons.pixmap(icon, tone, theme.current().px("chip-icon"), thing.devicePixelRatioF()))
    line.addWidget(mark)
    line.addWidget(Elided(said, "13", tone), 1)
    return thing
