"""The map: the outlines of grids, where dwellings lie, and drawing a grid anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.schema.dates import china_time
from app.schema.ids import companion
from app.schema.outline import MOST_POINTS, Outline, spell
from app.schema.record import Record
from app.schema.values import BadValue, Fault, Value
from app.services.gate import Gate
from app.store import located
from app.store.located import Located
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

SHAPE = "grid_shape"
_BULK_FROM = 200


@dataclass(frozen=True, slots=True)
class GridOn:
    """A grid as the map knows it; ``outline`` is GeoJSON, empty where none was drawn yet.

    ``merged``: into which grid it went; a grid that took others in has their ground, but for those whose ground was known when it was
    drawn (``includes``, their ids).
    """

    id: str
    name: str
    code: str
    area: str
    kind: str
    outline: str = ""
    ended: str = ""
    merged: str = ""
    includes: str = ""

    def past(self, today: str) -> bool:
        """Whether it is no more on the day *today*."""
        return bool(self.ended) and (self.ended < today or (bool(self.merged) and self.ended <= today))


@dataclass(frozen=True)
class Ground:
    """What a map shows of the areas held: divisions (code, name, level, parent), grids by village and code, dwellings with a point."""

    areas: tuple[Mapping[str, str], ...]
    grids: tuple[GridOn, ...]
    dwellings: Located


@dataclass(frozen=True, slots=True)
class Drawn:
    """An outline to be kept for a grid, where it comes from, and by which datum its numbers are meant."""

    grid: str
    outline: Outline
    source: str = "drawn"
    datum: str = "as_given"


@dataclass(frozen=True, slots=True)
class NewGrid:
    """A grid that is made together with its outline."""

    id: str
    area: str
    values: Mapping[str, Value]


class Maps:
    """Outlines are records of their own, one for each grid; a dwelling's point is a field of the dwelling."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def ground(self, areas: Collection[str] | None = None) -> Ground:
        """Everything that a map of *areas* (default: all that are held) shows."""
        codes = list(areas or self._gate.session.areas)
        for code in codes:
            self._gate.require("read", SHAPE, code)
        return Ground(
            tuple(self._store.areas()),
            tuple(self.grids(codes)),
            located.dwellings(self._store.conn, codes),
        )

    def grids(self, areas: Collection[str]) -> list[GridOn]:
        """The grids of *areas* with their outlines, in the order of their codes."""
        drawn: dict[str, Mapping[str, Value]] = {}
        for shape in self._store.select(SHAPE, area=areas):
            grid_id = str(shape.values.get("grid") or "")
            # What came in under another id counts where there is nothing else.
            if shape.values.get("outline") and (grid_id not in drawn or shape.id == companion(grid_id, SHAPE)):
                drawn[grid_id] = shape.values
        found = []
        for grid in self._store.select("grid", area=areas, order=["area", "code", "name"]):
            values, held = grid.values, drawn.get(grid.id, {})
            found.append(
                GridOn(
                    grid.id,
                    str(values.get("name") or ""),
                    str(values.get("code") or ""),
                    grid.area,
                    str(values.get("grid_kind") or "general"),
                    str(held.get("outline") or ""),
                    str(values.get("valid_to") or ""),
                    str(values.get("successor") or ""),
                    str(held.get("includes") or ""),
                )
            )
        return _with_merged(found)

    def ground_of(self, grid: str) -> str:
        """The outline that *grid* has now, with the ground of those that were merged into it since it was drawn; empty for none."""
        held = self._store.get("grid", grid)
        if held is None or held.deleted:
            return ""
        self._gate.require("read", SHAPE, held.area)
        return next((one.outline for one in self.grids([held.area]) if one.id == grid), "")

    def outline(self, grid: str) -> Record | None:
        """The record that holds the outline of *grid*; None where none was drawn, or it was removed."""
        found = self._store.get(SHAPE, companion(grid, SHAPE))
        if found is None or found.deleted:
            return None
        self._gate.require("read", SHAPE, found.area, record=found.id)
        return found

    def keep(self, drawn: Drawn, *, seen: Mapping[str, int] | None = None) -> Record:
        """Keep the outline of one grid. *seen*: the rev of the outline that was on the screen when drawing began.

        Raises Denied, KnownError("store.no_record", "map.crossing", "map.too_many_points"); an outline that crosses itself is not kept.
        """
        self.keep_many([drawn], action="edit", seen=seen)
        found = self._store.get(SHAPE, companion(drawn.grid, SHAPE))
        if found is None:
            raise KnownError("store.no_record", form=self._store.forms[SHAPE].title, id=drawn.grid)
        return found

    def keep_many(
        self,
        drawn: Sequence[Drawn],
        *,
        action: str = "import",
        seen: Mapping[str, int] | None = None,
        grids: Sequence[NewGrid] = (),
    ) -> list[str]:
        """Keep the outlines of many grids as one save, making *grids* first; the ids of the grids whose outline changed by it.

        *seen* is of the first of them.
        """
        from app.rules.geometry import crossing
        from app.schema.outline import points

        there = {
            one.id: (one.area, one.values.get("name"))
            for one in self._store.many("grid", [d.grid for d in drawn]).values()
            if not one.deleted
        }
        there |= {one.id: (one.area, one.values.get("name")) for one in grids}
        held = self._store.many(SHAPE, [companion(one.grid, SHAPE) for one in drawn])
        came = self._merged_into([one.grid for one in drawn])
        today = china_time(self._store.now_ms())[:10]
        edits = [Edit("grid", one.id, one.area, one.values) for one in grids]
        owner: dict[str, str] = {}
        for one in drawn:
            if one.grid not in there:
                raise KnownError("store.no_record", form=self._store.forms["grid"].title, id=one.grid)
            area, name = there[one.grid]
            if (spot := crossing(one.outline)) is not None:
                raise KnownError("map.crossing", name=name, lon=f"{spot[0]:.6f}", lat=f"{spot[1]:.6f}")
            if points(one.outline) > MOST_POINTS:
                raise KnownError("map.too_many_points", count=points(one.outline), most=MOST_POINTS)
            shape_id = companion(one.grid, SHAPE)
            before = held.get(shape_id)
            outline = spell(one.outline)
            includes = ",".join(came.get(one.grid, ())) or None
            if (
                before is not None
                and not before.deleted
                and (before.values.get("outline"), before.values.get("includes")) == (outline, includes)
            ):
                continue
            values: dict[str, Value] = {
                "grid": one.grid,
                "name": name,
                "outline": outline,
                "source": one.source,
                "datum": one.datum,
                "drawn_at": today,
                "includes": includes,
            }
            again = False if before is not None and before.deleted else None
            on_screen = seen if seen and one is drawn[0] else {}
            edits.append(Edit(SHAPE, shape_id, before.area if before else area, values, on_screen, deleted=again))
            owner[shape_id] = one.grid
        if not edits:
            return []
        lines = []
        for form, area in sorted({(edit.form, edit.area) for edit in edits}):
            mine = [edit for edit in edits if (edit.form, edit.area) == (form, area)]
            only = mine[0].id or "" if len(mine) == 1 else ""
            said = ",".join(mine[0].values) if len(mine) == 1 else f"{len(mine)}"
            lines.append(self._gate.line(action, form, area, record=only, fields=said, own=action == "edit"))
        saved = self._store.save(edits, self._gate.session.user, bulk=len(edits) >= _BULK_FROM, audit=lines)
        changed = {record_id for _, record_id in saved.touched}
        return [owner[shape_id] for shape_id in owner if shape_id in changed]

    def _merged_into(self, grids: Sequence[str]) -> dict[str, list[str]]:
        """For each of *grids* the ones that were merged into it, and into those."""
        went = {
            one.id: str(one.values["successor"])
            for one in self._store.select("grid", {"successor": ("!=", None), "valid_to": ("!=", None)})
        }
        wanted, found = set(grids), {grid: list[str]() for grid in grids}
        for one in sorted(went):
            at, seen = went[one], {one}
            while at not in seen:
                if at in wanted:
                    found[at].append(one)
                seen.add(at)
                at = went.get(at, at)
        return found

    def remove(self, grid: str, reason: str) -> None:
        """Take the outline of *grid* off the map, for a reason; its history stays and drawing it again revives it."""
        held = self.outline(grid)
        if held is None:
            return
        line = self._gate.line("delete", SHAPE, held.area, record=held.id, reason=reason, own=True)
        self._store.save([Edit(SHAPE, held.id, held.area, {}, deleted=True)], self._gate.session.user, audit=[line])

    def put_dwelling(self, dwelling: str, lon: float, lat: float) -> Record:
        """Give a dwelling its point, in degrees as the map has them. Raises Denied, KnownError("store.no_record", "map.outside")."""
        form = self._store.forms["dwelling"]
        held = self._store.get("dwelling", dwelling)
        if held is None or held.deleted:
            raise KnownError("store.no_record", form=form.title, id=dwelling)
        values, faults = form.clean({"lon": round(lon, 6), "lat": round(lat, 6)}, partial=True)
        if faults:
            raise KnownError("map.outside")
        line = self._gate.line("edit", "dwelling", held.area, record=dwelling, fields="lon,lat", own=True)
        self._store.save([Edit("dwelling", dwelling, held.area, values)], self._gate.session.user, audit=[line])
        return self._store.get("dwelling", dwelling) or held


