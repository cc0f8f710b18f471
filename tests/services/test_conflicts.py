"""What two people did apart: each sees his own words as his, a person decides, and the loser stays to be read."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.schema.record import DELETED
from app.services.past import past
from tests.services.conftest import UPPER, colleague


def apart(two, form="resident", field="name", words=("张文桂", "张闻贵"), **values):
    """One record, one field of it changed on each device, and both exchanged until all is known."""
    first, second = two
    made = first.records.save(form, {"name": "张文贵", **values}, area=UPPER).record.id
    first.sync(), second.sync()
    for office, word in zip(two, words, strict=True):
        assert office.records.save(form, {field: word}, record_id=made).ok
    first.sync(), second.sync(), first.sync()
    return made


def only(office):
    [conflict] = office.conflicts.open()
    assert office.conflicts.count() == 1
    return conflict


def test_each_side_sees_its_own_words_as_mine(two):
    made = apart(two)
    here, there = only(two[0]), only(two[1])
    assert (here.record, here.form, here.fields, here.base) == (made, "resident", ("name",), {"name": "张文贵"})
    assert (here.mine, here.theirs, here.who) == ({"name": "张文桂"}, {"name": "张闻贵"}, "李干事")
    assert (there.mine, there.theirs, there.who) == ({"name": "张闻贵"}, {"name": "张文桂"}, "张干事")
    assert "姓名" in here.label


@pytest.mark.parametrize("decider", [0, 1])
@pytest.mark.parametrize(
    ("choice", "stands"), [({"keep": "mine"}, None), ({"keep": "theirs"}, None), ({"value": "张文桂 "}, "张文桂")]
)
def test_a_decision_on_one_device_stands_on_both(two, decider, choice, stands):
    made = apart(two)
    office = two[decider]
    conflict = only(office)
    wanted = stands or getattr(conflict, choice["keep"])["name"]
    office.conflicts.resolve(conflict.id, **choice)
    assert office.conflicts.open() == []
    two[decider].sync(), two[1 - decider].sync()
    for each in two:
        assert each.store.get("resident", made).values["name"] == wanted
        assert each.conflicts.open() == []
        [kept] = each.store.select("conflict")
        assert (kept.values["status"], kept.values["decided_by"]) == ("decided", office.session.name)
    assert two[0].store.sync.reckon() == two[1].store.sync.reckon()
    with pytest.raises(KnownError) as told:
        two[1 - decider].conflicts.resolve(conflict.id, keep="mine")
    assert told.value.code == "conflicts.gone"


def test_the_loser_stays_in_the_past_of_the_record(two):
    made = apart(two)
    two[0].conflicts.resolve(only(two[0]).id, keep="mine")
    two[0].sync(), two[1].sync()
    for office in two:
        [lost] = office.conflicts.losers(made)
        assert (lost.values, lost.who, lost.device) == (
            {"name": "张闻贵"},
            "李干事",
            two[1].store.sync.state.device,
        )
        moments = past(office.store, office.conflicts, office.store.get("resident", made))
        assert {moment.values.get("name") for moment in moments} == {"张文贵", "张文桂", "张闻贵"}
        assert "lost" in {moment.kind for moment in moments}
    # What the later writer overwrote without a question is kept as well.
    for office, job in zip(two, ("木匠", "瓦匠"), strict=True):
        office.records.save("resident", {"occupation": job}, record_id=made)
    two[0].sync(), two[1].sync(), two[0].sync()
    for office in two:
        assert office.conflicts.open() == []
        stands = office.store.get("resident", made).values["occupation"]
        said = {loser.values.get("occupation") for loser in office.conflicts.losers(made)}
        assert {"木匠", "瓦匠"} - {stands} <= said


def test_a_third_value_must_be_one_that_the_field_takes(two):
    apart(two, field="id_number", words=("990000199001010017", "990000199001010025"))
    conflict = only(two[0])
    with pytest.raises(KnownError) as told:
        two[0].conflicts.resolve(conflict.id, value={"id_number": "12"})
    assert told.value.code == "conflicts.bad_value"
    assert only(two[0]) == conflict
    two[0].conflicts.resolve(conflict.id, value={"id_number": "990000198506150117", "sex": "男"})
    held = two[0].store.get("resident", conflict.record).values
    assert (held["id_number"], held["sex"]) == ("990000198506150117", "1")


def test_a_decision_without_a_choice_decides_nothing(two):
    apart(two)
    conflict = only(two[0])
    for wrong in ({}, {"keep": "both"}, {"value": None}):
        with pytest.raises(KnownError):
            two[0].conflicts.resolve(conflict.id, **wrong)
    assert only(two[0]) == conflict


@pytest.mark.parametrize("deleter", [0, 1])
def test_deleted_here_and_edited_there_waits_for_a_person(two, deleter):
    first, second = two
    made = first.records.save("resident", {"name": "张文贵"}, area=UPPER).record.id
    first.sync(), second.sync()
    two[deleter].records.delete("resident", made, "搬走了")
    two[1 - deleter].records.save("resident", {"remark": "刚回来"}, record_id=made)
    first.sync(), second.sync(), first.sync()
    gone, edited = only(two[deleter]), only(two[1 - deleter])
    assert gone.fields == edited.fields == (DELETED,)
    assert (gone.mine, gone.theirs) == ({DELETED: True}, {"remark": "刚回来"})
    assert (edited.mine, edited.theirs) == (gone.theirs, gone.mine)
    with pytest.raises(KnownError) as told:
        first.conflicts.resolve(gone.id, value="什么")
    assert told.value.code == "conflicts.mine_or_theirs"
    two[1 - deleter].conflicts.resolve(edited.id, keep="mine")
    two[1 - deleter].sync(), two[deleter].sync()
    for office in two:
        record = office.store.get("resident", made)
        assert (record.deleted, record.values["remark"]) == (False, "刚回来")
        assert office.conflicts.open() == []


def test_a_deletion_that_is_confirmed_stays(two):
    first, second = two
    made = first.records.save("resident", {"name": "张文贵"}, area=UPPER).record.id
    first.sync(), second.sync()
    first.records.delete("resident", made, "搬走了")
    second.records.save("resident", {"remark": "刚回来"}, record_id=made)
    first.sync(), second.sync(), first.sync()
    second.conflicts.resolve(only(second).id, keep="theirs")
    second.sync(), first.sync()
    assert all(office.store.get("resident", made).deleted for office in two)


def test_who_may_not_resolve_changes_nothing(two):
    made = apart(two)
    conflict = only(two[0])
    visitor = colleague(two[0], "访客", roles=("grid_member",))
    before = two[0].store.get("resident", made).values
    with pytest.raises(Denied):
        visitor.conflicts.resolve(conflict.id, keep="mine")
    assert two[0].store.get("resident", made).values == before
    assert only(two[0]) == conflict


def test_quarrels_about_a_mediation_are_not_shown_to_others(two):
    first, second = two
    made = first.mediations.accept({"title": "排水沟纠纷"}, area=UPPER).record.id
    first.sync(), second.sync()
    for office, words in zip(two, ("甲说", "乙说"), strict=True):
        office.records.save("mediation", {"facts": words}, record_id=made)
    first.sync(), second.sync(), first.sync()
    assert only(first).mine == {"facts": "甲说"}
    assert colleague(first, "受理员", roles=("registrar",)).conflicts.open() == []
    assert first.store.select("conflict") == []


def test_numbers_quoted_in_a_conflict_are_masked(two):
    apart(two, field="id_number", words=("990000199001010017", "990000199001010025"))
    [kept] = two[0].store.select("conflict")
    shown = two[0].conflicts.masked(kept)
    assert "990000199001010017" not in str(shown)
    assert "990000********0017" in str(shown)
