"""Whatever stands in a cell, an import says something about it; it never breaks off."""

from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import KnownError
from app.exchange.excel.headings import form_catalog, roster_catalog
from app.exchange.excel.recognise import recognise
from app.exchange.excel.workbook import Sheet, Workbook
from app.exchange.roster.dwellings import DwellingPlan
from app.exchange.roster.generic import FormPlan
from app.exchange.roster.register import Register
from app.exchange.roster.roster import plan_roster
from app.schema.ids import IdMaker
from tests.exchange.excel.conftest import VILLAGE, DictSource, number

TODAY = datetime.date(2026, 9, 18)
CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.integers(),
    st.sampled_from(
        [
            "张三",
            "户主",
            "妻",
            number("19800101"),
            9.90012197104218e17,
            "1.99E+10",
            "第一网格",
            "合计",
            "0",
            "——",
            "1987.13.5",
            "=1",
            0.0,
            "①",
            "²",
            "二○○一年",
        ]
    ),
)


def sheet_of(headings):
    rows = st.lists(st.lists(CELLS, min_size=len(headings), max_size=len(headings)), max_size=8)
    return rows.map(lambda found: Workbook("junk.xlsx", (Sheet("表", [headings, *found]),)))


def register():
    return Register(DictSource(), IdMaker())


def whole(plan):
    rows = {(item.sheet, item.row) for item in plan.refused}
    return plan.created + plan.updated + plan.unchanged + len(rows) + len(plan.same_person) == plan.rows


ROSTER = [
    "网格",
    "门牌号",
    "房屋地址",
    "户号",
    "户主",
    "与户主关系",
    "姓名",
    "性别",
    "身份证号",
    "出生日期",
    "户籍地址",
    "联系电话",
    "人户状态",
    "村",
]


@settings(max_examples=150)
@given(book=sheet_of(ROSTER))
def test_any_cells_of_a_roster_are_planned_and_every_row_is_accounted_for(book, forms, words):
    found = recognise(book, [roster_catalog(forms, words)])
    plan = plan_roster(found, forms, words, register(), VILLAGE, TODAY)
    assert whole(plan)
    assert all(forms[record.form].clean(record.values, partial=True)[1] == [] for record in plan.records)


@settings(max_examples=80)
@given(
    book=sheet_of(
        [
            "房屋地址",
            "所在楼栋",
            "所属网格",
            "建筑面积(平方米)",
            "房屋结构",
            "是否出租",
            "产权人身份证号",
            "产权人电话",
            "经度",
            "纬度",
        ]
    )
)
def test_any_cells_of_dwellings_are_planned(book, forms, words):
    catalogs = [form_catalog(forms["dwelling"], words), form_catalog(forms["building"], words)]
    plan = DwellingPlan(recognise(book, catalogs), forms, words, register(), VILLAGE, TODAY, "dwelling").plan()
    assert whole(plan)
    assert all(forms[record.form].clean(record.values, partial=True)[1] == [] for record in plan.records)


@settings(max_examples=80)
@given(data=st.data(), name=st.sampled_from(["hazard", "visit", "dispute", "grid", "building"]))
def test_any_cells_of_any_form_are_planned(data, name, forms, words):
    headings = [item.label for item in forms[name].stored if not item.retired]
    found = recognise(data.draw(sheet_of(headings)), [form_catalog(forms[name], words)])
    plan = FormPlan(found, forms, words, register(), VILLAGE, TODAY, name).plan()
    assert whole(plan)
    assert all(forms[record.form].clean(record.values)[1] == [] for record in plan.records)


@settings(max_examples=60)
@given(rows=st.lists(st.lists(CELLS, max_size=9), max_size=12))
def test_a_sheet_of_anything_is_recognised_or_refused_in_words(rows, forms, words):
    book = Workbook("junk.xlsx", (Sheet("表", rows),))
    with contextlib.suppress(KnownError):
        found = recognise(book, [roster_catalog(forms, words)])
        assert found.layouts


@pytest.mark.parametrize("heading", ["配偶姓名", "监护人姓名", "产权人姓名", "网格员姓名"])
def test_the_name_of_somebody_else_is_no_name_of_the_person(heading, forms, words):
    assert roster_catalog(forms, words).match(heading).target is None
