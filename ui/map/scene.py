"""What the map shows, prepared for painting and for finding what was clicked: made in the lane, then only read."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import shapely

from app.rules.geometry import geometries, grounds_m2
from app.rules.mercator import all_degrees, planes
from app.services.maps import Ground
from ui.map.view import MOST_ZOOM, WORLD, Bounds

HUES = 5
WITHIN = frozenset({"dedicated", "micro"})
"""Kinds of grids that lie within others: painted as a line, not as ground of their own."""
_DETAIL = (10.5, 13.0, 99.0)
"""For each zoom up to which an outline is wanted, one that is off by less than a pixel there."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A division or a grid on the plane. ``key``: area code or record id; ``parent``: the key of what it lies in."""

    key: str
    kind: str
    name: str
    area: str
    parent: str
    geometry: Any
    bounds: Bounds
    spot: tuple[float, float]
    m2: float
    within: bool = False
    hue: int = 0
    details: tuple[Any, ...] = ()

    def detail(self, zoom: float) -> tuple[int, Any]:
        """Which outline, and its geometry, will do at *zoom*."""
        at = next(at for at, most in enumerate(_DETAIL) if zoom <= most)
        return at, self.details[at]


class Layer:
    """Shapes of one kind."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self.shapes = tuple(shapes)
        self.by_key = {shape.key: shape for shape in shapes}
        self._bounds = np.array([shape.bounds for shape in shapes]).reshape(-1, 4)
        self._tree = shapely.STRtree([shape.geometry for shape in shapes])
        widths = self._bounds[:, 2] - self._bounds[:, 0]
        self.width = float(np.median(widths)) if len(widths) else 0.0
        """How wide they are, taken in the middle of all."""

    def seen(self, bounds: Bounds) -> list[Shape]:
        """The shapes that may be seen within *bounds*."""
        left, top, right, bottom = bounds
        b = self._bounds
        inside = np.flatnonzero((b[:, 2] >= left) & (b[:, 0] <= right) & (b[:, 3] >= top) & (b[:, 1] <= bottom))
        return [self.shapes[at] for at in inside]

    def at(self, x: float, y: float) -> Shape | None:
        """The smallest shape under a place."""
        found = self._tree.query(shapely.Point(x, y), predicate="intersects")
        return min((self.shapes[at] for at in found), key=lambda shape: shape.m2, default=None)


@dataclass(frozen=True, eq=False)
class Dots:
    """Dwellings with a point: columns from west to east. ``strays`` are those that the check found to disagree with their grid."""

    ids: tuple[str, ...] = ()
    places: Any = field(default_factory=lambda: np.empty((0, 2)))
    grids: tuple[str | None, ...] = ()
    areas: tuple[str, ...] = ()
    strays: Any = field(default_factory=lambda: np.empty(0, dtype=bool))
    group: Any = field(default_factory=lambda: np.empty(0, dtype=int))

    @functools.cached_property
    def numbers(self) -> Mapping[str, int]:
        """Which column is which dwelling's."""
        return {record_id: at for at, record_id in enumerate(self.ids)}

    def place(self, dwelling: str) -> tuple[float, float] | None:
        """Where a dwelling lies on the plane."""
        at = self.numbers.get(dwelling)
        return None if at is None else (float(self.places[at, 0]), float(self.places[at, 1]))

    def seen(self, bounds: Bounds) -> Any:
        """The numbers of those that lie within *bounds*."""
        left, top, right, bottom = bounds
        first, last = np.searchsorted(self.places[:, 0], (left, right))
        down = self.places[first:last, 1]
        return first + np.flatnonzero((down >= top) & (down < bottom))

    def near(self, x: float, y: float, reach: float) -> list[int]:
        """Which lie within *reach* of a place, the nearest first."""
        around = self.seen((x - reach, y - reach, x + reach, y + reach))
        away = self.places[around] - (x, y)
        square = np.einsum("ij,ij->i", away, away)
        order = np.argsort(square, kind="stable")
        return [int(around[at]) for at in order if square[at] <= reach * reach]


