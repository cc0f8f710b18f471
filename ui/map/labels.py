"""Names on the map: which of them have room at a zoom, and their pictures, made once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from ui import theme
from ui.map.painting import shows_grids, shows_villages
from ui.map.scene import Scene, Shape
from ui.map.view import Bounds, View

_KEPT = 600
_CELL = 64
_BUDGET_S = 0.002


@dataclass(frozen=True, slots=True)
class _Look:
    size: str
    bold: bool
    token: str


_LOOKS = {
    "township": _Look("fs-16", True, "text"),
    "village": _Look("fs", True, "text"),
    "grid": _Look("fs-12", False, "text-2"),
}


class Labels:
    """Chooses names for somewhat more than is seen, and again when the view leaves that, so that none jumps while one pans."""

    def __init__(self) -> None:
        self._for: tuple[str, float, Bounds] | None = None
        self._chosen: list[Shape] = []
        self._wide: dict[tuple[str, str], float] = {}
        self._pictures: OrderedDict[tuple[str, str, float], QPixmap] = OrderedDict()

    def clear(self) -> None:
        """Another scene, or another look."""
        self._for = None
        self._wide.clear()
        self._pictures.clear()

    def draw(self, painter: QPainter, scene: Scene, view: View, focus: str, ratio: float) -> bool:
        """Draw the names that *view* has room for, what lies in *focus* first; False where some come with the next frame."""
        begun, whole = time.perf_counter(), True
        for shape in self._choose(scene, view, focus):
            across, down = view.screen(*shape.spot)
            if -100 <= across <= view.width + 100 and -20 <= down <= view.height + 20:
                if (shape.kind, shape.name, ratio) not in self._pictures and time.perf_counter() - begun > _BUDGET_S:
                    whole = False
                    continue
                picture = self._picture(shape.kind, shape.name, ratio)
                wide, high = picture.width() / ratio, picture.height() / ratio
                painter.drawPixmap(round(across - wide / 2), round(down - high / 2), picture)
        return whole

    def _choose(self, scene: Scene, view: View, focus: str) -> list[Shape]:
        left, top, right, bottom = view.bounds
        if self._for is not None and self._for[:2] == (focus, view.zoom):
            held = self._for[2]
            if held[0] <= left and held[1] <= top and right <= held[2] and bottom <= held[3]:
                return self._chosen
        wide, high = (right - left) / 2, (bottom - top) / 2
        around = (left - wide, top - high, right + wide, bottom + high)
        self._for = focus, view.zoom, around
        self._chosen = self._with_room(scene, view, focus, around)
        return self._chosen

    def _with_room(self, scene: Scene, view: View, focus: str, around: Bounds) -> list[Shape]:
        villages, grids = shows_villages(scene, view.scale), shows_grids(scene, view.scale)
        shown = {"township": not (villages and grids), "village": villages, "grid": grids}
        above = set(scene.way(focus)) if focus else set()
        wanted = []
        for rank, kind in enumerate(_LOOKS):
            if not shown[kind]:
                continue
            look = _LOOKS[kind]
            metrics = QFontMetricsF(theme.current().font(look.size, look.bold))
            high = metrics.height()
            for shape in scene.layers[kind].seen(around):
                room = (shape.bounds[2] - shape.bounds[0]) * view.scale
                # Whose ground fills the window needs no name: one stands in it.
                if room < high or (kind != "grid" and room > 1.3 * max(view.width, view.height)):
                    continue
                wide = self._wide.get((kind, shape.name))
                if wide is None:
                    wide = self._wide[kind, shape.name] = metrics.horizontalAdvance(shape.name) + 6
                if wide <= room * (1.05 if kind == "grid" else 1.6):
                    inside = not focus or shape.key in above or scene.lies_in(shape.key, focus)
                    wanted.append((not inside, rank, -shape.m2, shape.key, shape, wide, high))
        wanted.sort(key=lambda one: one[:4])
        return _apart([(one[4], one[5], one[6]) for one in wanted], view.scale)

    def _picture(self, kind: str, name: str, ratio: float) -> QPixmap:
        key = kind, name, ratio
        if key not in self._pictures:
            while len(self._pictures) >= _KEPT:
                self._pictures.popitem(last=False)
            self._pictures[key] = named(name, _LOOKS[kind], ratio)
        self._pictures.move_to_end(key)
        return self._pictures[key]


def _apart(wanted: Sequence[tuple[Shape, float, float]], scale: float) -> list[Shape]:
    """Those whose name doesn't cover one before it."""
    taken: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}
    found = []
    for shape, wide, high in wanted:
        x, y = shape.spot[0] * scale, shape.spot[1] * scale
        left, top, right, bottom = x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
        cells = [
            (column, row)
            for column in range(int(left) // _CELL, int(right) // _CELL + 1)
            for row in range(int(top) // _CELL, int(bottom) // _CELL + 1)
        ]
        others = (other for cell in cells for other in taken.get(cell, ()))
        if any(left < o[2] and o[0] < right and top < o[3] and o[1] < bottom for o in others):
            continue
        for cell in cells:
            taken.setdefault(cell, []).append((left, top, right, bottom))
        found.append(shape)
    return found


def named(name: str, style: _Look, ratio: float) -> QPixmap:
    """A picture of *name* with a rim in the colour of the ground, so that it is read over lines and photos."""
    look = theme.current()
    font = look.font(style.size, style.bold)
    metrics = QFontMetricsF(font)
    wide, high = metrics.horizontalAdvance(name) + 6, metrics.height() + 4
    picture = QPixmap(round(wide * ratio), round(high * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    path = QPainterPath()
    path.addText(QPointF(3, 2 + metrics.ascent()), font, name)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(
        path, QPen(look.colour("surface"), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.setFont(font)
    painter.setPen(look.colour(style.token))
    painter.drawText(QPointF(3, 2 + metrics.ascent()), name)
    painter.end()
    return picture
