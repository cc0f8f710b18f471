"""Files that are not what their names say, old, locked, hidden, or made to break a reader: read rightly, or refused in a sentence."""

from __future__ import annotations

import datetime
import resource
import zipfile

import openpyxl
import pytest
import xlsxwriter

from app.errors import KnownError
from app.exchange.excel.workbook import read_workbook
from tests.exchange.excel.conftest import VILLAGE
from tests.exchange.excel.old_files import biff8, excel_4, excel_95, locked_xlsx
from tests.exchange.excel.test_rosters import MAN, OTHER, SON, WIFE, people

HEADS = ["户号", "户主", "姓名", "与户主关系", "身份证号", "出生日期"]
ROWS = [["1", "张三", "张三", "户主", MAN, ""], ["1", "张三", "李四", "妻", WIFE, ""]]


@pytest.fixture
def plain(write):
    """An ordinary .xlsx of two people."""
    return write({"表": [HEADS, *ROWS]}, "plain.xlsx")


def patched(path, out, change):
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for item in package.infolist():
            made.writestr(item.filename, change(item.filename, package.read(item.filename)))
    return out


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("锁.xlsx", locked_xlsx(), "password"),
        ("锁.xls", locked_xlsx(), "password"),
        ("锁.xls", biff8([HEADS], password=True), "password"),
        ("老.xls", excel_95([HEADS, *ROWS]), "old_excel"),
        ("更老.xls", excel_4([HEADS, *ROWS]), "old_excel"),
        ("网页.xls", b"\xef\xbb\xbf" + "<html><body><table><tr><td>姓名</td></tr></table>".encode(), "html"),
        ("网页.xls", "<html><table><tr><td>姓名</td></tr></table></html>".encode("utf-16"), "html"),
        ("文本.xls", "姓名\t身份证号\r\n张三\t1\r\n".encode("gb18030"), "text"),
        ("空.xls", b"", "empty"),
        ("空白.csv", b"\r\n\r\n,,\r\n", "nothing_in_it"),
        ("半截.xls", biff8([HEADS, *ROWS])[:3000], "damaged"),
    ],
)
def test_what_cannot_be_read_rightly_is_refused_with_the_reason(name, content, code, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(KnownError) as refused:
        read_workbook(path)
    assert refused.value.code == f"import.{code}"
    assert "没有改动任何数据" in str(refused.value)


def test_the_content_decides_and_not_the_name(plain, tmp_path, intake, office):
    for name in ("其实是.xls", "其实是.et"):
        other = tmp_path / name
        other.write_bytes(plain.read_bytes())
        assert intake.run("resident", other, area=VILLAGE)["rows"] == 2
    old = tmp_path / "其实是老的.xlsx"
    old.write_bytes(biff8([HEADS, *ROWS]))
    assert intake.run("resident", old, area=VILLAGE)["unchanged"] == 2
    assert office.store.count("resident") == 2


def test_an_xls_with_hidden_rows_and_formulas_is_read_whole(tmp_path, intake, office):
    path = tmp_path / "a.xls"
    rows = [HEADS, *ROWS, ["1", "张三", "张小三", "长子", SON, 20050303.0], ["", "", "", "", "", None]]
    path.write_bytes(biff8(rows, hidden={2}, formulas={(1, 1), (3, 4), (3, 5)}))
    said = intake.run("resident", path, area=VILLAGE)
    assert (said["created"], said["flagged"]) == (3, [])
    assert people(office)["张小三"]["id_number"] == SON


def test_a_formula_counts_by_the_value_that_was_kept(tmp_path, intake, office):
    path = tmp_path / "f.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADS)
    sheet.write_row(1, 0, ROWS[0][:4])
    sheet.write_formula(1, 4, '=B9&"x"', None, MAN)
    book.close()
    assert intake.run("resident", path, area=VILLAGE)["created"] == 1
    assert people(office)["张三"]["id_number"] == MAN
    never = tmp_path / "n.xlsx"
    made = openpyxl.Workbook()
    made.active.append(HEADS)
    made.active.append([*ROWS[0][:4], '=B9&"x"', ""])
    made.save(never)
    said = intake.run("resident", never, area=VILLAGE, dry_run=True)
    assert (2, "cell_error") in {(item["row"], item["code"]) for item in said["flagged"]}


def test_days_that_are_bare_numbers_count_from_1904_where_the_workbook_does(tmp_path, intake, office):
    path = tmp_path / "mac.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADS)
    day = (datetime.date(1982, 7, 8) - datetime.date(1904, 1, 1)).days
    for number, (name, born) in enumerate((("张三", day), ("李四", 1982), ("王五", 19820708)), 1):
        sheet.write_row(number, 0, ["1", "张三", name, "户主" if number == 1 else "子", "", born])
    book.close()
    intake.run("resident", path, area=VILLAGE)
    assert {name: values["birth_date"] for name, values in people(office).items()} == {
        "张三": "1982-07-08", "李四": None, "王五": "1982-07-08",
    }  # fmt: skip


def test_rows_that_a_filter_hides_are_read_and_counted(tmp_path, intake):
    path = tmp_path / "filter.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, row in enumerate([HEADS, *ROWS, ["2", "王五", "王五", "户主", OTHER, ""]]):
        sheet.write_row(number, 0, row)
    sheet.autofilter(0, 0, 3, 5)
    sheet.filter_column(1, "x == 张三")
    sheet.set_row(3, None, None, {"hidden": True})
    sheet.set_column(4, 4, None, None, {"hidden": True})
    book.close()
    said = intake.run("resident", path, area=VILLAGE, shown=True, dry_run=True)
    assert said["created"] == 3
    assert [(s["rows"], s["hidden_rows"]) for s in said["preview"]["sheets"]] == [(3, 1)]


def test_a_sheet_that_claims_to_be_endless_is_read_as_far_as_it_goes(plain, tmp_path):
    def claim(name, content):
        return (
            content.replace(b'<dimension ref="A1:F3"/>', b'<dimension ref="A1:XFD1048576"/>')
            if "sheet1" in name
            else content
        )

    path = patched(plain, tmp_path / "endless.xlsx", claim)
    assert len(read_workbook(path).sheets[0].rows) == 3


def test_entities_are_never_unfolded(plain, tmp_path):
    levels = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{levels}]>'.encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for part in ("sharedStrings.xml", "sheet1.xml", "workbook.xml", "styles.xml"):

        def poison(name, content, part=part):
            if not name.endswith(part):
                return content
            content = content.replace("张三".encode(), b"&j;", 1)
            return head + content.split(b"?>", 1)[1]

        path = patched(plain, tmp_path / f"{part}.xlsx", poison)
        try:
            book = read_workbook(path)
        except KnownError as bad:
            assert bad.code == "import.damaged"  # noqa: PT017 - either is right: refused, or read without unfolding
        else:
            assert max(len(str(cell)) for row in book.sheets[0].rows for cell in row) < 100
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_file_that_unpacks_to_thousands_of_times_its_size_is_refused_unread(plain, tmp_path):
    out = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        with zipfile.ZipFile(plain) as package:
            for item in package.infolist():
                made.writestr(item.filename, package.read(item.filename))
        with made.open("xl/media/a.bin", "w", force_zip64=True) as entry:
            for _ in range(310):
                entry.write(b"\0" * 1_000_000)
    with pytest.raises(KnownError) as refused:
        read_workbook(out)
    assert refused.value.code == "import.too_large"
