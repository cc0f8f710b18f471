"""What outlines say of each other and of points: validity, mending, which grid a point lies in, overlaps and gaps. Pure; by shapely."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.schema.outline import AXIS, E2, Outline, Point, outline_of, points, spell

NEAR_M = 15.0
"""A house within so many metres of its grid lies in it: what a phone or an old map is out by."""
LEAST_M2 = 25.0
"""Smaller overlaps and gaps are the pen's width."""
_GAP_WIDTH_M = 12.0
_LOST_SHARE = 0.02
_AT_ONCE = 100
_TOLERANCES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Metres by which an outline with too many points may be made simpler, tried in turn."""


@dataclass(frozen=True, slots=True)
class Mended:
    """An outline that can be kept. ``crossed``: where it crossed itself; ``simpler``: by how many metres its line was made plainer."""

    outline: Outline
    crossed: Point | None = None
    simpler: float = 0.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Ground that two grids both claim; ``at`` is a point in it."""

    first: str
    second: str
    m2: float
    at: Point


@dataclass(frozen=True, slots=True)
class Gap:
    """Ground between grids that none of them holds; ``beside`` are the grids that touch it."""

    m2: float
    at: Point
    beside: tuple[str, ...]


def equal_areas(pairs: Any) -> Any:
    """``outline.equal_area`` for an array of (longitude, latitude)."""
    sine = np.sin(np.radians(pairs[:, 1]))
    bent = math.sqrt(E2) * sine
    q = (1 - E2) * (sine / (1 - bent * bent) + np.arctanh(bent) / math.sqrt(E2))
    return np.column_stack([np.radians(pairs[:, 0]) * AXIS, AXIS * q / 2])


def geometry_of(outline: Outline) -> BaseGeometry:
    """*outline* as the library has it, in degrees."""
    return shapely.MultiPolygon([(part[0], part[1:]) for part in outline])


def geometries(texts: Sequence[str]) -> Any:
    """The geometries of GeoJSON *texts* as an array; valid whatever came in, None for what can't be read."""
    # Reading holds the interpreter for its whole length: in pieces, so that a window beside it isn't stopped.
    pieces = [
        shapely.from_geojson(list(texts[at : at + _AT_ONCE]), on_invalid="ignore")
        for at in range(0, len(texts), _AT_ONCE)
    ]
    found = np.concatenate(pieces) if pieces else np.array([], dtype=object)
    wrong = ~shapely.is_valid(found) & ~shapely.is_missing(found)
    if wrong.any():
        found[wrong] = shapely.make_valid(found[wrong])
    return found


def crossing(outline: Outline) -> Point | None:
    """Where *outline* crosses itself, or has parts or holes in each other's way; None where it doesn't."""
    made = geometry_of(outline)
    if made.is_valid:
        return None
    words = shapely.is_valid_reason(made)
    numbers = words[words.rfind("[") + 1 : words.rfind("]")].split() if "[" in words else []
    if len(numbers) >= 2:
        return float(numbers[0]), float(numbers[1])
    return outline[0][0][0]


def mended(parts: object, *, most: int) -> Mended | None:
    """An outline of *parts* (as GeoJSON has them) that crosses itself nowhere and has at most *most* points.

    A loop where a line crosses itself becomes a part of its own. None where mending would change more than a fiftieth of its ground,
    or nothing is left: only who drew it knows what was meant. Raises BadValue for what is no outline at all.
    """
    outline = outline_of(parts, most=None)
    crossed = crossing(outline)
    if crossed is not None:
        repaired = _mend(outline)
        if repaired is None:
            return None
        outline = repaired
    if points(outline) <= most:
        return Mended(outline, crossed)
    whole = geometry_of(outline)
    for metres in _TOLERANCES:
        simpler = _polygons(shapely.simplify(whole, metres / 111_320))
        if simpler is None:
            return None
        plain = outline_of(simpler, most=None)
        if points(plain) <= most and crossing(plain) is None:
            return Mended(plain, crossed, metres)
    return None


