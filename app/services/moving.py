"""Moving people, households and whole grids to where they belong now, with everything that hangs on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.case_engine import CaseRules
from app.rules.hanging import bonds, finished, hanging
from app.schema.record import Record
from app.schema.values import Value
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

_BULK_FROM = 500
"""Records from which on a move is sent behind everyday work."""
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Moved:
    """What moves, or moved: the record itself, and how many of each form go along, itself among them."""

    record: Record
    area: str
    counts: Mapping[str, int]


class Moving:
    """Each move is one save: either all of it is done on this device, or nothing."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules

    def preview(self, form: str, record_id: str) -> Mapping[str, int]:
        """How many records of each form would go along, the work still open at a place among them."""
        top = self._here(form, record_id)
        return self._counted([top, *self._along(top)])

    def move_record(
        self,
        form: str,
        record_id: str,
        area: str = "",
        *,
        under: str = "",
        reason: str = "",
        values: Mapping[str, Value] | None = None,
    ) -> Moved:
        """Move one record, and what hangs on it, to *area*, or to where *under* is, which becomes its parent; *values* change with it.

        Raises Denied where the user may not edit at both ends, KnownError("moving.area_unknown", "moving.nowhere").
        """
        top = self._here(form, record_id)
        values = {**self._under(top, under), **(values or {})}
        area = area or self._parent_area(top, under) or top.area
        if area == top.area and not values:
            raise KnownError("moving.nowhere")
        self._known(area)
        along = self._allowed(self._along(top), area) if area != top.area else []
        # From below upwards: when the county comes to what they hang on, all that this device knows of has moved already.
        edits = [Edit(record.form, record.id, area, {}) for record in reversed(along)]
        edits.append(Edit(form, record_id, area, values))
        lines = self._lines([top, *along], area, reason)
        self._store.save(edits, self._gate.session.user, bulk=len(edits) >= _BULK_FROM, audit=lines)
        return Moved(self._here(form, record_id), area, self._counted([top, *along]))

    def move_person(self, resident_id: str, area: str = "", *, household: str = "", reason: str = "") -> Moved:
        """Move one person to *household*; to *area* alone, where he has no household yet."""
        person = self._here("resident", resident_id)
        if household:
            return self.move_record("resident", resident_id, area, under=household, reason=reason)
        if not area or area == person.area:
            raise KnownError("moving.nowhere")
        self._known(area)
        edit = Edit("resident", resident_id, area, {"household": None})
        self._store.save([edit], self._gate.session.user, audit=self._lines([person], area, reason))
        return Moved(self._here("resident", resident_id), area, {"resident": 1})

    def hand_over_grid(self, grid_id: str, area: str, *, code: str = "", reason: str = "") -> Moved:
        """Hand a grid over to another village: buildings, dwellings, households, people, and the work still open there.

        What is done stays with the village that did it. *code*: its number there.
        """
        return self.move_record("grid", grid_id, area, reason=reason, values={"code": code} if code else None)

    def here(self, form: str, record_id: str) -> Record:
        """The record, where it is here and not deleted; KnownError("store.no_record") otherwise."""
        return self._here(form, record_id)

    def going_along(self, top: Record, area: str, *, reason: str = "") -> tuple[list[Edit], list[AuditLine]]:
        """The edits that bring along what hangs on *top* when it comes to *area*, and the audit lines of the move, itself among them.

        For a save that does more than moving; the edit of *top* itself is the caller's. Denied as in ``move_record``.
        """
        along = self._allowed(self._along(top), area) if area != top.area else []
        return [Edit(r.form, r.id, area, {}) for r in reversed(along)], self._lines([top, *along], area, reason)

    # -- what goes along --------------------------------------------------------------------------

    def _counted(self, records: Sequence[Record]) -> Counter[str]:
        """How many of each form; what stands on a person's card alone is in no figure."""
        return Counter(record.form for record in records if not self._store.forms[record.form].card_only)

    def _along(self, top: Record) -> list[Record]:
        """Everything that hangs on *top* in its area, the nearer first."""
        found: dict[str, Record] = {}
        frontier: dict[str, list[str]] = {top.form: [top.id]}
        while frontier:
            below: dict[str, list[str]] = {}
            for name, ids in frontier.items():
                for form, field in hanging(self._store.forms, name):
                    for record in self._naming(form, field, ids, top.area):
                        if record.id not in found and record.id != top.id and self._goes(record):
                            found[record.id] = record
                            below.setdefault(form, []).append(record.id)
            frontier = below
        return list(found.values())

    def _naming(self, form: str, field: str, ids: Sequence[str], area: str) -> list[Record]:
        found: list[Record] = []
        for start in range(0, len(ids), _AT_ONCE):
            found += self._store.select(form, {field: list(ids[start : start + _AT_ONCE])}, order=["rev", "id"])
        return [record for record in found if record.area == area]

    def _goes(self, record: Record) -> bool:
        """Work that is done stays where it was done."""
        return not finished(self._rules, record.form, record.values, str(record.values.get("state")))

    def _allowed(self, records: Sequence[Record], area: str) -> list[Record]:
        """Without restricted records that this user may not edit: the county moves those after what they hang on."""
        forms = self._store.forms
        closed = {
            record.form
            for record in records
            if forms[record.form].stream not in {"urgent", "ordinary"}
            and not self._gate.decide("edit", record.form, area).allowed
        }
        return [record for record in records if record.form not in closed]

    def _lines(self, records: Sequence[Record], area: str, reason: str) -> list[AuditLine]:
        """One line for each form at either end; Denied where one of them may not be edited there."""
        lines: list[AuditLine] = []
        for (form, before), count in Counter((record.form, record.area) for record in records).items():
            only = next((r.id for r in records if r.form == form), "") if count == 1 else ""
            for end in dict.fromkeys((before, area)):
                said = f"@area,{count}"
                lines.append(self._gate.line("edit", form, end, record=only, fields=said, reason=reason, own=True))
        return lines

    # -- where to ---------------------------------------------------------------------------------

    def _here(self, form: str, record_id: str) -> Record:
        found = self._store.get(form, record_id)
        if found is None or found.deleted:
            raise KnownError("store.no_record", form=self._store.forms[form].title, id=record_id)
        return found

    def _under(self, top: Record, under: str) -> dict[str, Value]:
        if not under:
            return {}
        field, _ = bonds(self._store.forms[top.form])[0]
        return {} if top.values.get(field) == under else {field: under}

    def _parent_area(self, top: Record, under: str) -> str:
        if not under:
            return ""
        _, form = bonds(self._store.forms[top.form])[0]
        return self._here(form, under).area

    def _known(self, area: str) -> None:
        known = {row["code"] for row in self._store.areas()}
        if known and area not in known:
            raise KnownError("moving.area_unknown", area=area)
