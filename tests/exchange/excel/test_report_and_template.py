"""The workbook of refused rows, corrected and brought again; the empty one to fill in; any other form."""

from __future__ import annotations

import re

import openpyxl
import pytest

from app.exchange.excel.report import REASON
from app.exchange.excel.template import template_of
from app.exchange.excel.workbook import read_workbook
from tests.exchange.excel.conftest import DATA, VILLAGE, codes, number
from tests.exchange.excel.test_rosters import people


def test_refused_rows_corrected_in_the_report_find_their_households(intake, office, tmp_path):
    report = tmp_path / "改错表.xlsx"
    said = intake.run("resident", DATA / "roster_messy.xlsx", area=VILLAGE, report=report)
    before = office.store.count("resident")
    book = openpyxl.load_workbook(report)
    corrected = {}
    count = 0
    for sheet in book.worksheets:
        headings = [cell.value for cell in sheet[1]]
        if REASON not in headings:
            continue
        for line in range(2, sheet.max_row + 1):
            count += 1
            name = sheet.cell(line, headings.index("姓名") + 1)
            name.value = name.value or f"补{count}"
            identity = number("19770707", count)
            sheet.cell(line, headings.index("身份证号") + 1).value = identity
            corrected[identity] = (sheet.title, str(sheet.cell(line, headings.index("户号") + 1).value))
    book.save(report)
    assert count == len({(item["sheet"], item["row"]) for item in said["refused"]})
    again = intake.run("resident", report, area=VILLAGE)
    assert (again["created"], again["refused"]) == (count, [])
    assert office.store.count("resident") == before + count
    assert office.store.count("household") == 124
    for record in office.store.select("resident", {"id_number": sorted(corrected)}):
        household = office.store.get("household", record.values["household"]).values
        assert household["number"] == corrected[record.values["id_number"]][1]


def test_an_uncorrected_report_is_refused_again_for_the_same_reasons(intake, office, tmp_path):
    report = tmp_path / "改错表.xlsx"
    said = intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE, report=report)
    again = intake.run("resident", report, area=VILLAGE)
    assert sorted(item["code"] for item in again["refused"]) == sorted(item["code"] for item in said["refused"])
    assert again["created"] == 0


def test_the_report_keeps_a_number_a_number_and_says_why(intake, tmp_path):
    report = tmp_path / "改错表.xlsx"
    intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE, report=report)
    rows = read_workbook(report).sheets[0].rows
    assert rows[0][-1] == REASON
    lost = [row for row in rows[1:] if "丢失" in str(row[-1])]
    assert len(lost) == 3
    assert all(any(isinstance(cell, float) and cell > 1e17 for cell in row) for row in lost)
    sheet = openpyxl.load_workbook(report).worksheets[0]
    wrong = [
        cell for line in sheet.iter_rows() for cell in line if isinstance(cell.value, float | int) and cell.value > 1e17
    ]
    assert {cell.number_format for cell in wrong} == {"@"}


@pytest.mark.parametrize("form", ["resident", "dwelling", "hazard", "visit", "dispute"])
def test_a_template_has_headings_notes_and_lists_and_is_understood(form, intake, tmp_path):
    out = tmp_path / "模板.xlsx"
    intake.template(form, out)
    found = intake.recognise(intake.read(out), form)
    [layout] = found.layouts
    assert layout.heading_rows == (2,)
    assert [column.heading for column in layout.columns if column.target is None] == []
    assert len(layout.columns) == len([t for t in intake.catalogs(form)[0].targets if t.name != "@id"])
    assert openpyxl.load_workbook(out).worksheets[0].data_validations.dataValidation


