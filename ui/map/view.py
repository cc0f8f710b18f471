"""What part of the plane is on the screen: a centre and a zoom, and the way between plane and pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from app.rules.mercator import metres

WORLD = 256
"""Pixels of the whole world at zoom 0, as everywhere that maps are cut into tiles."""
TILE = 128
"""Pixels of one of our tiles: small, so that a frame never waits long for one."""
LEAST_ZOOM, MOST_ZOOM = 4.0, 21.0
STEP = 0.5
"""Zoom of one notch of the wheel; tiles are painted for whole numbers of it."""
Bounds = tuple[float, float, float, float]
"""Left, top, right and bottom on the plane."""


@dataclass(frozen=True, slots=True)
class View:
    """*zoom* 0 shows the world in 256 px, each whole number more doubles it. Pixels are device-independent."""

    x: float = 0.5
    y: float = 0.5
    zoom: float = LEAST_ZOOM
    width: int = 1
    height: int = 1

    @property
    def scale(self) -> float:
        """Pixels to the width 1 of the plane."""
        return float(WORLD * 2.0**self.zoom)

    @property
    def bounds(self) -> Bounds:
        """What of the plane is seen."""
        wide, high = self.width / 2 / self.scale, self.height / 2 / self.scale
        return self.x - wide, self.y - high, self.x + wide, self.y + high

    def screen(self, x: float, y: float) -> tuple[float, float]:
        """The pixel of a place on the plane."""
        return (x - self.x) * self.scale + self.width / 2, (y - self.y) * self.scale + self.height / 2

    def plane(self, across: float, down: float) -> tuple[float, float]:
        """The place on the plane under a pixel."""
        return self.x + (across - self.width / 2) / self.scale, self.y + (down - self.height / 2) / self.scale

    def moved(self, across: float, down: float) -> View:
        """The view after the map was dragged by so many pixels."""
        return _there(self, self.x - across / self.scale, self.y - down / self.scale)

    def zoomed(self, steps: float, across: float | None = None, down: float | None = None) -> View:
        """*steps* notches nearer (or farther), around a pixel, else around the middle."""
        zoom = min(max(self.zoom + steps * STEP, LEAST_ZOOM), MOST_ZOOM)
        across = self.width / 2 if across is None else across
        down = self.height / 2 if down is None else down
        x, y = self.plane(across, down)
        near = replace(self, zoom=zoom)
        return _there(near, x - (across - self.width / 2) / near.scale, y - (down - self.height / 2) / near.scale)

    def resized(self, width: int, height: int) -> View:
        """The same place in another window."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def centred(self, x: float, y: float, zoom: float | None = None) -> View:
        """The view with a place in its middle."""
        return _there(replace(self, zoom=self.zoom if zoom is None else zoom), x, y)

    def fitted(self, bounds: Bounds, margin: int = 32, most: float = 18.5) -> View:
        """The view that shows all of *bounds*, at a zoom that tiles are painted for, no nearer than *most*."""
        left, top, right, bottom = bounds
        room = max(self.width - 2 * margin, 32), max(self.height - 2 * margin, 32)
        wide, high = max(right - left, 1e-9), max(bottom - top, 1e-9)
        zoom = math.log2(min(room[0] / wide, room[1] / high) / WORLD)
        steps = math.floor(min(zoom, most) / STEP + 1e-9)
        return self.centred((left + right) / 2, (top + bottom) / 2, max(steps * STEP, LEAST_ZOOM))

    def metres_per_pixel(self) -> float:
        """How much ground a pixel covers in the middle."""
        return metres(self.y) / self.scale


def _there(view: View, x: float, y: float) -> View:
    return replace(view, x=min(max(x, 0.0), 1.0), y=min(max(y, 0.0), 1.0))
