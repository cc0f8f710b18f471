"""Entering a household: the dwelling, the household and its people as one save, and who of them is registered already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.living import GONE
from app.schema.dates import china_time
from app.schema.record import Record
from app.schema.values import Fault, Value, comparable
from app.services.addresses import found_by_initials, is_initials
from app.services.chronicle import Chronicle
from app.services.entry_sheet import (
    COMES,
    HEAD,
    HOUSEHOLD,
    MEMBER,
    NEW,
    CellFault,
    Known,
    Line,
    ReadLine,
    Sheet,
    check_lines,
    read_line,
)
from app.services.entry_writing import EntryWriting
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.services.registry import Registry
    from app.store.store import Store

NUMBER, NUMBER_TAKEN = "id_number", "number_taken"


@dataclass(frozen=True, slots=True)
class Entered:
    """What a save came to: the household, and how many people are new, came from elsewhere or were changed; or the faults, and nothing was saved."""

    household: str = ""
    new: int = 0
    came: int = 0
    changed: int = 0
    faults: tuple[CellFault, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was saved."""
        return not self.faults


class Entry:
    """One household at a time: all of it is saved, or nothing."""

    def __init__(self, store: Store, gate: Gate, registry: Registry, chronicle: Chronicle) -> None:
        self._store = store
        self._gate = gate
        self._registry = registry
        self._chronicle = chronicle
        self._writing = EntryWriting(store, gate, registry, chronicle)

    # -- opening ----------------------------------------------------------------------------------

    def begin(self, *, area: str = "", dwelling: str = "") -> Sheet:
        """A new household, in *dwelling* where it is known; the ids are made now, so that one sheet is never two households."""
        place = self._store.get("dwelling", dwelling) if dwelling else None
        here = place is not None and not place.deleted
        return Sheet(
            self._store.new_id(),
            place.area if place and here else area,
            dwelling=dwelling if here else "",
            lines=(self.line(),),
        )

    def line(self) -> Line:
        """An empty row with an id of its own."""
        return Line(self._store.new_id())

    def open(self, household: str) -> Sheet:
        """A household that stands, its head first and without who left it; KnownError("store.no_record") where it isn't here."""
        record = self._here("household", household)
        self._gate.require("read", "household", record.area, record=record.id)
        members = [
            person
            for person in self._store.select("resident", {"household": household})
            if person.values.get("presence") not in GONE
        ]
        members.sort(key=_as_one_reads)
        return Sheet(
            record.id,
            record.area,
            new=False,
            dwelling=str(record.values.get("dwelling") or ""),
            stands=dict(record.values),
            seen=self._revs(record),
            lines=tuple(self._shown(person, MEMBER) for person in members),
        )

    def again(self, kept: Sheet) -> Sheet:
        """A sheet that a draft brought back: what stands is read again, the revs stay those that were on the screen.

        Rows of people who are no longer here stay with what was typed in them.
        """
        home = None if kept.new else self._store.get("household", kept.household)
        people = self._store.many("resident", [line.id for line in kept.lines])
        lines = tuple(
            replace(line, stands=dict(people[line.id].values)) if line.known != NEW and line.id in people else line
            for line in kept.lines
        )
        return replace(kept, stands=dict(home.values) if home else {}, lines=lines)

    def comes(self, known: str, typed: Mapping[str, object]) -> Line:
        """The row of somebody who is registered elsewhere and comes into this household; of what was *typed* his relation stays.

        Whether he is at home is said by his record, unless that says that he was gone.
        """
        person = self._here("resident", known)
        kept = {"relation": typed["relation"]} if typed.get("relation") else {}
        if person.values.get("presence") in GONE:
            kept["presence"] = typed.get("presence") or "present"
        return replace(self._shown(person, COMES), typed=kept)

    # -- what the page asks while one types --------------------------------------------------------

    def same_person(self, number: str) -> Known | None:
        """The person whom this device has under *number*, a whole identity number."""
        for hit in self._registry.find(number, forms=["resident"], limit=5):
            person = self._store.get("resident", hit.id)
            if person is not None and not person.deleted and person.values.get("id_number") == number:
                return self._known(person, number)
        return None

    def number_taken(
        self, resident: str | None, values: Mapping[str, Value], before: Mapping[str, Value] | None
    ) -> list[Fault]:
        """The fault of a person saved alone with a number that somebody else has here: never a second registration in silence."""
        number = str(values.get(NUMBER) or "")
        if not number or (before is not None and before.get(NUMBER) == number):
            return []
        held = self.same_person(number)
        if held is None or held.id == resident:
            return []
        return [Fault(NUMBER, NUMBER_TAKEN, sentence("entry.number_taken_alone", who=held.who))]

    def dwellings(self, text: str, area: str = "", limit: int = 20) -> list[Record]:
        """The dwellings that *text* may mean: a part of the address, or the initials of its words and its figures (szcsz312).

        Those of *area* come first; without one, of all areas of this user.
        """
        if not is_initials(text.replace(" ", "")):
            hits = self._registry.find(text, forms=["dwelling"], limit=limit)
            held = self._store.many("dwelling", [hit.id for hit in hits])
            return sorted((held[hit.id] for hit in hits if hit.id in held), key=lambda place: place.area != area)
        self._gate.require("read", "dwelling", area or None)
        areas = [area] if area else list(self._gate.session.areas)
        found = found_by_initials(text, self._store.query.column("dwelling", "address", area=areas), limit)
        held = self._store.many("dwelling", found)
        return [held[record_id] for record_id in found]

    def living_at(self, dwelling: str) -> list[tuple[str, str]]:
        """(household, words) of those who are registered in *dwelling* already."""
        found = []
        for family in self._registry.families(dwelling=dwelling):
            values = family.household.values
            head = str(
                values.get("head_name") or (family.members[0].values.get("name") if family.members else "") or ""
            )
            count = sum(person.values.get("presence") not in GONE for person in family.members)
            if not values.get("ended_on"):
                found.append((family.household.id, f"{head or '未填户主'}户 {count} 人"))
        return found

    def grids(self, area: str) -> list[tuple[str, str]]:
        """(id, name) of the grids that a new dwelling in *area* may lie in."""
        return [(place.key, place.name) for place in self._registry.grids(area)] if area else []

    # -- checking and saving -----------------------------------------------------------------------

    def check(self, sheet: Sheet) -> tuple[CellFault, ...]:
        """What is wrong with *sheet*, by cell; nothing is saved."""
        return self._check(sheet, self._read(sheet))

    def save(self, sheet: Sheet) -> Entered:
        """Save all of *sheet* at once, or nothing where a cell is wrong. Raises Denied, and KnownError where the store can't take it."""
        reads = self._read(sheet)
        faults = self._check(sheet, reads)
        if faults:
            return Entered(faults=faults)
        made = self._writing.of(sheet, reads)
        if made.edits:
            self._store.save(made.edits, self._gate.session.user, audit=made.audit)
        counts = made.counts
        return Entered(sheet.household, counts[NEW], counts[COMES], counts[MEMBER])

    # -- within -----------------------------------------------------------------------------------

    def _read(self, sheet: Sheet) -> list[tuple[Line, ReadLine]]:
        form = self._store.forms["resident"]
        own = [area["code"] for area in self._store.areas()]
        empty, today = ReadLine({}, (), ()), self._chronicle.today()
        return [
            (line, empty if line.blank else read_line(form, row, line, own, today))
            for row, line in enumerate(sheet.lines)
        ]

    def _check(self, sheet: Sheet, reads: Sequence[tuple[Line, ReadLine]]) -> tuple[CellFault, ...]:
        faults = self._check_place(sheet)
        for _, read in reads:
            faults += read.faults
        faults += check_lines(reads, self.same_person, sheet)
        return tuple(sorted(faults, key=lambda fault: fault.row))

    def _check_place(self, sheet: Sheet) -> list[CellFault]:
        faults = []

        def say(field: str, code: str, message: str = "", **params: object) -> None:
            faults.append(CellFault(HOUSEHOLD, field, code, message or sentence(f"entry.{code}", **params)))

        if not sheet.dwelling and sheet.new:
            say("dwelling", "no_dwelling")
        elif sheet.new_dwelling:
            for fault in self._store.forms["dwelling"].clean(sheet.place)[1]:
                say("dwelling" if fault.field == "address" else fault.field, fault.code, fault.message)
        if not sheet.area:
            say("area", "no_area")
        for fault in self._store.forms["household"].clean(sheet.typed, partial=True)[1]:
            say(fault.field, fault.code, fault.message)
        number = str(sheet.typed.get("number") or "").strip()
        held = self._household_number(number, sheet) if number else None
        if held is not None:
            who = self._store.forms["household"].record_title(held.values)
            say("number", "household_number_taken", number=number, who=f"{who}户")
        return faults

    def _household_number(self, number: str, sheet: Sheet) -> Record | None:
        for hit in self._registry.find(number, forms=["household"], limit=20):
            held = self._store.get("household", hit.id)
            if held is None or held.deleted or held.id == sheet.household or held.area != sheet.area:
                continue
            if comparable(str(held.values.get("number") or "")) == comparable(number):
                return held
        return None

    def _shown(self, person: Record, known: str) -> Line:
        return Line(person.id, known=known, stands=dict(person.values), seen=self._revs(person))

    def _revs(self, record: Record) -> dict[str, int]:
        return {name: record.rev_of(name) for name in self._store.forms[record.form].fields}

    def _known(self, person: Record, number: str) -> Known:
        values, form = person.values, self._store.forms["resident"]
        home_id = str(values.get("household") or "")
        home = self._store.get("household", home_id) if home_id else None
        place = self._store.get("dwelling", str(home.values.get("dwelling") or "")) if home else None
        sex = form.show("sex", values.get("sex"))
        told = [str(values.get("name") or ""), " ".join(part for part in (sex, self._age(values)) if part)]
        if home is not None:
            told.append(f"{home.values.get('head_name') or '未填户主'}户")
        told.append(str(place.values.get("address") or "") if place else "" if home else "还没有落户")
        told.append(form.show("presence", values.get("presence")))
        who = "，".join(part for part in told if part)
        gone = values.get("presence") in GONE
        head = values.get("relation") == HEAD and home is not None and not gone
        return Known(person.id, number, who, home_id, head=head, gone=gone)

    def _age(self, values: Mapping[str, Value]) -> str:
        if not values.get("birth_date"):
            return ""
        born = dt.date.fromisoformat(str(values["birth_date"]))
        now = dt.date.fromisoformat(china_time(self._store.now_ms())[:10])
        return f"{now.year - born.year - ((now.month, now.day) < (born.month, born.day))} 岁"

    def _here(self, form: str, record_id: str) -> Record:
        return self._registry.here(form, record_id)


def _as_one_reads(person: Record) -> tuple[str, str]:
    """The head, then by relation and age; relations are coded in that order, the head's is 0."""
    values = person.values
    return str(values.get("relation") or "9"), str(values.get("birth_date") or "9999")
