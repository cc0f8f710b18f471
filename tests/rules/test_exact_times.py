"""Limits to the minute: over holidays and make-up days, the turn of the year, outside of hours and on the boundary itself."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.paths import resource
from app.rules.calendar import WorkCalendar, WorkYear, iso, parse
from app.rules.case_engine import CaseRules
from app.rules.case_fold import Step
from app.rules.limits import Limit, Limits
from app.schema.codes import load_codes

CODES = load_codes(resource("codes"))
RULES = CaseRules.load(codes=CODES)
CALENDAR = RULES.limits.calendar
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        # Minutes and hours run by the wall clock, over nights, holidays and the turn of the year.
        ("2026-12-31T23:50", "30 minute", "2027-01-01T00:20:00"),
        ("2026-09-30T20:00", "24 hour", "2026-10-01T20:00:00"),
        # Natural days end with their last second and mind no holiday.
        ("2026-12-31T00:00", "1 day", "2027-01-01T23:59:59"),
        ("2026-12-31T23:59", "1 day", "2027-01-01T23:59:59"),
        ("2028-02-28T09:00", "1 day", "2028-02-29T23:59:59"),
        # Working hours: before hours, on the minute of opening, at lunch, on the minute of closing, after it.
        ("2026-09-21T08:29", "1 working_hour", "2026-09-21T09:30:00"),
        ("2026-09-21T08:30", "1 working_hour", "2026-09-21T09:30:00"),
        ("2026-09-21T11:59", "1 working_hour", "2026-09-21T14:59:00"),
        ("2026-09-21T12:00", "1 working_hour", "2026-09-21T15:00:00"),
        ("2026-09-21T13:59", "1 working_hour", "2026-09-21T15:00:00"),
        ("2026-09-21T17:29", "1 working_hour", "2026-09-22T09:29:00"),
        ("2026-09-21T17:30", "1 working_hour", "2026-09-22T09:30:00"),
        ("2026-09-21T08:30", "7 working_hour", "2026-09-21T17:30:00"),
        ("2026-09-21T08:31", "7 working_hour", "2026-09-22T08:31:00"),
        # Over National Day to the worked Saturday, over Mid-Autumn, on a make-up Sunday.
        ("2026-10-09T16:30", "2 working_hour", "2026-10-10T09:30:00"),
        ("2026-09-24T17:00", "1 working_hour", "2026-09-28T09:00:00"),
        ("2026-09-20T09:00", "3 working_hour", "2026-09-20T12:00:00"),
        # Working days: the day itself doesn't count, also when it is begun before hours, and the last ends at the close.
        ("2026-09-21T00:00", "1 working_day", "2026-09-22T17:30:00"),
        ("2026-09-21T23:59", "1 working_day", "2026-09-22T17:30:00"),
        ("2026-09-18T17:30", "1 working_day", "2026-09-20T17:30:00"),  # the Sunday is worked
        ("2026-09-30T17:30", "2 working_day", "2026-10-09T17:30:00"),
        ("2026-09-30T17:30", "3 working_day", "2026-10-10T17:30:00"),  # a worked Saturday
        ("2026-10-03T12:00", "1 working_day", "2026-10-08T17:30:00"),  # begun in the holiday
        ("2026-02-13T10:00", "3 working_day", "2026-02-25T17:30:00"),
        # The turn into a year without a notice: what the law itself calls a holiday is one, and no weekend is worked.
        ("2026-12-31T10:00", "1 working_day", "2027-01-04T17:30:00"),
        ("2027-02-04T10:00", "1 working_day", "2027-02-09T17:30:00"),
        ("2025-12-31T16:30", "2 working_hour", "2026-01-04T09:30:00"),
    ],
)
def test_a_limit_ends_on_the_minute(start, limit, end):
    amount, unit = limit.split()
    found = Limit(int(amount), unit).after(parse(start), CALENDAR)
    assert iso(found) == end + "+08:00"


def test_the_hours_of_each_year_are_its_own():
    summer = WorkYear(2027, hours=((dt.time(8), dt.time(12)), (dt.time(15), dt.time(18))))
    calendar = WorkCalendar({2027: summer})
    assert iso(calendar.add_working_hours(parse("2026-12-31T16:30"), 5)) == "2027-01-01T12:00:00+08:00"
    assert iso(calendar.add_working_days(parse("2026-12-31T16:30"), 1)) == "2027-01-01T18:00:00+08:00"
    # A limit that ends with the office goes on ending with it when it is moved into that year; another keeps its hour.
    assert iso(calendar.shift_working_days(parse("2026-12-31T17:30"), 1)) == "2027-01-01T18:00:00+08:00"
    assert iso(calendar.shift_working_days(parse("2026-12-31T10:15"), 1)) == "2027-01-01T10:15:00+08:00"


@given(st.integers(0, 2 * 365 * 24 * 60), st.integers(0, 6000))
def test_office_time_added_is_office_time_found_to_the_second(start, minutes):
    begin, span = parse("2025-06-01T00:00") + start * MINUTE, minutes * MINUTE
    end = CALENDAR.add_working_time(begin, span)
    assert CALENDAR.working_time_between(begin, end) == span
    # And it is the first such moment: a minute before, there was less.
    assert not span or CALENDAR.working_time_between(begin, end - MINUTE) < span


@given(st.integers(0, 60 * 24 * 60), st.integers(0, 30 * 24 * 60))
def test_two_spans_of_office_time_are_one(start, cut):
    begin = parse("2026-09-01T00:00") + start * MINUTE
    middle, end = begin + cut * MINUTE, begin + 45 * 24 * 60 * MINUTE
    between = CALENDAR.working_time_between
    assert between(begin, middle) + between(middle, end) == between(begin, end)


def test_every_class_finds_its_limit_up_the_catalogue():
    # A class inherits by the beginning of its code; so a code must begin with those above it, or it would inherit of another.
    for item in CODES["event_class"].items:
        path = [one.code for one in CODES["event_class"].path(item.code)]
        assert all(item.code.startswith(f"{upper}_") for upper in path[:-1])


def test_the_nearest_of_three_levels_says(tmp_path):
    text = resource("rules", "limits.toml").read_text(encoding="utf-8")
    text += "\n[classes.facility.handle_due]\nnormal = '9 working_day'\nurgent = '8 hour'\n"
    text += "\n[classes.facility_light_lamp.handle_due]\nnormal = '5 working_hour'\n"
    (tmp_path / "limits.toml").write_text(text, encoding="utf-8")
    limits = Limits.load(tmp_path / "limits.toml", CALENDAR)
    assert limits.limit("handle_due", "normal", "facility_light_lamp") == Limit(5, "working_hour")
    assert limits.limit("handle_due", "urgent", "facility_light_lamp") == Limit(8, "hour")
    assert limits.limit("handle_due", "normal", "facility_light") == Limit(9, "working_day")
    assert limits.limit("handle_due", "critical", "facility_light") == Limit(24, "hour")


def _case(*steps, category="appeal_water", urgency="normal"):
    """The case after (action, time, values) steps of a clerk; due times by the limits."""
    event = {"title": "停水", "category": category, "urgency": urgency, "place": "村口", "reporter": "张三"}
    case = RULES.begin(event)
    for number, (action, at, values) in enumerate(steps, 1):
        role, user = values.pop("as", ""), "王五"
        moment = parse(at)
        filled = RULES.fill(action, values, event=event, at=moment, user=user, unit="供水站", case=case)
        faults = RULES.check(action, filled, case)
        if faults:
            return faults
        one = Step(f"{number:032x}", action, moment, filled, user, role, "供水站", rev=number)
        if refused := RULES.refusals(case, one):
            return refused
        case = RULES.apply(case, Step(**{**vars_of(one), "values": {**filled, "due": RULES.dues(case, one)}}))
        assert not case.contested
    return case


def vars_of(step):
    return {name: getattr(step, name) for name in Step.__slots__}


def handled(at="2026-09-21T09:00", **values):
    return (
        ("report", "2026-09-21T08:30", {}),
        ("accept", "2026-09-21T08:40", {}),
        ("assign", at, {"lead_unit": "供水站", **values}),
        ("acknowledge", at, {}),
    )


def due(case, timer="handle_due"):
    return iso(case.due[timer])[:19]


@pytest.mark.parametrize(
    ("suspended", "resumed", "end"),
    [
        # Three working days from Monday 21: due Thursday 24, 17:30.
        ("2026-09-22T10:00", "2026-09-22T16:00", "2026-09-24T17:30:00"),  # within a day nothing is lost
        ("2026-09-22T10:00", "2026-09-23T09:00", "2026-09-28T17:30:00"),  # one working day: over Mid-Autumn
        ("2026-09-24T17:30", "2026-09-28T08:30", "2026-09-28T17:30:00"),  # on the minute of the boundary
        ("2026-09-24T10:00", "2026-09-27T10:00", "2026-09-24T17:30:00"),  # nobody worked meanwhile: late at once
        ("2026-09-23T10:00", "2026-10-09T10:00", "2026-10-10T17:30:00"),  # over National Day, to the worked Saturday
    ],
)
def test_a_suspension_moves_working_days_by_working_days(suspended, resumed, end):
    before = _case(*handled())
    assert due(before) == "2026-09-24T17:30:00"
    case = _case(*handled(), ("suspend", suspended, {"reason": "等立项"}), ("resume", resumed, {}))
    assert due(case) == end
    assert case.suspended_for == parse(resumed) - parse(suspended)


def test_a_suspension_moves_hours_by_the_hour_and_an_own_date_by_the_wall_clock():
    urgent = _case(
        *handled(),
        ("suspend", "2026-09-21T17:00", {"reason": "等"}),
        ("resume", "2026-09-23T18:30", {}),
        urgency="urgent",
    )
    assert due(urgent) == "2026-09-24T10:30:00"  # 24 hours from 09:00, and 49 hours 30 minutes later
    own = _case(
        *handled(due_at="2026-09-24T12:00"),
        ("suspend", "2026-09-22T10:00", {"reason": "等"}),
        ("resume", "2026-09-23T10:00", {}),
    )
    assert due(own) == "2026-09-25T12:00:00"


def test_a_suspension_moves_working_hours_by_office_time(tmp_path):
    text = resource("rules", "limits.toml").read_text(encoding="utf-8")
    text += "\n[classes.appeal.handle_due]\nnormal = '5 working_hour'\n"
    (tmp_path / "limits.toml").write_text(text, encoding="utf-8")
    held = dict(vars(RULES))
    try:
        vars(RULES)["limits"] = Limits.load(tmp_path / "limits.toml", CALENDAR)
        assert due(_case(*handled())) == "2026-09-21T16:00:00"
        for stopped, resumed, end in (
            ("2026-09-21T10:00", "2026-09-21T11:30", "2026-09-21T17:30:00"),
            ("2026-09-21T11:30", "2026-09-21T14:30", "2026-09-21T17:00:00"),  # lunch didn't count
            ("2026-09-21T10:00", "2026-09-22T10:00", "2026-09-22T16:00:00"),
            ("2026-09-21T12:00", "2026-09-21T14:00", "2026-09-21T16:00:00"),
        ):
            case = _case(*handled(), ("suspend", stopped, {"reason": "等"}), ("resume", resumed, {}))
            assert due(case) == end
    finally:
        vars(RULES).update(held)


def test_a_suspension_again_and_again_adds_up():
    case = _case(
        *handled(),
        ("suspend", "2026-09-21T10:00", {"reason": "等"}),
        ("resume", "2026-09-22T10:00", {}),
        ("suspend", "2026-09-22T11:00", {"reason": "等"}),
        ("resume", "2026-09-23T10:00", {}),
    )
    assert due(case) == "2026-09-29T17:30:00"


def ask(days=5, day_unit="day", **more):
    return "extend_request", {"days": days, "day_unit": day_unit, "reason": "等", **more}


def grant(role, **more):
    return "extend_grant", {"as": role, **more}


FORM = {"form_no": "延〔2026〕3号"}
FIRST = ask(), grant("dispatcher")


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([ask(15), grant("dispatcher")], None),
        ([ask(16)], "extension_too_long"),
        ([ask(), grant("dispatcher", days=16)], "extension_too_long"),
        # The second needs the director and the number of the signed form; engineering needs them the first time.
        ([*FIRST, ask(), grant("dispatcher", **FORM)], "director_grants"),
        ([*FIRST, ask(), grant("director")], "signed_form"),
        ([*FIRST, ask(10), grant("director", **FORM)], None),
        ([*FIRST, ask(11)], "extension_too_long"),
        ([ask(engineering=True), grant("dispatcher", **FORM)], "director_grants"),
        ([ask(engineering=True), grant("director", **FORM)], None),
    ],
)
def test_an_extension_needs_whom_and_what_the_table_says(steps, fault):
    timed = [(action, f"2026-09-21T1{number}:00", dict(values)) for number, (action, values) in enumerate(steps)]
    found = _case(*handled(), *timed)
    if fault:
        assert [one.code for one in found] == [fault]
    else:
        days = sum(values.get("days", 0) for action, values in steps if action == "extend_request")
        assert found.due["handle_due"] - parse("2026-09-24T17:30") == dt.timedelta(days=days)
        assert (found.extended_days, found.asked) == (days, "")


@pytest.mark.parametrize(
    ("category", "unit", "days", "end", "natural"),
    [
        # The limit ends on Thursday 24 September; from the 25th to the 27th nobody works.
        ("facility_light", "working_day", 1, "2026-09-28T17:30:00", 4),
        ("facility_light", "day", 1, "2026-09-25T17:30:00", 1),
        # What nobody chooses is counted in the days of the class's own limit.
        ("facility_light", "", 2, "2026-09-29T17:30:00", 5),
        ("dispute_family", "", 2, "2026-09-30T23:59:59", 2),
    ],
)
def test_an_extension_is_counted_in_the_days_of_the_limit_or_in_those_that_are_chosen(
    category, unit, days, end, natural
):
    asked = {"days": days, "reason": "等", **({"day_unit": unit} if unit else {})}
    case = _case(
        *handled(),
        ("extend_request", "2026-09-21T11:00", asked),
        ("extend_grant", "2026-09-21T12:00", {}),
        category=category,
    )
    assert (due(case), case.extended_days) == (end, natural)


def test_how_long_a_case_may_be_put_off_is_asked_in_natural_days_however_it_is_counted():
    [fault] = _case(
        *handled(), ("extend_request", "2026-09-21T11:00", {"days": 11, "day_unit": "working_day", "reason": "等"})
    )
    assert (fault.code, fault.field) == ("extension_too_long", "days")
    allowed = _case(
        *handled(), ("extend_request", "2026-09-21T11:00", {"days": 4, "day_unit": "working_day", "reason": "等"})
    )
    assert allowed.asked == "extend"


def test_a_class_may_be_put_off_longer_and_so_may_what_lies_below_it():
    limits = RULES.limits
    assert (limits.most_extension("normal", "facility_light"), limits.most_extension("normal", "appeal")) == (30, 15)
    assert limits.most_extension("critical", "facility_light") == 3
