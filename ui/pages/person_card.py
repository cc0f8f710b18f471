"""The card of a person or a household: facts, masked numbers with their eye, where, and what happened there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from app.rules.living import GONE
from app.schema.record import Record
from ui import theme
from ui.forms.reason import ask_reason
from ui.lists.columns import short_time
from ui.pages.care_strip import CareStrip
from ui.pages.moving_acts import MovingActs
from ui.pages.registry_read import PersonFile
from ui.pages.standing_words import StandingChip
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card, empty
from ui.pieces.facts import Fact, Facts
from ui.pieces.masked import Masked
from ui.pieces.scrolled import scrolled
from ui.pieces.text import Elided, rule, words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_PERSON = (
    "id_number",
    "id_written",
    "document_kind",
    "document_number",
    "phone",
    "other_phone",
    "birth_date",
    "hukou_address",
    "live_address",
    "presence",
    "occupation",
    "workplace",
    "remark",
    "verify_note",
)
_HOME = ("number", "head_name", "contact", "last_visit", "remark")
# Named on the card only where something is there.
_SELDOM = (
    *("id_written", "document_kind", "document_number", "other_phone"),
    *("occupation", "workplace", "remark", "verify_note", "last_visit"),
)
_LONG = 6
_REASONS = ("核对证件", "办理事项需要")


def care_args(resident: str, area: str) -> dict[str, object]:
    """What the page of a record is opened with to register a need of *resident*."""
    return {"form": "care_tag", "preset": {"resident": resident}, "area": area}


class PersonCard(Card):
    """``show_file(PersonFile)``, ``show_nothing()``. Signals ``edit(form, id)``, ``add_member(household id)``,
    ``visit(household id)``, ``go_to(form, id)`` for a line of what happened, ``register_care(resident id, area)``,
    ``story(form, id)``, ``acted(text, undo)`` after a movement.
    """

    edit = Signal(str, str)
    add_member = Signal(str)
    visit = Signal(str)
    register_care = Signal(str, str)
    go_to = Signal(str, str)
    story = Signal(str, str)
    acted = Signal(str, object)

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__(flush=True)
        self._office, self._jobs = office, jobs
        self.file: PersonFile | None = None
        self.acts = MovingActs(office, jobs, self, self.acted.emit)
        self.acts_menu = QMenu(self)
        self._measure()
        self._head = QVBoxLayout()
        self._head.setContentsMargins(12, 12, 8, 10)
        self._inside = QVBoxLayout()
        self._inside.setContentsMargins(12, 10, 12, 10)
        self._inside.setSpacing(8)
        self._foot = QHBoxLayout()
        self._foot.setContentsMargins(12, 10, 12, 10)
        self._foot.setSpacing(8)
        inside = QWidget()
        inside.setLayout(self._inside)
        self.add(self._head)
        self.add_rule()
        self.add(scrolled(inside, focus=False), 1)
        self.add_rule()
        self.add(self._foot)
        self.show_nothing()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
            if self.file is not None:
                self.show_file(self.file)

    def _measure(self) -> None:
        # The longest label beside an identity number with its eye, and a scroll bar.
        self.setMinimumWidth(theme.current().grown(276) + 24)

    def show_nothing(self) -> None:
        """Nobody is chosen."""
        self.file = None
        self._clear()
        self._head.addWidget(words("没有选中人或户", tone="text-3"))
        self._inside.addWidget(words("在中间的表里选一行，这里显示他的情况。", tone="text-3", wrap=True))
        self._inside.addStretch(1)

    def show_file(self, file: PersonFile) -> None:
        """Show a person or a household."""
        self.file = file
        self._clear()
        record = file.record
        form = self._office.forms[record.form]
        person = record.form == "resident"
        self._show_head(file, person=person)
        facts: list[Fact] = []
        for name in _PERSON if person else _HOME:
            value = record.values.get(name)
            item = form.fields[name]
            if value is None and name in _SELDOM:
                continue
            if item.sensitive and value is not None:
                facts.append(Fact(item.label, self._masked(file, name, item.show(value, masked=True))))
            else:
                since = record.values.get("presence_since") if name == "presence" else None
                said = f"{item.show(value)}（{since} 起）" if since else item.show(value)
                facts.append(Fact(item.label, said, "orange" if name == "verify_note" else ""))
        facts.append(Fact("所在", file.where))
        if file.registered:
            facts.append(Fact("户口所在户" if person else "户口在此", file.registered))
        if not person and record.values.get("ended_on"):
            facts.append(Fact("销户", str(record.values["ended_on"]), "orange"))
        self._inside.addWidget(Facts(facts, label_width=94))
        if file.dealings:
            self._inside.addWidget(rule())
            self._inside.addWidget(words("往来记录", strong=True))
            for day, said, kind, record_id in file.dealings:
                self._inside.addWidget(self._dealing(day, said, kind, record_id))
        if person and self._office.care.may(record):
            self._inside.addWidget(rule())
            self._inside.addWidget(self._care(record))
        self._inside.addStretch(1)
        self._show_foot(file, person=person)

    def _show_head(self, file: PersonFile, *, person: bool) -> None:
        record, form = file.record, self._office.forms[file.record.form]
        line = QHBoxLayout()
        line.setSpacing(10)
        name = form.record_title(record.values)
        mark = QLabel(name[:1])
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        side = theme.current().grown(40)
        mark.setFixedSize(side, side)
        look = theme.current()
        mark.setStyleSheet(
            f"background: {look.colours['strip']}; border-radius: {side // 2}px; font-size: {look.px('fs-16')}px;"
        )
        line.addWidget(mark)
        said = QVBoxLayout()
        said.setSpacing(0)
        top = QHBoxLayout()
        top.setSpacing(8)
        # A long name has its lines to itself, and what is known of the person stands below.
        long = len(name) > _LONG
        top.addWidget(words(name, "16", strong=True, wrap=long), 1 if long else 0)
        if person:
            note = " · ".join(part for part in (form.show("sex", record.values.get("sex")), file.age) if part)
            if not long:
                top.addWidget(Elided(note, tone="text-2"), 1)
            head = str(file.household.values.get("head_name") or "") if file.household else ""
            relation = str(record.values.get("relation_text") or form.show("relation", record.values.get("relation")))
            below = " · ".join(
                part
                for part in (
                    note if long else "",
                    relation,
                    f"{head}户 {_count(file.members)} 人" if head else "未落户",
                )
                if part
            )
        else:
            if not long:
                top.addWidget(Elided("户", tone="text-2"), 1)
            below = f"{_count(file.members)} 人"
        said.addLayout(top)
        said.addWidget(words(below, "13", "text-3", wrap=True) if long else Elided(below, "13", "text-3"))
        line.addLayout(said, 1)
        if file.standing is not None and file.now is not None:
            chip = StandingChip(file.standing, file.now)
            self._inside.addWidget(chip)
        if self._may("edit", record.form, record.area):
            line.addWidget(IconButton("pencil", "修改（F2）", lambda: self.edit.emit(record.form, record.id)))
        self._head.addLayout(line)

    def _show_foot(self, file: PersonFile, *, person: bool) -> None:
        home = file.household
        if home is not None and self._may("create", "visit", home.area):
            self._foot.addWidget(Button("登记走访", lambda: self.visit.emit(home.id), small=True))
        if home is not None and self._may("create", "resident", home.area):
            self._foot.addWidget(Button("添成员", lambda: self.add_member.emit(home.id), small=True))
        self._fill_acts(file, person=person)
        self._foot.addWidget(
            Button("变动", menu=self.acts_menu, keys="Ctrl+M", tip="迁入迁出、分户、变动记录", small=True)
        )
        self._foot.addStretch(1)

    def _fill_acts(self, file: PersonFile, *, person: bool) -> None:
        """What can be done to the person and the household, and where their story stands."""
        menu, record, home = self.acts_menu, file.record, file.household
        menu.clear()
        if self.acts.may(record.area):
            self.acts.fill(menu, record if person else None, home, file.members)
            menu.addSeparator()
        if person:
            menu.addAction("这个人的变动记录", lambda: self.story.emit("resident", record.id))
        if home is not None:
            menu.addAction("这一户的变动记录", lambda: self.story.emit("household", home.id))
            if person and self._may("edit", "household", home.area):
                menu.addAction("修改户信息…", lambda: self.edit.emit("household", home.id))

    def _care(self, person: Record) -> CareStrip:
        strip = CareStrip(self._office, self._jobs, person)
        strip.edit.connect(lambda tag: self.edit.emit("care_tag", tag))
        strip.register.connect(lambda: self.register_care.emit(person.id, person.area))
        return strip

    def _dealing(self, day: str, said: str, kind: str, record_id: str) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(words(short_time(day)[5:] if day else "", "13", "text-3"))
        button = Button(said, lambda: self.go_to.emit(kind, record_id), kind="link", small=True)
        row.addWidget(button)
        row.addStretch(1)
        return line

    def _masked(self, file: PersonFile, name: str, shown: str) -> Masked:
        record = file.record
        if not self._may("reveal", record.form, record.area):
            return Masked(shown)
        label = self._office.forms[record.form].fields[name].label

        def reveal() -> None:
            def run(reason: str) -> None:
                self._jobs.run(
                    lambda: self._office.records.reveal(record.form, record.id, [name], reason)[name],
                    lambda whole: masked.uncover(str(whole)),
                )

            ask_reason(self, f"查看完整的{label}", "谁在什么时候、为什么看，会记入日志。", "查看", run, _REASONS)

        masked = Masked(shown, reveal)
        return masked

    def _may(self, action: str, form: str, area: str) -> bool:
        return self._office.gate.decide(action, form, area, own=True).allowed

    def _clear(self) -> None:
        for part in (self._head, self._inside, self._foot):
            empty(part)


def _count(members: Sequence[Record]) -> int:
    """How many are counted: who died or moved away stays with his household as its past."""
    return sum(member.values.get("presence") not in GONE for member in members)
