"""Drawing an outline on the canvas: which point the mouse means, snapping to neighbours, keys, and how it looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from app.rules.mercator import degrees, plane
from app.schema.outline import PLACES, Point
from ui import theme
from ui.map.painting import ring_path
from ui.map.scene import Scene
from ui.map.sketch import Corner, Sketch
from ui.map.view import View

_HANDLE_PX = 9.0
_SNAP_PX = 10.0
_CORNER_PX = 4.0


class Drawing:
    """Turns what the mouse and the keys do into steps of a *sketch*; *told* hears of each, *ended* of Enter, *left* of Esc."""

    def __init__(
        self,
        sketch: Sketch,
        scene: Scene,
        grid: str,
        told: Callable[[], object],
        ended: Callable[[], object],
        left: Callable[[], object],
    ) -> None:
        self.sketch = sketch
        self._told, self._ended, self._left = told, ended, left
        self._corners = _neighbours(scene, grid)
        self._grip: Corner | None = None
        self._first = True
        self._mouse: QPointF | None = None
        self._picked: Corner | None = None

    @property
    def held(self) -> bool:
        """Whether the mouse holds a point."""
        return self._grip is not None

    # -- the mouse --------------------------------------------------------------------------------------------------------------

    def press(self, at: QPointF, view: View) -> None:
        """Take hold of the point under the mouse, or of a new one in the line under it."""
        self._first = True
        self._grip = self._corner(at, view)
        if self._grip is None and (edge := self._edge(at, view)) is not None:
            self._grip = self.sketch.insert(edge, self._point(at, view))
            self._first = False
            self._told()
        self._picked = self._grip

    def drag(self, at: QPointF, view: View) -> None:
        """Move the point that is held."""
        if self._grip is not None:
            self.sketch.move(self._grip, self._point(at, view), first=self._first)
            self._first = False

    def release(self, at: QPointF, view: View, *, dragged: bool) -> None:
        """Let go; a click on free ground sets the next point, one on the first point closes the ring."""
        grip, self._grip = self._grip, None
        if grip is not None:
            if not dragged and self._closes(grip):
                self.end()
                return
            self._told()
        elif not dragged and self.sketch.drawing:
            self.sketch.add(self._point(at, view))
            self._told()

    def hover(self, at: QPointF, view: View) -> None:
        """The mouse is here: the open line follows it."""
        self._mouse = at

    def end(self) -> None:
        """The ring is done."""
        if self.sketch.close():
            self._told()
            self._ended()

    # -- keys -------------------------------------------------------------------------------------------------------------------

    def wants(self, event: QKeyEvent) -> bool:
        """Keys that are the drawing's own before they are anybody's shortcut."""
        undo = event.key() == Qt.Key.Key_Z and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        return bool(undo) or event.key() in (
            Qt.Key.Key_Escape,
            Qt.Key.Key_Delete,
            Qt.Key.Key_Backspace,
            Qt.Key.Key_Space,
        )

    def key(self, event: QKeyEvent, view: View) -> bool:
        """Whether the key was one of drawing: Enter, Esc, Space, Delete, Ctrl+Z."""
        key, keys = event.key(), Qt.Key
        if key in (keys.Key_Return, keys.Key_Enter):
            self.end()
        elif key == keys.Key_Escape:
            self._left()
        elif key == keys.Key_Z and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.undo()
        elif key == keys.Key_Space and self.sketch.drawing:
            self.sketch.add(self._point(QPointF(view.width / 2, view.height / 2), view))
            self._told()
        elif key in (keys.Key_Delete, keys.Key_Backspace):
            self._remove()
        else:
            return False
        return True

    def undo(self) -> None:
        """Take the last step back."""
        if self.sketch.undo():
            self._picked = self._grip = None
            self._told()

    def _remove(self) -> None:
        corner = self._picked
        if corner is None and self.sketch.drawing:
            ring = next(at for at, line in enumerate(self.sketch.lines) if line.open)
            corner = (ring, len(self.sketch.lines[ring].points) - 1) if self.sketch.lines[ring].points else None
        if corner is not None and self.sketch.remove(corner):
            self._picked = None
            self._told()

    # -- where ------------------------------------------------------------------------------------------------------------------

    def _corner(self, at: QPointF, view: View) -> Corner | None:
        best: tuple[float, Corner] | None = None
        for ring, line in enumerate(self.sketch.lines):
            for number, point in enumerate(line.points):
                x, y = view.screen(*plane(*point))
                away = max(abs(x - at.x()), abs(y - at.y()))
                if away <= _HANDLE_PX and (best is None or away < best[0]):
                    best = away, (ring, number)
        return best[1] if best else None

    def _edge(self, at: QPointF, view: View) -> Corner | None:
        """The corner after which the line passes under the mouse."""
        for ring, line in enumerate(self.sketch.lines):
            spots = [view.screen(*plane(*point)) for point in line.points]
            ends = spots[1:] if line.open else [*spots[1:], *spots[:1]]
            for number, (one, other) in enumerate(zip(spots, ends, strict=False)):
                if _away(at, one, other) <= _HANDLE_PX * 0.7:
                    return ring, number
        return None

    def _closes(self, corner: Corner) -> bool:
        line = self.sketch.lines[corner[0]]
        return line.open and corner[1] == 0 and len(line.points) >= 3

    def _point(self, at: QPointF, view: View) -> Point:
        """The degrees under the mouse, or of a neighbour's corner close by: then two borders are one."""
        x, y = view.plane(at.x(), at.y())
        reach = _SNAP_PX / view.scale
        if len(self._corners):
            away = np.abs(self._corners - (x, y)).max(axis=1)
            nearest = int(away.argmin())
            if away[nearest] <= reach:
                x, y = self._corners[nearest]
        lon, lat = degrees(float(x), float(y))
        return round(lon, PLACES), round(lat, PLACES)

    # -- look -------------------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, view: View) -> None:
        """The rings with their corners, and the line that is being drawn."""
        look = theme.current()
        for ring, line in enumerate(self.sketch.lines):
            spots = [view.screen(*plane(*point)) for point in line.points]
            if not spots:
                continue
            path = ring_path(spots, closed=not line.open)
            if len(spots) > 2:
                ground = look.colour("primary")
                ground.setAlpha(36)
                painter.fillPath(path, ground)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.colour("primary"), 2))
            painter.drawPath(path)
            if line.open and self._mouse is not None:
                painter.setPen(QPen(look.colour("primary"), 1.5, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(*spots[-1]), self._mouse)
            for number, spot in enumerate(spots):
                picked = (ring, number) == self._picked
                painter.setPen(QPen(look.colour("primary"), 2))
                painter.setBrush(look.colour("primary" if picked or (line.open and number == 0) else "surface"))
                painter.drawEllipse(QPointF(*spot), _CORNER_PX, _CORNER_PX)


def _neighbours(scene: Scene, grid: str) -> Any:
    """The corners of all other grids."""
    others = [shape.geometry for shape in scene.layers["grid"].shapes if shape.key != grid]
    return shapely.get_coordinates(others) if others else np.empty((0, 2))


def _away(at: QPointF, one: Sequence[float], other: Sequence[float]) -> float:
    """How far a pixel is from the line between two others."""
    across, down = other[0] - one[0], other[1] - one[1]
    length = across * across + down * down
    part = ((at.x() - one[0]) * across + (at.y() - one[1]) * down) / length if length else 0.0
    part = min(max(part, 0.0), 1.0)
    return float(np.hypot(at.x() - one[0] - part * across, at.y() - one[1] - part * down))
