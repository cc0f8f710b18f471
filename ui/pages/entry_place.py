"""Where a household lives: the dwelling found by typing, or added in place, and what the household itself is called by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.services.entry_sheet import CellFault
from app.store.search_keys import is_letters
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.references import Find, RefEntry, Target
from ui.pages.entry_cells import LineCell
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.keys import enter_alone
from ui.pieces.text import retone, words

NEW_PLACE = "@new"
Choices = Sequence[tuple[str, str]]


class PlaceEntry(RefEntry):
    """A dwelling by address or initials. What no dwelling has is offered to be added; what was typed and not picked stays.

    Signal ``written``: other text stands there.
    """

    written = Signal()

    def __init__(self, find: Find) -> None:
        super().__init__(self._with_new, "地址、拼音首字母；没有的照写地址")
        self._search = find
        self._take_one = False
        self._asked = 0
        self._show_hits: Callable[[Sequence[Target]], None] | None = None
        self.textEdited.connect(self._on_written)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.unpicked():
            if self.offers() and not self._asked:
                event.ignore()  # the list takes the line that is chosen in it
                return
            self.take_written()
            return
        super().keyPressEvent(event)

    def take_written(self) -> None:
        """Faster than the search: what it will find is taken where there is but one."""
        self._take_one = True
        self.search()

    def go_on(self, picked: Target | None, typed: str) -> None:
        """Take up what was typed, or picked already, before the page stood."""
        if picked is not None:
            self.take(picked)
        else:
            self.setText(typed)
            self.search()

    def unpicked(self) -> str:
        """What was typed and is no dwelling yet."""
        held = self.target()
        text = self.text().strip()
        return "" if held is not None and held.title == text else text

    def settle(self) -> None:
        """Words that were typed stay, also where nothing was picked."""
        if not self.text().strip():
            self.take(None)

    def _on_written(self, _text: str) -> None:
        self._take_one = False
        self.written.emit()

    def _with_new(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        self._asked += 1
        self._show_hits = show
        self._search(text, partial(self._on_found, text))

    def _on_found(self, text: str, hits: Sequence[Target]) -> None:
        self._asked -= 1
        if self._asked:
            return  # what was typed since is being looked for
        # Initials and figures that find something are no address that somebody wrote down.
        initials = is_letters(text.lower().replace(" ", "")) or (bool(hits) and text.isascii())
        new = [] if initials else [Target(NEW_PLACE, text, "就地新增这处房屋")]
        options = [*hits, *([] if any(hit.title == text for hit in hits) else new)]
        take, self._take_one = self._take_one and len(options) == 1, False
        if take:
            self.take(options[0])
            QTimer.singleShot(0, self, self.chosen.emit)
        elif self._show_hits is not None:
            self._show_hits(options)


class EntryPlace(Card):
    """Signals: ``changed``, ``picked(Target or None)`` a dwelling, ``area_picked(code)``, ``ended`` Enter in the last field."""

    changed = Signal()
    picked = Signal(object)
    area_picked = Signal(str)
    ended = Signal()

    def __init__(self, find: Find) -> None:
        super().__init__()
        self.home = PlaceEntry(find)
        self.area, self.grid = ChoiceEntry(()), ChoiceEntry((), "可不选")
        self.number, self.contact = LineCell(), LineCell()
        self._fields: dict[str, tuple[QWidget, RefEntry | ChoiceEntry | LineCell]] = {}
        line = QHBoxLayout()
        line.setSpacing(12)
        for name, title, entry, share in (
            ("dwelling", "房屋", self.home, 14),
            ("area", "村（社区）", self.area, 5),
            ("grid", "所属网格", self.grid, 5),
            ("number", "户号", self.number, 5),
            ("contact", "联系人", self.contact, 4),
        ):
            line.addWidget(self._field(name, title, entry), share)
        self.add(line)
        self.said = words("", "13", "text-2", wrap=True)
        self.said.hide()
        self.add(self.said)
        self.home.picked.connect(self.picked)
        self.home.chosen.connect(lambda: self._next(self.home))
        self.home.written.connect(self.changed)
        self.area.changed.connect(lambda: self.area_picked.emit(str(self.area.value() or "")))
        for entry in (self.area, self.grid, self.number, self.contact):
            entry.changed.connect(self.changed)
        for choice in (self.area, self.grid):
            choice.chosen.connect(lambda choice=choice: self._next(choice))
        self.ask("grid", wanted=False)

    def ask(self, name: str, *, wanted: bool) -> None:
        """Whether the field *name* is asked for."""
        self._fields[name][0].setVisible(wanted)

    def show_grids(self, now: str, grids: Choices) -> None:
        """Offer *grids*, with *now* chosen, or the only one there is."""
        self.grid.show_choices(grids)
        self.grid.set_value(now or (grids[0][0] if len(grids) == 1 else None))

    def lock(self, *, locked: bool) -> None:
        """The village of a dwelling that stands is no question."""
        self.area.setEnabled(not locked)

    def values(self) -> dict[str, Any]:
        """number, contact: what stands there."""
        return {"number": self.number.value(), "contact": self.contact.value()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show number and contact."""
        self.number.set_value(values.get("number"))
        self.contact.set_value(values.get("contact"))

    def say(self, text: str, tone: str = "text-2") -> None:
        """Say something below the fields."""
        self.said.setText(text)
        retone(self.said, tone)
        self.said.setVisible(bool(text))

    def show_faults(self, faults: Sequence[CellFault]) -> bool:
        """Mark what is wrong, say the first and go there; whether there was any."""
        wrong = {fault.field: fault for fault in reversed(faults)}
        for name, (_, entry) in self._fields.items():
            entry.setProperty("wrong", "true" if name in wrong else "")
            entry.style().unpolish(entry)
            entry.style().polish(entry)
        if not faults:
            return False
        self.say(faults[0].message, "orange")
        entry = self._fields[faults[0].field][1] if faults[0].field in self._fields else self.home
        entry.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and enter_alone(event)
        if pressed and not (watched is self.home and self.home.unpicked()):
            self._next(watched)
            return True
        return super().eventFilter(watched, event)

    def _field(self, name: str, title: str, entry: RefEntry | ChoiceEntry | LineCell) -> QWidget:
        held = QWidget()
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        label = words(title, "13", "text-2")
        label.setBuddy(entry)
        entry.setAccessibleName(title)
        entry.setMinimumWidth(theme.current().grown(80))
        entry.installEventFilter(self)
        column.addWidget(label)
        column.addWidget(entry)
        self._fields[name] = held, entry
        return held

    def _next(self, watched: QObject) -> None:
        if isinstance(watched, ChoiceEntry):
            watched.settle()
        order = [entry for held, entry in self._fields.values() if held.isVisibleTo(self) and entry.isEnabled()]
        here = next((number for number, entry in enumerate(order) if entry is watched), -1)
        # A village or grid that is known already is no stop on the way.
        ahead = [entry for entry in order[here + 1 :] if not isinstance(entry, ChoiceEntry) or entry.value() is None]
        if ahead:
            ahead[0].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.ended.emit()


class Neighbours(QWidget):
    """Who is registered in the dwelling already: perhaps it is that household that is to be gone on with. Signal ``chosen(household)``."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(12, 6, 8, 2)
        self.hide()

    def show_living(self, living: Sequence[tuple[str, str]]) -> None:
        """Offer the households (id, words) of *living*, F6 the first."""
        empty(self._line)
        self.setVisible(bool(living))
        if not living:
            return
        self._line.addWidget(words("这处房屋已有：", "13", "text-2"))
        for number, (household, said) in enumerate(living[:4]):
            keys = "F6" if not number else ""
            go_on = partial(self.chosen.emit, household)
            self._line.addWidget(Button(f"接着登记{said}", go_on, kind="link", small=True, keys=keys))
        self._line.addStretch(1)
