"""The outline of a place: polygons in degrees of longitude and latitude, read from GeoJSON, written in one spelling, measured."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from app.schema.values import BadValue

Point = tuple[float, float]
"""Longitude and latitude in degrees."""
Ring = tuple[Point, ...]
"""A closed line without its closing point: outer ones run counterclockwise, holes clockwise (RFC 7946, 3.1.6)."""
Part = tuple[Ring, ...]
"""A polygon: its outer ring, then its holes."""
Outline = tuple[Part, ...]

MOST_POINTS = 1000
"""Of one outline: at 23 letters a point it still fits into a cell of a workbook (32,767)."""
PLACES = 6
"""Decimals of a degree that are kept: a tenth of a metre."""
WEST, EAST, SOUTH, NORTH = 73.0, 136.0, 3.0, 54.0
# The ellipsoid of CGCS2000 (GB/T 33187.1); that of WGS84 differs by a tenth of a millimetre.
AXIS = 6_378_137.0
_FLATTENING = 1 / 298.257222101
E2 = _FLATTENING * (2 - _FLATTENING)
_E = math.sqrt(E2)


def read_outline(raw: object) -> Outline:
    """The outline that *raw* (GeoJSON as text or as a mapping: Polygon, MultiPolygon, or a Feature of one) draws, in its one order.

    Raises BadValue: outline_wrong, outline_kind, outline_swapped, outline_outside, outline_flat, outline_points.
    """
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError) as bad:
            raise BadValue("outline_wrong") from bad
    if isinstance(raw, Mapping) and raw.get("type") == "Feature":
        raw = raw.get("geometry")
    if not isinstance(raw, Mapping):
        raise BadValue("outline_wrong")
    kind, parts = raw.get("type"), raw.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadValue("outline_kind", kind=str(kind))
    return outline_of([parts] if kind == "Polygon" else parts)


def outline_of(parts: object, *, most: int | None = MOST_POINTS) -> Outline:
    """The outline with these *parts* (lists of rings of points), rounded and in its one order; *most* None: of any length."""
    made = sorted(_part(rings) for rings in _items(parts))
    if not made:
        raise BadValue("outline_wrong")
    count = points(tuple(made))
    if most is not None and count > most:
        raise BadValue("outline_points", count=count, most=most)
    return tuple(made)


def spell(outline: Outline) -> str:
    """*outline* as it is kept: GeoJSON without spaces, six decimals to each number, rings closed."""
    parts = ["[" + ",".join(_spell_ring(ring) for ring in part) + "]" for part in outline]
    if len(parts) == 1:
        return f'{{"type":"Polygon","coordinates":{parts[0]}}}'
    return f'{{"type":"MultiPolygon","coordinates":[{",".join(parts)}]}}'


def points(outline: Outline) -> int:
    """How many corners it has."""
    return sum(len(ring) for part in outline for ring in part)


def area_m2(outline: Outline) -> float:
    """Its area in square metres on the ellipsoid of CGCS2000, holes taken off."""
    # In the cylindrical equal-area projection of the ellipsoid (Snyder 1987, 10-15) an area is that of a plane figure.
    return sum(abs(_turn([equal_area(*point) for point in ring])) / 2 * (-1 if at else 1)
               for part in outline for at, ring in enumerate(part))  # fmt: skip


def equal_area(lon: float, lat: float) -> Point:
    """Metres in the equal-area projection of the ellipsoid."""
    sine = math.sin(math.radians(lat))
    bent = _E * sine
    q = (1 - E2) * (sine / (1 - bent * bent) + math.atanh(bent) / _E)
    return math.radians(lon) * AXIS, AXIS * q / 2


def spoken_area(square_metres: float) -> str:
    """An area as people say it: 860 平方米, 12.3 公顷, 1.24 平方公里."""
    if square_metres < 10_000:
        return f"{square_metres:.0f} 平方米"
    if square_metres < 1_000_000:
        return f"{square_metres / 10_000:.1f} 公顷"
    return f"{square_metres / 1_000_000:.2f} 平方公里"


def spoken(outline: Outline) -> str:
    """What people read in place of the numbers."""
    pieces = f"{len(outline)} 块，" if len(outline) > 1 else ""
    return f"{pieces}{points(outline)} 个点，约 {spoken_area(area_m2(outline))}"


def _items(held: object) -> Sequence[Any]:
    if not isinstance(held, list | tuple):
        raise BadValue("outline_wrong")
    return held


def _part(rings: object) -> Part:
    made = [_ring(points_, hole=bool(at)) for at, points_ in enumerate(_items(rings))]
    if not made:
        raise BadValue("outline_wrong")
    return (made[0], *sorted(made[1:]))


def _ring(held: object, *, hole: bool) -> Ring:
    ring: list[Point] = []
    for raw in _items(held):
        point = _point(raw)
        if not ring or point != ring[-1]:
            ring.append(point)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(set(ring)) < 3 or abs(turn := _turn(ring)) < 1e-12:
        raise BadValue("outline_flat")
    if (turn > 0) == hole:
        ring.reverse()
    # The one order begins at the lowest point; a ring that comes by there twice, with the lower of its two ways on.
    low = min(ring)
    return min(tuple(ring[at:] + ring[:at]) for at, point in enumerate(ring) if point == low)


def _point(raw: object) -> Point:
    numbers = _items(raw)[:2]
    if len(numbers) != 2 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        raise BadValue("outline_wrong")
    try:
        lon, lat = (round(float(number), PLACES) for number in numbers)
    except (OverflowError, ValueError) as bad:
        raise BadValue("outline_wrong") from bad
    if WEST <= lon <= EAST and SOUTH <= lat <= NORTH:
        return lon, lat
    if WEST <= lat <= EAST and SOUTH <= lon <= NORTH:
        raise BadValue("outline_swapped", first=f"{lon:g}", second=f"{lat:g}")
    raise BadValue("outline_outside", first=f"{lon:g}", second=f"{lat:g}")


def _turn(ring: Sequence[Point]) -> float:
    """Twice the signed area: above 0 counterclockwise."""
    # Taken from its first point on: degrees and metres of a small place are large numbers with small differences.
    x0, y0 = ring[0]
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairwise([*ring, ring[0]]))


def _spell_ring(ring: Ring) -> str:
    return "[" + ",".join(f"[{lon:.{PLACES}f},{lat:.{PLACES}f}]" for lon, lat in (*ring, ring[0])) + "]"
