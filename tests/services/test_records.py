"""Saving, deleting and showing: nothing by halves, nothing unasked, and whole numbers only for a reason."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from tests.services.conftest import LOWER, UPPER, codes

NUMBER = "990000199001010017"


@pytest.fixture
def person(office):
    return office.records.save(
        "resident", {"name": "张 三", "id_number": NUMBER, "phone": "13900000001"}, area=UPPER
    ).record


def lines(office, action):
    return [line for line in office.store.audit.lines() if line.action == action]


def test_a_new_record_is_cleaned_saved_and_named_in_the_audit(office, person):
    assert (person.values["name"], person.area, person.pending) == ("张三", UPPER, 1)
    assert [line.record for line in lines(office, "create")] == [person.id]


def test_with_a_fault_nothing_is_saved(office, person):
    before = office.store.sync.waiting().total
    outcome = office.records.save("resident", {"phone": "12", "occupation": "木匠"}, record_id=person.id)
    assert codes(outcome) == {("phone", "phone_wrong")}
    assert not outcome.ok
    assert outcome.record.id == person.id
    outcome = office.records.save("resident", {"occupation": "木匠"}, area=UPPER)
    assert (codes(outcome), outcome.record) == ({("name", "required")}, None)
    assert office.store.get("resident", person.id).values["occupation"] is None
    assert office.store.sync.waiting().total == before
    assert office.store.count("resident") == 1


def test_defaults_fill_what_was_left_empty_even_where_it_must_be_filled(office):
    visit = {"visit_date": "2026-9-18", "visitor": "林小禾", "household_name": "张三", "content": "问安"}
    for given in ({}, {"purpose": None}, {"purpose": ""}):
        outcome = office.records.save("visit", visit | given, area=UPPER)
        assert outcome.ok, outcome.faults
        assert outcome.record.values["purpose"] == "daily"
    other = office.forms["visit"].fields["purpose"].kind.codes.items[-1]
    assert other.code != "daily"
    chosen = office.records.save("visit", visit | {"purpose": other.label}, area=UPPER)
    assert chosen.record.values["purpose"] == other.code


def test_a_default_is_for_new_records_only(office):
    made = office.records.save("grid", {"name": "第一网格"}, area=UPPER).record
    assert made.values["grid_kind"] == "general"
    emptied = office.records.save("grid", {"grid_kind": None, "leader": "王五"}, record_id=made.id).record
    assert (emptied.values["grid_kind"], emptied.values["leader"]) == (None, "王五")


def test_the_revs_that_were_on_the_screen_go_with_the_change(two):
    first, second = two
    made = first.records.save("resident", {"name": "张三"}, area=UPPER).record
    first.sync(), second.sync()
    shown = second.store.get("resident", made.id)
    first.records.save("resident", {"name": "张珊"}, record_id=made.id)
    first.sync(), second.sync()
    second.records.save("resident", {"name": "章三"}, record_id=made.id, seen={"name": shown.rev_of("name")})
    second.sync()
    assert second.store.get("resident", made.id).values["name"] == "张珊"
    assert [conflict.record for conflict in second.conflicts.open()] == [made.id]


def test_a_record_moves_only_where_its_user_may_edit(open_office):
    office = open_office(areas=(UPPER,))
    made = office.records.save("resident", {"name": "张三"}).record
    assert made.area == UPPER
    with pytest.raises(Denied):
        office.records.save("resident", {}, record_id=made.id, area=LOWER)
    assert office.store.get("resident", made.id).area == UPPER


def test_a_move_inside_the_users_areas_is_saved(office, person):
    assert office.records.save("resident", {}, record_id=person.id, area=LOWER).record.area == LOWER


def test_who_may_not_saves_nothing_and_is_written_down(open_office):
    office = open_office(("helper",))
    with pytest.raises(Denied):
        office.records.save("resident", {"name": "张三"}, area=UPPER)
    assert office.store.count("resident") == 0
    assert lines(office, "create")[0].result == "no_grant"


def test_deleting_asks_for_a_reason_and_can_be_taken_back(office, person):
    with pytest.raises(Denied) as told:
        office.records.delete("resident", person.id, " ")
    assert told.value.code == "accounts.need_reason"
    gone = office.records.delete("resident", person.id, "重复登记")
    assert gone.deleted
    assert lines(office, "delete")[0].reason == "重复登记"
    for ask in (office.records.get, office.records.reveal):
        with pytest.raises(KnownError) as told:
            ask("resident", person.id, *((["phone"], "核对") if ask == office.records.reveal else ()))
        assert told.value.code == "store.no_record"
    with pytest.raises(KnownError):
        office.records.save("resident", {"name": "李四"}, record_id=person.id)
    assert office.store.count("resident") == 0
    back = office.records.revive("resident", person.id)
    assert (back.deleted, back.values["phone"]) == (False, "13900000001")


def test_whole_numbers_are_shown_to_the_right_role_for_a_reason(open_office, office, person):
    with pytest.raises(Denied) as told:
        office.records.reveal("resident", person.id, ["id_number"], "")
    assert told.value.code == "accounts.need_reason"
    found = office.records.reveal("resident", person.id, ["id_number", "phone"], "办理低保核对")
    assert found == {"id_number": NUMBER, "phone": "13900000001"}
    line = lines(office, "reveal")[0]
    assert (line.record, line.fields, line.reason, line.result) == (person.id, "id_number,phone", "办理低保核对", "ok")
    other = open_office(("registrar",))
    made = other.records.save("resident", {"name": "张三", "phone": "13900000001"}, area=UPPER).record
    with pytest.raises(Denied):
        other.records.reveal("resident", made.id, ["phone"], "好奇")
    assert lines(other, "reveal")[0].result == "no_grant"


def test_numbers_are_masked_where_nobody_asked(office, person):
    assert office.records.shown(person)["id_number"] == "990000********0017"
    assert office.records.shown(person, masked=False)["id_number"] == NUMBER
    masked = office.records.masked(person)
    assert (masked["phone"], masked["name"]) == ("139****0001", "张三")


def test_a_form_that_nobody_declared_is_named(office):
    with pytest.raises(KnownError) as told:
        office.records.save("resdient", {})
    assert told.value.code == "forms.unknown"
