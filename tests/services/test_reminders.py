"""Reminders: of stored due times, to whom they concern, said once to each user of a device and again only when more time has passed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import time

import pytest

from tests.services.conftest import colleague
from tests.services.test_cases import act, report

HANDLERS = ("lead_handler",)


def said(office):
    return [(notice.rule, notice.seen) for notice in office.reminders.now()]


@pytest.fixture
def people(office):
    """Who handles, and who dispatches; a case is assigned on Friday 18 at 10:00: due Tuesday 22, 17:30."""
    power = colleague(office, "zhao", roles=HANDLERS, unit="村电站")
    dispatcher = colleague(office, "he", roles=("dispatcher",))
    event = report(office, category="appeal")
    act(office, event, "accept")
    act(dispatcher, event, "assign", lead_unit="村电站")
    return power, dispatcher, event


def test_half_the_time_a_day_before_at_the_due_time_and_after_it(people, clock):
    power, dispatcher, event = people
    assert said(power) == []
    act(power, event, "acknowledge")
    clock.hours(51)  # half of 103.5 hours is 51 hours 45 minutes
    assert said(power) == []
    clock.hours(1)
    assert said(power) == [("half", False)]
    clock.hours(28)
    assert said(power) == [("day_before", False)]
    clock.hours(24)
    assert said(power) == [("due", False)]
    assert said(dispatcher) == []
    clock.hours(31)  # the day after ends with its last second
    assert said(power) == [("late", False)]
    assert said(dispatcher) == [("late_upstream", False)]


def test_what_was_seen_stays_quiet_until_more_time_has_passed_for_this_user_alone(people, office, clock):
    power, _, event = people
    other = colleague(office, "qian", roles=HANDLERS, unit="村电站")
    act(power, event, "acknowledge")
    clock.hours(52)
    assert (power.reminders.unseen(), other.reminders.unseen()) == (1, 1)
    power.reminders.see([event])
    assert (power.reminders.unseen(), said(power), other.reminders.unseen()) == (0, [("half", True)], 1)
    clock.hours(1)
    assert power.reminders.unseen() == 0
    clock.hours(27)
    assert said(power) == [("day_before", False)]
    # Nothing of it is a record, and nothing waits to be sent for it.
    waiting = power.store.sync.waiting().total
    power.reminders.see([event])
    assert power.store.sync.waiting().total == waiting


def test_an_extension_and_a_suspension_move_reminders_with_the_due_time(people, clock):
    power, dispatcher, event = people
    act(power, event, "acknowledge")
    clock.hours(80)
    assert said(power) == [("day_before", False)]
    power.reminders.see([event])
    act(power, event, "extend_request", days=5, day_unit="day", reason="等材料")
    act(dispatcher, event, "extend_grant")
    # Half of the longer time has not passed: counted from the beginning, not from the extension.
    assert said(power) == []
    clock.hours(33)
    assert said(power) == [("half", False)]


def test_what_reminds_of_long_ago_is_said_no_more_though_it_is_not_due_yet(people, clock):
    power, dispatcher, event = people
    act(dispatcher, event, "reassign", lead_unit="村电站", reason="要等雨季过去", due_at="2026-11-02")
    act(power, event, "acknowledge")
    clock.hours(24 * 24)  # of 45 days
    assert said(power) == [("half", False)]
    rules = power.cases.rules
    vars(rules)["watch"] = dataclasses.replace(rules.watch, oldest=dt.timedelta(days=10))
    clock.hours(24 * 8)
    assert said(power) == [("half", False)]
    clock.hours(24 * 3)
    assert said(power) == []


def test_what_is_done_reminds_nobody_and_what_was_seen_of_it_is_forgotten(people, clock):
    power, _, event = people
    act(power, event, "acknowledge")
    clock.hours(60)
    power.reminders.see([event])
    assert power.store.meta.get("seen.zhao")
    act(power, event, "feed_back", result="好了")
    assert said(power) == []
    power.reminders.see([])
    assert power.store.meta.get("seen.zhao") == {}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_in_whatever_zone_the_machine_is_it_is_chinas_time(people, clock, zone, monkeypatch):
    power, _, event = people
    act(power, event, "acknowledge")
    before = power.cases.now(), power.cases.due_cases(power.cases.now().date())
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert (power.cases.now(), power.cases.due_cases(power.cases.now().date())) == before
        assert power.cases.now().utcoffset().total_seconds() == 8 * 3600
        clock.hours(52)
        assert said(power) == [("half", False)]
        act(power, event, "progress", text="到现场")
        due = power.store.get("event", event).values["due_at"]
        assert due == "2026-09-22T17:30:00+08:00"
    finally:
        monkeypatch.undo()
        time.tzset()
        assert os.environ.get("TZ") != zone


def test_a_timer_that_ran_out_long_ago_hides_no_fresh_one(people, clock):
    power, dispatcher, event = people
    act(power, event, "acknowledge")
    director = colleague(dispatcher, "dir", roles=("director",))
    act(director, event, "supervise", opinion="限期", answer_due="2026-09-20T10:00:00+08:00")
    clock.hours(24 * 40)
    act(dispatcher, event, "reassign", reason="换人", lead_unit="村电站", due_at="2026-10-28T12:00:00+08:00")
    clock.hours(3)
    assert said(power) == [("due", False)]


def test_of_a_unit_that_is_not_on_the_system_who_dispatched_hears(office, clock):
    dispatcher = colleague(office, "he", roles=("dispatcher",))
    event = report(office)
    act(office, event, "accept")
    act(dispatcher, event, "assign", lead_unit="不上机的单位", due_at="2026-10-09T12:00:00+08:00")
    clock.hours(24 * 5)
    assert said(dispatcher) == [("late_upstream", False)]


def test_the_leader_hears_of_the_review_of_his_case(office, clock):
    leader = colleague(office, "yang", roles=("township_leader",))
    event = report(office)
    act(office, event, "accept")
    act(office, event, "name_patron", patron="杨书记", review_on="2026-09-19T17:30:00+08:00")
    assert said(leader) == []
    clock.hours(32)
    assert said(leader) == [("patron", False)]
