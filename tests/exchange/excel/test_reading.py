"""What is no workbook, or none that can be read rightly, is told in one sentence."""

from __future__ import annotations

import datetime
import zipfile

import openpyxl
import pytest
import xlsxwriter

from app.errors import KnownError
from app.exchange.excel.workbook import read_workbook
from tests.exchange.excel.conftest import DATA, HEADINGS, VILLAGE, number


def ole(stream: str) -> bytes:
    """The start of an OLE file with one directory entry (MS-CFB)."""
    entry = stream.encode("utf-16-le").ljust(64, b"\0") + (2 * len(stream) + 2).to_bytes(2, "little")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entry.ljust(512, b"\0")


def bomb(path):
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write(0, 0, "姓名")
    sheet.write(1_048_575, 16_383, "远")
    book.close()
    return path.read_bytes()


def packed(entries, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return path.read_bytes()


CASES = {
    "empty": ("a.xlsx", lambda _: b""),
    "password": ("a.xlsx", lambda _: ole("EncryptedPackage")),
    "old_excel": ("a.xls", lambda _: ole("Book")),
    "html": ("a.xls", lambda _: "<html><table><tr><td>姓名</td></tr></table></html>".encode("gb18030")),
    "text": ("a.xls", lambda _: "姓名\t身份证号\n张三\t1\n".encode("gb18030")),
    "word": ("a.xlsx", lambda path: packed({"word/document.xml": "<w/>", "[Content_Types].xml": "<t/>"}, path)),
    "not_workbook": ("a.xlsx", lambda _: b"%PDF-1.7\n\x00\x01\x02"),
    "damaged": ("a.xlsx", lambda _: (DATA / "roster_clean.xlsx").read_bytes()[:20_000]),
    "too_large": ("a.xlsx", bomb),
    "xml_sheet": (
        "a.xls",
        lambda _: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
    ),
    "nothing_in_it": ("a.xlsx", lambda path: (xlsxwriter.Workbook(str(path)).close(), path.read_bytes())[1]),
}


@pytest.mark.parametrize("code", CASES)
def test_a_file_that_cannot_be_read_rightly_is_refused_with_a_sentence(code, tmp_path, office, intake):
    name, make = CASES[code]
    path = tmp_path / name
    content = make(path)
    path.write_bytes(content)
    with pytest.raises(KnownError) as refused:
        intake.run("resident", path, area=VILLAGE)
    assert refused.value.code == f"import.{code}"
    assert "没有改动任何数据" in str(refused.value)
    assert name in str(refused.value)
    assert office.store.count("resident") == 0


def test_a_workbook_torn_anywhere_is_refused_and_never_read_by_half(tmp_path):
    content = (DATA / "roster_messy.xlsx").read_bytes()
    for cut in range(4, len(content) - 1, 3001):
        path = tmp_path / "torn.xlsx"
        path.write_bytes(content[:cut])
        with pytest.raises(KnownError):
            read_workbook(path)


def test_a_torn_xls_is_refused_or_read_to_what_it_still_says(tmp_path):
    content = (DATA / "roster_wps.xls").read_bytes()
    for cut in range(600, len(content) - 1, 9001):
        path = tmp_path / "torn.xls"
        path.write_bytes(content[:cut])
        with pytest.raises(KnownError):
            read_workbook(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(KnownError, match=r"nowhere\.xlsx"):
        read_workbook(tmp_path / "nowhere.xlsx")


def test_a_csv_in_gb18030_comes_in(tmp_path, intake, office):
    path = tmp_path / "花名册.csv"
    row = [
        "第一网格",
        "大岭路1号",
        "大岭村大岭路1号",
        "1",
        "张𬀩",
        "户主",
        "张𬀩",
        "男",
        number("19800101"),
        "1980-01-01",
        "",
    ]
    path.write_bytes("\r\n".join([",".join(HEADINGS), ",".join(row)]).encode("gb18030"))
    assert intake.run("resident", path, area=VILLAGE)["created"] == 1
    assert office.store.select("resident")[0].values["name"] == "张𬀩"


def test_days_counted_from_1904_are_the_days_that_excel_shows(tmp_path):
    path = tmp_path / "mac.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_datetime(0, 0, datetime.datetime(1987, 3, 5), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001
    book.close()
    assert read_workbook(path).sheets[0].rows[0][0] == datetime.date(1987, 3, 5)


def test_an_error_in_a_cell_is_told_and_not_taken_for_an_empty_one(tmp_path, intake):
    path = tmp_path / "formulas.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["户号", "户主", "与户主关系", "姓名", "身份证号", "联系电话"])
    sheet.append(["0001", "张三", "户主", "张三", number("19800101"), "=A1"])
    sheet.append(["0001", "张三", "妻", "李四", number("19810101", 2), "#N/A"])
    sheet["F3"].data_type = "e"
    book.save(path)
    said = intake.run("resident", path, area=VILLAGE)
    assert {(item["row"], item["field"], item["code"]) for item in said["flagged"]} == {
        (2, "phone", "cell_error"),
        (3, "phone", "cell_error"),
    }


def test_filtered_rows_are_read_and_hidden_sheets_are_not(tmp_path, intake):
    path = tmp_path / "hidden.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for title in ("花名册", "旧表"):
        sheet = book.add_worksheet(title)
        for r, row in enumerate(
            [
                HEADINGS,
                *[
                    [None, None, "岭上1号", "0001", "张三", "户主", f"张{n}", "男", number("19800101", 2 * n + 1)]
                    for n in (1, 2)
                ],
            ]
        ):
            sheet.write_row(r, 0, row)
        sheet.set_row(2, None, None, {"hidden": True})
    sheet.hide()
    book.close()
    found = intake.recognise(intake.read(path), "resident")
    assert [(layout.sheet.name, len(layout.rows)) for layout in found.layouts] == [("花名册", 2)]
    assert found.passed_over == (("旧表", "hidden"),)


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(intake):
    with pytest.raises(KnownError, match="人口信息"):
        intake.run("resident", DATA / "roster_clean.xlsx", area=VILLAGE, sheet="人口")
