"""Dates and times in all the ways clerks and spreadsheets write them."""

# ruff: noqa: DTZ001 - the cells of a spreadsheet know no zone

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema.dates import CHINA, china_time, read_date, read_time, spoken_date
from app.schema.values import BadValue

TODAY = datetime.date(2026, 9, 18)
DAYS = {
    "1987-03-05": "1987-03-05",
    "1987-3-5": "1987-03-05",
    "1987.3.5": "1987-03-05",
    "1987/3/5": "1987-03-05",
    "1987/03/05 00:00:00": "1987-03-05",
    "1987年3月5日": "1987-03-05",
    "1987年3月5": "1987-03-05",
    "1987年3月5号": "1987-03-05",
    "1987 年 3 月 5 日": "1987-03-05",
    "１９８７．３．５": "1987-03-05",
    "19870305": "1987-03-05",
    " 1987-3-5 ": "1987-03-05",
    "87-3-5": "1987-03-05",
    "26.9.1": "2026-09-01",
    "27.9.1": "1927-09-01",
    "2026-9-8 9:05": "2026-09-08",
    "2026-9-1 10:00": "2026-09-01",
    "2026年9月18日 9时5分": "2026-09-18",
    "2026-09-18T10:00:00+08:00": "2026-09-18",
    "31841": "1987-03-05",
    "31841.0": "1987-03-05",
    "2000-02-29": "2000-02-29",
    "2026.9.1": "2026-09-01",
    "26-9-1": "2026-09-01",
    "二〇二六年九月一日": "2026-09-01",
    "二零二六年九月一号": "2026-09-01",
    "二○二六年十月二十一日": "2026-10-21",
    "一九八五年十二月三十日": "1985-12-30",
    "二〇二六年十月十日 上午9时": "2026-10-10",
    "八五年三月五日": "1985-03-05",
    "民国35年3月5日": "1946-03-05",
    "民国三十五年三月五日": "1946-03-05",
    "民国元年一月一日": "1912-01-01",
}
INCOMPLETE = ["1987", "1987年", "1987-3", "1987年3月", "1987.3", "一九八七年三月", "87年"]
LUNAR = ["农历八月十五", "1985年腊月初八", "阴历1985年3月5日", "一九八五年正月十五", "闰六月初二", "1985年8月初五"]
NO_DAYS = [
    "二〇二六年十三月一日",
    "二〇二六年九月三十一日",
    "1987-13-01",
    "1987-02-29",
    "19870230",
    "3/5/1987",
    "不详",
    "1987-3-5-7",
]
MOMENTS = {
    "2026-09-18T10:05:06+08:00": "2026-09-18T10:05:06+08:00",
    "2026-09-18 10:05:06": "2026-09-18T10:05:06+08:00",
    "2026-09-18 10:05": "2026-09-18T10:05:00+08:00",
    "2026-9-1 9:5": "2026-09-01T09:05:00+08:00",
    "2026/9/18 9:05": "2026-09-18T09:05:00+08:00",
    "2026.9.18　9：05": "2026-09-18T09:05:00+08:00",
    "2026年9月18日9时5分": "2026-09-18T09:05:00+08:00",
    "2026年9月18日 9点": "2026-09-18T09:00:00+08:00",
    "2026年9月18日下午2点30分": "2026-09-18T14:30:00+08:00",
    "2026年9月18日上午9:05": "2026-09-18T09:05:00+08:00",
    "2026-09-18": "2026-09-18T00:00:00+08:00",
    "2026年9月18日": "2026-09-18T00:00:00+08:00",
    "2026-09-18T02:05:06Z": "2026-09-18T10:05:06+08:00",
    "2026-9-18 02:05Z": "2026-09-18T10:05:00+08:00",
    "2026-09-18T10:05:06.789+08:00": "2026-09-18T10:05:06+08:00",
}
NO_MOMENTS = ["2026-09-18 25:00", "2026-09-18 10:61", "十点", "9:05", "2026-02-30 10:00", "20260918 早"]


@pytest.mark.parametrize("way", DAYS)
def test_a_day_in_every_way_of_writing(way):
    assert read_date(way, TODAY) == DAYS[way]
    assert read_date(DAYS[way], TODAY) == DAYS[way]


@pytest.mark.parametrize(
    ("way", "code"), [*((way, "date_incomplete") for way in INCOMPLETE), *((way, "date_lunar") for way in LUNAR)]
)
def test_a_year_alone_and_a_lunar_day_are_told_for_what_they_are(way, code):
    with pytest.raises(BadValue) as told:
        read_date(way, TODAY)
    assert told.value.code == code
    assert way in told.value.message


@pytest.mark.parametrize("way", NO_DAYS)
def test_what_names_no_day_is_refused(way):
    with pytest.raises(BadValue) as told:
        read_date(way, TODAY)
    assert told.value.code == "date_wrong"
    assert way in told.value.message


@pytest.mark.parametrize(
    "raw", [31841, 31841.0, 31841.5, datetime.date(1987, 3, 5), datetime.datetime(1987, 3, 5, 9), 19870305, 19870305.0]
)
def test_a_cell_that_holds_a_day_is_read(raw):
    assert read_date(raw, TODAY) == "1987-03-05"


@pytest.mark.parametrize("raw", [1987, 1987.0, 1987.3, 1987.12, 0, -3, 1e9, float("nan"), float("inf"), 20269901, True])
def test_a_cell_with_a_year_or_nonsense_is_no_day_of_1905(raw):
    with pytest.raises(BadValue):
        read_date(raw, TODAY)


@pytest.mark.parametrize("way", MOMENTS)
def test_a_moment_in_every_way_of_writing(way):
    assert read_time(way) == MOMENTS[way]
    assert read_time(MOMENTS[way]) == MOMENTS[way]


@pytest.mark.parametrize("way", NO_MOMENTS)
def test_what_names_no_moment_is_refused(way):
    with pytest.raises(BadValue) as told:
        read_time(way)
    assert told.value.code == "time_wrong"


def test_a_cell_that_holds_a_moment_keeps_its_hour():
    assert read_time(datetime.datetime(2026, 9, 18, 10, 5)) == "2026-09-18T10:05:00+08:00"
    assert read_time(datetime.datetime(2026, 9, 18, 2, 5, tzinfo=datetime.UTC)) == "2026-09-18T10:05:00+08:00"
    assert read_time(31841.5) == "1987-03-05T12:00:00+08:00"
    assert read_date(datetime.datetime(2026, 9, 17, 20, tzinfo=datetime.UTC)) == "2026-09-18"


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_a_day_is_the_same_day_in_every_spelling(day):
    held = day.isoformat()
    ways = [f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}", day]
    assert {read_date(way) for way in ways} == {held}
    if day > datetime.date(1906, 1, 1):
        assert read_date((day - datetime.date(1899, 12, 30)).days) == held


@given(st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2099, 1, 1)))
def test_a_moment_survives_its_own_spelling(moment):
    held = moment.replace(microsecond=0, tzinfo=CHINA).isoformat()
    assert read_time(held) == held
    assert china_time(round(datetime.datetime.fromisoformat(held).timestamp() * 1000)) == held


@given(st.text(max_size=20) | st.text("0123456789-:.T年月日时分 Z+", max_size=24))
def test_anything_at_all_is_a_day_or_is_refused(text):
    for read in (read_date, read_time):
        try:
            found = read(text)
        except BadValue:
            continue
        assert read(found) == found


def test_a_date_is_spoken_as_documents_print_it():
    assert spoken_date("2026-09-08T10:00:00+08:00") == "2026年9月8日"
