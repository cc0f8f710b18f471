"""The pages of repeated places and matters, and of who was called to the spot."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.ui.test_case_page import act, report
from ui.pages.repeats import RepeatsPage
from ui.pages.whistles import ALL, AWAITED, JUDGED, WhistlesPage


@pytest.fixture
def shown(qtbot, desk):
    def make(page):
        qtbot.addWidget(page)
        page.resize(1190, 720)
        page.show()
        page.activateWindow()
        page.opened({})
        desk.settle()
        page.went = []
        page.go.connect(lambda name, args: page.went.append((name, args)))
        return page

    return make


def test_a_place_that_comes_back_stands_with_its_cases_and_enter_goes_into_one(qtbot, desk, shown):
    rubbish = {"category": "environment_rubbish_overflow", "place": "村口大榕树下"}
    first, second, third = (report(desk, f"垃圾满了{n}", **rubbish) for n in range(3))
    report(desk, "路灯不亮", category="facility_light", place="桥头")
    act(desk, first, "void", reason="登记错了")
    page = shown(RepeatsPage(desk.office, desk.jobs))
    assert page._rows == ()
    fourth = report(desk, "垃圾又满了", **rubbish)
    page.refresh(["event"])
    desk.settle()
    [row] = page._rows
    assert (row["what"].text, row["count"], row["open"].text) == ("村口大榕树下", "3", "3")
    assert "上寨村" in row["what"].note
    assert page.tabs.now() == "all"
    page.tabs.pick("grid")
    assert page._rows == ()
    assert page._cases == ()
    page.tabs.pick("place")
    desk.settle()
    assert {one["id"] for one in page._cases} == {second, third, fourth}
    page.table.view.setFocus()
    qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    newest = page.cases.current()
    qtbot.keyClick(page.cases.view, Qt.Key.Key_Return)
    assert page.went == [("case", {"id": newest})]
    assert newest == row["events"][0]


def test_units_called_stand_a_line_each_and_enter_opens_the_case(qtbot, desk, shown, tmp_path):
    case = report(desk, "村口积水")
    act(desk, case, "accept")
    act(desk, case, "assign", lead_unit="镇综合服务中心")
    act(desk, case, "acknowledge")
    act(desk, case, "whistle", units="派出所、镇村建办", reason="要一起看现场", arrive_by="2026-01-01T10:00:00+08:00")
    [called] = desk.office.cases.case(case).state.whistles
    at = called.at.isoformat()
    act(desk, case, "whistle_arrive", called_unit="派出所", called_at=at, arrived_at=at)
    out = tmp_path / "吹哨.docx"
    page = shown(WhistlesPage(desk.office, desk.jobs, desk.worker, ask_path=lambda *_asked: str(out)))
    assert [(tab, [row["unit"] for row in page._found[tab]]) for tab in (AWAITED, JUDGED)] == [
        (AWAITED, ["镇村建办"]),
        (JUDGED, ["派出所"]),
    ]
    page.tabs.pick(AWAITED)
    [row] = page._rows
    assert row["due"].tone == "red"
    page.table.go_to(0)
    qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    assert page.went == [("case", {"id": case})]
    page.tabs.pick(ALL)
    assert len(page._rows) == 2
    page.print()
    qtbot.waitUntil(lambda: page.out.worker is None, timeout=60_000)
    assert out.read_bytes().startswith(b"PK")
