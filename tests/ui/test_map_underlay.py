"""A picture or tiles under the map: picked, placed by two points, painted where they belong, taken away."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from app.rules.mercator import plane
from app.rules.placing import Tie
from app.schema.outline import outline_of
from app.services.maps import Drawn
from tests.services.test_underlays import mbtiles, picture, tile
from tests.ui.offices import desk, open_desk
from ui.pages.map import MapPage
from ui.pages.map_underlay import MapUnderlayPage, read_degrees

__all__ = ["desk", "open_desk"]


@pytest.fixture
def page(desk):
    grid = desk.make("grid", name="第一网格")
    outline = outline_of([[[[102, 25], [102.01, 25], [102.01, 25.01], [102, 25.01]]]])
    desk.office.maps.keep(Drawn(grid, outline))
    made = MapPage(desk.office, desk.jobs)
    desk.qtbot.addWidget(made)
    made.gone, made.told = [], []
    made.go.connect(lambda name, args: made.gone.append((name, args)))
    made.said.connect(lambda words, _undo: made.told.append(words))
    made.resize(1190, 720)
    made.show()
    made.opened({})
    desk.settle()
    return made


def colour(desk, page, lon, lat):
    """What is painted at a place, once every tile is there."""
    desk.qtbot.waitUntil(lambda: page.canvas.whole, timeout=60_000)
    desk.settle()
    page.canvas.repaint()
    desk.qtbot.waitUntil(lambda: page.canvas.whole, timeout=60_000)
    across, down = page.canvas.view.screen(*plane(lon, lat))
    return QColor(page.canvas.grab().toImage().pixelColor(QPoint(round(across), round(down))))


def test_a_picture_is_picked_placed_and_painted_under_the_grids(desk, page, tmp_path):
    before = colour(desk, page, 102.003, 25.003)
    page.ground.pick = lambda *_asked: str(picture(tmp_path / "航拍.png"))
    page.ground.lay_picture()
    desk.settle()
    assert page.gone[-1] == ("map_underlay", {})
    placing = MapUnderlayPage(desk.office, desk.jobs)
    desk.qtbot.addWidget(placing)
    gone = []
    placing.go.connect(lambda name, args: gone.append((name, args)))
    placing.resize(1100, 700)
    placing.show()
    placing.opened({})
    desk.settle()
    frame = placing.picture._frame()
    for field, at, degrees in zip(
        placing.degrees, (frame.topLeft(), frame.bottomRight()), ("102.0, 25.01", "经度102.01 纬度25.0"), strict=True
    ):
        field.setFocus()
        field.setText(degrees)
        spot = at.toPoint()
        spot += QPoint(2, 2) if at == frame.topLeft() else QPoint(-2, -2)
        desk.qtbot.mouseClick(placing.picture, Qt.MouseButton.LeftButton, pos=spot)
    assert placing.hint.text() == ""
    placing.place()
    desk.settle()
    assert gone == [("map", {"underlay": "new"})]
    page.opened(gone[0][1])
    desk.settle()
    after = colour(desk, page, 102.003, 25.007)
    assert after.red() - after.blue() > 40 > before.red() - before.blue()
    page.ground.take_away()
    desk.settle()
    assert colour(desk, page, 102.003, 25.003) == before


def test_tiles_of_a_file_come_in_under_the_grids(desk, page, tmp_path):
    zoom = 12
    x, y = plane(102.005, 25.005)
    column, row = int(x * 2**zoom), int(y * 2**zoom)
    path = mbtiles(tmp_path / "底图.mbtiles", zoom=zoom, column=column, row=row, content=tile((0, 130, 0)))
    page.ground.pick = lambda *_asked: str(path)
    page.ground.lay_tiles()
    desk.settle()
    found = colour(desk, page, 102.003, 25.003)
    assert found.green() - found.red() > 30
    assert page.canvas.beneath.bounds()[0] == pytest.approx(plane(102, 25)[0])


def test_a_tile_file_that_is_gone_is_told_of_and_the_map_goes_on(desk, page, tmp_path):
    path = mbtiles(tmp_path / "底图.mbtiles")
    desk.office.underlays.lay_tiles(path)
    path.unlink()
    page.ground.load()
    desk.settle()
    assert "底图.mbtiles" in page.told[-1]
    assert page.canvas.beneath is None
    assert page.canvas.scene.layers["grid"].shapes


def test_a_placed_picture_is_as_large_on_the_map_as_between_its_points(desk, tmp_path):
    desk.office.underlays.lay_picture(picture(tmp_path / "a.png", (1000, 500)))
    placing = desk.office.underlays.place([Tie(0, 0, 102.0, 25.01), Tie(1000, 0, 102.02, 25.01)])
    assert math.isclose(abs(placing.turn) * 1000, plane(102.02, 25)[0] - plane(102, 25)[0], rel_tol=1e-9)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("102.7216, 25.0458", (102.7216, 25.0458)),
        ("102.7216 25.0458", (102.7216, 25.0458)),
        ("经度102.7216，纬度25.0458", (102.7216, 25.0458)),
        ("25.0458, 102.7216", None),
        ("102.7", None),
        ("", None),
    ],
)
def test_degrees_are_read_as_people_write_them(text, degrees):
    assert read_degrees(text) == degrees
