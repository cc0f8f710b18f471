"""The plane that maps are drawn on: Web Mercator (EPSG:3857) scaled so that the whole world is the square from 0 to 1, north at 0."""

from __future__ import annotations

import math
from typing import Any

from app.schema.outline import Point

AROUND_M = 40_075_016.68557849
"""The equator of the Web Mercator sphere in metres: what the width 1 stands for there."""


def plane(lon: float, lat: float) -> Point:
    """Where a place in degrees lies on the plane."""
    return (lon + 180.0) / 360.0, 0.5 - math.asinh(math.tan(math.radians(lat))) / math.tau


def degrees(x: float, y: float) -> Point:
    """Longitude and latitude of a place on the plane."""
    return x * 360.0 - 180.0, math.degrees(math.atan(math.sinh((0.5 - y) * math.tau)))


def planes(pairs: Any) -> Any:
    """``plane`` for an array of (longitude, latitude)."""
    import numpy as np  # as below: 12 MB of memory in every program, of which most draw no map

    made = np.empty((len(pairs), 2))
    if len(pairs):
        pairs = np.asarray(pairs, dtype=float)
        made[:, 0] = (pairs[:, 0] + 180.0) / 360.0
        made[:, 1] = 0.5 - np.arcsinh(np.tan(np.radians(pairs[:, 1]))) / math.tau
    return made


def metres(y: float) -> float:
    """How many metres on the ground the width 1 of the plane is at the height *y*."""
    return AROUND_M / math.cosh((0.5 - y) * math.tau)


def all_degrees(places: Any) -> Any:
    """``degrees`` for an array of places."""
    import numpy as np

    return np.column_stack(
        [places[:, 0] * 360.0 - 180.0, np.degrees(np.arctan(np.sinh((0.5 - places[:, 1]) * math.tau)))]
    )
