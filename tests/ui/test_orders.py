"""The import of work orders over real workbooks and the real worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.exchange.excel.workbook import read_workbook
from tests.exchange.orders import samples
from tests.ui.conftest import commit
from tests.ui.offices import TOWN, Desk
from ui.pages.event_list import EventsPage
from ui.pages.orders import CHECK, CHOOSE, REPORT, OrdersPage


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The hotline's export."""
    return samples.hotline(tmp_path / "工单.xlsx")


def opened(desk: Desk, path: Path, save: str = "") -> OrdersPage:
    page = OrdersPage(desk.office, desk.jobs, desk.worker, ask_path=lambda *_a: str(path), ask_save=lambda *_a: save)
    desk.qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    page.opened({})
    desk.settle()
    page.choose_button.click()
    looked(desk, page)
    return page


def looked(desk: Desk, page: OrdersPage) -> None:
    """Wait until the worker has looked at the file, or imported it."""
    desk.qtbot.waitUntil(lambda: not page.busy(), timeout=60_000)
    desk.settle()


def test_a_file_is_checked_matched_by_hand_imported_and_remembered(desk, export, tmp_path):
    out = tmp_path / "改错表.xlsx"
    page = opened(desk, export, str(out))
    assert page.steps.currentIndex() == CHECK
    assert page.area.value() == TOWN
    assert page.import_button.words() == "导入：新增 4，更新 0"
    assert desk.office.store.count("event") == 0
    assert page.check.values.code("class", "怪味扰民") is None
    page.check.values.matched.emit("class", "怪味扰民", "facility_light")
    looked(desk, page)
    page.check.columns.matched.emit("片区", "")
    looked(desk, page)
    assert page.check.values.code("class", "怪味扰民") == "facility_light"
    page.run_import()
    looked(desk, page)
    assert page.steps.currentIndex() == REPORT
    held = {str(e.values["order_no"]): e.values for e in desk.office.store.select("event")}
    assert len(held) == 4
    assert held["RX20260917002"]["category"] == "facility_light"
    assert "片区" not in str(held["RX20260917001"]["order_more"])
    page.faults_button.click()
    desk.qtbot.waitUntil(out.exists, timeout=30_000)
    assert any("按内容认" in str(row) for row in read_workbook(out).sheets[0].rows)
    page.read(export)
    looked(desk, page)
    assert page.preview["unchanged"] == 4
    assert page.check.values.code("class", "怪味扰民") == "facility_light"


def test_escape_leaves_the_page_and_what_was_matched_by_hand_stands_when_it_is_opened_again(desk, export):
    page = opened(desk, export)
    assert page.escape(), "nothing was matched: back to choosing"
    assert page.steps.currentIndex() == CHOOSE
    page.choose_button.click()
    looked(desk, page)
    page.check.values.matched.emit("class", "怪味扰民", "facility_light")
    looked(desk, page)
    assert not page.escape()
    page.opened({})
    looked(desk, page)
    assert page.steps.currentIndex() == CHECK
    assert page.check.values.code("class", "怪味扰民") == "facility_light"
    page.again_button.click()
    assert page.steps.currentIndex() == CHOOSE
    assert not page.decided()


def test_a_case_closed_here_and_open_again_there_is_decided_on_the_page(desk, tmp_path):
    [first, *_] = samples.HOTLINE
    page = opened(desk, samples.hotline(tmp_path / "a.xlsx", [first]))
    page.run_import()
    looked(desk, page)
    [event] = desk.office.store.select("event")
    for action, said in (("accept", {}), ("assign", {}), ("acknowledge", {}), ("feed_back", {"result": "换了"})):
        assert desk.office.cases.act(event.id, action, said).ok
    closed = desk.office.cases.act(event.id, "close_direct", {"reason": "看过照片"})
    assert closed.ok, closed.faults
    page.read(samples.hotline(tmp_path / "b.xlsx", [tuple("退回重办" if cell == "办理中" else cell for cell in first)]))
    looked(desk, page)
    assert page.preview["waiting"] == 1
    assert not page.import_button.isEnabled()
    page.check.decide(page.preview["preview"]["waiting"][0], "note")
    looked(desk, page)
    page.run_import()
    looked(desk, page)
    state = desk.get("event", event.id)["state"]
    assert state == "closed"
    assert desk.office.cases.case(event.id).steps[-1].action == "order_update"


def test_a_file_that_is_none_is_refused_in_a_sentence_and_nothing_changes(desk, tmp_path):
    path = tmp_path / "别的.xlsx"
    path.write_bytes(b"not a workbook")
    page = opened(desk, path)
    assert page.steps.currentIndex() == CHOOSE
    assert "没有改动任何数据" in page.refusal.text()
    assert desk.office.store.count("event") == 0


def test_the_list_of_cases_has_a_door_to_it_for_who_may(open_desk):
    desk = open_desk("registrar")
    page = EventsPage(desk.office, desk.jobs, desk.worker)
    desk.qtbot.addWidget(page)
    went = []
    page.go.connect(lambda name, _args: went.append(name))
    next(act for words, _keys, act in page.actions if words.startswith("导入工单"))()
    assert went == ["orders"]
    desk.settle()


def test_the_name_that_a_source_gives_a_unit_is_matched_to_ours_and_remembered(desk, export):
    page = opened(desk, export)
    values = page.check.values
    assert values.code("unit", "镇综合服务中心") == "镇综合服务中心"
    page.check.pick_side("values")
    page.activateWindow()
    values.table.go_to(values.row("unit", "镇综合服务中心"))
    desk.qtbot.keyClick(values.table.view, Qt.Key.Key_Return)
    desk.qtbot.keyClick(values.box, Qt.Key.Key_Escape)
    assert values.box is None
    assert not page.busy()
    desk.qtbot.keyClick(values.table.view, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(values.box.hasFocus)
    commit(values.box, "云岭镇综合便民服务中心")
    desk.qtbot.keyClick(values.box, Qt.Key.Key_Return)
    looked(desk, page)
    assert values.box is None
    assert values.code("unit", "镇综合服务中心") == "云岭镇综合便民服务中心"
    page.run_import()
    looked(desk, page)
    held = {str(e.values.get("order_no")): e for e in desk.office.store.select("event")}
    case = held["RX20260917001"]
    assert case.values["order_unit"] == "云岭镇综合便民服务中心"
    assert "承办单位：镇综合服务中心" in str(case.values["order_more"])
    assert desk.office.cases.act(case.id, "accept", {}).ok
    assert desk.office.cases.act(case.id, "assign", {"lead_unit": "云岭镇综合便民服务中心"}).ok
    page.read(export)
    looked(desk, page)
    assert page.preview["unchanged"] == 4
    [one] = [one for one in page.preview["preview"]["values"] if one["word"] == "镇综合服务中心"]
    assert (one["how"], one["code"]) == ("remembered", "云岭镇综合便民服务中心")
    assert ["云岭镇综合便民服务中心"] * 2 in page.preview["preview"]["lists"]["unit"]