def joined(outlines: Sequence[Outline]) -> Outline | None:
    """One outline over all of *outlines*: what a file draws in several pieces, or grids that are merged."""
    made = _polygons(shapely.union_all([geometry_of(outline) for outline in outlines]))
    return None if made is None else outline_of(made, most=None)


def nearer(outline: Outline, here: Sequence[Point], there: Sequence[Point]) -> Outline | None:
    """The ground of *outline* that is nearer to a point of *here* than to one of *there*; None where that is nothing, or all of it.

    What lies at one spot with both is *there*'s. Degrees of longitude count by the latitude, as on the ground.
    """
    spots = {**dict.fromkeys(here, True), **dict.fromkeys(there, False)}
    if len(set(spots.values())) < 2:
        return None
    whole = geometry_of(outline)
    middle = math.cos(math.radians(whole.centroid.y))
    stretch = np.array([middle, 1.0])
    ground = shapely.transform(whole, lambda pairs: pairs * stretch)
    points_at = shapely.points(np.array(list(spots)) * stretch)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points_at), extend_to=ground.envelope))
    tree = shapely.STRtree(points_at)
    mine = np.array(list(spots.values()))
    cell, point = tree.query(cells, predicate="contains")
    taken = shapely.union_all(cells[cell[mine[point]]])
    part = shapely.transform(shapely.intersection(ground, taken), lambda pairs: pairs / stretch)
    return _cut(part)


def without(outline: Outline, taken: Outline) -> Outline | None:
    """*outline* less the ground that *taken* has of it; None where nothing is left."""
    return _cut(shapely.difference(geometry_of(outline), geometry_of(taken)))


def meet(outline: Outline, other: Outline) -> bool:
    """Whether they have more ground in common than the pen's width."""
    return ground_m2(shapely.intersection(geometry_of(outline), geometry_of(other))) > LEAST_M2


def _cut(geometry: BaseGeometry) -> Outline | None:
    """The pieces of a cut that are more than the pen's width, as an outline."""
    pieces = [one for one in shapely.get_parts(geometry) if one.geom_type == "Polygon" and ground_m2(one) > LEAST_M2]
    made = _polygons(shapely.multipolygons(pieces)) if pieces else None
    return None if not made else outline_of(made, most=None)


def _mend(outline: Outline) -> Outline | None:
    """The crossings resolved; None where the ground that comes out isn't nearly what the line went round."""
    before = geometry_of(outline)
    repaired = shapely.make_valid(before)
    made = _polygons(repaired)
    if made is None:
        return None
    # Loops turn against the rest and count against it: where they are more than small, the pen went wrong by much.
    ground = shapely.area(repaired)
    if abs(ground - abs(before.area)) > _LOST_SHARE * ground:
        return None
    again = outline_of(made, most=None)
    return again if crossing(again) is None else None


