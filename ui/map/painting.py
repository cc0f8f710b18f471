"""How the scene looks: ground, borders and dwellings painted into one tile, by how near one is and which place is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shiboken6
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from ui import theme
from ui.map.scene import Scene, Shape, rings
from ui.map.view import TILE, WORLD, Bounds

_GROUNDS = ("blue-ground", "green-ground", "orange-ground", "violet-ground", "grey-ground")
_INKS = ("blue", "green", "orange", "violet", "grey")
# Below so many pixels grids are a texture that says nothing: villages are shown.
_LEAST_GRID_PX = 18.0
_LEAST_VILLAGE_PX = 14.0
_MANY = 60


@dataclass(frozen=True, slots=True)
class DotSize:
    """From which zoom on dwellings are of this *radius*, and those in one square of *cell* pixels are one dot."""

    zoom: float
    radius: float
    cell: int
    counted: bool = False


DOTS = (
    DotSize(17.0, 5.0, 16, True),
    DotSize(15.5, 3.5, 8),
    DotSize(14.0, 2.2, 4),
    DotSize(12.0, 1.4, 2),
    DotSize(0.0, 0.9, 2),
)


_MARGIN = max(size.cell for size in DOTS)


def dots_at(zoom: float) -> DotSize:
    """How dwellings look at *zoom*."""
    return next(size for size in DOTS if zoom >= size.zoom)


def shows_grids(scene: Scene, scale: float) -> bool:
    """Whether grids are large enough at *scale* (pixels to the width of the plane) to be told apart."""
    return scene.layers["grid"].width * scale >= _LEAST_GRID_PX


def shows_villages(scene: Scene, scale: float) -> bool:
    """Whether villages are."""
    return scene.layers["village"].width * scale >= _LEAST_VILLAGE_PX


class Paths:
    """Outlines as the painter takes them, made when they are first seen; in the plane's measure from one *origin* on."""

    def __init__(self, origin: tuple[float, float]) -> None:
        self.origin = np.array(origin)
        self._made: dict[tuple[str, int], QPainterPath] = {}

    def of(self, shape: Shape, zoom: float, seen: Bounds) -> tuple[QPainterPath, QPainterPath]:
        """The ground of *shape* and its border, as much of them as will do at *zoom* for what is *seen*; the same path where they are one."""
        detail, geometry = shape.detail(zoom)
        left, top, right, bottom = shape.bounds
        if (right - left) > 2 * (seen[2] - seen[0]) or (bottom - top) > 2 * (seen[3] - seen[1]):
            # Most of it lies outside: the painter would stroke all of that before throwing it away.
            return self._path(rings(shapely.clip_by_rect(geometry, *seen))), self._path(
                [
                    shapely.get_coordinates(one)
                    for one in shapely.get_parts(shapely.clip_by_rect(geometry.boundary, *seen))
                ]
            )
        key = (shape.key, detail)
        if key not in self._made:
            self._made[key] = self._path(rings(geometry) or rings(shape.geometry))
        return self._made[key], self._made[key]

    def _path(self, lines: Sequence[Any]) -> QPainterPath:
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        for line in lines:
            path.addPolygon(polygon(line - self.origin))
        return path


def polygon(points: Any) -> QPolygonF:
    """An array of (x, y) as Qt has it, copied in one go."""
    made = QPolygonF()
    made.resize(len(points))
    if len(points):
        held = shiboken6.VoidPtr(made.data(), 16 * len(points), True)
        np.frombuffer(held, dtype=np.float64).reshape(-1, 2)[:] = points
    return made


@dataclass(frozen=True, slots=True)
class Style:
    """What a tile depends on beside its place: *focus* is the key of the place looked at, *clear* lets a picture beneath shine through."""

    focus: str = ""
    clear: bool = False
    strays: bool = True


