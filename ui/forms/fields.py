"""The widget of a field: chosen by its kind, with its label, its help and the problem found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from app.schema.form import Field
from app.schema.kinds import Choice, Date, Geometry, LongText, Ref, Time, YesNo
from app.schema.values import Value
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.outline import OutlineEntry
from ui.forms.references import Find, RefEntry, Target
from ui.forms.secret import Reveal, SecretEntry
from ui.pieces.dates import DateEntry
from ui.pieces.text import retone, words

if TYPE_CHECKING:
    from collections.abc import Mapping

_HINTS = {
    "phone": "手机或带区号的电话",
    "identity": "18 位",
    "credit_code": "18 位",
    "time": "如 2026-09-18 14:30",
    "money": "元",
}


class LineEntry(QLineEdit):
    """One line of text, a number, a phone, a time."""

    changed = Signal()

    def __init__(self, item: Field) -> None:
        super().__init__()
        self._kind = item.kind
        self.setPlaceholderText(_HINTS.get(item.kind.name, ""))
        self.textEdited.connect(lambda _text: self.changed.emit())

    def value(self) -> object:
        """What stands there; None when empty."""
        return self.text().strip() or None

    def set_value(self, value: Any) -> None:
        """Show *value*, canonical or as it was typed."""
        self.setText(self._kind.show(value) if not isinstance(value, str) or self._kind.name == "time" else value)
        self.setCursorPosition(0)


class TextEntry(QPlainTextEdit):
    """Text of several lines: Tab leaves it, Enter begins a line."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._showing = False
        self.textChanged.connect(self._on_text_changed)

    def value(self) -> object:
        """What stands there; None when empty."""
        return self.toPlainText().strip() or None

    def set_value(self, value: Any) -> None:
        """Show *value*."""
        self._showing = True
        self.setPlainText("" if value is None else str(value))
        self._showing = False

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().lineSpacing() * 3 + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def _on_text_changed(self) -> None:
        if not self._showing:
            self.changed.emit()


class DayEntry(DateEntry):
    """A date; while it can't be read, the value is what was typed, so that the form's check speaks."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.changed.connect(lambda _value: self.edited.emit())
        self.textEdited.connect(lambda _text: self.edited.emit())

    def value(self) -> str | None:
        # Ctrl+Enter saves without leaving the field first.
        if self.text().strip() != (super().value() or ""):
            self.read()
        return super().value() or self.text().strip() or None

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()


Entry = LineEntry | TextEntry | DayEntry | ChoiceEntry | RefEntry | SecretEntry | OutlineEntry


def entry_for(item: Field, find: Find, reveal: Reveal | None = None) -> Entry:
    """The widget that *item* is typed into."""
    kind = item.kind
    if item.sensitive:
        return SecretEntry(kind, reveal)
    if isinstance(kind, Choice) and kind.codes is not None:
        return ChoiceEntry([(code.code, code.label) for code in kind.codes.items])
    if isinstance(kind, YesNo):
        return _YesNoEntry()
    if isinstance(kind, Ref):
        return RefEntry(find)
    if isinstance(kind, Date) and not isinstance(kind, Time):
        return DayEntry()
    if isinstance(kind, Geometry):
        return OutlineEntry(kind)
    if isinstance(kind, LongText):
        return TextEntry()
    return LineEntry(item)


class _YesNoEntry(ChoiceEntry):
    def __init__(self) -> None:
        super().__init__([("是", "是"), ("否", "否")])

    def value(self) -> object:
        return {"是": True, "否": False}.get(str(super().value()), super().value())

    def set_value(self, value: object) -> None:
        super().set_value({True: "是", False: "否"}.get(value, value) if isinstance(value, bool) else value)


class FieldRow(QWidget):
    """A field on the page: label, entry, and below it the problem, the notice or the help. Signal ``changed``."""

    changed = Signal()

    def __init__(self, item: Field, find: Find, reveal: Reveal | None = None) -> None:
        super().__init__()
        self.item = item
        self.entry = entry_for(item, find, reveal)
        self.wide = isinstance(item.kind, LongText) or getattr(item.kind, "max", 0) in range(300, 10_000)
        mark = " <span style='color:{}'>*</span>".format(theme.current().colours["orange"]) if item.required else ""
        self.label = words(item.label, tone="text-2", wrap=True)
        if item.required:
            self.label.setTextFormat(Qt.TextFormat.RichText)
            self.label.setText(item.label + mark)
        self.label.setBuddy(self.entry)
        self.entry.setAccessibleName(item.label + ("，必填" if item.required else ""))
        self.said = words("", "12", "text-3", wrap=True)
        self._help, self._problem = item.help, ""
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._above: bool | None = None
        self.place(above=False)
        self.say("")
        (self.entry.edited if isinstance(self.entry, DayEntry) else self.entry.changed).connect(self._on_changed)

    def place(self, *, above: bool) -> None:
        """Put the label above the entry, or left of it."""
        if above == self._above:
            return
        self._above = above
        for thing in (self.label, self.entry, self.said):
            self._grid.removeWidget(thing)
        if above:
            self.label.setMinimumWidth(0)
            self.label.setMaximumWidth(16_777_215)
            self._grid.addWidget(self.label, 0, 0, 1, 2)
            self._grid.addWidget(self.entry, 1, 0, 1, 2)
            self._grid.addWidget(self.said, 2, 0, 1, 2)
        else:
            self.label.setFixedWidth(theme.current().grown(92))
            # The label stands on the first line of its entry, however many lines or problems that has.
            self.label.setContentsMargins(0, 5, 0, 0)
            self._grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self.entry, 0, 1, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self.said, 1, 1)
        if above:
            self.label.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)

    def value(self) -> object:
        """What stands there, canonical or as it was typed."""
        return self.entry.value()

    def show_value(self, value: Value, targets: Mapping[str, Target]) -> None:
        """Show a kept *value*; for a reference *targets* gives the record by id."""
        if isinstance(self.entry, RefEntry):
            self.entry.set_target(
                targets.get(str(value), Target(str(value), "（未同步到本机的记录）")) if value else None
            )
        else:
            self.entry.set_value(value)
        self.say("")

    def show_typed(self, value: Any, targets: Mapping[str, Target]) -> None:
        """Show what a draft brings back."""
        if isinstance(self.entry, SecretEntry):
            self.entry.show_plain(value)
        else:
            self.show_value(value, targets)

    def say(self, problem: str, notice: str = "") -> None:
        """Say what is wrong with the value; without a problem the notice or the help stands there."""
        self._problem = problem
        self.said.setText(problem or notice or self._help)
        retone(self.said, "orange" if problem else "text-3")
        self.said.setVisible(bool(self.said.text()))
        if bool(self.entry.property("wrong")) != bool(problem):
            self.entry.setProperty("wrong", "true" if problem else "")
            self.entry.style().unpolish(self.entry)
            self.entry.style().polish(self.entry)

    def problem(self) -> str:
        """What is said to be wrong."""
        return self._problem

    def _on_changed(self) -> None:
        if self._problem:
            self.say("")
        self.changed.emit()
