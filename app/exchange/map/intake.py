"""Bringing outlines in: which feature is which grid, what is mended, what is refused and why; then all of it as one save."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.exchange.map.geojson import Drawing, Feature, read_geojson
from app.messages import sentence
from app.rules.geometry import Mended, joined, mended
from app.schema.outline import MOST_POINTS, Outline, points, spell
from app.schema.values import BadValue, comparable
from app.services.maps import SHAPE, Drawn, GridOn, NewGrid

if TYPE_CHECKING:
    from app.services.office import Office

CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one feature. ``notes``: (code, sentence) of what was mended; of a refused one why."""

    number: int
    title: str
    status: str
    grid: str = ""
    outline: Outline | None = None
    notes: tuple[tuple[str, str], ...] = ()
    new_grid: bool = False


@dataclass(frozen=True)
class MapPlan:
    """What an import would do; ``grids`` are the grids that it would make."""

    lines: tuple[Line, ...]
    datum: str
    grids: tuple[NewGrid, ...] = ()

    def count(self, status: str) -> int:
        """How many grids come out so, or how many features are refused."""
        return len({line.grid or str(line.number) for line in self.lines if line.status == status})

    @property
    def refused(self) -> tuple[Line, ...]:
        """The features that are not brought in."""
        return tuple(line for line in self.lines if line.status == REFUSED)


