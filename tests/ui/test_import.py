"""The import assistant over real workbooks and the real worker."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu

from tests.ui.offices import UPPER, Desk
from ui import theme
from ui.pages.import_page import CHECK, CHOOSE, REPORT, ImportPage
from ui.pages.import_read import problem_key
from ui.pieces.text import Elided

HEADS = ("序号", "户号", "姓名", "与户主关系", "身份证号", "家庭住址", "电话号", "宗教信仰")
ROWS = (
    (1, "5300011", "赵本清", "户主", "11010519491231002X", "三组3-11", "19912340001", "无"),
    (2, "5300011", "钱小梅", "妻", "110105194912310037", "三组3-11", "19912340002", ""),
    (3, "5300012", "何正祥", "户主", "440524188001010014", "三组3-12", "19912340003", ""),
)


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """A roster with a title line, three people, one of them with a wrong number."""
    path = tmp_path / "花名册.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("花名册")
    sheet.merge_range(0, 0, 0, len(HEADS) - 1, "上寨村花名册")
    for row, cells in enumerate((HEADS, *ROWS), start=1):
        sheet.write_row(row, 0, cells)
    book.close()
    return path


def opened(desk: Desk, path: Path, save: str = "") -> ImportPage:
    page = ImportPage(desk.office, desk.jobs, desk.worker, ask_path=lambda *_a: str(path), ask_save=lambda *_a: save)
    desk.qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    desk.settle()
    page.opened({"form": "resident", "area": UPPER})
    page.choose_button.click()
    looked(desk, page)
    return page


def looked(desk: Desk, page: ImportPage) -> None:
    """Wait until the worker has looked at the file and what it found is on the page."""
    desk.qtbot.waitUntil(lambda: not page.busy(), timeout=60_000)
    desk.settle()


def test_the_check_shows_what_would_come_in_and_changes_nothing(desk, roster):
    page = opened(desk, roster)
    assert page.steps.currentIndex() == CHECK
    assert page.import_button.words() == "导入：新增 2，更新 0"
    assert [
        (row["row"], row["name"], row["dos"][0][1]) for row in page.preview.problems if row["verdict"] == "refused"
    ] == [(4, "钱小梅", "不导入此行")]
    assert desk.office.store.count("resident") == 0


def test_numbers_are_masked_and_what_is_never_collected_is_not_shown(desk, roster):
    page = opened(desk, roster)
    samples = {column.heading: column.sample for column in page.preview.columns}
    assert samples["身份证号"] == "110105********002X"
    assert samples["宗教信仰"] == ""
    assert "宗教信仰" not in page.check.columns.boxes


def test_the_worker_imports_and_the_report_says_what_is_left(desk, roster, tmp_path):
    out = tmp_path / "改错表.xlsx"
    page = opened(desk, roster, str(out))
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    assert {str(r.values["name"]) for r in desk.office.store.select("resident")} == {"赵本清", "何正祥"}
    assert "1 行没有导入" in page.report.text.text()
    page.report.faults_button.click()
    desk.qtbot.waitUntil(out.exists, timeout=30_000)
    cells = [str(cell) for row in load_workbook(out).active.iter_rows(values_only=True) for cell in row if cell]
    assert "钱小梅" in cells


def test_a_column_matched_by_hand_counts_in_the_worker_too(desk, roster):
    page = opened(desk, roster)
    page.check.columns.matched.emit("序号", "household.contact")
    page.check.columns.matched.emit("电话号", "")
    looked(desk, page)
    assert {column.heading: column.how for column in page.preview.columns}["电话号"] == "hand"
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    assert {r.values["phone"] for r in desk.office.store.select("resident")} == {None}


def test_a_file_that_is_no_workbook_is_refused_in_words(desk, tmp_path):
    path = tmp_path / "坏了.xlsx"
    path.write_bytes(b"no workbook")
    page = opened(desk, path)
    assert page.steps.currentIndex() == CHOOSE
    assert page.refusal.isVisibleTo(page)
    assert len(page.refusal.text()) > 8


def test_the_same_file_again_brings_nothing(desk, roster):
    page = opened(desk, roster)
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    page.restart()
    page.choose_button.click()
    looked(desk, page)
    assert page.preview.count("created") == 0
    assert page.preview.count("unchanged") == 2


def test_who_may_not_import_is_told_so(open_desk, tmp_path):
    desk = open_desk("adviser")
    page = ImportPage(desk.office, desk.jobs, desk.worker)
    desk.qtbot.addWidget(page)
    assert not page.choose_button.isEnabled()
    assert "不能导入" in page.choose_button.toolTip()


def test_an_empty_template_is_saved(desk, tmp_path):
    out = tmp_path / "模板.xlsx"
    page = opened(desk, tmp_path / "none.xlsx", str(out))
    page._save_template()
    desk.settle()
    assert "姓名" in [str(cell.value) for row in load_workbook(out).active.iter_rows() for cell in row]


def test_who_shows_what_came_in_is_told_so(desk, roster):
    page = opened(desk, roster)
    told = []
    page._imported = told.append
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    assert {"resident", "household", "dwelling"} <= set(told[0])


def test_a_row_of_several_sheets_says_which_sheet_it_is_in(desk):
    page = opened(desk, Path(__file__).resolve().parents[1] / "data" / "roster_messy.xlsx")
    assert {row["sheet"] for row in page.preview.problems} > {"一组", "二组"}
    assert not page.check.problems.table.view.isColumnHidden(1)
    assert page.check.problems.text.text().startswith("一组 第 7 行")


def test_rows_without_a_village_are_not_put_into_the_township_unasked(desk, tmp_path):
    path = tmp_path / "花名册.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("花名册")
    for row, cells in enumerate((HEADS, *ROWS)):
        sheet.write_row(row, 0, cells)
    book.close()
    page = ImportPage(desk.office, desk.jobs, desk.worker, ask_path=lambda *_a: str(path), ask_save=lambda *_a: "")
    desk.qtbot.addWidget(page)
    page.show()
    desk.settle()
    page.opened({"form": "resident"})
    page.choose_button.click()
    looked(desk, page)
    assert page.steps.currentIndex() == CHOOSE
    assert "请指定村" in page.refusal.text()
    assert page.area_choice.hasFocus()
    # The file needn't be chosen again.
    desk.qtbot.keyClicks(page.area_choice, "szc")
    desk.qtbot.keyClick(page.area_choice, Qt.Key.Key_Return)
    looked(desk, page)
    assert page.steps.currentIndex() == CHECK
    assert page.preview.area == UPPER


def test_what_a_clerk_decides_about_a_row_counts_in_the_worker(desk, roster):
    page = opened(desk, roster)
    rows = page.check.problems
    [place] = [number for number, item in enumerate(page.preview.problems) if item["verdict"] == "refused"]
    rows.table.go_to(place)
    rows.choose([problem_key(rows._current())], "verify")
    assert rows.decided() == [{"sheet": "花名册", "row": 4, "do": "verify"}]
    assert rows._do(rows._problems[place]) == "导入，号码待核实"
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    found = {str(r.values["name"]): r.values for r in desk.office.store.select("resident")}
    assert found["钱小梅"]["id_number"] is None
    assert "号码没有填入" in found["钱小梅"]["verify_note"]


def test_space_offers_what_can_be_done_and_all_alike_at_once(desk):
    page = opened(desk, Path(__file__).resolve().parents[1] / "data" / "roster_messy.xlsx")
    rows = page.check.problems
    rows.table.view.setFocus()
    desk.qtbot.keyClick(rows.table.view, Qt.Key.Key_Space)
    [menu] = [menu for menu in rows.findChildren(QMenu) if menu.actions()]
    said = [action.text() for action in menu.actions() if action.text()]
    assert said[:2] == ["不导入此行", "导入，号码待核实"]
    alike = next(action for action in menu.actions() if action.text().endswith("处都导入，号码待核实"))
    alike.trigger()
    menu.close()
    assert len(rows.decided()) == int(alike.text().split()[1])
    desk.qtbot.keyClick(rows.table.view, Qt.Key.Key_F8)
    assert rows.table.current() == 1
    assert rows.text.text().startswith("一组 第 14 行")


def test_who_is_missing_from_next_months_roster_is_listed_and_marked_and_nobody_is_deleted(desk, roster, tmp_path):
    page = opened(desk, roster)
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    later = tmp_path / "十月.xlsx"
    book = xlsxwriter.Workbook(later)
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, HEADS)
    sheet.write_row(1, 0, [*ROWS[0][:6], "19912349999", ""])
    book.close()
    page.read(later)
    looked(desk, page)
    assert (page.preview.count("updated"), page.preview.count("absent")) == (1, 1)
    assert [row["name"] for row in page.preview.absent] == ["何正祥"]
    told = []
    page.said.connect(lambda said, undo: told.append((said, undo)))
    page.check.doubted.emit([row["id"] for row in page.preview.absent])
    desk.settle()
    person = next(r for r in desk.office.store.select("resident") if r.values["name"] == "何正祥")
    assert "花名册里没有他" in person.values["verify_note"]
    told[0][1]()
    desk.settle()
    assert desk.office.store.get("resident", person.id).values["verify_note"] is None
    wanted = []
    page.go.connect(lambda name, args: wanted.append((name, args)))
    page.check.absent.opened.emit(person.id)
    assert wanted == [("person", {"id": person.id})]
    assert desk.office.store.count("resident") == 2


def test_every_finding_of_a_long_sheet_is_listed_and_can_be_decided(desk, tmp_path):
    path, count = tmp_path / "长表.xlsx", 2_300
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, HEADS)
    for row in range(1, count + 1):
        sheet.write_row(row, 0, [row, f"{row:05}", "张三", "户主", "123", f"三组{row}号", "", ""])
    book.close()
    page = opened(desk, path)
    rows = page.check.problems
    assert len(page.preview.problems) == rows.table.model.rowCount() == page.preview.refused_rows == count
    rows.table.go_to(count - 1)
    assert rows.text.text().startswith(f"第 {count + 1} 行")
    assert rows.source.isVisible()
    rows.choose(page.preview.problems.keys, page.preview.problems[0]["dos"][1][0])
    assert len(rows.decided()) == count


def test_who_is_missing_stands_in_the_workbook_too(desk, roster, tmp_path):
    home = desk.make("household", head_name="赵本清", number="5300011")
    desk.make("resident", name="罗春生", household=home, presence="present", id_number="110105194912310118")
    out = tmp_path / "改错表.xlsx"
    page = opened(desk, roster, save=str(out))
    told = []
    page.said.connect(lambda said, _undo: told.append(said))
    page._save_report()
    desk.qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    lines = [[cell.value for cell in row] for row in load_workbook(out)["名册里没有的人"]]
    assert [line[:3] for line in lines] == [
        ["姓名", "公民身份号码", "户"],
        ["罗春生", "110105********0118", "5300011"],
    ]


def test_reading_is_cancelled_by_choosing_another_file(desk, roster):
    page = opened(desk, roster)
    page.read(roster)
    assert page.busy()
    page.escape()
    assert not page.busy()
    assert page.steps.currentIndex() == CHOOSE
    assert page.choose_button.isEnabled()


def test_in_large_type_the_values_have_the_room_of_the_words_on_how_a_column_was_recognised(qapp, desk, roster):
    look = theme.current()
    theme.apply(qapp, look.name, large=True)
    try:
        page = opened(desk, roster)
        values = [one for one in page.check.columns.findChildren(Elided) if one.isVisible()]
        assert not any(one.text() == "标题相同" for one in values)
        assert any("标题相同" in one.toolTip() for one in page.check.columns.findChildren(QLabel))
    finally:
        theme.apply(qapp, look.name, look.large)


def test_a_sheet_with_headings_that_nobody_understands_is_matched_by_hand(desk, tmp_path):
    path = tmp_path / "名单.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("表")
    for row, cells in enumerate((("当家", "屋里人", "证号"), ("赵本清", "赵本清", "11010519491231002X"))):
        sheet.write_row(row, 0, cells)
    book.close()
    page = opened(desk, path)
    assert page.steps.currentIndex() == CHECK
    assert not page.import_button.isEnabled()
    assert "没有认出足够的列" in page.check.rows_line.text()
    page.check.matched.emit("屋里人", "resident.name")
    looked(desk, page)
    page.check.matched.emit("证号", "resident.id_number")
    looked(desk, page)
    assert page.preview.count("created") == 1
    page.check.remember.setChecked(False)
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    assert desk.office.store.count("resident") == 1
