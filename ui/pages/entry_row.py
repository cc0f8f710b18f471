"""One row of the entry table: a person's cells, and below them what is to be said of him."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.schema.form import Form
from app.schema.identity import Identity, read_identity
from app.schema.values import BadValue, tight
from app.services.entry_sheet import COMES, MEMBER, NEW, CellFault, Known, Line, other_paper, read_line
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.pages.entry_cells import COLUMNS, Cell, NumberCell, make_cell, shown_relation
from ui.pieces.buttons import Button
from ui.pieces.dates import china_today
from ui.pieces.keys import KeyCap
from ui.pieces.text import retone, rule, words

_FILLED = ("sex", "birth_date")


class EntryRow(QWidget):
    """Signals: ``edited(field)`` something was typed, ``number_told(number)`` a whole right number stands there,
    ``verify_asked``, ``take_asked`` for the buttons of the note.
    """

    edited = Signal(str)
    number_told = Signal(str)
    verify_asked = Signal()
    take_asked = Signal()

    def __init__(self, form: Form, line: Line, rare: Callable[[str], str]) -> None:
        super().__init__()
        self._form, self._rare = form, rare
        self._told: dict[str, str] = {}
        self._faults: dict[str, CellFault] = {}
        self._hint = ""
        self.known: Known | None = None
        self.line = line
        self.cells: dict[str, Cell] = {}
        self.number = words("", "12", "text-3")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        across = QHBoxLayout()
        across.setContentsMargins(0, 2, 8, 2)
        across.setSpacing(4)
        across.addWidget(self.number)
        for column in COLUMNS:
            cell = make_cell(form, column)
            self.cells[column.name] = cell
            across.addWidget(cell, column.share)
            cell.changed.connect(lambda name=column.name: self._on_changed(name))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(across)
        whole.addWidget(self._note())
        whole.addWidget(rule())
        self.measure()
        self.show_line(line)

    def measure(self) -> None:
        """Take the widths of the look in force."""
        look = theme.current()
        self.number.setFixedWidth(look.grown(24))
        for column in COLUMNS:
            self.cells[column.name].setMinimumWidth(look.grown(column.least))
        self._note_line.setContentsMargins(look.grown(34), 0, 8, 4)

    def show_line(self, line: Line) -> None:
        """Show *line* in the cells."""
        self.line = line
        self._told = {}
        for name, cell in self.cells.items():
            stands = line.stands.get(name)
            if name == "relation":
                stands = shown_relation(self._form, stands, line.stands.get("relation_text"))
            if name not in line.typed:
                if isinstance(cell, NumberCell) and line.known == NEW:
                    cell.show_plain(None)
                else:
                    cell.set_value(stands)
            elif isinstance(cell, NumberCell):
                cell.proposed = False
                cell.show_plain(line.typed[name])
            else:
                cell.set_value(line.typed[name])
        self._told = (
            {name: str(line.typed[name]) for name in _FILLED if line.typed.get(name)} if self.identity() else {}
        )
        for name in list(self._faults):
            self._mark(name, wrong=False)
        self._faults, self.known = {}, None
        self._tell_whole()
        self.hint(self._standing_hint())

    def set_value(self, name: str, value: object) -> None:
        """Put *value* into a cell as if it had been typed."""
        cell = self.cells[name]
        if isinstance(cell, NumberCell):
            cell.proposed = False
            cell.show_plain(value)
        else:
            cell.set_value(value)
        self._on_changed(name)

    def value(self, name: str) -> object:
        """What stands in a cell, as it was typed or, behind stars, as it is kept."""
        return self.cells[name].value()

    def identity(self) -> Identity | None:
        """What the number in its cell tells; None where it isn't a whole right one."""
        text = tight(str(self.value("id_number") or ""))
        if len(text) not in (15, 18) or self.line.verify:
            return None
        try:
            return read_identity(text)
        except BadValue:
            return None

    def settle(self, name: str) -> None:
        """A cell was left: read what stands there in one spelling, and say at once what is wrong with it."""
        cell = self.cells[name]
        if isinstance(cell, ChoiceEntry):
            cell.settle()
        if name not in self.line.typed:
            return
        if name == "id_number" and (told := self.identity()) is not None and told.upgraded:
            self.set_value(name, told.number)
            self.hint(f"15 位老号码已换成 18 位：{told.number}")
        line = replace(self.line, typed={name: self.line.typed[name], **self._together(name)})
        read = read_line(self._form, 0, line, (), china_today().isoformat())
        found = next((fault for fault in read.faults if fault.field == name), None)
        if found is not None:
            self.fault(found)
        if name == "name":
            self.hint(self._rare(str(self.line.typed[name] or "")) or self._standing_hint())

    def fault(self, fault: CellFault) -> None:
        """Mark a cell and say below what is wrong."""
        self._faults[fault.field] = fault
        self._mark(fault.field, wrong=True)
        self._say()

    def faults(self) -> Mapping[str, CellFault]:
        """What is said to be wrong, by field."""
        return self._faults

    def forget_faults(self) -> None:
        """All cells are taken for right again."""
        for name in list(self._faults):
            self._mark(name, wrong=False)
        self._faults = {}
        self._say()

    def offer(self, known: Known | None) -> None:
        """Somebody is registered under the number of this row: offer him."""
        self.known = known
        self._say()

    def hint(self, text: str) -> None:
        """Say something quietly below the row."""
        self._hint = text
        self._say()

    # -- within -----------------------------------------------------------------------------------------------------------------

    def _note(self) -> QFrame:
        self.note = QFrame()
        self._note_line = QHBoxLayout(self.note)
        self._note_line.setSpacing(8)
        self.said = words("", "13", "text-2", wrap=True)
        self.verify = Button("存为待核实", self.verify_asked.emit, small=True)
        self.take = Button("移到这一户", self.take_asked.emit, small=True)
        self._note_line.addWidget(self.said, 1)
        self._caps = []
        # The keys are the table's: they speak to the row in which the cursor stands.
        for keys, button in (("F8", self.verify), ("F9", self.take)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            cap = KeyCap(keys)
            self._caps.append((cap, button))
            self._note_line.addWidget(cap)
            self._note_line.addWidget(button)
        return self.note

    def _say(self) -> None:
        first = next(iter(self._faults.values()), None)
        known = self.known if first is None or first.code == "number_taken" else None
        here = known is not None and known.id == self.line.id
        if known is not None and not here:
            text, tone = f"已登记过：{known.who}{'（户主，移走后那一户要另定户主）' if known.head else ''}", "blue"
        elif first is not None:
            text, tone = f"{self._form.fields[first.field].label}：{first.message}", "orange"
            text += f"\n{self._hint}" if self._hint else ""
        else:
            text, tone = self._hint, "text-2"
        self.said.setText(text)
        retone(self.said, tone)
        paper = first is not None and other_paper(self._form, self.line.typed.get("id_number"))
        self.verify.set_words("存为其他证件" if paper else "存为待核实")
        self.verify.setVisible(first is not None and first.keepable)
        self.take.setVisible(known is not None and not here and self.line.known == NEW)
        for cap, button in self._caps:
            cap.setVisible(button.isVisibleTo(self.note))
        self.note.setVisible(bool(text))

    def _tell_whole(self) -> None:
        """What a narrow cell cuts can be read as its tooltip."""
        for name in ("name", "hukou_address"):
            self.cells[name].setToolTip(str(self.cells[name].text()))

    def _standing_hint(self) -> str:
        if self.line.verify:
            paper = other_paper(self._form, self.line.typed.get("id_number"))
            return f"存为{paper[1]}号码（F8 取消）。" if paper else "号码照所写存下，待核实（F8 取消）。"
        if self.line.known == COMES:
            return "从别处移入这一户；保存时连同他名下的记录一起过来（Ctrl+Z 撤回）。"
        if self.line.known == MEMBER and self.line.stands.get("id_written") and not self.line.typed.get("id_number"):
            return f"{self.line.stands.get('verify_note') or '号码待核实'}；核实后直接在号码格里填对的。"
        return ""

    def _together(self, name: str) -> dict[str, Any]:
        """What a cell is read with: sex and birth date are held against the number."""
        if name not in ("id_number", *_FILLED):
            return {}
        return {part: self.line.typed[part] for part in ("id_number", *_FILLED) if part in self.line.typed}

    def _on_changed(self, name: str) -> None:
        cell = self.cells[name]
        if not isinstance(cell, ChoiceEntry):
            cell.proposed = False
        typed = {**self.line.typed, name: cell.value()}
        self.line = replace(self.line, typed=typed, verify=self.line.verify and name != "id_number")
        if name in self._faults:
            del self._faults[name]
            self._mark(name, wrong=False)
        self._tell_whole()
        if name == "id_number":
            self._on_number()
        self._say()
        self.edited.emit(name)

    def _on_number(self) -> None:
        self.known = None
        self._hint = self._standing_hint()
        told = self.identity()
        if told is None:
            return
        for name, value in (("sex", told.sex), ("birth_date", told.birth_date)):
            now = self.value(name)
            if now is None or str(now) == self._told.get(name):
                self.cells[name].set_value(value)
                self.line = replace(self.line, typed={**self.line.typed, name: value})
                self._told[name] = value
        for name in _FILLED:
            if name in self._faults:
                del self._faults[name]
                self._mark(name, wrong=False)
        self.number_told.emit(told.number)

    def _mark(self, name: str, *, wrong: bool) -> None:
        cell = self.cells[name]
        cell.setProperty("wrong", "true" if wrong else "")
        cell.style().unpolish(cell)
        cell.style().polish(cell)
