"""The page of all residents: filters, filters kept by name, and a list as long as a county's."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.services.people import Filter
from tests.ui.offices import LOWER, UPPER
from ui.forms.reason import ReasonDialog
from ui.pages.people import AGES, PeoplePage, age_key, ages_of


@pytest.fixture
def page(desk, qtbot):
    desk.make("resident", name="李长顺", sex="1", birth_date="1965-03-14", presence="present")
    desk.make("resident", name="周玉兰", sex="2", birth_date="1968-09-18", presence="away", phone="19900000012")
    desk.make("resident", name="赵本清", sex="1", area=LOWER, verify_note="号码待核")
    page = PeoplePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({})
    desk.settle()
    return page


def names(desk, page):
    desk.settle()
    for row in range(page.table.model.total()):
        page.table.model.row(row)
    desk.settle()
    return [row["name"] for _number, row in page.table.model.loaded()]


def test_everybody_is_there_and_each_filter_leaves_who_passes_it(desk, page, type_text):
    assert names(desk, page) == ["李长顺", "周玉兰", "赵本清"]
    page.presence.pick("away")
    assert names(desk, page) == ["周玉兰"]
    page.presence.pick(None)
    page.areas.pick(LOWER)
    assert names(desk, page) == ["赵本清"]
    page.areas.pick(None)
    page.states.pick("doubtful")
    assert names(desk, page) == ["赵本清"]
    page.states.pick(None)
    page.ages.pick("18-59")
    assert names(desk, page) == ["周玉兰"]
    page.ages.pick(None)
    page.search.setText("lcs")
    page.search.returnPressed.emit()
    assert names(desk, page) == ["李长顺"]


def test_numbers_stand_masked_and_enter_opens_the_card(desk, page, qtbot):
    page.presence.pick("away")
    names(desk, page)
    row = page.table.model.row(0)
    assert row["phone"] == "199****0012"
    with qtbot.waitSignal(page.go) as went:
        page.table.view.setFocus()
        page.table.go_to(0)
        qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    assert went.args == ["person", {"id": row["id"]}]


def test_a_filter_is_kept_by_name_used_again_and_thrown_away(desk, page, qtbot, type_text):
    page.sex.pick("2")
    page.kept.keep()
    desk.settle()
    [dialog] = [one for one in QApplication.topLevelWidgets() if isinstance(one, ReasonDialog)]
    type_text(dialog.reason, "女性")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
    desk.settle()
    assert desk.office.people.kept() == {"女性": Filter(sex="2")}

    page.use(Filter())
    assert len(names(desk, page)) == 3
    page.kept.fill_menu()
    page.kept.menu.actions()[0].trigger()
    assert names(desk, page) == ["周玉兰"]
    assert page.sex.value() == "2"
    page.kept.forget("女性")
    desk.settle()
    assert desk.office.people.kept() == {}


def test_a_filter_kept_under_a_name_that_was_there_can_be_taken_back(desk, page, qtbot, type_text):
    said = []
    page.said.connect(lambda text, undo: said.append((text, undo)))
    for sex in ("2", "1"):
        page.sex.pick(sex)
        page.kept.keep()
        desk.settle()
        dialog = next(
            one for one in QApplication.topLevelWidgets() if isinstance(one, ReasonDialog) and one.isVisible()
        )
        type_text(dialog.reason, "我的")
        qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
        desk.settle()
        desk.settle()
    assert desk.office.people.kept() == {"我的": Filter(sex="1")}
    assert said[0][1] is None
    assert "换掉" in said[1][0]
    said[1][1]()
    desk.settle()
    assert desk.office.people.kept() == {"我的": Filter(sex="2")}


def test_a_column_sorts_the_whole_list(desk, page):
    page.table.model.sort(2, Qt.SortOrder.DescendingOrder)
    page.table.sorted_by.emit(page.table.model.order)
    assert names(desk, page)[0] == "周玉兰"


def test_a_page_that_is_told_where_to_begin_begins_there(desk, page):
    page.opened({"doubtful": True})
    assert names(desk, page) == ["赵本清"]
    assert page.states.value() == "doubtful"
    page.opened({"area": UPPER})
    assert names(desk, page) == ["李长顺", "周玉兰"]


@pytest.mark.parametrize("key", [key for key, _words in AGES])
def test_a_choice_of_ages_is_found_again_in_its_filter(key):
    assert age_key(Filter(**ages_of(key))) == key


def test_the_list_as_it_stands_is_exported_masked_and_for_a_reason(desk, qtbot, tmp_path):
    desk.make("resident", name="周玉兰", sex="2", birth_date="1968-09-18", presence="away", phone="19900000012")
    desk.make("resident", name="李长顺", sex="1", birth_date="1965-03-14", presence="present")
    out = tmp_path / "居民名单.xlsx"
    page = PeoplePage(desk.office, desk.jobs, desk.worker, ask_path=lambda *_a: str(out))
    qtbot.addWidget(page)
    page.show()
    page.opened({"presence": "away"})
    desk.settle()
    page.export()
    dialog = page.findChild(ReasonDialog)
    dialog.reason.setText("核对数据")
    told = []
    page.said.connect(lambda said, _undo: told.append(said))
    dialog.act.click()
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    assert told == [f"已导出 1 条到 {out}"]
    cells = [str(cell) for row in load_workbook(out).active.iter_rows(values_only=True) for cell in row if cell]
    assert "周玉兰" in cells
    assert "199****0012" in cells
    assert "李长顺" not in cells
