"""Cases that hang together: links seen from both sides, merging without a ring, and reporters who are told in the end."""

from __future__ import annotations

import itertools

import pytest

from app.errors import KnownError
from tests.services.conftest import UPPER, codes, colleague
from tests.services.test_cases import act, event_of, report, to_feedback


def state_of(office, event):
    return event_of(office, event)["state"]


def links(office, event):
    return [(link.kind, link.record) for link in office.links.of(event).links]


def test_a_link_is_seen_from_both_sides_and_taken_away_by_a_record(office):
    one, other = report(office), report(office)
    made = office.links.add(one, "same", other, note="一个灯")
    assert (links(office, one), links(office, other)) == ([("same", other)], [("same", one)])
    with pytest.raises(KnownError, match="已经关联"):
        office.links.add(other, "related", one)
    with pytest.raises(KnownError, match="它自己"):
        office.links.add(one, "same", one)
    with pytest.raises(KnownError, match="本机没有"):
        office.links.add(one, "same", "0" * 32)
    office.links.undo(made.id, "看错了")
    assert (links(office, one), links(office, other)) == ([], [])
    with pytest.raises(KnownError, match="已经解除"):
        office.links.undo(made.id)
    assert office.store.count("case_link") == 2
    office.links.add(one, "related", other)
    assert links(office, one) == [("related", other)]


def test_a_link_to_a_visit_shows_the_case_at_the_visit(office):
    event = report(office)
    visit = office.records.save(
        "visit",
        {"visit_date": "2026-09-18", "visitor": "小林", "household_name": "王家", "content": "看看"},
        area=UPPER,
    ).record.id
    made = office.links.add(event, "related", visit, "visit")
    assert [case.id for case in office.links.cases_of("visit", visit)] == [event]
    office.links.undo(made.id)
    assert office.links.cases_of("visit", visit) == []
    with pytest.raises(KnownError, match="不能和事件关联"):
        office.links.add(event, "related", visit, "resident")


def test_what_was_merged_shows_at_the_master_until_its_reporter_is_told(office):
    master, one, other = (report(office, reporter=name) for name in ("甲", "乙", "丙"))
    for each in (one, other):
        act(office, each, "merge", master=master)
    assert [part.event.values["reporter"] for part in office.links.of(master).to_tell] == ["乙", "丙"]
    assert office.links.of(one).master.id == master
    to_feedback(office, master)
    act(colleague(office, "wang"), master, "verify_pass", finding="亮了")
    act(office, one, "tell_reporter", told="路灯修好了")
    assert [part.event.id for part in office.links.of(master).to_tell] == [other]
    assert codes(office.cases.act(other, "tell_reporter", {})) == {("told", "required")}
    act(office, one, "split_off", reason="不是一个灯")
    assert [part.event.id for part in office.links.of(master).parts] == [other]


def test_a_case_goes_neither_into_itself_nor_into_a_merged_one(office):
    one, other, third = (report(office) for _ in range(3))
    assert codes(office.cases.act(one, "merge", {"master": one})) == {("master", "not_master")}
    act(office, one, "merge", master=other)
    assert codes(office.cases.act(third, "merge", {"master": one})) == {("master", "not_master")}
    assert codes(office.cases.act(other, "merge", {"master": one})) == {("master", "not_master")}


def test_two_devices_merging_two_cases_into_each_other_leave_the_first_merged_and_the_second_to_be_settled(two):
    first, second = two
    one, other = report(first), report(first)
    first.sync(), second.sync()
    act(first, one, "merge", master=other)
    act(second, other, "merge", master=one)
    first.sync(), second.sync(), first.sync(), second.sync()
    for office in two:
        assert (state_of(office, one), state_of(office, other)) == ("merged", "reported")
        assert office.links.of(one).master.id == other
        assert office.links.of(other).master is None
        assert event_of(office, other)["contested"] == 1
        assert office.cases.adrift() == []
    step = second.cases.case(other).state.contested[0]
    assert codes(second.cases.settle(other, step, "keep")) == {("master", "not_master")}
    assert second.cases.settle(other, step, "drop").ok
    second.sync(), first.sync()
    # What is split off later never makes the second merge count after all.
    act(first, one, "split_off", reason="是两回事")
    first.sync(), second.sync()
    for office in two:
        assert (state_of(office, one), state_of(office, other)) == ("reported", "reported")
        assert event_of(office, other)["contested"] == 0


def test_three_devices_worth_of_merging_in_a_circle_ends_at_one_case(two):
    first, second = two
    cases = [report(first) for _ in range(3)]
    first.sync(), second.sync()
    a, b, c = cases
    act(first, a, "merge", master=b)
    act(second, b, "merge", master=c)
    second.sync()
    act(second, c, "merge", master=a)
    second.sync(), first.sync(), second.sync()
    assert [[state_of(office, case) for case in cases] for office in two] == [
        [state_of(first, case) for case in cases]
    ] * 2
    assert [state_of(first, case) for case in cases].count("merged") == 2
    ends = [office.links.of(case).master for office, case in itertools.product(two, cases)]
    standing = {case for case in cases if state_of(first, case) == "reported"}
    assert {end.id for end in ends if end} == standing


def test_a_merged_case_whose_master_went_into_another_apart_is_worked_on_there(two):
    first, second = two
    a, b, c = (report(first) for _ in range(3))
    first.sync(), second.sync()
    act(first, a, "merge", master=b)
    act(second, b, "merge", master=c)
    first.sync(), second.sync(), first.sync()
    for office in two:
        assert office.links.of(a).master.id == c
        assert {part.event.id for part in office.links.of(c).parts} == {a, b}
        assert office.cases.adrift() == []
    act(first, c, "void", reason="记错了", asked_by="小林")
    assert {case.id for case in first.cases.adrift()} == {a, b}


def test_two_devices_undoing_one_link_apart_have_it_undone(two):
    first, second = two
    one, other = report(first), report(first)
    made = first.links.add(one, "same", other)
    first.sync(), second.sync()
    first.links.undo(made.id)
    second.links.undo(made.id)
    first.sync(), second.sync(), first.sync()
    for office in two:
        assert links(office, one) == []
        assert office.store.count("case_link") == 3
