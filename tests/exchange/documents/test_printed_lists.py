"""Ledgers and the day roll-up, on paper and in a workbook."""

from __future__ import annotations

import json
import subprocess

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn

from app.exchange.documents.blocks import SIZES, Column, Table, Text, numbered
from app.exchange.documents.day_report import day_report
from app.exchange.documents.fonts import missing_glyphs
from app.exchange.documents.layout import broken
from app.exchange.documents.ledger import LedgerMeta, ledger_docx, ledger_pdf, print_ledger
from app.exchange.documents.widths import column_widths

COLUMNS = ["台账编号", "排查时间", Column("等级", "center"), "隐患描述", "电话"]
ROWS = [
    (f"L01-2026-{n:04d}", "2026-09-18 09:30", "一般", "电动车在楼道内充电，线路老化裸露。" * (n % 5 + 1), f"138{n:08d}")
    for n in range(1, 81)
]
META = LedgerMeta("石桥镇综治中心", "2026年9月", "郑记")


def pdf_text(path):
    read = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True, text=True)
    return "".join(read.stdout.split(" "))


def figures(*values):
    codes = ("n_rep", "n_acc", "n_cls", "n_open", "n_over_open")
    return {
        code: {"value": value, "unit": "件", "basis": "按受理时间计", "numerator": value, "denominator": None}
        for code, value in zip(codes, values, strict=True)
    }


DAY = {
    "period": ["2026-09-18T00:00:00+08:00", "2026-09-19T00:00:00+08:00"],
    "area": "990000001000",
    "area_name": "石桥镇",
    "villages": [
        {"area": "990000001001", "name": "长安村", "indicators": figures(3, 2, 1, 4, 1)},
        {"area": "990000001002", "name": "门前村", "indicators": figures(5, 4, 3, 2, None)},
    ],
    "indicators": figures(8, 6, 4, 6, 1),
    "urgent": [
        {"number": "石桥〔2026〕0001号", "title": '=HYPERLINK("x")', "village": "长安村", "urgency": "critical"}
    ],
    "over": [
        {
            "number": "石桥〔2026〕0002号",
            "title": "-1+2 排水纠纷",
            "village": "@门前村",
            "due": "2026-09-17T18:00:00+08:00",
        }
    ],
    "zero_report": {"due": 8, "in": 7, "missing": ["红旗村"]},
    "duty_leader": "王建国",
    "handover": ["红旗村零报告未报。"],
}


def test_a_ledger_over_many_pages_has_its_header_and_its_number_on_each(tmp_path):
    print_ledger("安全隐患排查整改台账", COLUMNS, ROWS, tmp_path / "it.pdf", META)
    pages = pdf_text(tmp_path / "it.pdf").split("\f")[:-1]
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert "隐患描述" in page
        assert f"第{number}页共{len(pages)}页" in page
    assert "单位：石桥镇综治中心" in pages[0]
    assert "填表人：郑记" in pages[-1]
    assert "审核人：" in pages[-1]
    whole = "".join(pages)
    for row in ROWS:
        assert row[0] in whole
        assert row[4] in whole


def test_a_row_taller_than_a_page_is_continued_and_loses_nothing(tmp_path):
    long = "".join(f"【{n}】整改情况说明" for n in range(1, 1500))
    (tmp_path / "it.pdf").write_bytes(
        ledger_pdf("台账", ["编号", "内容", "备注"], [("A1", long, ""), ("A2", "短", "")], META)
    )
    text = "".join(pdf_text(tmp_path / "it.pdf").split())
    assert all(f"【{n}】" in text for n in (1, 700, 1499))
    assert "A2" in text


def test_a_ledger_in_docx_repeats_its_header_row_and_lies_across(tmp_path):
    (tmp_path / "it.docx").write_bytes(ledger_docx("安全隐患排查整改台账", COLUMNS, ROWS, META))
    document = docx.Document(str(tmp_path / "it.docx"))
    table = document.tables[0]
    assert [cell.text for cell in table.rows[0].cells] == ["台账编号", "排查时间", "等级", "隐患描述", "电话"]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert len(table.rows) == 81
    assert not table._tbl.xpath(".//w:gridSpan | .//w:vMerge")
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)


