"""The words of a source for class, urgency, unit and state, and what each stands for with us, changeable one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.forms.choices import ChoiceEntry
from ui.lists import Cell, Column, RecordTable
from ui.pieces.empty import EmptyState

_NAMES = {"class": "类别", "urgency": "紧急程度", "unit": "承办单位", "state": "工单状态"}
_STATES = (("open", "在办"), ("closed", "已办结"), ("reopened", "退回重办"))
_FREE = "unit"
"""Units have no code list: whatever is written counts, those that have led cases are offered."""
_COLUMNS = (
    Column("name", "", 64, tone="text-3", sortable=False, spare=1),
    Column("word", "来源写的", stretch=True, sortable=False),
    Column("rows", "件", 52, "right", tone="text-2", sortable=False),
    Column("said", "对应到", 150, role="choice", sortable=False),
)
_SAID = len(_COLUMNS) - 1


class ValueMatches(QWidget):
    """``show_values(values, lists)``. Signal ``matched(target, word, code)`` when somebody chooses.

    A hotline has classes by the hundred: only the one that is being changed is a field, the others are rows of a list.
    """

    matched = Signal(str, str, str)

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Mapping[str, Any]] = []
        self._lists: Mapping[str, Sequence[tuple[str, str]]] = {}
        self._waits: tuple[Sequence[Mapping[str, Any]], Mapping[str, Sequence[Sequence[str]]]] | None = None
        self.box: ChoiceEntry | None = None
        self.table = RecordTable(
            _COLUMNS, lambda _offset, _limit, _order: [], unit="种说法", hints=[("Return", "改")],
            empty=EmptyState("check", "没有要对的", "表里没有类别、紧急程度、承办单位、状态这几列。"),
        )  # fmt: skip
        self.table.opened.connect(self.edit)
        self.table.pressed_button.connect(lambda key, _column: self.edit(key))
        self.table.view.verticalScrollBar().valueChanged.connect(lambda _value: self._close())
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.addWidget(self.table)

    def show_values(self, values: Sequence[Mapping[str, Any]], lists: Mapping[str, Sequence[Sequence[str]]]) -> None:
        """Show the words met, those that stand for nothing yet first; *lists*: our codes by target.

        While one is being changed they wait: what somebody types isn't taken from under his hands.
        """
        if self.box is not None:
            self._waits = (values, lists)
            return
        self._lists = {name: [(code, label) for code, label in lists.get(name, _STATES)] for name in _NAMES}
        self._shown = [one for one in values if one["target"] in _NAMES]
        self._shown.sort(key=lambda one: one["how"] != "none")
        labels = {name: dict(found) for name, found in self._lists.items()}
        rows = [
            {
                "id": number,
                "name": _NAMES[one["target"]],
                "word": Cell(one["word"], tone="orange" if one["how"] == "none" else ""),
                "rows": f"{one['rows']:,}",
                "said": labels[one["target"]].get(one["code"], one["code"] or "没有对上"),
            }
            for number, one in enumerate(self._shown)
        ]
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])

    def code(self, target: str, word: str) -> str | None:
        """What *word* stands for; None where nobody knows."""
        return next(one["code"] for one in self._shown if (one["target"], one["word"]) == (target, word))

    def row(self, target: str, word: str) -> int:
        """Where *word* stands in the list."""
        return next(n for n, one in enumerate(self._shown) if (one["target"], one["word"]) == (target, word))

    def edit(self, number: int) -> ChoiceEntry:
        """Lay a field over what word number *number* stands for; Enter takes, Esc leaves it as it was."""
        one = self._shown[number]
        self._close()
        number = self.row(one["target"], one["word"])
        one = self._shown[number]
        free = one["target"] == _FREE
        choices = list(self._lists[one["target"]])
        if free and one["code"] not in dict(choices):
            choices.insert(0, (one["code"], one["code"]))
        view = self.table.view
        self.table.go_to(number)
        box = ChoiceEntry(choices, "我们叫什么单位" if free else "选一个")
        box.setParent(view.viewport())
        box.setAccessibleName(f"{one['word']} 对应到")
        box.set_value(one["code"])
        box.setGeometry(view.visualRect(self.table.model.index(number, _SAID)).adjusted(2, 2, -2, -2))
        known = {code for code, _ in choices}

        def told() -> None:
            if self.box is not box:
                return
            code = str(box.value() or "")
            self._close()
            if (code in known or (free and code)) and code != one["code"]:
                self.matched.emit(one["target"], one["word"], code)

        box.chosen.connect(told)
        box.editingFinished.connect(told)
        box.installEventFilter(self)
        self.box = box
        box.show()
        box.setFocus(Qt.FocusReason.TabFocusReason)
        return box

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.box and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self._close()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                # Not further: the list below would open the next field with the same key.
                self.box.keyPressEvent(event)
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def _close(self) -> None:
        box, self.box = self.box, None
        if box is not None:
            had = box.hasFocus()
            box.hide()
            box.deleteLater()
            if had:
                self.table.view.setFocus()
        waits, self._waits = self._waits, None
        if waits is not None:
            self.show_values(*waits)
