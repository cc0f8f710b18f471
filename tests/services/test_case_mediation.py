"""A case handed to mediation: begun with what is known, its outcome back in the case by itself, once."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from tests.services.conftest import UPPER, colleague
from tests.services.test_cases import act, event_of, report

WALL = {
    "title": "两家为院墙起争执",
    "category": "dispute_neighbour_boundary",
    "detail": "墙占了半尺",
    "channel": "visit_in",
}


def handed(office, **said):
    event = report(office, UPPER, **{**WALL, "reporter": "李四", "reporter_phone": "19900001234"})
    act(office, event, "accept")
    act(office, event, "to_mediation", lead_unit="上寨村调委会", source="application", **said)
    return event


def mediations(office, event):
    return office.store.select("mediation", {"event": event})


def ended(office, record, outcome, **values):
    saved = office.records.save("mediation", {"outcome": outcome, **values}, record_id=record)
    assert saved.ok, saved.faults


def actions(office, event):
    return [step.action for step in office.cases.case(event).steps]


def test_handing_over_begins_the_mediation_with_the_case_s_facts_and_people(office):
    event = handed(office)
    (made,) = mediations(office, event)
    held = made.values
    assert (held["title"], held["facts"], held["dispute_type"]) == (WALL["title"], WALL["detail"], "D02")
    assert (held["committee"], held["source"], held["outcome"]) == ("上寨村调委会", "application", "pending")
    assert (held["accepted_on"], held["due"]) == ("2026-09-18", "2026-10-18")
    (party,) = office.mediations.file(made.id).parties
    assert (party.values["side"], party.values["name"], party.values["phone"]) == ("applicant", "李四", "19900001234")
    assert [(link.kind, link.record) for link in office.links.of(event).links] == [("mediated", made.id)]


def test_an_agreement_comes_back_as_the_result_and_tells_nothing_of_what_was_agreed(office):
    event = handed(office)
    (made,) = mediations(office, event)
    ended(
        office,
        made.id,
        "written",
        agreement_no="云调〔2026〕7 号",
        agreed_on="2026-09-18",
        agreement_terms="李家让出半尺",
    )
    assert event_of(office, event)["state"] == "feedback"
    (step,) = [step for step in office.cases.case(event).steps if step.action == "feed_back"]
    assert step.values["result"] == "调解结果：达成书面协议，协议编号 云调〔2026〕7 号，2026年9月18日"
    assert "半尺" not in str(step.values)
    ended(office, made.id, "oral")
    assert actions(office, event).count("feed_back") == 1


def test_a_mediation_that_failed_leaves_the_case_in_handling_with_its_word_and_a_new_limit(office):
    event = handed(office)
    (made,) = mediations(office, event)
    ended(office, made.id, "failed")
    held = office.cases.case(event)
    assert (held.state.state, held.steps[-1].action) == ("handling", "mediation_failed")
    assert held.steps[-1].values["words"] == "调解结果：调解不成"
    assert "mediation_due" not in held.state.due
    assert "handle_due" in held.state.due
    act(office, event, "reassign", lead_unit="司法所", reason="调解不成")


def test_who_may_not_mediate_hands_over_and_the_mediator_begins_it(office):
    dispatcher = colleague(office, "he", roles=("dispatcher",))
    event = report(office, UPPER, **WALL)
    act(office, event, "accept")
    act(dispatcher, event, "to_mediation", lead_unit="上寨村调委会")
    assert mediations(office, event) == []
    assert dispatcher.handing.waiting(event) == ""
    mediator = colleague(office, "su", roles=("mediator",))
    made = mediator.handing.accept(event)
    assert (made.values["title"], made.values["committee"]) == (WALL["title"], "上寨村调委会")
    with pytest.raises(KnownError, match="没有等着受理"):
        mediator.handing.accept(event)
    ended(mediator, made.id, "oral")
    assert event_of(office, event)["state"] == "feedback"


def test_a_case_that_is_not_in_mediation_is_left_alone(office):
    event = report(office, UPPER, **WALL)
    made = office.mediations.accept({"title": "院墙", "event": event}, area=UPPER).record
    ended(office, made.id, "written")
    assert actions(office, event) == ["report"]


def test_two_devices_that_write_down_one_outcome_apart_tell_the_case_once(two):
    first, second = two
    event = handed(first)
    first.sync(), second.sync()
    (made,) = mediations(second, event)
    ended(first, made.id, "written")
    ended(second, made.id, "written")
    first.sync(), second.sync(), first.sync(), second.sync()
    for office in two:
        held = event_of(office, event)
        assert (held["state"], held["contested"]) == ("feedback", 0)
        assert actions(office, event).count("feed_back") == 2
        assert [move.after for move in office.cases.case(event).state.moves[-2:]] == ["feedback", "feedback"]


def test_two_devices_that_begin_one_mediation_apart_have_one(two):
    first, second = two
    dispatcher = colleague(first, "张干事", roles=("dispatcher",))
    event = report(first, UPPER, **{**WALL, "reporter": "李四"})
    act(first, event, "accept")
    act(dispatcher, event, "to_mediation", lead_unit="上寨村调委会")
    first.sync(), second.sync()
    colleague(first, "张干事").handing.accept(event)
    second.handing.accept(event)
    first.sync(), second.sync(), first.sync(), second.sync()
    for office in two:
        (made,) = mediations(office, event)
        assert [one.values["name"] for one in office.mediations.file(made.id).parties] == ["李四"]
        assert office.conflicts.open() == []
