"""The plan for a roster of people: households, their homes and their members, against the register."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.errors import KnownError
from app.exchange.excel.layout import Layout, Recognised
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import text_of
from app.exchange.roster.cells import kept_text
from app.exchange.roster.choices import HERE, NONE, Choices
from app.exchange.roster.doubts import doubt
from app.exchange.roster.drafting import Drafting
from app.exchange.roster.heads import add_missing, as_head, speaks_of_the_head
from app.exchange.roster.households import HEAD_NUMBER, Household, group
from app.exchange.roster.matching import HouseholdMatcher
from app.exchange.roster.people import Person, PersonReader
from app.exchange.roster.plan import Plan, Tick, Twin, no_tick, say
from app.exchange.roster.register import Known, Register
from app.messages import sentence
from app.schema.form import Forms
from app.schema.values import Value, comparable

_FIRST = tuple[Person, Household]
_AT_ONCE = 200
"""Households whose records are fetched together."""
_ROOM = ("室", "号房")
_GONE = {"moved", "dead"}
_LOOK_UP = 1000
"""Rows after which it is told how far the reading is."""


def plan_roster(
    found: Recognised,
    forms: Forms,
    words: Words,
    register: Register,
    area: str | None,
    today: datetime.date,
    *,
    choices: Choices = NONE,
    tick: Tick = no_tick,
) -> Plan:
    """What importing the roster *found* would do; *area* is the code of the village for rows that name none."""
    return _RosterPlan(found, forms, words, register, area, today, choices, tick).plan()


class _RosterPlan:
    def __init__(
        self,
        found: Recognised,
        forms: Forms,
        words: Words,
        register: Register,
        area: str | None,
        today: datetime.date,
        choices: Choices,
        tick: Tick,
    ) -> None:
        self._found = found
        self._forms = forms
        self._words = words
        self._register = register
        self._area = area
        self._today = today
        self._choices = choices
        self._tick = tick
        self._rows = sum(len(layout.rows) for layout in found.layouts)
        self._done = 0
        self._drafting = Drafting(register)
        self._by_number: dict[str, _FIRST] = {}
        self._by_birth: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self._same: list[Twin] = []
        self._maybe: list[Twin] = []
        self._tally = {"created": 0, "updated": 0, "unchanged": 0}
        self._seen_ids: set[str] = set()
        self._homes: set[str] = set()

    def plan(self) -> Plan:
        """Read, group, compare, and draft, in the order of the rows."""
        layouts = self._found.layouts
        persons = [self._read(layout) for layout in layouts]
        homes = group(layouts, persons)
        self._add_heads(homes, persons)
        areas = {id(home): self._area_of(home) for home in homes}
        everyone = [person for part in persons for person in part]
        for code in set(areas.values()):
            for form in ("resident", "household", "dwelling", "building", "grid"):
                self._register.load(form, code)
        self._register.load_people(person.number for person in everyone if person.number)
        self._first_rows(homes)
        matched = HouseholdMatcher(self._register).match_all(homes, areas)
        self._homes = {record.id for record in matched.values()}
        relations = any("resident.relation" in layout.by_target for layout in layouts)
        for number, home in enumerate(homes):
            self._drafting.bundle = number
            if number % _AT_ONCE == 0:
                self._tick(len(homes) + number, 2 * len(homes))
                self._fetch(homes[number : number + _AT_ONCE], areas, matched)
            doubt(home, relations=relations)
            self._household(home, areas[id(home)], matched.get(id(home)))
        order = {layout.sheet.name: index for index, layout in enumerate(layouts)}
        refused = sorted((p.refused for p in everyone if p.refused), key=lambda item: (order[item.sheet], item.row))
        flagged = sorted(
            (item for p in everyone if not p.refused for item in p.flags),
            key=lambda item: (order[item.sheet], item.row),
        )
        return Plan(
            form="resident",
            rows=len(everyone),
            records=self._drafting.records(),
            refused=tuple(refused),
            flagged=tuple(flagged),
            same_person=tuple(self._same),
            possible_duplicates=tuple(self._maybe),
            not_collected=tuple((layout.sheet.name, heading) for layout in layouts for heading in layout.not_collected),
            absent=self._absent(set(areas.values()), everyone),
            lent={(p.sheet, p.row): home.told() for home in homes for p in home.people if p.refused},
            created=self._tally["created"],
            updated=self._tally["updated"],
            unchanged=self._tally["unchanged"],
        )

    def _fetch(self, homes: Sequence[Household], areas: Mapping[int, str], matched: Mapping[int, Known]) -> None:
        """Have the whole records at hand that *homes* will be compared with."""
        register = self._register
        wanted: dict[str, set[str]] = defaultdict(set)
        for home in homes:
            area = areas[id(home)]
            if id(home) in matched:
                wanted["household"].add(matched[id(home)].id)
            for form, name in (("dwelling", home.address or home.building), ("building", home.building)):
                wanted[form].update(place.id for place in register.named(form, area, name) if name)
            people = (register.person(person.number) for person in home.people if person.number)
            wanted["resident"].update(known.id for known in people if known)
        for form, ids in wanted.items():
            register.fetch(form, ids)

    def _reader(self, layout: Layout) -> PersonReader:
        brings = set(layout.by_target)
        if HEAD_NUMBER in brings:
            brings |= {"resident.id_number", "resident.relation"}
        return PersonReader(self._forms["resident"], self._words, self._today, frozenset(brings))

    def _add_heads(self, homes: Sequence[Household], persons: Sequence[list[Person]]) -> None:
        """Bring in the heads whom only columns of their own name; each counts as a row."""
        places = {layout.sheet.name: place for place, layout in enumerate(self._found.layouts)}
        for home in homes:
            head = add_missing(home, self._reader(self._found.layouts[places[home.sheet]])) if home.head_row else None
            if head is not None:
                persons[places[home.sheet]].append(head)

    def _read(self, layout: Layout) -> list[Person]:
        reader = self._reader(layout)
        sheet = layout.sheet.name
        persons = []
        for row in layout.rows:
            told = as_head(row) if speaks_of_the_head(row) else row
            persons.append(reader.read(sheet, told, self._choices.of(sheet, row.number)))
            self._done += 1
            if self._done % _LOOK_UP == 0:
                self._tick(self._done, 2 * self._rows)
        lost = [
            row
            for row, person in zip(layout.rows, persons, strict=True)
            if person.refused and person.refused.code == "id_digits_lost"
        ]
        if any(text_of(row.cells["resident.id_number"]).endswith("000") for row in lost):
            # Of numbers cut by Excel and made texts again one in eleven passes the check by accident: lost all the same.
            for person in persons:
                if person.number.endswith("000"):
                    person.refuse("id_number", "id_digits_lost", sentence("check.id_digits_lost"))
        return persons

    def _area_of(self, home: Household) -> str:
        """The village that the household's rows name, else that of the import, else one that the lines over the table name."""
        if home.village:
            code = self._register.village(home.village, self._area or "", self._words)
            if code:
                return code
            if home.people and self._area:
                home.people[0].flag("area", "area_unknown", say("area_unknown", value=home.village))
        if self._area and not self._area.endswith("000"):
            return self._area
        layout = next(item for item in self._found.layouts if item.sheet.name == home.sheet)
        told = self._register.village_in(
            (*layout.preface, layout.sheet.name, self._found.file), self._area or "", self._words
        )
        if told or self._area:
            return told or str(self._area)
        raise KnownError("import.area_missing")

    def _first_rows(self, homes: Sequence[Household]) -> None:
        """Of the rows with one number the first is the person; the others repeat him, or use another's number."""
        rows = [(person, home) for home in homes for person in home.people if not person.refused]
        order = {layout.sheet.name: index for index, layout in enumerate(self._found.layouts)}
        rows.sort(key=lambda pair: (order[pair[0].sheet], pair[0].row))
        unnumbered: dict[tuple[int, str, str], Person] = {}
        for person, home in rows:
            if not person.number:
                key = (id(home), comparable(person.name), person.birth)
                first = unnumbered.setdefault(key, person)
                if first is not person and person.birth:
                    self._repeat(person, first, "same_person_twice")
                continue
            known = self._by_number.setdefault(person.number, (person, home))
            if known[0] is person:
                continue
            if comparable(known[0].name) != comparable(person.name):
                self._not_his(person, say("id_of_another_person", sheet=known[0].sheet, row=known[0].row))
            elif known[1] is not home and HERE in self._choices.of(person.sheet, person.row):
                # The clerk says that he lives in the later household: then it is the earlier row that repeats him.
                self._by_number[person.number] = (person, home)
                self._repeat(known[0], person, "person_in_two_households")
            else:
                self._repeat(person, known[0], "same_person_twice" if known[1] is home else "person_in_two_households")

    def _repeat(self, person: Person, first: Person, code: str) -> None:
        self._same.append(
            Twin(person.sheet, person.row, code, first.sheet, first.row, field="id_number" if person.number else "name")
        )
        person.flags.clear()
        person.repeats = True

    def _household(self, home: Household, area: str, known: Known | None) -> None:
        """Draft one household: its places, itself, its people."""
        people = [person for person in home.people if not person.refused and not person.repeats]
        people = [person for person in people if self._is_free(person, area)]
        if not people and known is None and all(person.refused or person.elsewhere for person in home.people):
            return
        household = self._home(home, area, known) if home.placed else None
        for person in people:
            if household:
                person.values["household"] = household
            own = home.addresses.get(person.row) if person.sheet == home.sheet else None
            if own and home.address and comparable(own) != comparable(home.address):
                person.values.setdefault("live_address", own)
            self._person(person, area, household)

    def _home(self, home: Household, area: str, known: Known | None) -> str:
        drafting = self._drafting
        grid = drafting.grid(area, self._checked("grid", "name", home.grid))
        # 门牌 may hold the whole address down to the room: that is a dwelling, and no building of its own.
        named = "" if not home.address and home.building.endswith(_ROOM) else home.building
        building = drafting.building(area, self._checked("building", "name", named), grid)
        address = self._checked("dwelling", "address", home.address or home.building)
        dwelling = drafting.dwelling(area, address, building, grid)
        head = home.head_name or next((p.name for p in home.people if p.says_head), "")
        values: dict[str, Value] = {
            "number": self._checked("household", "number", home.number) or None,
            "head_name": self._checked("household", "head_name", head) or None,
            "dwelling": dwelling,
            "contact": self._checked("household", "contact", home.contact) or None,
        }
        if known is None:
            return drafting.make("household", area, values)
        self._change(known, values)
        return known.id

    def _change(self, known: Known, values: Mapping[str, Value]) -> bool:
        whole = self._register.record(known.form, known.id)
        # A number to be verified has served once the right one is there.
        found = known.form == "resident" and not known.number and bool(values.get("id_number"))
        return whole is not None and self._drafting.change(whole, values, settles="id_written" if found else "")

    def _checked(self, form: str, name: str, text: str) -> str:
        return kept_text(self._forms[form].fields[name].kind, text)

    def _not_his(self, person: Person, detail: str) -> None:
        if person.verify:
            person.drop_number(detail)
        else:
            person.refuse("id_number", "id_of_another_person", detail)

    def _is_free(self, person: Person, area: str) -> bool:
        """Whether the register lets this row be the person of its number; otherwise it is said why not."""
        record = self._register.person(person.number) if person.number else None
        if record is None:
            return True
        if comparable(record.title) != comparable(person.name):
            self._not_his(person, say("id_of_registered_person"))
            return not person.refused
        gone = not record.within or record.within in self._homes
        decided = HERE in self._choices.of(person.sheet, person.row)
        if record.area != area or not (gone or decided):
            # Without the old household in the same roster nobody can tell a move from a person who is listed twice.
            self._same.append(
                Twin(person.sheet, person.row, "person_in_two_households", with_id=record.id, field="household")
            )
            self._seen_ids.add(record.id)
            person.flags.clear()
            person.elsewhere = True
            return False
        return True

    def _person(self, person: Person, area: str, household: str | None) -> None:
        record = self._register.person(person.number) if person.number else None
        if record is None:
            record = self._unnumbered(person, area, household)
        self._maybe_known(person, area, record)
        if record is None:
            if person.flags:
                person.values["verify_note"] = "；".join(flag.message.rstrip("。") for flag in person.flags)[:300]
            self._drafting.make("resident", area, person.values)
            self._tally["created"] += 1
            return
        self._seen_ids.add(record.id)
        changes = self._change(record, person.values)
        # Of a register of 60,000 nearly all: what was read of them has served.
        person.values = {"id_number": person.number} if person.number else {}
        self._tally["updated" if changes else "unchanged"] += 1

    def _unnumbered(self, person: Person, area: str, household: str | None) -> Known | None:
        """The resident of the same household, name and birth date where the register or the row lacks the number."""
        for record in (
            self._register.members(household) if household else self._register.people(person.name, person.birth, area)
        ):
            if record.id in self._seen_ids or comparable(record.title) != comparable(person.name):
                continue
            same_birth = record.birth == person.birth or not record.birth or not person.birth
            if same_birth and (not record.number or not person.number) and (household or not record.within):
                return record
        return None

    def _maybe_known(self, person: Person, area: str, record: Known | None) -> None:
        """Note those of the same name and birth date who are not the same by number."""
        if not person.birth:
            return
        mine = self._by_birth[comparable(person.name), person.birth]
        for other in mine:
            code = "same_name_and_birth_other_id" if other.number and person.number else "same_name_and_birth"
            self._maybe.append(Twin(person.sheet, person.row, code, other.sheet, other.row, field="name"))
        mine.append(person)
        if record is not None:
            return
        for known in self._register.people(person.name, person.birth, area):
            if known.id not in self._seen_ids and known.number not in self._by_number:
                code = "same_name_and_birth_other_id" if known.number and person.number else "same_name_and_birth"
                self._maybe.append(Twin(person.sheet, person.row, code, with_id=known.id, field="name"))

    def _absent(self, areas: set[str], everyone: Sequence[Person]) -> tuple[str, ...]:
        """People of the register whom the roster leaves out: of the whole village where it brings most of it, else of its households."""
        refused = {comparable(person.name) for person in everyone if person.refused or person.repeats}
        missing: list[str] = []
        for area in sorted(areas):
            # Of whom it is known that he moved away or died, nobody expects to find him.
            here = [
                record
                for record in self._register.all("resident", area)
                if record.id not in self._seen_ids and record.state not in _GONE
            ]
            whole = len(self._seen_ids) >= len(here)
            missing += [
                record.id
                for record in here
                if (whole or record.within in self._homes) and comparable(record.title) not in refused
            ]
        return tuple(missing)
