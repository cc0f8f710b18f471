"""The map as a clerk uses it: down from the township to a household, what does not agree, drawing, importing."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from app.errors import KnownError
from app.rules.mercator import plane
from app.schema.outline import outline_of, read_outline
from app.services.maps import Drawn
from tests.ui.offices import TOWN, UPPER, desk, open_desk
from ui.forms.reason import ReasonDialog
from ui.map.canvas import MapCanvas
from ui.map.painting import gathered
from ui.map.pointing import dwellings_at
from ui.pages.map import MapPage
from ui.pages.map_import import MapImportPage
from ui.pages.map_read import make_map, read_ground, read_place
from ui.pieces.buttons import Button

__all__ = ["desk", "open_desk"]


def box(x, y=25.0, wide=0.01, high=0.01):
    return outline_of([[[[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]]])


@pytest.fixture
def town(desk):
    """Two drawn grids, one that is not, a house with a household, one that lies elsewhere, one without a place."""
    made = {name: desk.make("grid", name=name) for name in ("第一网格", "第二网格", "第三网格")}
    desk.office.maps.keep_many([Drawn(made["第一网格"], box(102)), Drawn(made["第二网格"], box(102.01))])
    home = desk.make("dwelling", address="上寨1号", grid=made["第一网格"], lon=102.005, lat=25.005)
    away = desk.make("dwelling", address="上寨2号", grid=made["第一网格"], lon=102.015, lat=25.005)
    nowhere = desk.make("dwelling", address="上寨3号", grid=made["第一网格"])
    house = desk.make("household", head_name="李长顺", dwelling=home)
    desk.make("resident", name="李长顺", household=house, relation="0")
    return {**made, "home": home, "away": away, "nowhere": nowhere, "house": house}


@pytest.fixture
def page(desk, town):
    made = MapPage(desk.office, desk.jobs, pick=lambda _page: "", target=lambda _page: "")
    desk.qtbot.addWidget(made)
    made.gone = []
    made.go.connect(lambda name, args: made.gone.append((name, args)))
    made.told = []
    made.said.connect(lambda words, _undo: made.told.append(words))
    made.resize(1190, 720)
    made.show()
    made.opened({})
    desk.settle()
    return made


def pixel(page, lon, lat):
    return QPoint(*(round(one) for one in page.canvas.view.screen(*plane(lon, lat))))


def click(desk, page, lon, lat):
    desk.qtbot.mouseClick(page.canvas, Qt.MouseButton.LeftButton, pos=pixel(page, lon, lat))
    desk.settle()


def press(desk, page, key, times=1, modifier=Qt.KeyboardModifier.NoModifier):
    for _ in range(times):
        desk.qtbot.keyClick(page.canvas, key, modifier)
    desk.settle()


def words(page):
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in page.card.findChildren(QLabel) if label.isVisibleTo(page.card)]


def button(page, text):
    return next(b for b in page.findChildren(Button) if b.words().startswith(text) and b.isVisibleTo(page))


def test_clicks_lead_from_the_township_down_to_the_household(desk, page, town):
    assert page.canvas.focus_key == TOWN
    click(desk, page, 102.002, 25.008)
    assert page.canvas.focus_key == UPPER
    click(desk, page, 102.002, 25.008)
    assert page.canvas.focus_key == town["第一网格"]
    assert page.tree.current().key == town["第一网格"]
    assert "第一网格" in words(page)
    click(desk, page, 102.005, 25.005)
    assert page.canvas.picked_dwelling == town["home"]
    assert "上寨1号" in words(page)
    button(page, "李长顺").click()
    assert page.gone[-1] == ("registry", {"form": "household", "id": town["house"]})


def test_a_map_that_nothing_changed_is_not_made_again_and_goes_where_it_is_asked(desk, page, town):
    scene = page.canvas.scene
    page.opened({"grid": town["第一网格"]})
    desk.settle()
    assert page.canvas.scene is scene
    assert page.canvas.focus_key == town["第一网格"]
    desk.make("building", name="1栋")
    page.opened({})
    desk.settle()
    assert page.canvas.scene is not scene


def test_the_card_of_a_village_counts_people_as_the_tree_does(desk, page, town):
    desk.make("resident", name="李先人", household=town["house"], presence="dead")
    desk.make("resident", name="李远", household=town["house"], presence="moved")
    desk.make("household", head_name="销掉", dwelling=town["home"], ended_on="2026-01-01")
    file = read_place(desk.office, "village", UPPER)
    assert dict(file.facts)["人口"] == "1 人"
    assert dict(file.facts)["住户"] == "1 户"
    assert next(p.tally.residents for p in desk.office.registry.areas() if p.area == UPPER) == 1


def test_the_keyboard_goes_from_grid_to_grid_in_and_out_again(desk, page, town):
    page.canvas.setFocus()
    press(desk, page, Qt.Key.Key_Tab)
    assert page.canvas.chosen_key() == UPPER
    press(desk, page, Qt.Key.Key_Return)
    assert page.canvas.focus_key == UPPER
    press(desk, page, Qt.Key.Key_Tab, 2)
    assert page.canvas.chosen_key() == town["第二网格"]
    assert "第二网格，第 2 个，共 2 个" in page.canvas.accessibleName()
    press(desk, page, Qt.Key.Key_Return)
    assert page.canvas.focus_key == town["第二网格"]
    press(desk, page, Qt.Key.Key_Escape)
    assert page.canvas.focus_key == UPPER
    press(desk, page, Qt.Key.Key_Escape)
    assert page.canvas.focus_key == TOWN


def test_after_the_last_grid_tab_leaves_the_map(desk, page, town):
    page.canvas.look_at(UPPER)
    page.canvas.setFocus()
    press(desk, page, Qt.Key.Key_Tab, 3)
    assert not page.canvas.hasFocus()


def test_arrows_pan_and_signs_zoom(desk, page):
    before = page.canvas.view
    press(desk, page, Qt.Key.Key_Right)
    assert page.canvas.view.x > before.x
    press(desk, page, Qt.Key.Key_Plus, 2)
    assert page.canvas.view.zoom == before.zoom + 1
    press(desk, page, Qt.Key.Key_Minus, 2)
    press(desk, page, Qt.Key.Key_Home)
    assert page.canvas.view == before


def test_what_does_not_agree_is_listed_and_opens_its_dwelling(desk, page, town):
    lines = [page.findings.model().index(row, 0).data() for row in range(page.findings.model().rowCount())]
    assert lines == ["上寨2号：登记在第一网格，位置在第二网格", "第三网格：还没有勾绘范围"]
    page.findings.next()
    desk.settle()
    assert page.canvas.picked_dwelling == town["away"]
    page.findings.activated.emit(page.findings.currentIndex())
    assert page.gone[-1] == ("record", {"form": "dwelling", "id": town["away"]})
    page.tabs.pick("place")
    page.tabs.picked.emit("place")
    button(page, "网格改为第二网格").click()
    desk.settle()
    assert desk.get("dwelling", town["away"])["grid"] == town["第二网格"]
    assert page.findings.model().rowCount() == 1


def test_a_house_without_a_place_gets_one_by_a_click(desk, page, town):
    page.opened({"dwelling": town["nowhere"]})
    desk.settle()
    button(page, "点出位置").click()
    click(desk, page, 102.006, 25.006)
    held = desk.get("dwelling", town["nowhere"])
    assert (held["lon"], held["lat"]) == pytest.approx((102.006, 25.006), abs=1e-4)
    assert page.told[-1] == "位置已记下。"


def test_escape_leaves_a_place_as_it_was(desk, page, town):
    page.opened({"dwelling": town["home"]})
    desk.settle()
    button(page, "改正位置").click()
    assert page.escape()
    click(desk, page, 102.006, 25.006)
    assert desk.get("dwelling", town["home"])["lon"] == 102.005


def draw(desk, page, grid, points):
    page.opened({"draw": grid})
    desk.settle()
    page.canvas.show_view(page.canvas.view.centred(*plane(102.01, 25.015), 14.0))
    for point in points:
        click(desk, page, *point)


def test_a_grid_is_drawn_by_clicks_snaps_to_its_neighbour_and_is_saved_by_enter(desk, page, town):
    draw(desk, page, town["第三网格"], [(102.0001, 25.0101), (102.01, 25.0099), (102.01, 25.02), (102.0, 25.02)])
    press(desk, page, Qt.Key.Key_Return)
    outline = read_outline(desk.office.maps.outline(town["第三网格"]).values["outline"])
    assert {(102.0, 25.01), (102.01, 25.01)} <= set(outline[0][0])
    assert page.told[-1] == "“第三网格”的范围已存本机。"
    assert not page.drawing.active
    assert desk.office.store.drafts() == []
    assert page.findings.model().rowCount() == 1


def test_the_ground_of_a_grid_split_off_is_proposed_and_confirmed(desk, page, town):
    first, homes = (
        town["第一网格"],
        [town["home"], desk.make("dwelling", address="上寨4号", grid=town["第一网格"], lon=102.001, lat=25.005)],
    )
    done = desk.office.grids.split(first, [], homes[1:], values={"name": "第四网格"})
    page.opened({})
    desk.settle()
    page.opened({"draw": done.grid})
    desk.settle()
    assert "请核对" in page.strip.how.text()
    assert page.drawing.sketch.outline() is not None
    page.drawing.finish()
    desk.settle()
    assert "第一网格”的范围去掉了这一块" in page.told[-1]
    kept = read_outline(desk.office.maps.outline(done.grid).values["outline"])
    assert max(lon for lon, _lat in kept[0][0]) == pytest.approx(102.003, abs=1e-6)
    assert min(
        lon for lon, _ in read_outline(desk.office.maps.outline(first).values["outline"])[0][0]
    ) == pytest.approx(102.003, abs=1e-6)


def test_what_was_put_down_is_taken_up_again(desk, page, town):
    grid = town["第三网格"]
    draw(desk, page, grid, [(102.0, 25.012), (102.01, 25.012), (102.01, 25.02)])
    press(desk, page, Qt.Key.Key_Z, 1, Qt.KeyboardModifier.ControlModifier)
    press(desk, page, Qt.Key.Key_Escape)
    assert desk.office.maps.outline(grid) is None
    assert not page.drawing.active
    page.opened({"draw": grid})
    desk.settle()
    assert page.drawing.sketch.count() == 2
    assert page.strip.said.text().startswith("接着画第三网格")


def test_a_point_is_dragged_put_in_and_taken_out(desk, page, town):
    page.opened({"draw": town["第一网格"]})
    desk.settle()
    page.canvas.show_view(page.canvas.view.centred(*plane(102.005, 25.005), 15.0))
    start, end = pixel(page, 102.0, 25.0), pixel(page, 101.998, 24.998)
    desk.qtbot.mousePress(page.canvas, Qt.MouseButton.LeftButton, pos=start)
    desk.qtbot.mouseMove(page.canvas, end)
    desk.qtbot.mouseRelease(page.canvas, Qt.MouseButton.LeftButton, pos=end)
    assert page.drawing.sketch.lines[0].points[0] == pytest.approx((101.998, 24.998), abs=1e-4)
    click(desk, page, 102.005, 25.01)
    assert page.drawing.sketch.count() == 5
    press(desk, page, Qt.Key.Key_Delete)
    assert page.drawing.sketch.count() == 4
    page.strip.dropped.emit()
    desk.settle()
    assert read_outline(desk.office.maps.outline(town["第一网格"]).values["outline"]) == box(102)


def test_an_outline_that_crosses_itself_stays_on_the_map_to_be_mended(desk, page, town):
    draw(desk, page, town["第三网格"], [(102.0, 25.012), (102.01, 25.02), (102.01, 25.012), (102.0, 25.021)])
    press(desk, page, Qt.Key.Key_Return)
    [error] = desk.failures
    assert isinstance(error, KnownError)
    assert error.code == "map.crossing"
    desk.failures.clear()
    assert page.drawing.active
    assert desk.office.store.draft(f"map:{town['第三网格']}") is not None


def test_an_outline_is_taken_off_for_a_reason(desk, page, town):
    page.opened({"grid": town["第一网格"]})
    desk.settle()
    button(page, "去掉范围").click()
    dialog = page.findChild(ReasonDialog)
    dialog.reason.setText("画错了")
    dialog.act.click()
    desk.settle()
    assert desk.office.maps.outline(town["第一网格"]) is None


def test_a_file_is_looked_at_before_it_is_brought_in(desk, town, tmp_path):
    path = tmp_path / "网格.geojson"
    ring = [[102, 25.01], [102.01, 25.01], [102.01, 25.02], [102, 25.02], [102, 25.01]]
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for name in ("第三网格", "第九网格")
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    page = MapImportPage(desk.office, desk.jobs)
    desk.qtbot.addWidget(page)
    gone = []
    page.go.connect(lambda name, _args: gone.append(name))
    page.show()
    page.opened({"path": path})
    desk.settle()
    assert (page.plan.count("created"), page.problems.model().rowCount()) == (1, 1)
    page.create.setChecked(True)
    desk.settle()
    assert page.problems.model().rowCount() == 1  # of two villages it isn't known which
    page.apply()
    desk.settle()
    assert gone == ["map"]
    assert desk.office.maps.outline(town["第三网格"]) is not None


def test_the_scene_is_painted_and_a_second_frame_adds_nothing(desk, page):
    desk.qtbot.waitUntil(lambda: page.canvas.whole)
    first = page.canvas.grab().toImage()
    assert first.convertToFormat(QImage.Format.Format_RGB32).colorCount() == 0
    assert len({first.pixelColor(x, y).name() for x in range(0, 600, 7) for y in range(0, 600, 7)}) > 5
    assert page.canvas.grab().toImage() == first


def test_an_empty_map_says_what_would_be_here(desk, qtbot):
    page = MapPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()
    assert page.middle.empty.isVisible()


def test_houses_in_one_square_are_one_dot_with_their_number():
    import numpy as np

    spots = np.array([[1.0, 1.0], [3.0, 3.0], [40.0, 1.0]])
    middles, counts, odd = gathered(spots, np.array([False, True, False]), 16)
    assert sorted(counts) == [1, 2]
    assert middles[counts == 2].tolist() == [[2.0, 2.0]]
    assert odd.tolist() == [True, False]


def test_a_click_between_houses_is_a_click_on_the_ground(desk, page, town):
    canvas = MapCanvas()
    desk.qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.show_scene(make_map(read_ground(desk.office)).scene)
    canvas.show_view(canvas.view.resized(400, 400).centred(*plane(102.005, 25.005), 17.0))
    assert dwellings_at(canvas.scene, canvas.view, QPointF(200, 200)) == [town["home"]]
    assert dwellings_at(canvas.scene, canvas.view, QPointF(260, 200)) == []


def test_outlines_go_out_for_a_reason(desk, town, tmp_path):
    out = tmp_path / "网格范围.geojson"
    page = MapPage(desk.office, desk.jobs, target=lambda _page: str(out))
    desk.qtbot.addWidget(page)
    page.show()
    desk.settle()
    page.files.take_out()
    dialog = page.findChild(ReasonDialog)
    dialog.reason.setText("报送上级")
    dialog.act.click()
    desk.settle()
    assert len(json.loads(out.read_text(encoding="utf-8"))["features"]) == 2
