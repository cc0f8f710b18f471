"""One act on many cases: what fits, why the rest is left out, and each case a save of its own."""

from __future__ import annotations

from app.services import case_batch
from tests.services.conftest import colleague
from tests.services.test_cases import act, event_of, report, to_feedback


def offers(office, ids):
    return {offer.action.code: offer for offer in office.batch.offers(ids)}


def test_an_act_is_offered_with_what_it_fits_and_the_rest_is_told_why(office):
    new, taken = report(office, title="路灯不亮"), report(office, title="树倒了")
    act(office, taken, "accept")
    found = offers(office, [new, taken])
    assert found["accept"].fits == (new,)
    assert found["assign"].fits == (taken,)
    [left] = found["assign"].left
    assert (left.id, left.title, left.why) == (new, "路灯不亮", "现在是“待甄别”，不能“交办”。请刷新后看看最新进展。")
    assert "merge" not in found, "what names another case is no act for many"


def test_assisting_is_offered_only_where_somebody_assists(office):
    alone, helped = report(office), report(office)
    for one in (alone, helped):
        act(office, one, "accept")
        act(office, one, "assign", lead_unit="村电站")
    act(office, helped, "add_assist", assist_units="派出所")
    assert offers(office, [alone, helped])["assist_acknowledge"].fits == (helped,)
    assert not any(code.startswith("assist_") for code in offers(office, [alone]))


def test_what_fits_the_most_comes_first_and_of_these_what_is_usually_next(office):
    ids = [report(office) for _ in range(3)]
    for one in ids:
        act(office, one, "accept")
    assert office.batch.offers(ids)[0].action.code == "assign"
    assert len(office.batch.offers(ids)[0].fits) == 3


def test_who_may_not_do_it_is_not_offered_it_and_is_refused_if_he_tries(office):
    event = report(office)
    act(office, event, "accept")
    leader = colleague(office, "kan", roles=("adviser",))
    assert "assign" not in offers(leader, [event])
    assert leader.cases.why_not(office.cases.case(event), "assign").startswith("您的身份不能做这件事。")
    assert "中心主任办" in leader.cases.why_not(office.cases.case(event), "void")
    left = leader.batch.act(event, "assign", {"lead_unit": "村电站"})
    assert left is not None
    assert left.why
    assert event_of(office, event)["state"] == "accepted"


def test_each_case_is_one_step_one_audit_line_and_keeps_its_own_facts(office):
    ids = [
        report(office, title="路灯不亮", category="facility_light"),
        report(office, title="噪声", category="dispute"),
    ]
    [offer] = [offer for offer in office.batch.offers(ids) if offer.action.code == "accept"]
    assert office.batch.faults(offer, {}) == []
    lines = len([line for line in office.store.audit.lines() if line.action == "act:accept"])
    assert [office.batch.act(one, "accept", {}) for one in offer.fits] == [None, None]
    assert [event_of(office, one)["class_now"] for one in ids] == ["facility_light", "dispute"]
    assert len({event_of(office, one)["case_no"] for one in ids}) == 2
    assert len([line for line in office.store.audit.lines() if line.action == "act:accept"]) == lines + 2
    assert all(len(office.cases.case(one).steps) == 2 for one in ids)


def test_what_somebody_did_meanwhile_is_left_out_with_the_reason(office):
    event = report(office)
    to_feedback(office, event)
    left = office.batch.act(event, "accept", {})
    assert left is not None
    assert left.why
    assert event_of(office, event)["state"] == "feedback"


def test_a_form_that_lacks_something_is_told_before_anything_is_done(office):
    event = report(office)
    act(office, event, "accept")
    offer = offers(office, [event])["assign"]
    assert {fault.field for fault in office.batch.faults(offer, {})} == {"lead_unit"}


def test_more_than_can_be_meant_one_by_one_are_not_looked_at(office, monkeypatch):
    monkeypatch.setattr(case_batch, "MOST", 2)
    ids = [report(office) for _ in range(3)]
    assert offers(office, ids)["accept"].fits == tuple(ids[:2])
