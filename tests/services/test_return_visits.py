"""Return visits at a desk: who handled doesn't visit, who isn't reached counts as tried, and the unsolved is handled again."""

from __future__ import annotations

from tests.services.conftest import UPPER, codes, colleague
from tests.services.test_cases import act, event_of, report, to_feedback

QUARREL = {"title": "邻里纠纷", "place": "村口", "category": "dispute_neighbour"}


def closed(office, **values):
    event = report(office, UPPER, **{**QUARREL, **values})
    to_feedback(office, event)
    act(colleague(office, "wang"), event, "verify_pass", finding="好了")
    return event


def to_visit(office):
    return {case.id for case in office.cases.queue("to_visit")}


def test_only_who_is_to_be_visited_waits_for_it(office):
    event = closed(office)
    assert event_of(office, event)["visit_why"] == "rule"
    others = [closed(office, category="facility_light") for _ in range(12)]
    drawn = {other for other in others if event_of(office, other)["visit_why"] == "sample"}
    assert to_visit(office) == {event} | drawn
    for other in set(others) - drawn:
        held = event_of(office, other)
        assert (held["visit_due"], held["owner_role"], held["first_due"]) == (None, None, None)
    act(colleague(office, "li"), others[0], "return_visit", satisfaction="5")


def test_who_handled_it_does_not_visit(office, clock):
    clock.hours(24 * 60)
    event = closed(office)
    assert codes(office.cases.act(event, "return_visit", {"satisfaction": "5"})) == {("action", "handler_not_visitor")}
    assert colleague(office, "li").cases.act(event, "return_visit", {"satisfaction": "5"}).ok
    assert to_visit(office) == set()


def test_who_is_not_reached_counts_as_tried_and_after_three_times_the_visit_may_end(office):
    event = closed(office)
    visitor = colleague(office, "li")
    for tries in (1, 2, 3):
        assert codes(visitor.cases.act(event, "visit_given_up", {})) == {("action", "not_tried_enough")}
        act(visitor, event, "visit_tried", words="无人接听")
        assert event_of(office, event)["visit_tries"] == tries
        assert to_visit(office) == {event}
    act(visitor, event, "visit_given_up")
    assert to_visit(office) == set()
    assert office.cases.case(event).state.visited_at is None


def test_what_is_not_solved_is_handled_again_by_the_unit_that_had_it_with_new_limits(office, clock):
    event = closed(office)
    before = office.cases.case(event).state.handle_due
    clock.hours(48)
    act(colleague(office, "li"), event, "return_visit", not_solved=True, satisfaction="1", words="还在吵")
    held = event_of(office, event)
    assert (held["state"], held["reopen_count"], held["visit_why"]) == ("handling", 1, None)
    assert office.cases.case(event).state.handle_due > before
    unit = colleague(office, "zhao", roles=("lead_handler",), unit="村电站")
    assert {case.id for case in unit.cases.queue("mine")} == {event}


def test_two_devices_draw_the_same(two):
    first, second = two
    events = [closed(first, category="facility_light") for _ in range(10)]
    first.sync(), second.sync()
    drawn = [{event for event in events if event_of(office, event)["visit_why"]} for office in two]
    assert drawn[0] == drawn[1]
    assert to_visit(first) == to_visit(second) == drawn[0]


def test_a_visit_that_is_owed_is_the_usual_next_step_and_filing_is_once_it_is_done(office):
    event = closed(office)
    visitor = colleague(office, "li")
    assert office.cases.rules.next_of(office.cases.case(event).state) == "return_visit"
    act(visitor, event, "visit_tried", words="无人接听")
    assert office.cases.rules.next_of(office.cases.case(event).state) == "return_visit"
    act(visitor, event, "return_visit", satisfaction="5")
    assert office.cases.rules.next_of(office.cases.case(event).state) == "archive"
