"""Mediations: a limit of thirty days, notes that survive a power cut, and sessions in their order."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.services.office import office_with_key
from app.store.keys import KeySlots
from app.store.saving import Edit
from tests.services.conftest import UPPER, codes


@pytest.fixture
def case(office):
    return office.mediations.accept(
        {"title": "排水沟纠纷", "mediator": "杨守义", "recorder": "郑记"}, area=UPPER
    ).record


def test_a_mediation_is_due_thirty_days_after_its_acceptance(office, case):
    assert (case.values["accepted_on"], case.values["due"], case.values["outcome"]) == (
        "2026-09-18", "2026-10-18", "pending",
    )  # fmt: skip


@pytest.mark.parametrize("day", ["2026年9月1日", "2026.9.1", "2026-09-01"])
def test_the_day_of_acceptance_may_be_written_as_people_write_it(office, day):
    made = office.mediations.accept({"title": "排水沟纠纷", "accepted_on": day, "due": None}, area=UPPER).record
    assert (made.values["accepted_on"], made.values["due"]) == ("2026-09-01", "2026-10-01")


def test_a_page_that_left_day_and_limit_empty_gets_both(office):
    page = {"title": "排水沟纠纷", "accepted_on": None, "due": "", "outcome": None}
    made = office.mediations.accept(page, area=UPPER).record
    assert (made.values["accepted_on"], made.values["due"], made.values["outcome"]) == (
        "2026-09-18", "2026-10-18", "pending",
    )  # fmt: skip


def test_a_limit_that_was_given_stands(office):
    made = office.mediations.accept({"title": "排水沟纠纷", "due": "2026-12-1"}, area=UPPER).record
    assert made.values["due"] == "2026-12-01"


def test_a_day_that_is_none_is_a_fault_and_nothing_is_saved(office):
    outcome = office.mediations.accept({"title": "排水沟纠纷", "accepted_on": "上个月"}, area=UPPER)
    assert codes(outcome) == {("accepted_on", "date_wrong")}
    assert office.store.count("mediation") == 0


def test_notes_being_typed_are_no_change_and_survive_reopening(office, case):
    waiting = office.store.sync.waiting().total
    for text in ("14:31 甲：", "14:31 甲：沟三十年都是通的。"):
        office.mediations.keep(case.id, None, {"transcript": text, "number": 1})
    assert office.store.sync.waiting().total == waiting
    assert office.store.count("mediation_session") == 0
    key = KeySlots(office.store.folder).open("lin", "pw")
    again = office_with_key(office.store.folder, "lin", key)
    assert again.mediations.kept(case.id, None) == {"transcript": "14:31 甲：沟三十年都是通的。", "number": 1}
    assert again.mediations.kept(case.id, "0" * 32) is None
    again.close()


def test_saving_the_notes_drops_the_draft_and_a_fault_keeps_it(office, case):
    notes = {"transcript": "14:31 甲：好。", "number": "一"}
    office.mediations.keep(case.id, None, notes)
    assert codes(office.mediations.save_session(case.id, None, notes)) == {("number", "number_wrong")}
    assert office.mediations.kept(case.id, None) == notes
    outcome = office.mediations.save_session(case.id, None, {**notes, "number": 1})
    assert outcome.ok
    assert outcome.record.values["mediation"] == case.id
    assert outcome.record.area == UPPER
    assert office.mediations.kept(case.id, None) is None
    office.mediations.keep(case.id, outcome.record.id, {"transcript": "改"})
    assert office.mediations.save_session(case.id, outcome.record.id, {"transcript": "改过"}).ok
    assert office.mediations.kept(case.id, outcome.record.id) is None
    [session] = office.mediations.file(case.id).sessions
    assert (session.values["transcript"], session.values["number"]) == ("改过", 1)


def test_the_next_session_begins_with_what_is_known(office, case):
    first = office.mediations.next_session(case.id)
    assert (first["number"], first["started_at"], first["mediators"], first["recorder"]) == (
        1, "2026-09-18T10:00:00+08:00", "杨守义", "郑记",
    )  # fmt: skip
    made = [
        office.mediations.save_session(case.id, None, {**first, "number": number, "place": "村委会"}).record
        for number in (1, 2, 3)
    ]
    assert office.mediations.next_session(case.id)["place"] == "村委会"
    # A number that was taken once is on paper somewhere.

    office.store.save([Edit("mediation_session", made[0].id, UPPER, {}, deleted=True)], "lin")
    assert [session.values["number"] for session in office.mediations.file(case.id).sessions] == [2, 3]
    assert office.mediations.next_session(case.id)["number"] == 4


def test_a_file_has_its_parties_in_their_order(office, case):
    for order, name in ((2, "李长顺"), (1, "张文贵")):
        assert office.records.save(
            "party", {"mediation": case.id, "side": "applicant", "name": name, "order": order}, area=UPPER
        ).ok
    assert [party.values["name"] for party in office.mediations.file(case.id).parties] == ["张文贵", "李长顺"]


def test_the_register_can_leave_out_what_is_done(office, case):
    done = office.mediations.accept({"title": "围墙纠纷", "outcome": "written", "accepted_on": "2026-9-1"}, area=UPPER)
    assert [each.id for each in office.mediations.list()] == [case.id, done.record.id]
    assert [each.id for each in office.mediations.list(open_only=True)] == [case.id]


def test_every_look_at_a_mediation_by_another_is_written_down_and_others_are_kept_out(open_office, office, case):
    office.mediations.file(case.id)
    assert [line.record for line in office.store.audit.lines() if line.action == "read"] == [case.id]
    clerk = open_office(("registrar",))
    for ask in (clerk.mediations.list, lambda: clerk.mediations.accept({"title": "纠纷"}, area=UPPER)):
        with pytest.raises(Denied):
            ask()


def test_no_session_is_added_to_what_is_not_there(office, case):

    office.store.save([Edit("mediation", case.id, UPPER, {}, deleted=True)], "lin")
    for gone in (case.id, "0" * 32):
        with pytest.raises(KnownError) as told:
            office.mediations.save_session(gone, None, {"number": 1})
        assert told.value.code == "store.no_record"