def paint_tile(
    scene: Scene, paths: Paths, style: Style, zoom: float, corner: tuple[float, float], ratio: float = 1.0
) -> QImage:
    """The tile whose left upper corner is at *corner* on the plane, at *zoom*; *ratio*: pixels of the screen to one of ours."""
    left, top = corner
    scale = WORLD * 2.0**zoom
    side, edge = TILE / scale, 4 / scale
    seen = (left - edge, top - edge, left + side + edge, top + side + edge)
    kind = QImage.Format.Format_ARGB32_Premultiplied if style.clear else QImage.Format.Format_RGB32
    image = QImage(round(TILE * ratio), round(TILE * ratio), kind)
    image.fill(Qt.GlobalColor.transparent if style.clear else theme.current().colour("surface"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale * ratio, scale * ratio)
    painter.translate(paths.origin[0] - left, paths.origin[1] - top)
    grids = shows_grids(scene, scale)
    ground = scene.layers["grid" if grids else "village" if shows_villages(scene, scale) else "township"]
    _grounds(painter, scene, paths, style, zoom, seen, ground.seen(seen))
    if grids:
        _borders(painter, paths, zoom, seen, scene.layers["village"].seen(seen), "text-3", 1.6 * ratio)
    if shows_villages(scene, scale):
        _borders(painter, paths, zoom, seen, scene.layers["township"].seen(seen), "text-2", 2.2 * ratio)
    painter.resetTransform()
    _dots(painter, image, scene, style, zoom, corner, scale, ratio)
    painter.end()
    return image


def _grounds(
    painter: QPainter,
    scene: Scene,
    paths: Paths,
    style: Style,
    zoom: float,
    seen: Bounds,
    shapes: Sequence[Shape],
) -> None:
    look = theme.current()
    away = _faded(look.colour("surface-2"), 48 if style.clear else 255)
    fills = [_faded(look.colour(token), 84 if style.clear else 255) for token in _GROUNDS]
    above = set(scene.way(style.focus)) if style.focus else set()
    for shape in sorted(shapes, key=lambda one: one.within):
        inside = not style.focus or shape.key in above or scene.lies_in(shape.key, style.focus)
        line = QPen(look.colour("input-line" if inside else "line-2"), 1.0)
        line.setCosmetic(True)
        if shape.within:
            line.setStyle(Qt.PenStyle.DashLine)
            line.setColor(look.colour(_INKS[shape.hue]))
        ground, border = paths.of(shape, zoom, seen)
        brush = Qt.BrushStyle.NoBrush if shape.within else QBrush(fills[shape.hue] if inside else away)
        if ground is border:
            painter.setPen(line)
            painter.setBrush(brush)
            painter.drawPath(ground)
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawPath(ground)
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(border)


def _borders(
    painter: QPainter, paths: Paths, zoom: float, seen: Bounds, shapes: Sequence[Shape], token: str, width: float
) -> None:
    line = QPen(theme.current().colour(token), width)
    line.setCosmetic(True)
    line.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(line)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shape in shapes:
        painter.drawPath(paths.of(shape, zoom, seen)[1])


def _dots(
    painter: QPainter,
    image: QImage,
    scene: Scene,
    style: Style,
    zoom: float,
    corner: tuple[float, float],
    scale: float,
    ratio: float,
) -> None:
    dots, size = scene.dots, dots_at(zoom)
    # Whole squares of every size: what lies across the edge of two tiles is gathered the same in both.
    margin, side = _MARGIN / scale, TILE / scale
    inside = dots.seen((corner[0] - margin, corner[1] - margin, corner[0] + side + margin, corner[1] + side + margin))
    if not len(inside):
        return
    pixels = (dots.places[inside] - corner) * scale
    spots, counts, odd = gathered(pixels, dots.strays[inside] & style.strays, size.cell)
    alone = counts == 1 if size.counted else np.ones(len(counts), dtype=bool)
    look = theme.current()
    # What lies elsewhere than entered is told by its size as well.
    for which, token, radius in ((~odd, "text-2", size.radius), (odd, "orange", size.radius * 1.6 + 0.6)):
        chosen = spots[which & alone] * ratio
        if len(chosen) > _MANY or radius <= 1.5:
            _stamp(image, chosen, radius * ratio, look.colour(token), look.colour("surface"))
        else:
            for colour, width in ((look.colour("surface"), radius * 2 + 2), (look.colour(token), radius * 2)):
                painter.setPen(_round(colour, width * ratio))
                painter.drawPoints(polygon(chosen))
    painter.scale(ratio, ratio)
    for at in np.flatnonzero(~alone):
        _counted(painter, spots[at], int(counts[at]), bool(odd[at]))


def _stamp(image: QImage, spots: Any, radius: float, ink: QColor, rim: QColor) -> None:
    """Put a round dot at each of *spots* (pixels of the image); into its bytes, for thousands of them take the painter too long."""
    if not len(spots):
        return
    width, height = image.width(), image.height()
    # The bytes of a pixel as they lie in memory: blue, green, red, alpha.
    bytes_ = np.frombuffer(image.bits(), dtype=np.uint8).reshape(height, image.bytesPerLine() // 4, 4)
    columns, rows = (np.floor(spots[:, axis]).astype(int) for axis in (0, 1))
    rimmed = radius > 3
    for colour, reach in ((rim, radius + 1.0), (ink, radius)) if rimmed else ((ink, radius),):
        own = np.array([colour.blue(), colour.green(), colour.red(), 255], dtype=np.float32)
        out = int(np.ceil(reach))
        for down in range(-out, out + 1):
            for across in range(-out, out + 1):
                cover = min(max(reach + 0.5 - float(np.hypot(across, down)), 0.0), 1.0)
                if cover <= 0:
                    continue
                x, y = columns + across, rows + down
                kept = (x >= 0) & (x < width) & (y >= 0) & (y < height)
                x, y = x[kept], y[kept]
                if cover >= 1:
                    bytes_[y, x] = own
                else:
                    bytes_[y, x] = bytes_[y, x] * (1 - cover) + own * cover


def gathered(pixels: Any, strays: Any, cell: int) -> tuple[Any, Any, Any]:
    """Dots in one square of *cell* pixels made one: their middle, how many they are, whether a stray is among them."""
    squares = np.floor(pixels / cell).astype(np.int64)
    keys = squares[:, 0] * 1_000_003 + squares[:, 1]
    _, back, counts = np.unique(keys, return_inverse=True, return_counts=True)
    spots = np.column_stack([np.bincount(back, weights=pixels[:, axis]) for axis in (0, 1)]) / counts[:, None]
    odd = np.bincount(back, weights=strays) > 0
    return spots, counts, odd


def _counted(painter: QPainter, spot: Any, count: int, odd: bool) -> None:
    """A round plate with the number of dwellings at one place."""
    look = theme.current()
    words = str(count) if count < 1000 else "999+"
    painter.setFont(look.font("fs-12", bold=True))
    wide = max(painter.fontMetrics().horizontalAdvance(words) + 8, look.px("chip") - 4)
    high = look.px("chip") - 4
    plate = QRectF(spot[0] - wide / 2, spot[1] - high / 2, wide, high)
    painter.setPen(QPen(look.colour("surface"), 1.5))
    painter.setBrush(look.colour("orange" if odd else "text-2"))
    painter.drawRoundedRect(plate, high / 2, high / 2)
    painter.setPen(look.colour("surface"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def _round(colour: QColor, width: float) -> QPen:
    return QPen(QBrush(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)


def _faded(colour: QColor, alpha: int) -> QColor:
    faded = QColor(colour)
    faded.setAlpha(alpha)
    return faded


def ring_path(points: Sequence[tuple[float, float]], *, closed: bool) -> QPainterPath:
    """A line through screen points."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(*point) for point in points]))
    if closed and points:
        path.closeSubpath()
    return path


def overlaps(first: Bounds, second: Bounds) -> bool:
    """Whether two rectangles share anything."""
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
