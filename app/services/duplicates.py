"""People who may be registered twice: finding them, and what clerks decided about each two."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.rules.likeness import Likeness, Person, likeness
from app.schema.record import Record
from app.services.gate import Gate
from app.services.merging import INTO, NUMBER, RESIDENT
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

DECISION = "not_same"
_ALL_PAIRS = 6
"""In a larger group each is laid beside the first alone: a number that a hundred people share is one mistake, not 4,950."""


@dataclass(frozen=True, slots=True)
class Likely:
    """Two registrations that may be one person, the older first, and why."""

    first: Record
    second: Record
    why: Likeness

    @property
    def said(self) -> str:
        """Why, in words."""
        return sentence(f"duplicates.{self.why.code}", differ=self.why.differ)


@dataclass(frozen=True, slots=True)
class Decided:
    """Two registrations of which a person said that they are not one; ``record`` is that decision."""

    record: Record
    first: Record
    second: Record


class Duplicates:
    """Who looks registered twice in the areas of this user; decisions are records, so that every device knows them."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def likely(self) -> list[Likely]:
        """Everybody nobody has decided about, the surest first. Reads every resident once: seconds for a whole county."""
        self._gate.require("read", RESIDENT, None)
        areas = self._gate.session.areas
        groups = self._store.query.together(RESIDENT, [NUMBER], area=areas)
        groups += self._store.query.together(RESIDENT, ["name", "birth_date"], area=areas)
        pairs = {pair for group in groups for pair in _pairs(sorted(group))} - self._decided_pairs()
        people = self._store.many(RESIDENT, sorted({one for pair in pairs for one in pair}))
        persons = self._persons(people.values())
        found = []
        for first, second in sorted(pairs):
            if first in persons and second in persons:
                why = likeness(persons[first], persons[second])
                if why is not None:
                    found.append(Likely(people[first], people[second], why))
        return sorted(found, key=lambda pair: (pair.why.order, pair.first.id))

    def decided(self) -> list[Decided]:
        """The pairs that are not one person, the latest decision first."""
        self._gate.require("read", DECISION, None)
        held = self._store.select(DECISION, area=self._gate.session.areas, order=["-id"])
        people = self._store.many(RESIDENT, {one for record in held for one in _of(record)})
        return [
            Decided(record, people[first], people[second])
            for record in held
            for first, second in [_of(record)]
            if first in people and second in people
        ]

    def merged(self) -> list[tuple[Record, Record]]:
        """(stays, went into it) of every merge that can be taken back, the latest registration first."""
        self._gate.require("read", RESIDENT, None)
        gone = self._store.select(
            RESIDENT, {INTO: ("!=", None)}, area=self._gate.session.areas, order=["-id"], deleted=True
        )
        stays = self._store.many(RESIDENT, {str(record.values[INTO]) for record in gone})
        return [
            (stays[into], record) for record in gone if record.deleted and (into := str(record.values[INTO])) in stays
        ]

    def not_same(self, first: str, second: str, note: str = "") -> str:
        """These are two persons, and are listed no more; return the id of that decision.

        KnownError("duplicates.decided") where it stands already, Denied where the user may not register people.
        """
        pair = tuple(sorted((first, second)))
        if pair in self._decided_pairs():
            raise KnownError("duplicates.decided")
        older = self._store.get(RESIDENT, pair[0])
        if older is None or older.deleted:
            raise KnownError("store.no_record", form=self._store.forms[RESIDENT].title, id=pair[0])
        record_id = self._store.new_id()
        line = self._gate.line("create", DECISION, older.area, record=record_id, own=True)
        values = {"first": pair[0], "second": pair[1], "note": note or None}
        saved = self._store.save([Edit(DECISION, record_id, older.area, values)], self._gate.session.user, audit=[line])
        return saved.ids[0]

    def take_back(self, decision: str) -> None:
        """These may be one person after all: whatever was decided of the two, here or on another device, is deleted."""
        held = self._store.get(DECISION, decision)
        if held is None or held.deleted:
            raise KnownError("duplicates.not_decided")
        pair = _of(held)
        every = [record for record in self._store.select(DECISION, {"first": pair[0]}) if _of(record) == pair]
        lines = [
            self._gate.line("delete", DECISION, record.area, record=record.id, reason="重新核对", own=True)
            for record in every
        ]
        edits = [Edit(DECISION, record.id, record.area, {}, deleted=True) for record in every]
        self._store.save(edits, self._gate.session.user, audit=lines)

    def _decided_pairs(self) -> set[tuple[str, str]]:
        return {_of(record) for record in self._store.select(DECISION)}

    def _persons(self, people: Iterable[Record]) -> dict[str, Person]:
        found = [record for record in people if not record.deleted]
        homes = self._store.many("household", {str(p.values["household"]) for p in found if p.values.get("household")})
        dwellings = {home.id: str(home.values.get("dwelling") or "") or None for home in homes.values()}
        return {p.id: Person(p.values, p.area, dwellings.get(str(p.values.get("household")))) for p in found}


def _pairs(group: Sequence[str]) -> list[tuple[str, str]]:
    if len(group) > _ALL_PAIRS:
        return [(group[0], other) for other in group[1:]]
    return list(itertools.combinations(group, 2))


def _of(decision: Record) -> tuple[str, str]:
    one, other = sorted((str(decision.values.get("first")), str(decision.values.get("second"))))
    return one, other
