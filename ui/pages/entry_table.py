"""The keys of the entry table: Enter goes from cell to cell and from person to person, and what each other key does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication

from app.rules.card_text import Card, begins_card, looks_like_card, read_cards
from app.schema.form import Form
from app.schema.values import comparable
from app.services.entry_sheet import MEMBER, NEW, Line
from ui.forms.choices import ChoiceEntry
from ui.pages.entry_cells import COLUMNS, Cell, LineCell, NumberCell
from ui.pages.entry_row import EntryRow
from ui.pages.entry_rows import EntryRows

_CARRIED = ("presence", "hukou_address")
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class EntryTable(EntryRows):
    """Signals beside those of the rows: ``take_asked(record id, Known)``; ``ended``: Enter in an empty last row; ``reader_began(text)``: a
    reader types a card; ``said(text)`` for the page to say.
    """

    take_asked = Signal(str, object)
    ended = Signal()
    reader_began = Signal(str)
    said = Signal(str)

    def __init__(self, form: Form, new_line: Callable[[], Line], rare: Callable[[str], str]) -> None:
        super().__init__(form, new_line, rare)
        self.verify_asked.connect(lambda row: self._from_note(row, self._verify))
        self.take_asked_at.connect(lambda row: self._from_note(row, self._take))

    def fill_card(self, card: Card) -> EntryRow:
        """Put a card into the row that it belongs to: of that name without a number, else the empty one."""
        self._remember()
        row = next((row for row in self.rows if self._is_of(row, card)), None)
        row = row or next(row for row in self.rows if row.line.blank)
        for name, value in (
            ("name", card.name),
            ("sex", card.sex),
            ("birth_date", card.birth_date),
            ("id_number", card.id_number),
            ("hukou_address", card.address),
        ):
            if value and (name != "hukou_address" or row.line.known == NEW):
                row.set_value(name, value)
        for name in ("name", "id_number"):
            row.settle(name)
        self._grow()
        return row

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._pressed(watched, event)
        if event.type() == QEvent.Type.FocusIn:
            self._before = self.lines()
            self._propose(watched)
        elif event.type() == QEvent.Type.FocusOut:
            self._left(watched)
        return super().eventFilter(watched, event)

    def _pressed(self, watched: QObject, event: QKeyEvent) -> bool:
        key, plain = event.key(), event.modifiers() in _PLAIN
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not control:
            self._step(watched, back=shift)
        elif key == Qt.Key.Key_F8 and plain:
            self._verify()
        elif key == Qt.Key.Key_F9 and plain:
            self._take()
        elif control and key == Qt.Key.Key_D:
            self._ditto(whole=shift)
        elif control and key == Qt.Key.Key_Delete:
            self._remove()
        elif control and key == Qt.Key.Key_Z and not shift:
            return self._undo_here(watched)
        elif control and key == Qt.Key.Key_V:
            return self._paste(QGuiApplication.clipboard().text())
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and (control or (plain and not isinstance(watched, ChoiceEntry))):
            self._across(-1 if key == Qt.Key.Key_Up else 1)
        else:
            return False
        return True

    def _step(self, watched: QObject, *, back: bool) -> None:
        number, name = self._here()
        if number < 0:
            return
        row, cell = self.rows[number], self.rows[number].cells[name]
        if name == "name" and self._is_card(str(row.value("name") or "")):
            return
        if not isinstance(cell, ChoiceEntry) and cell.proposed:
            row.set_value(name, cell.text())
        row.settle(name)
        stops = self._stops(number)
        at = (number, name)
        if name == "name" and row.line.blank and number == len(self.rows) - 1 and number and not back:
            self.ended.emit()
            return
        if back:
            before = [stop for stop in self._order() if self._rank(stop) < self._rank(at)]
            if before:
                self.go_to(*before[-1])
            return
        following = [stop for stop in stops if self._rank(stop) > self._rank(at)]
        if following:
            self.go_to(*following[0])
            return
        self._grow()
        self.go_to(min(number + 1, len(self.rows) - 1))

    def _stops(self, number: int) -> list[tuple[int, str]]:
        """The cells of a row that Enter goes to: those that nothing has filled already, and the number and phone in any case."""
        row = self.rows[number]
        filled = {"relation", "sex", "birth_date"} | ({"presence", "hukou_address"} if number else set())
        return [
            (number, column.name)
            for column in COLUMNS
            if column.name not in filled or (row.value(column.name) is None and column.name not in _CARRIED)
        ]

    def _order(self) -> list[tuple[int, str]]:
        return [(number, column.name) for number in range(len(self.rows)) for column in COLUMNS]

    def _rank(self, stop: tuple[int, str]) -> int:
        return stop[0] * len(COLUMNS) + [column.name for column in COLUMNS].index(stop[1])

    def _across(self, by: int) -> None:
        number, name = self._here()
        if 0 <= number + by < len(self.rows):
            self.go_to(number + by, name)

    def _verify(self) -> None:
        number, _ = self._here()
        if number < 0 or not self.rows[number].value("id_number"):
            return
        self._remember()
        row = self.rows[number]
        if "id_number" in row.line.typed:
            row.show_line(replace(row.line, verify=not row.line.verify))
            self.changed.emit()

    def _take(self) -> None:
        number, _ = self._here()
        row = self.rows[number] if number >= 0 else None
        if row is not None and row.known is not None and row.known.id != row.line.id and row.line.known == NEW:
            self.take_asked.emit(row.line.id, row.known)

    def _ditto(self, *, whole: bool) -> None:
        number, name = self._here()
        if number < 1:
            return
        self._remember()
        above, row = self.rows[number - 1], self.rows[number]
        for each in (
            [column.name for column in COLUMNS if column.name not in ("name", "id_number", "relation")]
            if whole
            else [name]
        ):
            cell = above.cells[each]
            covered = isinstance(cell, NumberCell) and cell.covered()
            if (row.value(each) is None or not whole) and above.value(each) is not None and not covered:
                row.set_value(each, above.value(each))

    def _remove(self) -> None:
        number, name = self._here()
        if number < 0:
            return
        row = self.rows[number]
        if row.line.known == MEMBER:
            self.said.emit("已登记的人不能在这里删去；搬走、分户、死亡请在人员卡上办理。")
            return
        self._remember()
        kept = [line for position, line in enumerate(self.lines()) if position != number]
        self.show_lines(kept)
        self.go_to(min(number, len(self.rows) - 1), name)
        self.changed.emit()

    def _undo_here(self, watched: QObject) -> bool:
        """In a cell its own steps come first."""
        if isinstance(watched, Cell) and watched.isUndoAvailable() and watched.isModified():
            return False
        self.undo()
        return True

    def _paste(self, text: str) -> bool:
        cards = read_cards(text) if looks_like_card(text) else []
        if not cards:
            return False
        rows = [self.fill_card(card) for card in cards]
        self.go_to(self.rows.index(rows[-1]), "phone")
        return True

    def _is_card(self, text: str) -> bool:
        """A reader that acts as a keyboard typed into the name: split it, or let it type on where it needs more lines."""
        number, _ = self._here()
        cards = read_cards(text) if looks_like_card(text) else []
        if cards:
            self.rows[number].set_value("name", "")
            row = self.fill_card(cards[0])
            self.go_to(self.rows.index(row), "phone")
            return True
        if begins_card(text):
            self.rows[number].set_value("name", "")
            self.reader_began.emit(f"{text}\n")
            return True
        return False

    def _append(self, line: Line) -> EntryRow:
        row = super()._append(line)
        for cell in row.cells.values():
            cell.installEventFilter(self)
            if isinstance(cell, ChoiceEntry):
                cell.chosen.connect(lambda cell=cell: self._step(cell, back=False))
        return row

    def _from_note(self, row: EntryRow, act: Callable[[], object]) -> None:
        if self._here()[0] != self.rows.index(row):
            self.go_to(self.rows.index(row), "id_number")
        act()

    def _left(self, watched: QObject) -> None:
        for row in self.rows:
            for name, cell in row.cells.items():
                if cell is watched:
                    if not isinstance(cell, ChoiceEntry) and cell.proposed:
                        cell.set_value(None)
                    elif QApplication.activePopupWidget() is None:
                        row.settle(name)
                    return

    def _propose(self, watched: QObject) -> None:
        """Propose what is carried on: the phone from the row above, the head's registered address from the dwelling."""
        for number, row in enumerate(self.rows):
            phone, address = row.cells["phone"], row.cells["hukou_address"]
            if row.line.known != NEW or not row.value("name"):
                continue
            if watched is phone and number and isinstance(phone, NumberCell) and not phone.text():
                above = self.rows[number - 1].cells["phone"]
                if isinstance(above, NumberCell) and not above.covered() and above.value():
                    phone.propose(str(above.value()))
            elif watched is address and isinstance(address, LineCell) and not address.text():
                # Who is at home here is registered here.
                address.propose(self.place_address if row.value("presence") == "present" else "")

    def _is_of(self, row: EntryRow, card: Card) -> bool:
        if row.line.blank:
            return False
        same = comparable(str(row.value("name") or "")) == comparable(card.name)
        return same and not row.value("id_number")
