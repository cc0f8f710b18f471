"""What is painted under the grids: a placed picture, or the tiles of a file fetched in the lane."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap, QTransform

from app.rules.mercator import plane
from app.rules.placing import Placing
from app.services.underlays import Picture, Tiles
from app.store.tile_file import TileFile
from ui import theme
from ui.jobs import Jobs
from ui.map.view import WORLD, Bounds

Square = tuple[int, int, int]
"""Zoom, column from the west, row from the north."""
_KEPT = 300
_LEAST_SIDE = 512


class Beneath:
    """Nothing: what every underlay can do."""

    def ready(self, bounds: Bounds, zoom: float) -> bool:
        """Whether everything for *bounds* is at hand; what isn't is fetched, and whoever was given to the underlay is told."""
        return True

    def draw(self, painter: QPainter, bounds: Bounds, scale: float) -> None:
        """Draw it; the painter's origin is the left upper corner of *bounds*, *scale* are pixels to the width of the plane."""

    def bounds(self) -> Bounds | None:
        """What it covers."""
        return None


def laid_over(beneath: Beneath, image: QImage, bounds: Bounds, scale: float, ratio: float) -> QPixmap:
    """*image* (of the device's pixels, *ratio* to one of ours) over what lies beneath it within *bounds*; *scale* as in ``Beneath.draw``."""
    made = QPixmap(image.size())
    made.fill(theme.current().colour("surface"))
    painter = QPainter(made)
    painter.save()
    painter.scale(ratio, ratio)
    beneath.draw(painter, bounds, scale)
    painter.restore()
    painter.drawImage(0, 0, image)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


class PictureBeneath(Beneath):
    """A picture in several sizes, each half of the one before, so that a far view needn't read all of it."""

    def __init__(self, sizes: Sequence[QImage], placing: Placing) -> None:
        self._sizes, self._placing = sizes, placing

    def draw(self, painter: QPainter, bounds: Bounds, scale: float) -> None:
        turn, origin = self._placing.turn * scale, self._placing.origin
        which = min(max(int(-math.log2(max(abs(turn), 1e-9))), 0), len(self._sizes) - 1)
        turn *= self._sizes[0].width() / self._sizes[which].width()
        x, y = (origin.real - bounds[0]) * scale, (origin.imag - bounds[1]) * scale
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(QTransform(turn.real, turn.imag, -turn.imag, turn.real, x, y), True)
        painter.drawImage(0, 0, self._sizes[which])
        painter.restore()

    def bounds(self) -> Bounds | None:
        whole = self._sizes[0]
        corners = [self._placing.plane(x, y) for x in (0, whole.width()) for y in (0, whole.height())]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)


class TilesBeneath(Beneath):
    """Tiles of a file; *told* hears that some have come."""

    def __init__(self, tiles: Tiles, jobs: Jobs, told: Callable[[], object], first: TileFile | None = None) -> None:
        self._path, self._jobs, self._told = tiles.path, jobs, told
        # Opened in the lane, and used there only.
        self._file = first
        self._held: OrderedDict[Square, QImage | None] = OrderedDict()
        self._asked: set[Square] = set()
        self._least, self._most = (first.least, first.most) if first else (0, 22)
        self._edges = first.bounds if first else None

    def ready(self, bounds: Bounds, zoom: float) -> bool:
        wanted = self._squares(bounds, zoom)
        missing = [one for one in wanted if one not in self._held]
        fresh = [one for one in missing if one not in self._asked]
        if fresh:
            self._asked.update(fresh)
            self._jobs.run(lambda: self._fetch(fresh), self._on_fetched)
        return not missing

    def draw(self, painter: QPainter, bounds: Bounds, scale: float) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for square in self._squares(bounds, math.log2(scale / WORLD)):
            image = self._held.get(square)
            if image is not None:
                self._held.move_to_end(square)
                zoom, column, row = square
                side = 2.0**-zoom * scale
                left, top = column * side - bounds[0] * scale, row * side - bounds[1] * scale
                painter.drawImage(QRectF(left, top, side, side), image)
        painter.restore()

    def bounds(self) -> Bounds | None:
        if self._edges is None:
            return None
        west, south, east, north = self._edges
        left, top = plane(west, north)
        right, bottom = plane(east, south)
        return left, top, right, bottom

    def _squares(self, bounds: Bounds, zoom: float) -> list[Square]:
        level = min(max(math.ceil(zoom - 0.3), self._least), self._most)
        if level > zoom + 2.5:
            return []  # so far away hundreds of them would make one of ours
        count = 1 << level
        left, top, right, bottom = (edge * count for edge in bounds)
        return [
            (level, column, row)
            for column in range(max(math.floor(left), 0), min(math.ceil(right), count))
            for row in range(max(math.floor(top), 0), min(math.ceil(bottom), count))
        ]

    def _fetch(self, wanted: Sequence[Square]) -> list[tuple[Square, QImage | None]]:
        if self._file is None:
            self._file = TileFile.open(self._path)
        found: list[tuple[Square, QImage | None]] = []
        for square in wanted:
            content = self._file.tile(*square)
            image = QImage.fromData(content) if content else None
            found.append((square, None if image is None or image.isNull() else image))
        return found

    def _on_fetched(self, found: Sequence[tuple[Square, QImage | None]]) -> None:
        for square, image in found:
            self._held[square] = image
            self._asked.discard(square)
        while len(self._held) > _KEPT:
            self._held.popitem(last=False)
        self._told()


def picture_sizes(picture: Picture) -> list[QImage]:
    """The picture and its smaller sizes; for the lane."""
    whole = QImage.fromData(picture.content).convertToFormat(QImage.Format.Format_RGB32)
    sizes = [whole]
    while not whole.isNull() and max(sizes[-1].width(), sizes[-1].height()) > _LEAST_SIDE:
        half = sizes[-1].size() / 2
        sizes.append(
            sizes[-1].scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        )
    return sizes
