"""Where a picture lies on the map's plane: turned, stretched evenly and shifted so that two known points fit. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.rules.mercator import plane
from app.schema.outline import Point

_LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Tie:
    """A point of the picture (pixels from its left upper corner) and where it is (degrees)."""

    across: float
    down: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Placing:
    """A pixel (x, y) lies on the plane at origin + turn * (x + y i), as complex numbers."""

    origin: complex
    turn: complex

    def plane(self, across: float, down: float) -> Point:
        """Where a pixel lies."""
        spot = self.origin + self.turn * complex(across, down)
        return spot.real, spot.imag


def placed(first: Tie, second: Tie, width: int, height: int) -> Placing | None:
    """The placing of a picture of *width* x *height* pixels by two ties; None where they are too close together to tell."""
    here, there = complex(first.across, first.down), complex(second.across, second.down)
    ground, far = complex(*plane(first.lon, first.lat)), complex(*plane(second.lon, second.lat))
    if abs(there - here) < _LEAST_SHARE * max(width, height) or abs(far - ground) < 1e-9:
        return None
    turn = (far - ground) / (there - here)
    return Placing(ground - turn * here, turn)