@dataclass(frozen=True, eq=False)
class Scene:
    """All that is painted. ``layers``: township, village, grid; ``names`` of every division and grid, drawn or not."""

    layers: Mapping[str, Layer]
    dots: Dots
    bounds: Bounds | None
    names: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)

    def with_strays(self, strays: Collection[str]) -> Scene:
        """The same with these dwellings marked as lying elsewhere than entered."""
        held = np.zeros(len(self.dots.ids), dtype=bool)
        held[[self.dots.numbers[one] for one in strays if one in self.dots.numbers]] = True
        return replace(self, dots=replace(self.dots, strays=held))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return self.bounds is None

    def shape(self, key: str) -> Shape | None:
        """The shape of a place; None where it has none."""
        return next((found for layer in self.layers.values() if (found := layer.by_key.get(key))), None)

    def way(self, key: str) -> list[str]:
        """The keys from the top down to *key*."""
        found = [key]
        while (above := self.parents.get(found[0])) and above not in found:
            found.insert(0, above)
        return found

    def lies_in(self, key: str, place: str) -> bool:
        """Whether *key* is *place* or lies in it."""
        return not place or place in self.way(key)

    def children(self, place: str) -> list[Shape]:
        """The shapes directly in *place*, in the order in which one comes by them."""
        return [shape for layer in self.layers.values() for shape in layer.shapes if shape.parent == place]

    def within(self, place: str) -> Bounds | None:
        """What must be seen to see all of *place*: its shape, else its dwellings."""
        shape = self.shape(place)
        if shape is not None:
            return shape.bounds
        below = [one.bounds for layer in self.layers.values() for one in layer.shapes if self.lies_in(one.key, place)]
        if below:
            return _around(below)
        group = self.groups.get(place)
        return _around_points(self.dots.places[self.dots.group == group]) if group is not None else None


NOTHING = Scene({kind: Layer(()) for kind in ("township", "village", "grid")}, Dots(), None)


def prepare(ground: Ground, today: str) -> Scene:
    """The scene of *ground*; grids that ended before *today* (a date) are past and not shown."""
    grids = [grid for grid in ground.grids if not grid.past(today)]
    drawn = [grid for grid in grids if grid.outline]
    made = shapely.transform(geometries([grid.outline for grid in drawn]), planes) if drawn else ()
    pairs = [(grid, one) for grid, one in zip(drawn, made, strict=True) if one is not None and not one.is_empty]
    parents = {row["code"]: row["parent"] for row in ground.areas}
    names = {row["code"]: row["name"] for row in ground.areas} | {grid.id: grid.name for grid in grids}
    villages = _joined((grid.area, one) for grid, one in pairs)
    towns = _joined((parents.get(code, ""), one) for code, one in villages.items())
    towns.pop("", None)
    levels = {row["code"]: row["level"] for row in ground.areas}

    def division(key: str, kind: str, geometry: Any) -> _Row:
        return _Row(key, kind, names.get(key, key), key, parents.get(key, ""), geometry)

    layers = {
        "township": Layer(
            _shapes([division(k, "township", g) for k, g in towns.items() if levels.get(k) == "township"])
        ),
        "village": Layer(_shapes([division(k, "village", g) for k, g in villages.items()])),
        "grid": Layer(
            _shapes([_Row(g.id, "grid", g.name, g.area, g.area, made, g.kind in WITHIN) for g, made in pairs])
        ),
    }
    parents |= {grid.id: grid.area for grid in grids}
    groups = {grid.id: at for at, grid in enumerate(grids)}
    dots = _dots(ground, groups)
    edges = [layer.by_key[key].bounds for layer in layers.values() for key in layer.by_key]
    if (points := _around_points(dots.places)) is not None:
        edges.append(points)
    return Scene(layers, dots, _around(edges) if edges else None, names, parents, groups)


