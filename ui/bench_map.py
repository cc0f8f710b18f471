"""`township bench map`: frames of the map while one pans and zooms, beside a plain QGraphicsScene with the same things in the same run."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView, QWidget

from app.services.maps import GridOn, Ground
from app.store.located import Located
from ui import theme
from ui.map.canvas import MapCanvas
from ui.map.painting import polygon
from ui.map.scene import Scene, prepare, rings
from ui.map.view import View

_SIZE = (1000, 660)
"""What is left of a window of 1366 x 768 beside navigation, tree and card."""
_FRAME_MS = 1000 / 60
_CELL = 0.006
_DAY = "2026-09-18"


def bench_map(grids: int = 2500, dwellings: int = 50_000) -> list[dict[str, Any]]:
    """Milliseconds a frame, ours and the peer's: by the clock and by the processor (what an idle machine would show), p50 and p99,
    frames a second at p99 of the processor's, and the share of frames that needed more than a sixtieth of a second of it.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app)
    ground = county(grids, dwellings)
    begun = time.perf_counter()
    scene = prepare(ground, _DAY)
    seconds = time.perf_counter() - begun
    found = []
    # The peer needs a fifth of a second for a frame: of its frames every fifteenth is enough to tell.
    for name, made, every in (("map", _ours, 1), ("graphics_scene", _theirs, 15)):
        widget, show = made(scene)
        widget.resize(*_SIZE)
        widget.show()
        QCoreApplication.processEvents()
        for work, views in (("pan", pans), ("zoom", zooms)):
            found.append({"canvas": name, "work": work, **_frames(widget, show, views(scene), every)})
        widget.close()
        widget.deleteLater()
    held = {"grids": len(scene.layers["grid"].shapes), "dwellings": len(scene.dots.ids)}
    return [{**held, "prepare_s": round(seconds, 2), **one} for one in found]


def _frames(widget: QWidget, show: Callable[[View], object], views: Iterator[View], every: int) -> dict[str, Any]:
    painted = widget.viewport() if isinstance(widget, QGraphicsView) else widget
    clock, worked = [], []
    for number, view in enumerate(views):
        if number % every:
            continue
        begun, busy = time.perf_counter(), time.thread_time()
        show(view)
        painted.repaint()
        clock.append((time.perf_counter() - begun) * 1000)
        worked.append((time.thread_time() - busy) * 1000)
    clock.sort()
    worked.sort()
    p99 = _at(worked, 0.99)
    return {
        "frames": len(clock),
        "p50_ms": round(_at(clock, 0.5), 1),
        "p99_ms": round(_at(clock, 0.99), 1),
        "cpu_p50_ms": round(_at(worked, 0.5), 1),
        "cpu_p99_ms": round(p99, 1),
        "fps_p99": round(1000 / p99),
        "missed_60": round(sum(one > _FRAME_MS for one in worked) / len(worked), 4),
    }


def _at(held: list[float], share: float) -> float:
    return held[min(int(len(held) * share), len(held) - 1)]


def pans(scene: Scene) -> Iterator[View]:
    """A hand that drags the map about, at the county, at villages, at grids and at houses: 24 px a frame."""
    assert scene.bounds is not None
    whole = View(width=_SIZE[0], height=_SIZE[1]).fitted(scene.bounds)
    for nearer in (0.0, 1.5, 3.0, 4.5, 6.0):
        view = whole.centred(whole.x, whole.y, whole.zoom + nearer)
        for across, down in ((24, 0), (0, 24), (-24, 10), (10, -24)):
            for _ in range(40):
                view = view.moved(across, down)
                yield view


def zooms(scene: Scene) -> Iterator[View]:
    """The wheel from the county down to a house and back, a notch every sixth frame, the map moving a little meanwhile."""
    assert scene.bounds is not None
    view = View(width=_SIZE[0], height=_SIZE[1]).fitted(scene.bounds)
    for _ in range(3):
        for steps in (*([1] * 13), *([-1] * 13)):
            view = view.zoomed(steps, _SIZE[0] * 0.6, _SIZE[1] * 0.4)
            for _ in range(6):
                view = view.moved(3, 2)
                yield view


def _ours(scene: Scene) -> tuple[QWidget, Callable[[View], object]]:
    canvas = MapCanvas()
    canvas.show_scene(scene)
    return canvas, canvas.show_view


