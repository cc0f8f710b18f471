"""The merge rules, one table: who wrote what on which base, and what stands."""

from __future__ import annotations

import json

import pytest

from app.schema.loading import load_forms
from app.schema.record import AREA, DELETED, Change, Record
from sync.losers import conflict_change
from sync.merge import Context, Writer, content_hash, contested, merge

FORMS = load_forms()
RESIDENT, EVENT, STEP = FORMS["resident"], FORMS["event"], FORMS["event_step"]
ID = "0190" + "0" * 28
HOME = "990001101201"


def record(form=RESIDENT, revs=None, deleted=False, **values):
    return Record(form.name, ID, HOME, values, max((revs or {"": 10}).values()), revs or {"": 10}, {}, deleted)


def change(values, base=10, time=1000, counter=5, form=RESIDENT):
    bases = base if isinstance(base, dict) else dict.fromkeys(values, base)
    return Change(form.name, ID, HOME, values, bases, time, counter, "李干事")


def context(rev=30, device="mine", arrival=10_000, **writers):
    return Context(device, rev, arrival, {int(name[1:]): writer for name, writer in writers.items()})


def other(counter=1, time=500, device="other", **values):
    return Writer(device, counter, time, "张干事", values)


def test_a_new_record_is_made_without_its_empty_fields():
    out = merge(RESIDENT, None, change({AREA: HOME, "name": "甲", "remark": None, "later": 1}, base=0), context())
    assert (out.status, out.record.values, out.record.extra) == ("accepted", {"name": "甲"}, {"later": 1})
    assert (out.record.rev, out.record.revs, out.record.area) == (30, {"": 30}, HOME)


def test_a_change_to_a_record_that_is_not_there_waits():
    assert merge(RESIDENT, None, change({"name": "甲"}), context()).status == "waiting"


def test_a_change_on_the_agreed_value_simply_follows():
    out = merge(RESIDENT, record(name="甲"), change({"name": "乙"}), context())
    assert (out.status, out.record.values["name"], out.record.revs) == ("accepted", "乙", {"": 10, "name": 30})
    assert out.losers == ()


def test_other_fields_are_nobodys_quarrel():
    held = record(revs={"": 10, "remark": 20}, name="甲", remark="新")
    out = merge(RESIDENT, held, change({"name": "乙"}), context())
    assert (out.status, out.record.values) == ("accepted", {"name": "乙", "remark": "新"})


def test_equal_values_merge_quietly():
    held = record(revs={"": 10, "name": 20}, name="乙")
    out = merge(RESIDENT, held, change({"name": "乙"}), context(r20=other()))
    assert (out.status, out.written, out.losers) == ("accepted", frozenset(), ())


@pytest.mark.parametrize(("mine", "stands", "lost"), [(600, "我的", ()), (400, "他的", ("remark",))])
def test_last_takes_the_later_time_and_keeps_the_loser(mine, stands, lost):
    held = record(revs={"": 10, "remark": 20}, remark="他的")
    writers = {"r20": other(time=500, remark="他的"), "r10": other(remark="原来")}
    out = merge(RESIDENT, held, change({"remark": "我的"}, time=mine), context(**writers))
    assert (out.status, out.record.values["remark"], out.lost) == ("merged", stands, lost)
    (loser,) = out.losers
    assert {loser.mine["remark"], stands} == {"我的", "他的"}
    assert (loser.theirs["remark"], loser.base["remark"], loser.status) == (stands, "原来", "kept")


def test_no_clock_wins_by_running_ahead():
    held = record(revs={"": 10, "remark": 20}, remark="他的")
    late = context(arrival=400, r20=other(time=500))
    assert merge(RESIDENT, held, change({"remark": "我的"}, time=99_999), late).record.values["remark"] == "他的"


def test_ask_keeps_the_countys_value_and_asks():
    held = record(revs={"": 10, "name": 20}, name="乙")
    out = merge(RESIDENT, held, change({"name": "丙"}, time=9000), context(r20=other(name="乙"), r10=other(name="甲")))
    assert (out.status, out.record.values["name"], out.lost) == ("conflict", "乙", ("name",))
    (loser,) = out.losers
    assert (loser.base, loser.mine, loser.theirs) == ({"name": "甲"}, {"name": "丙"}, {"name": "乙"})
    assert (loser.who, loser.other, loser.status) == ("李干事", "张干事", "open")