def outline_faults(values: Mapping[str, Value], before: Mapping[str, Value] | None, _today: str) -> list[Fault]:
    """What is wrong with an outline that is saved as any record is: where it crosses itself."""
    from app.rules.geometry import crossing
    from app.schema.outline import read_outline

    if not values.get("outline"):
        return []
    spot = crossing(read_outline(values["outline"]))
    name = values.get("name") or (before or {}).get("name") or ""
    said = {"name": name, "lon": f"{spot[0]:.6f}", "lat": f"{spot[1]:.6f}"} if spot else {}
    return [Fault("outline", "crossing", sentence("map.crossing", **said))] if spot else []


def _with_merged(grids: list[GridOn]) -> list[GridOn]:
    """*grids*, those that took others in with the ground of these: nothing is written, so that undoing a merger needs nothing either."""
    came: dict[str, list[GridOn]] = {}
    for one in grids:
        if one.merged and one.ended and one.outline:
            came.setdefault(one.merged, []).append(one)
    if not came:
        return grids
    from app.rules.geometry import joined
    from app.schema.outline import read_outline

    by_id = {one.id: one for one in grids}

    def whole(one: GridOn, seen: frozenset[str]) -> str:
        known = set(one.includes.split(",")) | seen
        parts = [whole(before, seen | {one.id}) for before in came.get(one.id, ()) if before.id not in known]
        parts = [part for part in (one.outline, *parts) if part]
        if len(parts) < 2:
            return "".join(parts)
        try:
            made = joined([read_outline(part) for part in parts])
        except BadValue:
            made = None
        return spell(made) if made else one.outline

    return [replace(one, outline=whole(by_id[one.id], frozenset())) if one.id in came else one for one in grids]
