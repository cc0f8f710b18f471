"""The day's figures, against a count by hand."""

from __future__ import annotations

import datetime

import pytest

from app.errors import Denied
from tests.services.conftest import FRIDAY, LOWER, TOWN, UPPER, colleague

THURSDAY, DAY, MONDAY = datetime.date(2026, 9, 17), datetime.date(2026, 9, 18), datetime.date(2026, 9, 21)
CODES = ("n_rep", "n_acc", "n_carry", "n_cls", "n_open", "n_over_open", "n_over_cls")


def figures(data):
    return {code: data["indicators"][code]["value"] for code in CODES}


def of(data, village):
    [row] = [row for row in data["villages"] if row["area"] == village]
    return figures(row)


@pytest.fixture
def cases(office, clock):
    """Thursday: one taken in and left to grow old. Friday: two taken in, one of them closed late on Monday."""
    verifier = colleague(office, "wang")

    def take(title, area, upto=(), **assign):
        event = office.cases.report({"title": title, "place": "村口"}, area=area).record.id
        for action in upto:
            values = {"assign": {"lead_unit": "村电站", **assign}, "feed_back": {"result": "好了"}}.get(action, {})
            assert office.cases.act(event, action, values).ok
        return event

    def close(event):
        assert verifier.cases.act(event, "verify_pass", {"finding": "好了"}).ok

    steps = ("accept", "assign", "acknowledge")
    clock.at = FRIDAY - 86_400
    old = take("老事", UPPER, steps, due_at="2026-09-17 18:00")
    clock.at = FRIDAY
    take("只报了", UPPER)
    late = take("晚办的", UPPER, steps, due_at="2026-09-18 18:00")
    quick = take("当天办的", LOWER, (*steps, "feed_back"), due_at="2026-09-20 18:00")
    clock.hours(1)
    close(quick)
    take("受理了", LOWER, ("accept",))
    clock.hours(9)  # 20:00
    return {"old": old, "late": late, "close": close, "quick": quick}


def test_a_day_counts_what_was_done_on_it_village_by_village(office, cases):
    data = office.statistics.day(DAY)
    assert of(data, UPPER) == dict(zip(CODES, (2, 1, 1, 0, 2, 2, 0), strict=True))
    assert of(data, LOWER) == dict(zip(CODES, (2, 2, 0, 1, 1, 0, 0), strict=True))
    assert figures(data) == dict(zip(CODES, (4, 3, 1, 1, 3, 2, 0), strict=True))
    assert data["area"] == TOWN
    assert data["area_name"] == "云岭镇"
    assert {row["title"] for row in data["over"]} == {"老事", "晚办的"}
    assert data["indicators"]["n_over_open"]["value"] == len(data["over"])


def test_the_day_before_is_what_it_was(office, cases):
    data = office.statistics.day(THURSDAY)
    assert figures(data) == dict(zip(CODES, (1, 1, 0, 0, 1, 1, 0), strict=True))
    assert [row["title"] for row in data["over"]] == ["老事"]


def test_a_case_closed_late_was_overdue_in_the_day_of_its_closing(office, clock, cases):
    clock.at = FRIDAY + 3 * 86_400
    assert office.cases.act(cases["late"], "feed_back", {"result": "好了"}).ok
    cases["close"](cases["late"])
    data = office.statistics.day(MONDAY)
    assert of(data, UPPER) == dict(zip(CODES, (0, 0, 2, 1, 1, 1, 1), strict=True))
    assert [row["title"] for row in data["over"]] == ["老事"]
    # Friday's figures stay Friday's, whatever was closed since.
    friday = office.statistics.day(DAY)
    assert figures(friday)["n_over_open"] == 2
    assert {row["title"] for row in friday["over"]} == {"老事", "晚办的"}


def test_today_nothing_is_overdue_before_its_hour_has_come(office, clock, cases):
    clock.at = FRIDAY + 2 * 3600  # noon
    data = office.statistics.day(DAY)
    assert [row["title"] for row in data["over"]] == ["老事"]
    assert figures(data)["n_over_open"] == 1
    assert data["period"] == ["2026-09-18T00:00:00+08:00", "2026-09-19T00:00:00+08:00"]


def test_areas_that_overlap_count_a_case_once(office, cases):
    both = colleague(office, "zhang", areas=(TOWN, UPPER))
    data = both.statistics.day(DAY)
    assert figures(data) == figures(office.statistics.day(DAY))
    assert [row["area"] for row in data["villages"]] == [UPPER, LOWER]
    assert len(data["over"]) == 2


def test_one_village_alone_is_its_own_whole(office, cases):
    data = office.statistics.day(DAY, area=LOWER)
    assert figures(data) == of(data, LOWER) == of(office.statistics.day(DAY), LOWER)
    assert [row["area"] for row in data["villages"]] == [LOWER]
    assert data["over"] == []


def test_the_week_adds_up(office, cases):
    found = office.statistics.week(DAY)
    assert (found["n_rep"].value, found["n_acc"].value, found["n_cls"].value) == (5, 4, 1)


@pytest.mark.parametrize("areas", [("990001101000",), (UPPER,), (UPPER, LOWER)])
def test_the_week_counted_by_columns_is_the_week_that_is_folded(office, cases, areas):
    who = colleague(office, "c", areas=areas)
    for days in range(-8, 9):
        day = DAY + datetime.timedelta(days=days)
        found, counted = who.statistics.week(day), who.statistics.week_counts(day)
        assert counted == {code: found[code].value for code in counted}
    assert who.statistics.week_counts(DAY)["n_rep"]


def test_who_may_not_report_gets_no_figures(office, cases):
    for who in (
        colleague(office, "a", roles=("helper",)),
        colleague(office, "b", roles=("registrar",), areas=("990001102000",)),
        colleague(office, "c", roles=("registrar",), areas=()),
    ):
        with pytest.raises(Denied):
            who.statistics.day(DAY, area=None if who.session.user != "b" else UPPER)
    refused = [line.result for line in office.store.audit.lines() if line.action == "report"]
    assert refused == ["outside_area", "no_grant"]
    with pytest.raises(Denied):
        colleague(office, "c", roles=("registrar",), areas=()).statistics.week(DAY)