def test_a_filled_template_comes_in(intake, office, tmp_path):
    out = tmp_path / "模板.xlsx"
    intake.template("resident", out)
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[2]]
    for heading, value in (
        ("姓名", "张三"),
        ("公民身份号码", number("19800101")),
        ("户号", "0001"),
        ("与户主关系", "户主"),
        ("网格名称", "第一网格"),
    ):
        sheet.cell(3, headings.index(heading) + 1).value = value
    book.save(out)
    assert intake.run("resident", out, area=VILLAGE)["created"] == 1
    assert people(office)["张三"]["relation"] == "0"


def test_a_ledger_of_hazards_comes_in_by_its_headings(intake, office, write):
    rows = [
        ["大岭村安全隐患排查台账"],
        ["序号", "排查时间", "单位", "隐患类别", "等级", "隐患描述", "责任人", "整改期限", "完成时间"],
        [1, "2026.9.1", "大岭小学", "消防", "一般隐患", "灭火器过期", "张三", "2026年9月30日", ""],
        [2, "2026.9.2", "供销社", "不知道", "一般隐患", "电线老化", "李四", "2026-10-01", ""],
        [3, "2026.9.3", "卫生室", "消防", "一般隐患", "通道堵塞", "", "2026-10-01", "看不清"],
    ]
    kinds = office.forms["hazard"].fields["hazard_kind"].kind.codes
    rows[2][3] = rows[4][3] = kinds.items[0].label
    rows[2][4] = rows[3][4] = rows[4][4] = office.forms["hazard"].fields["level"].kind.codes.items[0].label
    rows[4][6] = "王五"
    path = write({"台账": rows})
    said = intake.run("hazard", path, area=VILLAGE)
    assert (said["rows"], said["created"]) == (3, 2)
    assert codes(said["refused"]) == {(4, "hazard_kind", "choice_unknown")}
    assert codes(said["flagged"]) == {(5, "rectified_at", "date_wrong")}
    again = intake.run("hazard", path, area=VILLAGE)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)


@pytest.mark.parametrize("form", ["resident", "dwelling", "building", "grid", "hazard", "visit"])
def test_every_choice_of_a_template_comes_in_as_the_code_it_stands_for(form, intake, tmp_path, forms):
    out = tmp_path / "模板.xlsx"
    intake.template(form, out)
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    assert book["选项"].sheet_state == "hidden"
    assert all("：" in str(cell.value) for cell in sheet[1])
    for rule in sheet.data_validations.dataValidation:
        column = next(iter(rule.sqref.ranges)).min_col
        heading = sheet.cell(2, column).value
        letters, last = re.fullmatch(r"=?选项!\$([A-Z]+)\$1:\$[A-Z]+\$(\d+)", rule.formula1).groups()
        offered = [book["选项"][f"{letters}{row}"].value for row in range(1, int(last) + 1)]
        shapes = [forms[form], *(each for each in forms.values() if each.name != form)]
        item = next(item for each in shapes for item in each.fields.values() if item.label == heading)
        assert offered
        assert all(item.kind.check(label) is not None for label in offered)
        assert next(iter(rule.sqref.ranges)).min_row == 3


def test_a_template_comes_from_the_command_and_a_filled_one_goes_in_unchanged(intake, office, tmp_path, forms):
    out = tmp_path / "模板.xlsx"
    template_of(forms, "dwelling", out)
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[2]]
    filled = {
        "房屋地址": "岭上1号",
        "是否出租": "是",
        "建筑面积(平方米)": 88.5,
        "产权人": "=张三",
        "产权人电话": "19900001111",
    }
    for heading, value in filled.items():
        cell = sheet.cell(3, headings.index(heading) + 1)
        cell.value = value
        cell.data_type = "s" if isinstance(value, str) else "n"
    book.save(out)
    assert intake.run("dwelling", out, area=VILLAGE)["created"] == 1
    [record] = office.store.select("dwelling")
    assert (record.values["rented"], record.values["area_m2"], record.values["owner"]) == (True, 88.5, "=张三")
    assert intake.run("dwelling", out, area=VILLAGE)["unchanged"] == 1