def _theirs(scene: Scene) -> tuple[QWidget, Callable[[View], object]]:
    """The same outlines, dwellings and names as items of Qt's own scene, with its index."""
    look = theme.current()
    scale = 2.0**28  # a scene in numbers near 1 would be lost in its index
    origin = (scene.bounds or (0.0, 0.0))[:2]
    held = QGraphicsScene()
    for kind, token in (("grid", "input-line"), ("village", "text-3"), ("township", "text-2")):
        pen = QPen(look.colour(token), 1.0)
        pen.setCosmetic(True)
        for shape in scene.layers[kind].shapes:
            path = QPainterPath()
            for ring in rings(shape.geometry):
                path.addPolygon(polygon((ring - origin) * scale))
            brush = look.colour("blue-ground") if kind == "grid" else Qt.BrushStyle.NoBrush
            held.addPath(path, pen, brush)
    for x, y in (scene.dots.places - origin) * scale:
        dot = held.addEllipse(QRectF(-2, -2, 4, 4), QPen(Qt.PenStyle.NoPen), look.colour("text-2"))
        dot.setPos(x, y)
        dot.setFlag(dot.GraphicsItemFlag.ItemIgnoresTransformations)
    for shape in scene.layers["grid"].shapes:
        name = held.addSimpleText(shape.name, look.font("fs-12"))
        name.setPos((shape.spot[0] - origin[0]) * scale, (shape.spot[1] - origin[1]) * scale)
        name.setFlag(name.GraphicsItemFlag.ItemIgnoresTransformations)
    view = QGraphicsView(held)
    held.setParent(view)
    view.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)

    def show(wanted: View) -> None:
        view.resetTransform()
        view.scale(wanted.scale / scale, wanted.scale / scale)
        view.centerOn(QPointF((wanted.x - origin[0]) * scale, (wanted.y - origin[1]) * scale))

    return view, show


def county(grids: int, dwellings: int, seed: int = 1) -> Ground:
    """A made-up county of so many grids with borders that wind and are shared, 25 grids a village, houses in heaps."""
    chance = random.Random(seed)  # noqa: S311 - the same county each time
    side = max(5, round(grids**0.5))
    corners = {
        (i, j): (102 + (i + chance.uniform(-0.3, 0.3)) * _CELL, 25 + (j + chance.uniform(-0.3, 0.3)) * _CELL)
        for i in range(side + 1)
        for j in range(side + 1)
    }
    borders: dict[tuple[Any, Any], list[tuple[float, float]]] = {}

    def border(a: tuple[int, int], b: tuple[int, int]) -> list[tuple[float, float]]:
        low, high = min(a, b), max(a, b)
        if (low, high) not in borders:
            (x0, y0), (x1, y1) = corners[low], corners[high]
            borders[low, high] = [
                (
                    x0 + (x1 - x0) * t / 10 + chance.uniform(-0.03, 0.03) * _CELL * (0 < t < 10),
                    y0 + (y1 - y0) * t / 10 + chance.uniform(-0.03, 0.03) * _CELL * (0 < t < 10),
                )
                for t in range(11)
            ]
        line = borders[low, high]
        return line if a < b else line[::-1]

    areas = [{"code": "990001000000", "name": "云岭县", "level": "county", "parent": ""}]
    made = []
    for i in range(side):
        for j in range(side):
            town = f"9900011{i // 20:01}{j // 20:01}000"
            village = f"{town[:9]}{200 + i // 5 % 4 * 10 + j // 5 % 4}"
            for code, name, level, parent in (
                (town, f"第{i // 20 + 1}{j // 20 + 1}镇", "township", areas[0]["code"]),
                (village, f"{i // 5 + 1}{j // 5 + 1}村", "village", town),
            ):
                if code not in {area["code"] for area in areas}:
                    areas.append({"code": code, "name": name, "level": level, "parent": parent})
            ring = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            line = [point for a, b in zip(ring, [*ring[1:], ring[0]], strict=True) for point in border(a, b)[:-1]]
            outline = json.dumps({"type": "Polygon", "coordinates": [[*line, line[0]]]})
            made.append(GridOn(f"g{i}-{j}", f"第{j % 5 * 5 + i % 5 + 1}网格", "", village, "general", outline))
    heaps = [
        (102 + chance.random() * side * _CELL, 25 + chance.random() * side * _CELL) for _ in range(side * side // 2)
    ]
    lons, lats = [], []
    for _ in range(dwellings):
        lon, lat = chance.choice(heaps)
        lons.append(lon + chance.gauss(0, 0.15) * _CELL)
        lats.append(lat + chance.gauss(0, 0.15) * _CELL)
    ids = tuple(f"d{number}" for number in range(dwellings))
    owners = tuple(chance.choice(made).id for _ in ids)
    return Ground(tuple(areas), tuple(made), Located(ids, tuple(lons), tuple(lats), owners, ("",) * dwellings))