def test_a_group_is_one_field():
    held = record(revs={"": 10, "id_number": 20, "birth_date": 20, "sex": 20}, birth_date="1980-01-01", sex="1")
    out = merge(RESIDENT, held, change({"sex": "2"}), context(r20=other(birth_date="1980-01-01")))
    assert (out.status, out.lost) == ("conflict", ("sex",))
    free = merge(RESIDENT, record(sex="1"), change({"sex": "2"}), context())
    assert free.record.revs == {"": 10, "sex": 30, "id_number": 30, "birth_date": 30}


def test_what_the_same_device_superseded_is_history():
    held = record(revs={"": 10, "name": 20}, name="第二次")
    later = merge(RESIDENT, held, change({"name": "第三次"}, counter=7), context(r20=other(counter=6, device="mine")))
    assert (later.status, later.record.values["name"], later.losers) == ("accepted", "第三次", ())
    late = merge(RESIDENT, held, change({"name": "第一次"}, counter=3), context(r20=other(counter=6, device="mine")))
    assert (late.status, late.record.values["name"], late.lost, late.losers) == ("merged", "第二次", ("name",), ())


@pytest.mark.parametrize(
    ("form", "field", "theirs", "mine", "stands"),
    [
        (form, field.name, *row)
        for form in FORMS.values()
        for field in form.stored
        for row in {
            "append": [("一\n二", "一\n三", "一\n二\n三"), ("一", None, "一")],
            "max": [(3, 5, 5), (5, 3, 5), (None, 3, 3)],
            "min": [(3, 5, 3)],
        }.get(field.merge, [])
    ],
)
def test_logs_and_extremes_combine(form, field, theirs, mine, stands):
    held = record(form, {"": 10, field: 20}, **{field: theirs})
    out = merge(form, held, change({field: mine}, form=form), context(r20=other()))
    assert out.record.values[field] == stands
    assert out.results == ({} if stands == mine else {field: stands})
    assert out.losers == ()


def test_an_edit_of_what_was_deleted_apart_is_kept_and_shown():
    held = record(revs={"": 10, DELETED: 20}, deleted=True, remark="旧")
    out = merge(RESIDENT, held, change({"remark": "新"}), context(r20=other(**{DELETED: True})))
    assert (out.status, out.record.deleted, out.record.values["remark"]) == ("conflict", True, "新")
    assert (out.losers[0].mine, out.losers[0].status) == ({"remark": "新"}, "open")


def test_a_deletion_of_what_was_edited_apart_stands_and_the_edit_is_shown():
    held = record(revs={"": 10, "remark": 20}, remark="新")
    out = merge(RESIDENT, held, change({DELETED: True}), context(r20=other(remark="新")))
    assert (out.status, out.record.deleted) == ("conflict", True)
    assert (out.losers[0].mine, out.losers[0].who) == ({"remark": "新"}, "张干事")


def test_a_deletion_by_whom_saw_the_edit_is_no_conflict():
    held = record(revs={"": 10, "remark": 20}, remark="新")
    assert merge(RESIDENT, held, change({DELETED: True}, base=20), context(r20=other())).status == "accepted"


def test_the_devices_own_edit_before_its_own_deletion_is_no_conflict():
    held = record(revs={"": 10, "remark": 20}, remark="新")
    out = merge(RESIDENT, held, change({DELETED: True}), context(r20=other(device="mine", remark="新")))
    assert (out.status, out.losers) == ("accepted", ())


def test_reviving_asks_for_having_seen_the_deletion():
    held = record(revs={"": 10, DELETED: 20}, deleted=True)
    assert not merge(RESIDENT, held, change({DELETED: False}, base=20), context(r20=other())).record.deleted
    blind = merge(
        RESIDENT, record(revs={"": 10, DELETED: 20}, deleted=True), change({DELETED: False}), context(r20=other())
    )
    assert (blind.record.deleted, blind.status) == (True, "conflict")


