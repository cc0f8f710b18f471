"""The ground of the demo: where its villages lie, how their grids are cut out, and where their houses stand. All of it from the plan."""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

import shapely

from app.demo.plan import DemoPlan, VillagePlan
from app.demo.words import words
from app.schema.outline import PLACES, Point, outline_of, spell

_DEGREE_M = 111_320.0
_VILLAGE, _COMMUNITY = 0.0105, 0.0034
"""Degrees between the middles of two grids, in the country and in town."""
_TOWNSHIP = 0.105
_STRAY_EVERY = 260
"""So few houses are entered in a grid that they don't lie in: the map finds them."""
_WIND = 3
"""How often a border is bent in the middle of each of its pieces."""
_LEAST_PIECE = 0.001
Spot = tuple[str, int]
"""A village's code and its grid's number from 1; dedicated grids from 501."""


class DemoGround:
    """Outlines by village and grid, and a place for each house; draws nothing from the chances of the rest of the demo."""

    def __init__(self, plan: DemoPlan) -> None:
        self._middles = dict(_middles(plan))
        self._cells = _cells(self._middles)
        self._hamlets = {spot: self._streets(spot) for spot in self._cells}

    def outline(self, village: VillagePlan, number: int) -> str:
        """The outline of a grid as it is kept; empty for one that nobody drew yet."""
        spot = (village.code, number)
        cell = self._cells.get(spot)
        if cell is None and number > 500 and not village.community:
            cell = self._market(village)
        return "" if cell is None else spell(outline_of([[list(cell.exterior.coords)]]))

    def building(self, village: VillagePlan, number: int, name: str) -> Point:
        """Where a block, or a row of houses, of this *name* stands."""
        chance = random.Random(f"{village.code} {number} {name}")  # noqa: S311 - the same place each time
        return self.house(village, number, chance.random(), chance.random())

    def house(self, village: VillagePlan, number: int, along: float, beside: float, *, odd: int = 1) -> Point:
        """Where a house stands: *along* a street and *beside* it, both from 0 to 1; *odd* 0 makes it lie in another grid."""
        spot = (village.code, number)
        if odd % _STRAY_EVERY == 0:
            spot = self._neighbour(spot)
        streets = self._hamlets[spot]
        which = min(int(along * len(streets)), len(streets) - 1)
        middle, way, length = streets[which]
        t = (along * len(streets) - which) * 2 - 1
        w = beside * 2 - 1
        out = math.copysign(13 + 24 * abs(w) ** 2, w)
        # Streets bend a little, and houses don't stand to the metre.
        bend = 0.16 * length * math.sin(t * 2.4 + which) + 7 * math.sin(along * 977)
        east = math.cos(way) * t * length - math.sin(way) * (out + bend)
        north = math.sin(way) * t * length + math.cos(way) * (out + bend)
        return self._inside(spot, middle, east, north)

    def _inside(self, spot: Spot, middle: Point, east: float, north: float) -> Point:
        narrow = math.cos(math.radians(middle[1])) * _DEGREE_M
        for less in (1.0, 0.7, 0.4, 0.15, 0.0):
            lon, lat = middle[0] + east * less / narrow, middle[1] + north * less / _DEGREE_M
            if self._cells[spot].contains(shapely.Point(lon, lat)):
                break
        return round(lon, PLACES), round(lat, PLACES)

    def _streets(self, spot: Spot) -> list[tuple[Point, float, float]]:
        """Middle, direction and half length in metres of the streets of a grid: each runs well inside it."""
        chance = random.Random(f"streets {spot}")  # noqa: S311
        cell = self._cells[spot]
        left, low, right, high = cell.bounds
        heart = shapely.Point(self._middles[spot])
        inner = shapely.buffer(cell, -min(right - left, high - low) * 0.16)
        found: list[tuple[Point, float, float]] = []
        side = math.sqrt(shapely.area(cell))
        wanted, tries = 5 + chance.randrange(4), 0
        while len(found) < wanted:
            tries += 1
            spot_ = shapely.Point(chance.uniform(left, right), chance.uniform(low, high))
            apart = all(math.dist((spot_.x, spot_.y), middle) > side * 0.15 for middle, _, _ in found)
            if tries < 60 and not (apart and inner.contains(spot_)):
                continue
            here = spot_ if inner.contains(spot_) else heart
            length = min(side * _DEGREE_M * 0.2, 420.0) * chance.uniform(0.3, 1.0)
            found.append(((here.x, here.y), chance.uniform(0, math.pi), length))
        return found

    def _neighbour(self, spot: Spot) -> Spot:
        here = shapely.Point(self._middles[spot])
        others = [other for other in self._cells if other != spot]
        if not others:
            return spot
        return min(others, key=lambda other: (here.distance(shapely.Point(self._middles[other])), other))

    def _market(self, village: VillagePlan) -> shapely.Polygon | None:
        """A dedicated grid: a few streets' width around the first street of the first grid."""
        spot = (village.code, 1)
        (lon, lat), way, length = self._hamlets[spot][0]
        narrow = math.cos(math.radians(lat)) * _DEGREE_M
        corners = []
        for along, out in ((-1, -1), (-0.2, -1.3), (1, -1), (1.1, 0.8), (-0.9, 1.1)):
            east = math.cos(way) * along * length * 0.8 - math.sin(way) * out * 85
            north = math.sin(way) * along * length * 0.8 + math.cos(way) * out * 85
            corners.append((round(lon + east / narrow, PLACES), round(lat + north / _DEGREE_M, PLACES)))
        made = shapely.intersection(shapely.polygons(corners), self._cells[spot])
        return made if made.geom_type == "Polygon" and made.is_valid else None


