"""Two registrations of one person: finding them by their identity number, making one of them, and taking that back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.schema.record import Record
from app.schema.values import Value
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

RESIDENT, NUMBER, INTO, NOTE = "resident", "id_number", "merged_into", "merge_note"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records with one identity number, the older registration first."""

    first: Record
    second: Record


class Merging:
    """What a clerk does about people who are registered twice."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def same_number(self) -> list[Pair]:
        """Everybody who is registered twice in the areas held; of three with one number two pairs."""
        self._gate.require("read", RESIDENT, None)
        areas = self._gate.session.areas
        numbers = self._store.query.repeated(RESIDENT, NUMBER, area=areas)
        by_number: dict[Value, list[Record]] = {}
        for record in self._store.select(RESIDENT, {NUMBER: numbers}, area=areas, order=["id"]) if numbers else ():
            by_number.setdefault(record.values[NUMBER], []).append(record)
        return [Pair(same[0], other) for same in by_number.values() for other in same[1:]]

    def merge(self, keep: str, other: str, choices: Mapping[str, object] | None = None) -> Record:
        """Make one of two registrations, as one save; return the one that stays.

        *choices* are the values that shall stand; where they are silent, *keep*'s stand, and *other*'s where *keep* has none.
        What refers to *other* refers to *keep* then, as far as this user may change it; *other* is deleted, says where it went
        and how it was before, and keeps its history.
        """
        if keep == other:
            raise KnownError("moving.same_person")
        stays, goes = self._person(keep), self._person(other)
        form = self._store.forms[RESIDENT]
        chosen, faults = form.clean(dict(choices or {}), partial=True)
        if faults:
            raise KnownError("conflicts.bad_value", message=faults[0].message)
        fields = [item.name for item in form.stored if item.name not in {INTO, NOTE}]
        blank = {name: goes.values.get(name) for name in fields if stays.values.get(name) is None}
        new = {name: value for name, value in {**blank, **chosen}.items() if value != stays.values.get(name)}
        for lead, began in (("household", "living_since"), ("presence", "presence_since")):
            # Since when it stands goes with what stands.
            source = goes if lead in new and new[lead] == goes.values.get(lead) else stays
            new.pop(began, None)
            if source.values.get(began) != stays.values.get(began):
                new[began] = source.values.get(began)
        refs = self._refs(goes.id)
        note = {
            "before": {name: stays.values.get(name) for name in new},
            "after": new,
            "refs": [[record.form, record.id, field] for record, field in refs],
        }
        told = {INTO: keep, NOTE: json.dumps(note, ensure_ascii=False, sort_keys=True)}
        edits = [Edit(RESIDENT, keep, stays.area, new)]
        edits += [Edit(record.form, record.id, record.area, {field: keep}) for record, field in refs]
        edits.append(Edit(RESIDENT, other, goes.area, told, deleted=True))
        self._store.save(edits, self._gate.session.user, audit=self._merge_lines(stays, goes, refs, f"并入 {keep}"))
        return self._person(keep)

    def unmerge(self, other: str) -> Record:
        """Take a merge back: *other* stands again, and *keep* and the references are as they were where nobody changed them since."""
        goes = self._store.get(RESIDENT, other)
        keep = str(goes.values.get(INTO) or "") if goes else ""
        stays = self._store.get(RESIDENT, keep) if keep else None
        if goes is None or stays is None or not goes.deleted:
            raise KnownError("moving.not_merged")
        note: dict[str, Any] = json.loads(str(goes.values.get(NOTE) or "{}"))
        after = note.get("after", {})
        back = {n: v for n, v in note.get("before", {}).items() if stays.values.get(n) == after.get(n)}
        edits = [Edit(RESIDENT, other, goes.area, {INTO: None, NOTE: None}, deleted=False)]
        if not stays.deleted:
            edits.append(Edit(RESIDENT, keep, stays.area, back))
        refs = []
        for form, record_id, field in note.get("refs", ()):
            record = self._store.get(form, record_id)
            if record is not None and not record.deleted and record.values.get(field) == keep:
                refs.append((record, field))
                edits.append(Edit(form, record_id, record.area, {field: other}))
        self._store.save(edits, self._gate.session.user, audit=self._merge_lines(stays, goes, refs, "撤销合并"))
        return self._person(other)

    def merged(self, keep: str) -> list[Record]:
        """The registrations that went into *keep*, also by way of others; their history is part of its own."""
        found: list[Record] = []
        waiting = [keep]
        while waiting:
            into = waiting.pop()
            for record in self._store.select(RESIDENT, {INTO: into}, deleted=True, order=["id"]):
                if record.deleted and record.id != keep and record not in found:
                    found.append(record)
                    waiting.append(record.id)
        return found

    def present(self, resident_id: str) -> Record | None:
        """The registration under which somebody stands today, from any that he ever had; None where it isn't here."""
        seen: set[str] = set()
        record = self._store.get(RESIDENT, resident_id)
        while record is not None and record.deleted and record.values.get(INTO) and record.id not in seen:
            seen.add(record.id)
            record = self._store.get(RESIDENT, str(record.values[INTO]))
        return record

    def _refs(self, other: str) -> list[tuple[Record, str]]:
        """(record, field) of everything that refers to *other* and that this user may change."""
        found = []
        for form in self._store.forms.values():
            for field, target in form.references:
                if target == RESIDENT and field != INTO and not form.immutable:
                    found += [
                        (record, field)
                        for record in self._store.select(form.name, {field: other})
                        if self._gate.decide("edit", form.name, record.area, own=True).allowed
                    ]
        return found

    def _merge_lines(self, stays: Record, goes: Record, refs: list[tuple[Record, str]], reason: str) -> list[AuditLine]:
        lines = [
            self._gate.line("edit", RESIDENT, stays.area, record=stays.id, fields="merge", reason=reason),
            self._gate.line("delete", RESIDENT, goes.area, record=goes.id, reason=reason),
        ]
        for record, field in refs:
            lines.append(self._gate.line("edit", record.form, record.area, record=record.id, fields=field, own=True))
        return lines

    def _person(self, record_id: str) -> Record:
        found = self._store.get(RESIDENT, record_id)
        if found is None or found.deleted:
            raise KnownError("store.no_record", form=self._store.forms[RESIDENT].title, id=record_id)
        return found