def test_a_move_is_a_field_like_any_other():
    out = merge(RESIDENT, record(), change({AREA: "990001101202"}), context())
    assert (out.record.area, out.record.revs[AREA]) == ("990001101202", 30)


def test_a_step_is_made_once_and_never_changed():
    held = record(STEP, action="report")
    assert merge(STEP, held, change({"opinion": "改"}, form=STEP), context()).code == "sync.immutable"
    assert (
        merge(STEP, held, change({AREA: HOME, "action": "report"}, base=0, form=STEP), context()).status == "accepted"
    )


def test_the_county_is_asked_only_for_the_writers_of_what_is_contested():
    held = record(revs={"": 10, "name": 20, "remark": 25}, name="乙", remark="新")
    assert contested(RESIDENT, held, change({"name": "丙"}, base=20)) == set()
    assert contested(RESIDENT, held, change({"name": "丙"}, base=10)) == {10, 20}
    assert contested(RESIDENT, None, change({"name": "丙"})) == set()


def test_the_record_of_a_conflict_has_an_id_that_follows_from_its_cause():
    held = record(revs={"": 10, "name": 20}, name="乙")
    mine = change({"name": "丙"})
    (loser,) = merge(RESIDENT, held, mine, context(r20=other(name="乙"))).losers
    digest = content_hash("mine", mine)
    made = conflict_change("conflict", RESIDENT, mine, loser, digest, "mine")
    assert made.id == conflict_change("conflict", RESIDENT, mine, loser, digest, "mine").id
    assert made.id[12] == "7"
    assert json.loads(made.values["mine"]) == "丙"
    assert (made.values["record"], made.values["field"], made.values["status"]) == (ID, "name", "open")
    assert FORMS["conflict"].check({k: v for k, v in made.values.items() if k != AREA}) == []


@pytest.mark.parametrize("time", [-(1 << 50), 0, 1 << 50, (1 << 63) - 1])
def test_a_clock_wrong_by_ages_keeps_nobody_from_keeping_a_conflict(time):
    mine = change({"name": "丙"}, time=time)
    (loser,) = merge(RESIDENT, record(revs={"": 10, "name": 20}, name="乙"), mine, context(r20=other(name="乙"))).losers
    made = conflict_change("conflict", RESIDENT, mine, loser, content_hash("mine", mine), "mine")
    assert FORMS["conflict"].check({k: v for k, v in made.values.items() if k != AREA}) == []


def test_a_restricted_record_has_its_conflicts_in_its_own_class():
    assert FORMS.conflict_form(FORMS["mediation"]).stream == "mediation"


def test_the_content_hash_tells_changes_apart():
    one = change({"name": "甲"})
    assert content_hash("a", one) == content_hash("a", change({"name": "甲"}, base=3))
    for another in (change({"name": "乙"}), change({"name": "甲"}, counter=6), change({"name": "甲"}, time=1)):
        assert content_hash("a", one) != content_hash("a", another)
    assert content_hash("a", one) != content_hash("b", one)


@pytest.mark.parametrize(("counter", "lost"), [(4, ()), (5, ("乙",))], ids=["its own before", "another machine's"])
def test_two_changes_of_one_number_are_not_one_hands_even_in_one_incarnation(counter, lost):
    held = record(revs={"": 10, "occupation": 20}, occupation="乙")
    writers = context(r20=other(counter=counter, device="mine", occupation="乙"))

    out = merge(RESIDENT, held, change({"occupation": "丙"}), writers)

    assert out.record.values["occupation"] == "丙"
    assert tuple(loser.mine["occupation"] for loser in out.losers) == lost


@pytest.mark.parametrize(("counter", "shown"), [(4, 0), (5, 1)], ids=["its own before", "another machine's"])
def test_a_clones_deletion_shows_the_edit_that_it_had_not_seen(counter, shown):
    held = record(revs={"": 10, "occupation": 20}, occupation="乙")
    writers = context(r20=other(counter=counter, device="mine", occupation="乙"))

    assert len(merge(RESIDENT, held, change({DELETED: True}), writers).losers) == shown
