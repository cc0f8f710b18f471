import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import KnownError
from app.rules.calendar import WorkCalendar, iso, parse
from app.rules.limits import Limit, Limits

CALENDAR = WorkCalendar.load()


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-01", False),
        ("2026-01-04", True),  # a Sunday worked for New Year
        ("2026-02-14", True),
        ("2026-02-18", False),
        ("2026-02-24", True),
        ("2026-05-09", True),
        ("2026-09-25", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),
        ("2026-10-11", False),
        ("2030-01-01", True),  # a year without a table counts Monday to Friday
        ("2030-01-05", False),
    ],
)
def test_a_day_is_worked_as_the_notice_says(day, works):
    assert CALENDAR.is_workday(dt.date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-09-21T09:00:00+08:00", 1, "2026-09-22T17:30:00+08:00"),
        ("2026-09-24T16:00:00+08:00", 1, "2026-09-28T17:30:00+08:00"),  # over Mid-Autumn
        ("2026-09-30T10:00:00+08:00", 3, "2026-10-10T17:30:00+08:00"),  # over National Day, ending on a worked Saturday
        ("2026-02-13T18:00:00+08:00", 2, "2026-02-24T17:30:00+08:00"),  # Saturday 14th is worked
        ("2026-09-19T23:00:00+08:00", 0, "2026-09-20T17:30:00+08:00"),
        ("2026-09-21T17:31:00+08:00", 0, "2026-09-22T17:30:00+08:00"),
        ("2026-09-30T23:30:00+00:00", 1, "2026-10-08T17:30:00+08:00"),  # it is 1 October in China already
    ],
)
def test_working_days_end_at_the_close_of_office(start, days, end):
    assert iso(CALENDAR.add_working_days(parse(start), days)) == end


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-09-21T08:30:00+08:00", 5, "2026-09-21T15:30:00+08:00"),  # the lunch break doesn't count
        ("2026-09-21T12:30:00+08:00", 1, "2026-09-21T15:00:00+08:00"),
        ("2026-09-30T16:30:00+08:00", 2, "2026-10-08T09:30:00+08:00"),
        ("2026-09-21T07:00:00+08:00", 3.5, "2026-09-21T12:00:00+08:00"),
    ],
)
def test_working_hours_pass_in_office_time_only(start, hours, end):
    moment = CALENDAR.add_working_hours(parse(start), hours)
    assert iso(moment) == end
    assert CALENDAR.working_hours_between(parse(start), moment) == pytest.approx(hours)


def test_natural_days_end_with_the_last_second_and_mind_no_holiday():
    assert iso(CALENDAR.add_days(parse("2026-09-05T10:00:00+08:00"), 30)) == "2026-10-05T23:59:59+08:00"


def test_working_days_between_count_the_last_day_and_not_the_first():
    assert CALENDAR.working_days_between(parse("2026-09-30T10:00:00+08:00"), parse("2026-10-10T09:00:00+08:00")) == 3


@given(
    st.integers(0, 2 * 365 * 24 * 60),
    st.integers(1, 40),
)
def test_a_limit_of_working_days_never_ends_on_a_free_day_nor_too_early(start, days):
    begin = parse("2025-06-01T00:00:00+08:00") + dt.timedelta(minutes=start)
    end = CALENDAR.add_working_days(begin, days)
    assert CALENDAR.is_workday(end.date())
    assert CALENDAR.working_days_between(begin, end) == days


def test_only_the_county_confirms_a_calendar():
    assert not CALENDAR.confirmed(2026)
    assert not CALENDAR.confirmed(1999)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("year = 2026\nhours = ['08:30-12:00']\n[holidays]\n'国庆节' = ['2027-10-01']", "rules.calendar_year"),
        ("year = 2026\nhours = ['08:30-12:00']\n[holidays]\n'国庆节' = ['10-1']", "rules.value_wrong"),
        ("year = 2026\nhours = ['12:00-08:30']", "rules.value_wrong"),
        ("year = 2026\nhours = ['08:30-14:30', '14:00-17:30']", "rules.value_wrong"),
        ("year = 2026\nhours = ['08:30-12:00']\nholiday = []", "rules.key_unknown"),
        ("hours = ['08:30-12:00']", "rules.key_missing"),
        ("year = ", "rules.not_toml"),
    ],
)
def test_a_wrong_calendar_is_refused_by_name(tmp_path, text, code):
    (tmp_path / "calendar_2026.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KnownError) as error:
        WorkCalendar.load(tmp_path)
    assert error.value.code == code
    assert "calendar_2026.toml" in str(error.value)


@pytest.mark.parametrize(
    ("timer", "urgency", "category", "limit"),
    [
        ("handle_due", "normal", "appeal_water", Limit(3, "working_day")),
        ("handle_due", "urgent", "appeal_water", Limit(24, "hour")),
        ("handle_due", "normal", "environment_rubbish", Limit(1, "working_day")),
        ("handle_due", "normal", "environment_sewage", Limit(3, "working_day")),
        ("handle_due", "normal", "dispute_land", Limit(7, "day")),  # from its upper class
        ("handle_due", "critical", "dispute_land", Limit(24, "hour")),
        ("handle_due", "unheard", None, Limit(3, "working_day")),
        ("no_such_due", "normal", None, None),
    ],
)
def test_a_limit_is_that_of_the_class_or_of_the_urgency(timer, urgency, category, limit):
    assert Limits.load().limit(timer, urgency, category) == limit


def test_half_a_limit_is_rounded_up():
    assert Limit(3, "working_day").half() == Limit(2, "working_day")
    assert Limit(1, "hour").half() == Limit(1, "hour")
