"""Facts of a record: label left, value right, as on a case or a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from ui import theme
from ui.pieces.text import words


@dataclass(frozen=True)
class Fact:
    """One line: *value* is text or a widget; *tone* colours the text; *strong* weighs it."""

    label: str
    value: str | QWidget | None
    tone: str = ""
    strong: bool = False


class Facts(QWidget):
    """``Facts([("类别", "安全隐患 › 道路"), Fact("到期", "今天 17:30", "orange")], columns=1)``. Empty shows as —."""

    def __init__(
        self, facts: Sequence[Fact | tuple[str, str | QWidget | None]] = (), columns: int = 1, label_width: int = 0
    ) -> None:
        super().__init__()
        self._columns, self._label_width = columns, label_width
        self._labels: list[QLabel] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(0)
        self._grid.setVerticalSpacing(4)
        self.show_facts(facts)

    def show_facts(self, facts: Sequence[Fact | tuple[str, str | QWidget | None]]) -> None:
        """Show other facts in place of the present ones."""
        while self._grid.count():
            if old := self._grid.takeAt(0).widget():
                old.hide()
                old.deleteLater()
        self._labels = []
        look = theme.current()
        for number, given in enumerate(facts):
            fact = given if isinstance(given, Fact) else Fact(*given)
            row, column = divmod(number, self._columns)
            label = words(fact.label, tone="text-3")
            self._labels.append(label)
            label.setContentsMargins(0, 0, 8, 0)
            beside = isinstance(fact.value, QWidget) and fact.value.sizeHint().height() <= look.px("input-tall")
            side = Qt.AlignmentFlag.AlignVCenter if beside else Qt.AlignmentFlag.AlignTop
            self._grid.addWidget(label, row, 2 * column, side)
            self._grid.addWidget(self._value(fact), row, 2 * column + 1)
        for column in range(self._columns):
            self._grid.setColumnStretch(2 * column + 1, 1)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        look = theme.current()
        for label in self._labels:
            label.setMinimumWidth(look.grown(self._label_width) if self._label_width else look.px("key-label"))

    def _value(self, fact: Fact) -> QWidget:
        if isinstance(fact.value, QWidget):
            return fact.value
        value = words(
            fact.value or "—", tone=fact.tone or ("" if fact.value else "text-3"), strong=fact.strong, wrap=True
        )
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return value
