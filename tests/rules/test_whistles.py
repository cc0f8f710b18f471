"""Who was called to the spot: each comes by a step of his own, nothing is overwritten, and the times propose what a person confirms."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

from tests.rules.test_case_engine import BEGIN, EVENT, RULES, WAYS, step, walk

AT = BEGIN + dt.timedelta(hours=3)


def called(*more):
    steps = [step(number, action) for number, action in enumerate(WAYS["handling"], 1)]
    call = step(20, "whistle", at=AT, units="派出所、供电所", place="村口", arrive_by="2026-09-21T13:30:00+08:00")
    return RULES.fold(EVENT, [*steps, call, *more])


def test_a_call_names_who_was_called_by_whom_where_and_until_when():
    [whistle] = called().whistles
    assert [unit.unit for unit in whistle.units] == ["派出所", "供电所"]
    assert (whistle.caller, whistle.caller_unit, whistle.place) == ("王五", "综治中心", "村口")
    assert whistle.due == dt.datetime.fromisoformat("2026-09-21T13:30:00+08:00")


def test_two_arrivals_of_one_unit_written_apart_give_the_same_in_any_order():
    early = step(21, "whistle_arrive", arrived_at="2026-09-21T13:10:00+08:00", person="小张", rev=31)
    late = step(22, "whistle_arrive", arrived_at="2026-09-21T13:40:00+08:00", person="小李", opinion="已劝开", rev=32)
    other = step(23, "whistle_arrive", called_unit="供电所", arrived_at="2026-09-21T13:50:00+08:00", rev=33)
    seen = set()
    for order in itertools.permutations((early, late, other)):
        case = called(*(dataclasses.replace(one, rev=31 + n) for n, one in enumerate(order)))
        assert case.contested == ()
        [whistle] = case.whistles
        assert [whistle.proposed(unit, AT) for unit in whistle.units] == ["on_time", "late"]
        seen.add(tuple((unit.unit, unit.arrived_at) for unit in whistle.units))
    assert len(seen) == 1


def test_who_has_not_come_is_late_only_after_the_time():
    case = called()
    [whistle] = case.whistles
    assert whistle.proposed(whistle.units[0], whistle.due) == ""
    assert whistle.proposed(whistle.units[0], whistle.due + dt.timedelta(minutes=1)) == "absent"


def test_a_persons_word_stands_and_the_timer_runs_until_it_is_said_of_every_unit():
    due = called().due["arrival_due"]
    case = called(step(30, "whistle_evaluate", evaluation="late", result="纠纷平息"))
    [whistle] = case.whistles
    assert ([unit.evaluation for unit in whistle.units], whistle.result) == (["late", ""], "纠纷平息")
    assert case.due["arrival_due"] == due
    second = step(31, "whistle_evaluate", called_unit="供电所", evaluation="absent")
    assert "arrival_due" not in called(step(30, "whistle_evaluate", evaluation="late"), second).due


def test_who_has_come_is_waited_for_no_more_and_who_has_not_still_is():
    one = step(30, "whistle_arrive", arrived_at="2026-09-21T13:10:00+08:00")
    other = step(31, "whistle_arrive", called_unit="供电所", arrived_at="2026-09-21T13:50:00+08:00")
    for order in ((one, other), (other, one)):
        first, both = [dataclasses.replace(each, rev=40 + number) for number, each in enumerate(order)]
        assert "arrival_due" in called(first).due
        assert "arrival_due" not in called(first, both).due


def test_of_two_calls_the_earlier_time_runs_until_its_units_are_there_and_then_the_other():
    later = "2026-09-21T17:00:00+08:00"
    again = step(25, "whistle", at=AT + dt.timedelta(minutes=5), units="派出所", arrive_by=later)
    at = called().whistles[0].at.isoformat()
    assert called(again).due["arrival_due"] == called().due["arrival_due"]
    came = [
        step(26 + number, "whistle_arrive", called_unit=unit, arrived_at=at, called_at=at)
        for number, unit in enumerate(("派出所", "供电所"))
    ]
    assert called(again, *came).due["arrival_due"] == dt.datetime.fromisoformat(later)
    assert "arrival_due" not in called(again, *came, step(29, "whistle_arrive", arrived_at=later)).due


def test_a_call_that_was_given_up_with_the_case_is_not_waited_for_when_another_is_made():
    taken = step(40, "reassign")
    back = step(41, "acknowledge")
    later = "2026-09-22T10:00:00+08:00"
    again = step(42, "whistle", at=AT + dt.timedelta(hours=5), units="水利站", arrive_by=later)
    assert "arrival_due" not in called(taken, back).due
    assert called(taken, back, again).due["arrival_due"] == dt.datetime.fromisoformat(later)


def test_a_time_that_a_suspension_moved_is_not_moved_back_by_an_arrival():
    stopped = step(40, "suspend", at=AT + dt.timedelta(minutes=5))
    again = step(41, "resume", at=AT + dt.timedelta(hours=30))
    moved = called(stopped, again).due["arrival_due"]
    assert moved > called().due["arrival_due"]
    assert called(stopped, again, step(42, "whistle_arrive")).due["arrival_due"] == moved


def test_an_arrival_is_of_the_call_that_is_named_else_of_the_last():
    again = step(25, "whistle", at=AT + dt.timedelta(hours=2), units="派出所")
    first = step(
        26, "whistle_arrive", arrived_at="2026-09-21T13:00:00+08:00", called_at=called().whistles[0].at.isoformat()
    )
    last = step(27, "whistle_arrive", arrived_at="2026-09-21T15:10:00+08:00")
    one, two = called(again, first, last).whistles
    assert one.units[0].arrived_at < two.units[0].arrived_at


def test_a_unit_that_nobody_called_is_refused_and_before_a_call_nothing_is_offered():
    case = called()
    assert [f.code for f in RULES.refusals(case, step(40, "whistle_arrive", called_unit="水利站"))] == [
        "unit_not_called"
    ]
    offered = {action.code for action in RULES.allowed(walk(*WAYS["handling"]), ("dispatcher",), "x")}
    assert "whistle_arrive" not in offered
    assert "whistle_arrive" in {action.code for action in RULES.allowed(case, ("dispatcher",), "x")}
