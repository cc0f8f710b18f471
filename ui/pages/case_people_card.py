"""Who is in a case: reporter, people named in it, handler; numbers masked, a resident's card one press away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from app.services.case_sheet import Person
from app.services.case_taking import PERSON
from app.services.cases import EVENT, Case
from ui import theme
from ui.forms.act import ActDialog
from ui.forms.choices import ChoiceEntry
from ui.forms.reason import ask_reason
from ui.forms.references import Target
from ui.jobs import Jobs
from ui.pages.intake_found import FoundEntry
from ui.pages.intake_read import people_targets
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.masked import Masked
from ui.pieces.person import PersonChip
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

_HANDLING = ("acknowledge", "progress", "feed_back")


@dataclass(frozen=True)
class CasePerson:
    """One line of the card. ``phone`` is masked, ``field`` of the record (``form``, ``id``) holds it whole.

    ``resident``: whose card may be opened here; empty where there is none or it isn't this user's to see.
    """

    role: str
    name: str
    phone: str = ""
    form: str = ""
    id: str = ""
    field: str = ""
    resident: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def read_people(office: Office, case: Case) -> tuple[CasePerson, ...]:
    """The people of *case*: who reported it first, who handles it last; runs in the lane."""
    values, form = case.event.values, office.forms[EVENT]
    named = [_named(office, record.id, record.values) for record in office.taking.people(case.event)]
    reporter = str(values.get("reporter") or "")
    phone = form.show("reporter_phone", values.get("reporter_phone"), masked=True)
    said = CasePerson("上报人", reporter, phone, EVENT, case.event.id, "reporter_phone")
    # Where the reporter is named among the people of the case he stands there, with the number that he called from.
    itself = next((one for one in named if one.name == reporter), None)
    if itself is not None and not itself.phone:
        known = replace(said, role=itself.role, resident=itself.resident, facts=itself.facts)
        named = [known if one is itself else one for one in named]
    found = [said] if reporter and itself is None else []
    step = next((s for s in reversed(case.steps) if s.action in _HANDLING), None)
    if step is not None:
        found_by = f"{step.user} · {step.unit}" if step.unit else step.user
        return (*found, *named, CasePerson("经办", found_by))
    return (*found, *named)


def _named(office: Office, record_id: str, values: Any) -> CasePerson:
    form = office.forms[PERSON]
    resident = str(values.get("resident") or "")
    held = office.store.get("resident", resident) if resident else None
    may = held is not None and not held.deleted and office.gate.decide("read", "resident", held.area).allowed
    facts = [(form.fields[name].label, form.show(name, values.get(name))) for name in ("address", "note")]
    return CasePerson(
        form.show("role", values.get("role")),
        str(values.get("name") or ""),
        form.show("phone", values.get("phone"), masked=True),
        PERSON,
        record_id,
        "phone",
        resident if may else "",
        tuple((label, said) for label, said in facts if said),
    )


class PeopleCard(Card):
    """Signals: ``opened(resident id)`` somebody wants to see who that is; ``named(name)`` somebody was added."""

    opened = Signal(str)
    named = Signal(str)

    def __init__(self, office: Office, jobs: Jobs) -> None:
        self._add = Button("添加", self.name_person, kind="quiet", icon="plus", small=True, tip="加一个涉事人员")
        super().__init__("相关人员", " ", actions=[self._add])
        self._office, self._jobs = office, jobs
        self._event = ""

    def name_person(self) -> None:
        """Ask for one more: found in the registry or as he is called."""
        event, codes = self._event, self._office.forms.codes["case_person_role"]
        name = FoundEntry(self._find, "姓名、首字母、号码后几位；没有的照写", words_first=True)
        role = ChoiceEntry([(item.code, item.label) for item in codes.items])
        role.set_value("party")
        phone = QLineEdit()
        phone.setPlaceholderText("可不填")

        def prepare() -> Callable[[], Any] | str:
            target = name.target()
            if not name.words():
                return "请填姓名。"
            person = Person(str(role.value() or ""), name.words(), target.id if target else "", phone.text().strip())
            return lambda: self._office.taking.name_person(event, person)

        self.dialog = ActDialog(
            self,
            self._jobs,
            "添加涉事人员",
            "",
            "添加",
            prepare,
            lambda record: self.named.emit(str(record.values["name"])),
        )
        for label, field in (("姓名", name), ("身份", role), ("联系电话", phone)):
            self.dialog.ask(label, field)
        self.dialog.begin()

    def _find(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        self._jobs.run(lambda: people_targets(self._office, text), show)

    def show_people(self, event: str, people: Sequence[CasePerson], *, may_add: bool) -> None:
        """Show the *people* of *event*; with nobody in it and nobody to be added the card goes."""
        self._event = event
        self._add.setVisible(may_add)
        self.clear()
        self.note.setText(f"{len(people)}" if len(people) > 1 else "")
        label = theme.current().px("key-label")
        for one in people:
            said = words(one.role, tone="text-3")
            said.setMinimumWidth(label)
            card = (lambda one=one: one.facts) if one.facts else None
            chip = PersonChip(one.name, card=card)
            if one.resident:
                chip.setToolTip(f"{one.name}：打开居民卡片")
                chip.clicked.connect(partial(self.opened.emit, one.resident))
            if one.phone and theme.current().large:
                # In large type there is no room for both: the number stands below, the name is whole.
                self.add_line(said, chip, None)
                below = words("")
                below.setMinimumWidth(label)
                self.add_line(below, self._masked(one), None)
                continue
            things: list[Any] = [said, chip]
            if one.phone:
                things.append(self._masked(one))
            self.add_line(*things, None)
        self.setVisible(bool(people) or may_add)

    def _masked(self, one: CasePerson) -> Masked:
        masked: Masked = Masked(one.phone, lambda: self._reveal(one, masked))
        return masked

    def _reveal(self, one: CasePerson, masked: Masked) -> None:
        """Ask why, then show the whole number; the service writes the reason into the log."""

        def run(reason: str) -> None:
            self._jobs.run(
                lambda: self._office.records.reveal(one.form, one.id, [one.field], reason),
                then=lambda whole: masked.uncover(str(whole[one.field] or "")),
            )

        ask_reason(self, "看完整的联系电话", "理由会记入日志。", "看", run, ("联系本人", "核实情况"))
