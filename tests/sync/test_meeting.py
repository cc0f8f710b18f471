"""Two people who did different things to the same record, or the same thing twice: each meeting has one defined end."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from app.store.patience import PATIENCE_MS
from app.store.saving import Edit
from sync.county import batch
from sync.county.tables import ASIDE
from tests.sync.conftest import TOWNSHIP, VILLAGES
from tests.sync.test_handing_over import Desks, make, opened, report

V = VILLAGES[0]
NUMBER = "440524188001010014"
__all__ = ["Desks"]


@pytest.fixture
def two(database, forms, empty_home):
    """Two desks of one township."""
    with opened(database, forms, empty_home) as made:
        one, other = made.office("张干事", (TOWNSHIP,)), made.office("李干事", (TOWNSHIP,))
        yield made, one, other


def both(desks, one, other, first):
    """Both come back, *first* of them first; then all is settled."""
    desks.settle(*((one, other) if first == 0 else (other, one)))


@pytest.mark.parametrize("first", [0, 1])
def test_a_record_deleted_here_and_edited_there_stays_deleted_and_the_edit_is_shown(two, first):
    desks, one, other = two
    record_id = make(one, "resident", V, name="张文贵")
    desks.settle(one, other)
    one.records.delete("resident", record_id, "登记重复")
    other.records.save("resident", {"phone": "13900001111"}, record_id=record_id)
    both(desks, one, other, first)
    for office in (one, other):
        assert office.store.get("resident", record_id).deleted
        (open_one,) = office.conflicts.open()
        assert open_one.fields == ("@deleted",)
        assert "13900001111" in {*open_one.mine.values(), *open_one.theirs.values()}
    (asked,) = one.conflicts.open()
    one.conflicts.resolve(asked.id, keep="mine" if "phone" in asked.mine else "theirs")
    desks.settle(one, other)
    assert other.store.get("resident", record_id).values["phone"] == "13900001111"
    assert other.conflicts.open() == []


@pytest.mark.parametrize("first", [0, 1])
def test_a_step_on_a_case_that_another_closed_is_kept_and_a_person_is_asked(two, first):
    desks, one, other = two
    case = report(one)
    assert one.cases.act(case, "accept", {}).ok
    desks.settle(one, other)
    assert one.cases.act(case, "void", {"reason": "误报", "opinion": "误报"}).ok
    assert other.cases.act(case, "assign", {"lead_unit": "村电站"}).ok
    both(desks, one, other, first)
    # Whoever came first has moved the case; what the other did can't be done any more.
    order = ["void", "assign"] if first == 0 else ["assign", "void"]
    for office in (one, other):
        held = office.cases.case(case)
        assert [step.action for step in held.steps] == ["report", "accept", *order]
        assert held.state.state == ("void" if first == 0 else "assigned")
        contested = [step.action for step in held.steps if step.id in held.state.contested]
        assert contested == [order[1]]
        assert len(office.conflicts.open()) == 1
    assert one.cases.case(case).state == other.cases.case(case).state


def test_two_registrations_of_one_number_both_stay_and_are_offered_for_merging(two):
    desks, one, other = two
    first = make(one, "resident", V, name="张文贵", id_number=NUMBER, phone="13900001111")
    second = make(other, "resident", V, name="张文桂", id_number=NUMBER, occupation="木匠")
    assert one.registry.same_number() == other.registry.same_number() == []
    desks.settle(one, other)
    later = desks.office("王后来", (TOWNSHIP,))
    desks.settle(later)
    for office in (one, other, later):
        (pair,) = office.registry.same_number()
        assert {pair.first.id, pair.second.id} == {first, second}


def test_a_merge_is_one_save_that_repoints_and_can_be_undone_on_another_device(two):
    desks, one, other = two
    keep = make(one, "resident", V, name="张文贵", id_number=NUMBER, phone="13900001111")
    gone = make(other, "resident", V, name="张文桂", id_number=NUMBER, occupation="木匠", phone="13900002222")
    mediation = make(other, "mediation", V, title="宅基地纠纷")
    party = make(other, "party", V, mediation=mediation, name="张文桂", side="applicant", resident=gone)
    desks.settle(one, other)
    before = one.store.meta.integer("counter")
    stays = one.registry.merge(keep, gone, {"name": "张文桂"})
    assert one.store.meta.integer("counter") == before + 3
    assert (stays.values["name"], stays.values["phone"], stays.values["occupation"]) == (
        "张文桂",
        "13900001111",
        "木匠",
    )
    desks.settle(one, other)
    assert other.registry.same_number() == []
    assert other.registry.present(gone).id == keep
    assert [record.id for record in other.registry.merged(keep)] == [gone]
    assert other.store.get("party", party).values["resident"] == keep
    assert {line.values.get("name") for line in other.store.query.history(gone)} >= {"张文桂"}
    assert {line.values.get("name") for line in one.store.query.history(keep)} >= {"张文贵", "张文桂"}
    other.registry.unmerge(gone)
    desks.settle(other, one)
    back = one.store.get("resident", keep).values
    assert (back["name"], back["occupation"], back["phone"]) == ("张文贵", None, "13900001111")
    assert one.store.get("resident", gone).values["phone"] == "13900002222"
    assert one.store.get("party", party).values["resident"] == gone
    assert len(one.registry.same_number()) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_two_merges_the_other_way_round_never_delete_both(two, first):
    desks, one, other = two
    first_id = make(one, "resident", V, name="张文贵", id_number=NUMBER)
    # A desk asks before it saves a number twice: the other one comes as it would from a device that didn't know of the first.
    twin = Edit("resident", None, V, {"name": "张文桂", "id_number": NUMBER})
    ids = [first_id, one.store.save([twin], "lin").ids[0]]
    desks.settle(one, other)
    one.registry.merge(ids[0], ids[1])
    other.registry.merge(ids[1], ids[0])
    desks.sync(*((one, other) if first == 0 else (other, one)))
    desks.sync(one, other)
    stays = ids[0] if first == 0 else ids[1]
    for office in (one, other):
        assert [i for i in ids if not office.store.get("resident", i).deleted] == [stays]
        assert office.store.sync.reckon() == office.store.sync.digests()
    loser = other if first == 0 else one
    assert [item.code for item in loser.store.sync.attention()] == ["sync.merged_otherwise"]


def test_one_change_that_breaks_the_county_is_set_aside_alone_and_said_to_the_device(two, monkeypatch):
    desks, one, other = two
    real = batch.create

    def stumbling(form, change, rev):
        if change.values.get("name") == "坏":
            raise ZeroDivisionError
        return real(form, change, rev)

    monkeypatch.setattr(batch, "create", stumbling)
    ids = [make(one, "resident", V, name=name) for name in ("好", "坏", "也好")]
    desks.sync(one, other)
    assert [item.code for item in one.store.sync.attention()] == ["sync.set_aside"]
    assert [i for i in ids if other.store.get("resident", i)] == [ids[0], ids[2]]
    assert one.store.get("resident", ids[1]).values["name"] == "坏"
    assert one.store.outbox.all() == []
    with desks.running.county.database.snapshot() as conn:
        rows = conn.execute(sa.select(ASIDE).where(ASIDE.c.county == desks.running.county.code)).all()
    assert [row.code for row in rows] == ["sync.set_aside"]
    assert "坏".encode() in rows[0].body


def waiting(desks, one):
    """A resident whose household never came to the county."""
    home = make(one, "household", V, head_name="张文贵")
    person = make(one, "resident", V, name="张小小", household=home)
    with one.store.transaction():
        one.store.conn.execute("DELETE FROM outbox WHERE id = ?", (home,))
    desks.sync(one)
    return home, person


def test_what_waits_is_asked_again_and_goes_through_when_what_it_needs_is_there(two):
    desks, one, other = two
    home = make(one, "household", V, head_name="张文贵")
    person = make(one, "resident", V, name="张小小", household=home)
    (first, _) = one.store.outbox.all()
    with one.store.transaction():
        one.store.conn.execute("DELETE FROM outbox WHERE id = ?", (home,))
    desks.sync(one)
    assert one.store.sync.waiting().total == 1
    assert one.store.sync.attention() == []
    with one.store.transaction():
        one.store.outbox.add([first], bulk=False)
    desks.settle(one, other)
    assert other.store.get("resident", person).values["household"] == home


def test_after_a_month_of_waiting_a_person_is_asked_and_decides(two):
    desks, one, _ = two
    home, person = waiting(desks, one)
    assert one.store.sync.long_waiting() == []
    with one.store.transaction():
        one.store.conn.execute("UPDATE waiting SET since = since - ?", (PATIENCE_MS,))
    (asked,) = one.store.sync.long_waiting()
    assert (asked.change.id, asked.needs) == (person, ("household", home))
    one.store.sync.send_on(asked.change.counter)
    assert one.store.sync.long_waiting() == []
    desks.sync(one)
    assert one.store.sync.waiting().total == 1
    one.store.sync.withdraw(asked.change.counter)
    assert one.store.sync.waiting().total == 0
    assert [item.code for item in one.store.sync.attention()] == ["sync.withdrawn"]
    assert one.store.get("resident", person).values["name"] == "张小小"
    desks.sync(one)
    assert dataclasses.asdict(one.store.sync.waiting()) == {"urgent": 0, "normal": 0, "bulk": 0}
