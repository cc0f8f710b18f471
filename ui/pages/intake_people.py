"""People of a case being taken: one line to find or write somebody, below it those who are in already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from app.messages import sentence
from app.schema.codes import CodeList
from app.schema.kinds import Phone
from app.services.case_sheet import Person
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.references import Find
from ui.pages.intake_found import FoundEntry
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card, empty
from ui.pieces.keys import enter_alone
from ui.pieces.person import PersonChip
from ui.pieces.text import retone, words

_USUAL = "party"


class IntakePeople(Card):
    """Signals: ``changed``; ``ended`` Enter in the empty line: nobody else is to be added."""

    changed = Signal()
    ended = Signal()

    def __init__(self, find: Find, roles: CodeList) -> None:
        super().__init__("涉事人员", " ")
        self._roles = roles
        self._people: list[Person] = []
        self.name = FoundEntry(find, "姓名、首字母、号码后几位；没有的照写", words_first=True)
        self.role = ChoiceEntry([(item.code, item.label) for item in roles.items])
        self.phone = QLineEdit()
        for entry, said in ((self.name, "涉事人员姓名"), (self.role, "身份"), (self.phone, "联系电话")):
            entry.setAccessibleName(said)
            entry.installEventFilter(self)
        self.phone.setPlaceholderText("电话，可不填")
        self.role.set_value(_USUAL)
        self.role.setMaximumWidth(theme.current().grown(110))
        self.phone.setMaximumWidth(theme.current().grown(130))
        self.name.chosen.connect(lambda: self.role.setFocus(Qt.FocusReason.TabFocusReason))
        self.name.went_on.connect(self._on_named)
        self.role.chosen.connect(lambda: self.phone.setFocus(Qt.FocusReason.TabFocusReason))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.name, 1)
        line.addWidget(self.role)
        line.addWidget(self.phone)
        line.addWidget(Button("添加", self.add_typed, small=True, tip="电话栏里按 Enter 也是添加"))
        self.add(line)
        self.said = words("", "12", "text-3", wrap=True)
        self.said.hide()
        self.add(self.said)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.add(self._list)

    def people(self) -> tuple[Person, ...]:
        """Those who are in, and whom the line holds: what was typed counts also where nobody pressed Enter."""
        typed = self.typed()
        return (*self._people, typed) if typed else tuple(self._people)

    def show_people(self, people: Sequence[Person]) -> None:
        """Show *people* in place of those who were there, and an empty line."""
        self._people = list(people)
        self._clear_line()
        self._show()

    def put(self, person: Person) -> bool:
        """Add *person*; False, said in words, where he is in already."""
        if any(one.same(person) for one in self._people):
            self.say(sentence("taking.person_twice", name=person.name))
            return False
        self._people.append(person)
        self._show()
        self.changed.emit()
        return True

    def take_out(self, person: Person) -> None:
        """Leave *person* out again."""
        if person in self._people:
            self._people.remove(person)
            self._show()
            self.changed.emit()

    def typed(self) -> Person | None:
        """Whom the line holds."""
        name = self.name.words()
        if not name:
            return None
        target = self.name.target()
        role = str(self.role.value() or _USUAL)
        return Person(role, name, target.id if target else "", self.phone.text().strip())

    def add_typed(self) -> None:
        """Add whom the line holds and wait for the next."""
        person = self.typed()
        if person is not None and not self.put(person):
            self.name.setFocus(Qt.FocusReason.TabFocusReason)
            return
        if person is not None:
            self._clear_line()
        self.name.setFocus(Qt.FocusReason.TabFocusReason)

    def say(self, text: str) -> None:
        """Say what is wrong; "" nothing."""
        retone(self.said, "orange")
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            enter = enter_alone(event)
            if enter and watched is self.role:
                self.phone.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if enter and watched is self.phone:
                self.add_typed()
                return True
        return super().eventFilter(watched, event)

    def _on_named(self) -> None:
        if self.name.words():
            self.role.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.ended.emit()

    def _clear_line(self) -> None:
        self.name.show_words("")
        self.role.set_value(_USUAL)
        self.phone.clear()
        self.say("")

    def _show(self) -> None:
        self.say("")
        empty(self._list)
        self.note.setText(f"{len(self._people)} 人" if self._people else "")
        label = theme.current().px("key-label")
        for person in self._people:
            line = QHBoxLayout()
            line.setSpacing(8)
            said = words(self._roles.label(person.role), tone="text-3")
            said.setMinimumWidth(label)
            line.addWidget(said)
            line.addWidget(PersonChip(person.name))
            if person.resident:
                line.addWidget(words("已在居民档案", "12", "text-3"))
            if person.phone:
                line.addWidget(words(Phone().mask(person.phone), "13", "text-2"))
            line.addStretch(1)
            line.addWidget(IconButton("x", f"不要{person.name}", partial(self.take_out, person), small=True))
            self._list.addLayout(line)
