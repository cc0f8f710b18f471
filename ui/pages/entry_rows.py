"""The rows of the entry table: what stands in them, what stood there before, the columns' names above."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.schema.form import Form
from app.services.entry_sheet import NEW, CellFault, Known, Line
from ui import theme
from ui.pages.entry_cells import COLUMNS
from ui.pages.entry_row import EntryRow
from ui.pieces.text import words

_CARRIED = ("presence", "hukou_address")
_MOST_UNDO = 200


class EntryRows(QScrollArea):
    """The rows and what was there before. Signals: ``changed``; ``number_told(record id, number)``: look whether somebody has it;
    ``verify_asked(row)`` and ``take_asked_at(row)`` from the buttons below a row.

    *new_line* gives an empty row with an id; *rare* says in words what of a name can't be drawn here.
    """

    changed = Signal()
    number_told = Signal(str, str)
    verify_asked = Signal(object)
    take_asked_at = Signal(object)

    def __init__(self, form: Form, new_line: Callable[[], Line], rare: Callable[[str], str]) -> None:
        super().__init__()
        self._form, self._new_line, self._rare = form, new_line, rare
        self.rows: list[EntryRow] = []
        self.place_address = ""
        self._undo: list[tuple[Line, ...]] = []
        self._before: tuple[Line, ...] | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = QWidget()
        body.setObjectName("scrolled")
        self._body = QVBoxLayout(body)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(0)
        self._head = _Head(form)
        self._body.addWidget(self._head)
        self._body.addStretch(1)
        self.setWidget(body)

    # -- what stands there ------------------------------------------------------------------------------------------------------

    def lines(self) -> tuple[Line, ...]:
        """The rows as they were typed, the empty one at the end as well."""
        return tuple(row.line for row in self.rows)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show *lines*; an empty row stands below them."""
        here, column = self._here()
        while len(self.rows) > len(lines):
            self._drop(len(self.rows) - 1)
        for number, line in enumerate(lines):
            if number < len(self.rows):
                if self.rows[number].line != line:
                    self.rows[number].show_line(line)
                    self._look(self.rows[number])
            else:
                self._append(line)
                self._look(self.rows[-1])
        if not self.rows or not self.rows[-1].line.blank:
            self._append(self._fresh())
        self._renumber()
        if here >= 0:
            self.go_to(min(here, len(self.rows) - 1), column)

    def replace_line(self, record_id: str, line: Line, hint: str = "") -> None:
        """Put *line* into the row of *record_id*; it can be undone."""
        for row in self.rows:
            if row.line.id == record_id:
                self._remember()
                row.show_line(line)
                if hint:
                    row.hint(hint)
                self._grow()
                self.changed.emit()

    def row_of(self, record_id: str) -> EntryRow | None:
        """The row of a record."""
        return next((row for row in self.rows if row.line.id == record_id), None)

    def forget(self) -> None:
        """Nothing of what was done before can be undone any more: another household stands here."""
        self._undo.clear()
        self._before = None

    def show_faults(self, faults: Sequence[CellFault]) -> None:
        """Mark the cells that are wrong and go to the first."""
        for row in self.rows:
            row.forget_faults()
        for fault in reversed(faults):
            if 0 <= fault.row < len(self.rows) and fault.field in self.rows[fault.row].cells:
                self.rows[fault.row].fault(fault)
        first = next((fault for fault in faults if fault.row >= 0), None)
        if first is not None and first.row < len(self.rows):
            self.go_to(first.row, first.field)

    def offer(self, record_id: str, number: str, known: Known | None) -> None:
        """Somebody is registered under *number*, where it still stands in the row."""
        row = self.row_of(record_id)
        told = row.identity() if row is not None else None
        if row is None or told is None or told.number != number:
            return
        if known is not None and any(other.line.id == known.id and other is not row for other in self.rows):
            return  # two rows of this table: the check says that better
        row.offer(known)

    def go_to(self, row: int, name: str = "name") -> None:
        """Put the cursor into a cell."""
        cell = self.rows[row].cells[name if name in self.rows[row].cells else "name"]
        cell.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(self.rows[row], 0, theme.current().px("row"))

    def begin(self) -> None:
        """Put the cursor into the first empty name."""
        self.go_to(next((n for n, row in enumerate(self.rows) if not row.value("name")), 0))

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        if not self._undo:
            return False
        self._before = None
        self.show_lines(self._undo.pop())
        self.changed.emit()
        return True

    # -- rows -------------------------------------------------------------------------------------------------------------------

    def _append(self, line: Line) -> EntryRow:
        row = EntryRow(self._form, line, self._rare)
        row.edited.connect(lambda _name: self._on_edited())
        row.number_told.connect(lambda number, row=row: self.number_told.emit(row.line.id, number))
        row.verify_asked.connect(lambda row=row: self.verify_asked.emit(row))
        row.take_asked.connect(lambda row=row: self.take_asked_at.emit(row))
        self._body.insertWidget(self._body.count() - 1, row)
        before = self.rows[-1].cells[COLUMNS[-1].name] if self.rows else None
        self.rows.append(row)
        if before is not None:
            QWidget.setTabOrder(before, row.cells["name"])
        for one, following in itertools.pairwise(COLUMNS):
            QWidget.setTabOrder(row.cells[one.name], row.cells[following.name])
        return row

    def _drop(self, number: int) -> None:
        row = self.rows.pop(number)
        row.hide()
        self._body.removeWidget(row)
        row.deleteLater()

    def _fresh(self) -> Line:
        """An empty row with what is carried on from the one above."""
        line = self._new_line()
        if not self.rows:
            return replace(line, typed={"relation": "户主", "presence": "present"})
        above = self.rows[-1]
        carried = {name: value for name in _CARRIED if (value := above.value(name)) is not None}
        return replace(line, typed={"presence": "present", **carried})

    def _grow(self) -> None:
        if not self.rows[-1].line.blank:
            self._append(self._fresh())
            self._renumber()

    def _look(self, row: EntryRow) -> None:
        """Ask again whether somebody has the number that stands in a row anew."""
        told = row.identity() if row.line.known == NEW else None
        if told is not None:
            self.number_told.emit(row.line.id, told.number)

    def _renumber(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            row.number.setText(str(number))

    def _here(self) -> tuple[int, str]:
        """(row, field) of the cell in which the cursor stands; (-1, "") outside."""
        now = QApplication.focusWidget()
        for number, row in enumerate(self.rows):
            for name, cell in row.cells.items():
                if cell is now:
                    return number, name
        return -1, ""

    def _on_edited(self) -> None:
        if self._before is not None:
            self._push(self._before)
            self._before = None
        self._grow()
        self._carry()
        self.changed.emit()

    def _carry(self) -> None:
        """What is typed in a row after the empty one below it came is carried on as well."""
        last = self.rows[-1]
        if len(self.rows) < 2 or not last.line.blank or self._here()[0] == len(self.rows) - 1:
            return
        carried = {name: value for name in _CARRIED if (value := self.rows[-2].value(name)) is not None}
        if carried != last.line.typed:
            last.show_line(replace(last.line, typed=carried))

    def _remember(self) -> None:
        self._push(self.lines())
        self._before = None

    def _push(self, lines: tuple[Line, ...]) -> None:
        if not self._undo or self._undo[-1] != lines:
            self._undo.append(lines)
            del self._undo[:-_MOST_UNDO]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            for row in [self._head, *self.rows]:
                row.measure()


class _Head(QFrame):
    """The names of the columns."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.setObjectName("cells-head")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 6, 8, 6)
        line.setSpacing(4)
        self._number = words("", "12")
        line.addWidget(self._number)
        self._titles = []
        for column in COLUMNS:
            title = words(column.title or form.fields[column.name].label, "13", "text-2")
            title.setContentsMargins(9, 0, 0, 0)
            self._titles.append(title)
            line.addWidget(title, column.share)
        self.measure()

    def measure(self) -> None:
        """Take the widths of the look in force."""
        look = theme.current()
        self._number.setFixedWidth(look.grown(24))
        for column, title in zip(COLUMNS, self._titles, strict=True):
            policy = title.sizePolicy()
            policy.setHorizontalPolicy(policy.Policy.Ignored)
            title.setSizePolicy(policy)
            title.setMinimumWidth(look.grown(column.least))
