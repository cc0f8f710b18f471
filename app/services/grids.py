"""Grids that change: drawn, split, merged, handed over, with a look at what moves before, and the history kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.rules.grid_codes import fits, formed, next_code
from app.schema.record import Record
from app.schema.values import BadValue, Fault, Value
from app.services.chronicle import MOVEMENT, REGRID, SINCE, Chronicle, Occasion
from app.services.gate import Gate
from app.services.moving import Moved, Moving
from app.store import places
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

GRID, BUILDING, DWELLING = "grid", "building", "dwelling"
_ALONGSIDE = ("organization", "premises")
_BULK_FROM = 500


@dataclass(frozen=True, slots=True)
class Outlook:
    """What goes into another grid: how many of each, before anything is done."""

    buildings: int
    dwellings: int
    households: int
    residents: int
    organizations: int


@dataclass(frozen=True, slots=True)
class Regrid:
    """A change that was made: ``act`` undoes it where anything went along; *grid* is where that is now."""

    act: str
    grid: str
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class _Parts:
    buildings: list[Record]
    dwellings: list[Record]
    besides: list[Record]


class Grids:
    """Each change is one save. Raises Denied, and KnownError("grids.…") where it makes no sense."""

    def __init__(self, store: Store, gate: Gate, moving: Moving, chronicle: Chronicle) -> None:
        self._store = store
        self._gate = gate
        self._moving = moving
        self._chronicle = chronicle

    def draw(self, area: str, values: Mapping[str, object], day: object = None) -> Record:
        """A new grid in the village *area*; its number follows the last one where *values* give none."""
        new, edit, line = self._drawn(area, values, self._day(day))
        self._store.save([edit], self._gate.session.user, audit=[line])
        return self._moving.here(GRID, new)

    def preview_split(self, grid: str, buildings: Sequence[str], dwellings: Sequence[str] = ()) -> Outlook:
        """What ``split`` would move."""
        return self._outlook(self._chosen(grid, buildings, dwellings))

    def preview_merge(self, grid: str) -> Outlook:
        """What ``merge`` of *grid* into another would move."""
        return self._outlook(self._whole(grid))

    def split(
        self,
        grid: str,
        buildings: Sequence[str],
        dwellings: Sequence[str] = (),
        *,
        values: Mapping[str, object],
        day: object = None,
        reason: str = "",
    ) -> Regrid:
        """Make a new grid of some *buildings* and *dwellings* of *grid*; it names the one that it came of."""
        when = self._day(day)
        old = self._grid(grid, when)
        parts = self._chosen(grid, buildings, dwellings)
        if len(parts.dwellings) >= self._store.count(DWELLING, {"grid": grid}) and len(
            parts.buildings
        ) >= self._store.count(BUILDING, {"grid": grid}):
            raise KnownError("grids.everything_chosen")
        kept = {name: old.values.get(name) for name in ("grid_kind", "linked_unit", "linked_leader", "adviser")}
        new, edit, line = self._drawn(old.area, {**kept, **values, "predecessor": grid}, when)
        return self._regrid([edit], [line], parts, new, old.area, when, reason)

    def merge(self, grid: str, into: str, day: object = None, *, reason: str = "") -> Regrid:
        """All of *grid* becomes part of *into*; the grid that was is struck off with its day, its number is not used again."""
        when = self._day(day)
        if grid == into:
            raise KnownError("grids.same_grid")
        old, new = self._grid(grid, when), self._grid(into, when)
        if old.area != new.area:
            # First to the other village with all that hangs on it, so that every end is asked.
            raise KnownError("grids.other_village")
        ended = Edit(GRID, grid, old.area, {"valid_to": when, "successor": into})
        act = self._store.new_id()
        edits = [ended, *self._posts_ended(old, when, act)]
        lines = [self._line("edit", old, reason)]
        return self._regrid(edits, lines, self._whole(grid), into, new.area, when, reason, act)

    def hand_over(self, grid: str, area: str, *, reason: str = "") -> Moved:
        """Hand a grid over to another village with all that hangs on it; there it gets a number of that village."""
        old = self._moving.here(GRID, grid)
        code = self._free_code(area, str(old.values.get("grid_kind") or ""), "")
        return self._moving.hand_over_grid(grid, area, code=code, reason=reason)

    def pieces(self, grid: str) -> tuple[list[tuple[Record, int]], list[Record]]:
        """What a grid may be split by: its buildings with their households, and its dwellings without a building."""
        self._gate.require("read", GRID, self._moving.here(GRID, grid).area)
        tallies = places.by_building(self._store.conn, grid)
        buildings = self._store.select(BUILDING, {"grid": grid}, order=["name"])
        loose = self._store.select(DWELLING, {"grid": grid, "building": None}, order=["address"])
        return [(b, tallies[b.id].households if b.id in tallies else 0) for b in buildings], loose

    # -- within -----------------------------------------------------------------------------------

    def _drawn(self, area: str, values: Mapping[str, object], when: str) -> tuple[str, Edit, AuditLine]:
        if not area or area.endswith("000"):
            raise KnownError("grids.not_village")
        code = str(values.get("code") or "").strip()
        kind = str(values.get("grid_kind") or "general")
        if code and not fits(code, area):
            raise KnownError("grids.code_wrong", number=code)
        if code and code in self._codes(area):
            raise KnownError("grids.code_used", number=code)
        code = code or self._free_code(area, kind, str(values.get("upper") or ""))
        filled, faults = self._store.forms[GRID].clean({"grid_kind": kind, "valid_from": when, **values, "code": code})
        if faults:
            label = self._store.forms[GRID].fields[faults[0].field].label
            raise KnownError("movements.bad_value", label=label, message=faults[0].message)
        new = self._store.new_id()
        return new, Edit(GRID, new, area, filled), self._gate.line("create", GRID, area, record=new)

    def _free_code(self, area: str, kind: str, upper: str) -> str:
        above = self._store.get(GRID, upper) if upper else None
        code = next_code(area, kind, self._codes(area), str(above.values.get("code") or "") if above else "")
        if not code:
            raise KnownError("grids.no_codes")
        return code

    def _codes(self, area: str) -> set[str]:
        """Every number that ever was given in *area*, those of grids that are gone too."""
        held = self._store.select(GRID, {}, area=area, deleted=True)
        return {str(grid.values["code"]) for grid in held if grid.values.get("code")}

    def _regrid(
        self,
        edits: list[Edit],
        lines: list[AuditLine],
        parts: _Parts,
        into: str,
        area: str,
        when: str,
        reason: str,
        act: str = "",
    ) -> Regrid:
        last = max((str(d.values[SINCE[GRID]]) for d in parts.dwellings if d.values.get(SINCE[GRID])), default="")
        if last > when:
            raise KnownError("grids.before_last", last=last, day=when)
        outlook = self._outlook(parts)
        edits += [Edit(r.form, r.id, r.area, {GRID: into}) for r in (*parts.buildings, *parts.besides)]
        edits += [Edit(DWELLING, d.id, d.area, {GRID: into, SINCE[GRID]: when}) for d in parts.dwellings]
        act = act or self._store.new_id()
        occasion = Occasion(REGRID, when, act, reason, by=self._gate.session.name)
        movements = self._chronicle.gone_along([*parts.buildings, *parts.besides], into, occasion)
        told = [*self._chronicle.told(edits, occasion), *movements]
        for form, records in ((BUILDING, parts.buildings), (DWELLING, parts.dwellings)):
            if records:
                said = f"{GRID},{len(records)}"
                lines.append(self._gate.line("edit", form, area, fields=said, reason=reason, own=True))
        moved = bool(parts.dwellings or movements)
        if moved:
            lines.append(self._gate.line("create", MOVEMENT, area, record=act, fields=REGRID, reason=reason))
        self._store.save(told, self._gate.session.user, bulk=len(told) >= _BULK_FROM, audit=lines)
        return Regrid(act if moved else "", into, outlook)

    def _chosen(self, grid: str, buildings: Sequence[str], dwellings: Sequence[str]) -> _Parts:
        if not buildings and not dwellings:
            raise KnownError("grids.nothing_chosen")
        houses = list(self._store.many(BUILDING, buildings).values())
        homes = {d.id: d for d in self._store.many(DWELLING, dwellings).values()}
        for house in houses:
            homes.update({d.id: d for d in self._store.select(DWELLING, {"building": house.id, "grid": grid})})
        if len(houses) < len(set(buildings)) or any(r.values.get(GRID) != grid for r in (*houses, *homes.values())):
            raise KnownError("grids.not_of_grid")
        found = [
            record
            for form in _ALONGSIDE
            for record in self._store.select(form, {GRID: grid})
            if str(record.values.get(DWELLING)) in homes
        ]
        return _Parts(houses, list(homes.values()), found)

    def _whole(self, grid: str) -> _Parts:
        besides = [record for form in _ALONGSIDE for record in self._store.select(form, {GRID: grid})]
        below = self._store.select(BUILDING, {GRID: grid})
        return _Parts(below, self._store.select(DWELLING, {GRID: grid}), besides)

    def _outlook(self, parts: _Parts) -> Outlook:
        tally = places.of_dwellings(self._store.conn, [d.id for d in parts.dwellings])
        return Outlook(
            len(parts.buildings), len(parts.dwellings), tally.households, tally.residents, len(parts.besides)
        )

    def _posts_ended(self, grid: Record, when: str, act: str) -> list[Edit]:
        held = self._store.select("grid_post", {GRID: grid.id, "valid_to": None})
        return [Edit("grid_post", post.id, post.area, {"valid_to": when, "ended_act": act}) for post in held]

    def _grid(self, grid: str, when: str) -> Record:
        held = self._moving.here(GRID, grid)
        name = held.values.get("name") or ""
        if held.values.get("valid_to"):
            raise KnownError("grids.ended", name=name, day=held.values["valid_to"])
        start = held.values.get("valid_from")
        if start and str(start) > when:
            raise KnownError("grids.before_start", name=name, last=start, day=when)
        return held

    def _day(self, raw: object) -> str:
        item = self._store.forms[GRID].fields["valid_from"]
        try:
            day: Value = item.kind.check(raw) if raw not in (None, "") else self._chronicle.today()
        except BadValue as bad:
            raise KnownError("movements.bad_value", label=item.label, message=bad.message) from bad
        if str(day) > self._chronicle.today():
            raise KnownError("movements.in_future", day=day)
        return str(day)

    def _line(self, action: str, record: Record, reason: str) -> AuditLine:
        return self._gate.line(action, record.form, record.area, record=record.id, reason=reason, own=True)


def code_faults(values: Mapping[str, Value], before: Mapping[str, Value] | None, _today: str) -> list[Fault]:
    """What is wrong with a grid's number that is written into a form: an old one that stands is left as it is."""
    code = str(values.get("code") or "")
    if not code or (before is not None and before.get("code") == code) or formed(code):
        return []
    return [Fault("code", "code_wrong", sentence("grids.code_wrong", number=code))]
