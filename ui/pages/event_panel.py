"""The case at the right of the list: what it is, the last steps, and what can be done next."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.rules.case_engine import CaseRules
from ui.pages.case_read import CaseFile
from ui.pages.case_words import chip_of, due_tone, left_until, spoken_time
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.chips import Chip
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Fact, Facts
from ui.pieces.scrolled import scrolled
from ui.pieces.text import Elided, rule, words


class EventPanel(Card):
    """Signal ``wanted(case id, action or "")``: open the case, with that action's form."""

    wanted = Signal(str, str)

    def __init__(self, rules: CaseRules) -> None:
        super().__init__(flush=True)
        self._rules = rules
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(8)
        self._next = QVBoxLayout()
        self._next.setContentsMargins(12, 10, 12, 12)
        self._next.setSpacing(8)
        self.add(scrolled(inside, sideways=True), 1)
        self.add_rule()
        self.add(self._next)
        self.show_nothing()

    def show_nothing(self) -> None:
        """No case is current."""
        empty(self._column)
        empty(self._next)
        self._column.addWidget(EmptyState("file-search", "没有选中的事件"), 1)

    def show_case(self, file: CaseFile) -> None:
        """Show *file*."""
        empty(self._column)
        empty(self._next)
        event, state, now = file.case.event, file.case.state, file.now
        head = QHBoxLayout()
        head.addWidget(Chip(chip_of(event.values, self._rules, now)))
        head.addStretch(1)
        head.addWidget(
            Button("打开", lambda: self.wanted.emit(event.id, ""), kind="quiet", icon="arrows-diagonal", small=True)
        )
        self._column.addLayout(head)
        self._column.addWidget(words(str(event.values.get("title") or ""), "16", strong=True, wrap=True))
        self._column.addWidget(words(state.case_no or "未编号", tone="text-3"))
        self._column.addWidget(rule())
        facts = [Fact(label, value) for label, value in file.facts if label not in ("情况", "代为登记", "村（社区）")]
        reporter = " ".join(part for part in (str(event.values.get("reporter") or ""), file.phone) if part)
        if reporter:
            facts.append(Fact("上报人", reporter))
        if state.lead_unit:
            facts.append(Fact("承办单位", state.lead_unit))
        if due := event.values.get("due_at"):
            left = left_until(due, now)
            facts.append(Fact("到期", spoken_time(due, now) + (f" · 还剩 {left}" if left else ""), due_tone(due, now)))
        self._column.addWidget(Facts(facts, label_width=64))
        if detail := event.values.get("detail"):
            self._column.addWidget(rule())
            self._column.addWidget(words(str(detail), tone="text-2", wrap=True))
        self._column.addWidget(rule())
        for step in file.steps[:4]:
            line = QHBoxLayout()
            line.addWidget(Elided(f"{step.title} · {step.who}"), 1)
            line.addWidget(words(step.time, "12", "text-3"))
            self._column.addLayout(line)
        self._column.addStretch(1)
        self._show_next(file)

    def _show_next(self, file: CaseFile) -> None:
        self._next.addWidget(words("下一步", strong=True))
        if not file.actions:
            self._next.addWidget(words("这件事现在没有您要办的。", tone="text-3", wrap=True))
            return
        line = QHBoxLayout()
        line.setSpacing(8)
        event_id = file.case.event.id
        for action in file.actions[:3]:
            button = Button(action.label, lambda code=action.code: self.wanted.emit(event_id, code), small=True)
            line.addWidget(button)
        line.addStretch(1)
        self._next.addLayout(line)
