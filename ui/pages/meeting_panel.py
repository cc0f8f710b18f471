"""One matter of a meeting beside its list: what it is, what was decided before, and where the decision is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.messages import sentence
from app.schema.values import Fault, Value
from app.services.case_limits import past_day
from app.services.meetings import Line, Sheet
from app.services.open_matters import KINDS
from ui import theme
from ui.pages.meeting_read import RESULTS, STEP_WORDS, before_words, done_words, facts_of
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.dates import DateEntry
from ui.pieces.facts import Facts
from ui.pieces.scrolled import scrolled
from ui.pieces.text import words


class MatterPanel(Card):
    """Signals ``decided(action)`` (Enter in the last field, or a step's button; "" for none), ``looked(result)``,
    ``opened(form, id)``.

    ``typed()`` is what stands in the fields, ``values()`` what can be kept of it; ``dirty()`` whether somebody typed something that isn't kept.
    """

    decided = Signal(str)
    looked = Signal(str)
    opened = Signal(str, str)

    def __init__(self) -> None:
        super().__init__("议定")
        self.line: Line | None = None
        self._met: Value = None
        self._today = ""
        inside = QWidget()
        self._body = QVBoxLayout(inside)
        self._body.setContentsMargins(0, 0, 8, 0)
        self._body.setSpacing(6)
        self._scroll = scrolled(inside)
        self.add(self._scroll, 1)
        self.decision = QPlainTextEdit()
        self.owner = QLineEdit()
        self.due = DateEntry()
        self._make_fields()
        self._steps = QGridLayout()
        self._shown: dict[str, str] = {}

    def show_nothing(self, text: str) -> None:
        """Nothing is chosen; *text* says what to do."""
        self.line = None
        self._shown = {}
        empty(self._body)
        self._make_fields()  # those that stood there are gone with the rest
        self._body.addWidget(words(text, tone="text-3", wrap=True))
        self._body.addStretch(1)

    def show_line(self, line: Line, sheet: Sheet, *, may: bool) -> None:
        """Show one matter; *may*: decisions are typed."""
        self.line = line
        self._met, self._today = sheet.meeting.values.get("date"), sheet.today.isoformat()
        form = str(line.item.values.get("about_form") or "")
        empty(self._body)
        self._make_fields()
        self.title.setText(KINDS.get(form, "议定"))
        self._body.addWidget(words(line.title, "16", strong=True, wrap=True))
        self._body.addWidget(Facts(facts_of(line, sheet.today), label_width=76))
        if line.before:
            self._show_before(line, may=may)
        if may:
            self._show_fields(line)
        elif line.decided:
            values = line.item.values
            said = "；".join(str(values[name]) for name in ("decision", "owner", "due") if values.get(name))
            self._body.addWidget(words(f"本次议定：{said}", wrap=True))
        if line.matter is not None:
            key = (form, line.matter.id)
            opener = Button(f"打开{KINDS.get(form, '')}", lambda: self.opened.emit(*key), kind="link", small=True)
            row = QHBoxLayout()
            row.addWidget(opener)
            row.addStretch(1)
            self._body.addLayout(row)
        self._body.addStretch(1)
        self._shown = self.typed()
        self._scroll.verticalScrollBar().setValue(0)

    def show_offers(self, item_id: str, offers: Sequence[str]) -> None:
        """The steps that the decision of *item_id* may become at once."""
        if self.line is None or self.line.item.id != item_id:
            return
        empty(self._steps)
        for number, code in enumerate(offers):
            # Two in a row: four are wider than the panel of a small screen, and what is typed would be cut off with them.
            button = Button(f"记下并{STEP_WORDS[code]}", partial(self.decided.emit, code), small=True)
            self._steps.addWidget(button, number // 2, number % 2)

    def begin(self) -> None:
        """Put the cursor where the decision is typed."""
        if self.decision.isVisibleTo(self):
            self.decision.setFocus(Qt.FocusReason.TabFocusReason)

    def typed(self) -> dict[str, str]:
        """What stands in the fields, letter by letter."""
        return {"decision": self.decision.toPlainText(), "owner": self.owner.text(), "due": self.due.text()}

    def values(self) -> dict[str, Any]:
        """What can be kept of it; a due day that can't be read is left out, so that the one before stays."""
        found: dict[str, Any] = {
            "decision": self.decision.toPlainText().strip() or None,
            "owner": self.owner.text().strip() or None,
        }
        return found if self.undated() else {**found, "due": self.due.value()}

    def undated(self) -> str:
        """What stands for the due day where no day can be read from it, or one that was over when they met; else empty."""
        # Also where the cursor still stands in it: a key leaves the page without leaving the field.
        self.due.read()
        return "" if self.due.value() and not self.due_past() else self.due.text().strip()

    def due_past(self) -> bool:
        """Whether a due day was typed that was over already when the meeting met."""
        day = self.due.value()
        held = self.line.item.values.get("due") if self.line else None
        return day != held and past_day(day, self._met, self._today)

    def due_readable(self) -> bool:
        """Whether the due day is empty or a day; where it is neither, the cursor goes there."""
        if self.undated():
            past = sentence("meeting.due_past", label="完成时限", due=self.due.value()) if self.due_past() else ""
            self.faults.setText(past or "完成时限看不出是哪一天。可写成 2026-09-18、9.18 或 +7。")
            self.faults.show()
            self.due.setFocus(Qt.FocusReason.TabFocusReason)
            return False
        return True

    def dirty(self) -> bool:
        """Whether something stands there that isn't kept."""
        return self.line is not None and self.decision.parent() is not None and self.typed() != self._shown

    def kept(self) -> None:
        """What can be kept of what stands there is on its way to the disk."""
        unread = {"due": ""} if self.undated() else {}
        self._shown = {**self.typed(), **unread}

    def put(self, typed: Mapping[str, str]) -> None:
        """Show *typed*, of some of the fields, as if it had just been typed: it isn't kept."""
        if "decision" in typed:
            self.decision.setPlainText(typed["decision"])
        if "owner" in typed:
            self.owner.setText(typed["owner"])
        if "due" in typed:
            self.due.setText(typed["due"])
            self.due.read()

    def show_faults(self, faults: Sequence[Fault]) -> None:
        """Say why it could not be kept or done."""
        self.faults.setText("\n".join(fault.message for fault in faults))
        self.faults.setVisible(bool(faults))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Enter goes on: from the last field to the next matter. Shift+Enter is a new line in the decision.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if event.modifiers() & Qt.KeyboardModifier.ControlModifier or (watched is self.due and plain):
                    self.due.read()
                    self.decided.emit("")
                    return True
                if plain:
                    (self.owner if watched is self.decision else self.due).setFocus(Qt.FocusReason.TabFocusReason)
                    return True
        return False

    def _make_fields(self) -> None:
        self.decision, self.owner, self.due = QPlainTextEdit(), QLineEdit(), DateEntry()
        self.decision.setTabChangesFocus(True)
        self.decision.setFixedHeight(theme.current().grown(84))
        self.faults = words("", "13", "red", wrap=True)
        self.faults.hide()
        for entry, label in ((self.decision, "议定意见"), (self.owner, "责任人"), (self.due, "完成时限")):
            entry.setAccessibleName(label)
            entry.installEventFilter(self)

    def _show_before(self, line: Line, *, may: bool) -> None:
        before = line.before
        assert before is not None
        self._body.addSpacing(4)
        self._body.addWidget(words(before_words(line), tone="text-2", wrap=True))
        done = done_words(line)
        if done:
            self._body.addWidget(
                words(done, tone="green" if line.closed or before.result == "done" else "orange", wrap=True)
            )
        if may and not line.closed:
            row = QHBoxLayout()
            row.setSpacing(6)
            self._body.addWidget(words("落实了没有", "13", "text-2"))
            for code, label in RESULTS:
                button = Button(label, partial(self.looked.emit, code), small=True)
                if before.result == code:
                    button.set_kind("picked")
                row.addWidget(button)
            row.addStretch(1)
            self._body.addLayout(row)

    def _show_fields(self, line: Line) -> None:
        values = line.item.values
        self.decision.setPlainText(str(values.get("decision") or ""))
        self.decision.setPlaceholderText("会上怎么定的；Enter 到下一格")
        self.owner.setText(str(values.get("owner") or ""))
        self.owner.setPlaceholderText((line.matter.owner if line.matter else "") or "单位或人")
        self.due.set_value(str(values["due"]) if values.get("due") else None)
        self._body.addSpacing(4)
        self._body.addWidget(words("议定意见", "13", "text-2"))
        self._body.addWidget(self.decision)
        row = QHBoxLayout()
        row.setSpacing(8)
        for label, field in (("责任人", self.owner), ("完成时限", self.due)):
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(words(label, "13", "text-2"))
            column.addWidget(field)
            row.addLayout(column, 1)
        self._body.addLayout(row)
        for entry in (self.decision, self.owner, self.due):
            entry.show()  # at once: the cursor is put there before the layout would show them
        self._body.addWidget(self.faults)
        keep = QHBoxLayout()
        keep.addWidget(Button("记下，下一件", lambda: self.decided.emit(""), kind="primary", keys="Ctrl+Return"))
        keep.addStretch(1)
        self._body.addLayout(keep)
        self._steps = QGridLayout()
        self._steps.setSpacing(6)
        self._body.addLayout(self._steps)
        if line.acted:
            done = "、".join(STEP_WORDS.get(code, code) for code in line.acted)
            self._body.addWidget(words(f"已办成步骤：{done}", "13", "green", wrap=True))