def _dots(ground: Ground, groups: Mapping[str, int]) -> Dots:
    homes = ground.dwellings
    places = planes(np.column_stack([homes.lons, homes.lats]) if len(homes) else np.empty((0, 2)))
    order = np.argsort(places[:, 0], kind="stable")
    ids = tuple(homes.ids[at] for at in order)
    grids = tuple(homes.grids[at] for at in order)
    found = Dots(
        ids,
        np.asfortranarray(places[order]),
        grids,
        tuple(homes.areas[at] for at in order),
        np.zeros(len(ids), dtype=bool),
        np.array([groups.get(one or "", -1) for one in grids], dtype=int),
    )
    # Made here, in the lane, and not when the window's thread first asks.
    found.numbers  # noqa: B018
    return found


def _joined(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[Any]] = defaultdict(list)
    for key, geometry in pairs:
        found[key].append(geometry)
    return {key: shapely.union_all(parts) if len(parts) > 1 else parts[0] for key, parts in found.items()}


class _Row(NamedTuple):
    key: str
    kind: str
    name: str
    area: str
    parent: str
    geometry: Any
    within: bool = False


def _shapes(rows: Sequence[_Row]) -> list[Shape]:
    """Shapes with a hue that no neighbour has, as far as five hues reach, and outlines for each detail."""
    if not rows:
        return []
    whole = np.array([row.geometry for row in rows], dtype=object)
    details = [whole if zoom > MOST_ZOOM else shapely.simplify(whole, 0.6 / (WORLD * 2.0**zoom)) for zoom in _DETAIL]
    bounds = shapely.bounds(whole)
    sizes = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    hues = _hues(whole, float(np.median(sizes)) / 30)
    # The line from the middle of the widest circle inside to its edge.
    spots = shapely.get_coordinates(shapely.get_point(shapely.maximum_inscribed_circle(whole, tolerance=sizes / 20), 0))
    areas = grounds_m2(shapely.transform(whole, all_degrees))
    found = []
    for at, row in enumerate(rows):
        left, top, right, bottom = bounds[at].tolist()
        x, y = spots[at].tolist()
        outlines = tuple(detail[at] for detail in details)
        found.append(
            Shape(
                row.key, row.kind, row.name, row.area, row.parent, row.geometry, (left, top, right, bottom), (x, y),
                float(areas[at]), row.within, hues[at], outlines,
            )
        )  # fmt: skip
    return found


def _hues(whole: Any, reach: float) -> list[int]:
    tree = shapely.STRtree(whole)
    first, second = tree.query(whole, predicate="dwithin", distance=reach)
    beside: dict[int, set[int]] = defaultdict(set)
    for one, other in zip(first, second, strict=True):
        if one != other:
            beside[int(one)].add(int(other))
    hues = [-1] * len(whole)
    for at in range(len(whole)):
        taken = [hues[other] for other in beside[at] if hues[other] >= 0]
        # Of the hues that no neighbour has the one that comes round next: a village is not all of the first two.
        order = sorted(range(HUES), key=lambda hue, at=at: (taken.count(hue), (hue - at) % HUES))  # type: ignore[misc]
        hues[at] = order[0]
    return hues


def rings(geometry: Any) -> list[Any]:
    """The rings of a polygon or several as arrays, closed."""
    parts = [one for one in shapely.get_parts(geometry) if one.geom_type == "Polygon" and not one.is_empty]
    return [shapely.get_coordinates(ring) for part in parts for ring in (part.exterior, *part.interiors)]


def _around(edges: Sequence[Bounds]) -> Bounds:
    held = np.array(edges)
    return float(held[:, 0].min()), float(held[:, 1].min()), float(held[:, 2].max()), float(held[:, 3].max())


def _around_points(places: Any) -> Bounds | None:
    if not len(places):
        return None
    low, high = places.min(axis=0), places.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
