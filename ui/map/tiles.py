"""Tiles that are painted already, and what stands in for one that isn't yet."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPixmap

from ui.map.view import STEP, TILE, WORLD, View

_KEPT = 900
"""Tiles that are kept: some ten windows full, 60 MB."""
_ABOVE = 8


@dataclass(frozen=True, slots=True)
class Tile:
    """The *column*-th from the west and *row*-th from the north at *level* notches of zoom."""

    level: int
    column: int
    row: int

    @property
    def zoom(self) -> float:
        return self.level * STEP

    @property
    def side(self) -> float:
        """Its width on the plane."""
        return side_at(self.level)

    @property
    def corner(self) -> tuple[float, float]:
        """Its left upper corner on the plane."""
        return self.column * self.side, self.row * self.side


Paint = Callable[[Tile], QPixmap | None]


class Tiles:
    """``Tiles(paint)``: *paint* makes one tile, or None where it will come later and `arrived` says so."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._held: OrderedDict[Tile, QPixmap] = OrderedDict()
        self._old: dict[Tile, QPixmap] = {}

    def forget(self) -> None:
        """What is held is no longer as it should be; until it is painted anew it may stand in."""
        self._old = dict(self._held) or self._old
        self._held.clear()

    def clear(self) -> None:
        """Nothing that is held means anything any more."""
        self._held.clear()
        self._old.clear()

    def arrived(self, tile: Tile, pixmap: QPixmap) -> None:
        """A tile came that was asked for before."""
        self._keep(tile, pixmap)

    def draw(self, painter: QPainter, view: View, budget: float) -> bool:
        """Draw what *view* sees, painting missing tiles for about *budget* seconds (one at least); whether all of them are there."""
        wanted = tiles_of(view)
        begun, longest = time.perf_counter(), 0.0
        for tile in wanted:
            if tile in self._held:
                continue
            before = time.perf_counter()
            if before - begun + longest > budget:
                break
            made = self._paint(tile)
            longest = max(longest, time.perf_counter() - before)
            if made is not None:
                self._keep(tile, made)
        whole = True
        for tile in wanted:
            there = self._held.get(tile)
            if there is not None:
                self._held.move_to_end(tile)
                _put(painter, view, tile, there)
            else:
                whole = False
                self._stand_in(painter, view, tile)
        if whole:
            self._old.clear()
        return whole

    def _keep(self, tile: Tile, pixmap: QPixmap) -> None:
        self._held[tile] = pixmap
        while len(self._held) > _KEPT:
            self._held.popitem(last=False)

    def _stand_in(self, painter: QPainter, view: View, tile: Tile) -> None:
        """The same ground from tiles of another zoom, or as it was."""
        old = self._old.get(tile)
        if old is not None:
            _put(painter, view, tile, old)
            return
        for held in (self._held, self._old):
            for up in range(1, _ABOVE):
                level = tile.level - up
                # Tiles of half a step don't lie in each other: up to four share the ground of a nearer one.
                side = side_at(level)
                left, top = tile.corner
                first = Tile(level, int(left / side), int(top / side))
                last = Tile(level, int((left + tile.side * 0.999) / side), int((top + tile.side * 0.999) / side))
                parts = [
                    Tile(level, column, row)
                    for column in range(first.column, last.column + 1)
                    for row in range(first.row, last.row + 1)
                ]
                if all(part in held for part in parts):
                    for part in parts:
                        _piece(painter, view, tile, part, held[part])
                    return


def side_at(level: int) -> float:
    """The width of a tile on the plane."""
    return float(TILE / WORLD * 2.0 ** -(level * STEP))


def tiles_of(view: View) -> list[Tile]:
    """The tiles that *view* sees, from its middle outwards."""
    level = round(view.zoom / STEP)
    side = side_at(level)
    left, top, right, bottom = view.bounds
    most = int(1 / side)
    found = [
        Tile(level, column, row)
        for column in range(max(int(left / side), 0), min(int(right / side), most) + 1)
        for row in range(max(int(top / side), 0), min(int(bottom / side), most) + 1)
    ]
    return sorted(found, key=lambda t: (t.column + 0.5 - view.x / side) ** 2 + (t.row + 0.5 - view.y / side) ** 2)


def edges_of(view: View, tile: Tile) -> Iterator[int]:
    """Left, top, right and bottom of a tile on the screen, in whole pixels so that neighbours meet."""
    left, top = view.screen(*tile.corner)
    right, bottom = view.screen(tile.corner[0] + tile.side, tile.corner[1] + tile.side)
    return iter((round(left), round(top), round(right), round(bottom)))


def _put(painter: QPainter, view: View, tile: Tile, pixmap: QPixmap) -> None:
    left, top, right, bottom = edges_of(view, tile)
    if right - left == TILE and bottom - top == TILE:
        painter.drawPixmap(left, top, pixmap)
    else:
        painter.drawPixmap(QRectF(left, top, right - left, bottom - top), pixmap, QRectF(pixmap.rect()))


def _piece(painter: QPainter, view: View, tile: Tile, part: Tile, pixmap: QPixmap) -> None:
    """Draw of *part*, which is wider, what lies on the ground of *tile*."""
    left = max(tile.corner[0], part.corner[0])
    top = max(tile.corner[1], part.corner[1])
    right = min(tile.corner[0] + tile.side, part.corner[0] + part.side)
    bottom = min(tile.corner[1] + tile.side, part.corner[1] + part.side)
    if right <= left or bottom <= top:
        return
    x, y = view.screen(left, top)
    far_x, far_y = view.screen(right, bottom)
    scale = pixmap.width() / part.side
    source = QRectF(
        (left - part.corner[0]) * scale, (top - part.corner[1]) * scale, (right - left) * scale, (bottom - top) * scale
    )
    painter.drawPixmap(QRectF(x, y, far_x - x, far_y - y), pixmap, source)