def _polygons(geometry: BaseGeometry) -> list[list[list[Point]]] | None:
    """The polygons of *geometry* as GeoJSON has their coordinates; lines and points that mending left over are dropped."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")]
    found = []
    for polygon in [one for part in parts for one in shapely.get_parts(part)]:
        if polygon.is_empty or polygon.area < 1e-12:
            continue
        rings = [
            polygon.exterior,
            *(hole for hole in polygon.interiors if shapely.area(shapely.polygons(hole)) > 1e-12),
        ]
        found.append([[(x, y) for x, y in ring.coords] for ring in rings])
    return found or None


class Cover:
    """Outlines by key, indexed: what lies in which, and how they lie to each other."""

    def __init__(self, outlines: Mapping[str, str]) -> None:
        keys, texts = list(outlines), list(outlines.values())
        made = geometries(texts)
        held = [at for at, geometry in enumerate(made) if geometry is not None and not geometry.is_empty]
        self.keys = [keys[at] for at in held]
        self.shapes: Any = made[held] if held else np.array([], dtype=object)
        self._tree = shapely.STRtree(self.shapes)
        self._at = {key: at for at, key in enumerate(self.keys)}

    def at(self, lon: float, lat: float) -> str | None:
        """The outline that a point lies in; of several the smallest, for it says most."""
        found = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        return self.keys[min(found, key=lambda one: self.shapes[one].area)] if len(found) else None

    def each(self, lons: Sequence[float], lats: Sequence[float]) -> list[str | None]:
        """``at`` for many points at once."""
        if not len(lons):
            return []
        which, inside = self._tree.query(shapely.points(lons, lats), predicate="intersects")
        areas = shapely.area(self.shapes)
        found: list[str | None] = [None] * len(lons)
        # From large to small, so that the smallest is written last.
        for at in np.argsort(-areas[inside], kind="stable"):
            found[int(which[at])] = self.keys[int(inside[at])]
        return found

    def near(self, key: str, lon: float, lat: float, metres: float = NEAR_M) -> bool:
        """Whether a point lies in the outline *key*, or within *metres* of it; False where there is no such outline."""
        at = self._at.get(key)
        if at is None:
            return False
        narrow = math.cos(math.radians(lat))
        # Stretched so that a degree is as long in both directions: over some metres a plane does.
        there = shapely.transform(self.shapes[at], lambda xy: xy * (narrow, 1.0))
        return bool(shapely.dwithin(there, shapely.Point(lon * narrow, lat), metres / 111_320))

    def overlaps(self, least_m2: float = LEAST_M2) -> list[Overlap]:
        """Every pair that claims the same ground, the largest first."""
        if not self.keys:
            return []
        first, second = self._tree.query(self.shapes, predicate="intersects")
        first, second = first[first < second], second[first < second]
        shared = shapely.intersection(self.shapes[first], self.shapes[second])
        claimed = [(int(at), ground_m2(shared[at])) for at in np.flatnonzero(shapely.area(shared))]
        found = [
            Overlap(self.keys[first[at]], self.keys[second[at]], m2, _inside(shared[at]))
            for at, m2 in claimed
            if m2 >= least_m2
        ]
        return sorted(found, key=lambda one: (-one.m2, one.first, one.second))

    def gaps(self, least_m2: float = LEAST_M2, width_m: float = _GAP_WIDTH_M) -> list[Gap]:
        """Ground that grids enclose and none holds, and strips between neighbours narrower than *width_m*; the largest first."""
        if len(self.keys) < 2:
            return []
        middle = shapely.total_bounds(self.shapes)
        narrow = math.cos(math.radians((middle[1] + middle[3]) / 2))
        plane = shapely.transform(self.shapes, lambda xy: xy * (narrow, 1.0))
        whole = shapely.union_all(plane)
        holes = [shapely.polygons(hole) for part in shapely.get_parts(whole) for hole in part.interiors]
        half = width_m / 2 / 111_320
        closed = shapely.buffer(shapely.buffer(whole, half, join_style="mitre"), -half, join_style="mitre")
        strips = shapely.get_parts(shapely.difference(closed, shapely.union_all([whole, *holes])))
        tree = shapely.STRtree(plane)
        found = []
        for piece in (*holes, *strips):
            beside = sorted({int(at) for at in tree.query(piece, predicate="dwithin", distance=half / 4)})
            degrees = shapely.transform(piece, lambda xy: xy / (narrow, 1.0))
            m2 = ground_m2(degrees)
            # A bay in the line of one grid alone is its own affair; a hole in it is nobody's ground.
            if m2 >= least_m2 and (len(beside) > 1 or piece in holes):
                found.append(Gap(m2, _inside(degrees), tuple(self.keys[at] for at in beside)))
        return sorted(found, key=lambda one: (-one.m2, one.at))


def ground_m2(geometry: BaseGeometry) -> float:
    """The area of *geometry* (in degrees) on the ellipsoid, in square metres; lines and points have none."""
    return float(grounds_m2(np.array([geometry], dtype=object))[0])


def grounds_m2(whole: Any) -> Any:
    """``ground_m2`` of each of an array of geometries."""
    return shapely.area(shapely.transform(whole, equal_areas))


def spelled(geometry: BaseGeometry, *, most: int) -> str | None:
    """*geometry* as it is kept; None where nothing of it is an outline."""
    made = _polygons(geometry)
    return None if made is None else spell(outline_of(made, most=most))


def _inside(geometry: BaseGeometry) -> Point:
    point = shapely.point_on_surface(geometry)
    return round(point.x, 6), round(point.y, 6)
