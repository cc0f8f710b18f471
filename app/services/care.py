"""Care tags: welfare needs of a person, seen on his card alone by who has the right, for a purpose and for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.care import CareRules
from app.schema.dates import china_time
from app.schema.record import Record
from app.schema.values import Value
from app.services.gate import Gate
from app.services.records import Outcome, Records

if TYPE_CHECKING:
    from app.services.registry import Registry
    from app.store.store import Store

TAG = "care_tag"
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Review:
    """A tag whose review is due: whose it is, and by when."""

    tag: str
    resident: str
    name: str
    due: str
    late: bool


class Care:
    """Reading a person's tags is written down, whether he has any or not; nothing here lists people by their needs."""

    def __init__(self, store: Store, gate: Gate, records: Records, registry: Registry, rules: CareRules) -> None:
        self._store = store
        self._gate = gate
        self._records = records
        self._registry = registry
        self.rules = rules

    def may(self, resident: Record, action: str = "read") -> bool:
        """Whether this user may see the tags of *resident*, or do *action* to them; asks nobody to write it down."""
        return self._gate.decide(action, TAG, resident.area).allowed

    def of(self, resident_id: str) -> tuple[Record, ...]:
        """The tags in force of one person, the oldest first; Denied where the user has no right to them."""
        today = self._today()
        return tuple(tag for tag in self.all_of(resident_id) if self.rules.stands(tag.values, today))

    def all_of(self, resident_id: str) -> tuple[Record, ...]:
        """Every tag of one person, those that have expired too: for what he asks to know of himself (个人信息保护法第四十五条)."""
        person = self._person(resident_id)
        # Logged with the person, not with a tag: the log must not say who has one.
        self._gate.require("read", TAG, person.area, record=person.id)
        whose = [person.id, *(record.id for record in self._registry.merged(person.id))]
        return tuple(self._store.select(TAG, {"resident": whose}, order=["since", "id"]))

    def register(self, resident_id: str, values: dict[str, object]) -> Outcome:
        """Register a need of a person; faults by field. KnownError("care.already") where one of the kind is in force."""
        person = self._person(resident_id)
        self._gate.require("read", TAG, person.area, record=person.id)
        kind, _ = self._store.forms[TAG].clean({"kind": values.get("kind")}, partial=True)
        for tag in self.of(resident_id):
            if kind.get("kind") is not None and tag.values.get("kind") == kind["kind"]:
                told = self._store.forms[TAG].show("kind", kind["kind"])
                raise KnownError("care.already", kind=told, day=tag.values.get("expires_on"))
        return self._records.save(TAG, {**values, "resident": person.id}, area=person.area)

    def renew(self, tag_id: str, review_on: str, expires_on: str, basis_note: str | None = None) -> Outcome:
        """The need was looked at again and goes on; KnownError("care.ended") for a tag no longer in force."""
        self._in_force(tag_id)
        values: dict[str, object] = {"review_on": review_on, "expires_on": expires_on}
        if basis_note:
            values["basis_note"] = basis_note
        return self._records.save(TAG, values, record_id=tag_id)

    def end(self, tag_id: str, reason: str) -> Outcome:
        """The need is over, or the consent was taken back (个人信息保护法第十五条): out of sight from today on."""
        self._in_force(tag_id)
        return self._records.save(TAG, {"ended_on": self._today(), "end_reason": reason}, record_id=tag_id)

    def reviews(self) -> list[Review]:
        """The reviews that are due soon or late, the earliest first; empty for who has no right to the tags.

        The person's name alone: what need it is stands on his card.
        """
        areas = self._gate.session.areas
        if not self._gate.decide("read", TAG, None).allowed:
            return []
        today = self._today()
        tags = [
            tag
            for tag in self._store.select(TAG, {"review_on": ("!=", None)}, area=areas, order=["review_on", "id"])
            if self.rules.stands(tag.values, today) and self.rules.reminded(tag.values, today)
        ]
        if tags:
            self._gate.require("read", TAG, None, fields="review_on")
        names = self._names(str(tag.values["resident"]) for tag in tags)
        found = []
        for tag in tags:
            person, due = str(tag.values["resident"]), str(tag.values["review_on"])
            found.append(Review(tag.id, person, names.get(person, ""), due, due < today))
        return found

    def totals(self, township: str) -> dict[str, str]:
        """For each kind how many tags are in force in the whole of *township*; small figures are hidden.

        KnownError("care.township_only") for anything below a township: few people of a village are known by a figure.
        """
        levels = {area["code"]: area["level"] for area in self._store.areas()}
        if levels.get(township) != "township":
            raise KnownError("care.township_only")
        self._gate.require("report", TAG, township)
        today = self._today()
        counts: dict[Value, set[str]] = {}
        for tag in self._store.select(TAG, area=township):
            if self.rules.stands(tag.values, today):
                counts.setdefault(tag.values["kind"], set()).add(str(tag.values["resident"]))
        codes = self._store.forms.codes["care_kind"]
        return {item.label: self.rules.figure(len(counts.get(item.code, ()))) for item in codes.items}

    def _in_force(self, tag_id: str) -> Record:
        tag = self._records.get(TAG, tag_id)
        if not self.rules.stands(tag.values, self._today()):
            raise KnownError("care.ended")
        return tag

    def _person(self, resident_id: str) -> Record:
        found = self._registry.present(resident_id)
        if found is None or found.deleted:
            raise KnownError("care.no_person")
        return found

    def _names(self, ids: Iterable[str]) -> dict[str, str]:
        wanted = list(dict.fromkeys(ids))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            held = self._store.many("resident", wanted[start : start + _AT_ONCE])
            found.update((record.id, str(record.values.get("name") or "")) for record in held.values())
        return found

    def _today(self) -> str:
        return china_time(self._store.now_ms())[:10]
