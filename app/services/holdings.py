"""What is held on one person: every record of every form that points to him, bears his number, or lies among his papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.kinds import IdentityNumber
from app.schema.record import Record
from app.services.conflicts import FORMS as QUARRELS

if TYPE_CHECKING:
    from app.services.gate import Gate
    from app.services.registry import Registry
    from app.store.store import Store

RESIDENT = "resident"
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Holding:
    """One record that says something of a person. ``how``: self, merged, reference, number, file, home or question."""

    record: Record
    how: str


class Holdings:
    """Reads only; what the user may not read is left out, and ``hidden`` says of which forms that is so."""

    def __init__(self, store: Store, gate: Gate, registry: Registry) -> None:
        self._store = store
        self._gate = gate
        self._registry = registry

    def of(self, person: Record) -> list[Holding]:
        """Every record on this device that names *person*, deleted ones too, the person himself first."""
        merged = self._registry.merged(person.id)
        people = [person, *merged]
        found: dict[tuple[str, str], Holding] = {(person.form, person.id): Holding(person, "self")}
        for record in merged:
            found[record.form, record.id] = Holding(record, "merged")
        ids = [one.id for one in people]
        numbers = {str(one.values["id_number"]) for one in people if one.values.get("id_number")}
        for how, record in [*self._pointing(ids), *self._bearing(numbers), *self._around(person)]:
            found.setdefault((record.form, record.id), Holding(record, how))
        for how, record in self._beside([record_id for _, record_id in found]):
            found.setdefault((record.form, record.id), Holding(record, how))
        return [held for held in found.values() if self._readable(held.record)]

    def hidden(self) -> list[str]:
        """The titles of forms that this user may not read: what they hold is not in ``of``."""
        forms = self._store.forms
        return [
            form.title
            for form in forms.values()
            if not form.system and not self._gate.decide("read", form.name, None, own=True).allowed
        ]

    def _pointing(self, ids: Sequence[str]) -> Iterable[tuple[str, Record]]:
        for form in self._store.forms.values():
            for field, target in form.references:
                if target == RESIDENT:
                    yield from (("reference", record) for record in self._among(form.name, field, ids))

    def _bearing(self, numbers: Iterable[str]) -> Iterable[tuple[str, Record]]:
        wanted = sorted(numbers)
        for form in self._store.forms.values() if wanted else ():
            for item in form.stored:
                # Another registration under the same number is another record about the same person.
                if isinstance(item.kind, IdentityNumber):
                    yield from (("number", record) for record in self._among(form.name, item.name, wanted))

    def _around(self, person: Record) -> Iterable[tuple[str, Record]]:
        home = self._store.get("household", str(person.values.get("household") or ""))
        if home is not None:
            yield "home", home

    def _beside(self, ids: Sequence[str]) -> Iterable[tuple[str, Record]]:
        """Photos and scans of what was found, and the questions that are open or were decided about it."""
        for form in self._store.forms.attachments:
            yield from (("file", record) for record in self._among(form.name, "owner", ids))
        for name in QUARRELS:
            if name in self._store.forms:
                yield from (("question", record) for record in self._among(name, "record", ids))

    def _among(self, form: str, field: str, wanted: Sequence[str]) -> Iterable[Record]:
        for start in range(0, len(wanted), _AT_ONCE):
            part = list(wanted[start : start + _AT_ONCE])
            yield from self._store.select(form, {field: part}, order=["id"], deleted=True)

    def _readable(self, record: Record) -> bool:
        return self._gate.decide("read", record.form, record.area, own=True).allowed
