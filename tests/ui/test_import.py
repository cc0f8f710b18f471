"""The import assistant over real workbooks and the real worker."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import load_workbook

from tests.ui.offices import UPPER, Desk
from ui.pages.import_page import CHECK, CHOOSE, REPORT, ImportPage

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
    desk.settle()
    return page


def test_the_check_shows_what_would_come_in_and_changes_nothing(desk, roster):
    page = opened(desk, roster)
    assert page.steps.currentIndex() == CHECK
    assert page.import_button.words() == "导入：新增 2，更新 0"
    assert [
        (row["row"], row["verdict"], row["name"]) for row in page.preview.problems if row["verdict"] == "不导入"
    ] == [("4", "不导入", "钱小梅")]
    assert desk.office.store.count("resident") == 0


def test_numbers_are_masked_and_what_is_never_collected_is_not_shown(desk, roster):
    page = opened(desk, roster)
    samples = {column.heading: column.sample for column in page.preview.columns}
    assert samples["身份证号"] == "110105********002X"
    assert samples["宗教信仰"] == "（不读取）"
    assert "宗教信仰" not in page.check.columns.boxes


def test_the_worker_imports_and_the_report_says_what_is_left(desk, roster, tmp_path):
    out = tmp_path / "改错表.xlsx"
    page = opened(desk, roster, str(out))
    page.run_import()
    desk.qtbot.waitUntil(lambda: page.steps.currentIndex() == REPORT, timeout=30_000)
    assert {str(r.values["name"]) for r in desk.office.store.select("resident")} == {"赵本清", "何正祥"}
    assert "1 行没有导入" in page.report_text.text()
    page.faults_button.click()
    desk.settle()
    cells = [str(cell) for row in load_workbook(out).active.iter_rows(values_only=True) for cell in row if cell]
    assert "钱小梅" in cells


def test_a_column_matched_by_hand_counts_in_the_worker_too(desk, roster):
    page = opened(desk, roster)
    page.check.columns.matched.emit("序号", "household.contact")
    page.check.columns.matched.emit("电话号", "")
    desk.settle()
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
    desk.settle()
    assert page.preview.plan.created == 0
    assert not page.import_button.isEnabled()


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
    assert not page.check.problems.view.isColumnHidden(1)
    assert page.check.problem_text.text().startswith("一组 第 7 行")


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
    desk.settle()
    assert page.steps.currentIndex() == CHOOSE
    assert "请指定村" in page.refusal.text()
    page.area_choice.set_value(UPPER)
    page.choose_button.click()
    desk.settle()
    assert page.steps.currentIndex() == CHECK
