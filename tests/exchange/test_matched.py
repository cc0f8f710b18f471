"""Columns matched by hand are remembered for the office: the next device finds them, the later choice counts."""

from __future__ import annotations

from app.exchange.intake import Intake
from tests.services.conftest import UPPER, clock, colleague, county, forms, office, open_office, two

__all__ = ["clock", "county", "forms", "office", "open_office", "two"]

MAN = "11010519491231002X"


def test_another_device_of_the_office_finds_what_was_matched(two):
    mine, theirs = two
    Intake(mine).remember("resident", {"当家 人": "resident.name", "证号": "resident.id_number", "备用": ""})
    mine.sync()
    theirs.sync()
    found = Intake(theirs).remembered("resident")
    assert found == {"当家人": "resident.name", "证号": "resident.id_number", "备用": ""}
    assert Intake(theirs).remembered("dwelling") == {}


def test_two_who_match_one_heading_apart_make_one_record_and_the_later_counts(two):
    mine, theirs = two
    Intake(mine).remember("resident", {"户口": "household.number"})
    Intake(theirs).remember("resident", {"户口": "household.head_name"})
    for each in (mine, theirs, mine):
        each.sync()
    assert mine.store.count("column_match") == theirs.store.count("column_match") == 1
    assert (
        Intake(mine).remembered("resident") == Intake(theirs).remembered("resident") == {"户口": "household.head_name"}
    )


def test_what_is_remembered_already_is_not_sent_again(office):
    Intake(office).remember("resident", {"证号": "resident.id_number"})
    before = office.store.outbox.all()
    Intake(office).remember("resident", {"证号": "resident.id_number"})
    assert office.store.outbox.all() == before
    assert office.store.count("column_match") == 1


def test_each_office_remembers_its_own_and_a_target_nobody_knows_is_left_out(office):
    village = colleague(office, "cun", areas=(UPPER,))
    Intake(village).remember("resident", {"证号": "resident.id_number", "旧列": "resident.no_such_field"})
    assert Intake(village).remembered("resident") == {"证号": "resident.id_number"}
    assert Intake(office).remembered("resident") == {}


def test_who_may_not_keep_records_of_the_office_keeps_them_on_this_device(office):
    reader = colleague(office, "du", roles=("duty_officer",))
    Intake(reader).remember("resident", {"证号": "resident.id_number"})
    assert Intake(reader).remembered("resident") == {"证号": "resident.id_number"}
    assert office.store.count("column_match") == 0
