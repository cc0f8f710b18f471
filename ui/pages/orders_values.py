"""The words of a source for class, urgency and state, and what each stands for with us, changeable one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal

from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.pages.import_columns import MatchGrid
from ui.pieces.text import Elided, words

_NAMES = {"class": "类别", "urgency": "紧急程度", "state": "工单状态"}
_STATES = (("open", "在办"), ("closed", "已办结"), ("reopened", "退回重办"))
_HEADS = ("", "来源写的", "件", "对应到")


class ValueMatches(MatchGrid):
    """``show_values(values, lists)``. Signal ``matched(target, word, code)`` when somebody chooses."""

    matched = Signal(str, str, str)

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[tuple[str, str], ChoiceEntry] = {}

    def show_values(self, values: Sequence[Mapping[str, Any]], lists: Mapping[str, Sequence[Sequence[str]]]) -> None:
        """Show the words met, those that stand for nothing yet first; *lists*: our codes by target."""
        self.boxes = {}
        shown = [one for one in values if one["target"] in _NAMES]
        shown.sort(key=lambda one: one["how"] != "none")
        rows = [
            (
                words(_NAMES[one["target"]], "13", "text-3"),
                Elided(one["word"], tone="orange" if one["how"] == "none" else ""),
                words(f"{one['rows']:,}", "13", "text-2"),
                self._choice(one, [(code, label) for code, label in lists.get(one["target"], _STATES)]),
            )
            for one in shown
        ]
        self.lay(_HEADS, rows, (0, 3, 0, 4))

    def _choice(self, one: Mapping[str, Any], choices: Sequence[tuple[str, str]]) -> ChoiceEntry:
        box = ChoiceEntry(choices, "没有对上，选一个")
        box.setAccessibleName(f"{one['word']} 对应到")
        box.setMinimumWidth(theme.current().grown(120))
        box.set_value(one["code"])
        known = {code for code, _ in choices}

        def told() -> None:
            code = str(box.value() or "")
            if code in known and code != one["code"]:
                self.matched.emit(one["target"], one["word"], code)

        box.chosen.connect(told)
        box.editingFinished.connect(told)
        self.boxes[one["target"], one["word"]] = box
        return box
