"""An outline while it is drawn: points set, moved, put in between and taken out, each step undone; in degrees, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.schema.outline import Outline, Point, area_m2, outline_of
from app.schema.values import BadValue

_UNDOS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One ring. ``open``: its end is still being drawn; ``hole``: it is cut out of the part before it."""

    points: tuple[Point, ...]
    open: bool = False
    hole: bool = False


Corner = tuple[int, int]
"""Which ring, and which of its points."""


class Sketch:
    """Begins empty, or with the outline that a grid has."""

    def __init__(self, outline: Outline = ()) -> None:
        rings = [Line(ring, hole=bool(at)) for part in outline for at, ring in enumerate(part)]
        self.lines: tuple[Line, ...] = tuple(rings) or (Line((), open=True),)
        self._before: list[tuple[Line, ...]] = []

    @property
    def drawing(self) -> bool:
        """Whether a ring is open: the next point goes to its end."""
        return any(line.open for line in self.lines)

    @property
    def changed(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._before)

    def propose(self, outline: Outline) -> None:
        """Begin with *outline*; undoing it leaves free ground."""
        self._set(Sketch(outline).lines)

    def add(self, point: Point) -> None:
        """Set the next point of the open ring."""
        at = self._open()
        if at is not None and (not self.lines[at].points or self.lines[at].points[-1] != point):
            self._put(at, (*self.lines[at].points, point))

    def close(self) -> bool:
        """End the open ring; False where it has fewer than three points."""
        at = self._open()
        if at is None:
            return True
        line = self.lines[at]
        if not line.points and len(self.lines) > 1:
            self._set(self.lines[:at] + self.lines[at + 1 :])
            return True
        if len(line.points) < 3:
            return False
        self._set((*self.lines[:at], replace(line, open=False), *self.lines[at + 1 :]))
        return True

    def begin_part(self) -> None:
        """Begin another piece of the same grid."""
        if not self.drawing:
            self._set((*self.lines, Line((), open=True)))

    def insert(self, corner: Corner, point: Point) -> Corner:
        """Put *point* in after *corner*; where it is now."""
        ring, at = corner
        points = self.lines[ring].points
        self._put(ring, (*points[: at + 1], point, *points[at + 1 :]))
        return ring, at + 1

    def move(self, corner: Corner, point: Point, *, first: bool = True) -> None:
        """Move one point; a drag is one step: *first* only at its beginning."""
        ring, at = corner
        points = self.lines[ring].points
        self._put(ring, (*points[:at], point, *points[at + 1 :]), keep=first)

    def remove(self, corner: Corner) -> bool:
        """Take a point out; False where a closed ring would keep fewer than three (its whole ring goes where there are others)."""
        ring, at = corner
        line = self.lines[ring]
        if not line.open and len(line.points) <= 3:
            if len(self.lines) == 1:
                return False
            # Holes follow the ring that they are cut out of.
            last = ring + 1
            while not line.hole and last < len(self.lines) and self.lines[last].hole:
                last += 1
            self._set(self.lines[:ring] + self.lines[last:])
            return True
        self._put(ring, line.points[:at] + line.points[at + 1 :])
        return True

    def undo(self) -> bool:
        """Take the last step back."""
        if not self._before:
            return False
        self.lines = self._before.pop()
        return True

    def parts(self) -> list[list[list[Point]]]:
        """The polygons as GeoJSON has them, open rings of three points and more counted as closed."""
        parts: list[list[list[Point]]] = []
        for line in self.lines:
            if len(line.points) < 3:
                continue
            if line.hole and parts:
                parts[-1].append(list(line.points))
            else:
                parts.append([list(line.points)])
        return parts

    def outline(self) -> Outline | None:
        """What is drawn so far; None while that is no outline."""
        try:
            return outline_of(self.parts(), most=None)
        except BadValue:
            return None

    def area_m2(self) -> float:
        """How large it is so far."""
        outline = self.outline()
        return area_m2(outline) if outline else 0.0

    def count(self) -> int:
        """How many points there are."""
        return sum(len(line.points) for line in self.lines)

    def draft(self) -> list[dict[str, Any]]:
        """As it is kept while it is being drawn."""
        return [{"points": [list(p) for p in line.points], "open": line.open, "hole": line.hole} for line in self.lines]

    @classmethod
    def of_draft(cls, kept: Sequence[dict[str, Any]]) -> Sketch:
        """What ``draft`` gave."""
        made = cls()
        lines = [
            Line(tuple((float(x), float(y)) for x, y in one["points"]), bool(one["open"]), bool(one["hole"]))
            for one in kept
        ]
        made.lines = tuple(lines) or made.lines
        return made

    def _open(self) -> int | None:
        return next((at for at, line in enumerate(self.lines) if line.open), None)

    def _put(self, ring: int, points: tuple[Point, ...], *, keep: bool = True) -> None:
        self._set((*self.lines[:ring], replace(self.lines[ring], points=points), *self.lines[ring + 1 :]), keep=keep)

    def _set(self, lines: tuple[Line, ...], *, keep: bool = True) -> None:
        if keep:
            self._before = [*self._before[-_UNDOS:], self.lines]
        self.lines = lines
