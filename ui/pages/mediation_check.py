"""The end of a session: what is to be checked before the notes are saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from app.schema.dates import read_time
from app.schema.form import Form
from app.schema.values import BadValue, Fault
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.keys import enter_alone
from ui.pieces.text import words

_LINES = ("started_at", "ended_at", "place", "mediators", "recorder", "invited")


class SessionCheck(Card):
    """``SessionCheck(form, codes)``. Signals ``submitted(values)`` and ``left``; `begin` fills it."""

    submitted = Signal(dict)
    left = Signal()

    def __init__(self, form: Form, results: Sequence[tuple[str, str]]) -> None:
        super().__init__("核对笔录", "念一遍给当事人听，改错字，再存")
        self._form = form
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        self.fields: dict[str, QLineEdit] = {}
        for number, name in enumerate(_LINES):
            entry = QLineEdit()
            entry.setAccessibleName(form.fields[name].label)
            entry.installEventFilter(self)
            self.fields[name] = entry
            row, column = divmod(number, 2)
            grid.addWidget(words(form.fields[name].label, tone="text-2"), row, 2 * column)
            grid.addWidget(entry, row, 2 * column + 1)
        self.result = QComboBox()
        self.result.addItem("", None)
        for code, label in results:
            self.result.addItem(label, code)
        self.result.installEventFilter(self)
        self.note = QLineEdit()
        self.note.installEventFilter(self)
        self.note.setPlaceholderText("调解不成的，写明已告知还能走哪些途径")
        grid.addWidget(words(form.fields["result"].label, tone="text-2"), 3, 0)
        grid.addWidget(self.result, 3, 1)
        grid.addWidget(words(form.fields["result_note"].label, tone="text-2"), 3, 2)
        grid.addWidget(self.note, 3, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.add(grid)
        self.missing = words("", tone="orange", wrap=True)
        self.add(self.missing)
        self.text = QPlainTextEdit()
        self.text.setProperty("calm", "true")
        self.text.setAccessibleName("调解经过")
        self.add(self.text, 1)
        self.said = words("", "13", "red", wrap=True)
        self.add(self.said)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(Button("接着记", self.left.emit, keys="Esc"))
        self.save = Button("保存笔录", self._submit, kind="primary", icon="file-check", keys="Ctrl+Return")
        line.addWidget(self.save)
        self.add(line)

    def begin(self, values: Mapping[str, Any], untold: Sequence[str]) -> None:
        """Show *values* to check; *untold* are the duties that nobody marked."""
        for name, entry in self.fields.items():
            text = str(values.get(name) or "")
            entry.setText(text[:16].replace("T", " ") if name.endswith("_at") else text)
        self.result.setCurrentIndex(max(self.result.findData(values.get("result")), 0))
        self.note.setText(str(values.get("result_note") or ""))
        self.text.setPlainText(str(values.get("transcript") or ""))
        self.missing.setText("还没说的：" + "、".join(untold) if untold else "")
        self.missing.setVisible(bool(untold))
        self.said.setText("")
        self.save.setEnabled(True)
        self.result.setFocus()

    def values(self) -> dict[str, Any]:
        """What stands there."""
        found: dict[str, Any] = {}
        for name, entry in self.fields.items():
            text = entry.text().strip()
            found[name] = _time(text) if name.endswith("_at") else text or None
        found["result"] = self.result.currentData()
        found["result_note"] = self.note.text().strip() or None
        found["transcript"] = self.text.toPlainText().strip() or None
        return found

    def show_faults(self, faults: Sequence[Fault]) -> None:
        """Say what can't be saved as it is."""
        self.save.setEnabled(True)
        labels = {name: item.label for name, item in self._form.fields.items()}
        self.said.setText("\n".join(f"{labels.get(fault.field, '')}：{fault.message}" for fault in faults))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and enter_alone(event)
            and isinstance(watched, QWidget)
        ):
            line = [*self.fields.values(), self.result, self.note, self.text]
            line[line.index(watched) + 1].setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return False

    def _submit(self) -> None:
        if self.save.isEnabled():
            self.save.setEnabled(False)
            self.submitted.emit(self.values())


def _time(text: str) -> str | None:
    """A time as it is kept; as typed where it can't be read, for the check to name."""
    if not text:
        return None
    try:
        return read_time(text)
    except BadValue:
        return text
