"""The form of one action on a case, built from what the action asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.rules.case_actions import ActionField
from app.rules.case_engine import Action
from app.schema.codes import CodeList
from app.schema.dates import read_time
from app.schema.values import BadValue, Fault
from ui import theme
from ui.forms.references import Find, Target
from ui.pages.case_search import CaseEntry
from ui.pages.case_units import UnitEntry
from ui.pages.intake_files import IntakeFiles
from ui.pieces.buttons import Button
from ui.pieces.dates import china_today, read_typed
from ui.pieces.keys import enter_alone
from ui.pieces.text import words

_UNITS = ("lead_unit", "assist_unit")
_HINTS = {"case_no": "不填，自动给号"}


class ActionForm(QWidget):
    """``ActionForm(action, defaults, codes)``. Signals ``submitted(values)``, ``left(values)`` (Esc: what was typed is kept).

    *find* looks for the other case that the action names (``named``: one that stands there), *units* are the known units by field, "" for any;
    *files* takes what is handed in with the step.
    """

    submitted = Signal(dict)
    left = Signal(dict)

    def __init__(
        self,
        action: Action,
        defaults: Mapping[str, Any],
        codes: Mapping[str, CodeList],
        units: Mapping[str, Sequence[str]] = MappingProxyType({}),
        *,
        find: Find = lambda _text, show: show(()),
        named: Mapping[str, Target] = MappingProxyType({}),
        files: IntakeFiles | None = None,
    ) -> None:
        super().__init__()
        self.action = action
        self._codes, self._units, self._find, self._named = codes, units, find, named
        # The units nobody knows that were asked about: sent again, they are meant.
        self._doubted: tuple[str, ...] = ()
        self.fields: dict[str, QWidget] = {}
        self.files = files
        self._faults = words("", "13", "red", wrap=True)
        self._faults.hide()
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        self._asked = [field for field in action.fields if field.kind != "count"]
        for field in self._asked:
            entry = self._entry(field, defaults.get(field.name))
            self.fields[field.name] = entry
            entry.installEventFilter(self)
            entry.setAccessibleName(field.label)
            if not isinstance(entry, QCheckBox):
                body.addWidget(words(field.label + ("（必填）" if field.required else ""), "13", "text-2"))
            body.addWidget(entry)
        if not self._asked:
            body.addWidget(words(f"把这件事记为“{action.label}”。", tone="text-2", wrap=True))
        if files is not None:
            body.addWidget(files)
        body.addWidget(self._faults)
        body.addSpacing(4)
        line = QHBoxLayout()
        self.confirm = Button(action.label, self.submit, kind="primary", icon="check", keys="Ctrl+Return", spread=True)
        line.addWidget(self.confirm, 1)
        line.addWidget(Button("返回", self.leave, kind="quiet", tip="先放着，填了的留着"))
        body.addLayout(line)
        for keys in ("Ctrl+Enter",):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(self.submit)

    def values(self) -> dict[str, Any]:
        """What stands in the form; empty fields are left out."""
        found: dict[str, Any] = {}
        for field in self._asked:
            entry = self.fields[field.name]
            value: Any
            if isinstance(entry, QComboBox):
                value = entry.currentData()
            elif isinstance(entry, CaseEntry):
                value = entry.value()
            elif isinstance(entry, QCheckBox):
                value = entry.isChecked() or None
            elif isinstance(entry, QPlainTextEdit):
                value = entry.toPlainText().strip()
            elif isinstance(entry, QLineEdit):
                value = _canonical(field, entry.text().strip(), limit=field.name in self.action.due_from.values())
            if value not in (None, ""):
                found[field.name] = value
        return found

    def submit(self) -> None:
        """Hand the values over, once; a unit that nobody knows is asked about before."""
        strange = tuple(unit for one in self.fields.values() if isinstance(one, UnitEntry) for unit in one.unknown())
        if strange and strange != self._doubted and self.confirm.isEnabled():
            self._doubted = strange
            said = (
                f"还没有用过“{'、'.join(strange)}”这个单位，请从列表里选；没有写错的，再按一次“{self.action.label}”。"
            )
            wrong = [n for n, one in self.fields.items() if isinstance(one, UnitEntry) and one.unknown()]
            self.show_faults([Fault(wrong[0], "unit_unknown", said)])
            return
        if self.files is not None and self.files.coming():
            self.show_faults([Fault("files", "files_coming", "照片还在处理，处理完再办。")])
            return
        if self.confirm.isEnabled():
            self.confirm.setEnabled(False)
            self.submitted.emit(self.values())

    def leave(self) -> None:
        """Go without doing it."""
        self.left.emit(self.values())

    def show_faults(self, faults: Sequence[Fault]) -> None:
        """Say what is missing, mark the fields, go to the first of them."""
        self.confirm.setEnabled(True)
        self._faults.setText("\n".join(fault.message for fault in faults))
        self._faults.setVisible(bool(faults))
        wrong = {fault.field for fault in faults}
        for name, entry in self.fields.items():
            entry.setProperty("wrong", "true" if name in wrong else "")
            entry.style().unpolish(entry)
            entry.style().polish(entry)
        first = next((entry for name, entry in self.fields.items() if name in wrong), None)
        if first is not None:
            first.setFocus()

    def start(self) -> None:
        """Put the cursor where something is to be typed: the first empty required field, else the first field."""
        entries = [(field, self.fields[field.name]) for field in self._asked]
        empty_one = next((e for f, e in entries if f.required and f.name not in self.values()), None)
        (empty_one or (entries[0][1] if entries else self.confirm)).setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Enter goes to the next field; in a text of several lines it is a new line.
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and enter_alone(event)
            and not isinstance(watched, QPlainTextEdit)
        ):
            entries = list(self.fields.values())
            if isinstance(watched, UnitEntry | CaseEntry) and watched.offers():
                watched.take_offered()
                return True
            place = entries.index(watched) + 1 if watched in entries else 0
            (entries[place] if place < len(entries) else self.confirm).setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return False

    def _entry(self, field: ActionField, value: Any) -> QWidget:
        if field.kind == "choice":
            return self._choice(field, self._options(field), value)
        if field.kind == "ref":
            case = CaseEntry(self._find, "标题、编号、地点；↓ 列出本村没办完的")
            case.set_target(self._named.get(field.name))
            return case
        if field.kind == "yesno":
            check = QCheckBox(field.label)
            check.setChecked(bool(value))
            return check
        if field.kind == "longtext":
            area = QPlainTextEdit(str(value or ""))
            area.setTabChangesFocus(True)
            area.setFixedHeight(theme.current().grown(72))
            return area
        if field.kind == "units" or field.name in _UNITS:
            known = tuple(self._units.get(field.name, self._units.get("", ())))
            # What the form itself proposes to everybody isn't asked about.
            known += tuple(one[1:] for one in field.defaults if known and one[:1] == "=" and one[1:] not in known)
            return UnitEntry(known, _shown(field, value), several=field.kind == "units")
        entry = QLineEdit(_shown(field, value))
        entry.setPlaceholderText(
            {"time": "如 9.18 14:30、今天 9:00", "integer": "数字"}.get(field.kind, "") or _HINTS.get(field.name, "")
        )
        return entry

    def _choice(self, field: ActionField, options: Sequence[tuple[str, str]], value: Any) -> QComboBox:
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        if not field.required or value is None:
            box.addItem("", None)
        for code, label in options:
            box.addItem(label, code)
        box.setCurrentIndex(max(box.findData(value), 0))
        return box

    def _options(self, field: ActionField) -> list[tuple[str, str]]:
        if field.options:
            return list(field.options.items())
        codes = self._codes.get(field.codes)
        return [(item.code, ("　" if item.parent else "") + item.label) for item in codes.items] if codes else []


def _shown(field: ActionField, value: Any) -> str:
    if value is None:
        return ""
    return str(value)[:16].replace("T", " ") if field.kind == "time" else str(value)


def _canonical(field: ActionField, text: str, *, limit: bool = False) -> str:
    """A time as it is kept where it can be read; anything else as typed, for the rules to name.

    A *limit* that names only its day lasts until the day ends.
    """
    if field.kind != "time" or not text:
        return text
    day, _, hour = text.replace("：", ":").partition(" ")
    hour = hour.strip() or ("23:59" if limit and "T" not in day else "")
    try:
        iso = read_typed(day, china_today())
        return read_time(f"{iso} {hour}".strip())
    except BadValue:
        return text
