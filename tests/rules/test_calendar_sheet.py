"""The calendar as a table: read, changed, written, and read again as the same days."""

from __future__ import annotations

import datetime as dt

import pytest

from app.errors import KnownError
from app.rules.calendar import WorkCalendar
from app.rules.calendar_sheet import CalendarSheet, Stretch
from app.rules.ruling import shipped_text


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_what_is_written_means_the_same_days(year):
    sheet = CalendarSheet.read(year, shipped_text(f"calendar_{year}"))
    assert CalendarSheet.read(year, sheet.text()) == sheet
    mine, shipped = sheet.calendar(), WorkCalendar.load()
    days = [dt.date(year, 1, 1) + dt.timedelta(n) for n in range(365)]
    assert [mine.is_workday(each) for each in days] == [shipped.is_workday(each) for each in days]


def test_a_stretch_is_added_changed_and_taken_away():
    sheet = CalendarSheet.read(2026, shipped_text("calendar_2026"))
    market = Stretch("赶街节", day("2026-11-02"), day("2026-11-03"))
    more = sheet.with_stretch(market)
    assert not more.calendar().is_workday(day("2026-11-03"))
    at = more.stretches.index(market)
    longer = more.with_stretch(Stretch("赶街节", day("2026-11-02"), day("2026-11-04")), at)
    assert len(longer.stretches) == len(more.stretches)
    assert not longer.calendar().is_workday(day("2026-11-04"))
    assert longer.without(at) == sheet


def test_holidays_of_one_name_and_names_with_quotes_are_kept():
    sheet = CalendarSheet.read(2026, shipped_text("calendar_2026"))
    for first in ("2026-11-02", "2026-11-16"):
        sheet = sheet.with_stretch(Stretch('"街"天', day(first), day(first)))
    again = CalendarSheet.read(2026, sheet.text())
    assert [held.name for held in again.stretches if held.first.month == 11] == ['"街"天', '"街"天（2）']


@pytest.mark.parametrize(
    "wrong",
    [
        Stretch("", dt.date(2026, 11, 2), dt.date(2026, 11, 2)),
        Stretch("倒", dt.date(2026, 11, 3), dt.date(2026, 11, 2)),
        Stretch("去年", dt.date(2025, 12, 31), dt.date(2026, 1, 1)),
        Stretch("重叠", dt.date(2026, 10, 7), dt.date(2026, 10, 9), works=True),
    ],
)
def test_what_cant_be_is_refused_and_the_sheet_stays(wrong):
    sheet = CalendarSheet.read(2026, shipped_text("calendar_2026"))
    with pytest.raises(KnownError):
        sheet.with_stretch(wrong)