class MapIntake:
    """One office's imports of outlines; planning changes nothing."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def plan(self, path: Path, area: str = "", *, create: bool = False) -> MapPlan:
        """What the file at *path* would bring; *area* narrows where its grids are looked for, *create* makes grids that aren't there.

        Raises Denied and what ``read_geojson`` raises.
        """
        areas = [area] if area else list(self._office.session.areas)
        for code in areas:
            self._office.gate.require("import", SHAPE, code)
        drawing = read_geojson(path)
        return _Planning(self._office, areas, drawing, create=create).plan()

    def apply(self, plan: MapPlan, *, progress: Callable[[int, int], object] = lambda _done, _total: None) -> list[str]:
        """Keep what *plan* found as one save; the grids whose outline changed."""
        wanted = [line for line in plan.lines if line.status in (CREATED, UPDATED) and line.outline is not None]
        progress(0, len(wanted))
        drawn = {line.grid: Drawn(line.grid, line.outline, "imported", plan.datum) for line in wanted if line.outline}
        changed = self._office.maps.keep_many(list(drawn.values()), grids=plan.grids)
        progress(len(wanted), len(wanted))
        return changed


class _Planning:
    """One plan being made."""

    def __init__(self, office: Office, areas: Sequence[str], drawing: Drawing, *, create: bool) -> None:
        self._office = office
        self._drawing = drawing
        self._create = create
        grids = office.maps.grids(areas)
        self._held = {grid.id: grid for grid in grids}
        self._by_code = _group(grids, lambda grid: grid.code)
        self._by_name = _group(grids, lambda grid: grid.name)
        self._areas = {
            row["code"]: row["name"] for row in office.store.areas() if row["level"] in ("village", "community")
        }
        reached = office.gate.divisions()
        self._villages = {
            code: name for code, name in self._areas.items() if any(reached.covers(one, code) for one in areas)
        }
        self._new: dict[str, NewGrid] = {}

    def plan(self) -> MapPlan:
        lines = [self._line(feature) for feature in self._drawing.features]
        pieces: dict[str, list[int]] = defaultdict(list)
        for at, line in enumerate(lines):
            if line.grid and line.outline is not None:
                pieces[line.grid].append(at)
        for grid, where in pieces.items():
            self._settle(grid, lines, where)
        used = {line.grid for line in lines if line.status == CREATED}
        made = tuple(grid for grid in self._new.values() if grid.id in used)
        return MapPlan(tuple(lines), self._drawing.datum, made)

    def _line(self, feature: Feature) -> Line:
        refused = Line(feature.number, feature.title, REFUSED)
        if feature.parts is None:
            return _why(refused, "map.not_polygon", kind=feature.kind)
        try:
            made = mended(feature.parts, most=MOST_POINTS)
        except BadValue as bad:
            return replace(refused, notes=((f"check.{bad.code}", bad.message),))
        if made is None:
            return _why(refused, "map.not_mended")
        found = self._grid(feature, refused)
        if isinstance(found, Line):
            return found
        new = found in {grid.id for grid in self._new.values()}
        return Line(feature.number, feature.title, UPDATED, found, made.outline, _mendings(made), new)

    def _grid(self, feature: Feature, refused: Line) -> str | Line:
        """The id of the grid that *feature* draws, or why there is none."""
        if feature.id in self._held:
            return feature.id
        if not feature.title:
            return _why(refused, "map.no_name")
        found = self._by_code.get(comparable(feature.code), ()) if feature.code else ()
        if not found and feature.name:
            found = self._by_name.get(comparable(feature.name), ())
            if feature.village:
                said = comparable(feature.village)
                found = [one for one in found if said in (comparable(self._areas.get(one.area, "")), one.area)]
        if len(found) > 1:
            return _why(refused, "map.two_grids", count=len(found), title=feature.title)
        if found:
            return found[0].id
        if not self._create:
            return _why(refused, "map.no_grid", title=feature.title)
        return self._make(feature, refused)

    def _make(self, feature: Feature, refused: Line) -> str | Line:
        area = self._village(feature)
        if not area:
            return _why(refused, "map.no_village", title=feature.title)
        key = comparable(feature.code) or f"{area} {comparable(feature.name)}"
        if key not in self._new:
            values, faults = self._office.forms["grid"].clean(
                {"name": feature.name or feature.code, "code": feature.code or None, "grid_kind": "general"}
            )
            if faults:
                return replace(refused, notes=tuple((f"check.{fault.code}", fault.message) for fault in faults))
            self._new[key] = NewGrid(self._office.store.new_id(), area, values)
        return self._new[key].id

    def _village(self, feature: Feature) -> str:
        said = comparable(feature.village)
        named = [code for code, name in self._villages.items() if said and said in (comparable(name), code)]
        if len(named) == 1:
            return named[0]
        if feature.code[:12] in self._villages:
            return feature.code[:12]
        return next(iter(self._villages)) if len(self._villages) == 1 else ""

    def _settle(self, grid: str, lines: list[Line], where: Sequence[int]) -> None:
        """Several features may draw one grid: its outline is all of them together."""
        outlines = [outline for at in where if (outline := lines[at].outline) is not None]
        whole = outlines[0] if len(outlines) == 1 else joined(outlines)
        if whole is None or points(whole) > MOST_POINTS:
            for at in where:
                bad = BadValue("outline_points", count=points(whole) if whole else 0, most=MOST_POINTS)
                lines[at] = Line(
                    lines[at].number, lines[at].title, REFUSED, notes=(("check.outline_points", bad.message),)
                )
            return
        before = self._held[grid].outline if grid in self._held else ""
        status = CREATED if not before else UNCHANGED if before == spell(whole) else UPDATED
        for at in where:
            lines[at] = replace(lines[at], outline=whole, status=status)


def _group(grids: Sequence[GridOn], key: Callable[[GridOn], str]) -> dict[str, list[GridOn]]:
    found: dict[str, list[GridOn]] = defaultdict(list)
    for grid in grids:
        if key(grid):
            found[comparable(key(grid))].append(grid)
    return dict(found)


def _why(line: Line, code: str, **params: object) -> Line:
    return replace(line, notes=((code, sentence(code, **params)),))


def _mendings(made: Mended) -> tuple[tuple[str, str], ...]:
    notes = []
    if made.crossed is not None:
        lon, lat = made.crossed
        notes.append(("map.crossing_mended", sentence("map.crossing_mended", lon=f"{lon:.6f}", lat=f"{lat:.6f}")))
    if made.simpler:
        notes.append(("map.made_simpler", sentence("map.made_simpler", metres=f"{made.simpler:g}")))
    return tuple(notes)
