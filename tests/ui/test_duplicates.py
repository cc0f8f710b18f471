"""The page where a clerk decides whether two registrations are one person."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.ui.offices import LOWER
from ui.pages.duplicates import DuplicatesPage
from ui.pages.history_read import read_history
from ui.pieces.buttons import Button

NUMBER = "11010519491231002X"


@pytest.fixture
def doubled(desk):
    one = desk.make("resident", name="王秀英", id_number=NUMBER, occupation="木匠")
    other = desk.came("resident", area=LOWER, name="王秀瑛", id_number=NUMBER, phone="19900000012")
    return desk, one, other


@pytest.fixture
def page(doubled, qtbot):
    desk = doubled[0]
    page = DuplicatesPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({})
    found(desk, page)
    return page


def found(desk, page):
    desk.qtbot.waitUntil(lambda: not page.busy(), timeout=60_000)
    desk.settle()


def button(page, text):
    return next(one for one in page.findChildren(Button) if one.words() == text and one.isVisible())


def titles(page):
    return [row["title"].text for row in page._fetch(0, 50, None)]


def test_nobody_is_told_that_there_are_none_before_they_were_compared(page):
    page.look_again()
    assert page._none.title.text() == "正在比对"
    page._worker.cancel()
    page._on_failed("没有比对成。")
    assert page._none.title.text() == "没有比对成"
    page.tabs.pick("merged")
    page.tabs.picked.emit("merged")
    assert page._none.title.text() == "没有合并过"


def test_the_pair_stands_there_and_ctrl_enter_makes_one_of_it_with_what_was_picked(page, doubled, qtbot):
    desk, one, other = doubled
    assert titles(page) == ["王秀英 / 王秀瑛"]
    qtbot.mouseClick(button(page, "王秀瑛"), Qt.MouseButton.LeftButton)

    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.settle()

    assert desk.failures == []
    held = desk.get("resident", one)
    assert (held["name"], held["occupation"], held["phone"]) == ("王秀瑛", "木匠", "19900000012")
    assert desk.office.store.get("resident", other).deleted
    assert titles(page) == []
    assert any("并入的登记" in step.who for step in read_history(desk.office, "resident", one).steps)


def test_a_merge_is_taken_back_from_its_own_list(page, doubled, qtbot):
    desk, one, other = doubled
    button(page, "是同一人，合并").click()
    desk.settle()
    page.tabs.pick("merged")
    desk.settle()
    assert titles(page) == ["王秀英"]

    button(page, "撤销合并").click()
    desk.settle()

    assert not desk.office.store.get("resident", other).deleted
    assert desk.get("resident", one).get("phone") is None
    assert titles(page) == []


def test_two_persons_are_listed_no_more_and_can_be_looked_at_again(page, doubled, qtbot):
    desk = doubled[0]
    qtbot.keyClick(page, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    assert titles(page) == []
    page.tabs.pick("decided")
    desk.settle()
    assert titles(page) == ["王秀英 / 王秀瑛"]

    button(page, "重新核对").click()
    desk.settle()
    found(desk, page)

    assert titles(page) == []
    page.tabs.pick("likely")
    desk.settle()
    assert titles(page) == ["王秀英 / 王秀瑛"]


def test_what_another_device_has_settled_meanwhile_leaves_the_list(page, doubled):
    desk, _one, other = doubled
    desk.office.records.delete("resident", other, "登记有误")
    desk.office.store.conn.execute("DELETE FROM record_resident WHERE id = ?", (other,))

    page._on_current(page.table.current())
    desk.settle()

    assert titles(page) == []


def test_numbers_are_masked_and_who_may_not_delete_is_told_so(open_desk, qtbot):
    desk = open_desk("grid_member")
    desk.make("resident", name="王秀英", id_number=NUMBER)
    desk.came("resident", name="王秀瑛", id_number=NUMBER)
    page = DuplicatesPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({})
    found(desk, page)

    assert not page.act.isEnabled()
    assert "找受理员" in page.act.toolTip()
    assert not any(NUMBER in one.text() for one in page.findChildren(type(page.title)))