def test_an_empty_ledger_still_prints_its_header(tmp_path):
    (tmp_path / "it.pdf").write_bytes(ledger_pdf("台账", ["编号", "内容"], []))
    assert "内容" in pdf_text(tmp_path / "it.pdf")


def test_widths_follow_the_contents_and_fill_the_paper():
    table = Table((Column("编号"), Column("内容"), Column("等级")), (("L01-2026-0001", "很长的内容" * 30, "一般"),))
    widths = column_widths(table, 269, SIZES["五号"])
    assert sum(widths) == pytest.approx(269)
    assert widths[1] > 4 * widths[0] > 4 * widths[2]


def test_no_line_begins_with_a_closing_mark_and_no_figure_is_torn():
    text = "他说：“水沟（宽0.4米）堵了，赔12345678元。”" * 12
    lines = ["".join(span.text for span in found.spans) for found in broken((Text(text),), 97, 12)]
    assert "".join(lines) == text
    assert not [row for row in lines if row[0] in "，。：”）" or row[-1] in "“（"]
    assert sum(row.count("12345678") for row in lines) == 12


def test_numbers_already_typed_are_not_doubled():
    def texts(items):
        return [block.pieces[0].text for block in numbered(items)]

    assert texts(["甲", "乙"]) == ["1．甲", "2．乙"]
    assert texts(["1、甲", "2、乙"]) == ["1、甲", "2、乙"]
    assert texts(["1.2万元由甲付", "乙"]) == ["1．1.2万元由甲付", "2．乙"]


def test_missing_glyphs_names_each_character_once():
    assert missing_glyphs("李𠮷、张𪚥、李𠮷 𠮷\n") == ("𠮷", "𪚥")
    assert missing_glyphs("门民长骨身〔2026〕□—％①\ufeff") == ()


def test_the_day_roll_up_is_one_page_with_figures_basis_lists_and_signatures(tmp_path):
    assert day_report(DAY, tmp_path / "it.pdf") == ()
    text = pdf_text(tmp_path / "it.pdf")
    for word in (
        "石桥镇",
        "2026年9月18日",
        "合计",
        "口径：",
        "按受理时间计",
        "特急",
        "石桥〔2026〕0001号",
        "未报：红旗村",
        "带班领导：王建国",
        "第1页共1页",
    ):
        assert word in text
    assert "9月19日" not in text
    village = next(row for row in text.splitlines() if row.startswith("门前村"))
    assert village.endswith("—")


def test_the_day_roll_up_in_docx_has_the_same_figures(tmp_path):
    day_report(DAY, tmp_path / "it.docx")
    table = docx.Document(str(tmp_path / "it.docx")).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows][1:] == [
        ["长安村", "3", "2", "1", "4", "1"],
        ["门前村", "5", "4", "3", "2", "—"],
        ["合计", "8", "6", "4", "6", "1"],
    ]


def test_in_the_workbook_figures_are_numbers_and_no_text_becomes_a_formula(tmp_path):
    day_report(DAY, tmp_path / "it.xlsx")
    book = openpyxl.load_workbook(tmp_path / "it.xlsx")
    assert book.sheetnames == ["办理情况", "紧急事项", "超期未办结事项"]
    assert [cell.value for cell in book["办理情况"][6]] == ["合计", 8, 6, 4, 6, 1]
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert {'=HYPERLINK("x")', "-1+2 排水纠纷", "@门前村"} <= {cell.value for cell in cells}


def test_a_busy_day_keeps_every_case_on_paper(tmp_path):
    many = [{"number": f"石桥〔2026〕{n:04d}号", "title": "排水纠纷", "urgency": "urgent"} for n in range(1, 121)]
    day_report({**DAY, "urgent": many}, tmp_path / "it.pdf")
    text = "".join(pdf_text(tmp_path / "it.pdf").split())
    assert all(case["number"] in text for case in many)


def test_the_json_is_the_data(tmp_path):
    day_report(DAY, tmp_path / "it.json")
    assert json.loads((tmp_path / "it.json").read_text(encoding="utf-8")) == DAY
