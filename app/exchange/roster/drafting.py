"""Collecting what an import makes and changes, one edit a record, places found before they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from app.exchange.roster.plan import PlannedRecord
from app.exchange.roster.register import Register
from app.schema.record import Record
from app.schema.values import Value, comparable

_NO_REVS: Mapping[str, int] = {}


class Drafting:
    """The records of one plan in the order in which they must be saved."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.bundle = 0
        self._drafts: dict[str, PlannedRecord] = {}
        self._made: dict[tuple[str, ...], str] = {}
        self._revs: dict[tuple[tuple[str, int], ...], Mapping[str, int]] = {}

    def make(self, form: str, area: str, values: Mapping[str, Value]) -> str:
        """Plan a new record; returns its id. *values* becomes the plan's own."""
        record_id = self.register.new_id()
        # A county's roster makes hundreds of thousands: the values are taken over, not copied.
        kept = values if isinstance(values, dict) else dict(values)
        for name in [name for name, value in kept.items() if value is None]:
            del kept[name]
        self._drafts[record_id] = PlannedRecord(
            form, record_id, area, kept, new=True, bundle=self.bundle, seen=_NO_REVS
        )
        return record_id

    def change(
        self, record: Record, values: Mapping[str, Value], *, fill_only: bool = False, settles: str = ""
    ) -> bool:
        """Plan what *values* change of *record*; an empty one says nothing. Returns whether anything changes.

        With *fill_only* what the register has stays. *settles*: a field that has served, to be emptied.
        """
        told: dict[str, Value] = {
            name: value
            for name, value in values.items()
            if value is not None
            and record.values.get(name) != value
            and not (fill_only and record.values.get(name) is not None)
        }
        if settles and record.values.get(settles) is not None:
            told[settles] = None
        if not told:
            return False
        seen = self._seen(record.revs, told)
        draft = self._drafts.get(record.id)
        if draft is None:
            self._drafts[record.id] = PlannedRecord(
                record.form, record.id, record.area, told, new=False, bundle=self.bundle, seen=seen
            )
        else:
            self._drafts[record.id] = dataclasses.replace(
                draft, values={**draft.values, **told}, seen={**draft.seen, **seen}
            )
        return True

    def _seen(self, revs: Mapping[str, int], names: Iterable[str]) -> Mapping[str, int]:
        """The revs of these fields; most records that change in the same fields share them."""
        if not revs:
            return _NO_REVS
        key = tuple((name, revs.get(name, revs.get("", 0))) for name in names)
        return self._revs.setdefault(key, dict(key))

    def add(self, record_id: str, values: Mapping[str, Value]) -> None:
        """Set what is still empty of a record that this plan makes."""
        draft = self._drafts[record_id]
        told = {name: value for name, value in values.items() if value is not None and name not in draft.values}
        if told:
            self._drafts[record_id] = dataclasses.replace(draft, values={**draft.values, **told})

    def grid(self, area: str, name: str) -> str | None:
        """The grid called *name*, made where the register has none."""
        return self._place("grid", area, name, {"name": name}) if name else None

    def building(self, area: str, name: str, grid: str | None) -> str | None:
        """The building called *name* in *grid*; one door number in two grids is two buildings."""
        return self._place("building", area, name, {"name": name, "grid": grid}, grid=grid) if name else None

    def dwelling(self, area: str, address: str, building: str | None, grid: str | None) -> str | None:
        """The dwelling at *address*; building and grid are filled where the register has none."""
        if not address:
            return None
        return self._place("dwelling", area, address, {"address": address, "building": building, "grid": grid})

    def find(self, form: str, area: str, name: str, grid: str | None = None) -> str | None:
        """The id of a place that the register has or this plan makes."""
        made = self._made.get((form, area, comparable(name), grid or "")) or self._made.get(
            (form, area, comparable(name), "")
        )
        if made:
            return made
        for record in self.register.named(form, area, name):
            if form != "building" or grid is None or not record.within or record.within == grid:
                return record.id
        return None

    def _place(self, form: str, area: str, name: str, values: Mapping[str, Value], grid: str | None = None) -> str:
        key = (form, area, comparable(name), grid or "")
        held = self._made.get(key)
        if held:
            if form == "dwelling" and self._drafts.get(held) and self._drafts[held].new:
                self.add(held, values)
            return held
        found = self.find(form, area, name, grid)
        if found is None:
            found = self.make(form, area, values)
        else:
            record = self.register.record(form, found)
            if record is not None:
                self.change(record, {k: v for k, v in values.items() if k in {"grid", "building"}}, fill_only=True)
        self._made[key] = found
        return found

    def records(self) -> tuple[PlannedRecord, ...]:
        """What was planned, in the order of planning: a record stands after those it points to."""
        return tuple(self._drafts.values())
