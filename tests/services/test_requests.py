"""Requests of people about their own data: due in 15 working days, carried out with the change beside them, answered with a reason."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.store.saving import Edit
from tests.services.conftest import UPPER, codes, colleague


@pytest.fixture
def who(office):
    return office.records.save("resident", {"name": "李长顺", "phone": "13900001000"}, area=UPPER).record.id


def asked(office, who, kind="correct", **more):
    values = {
        "received_on": "2026-09-18",
        "name": "李长顺",
        "resident": who,
        "kind": kind,
        "asked": "电话错了",
        "identity_checked": True,
    }
    outcome = office.requests.receive({**values, **more})
    assert outcome.ok, outcome.faults
    return outcome.record


def test_the_limit_is_fifteen_working_days_past_the_holidays_and_may_be_shorter(office, who):
    # 中秋 25 September; 国庆 1 to 7 October; 20 September and 10 October are worked.
    assert asked(office, who).values["due"] == "2026-10-15"
    assert asked(office, who, due="2026-09-20").values["due"] == "2026-09-20"
    outcome = office.requests.receive(
        {"received_on": "2026-09-18", "name": "x", "kind": "query", "asked": "y", "due": "2026-09-01"}
    )
    assert codes(outcome) == {("due", "due_early")}


def test_a_request_lies_where_its_person_does(office, who):
    assert asked(office, who).area == UPPER


def test_a_correction_is_made_and_said_in_the_request_in_one_save(office, who):
    request = asked(office, who)
    before = office.store.meta.integer("counter")
    assert office.requests.correct(request.id, {"phone": "139 0000 2000"}).ok
    assert office.store.get("resident", who).values["phone"] == "13900002000"
    values = office.store.get("data_request", request.id).values
    assert (values["outcome"], values["outcome_on"], values["handled_by"]) == ("done", "2026-09-18", "林小禾")
    assert values["carried_out"] == "2026-09-18 更正：联系电话（林小禾）"
    assert office.store.meta.integer("counter") == before + 2
    assert office.requests.open() == []
    # The change itself says for which request it was made.
    assert ("edit", "phone", request.id) in {
        (line.action, line.fields, line.reason) for line in office.store.audit.lines(20) if line.record == who
    }


def test_a_faulty_correction_changes_nothing(office, who):
    request = asked(office, who)
    assert codes(office.requests.correct(request.id, {"phone": "12"})) == {("phone", "phone_wrong")}
    with pytest.raises(KnownError) as refused:
        office.requests.correct(request.id, {"phone": "13900001000"})
    assert refused.value.code == "requests.nothing"
    assert office.store.get("data_request", request.id).values["outcome"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"identity_checked": False}, "requests.not_checked"),
        ({"kind": "query"}, "requests.wrong_kind"),
        ({"resident": None}, "requests.no_person"),
    ],
)
def test_what_may_not_be_carried_out_is_told_why(office, who, change, code):
    request = asked(office, who, **{"kind": "correct", **change})
    with pytest.raises(KnownError) as refused:
        office.requests.correct(request.id, {"phone": "13900002000"})
    assert refused.value.code == code
    assert office.store.get("resident", who).values["phone"] == "13900001000"


def test_a_refusal_needs_its_reason_and_is_then_closed(office, who):
    request = asked(office, who)
    refused = office.records.save("data_request", {"outcome": "refused"}, record_id=request.id)
    assert codes(refused) == {("reason", "reason")}
    done = office.records.save("data_request", {"outcome": "refused", "reason": "依法须保存"}, record_id=request.id)
    assert done.record.values["outcome_on"] == "2026-09-18"
    with pytest.raises(KnownError) as closed:
        office.requests.correct(request.id, {"phone": "13900002000"})
    assert closed.value.code == "requests.closed"


def test_a_request_due_soon_is_a_task_of_who_may_answer(office, who, clock):
    request = asked(office, who)
    assert office.requests.due() == []
    clock.hours(24 * 23)
    assert [one.id for one in office.requests.due()] == [request.id]
    assert colleague(office, "wang", roles=("duty_officer",)).requests.due() == []
    with pytest.raises(Denied):
        colleague(office, "wang", roles=("statistician",)).requests.open()


def test_a_request_without_a_limit_has_one_all_the_same(office, who):
    asked_for = {"received_on": "2026-01-05", "name": "李长顺", "kind": "query", "asked": "看看"}
    [made] = office.store.save([Edit("data_request", None, UPPER, asked_for)], "lin").ids
    assert [one.id for one in office.requests.due()] == [made]


def test_requests_of_a_merged_registration_are_the_persons_own(office, who):
    request = asked(office, who)
    twin = office.records.save("resident", {"name": "李长顺"}, area=UPPER).record.id
    office.registry.merge(twin, who)
    assert [one.id for one in office.requests.of(twin)] == [request.id]
    assert office.requests.correct(request.id, {"phone": "13900002000"}).ok
    assert office.store.get("resident", twin).values["phone"] == "13900002000"