def _middles(plan: DemoPlan) -> Iterator[tuple[Spot, Point]]:
    """The middle of each grid: townships apart, the community in the middle of its township, the villages around it."""
    centre = words("places")["centre"]
    towns: dict[str, list[VillagePlan]] = defaultdict(list)
    for village in plan.villages:
        towns[village.code[:9]].append(village)
    for (code, villages), (east, north) in zip(towns.items(), _spiral(_TOWNSHIP), strict=False):
        chance = random.Random(f"ground {code}")  # noqa: S311
        middle = centre["longitude"] + east, centre["latitude"] + north
        around = [village for village in villages if not village.community]
        turn = chance.uniform(0, math.tau)
        for village in villages:
            if village.community:
                yield from _grids(village, middle, _COMMUNITY, chance)
                continue
            at = around.index(village)
            angle = turn + at * math.tau / max(len(around), 1)
            away = 0.0 if len(villages) == 1 else 0.033 + chance.uniform(-0.07, 0.07)
            yield from _grids(
                village,
                (middle[0] + math.cos(angle) * away, middle[1] + math.sin(angle) * away * 0.92),
                _VILLAGE,
                chance,
            )


def _grids(village: VillagePlan, middle: Point, apart: float, chance: random.Random) -> Iterator[tuple[Spot, Point]]:
    turn = chance.uniform(0, math.tau)
    for number, (east, north) in zip(range(1, village.grids + 1), _spiral(apart), strict=False):
        lon = middle[0] + east * math.cos(turn) - north * math.sin(turn) + chance.uniform(-0.16, 0.16) * apart
        lat = middle[1] + east * math.sin(turn) + north * math.cos(turn) + chance.uniform(-0.16, 0.16) * apart
        yield (village.code, number), (lon, lat)


def _spiral(apart: float) -> Iterator[Point]:
    """Places about *apart* from each other, from the middle outwards (Vogel's spiral)."""
    for number in range(10_000):
        angle, away = number * math.pi * (3 - math.sqrt(5)), apart * math.sqrt(number) * 0.95
        yield math.cos(angle) * away, math.sin(angle) * away


def _cells(middles: dict[Spot, Point]) -> dict[Spot, shapely.Polygon]:
    """The ground nearest to each middle, with borders that wind and that neighbours share to the last decimal."""
    places = list(middles.values())
    rim = _rim(places)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints([*places, *rim])))
    tree = shapely.STRtree(cells)
    found = {}
    for spot, place in middles.items():
        cell = cells[tree.query(shapely.Point(place), predicate="intersects")[0]]
        corners = [(round(x, PLACES), round(y, PLACES)) for x, y in cell.exterior.coords]
        line: list[Point] = []
        for first, last in itertools.pairwise(corners):
            if first != last:
                line += _border(first, last)[:-1]
        found[spot] = shapely.polygons(line)
    return found


def _rim(places: Sequence[Point]) -> list[Point]:
    """Middles of ground that is nobody's, all around: they end the outermost grids."""
    hull = shapely.buffer(shapely.multipoints(places), 0.016)
    outer = shapely.buffer(shapely.union_all(hull), 0.004)
    found = []
    for part in shapely.get_parts(outer):
        for ring in (part.exterior, *part.interiors):
            steps = max(8, int(ring.length / 0.009))
            found += [(p.x, p.y) for p in (ring.interpolate(at / steps, normalized=True) for at in range(steps))]
    return found


def _border(first: Point, last: Point) -> list[Point]:
    """A winding line between two corners, the same from either end."""
    low, high = min(first, last), max(first, last)
    chance = random.Random(f"{low} {high}")  # noqa: S311
    line = [low, high]
    long = math.dist(low, high)
    for _ in range(min(_WIND, int(long / _LEAST_PIECE).bit_length())):
        longer = [line[0]]
        for (x0, y0), (x1, y1) in itertools.pairwise(line):
            bend = chance.uniform(-0.07, 0.07)
            longer += [((x0 + x1) / 2 - (y1 - y0) * bend, (y0 + y1) / 2 + (x1 - x0) * bend), (x1, y1)]
        line = longer
    line = [(round(x, PLACES), round(y, PLACES)) for x, y in line]
    return line if first == low else line[::-1]
