"""A case from report to closing: one number, one order, and columns that always say what its steps add up to."""

from __future__ import annotations

import dataclasses
import datetime
import itertools

import pytest

from app.errors import Denied, KnownError
from app.rules.case_fold import Step
from tests.services.conftest import LOWER, UPPER, codes, colleague

LAMP = {"title": "村口路灯不亮", "detail": "三天了", "place": "村口"}


def report(office, area=UPPER, **values):
    outcome = office.cases.report({**LAMP, **values}, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def vars_of(state):
    return {name: value for name, value in dataclasses.asdict(state).items() if name != "offset_ms"}


def act(office, event, action, **values):
    outcome = office.cases.act(event, action, values)
    assert outcome.ok, outcome.faults
    return outcome.record


def event_of(office, event):
    return office.store.get("event", event).values


def to_feedback(office, event):
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站")
    act(office, event, "acknowledge")
    act(office, event, "feed_back", result="已换灯泡")


def test_a_case_goes_from_report_to_closing(office, clock):
    event = report(office)
    assert event_of(office, event)["state"] == "reported"
    ways = [
        ("accept", {}, "accepted"),
        ("assign", {"lead_unit": "村电站"}, "assigned"),
        ("acknowledge", {}, "handling"),
    ]
    for action, values, state in ways:
        clock.hours(1)
        act(office, event, action, **values)
        assert event_of(office, event)["state"] == state
    held = event_of(office, event)
    assert held["lead_unit"] == "村电站"
    assert held["area_name"] == "上寨村"
    assert held["accepted_at"] == "2026-09-18T11:00:00+08:00"
    assert held["due_at"] > held["accepted_at"]
    assert held["closed_at"] is None
    act(office, event, "feed_back", result="已换灯泡")
    verifier = colleague(office, "wang")
    clock.hours(1)
    act(verifier, event, "verify_pass", finding="亮了")
    held = event_of(office, event)
    assert (held["state"], held["closed_at"], held["contested"]) == ("closed", "2026-09-18T14:00:00+08:00", 0)
    assert [step.action for step in office.cases.case(event).steps] == [
        "report", "accept", "assign", "acknowledge", "feed_back", "verify_pass",
    ]  # fmt: skip
    assert office.cases.open_cases() == []


def test_who_handled_a_case_does_not_verify_it(office):
    event = report(office)
    to_feedback(office, event)
    outcome = office.cases.act(event, "verify_pass", {"finding": "亮了"})
    assert codes(outcome) == {("action", "handler_not_verifier")}
    assert event_of(office, event)["state"] == "feedback"
    assert "verify_pass" not in {action.code for action in office.cases.actions(office.cases.case(event))}
    other = colleague(office, "wang")
    assert "verify_pass" in {action.code for action in other.cases.actions(other.cases.case(event))}


def test_the_number_is_given_once_and_in_a_row_without_gaps(office):
    first, second = report(office), report(office)
    assert codes(office.cases.act(first, "accept", {"category": "没有这一类"})) == {("category", "choice")}
    act(office, first, "accept")
    number = event_of(office, first)["case_no"]
    assert number.startswith("2026-")
    assert number.endswith("-0001")
    act(office, first, "escalate", reason="镇里解决不了")
    assert event_of(office, first)["case_no"] == number
    assert codes(office.cases.act(first, "accept", {})) == {("action", "not_here")}
    act(office, second, "accept")
    assert event_of(office, second)["case_no"].endswith("-0002")
    assert [hit.id for hit in office.registry.find(number)] == [first]


def test_a_store_brought_back_from_a_copy_gives_no_number_twice(office):
    first, second = report(office), report(office)
    act(office, first, "accept")
    with office.store.transaction():
        office.store.meta.set("case_no.2026", 0)
    act(office, second, "accept")
    assert event_of(office, second)["case_no"] != event_of(office, first)["case_no"]


def test_two_devices_never_give_one_number(two):
    numbers = set()
    for office in two:
        for _ in range(2):
            event = report(office)
            act(office, event, "accept")
            numbers.add(event_of(office, event)["case_no"])
    assert len(numbers) == 4


def test_of_three_hundred_devices_no_two_write_the_same_number(open_office):
    office = open_office()
    names = {office.cases.numbers.letters()}
    for number in range(300):
        with office.store.transaction():
            office.store.meta.set("sync", {**vars_of(office.store.sync.state), "device": f"{number:016x}"})
        names.add(office.cases.numbers.letters())
    assert len(names) == 301


def test_two_stores_that_were_never_enrolled_give_no_number_twice(open_office):
    offices = open_office(), open_office()
    numbers = set()
    for office in offices:
        event = report(office)
        act(office, event, "accept")
        numbers.add(event_of(office, event)["case_no"])
    assert len(numbers) == 2


def test_of_two_acceptances_the_countys_first_stands_and_the_other_is_contested(two):
    first, second = two
    event = report(first)
    first.sync(), second.sync()
    mine = act(second, event, "accept", opinion="这事我来办")
    theirs = act(first, event, "accept", opinion="受理")
    number = event_of(second, event)["case_no"]
    first.sync()
    second.sync(), first.sync(), second.sync()
    for office in two:
        held = event_of(office, event)
        assert (held["state"], held["contested"]) == ("accepted", 1)
        assert held["case_no"] == theirs.values["case_no"] != number
        assert office.cases.case(event).state.contested == (mine.id,)
        assert [step.id for step in office.cases.case(event).steps][1:] == [theirs.id, mine.id]
        [conflict] = office.conflicts.open()
        assert (conflict.step, conflict.record) == (mine.id, event)
        assert "甄别受理" in conflict.label
        # It is said beforehand that it can't count: nobody is offered what would be refused.
        assert "现在是“待交办”" in conflict.cannot
        with pytest.raises(KnownError, match="待交办"):
            office.conflicts.resolve(conflict.id, keep="mine" if "action" in conflict.mine else "theirs")


def test_of_two_assignments_the_one_let_count_is_carried_out_as_a_reassignment_on_every_device(two):
    first, second = two
    event = report(first)
    act(first, event, "accept")
    first.sync(), second.sync()
    act(first, event, "assign", lead_unit="镇村建办")
    mine = act(second, event, "assign", lead_unit="镇执法队", instruction="先去看看")
    first.sync(), second.sync(), first.sync()
    [conflict] = second.conflicts.open()
    keep = "mine" if "action" in conflict.mine else "theirs"
    asked = getattr(conflict, keep)
    assert (asked["as"], asked["then"], conflict.cannot) == ("reassign", "assigned", "")
    second.conflicts.resolve(conflict.id, keep=keep)
    second.sync(), first.sync()
    for office in two:
        held = event_of(office, event)
        assert (held["state"], held["lead_unit"], held["contested"]) == ("assigned", "镇执法队", 0)
        assert office.cases.case(event).state.settled == {mine.id: "keep"}
        assert office.conflicts.open() == []
    assert event_of(first, event)["due_at"] == event_of(second, event)["due_at"] == asked["due"]
    assert first.store.sync.reckon() == second.store.sync.reckon()


def test_steps_made_here_stand_before_and_after_the_exchange(two):
    first, second = two
    event = report(first)
    first.sync(), second.sync()
    act(second, event, "accept")
    act(second, event, "assign", lead_unit="村电站")
    before = event_of(second, event)
    second.sync(), first.sync()
    assert event_of(second, event) == before
    assert event_of(first, event) == before


def test_a_draft_is_nobodys_work_until_it_is_reported(office):
    kept = office.cases.keep({"title": "想起来再写"}, area=UPPER)
    assert kept.ok
    assert kept.record.values["state"] == "draft"
    assert (kept.record.values["urgency"], kept.record.values["profile"]) == ("normal", "seven_stage")
    assert office.cases.open_cases() == []
    assert [line.record for line in office.store.audit.lines() if line.action == "create"] == [kept.record.id]
    assert codes(office.cases.keep({"detail": "没有标题"}, area=UPPER)) == {("title", "required")}
    changed = office.records.save("event", {"place": "村口"}, record_id=kept.record.id)
    assert changed.ok
    act(office, kept.record.id, "report")
    assert event_of(office, kept.record.id)["state"] == "reported"
    assert [case.id for case in office.cases.open_cases()] == [kept.record.id]


def test_a_report_with_a_fault_saves_neither_event_nor_step(office):
    outcome = office.cases.report({"title": "路灯", "reporter_phone": "12"}, area=UPPER)
    assert codes(outcome) == {("reporter_phone", "phone_wrong")}
    assert (office.store.count("event"), office.store.count("event_step")) == (0, 0)


def test_who_may_not_act_leaves_a_line_and_no_step(open_office):
    office = open_office(("grid_member",))
    event = report(office)
    with pytest.raises(Denied):
        office.cases.act(event, "accept", {})
    assert office.store.audit.lines(1)[0].action == "act:accept"
    assert office.store.audit.lines(1)[0].result == "no_grant"
    assert office.store.count("event_step") == 1
    with pytest.raises(Denied):
        office.cases.act(event, "no_such_action", {})


def test_a_case_that_is_not_here_is_said_so(office):
    event = report(office)
    with pytest.raises(KnownError) as kept:
        office.records.delete("event", event, "重复")
    assert kept.value.code == "rules.not_deleted"
    act(office, event, "void", reason="重复", asked_by="小林")
    office.records.delete("event", event, "重复")
    for unknown in (event, "0" * 32):
        with pytest.raises(KnownError) as told:
            office.cases.case(unknown)
        assert told.value.code == "store.no_record"


def test_cases_that_are_due_come_soonest_first(office, clock):
    late = report(office, urgency="normal", title="慢的")
    soon = report(office, urgency="urgent", title="急的", area=LOWER)
    act(office, soon, "accept")
    closed = report(office, title="办了的")
    to_feedback(office, closed)
    act(colleague(office, "wang"), closed, "verify_pass", finding="好了")
    found = office.cases.open_cases()
    assert {case.id for case in found} == {late, soon}
    assert [case.values["due_at"] for case in found] == sorted(case.values["due_at"] for case in found)
    assert [case.id for case in office.cases.open_cases(area=LOWER)] == [soon]
    assert len(office.cases.open_cases(limit=1)) == 1
    for case in found:
        day = datetime.date.fromisoformat(case.values["due_at"][:10])
        assert case.id in {due.id for due in office.cases.due_cases(day)}
        assert case.id not in {due.id for due in office.cases.due_cases(day - datetime.timedelta(days=1))}


def test_the_columns_of_a_case_are_what_its_steps_fold_to_whatever_was_done(office, clock):
    moves = {
        "accept": {},
        "screen": {},
        "assign": {"lead_unit": "村电站"},
        "acknowledge": {},
        "return_back": {"reason": "不归我管"},
        "reassign": {"lead_unit": "供电所", "reason": "换人"},
        "progress": {"text": "在修"},
        "suspend": {"reason": "等材料"},
        "resume": {},
        "feed_back": {"result": "好了"},
        "verify_fail": {"reason": "还不亮"},
        "close_direct": {"reason": "电话核实"},
        "reopen": {"reason": "又坏了"},
    }
    event = report(office)
    order = itertools.cycle(moves)
    for _ in range(5 * len(moves)):
        clock.hours(3)
        action = next(order)
        office.cases.act(event, action, moves[action])
        record = office.store.get("event", event)
        steps = [
            Step.read(step.id, step.values, "", None, number)
            for number, step in enumerate(sorted(office.store.select("event_step"), key=lambda each: each.id))
        ]
        folded = office.cases.rules.fold(record.values, steps).columns()
        assert {name: record.values[name] for name in folded} == folded
    assert office.store.count("event_step") > 12


def test_who_only_handles_what_is_given_to_him_sees_no_other_case(office):
    mine, other = report(office), report(office)
    for event, unit in ((mine, "村电站"), (other, "水管站")):
        act(office, event, "accept")
        act(office, event, "assign", lead_unit=unit)
    handler = colleague(office, "zhao", roles=("lead_handler",), unit="村电站")
    assert handler.cases.case(mine).event.id == mine
    with pytest.raises(Denied):
        handler.cases.case(other)
    assert [case.id for case in handler.cases.open_cases()] == [mine]
    act(handler, mine, "acknowledge")
