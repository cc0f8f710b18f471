"""Devices of differing scope: what moves between them, what stays behind, and what was saved meanwhile."""

from __future__ import annotations

import sqlalchemy as sa

from app.store.saving import Edit
from sync.county import office
from sync.county.tables import ASIDE, HISTORY
from sync.wire import Area
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES

OLD, NEW = VILLAGES[:2]


def person(record_id=None, area=OLD, **values):
    return Edit("resident", record_id, area, {"name": "张文贵", **values} if record_id is None else values)


def move(form, record_id, area, **values):
    return Edit(form, record_id, area, values)


def three(county, new_store):
    """The old village, the new one, and the township above both."""
    return tuple(
        county.device(new_store(), user, areas=areas)
        for user, areas in (("张旧村", (OLD,)), ("李新村", (NEW,)), ("王乡镇", (TOWNSHIP,)))
    )


def settle(*desks):
    for _ in range(3):
        for desk in desks:
            report = desk.sync()
            assert report.ok, report.error
    for desk in desks:
        report = desk.sync()
        assert report.in_agreement
        assert report.left.total == 0
        assert desk.store.sync.reckon() == desk.store.sync.digests()


def aside(county):
    with county.county.database.snapshot() as conn:
        return conn.execute(sa.select(ASIDE).where(ASIDE.c.county == county.county.code)).all()


def everything(store):
    """Every value that stands anywhere in the store but in its outbox."""
    held = []
    for (table,) in store.conn.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    ):
        if table not in {"outbox", "frame"} and not table.startswith("search_token"):
            held += [str(row) for row in store.conn.execute(f"SELECT * FROM {table}").fetchall()]
    return "\n".join(held)


def test_a_person_moved_to_another_village_is_whole_there_and_a_stub_here(county, new_store):
    old, new, township = three(county, new_store)
    (record_id,) = old.save(person(phone="13900001111", remark="独居老人")).ids
    settle(old, new, township)
    township.save(move("resident", record_id, NEW))
    settle(township, old, new)
    assert old.get("resident", record_id) is None
    stub = old.store.stubs.get("resident", record_id)
    assert (stub.title, stub.went, stub.area) == ("张文贵", "幸福镇幸福2村", NEW)
    assert "13900001111" not in everything(old.store)
    assert "独居老人" not in everything(old.store)
    assert old.store.find("张文贵") == old.store.select("resident") == old.store.query.history(record_id) == []
    assert old.store.count("resident") == 0
    assert new.get("resident", record_id).values["phone"] == "13900001111"
    assert township.get("resident", record_id).area == NEW


def test_an_edit_saved_before_the_move_was_known_follows_the_person(county, new_store):
    old, new, township = three(county, new_store)
    (record_id,) = old.save(person()).ids
    settle(old, new, township)
    old.save(person(record_id, phone="13900002222"))
    township.save(move("resident", record_id, NEW))
    settle(township, new, old)
    assert old.store.sync.attention() == []
    assert new.get("resident", record_id).values["phone"] == "13900002222"
    assert old.store.stubs.get("resident", record_id).pending == 0


def test_a_record_that_was_never_there_is_not_open_to_the_old_village(county, new_store):
    old, new, township = three(county, new_store)
    (record_id,) = new.save(person(area=NEW)).ids
    settle(old, new, township)
    (forged,) = old.save(Edit("resident", None, OLD, {"name": "甲"})).changes
    with old.store.transaction():
        old.store.conn.execute("UPDATE outbox SET id = ? WHERE counter = ?", (record_id, forged.counter))
    old.sync()
    assert [row.code for row in aside(county)] == ["sync.not_allowed"]
    assert new.get("resident", record_id).values["name"] == "张文贵"


def test_a_record_that_comes_back_is_whole_again(county, new_store):
    old, new, township = three(county, new_store)
    (record_id,) = old.save(person(phone="13900001111")).ids
    settle(old, new, township)
    for area in (NEW, OLD):
        township.save(move("resident", record_id, area, remark=f"在{area}"))
        settle(township, old, new)
    assert old.get("resident", record_id).values["phone"] == "13900001111"
    assert old.get("resident", record_id).values["remark"] == f"在{OLD}"
    assert new.store.stubs.get("resident", record_id).went == "幸福镇幸福1村"
    assert [hit.id for hit in old.store.find("张文贵")] == [record_id]


def test_a_new_member_of_a_household_that_moved_meanwhile_is_placed_with_it(county, new_store):
    old, new, township = three(county, new_store)
    (home,) = old.save(Edit("household", None, OLD, {"head_name": "张文贵"})).ids
    settle(old, new, township)
    (baby,) = old.save(person(household=home)).ids
    township.save(move("household", home, NEW))
    settle(township, new, old)
    assert new.get("resident", baby).area == NEW
    assert old.store.stubs.get("resident", baby).went == "幸福镇幸福2村"
    assert township.get("resident", baby).values["household"] == home


def test_what_the_mover_did_not_know_of_goes_along(county, new_store):
    old, new, township = three(county, new_store)
    (home,) = old.save(Edit("household", None, OLD, {"head_name": "张文贵"})).ids
    settle(old, new, township)
    (baby,) = old.save(person(household=home)).ids
    settle(old)
    township.save(move("household", home, NEW))
    settle(township, new, old)
    assert new.get("resident", baby).area == NEW
    assert old.get("resident", baby) is None


def test_a_village_given_to_another_township_goes_with_all_it_holds(county, new_store):
    old, _, township = three(county, new_store)
    other = county.device(new_store(), "赵平安", areas=(OTHER,))
    (record_id,) = old.save(person()).ids
    settle(old, township, other)
    township.save(person(record_id, phone="13900003333"))
    (unsent,) = township.save(person(remark="新登记")).ids
    office.add_areas(county.county, [Area(OLD, "幸福1村", "village", OTHER)])
    settle(township, other, old)
    assert township.store.sync.attention() == []
    assert aside(county) == []
    assert township.get("resident", record_id) is None
    assert township.store.stubs.get("resident", record_id).went == "平安镇幸福1村"
    assert township.store.stubs.get("resident", unsent).went == "平安镇幸福1村"
    for desk in (old, other):
        assert desk.get("resident", record_id).values["phone"] == "13900003333"
        assert desk.get("resident", unsent).values["remark"] == "新登记"
    assert [r.id for r in other.store.select("resident", area=OTHER)] == sorted([record_id, unsent])


def test_a_village_that_comes_back_comes_whole(county, new_store):
    old, _, township = three(county, new_store)
    (record_id,) = township.save(person(phone="13900003333")).ids
    settle(old, township)
    for parent in (OTHER, TOWNSHIP):
        office.add_areas(county.county, [Area(OLD, "幸福1村", "village", parent)])
        settle(township, old)
    assert township.get("resident", record_id).values["phone"] == "13900003333"


def test_a_village_imported_again_without_its_township_stays_where_it_is(county):
    office.add_areas(county.county, [Area(OLD, "幸福1村", "village", OTHER)])
    office.add_areas(county.county, [Area(OLD, "幸福一村", "village")])
    with county.county.database.snapshot() as conn:
        assert {a.code: a.parent for a in county.county.areas(conn)}[OLD] == OTHER


def test_the_mover_of_a_household_and_who_splits_it_both_have_their_way_in_either_order(county, new_store):
    for first in (0, 1):
        old, new, township = three(county, new_store)
        (home,) = old.save(Edit("household", None, OLD, {"head_name": "张文贵"})).ids
        stays, goes = old.save(person(household=home), person(name="张小小", household=home)).ids
        settle(old, new, township)
        township.save(move("household", home, NEW), move("resident", stays, NEW), move("resident", goes, NEW))
        (split,) = old.save(Edit("household", None, OLD, {"head_name": "张小小"})).ids
        old.save(person(goes, household=split))
        settle(*((township, old) if first == 0 else (old, township)), new)
        assert old.get("resident", goes).area == OLD == old.get("household", split).area
        assert township.get("resident", goes).values["household"] == split
        assert new.get("resident", stays).area == NEW == new.get("household", home).area
        assert new.get("resident", goes) is None


def test_all_that_was_moved_is_in_the_history(county, new_store):
    old, new, township = three(county, new_store)
    (record_id,) = old.save(person()).ids
    settle(old, new, township)
    township.save(move("resident", record_id, NEW))
    settle(township)
    with county.county.database.snapshot() as conn:
        rows = conn.execute(sa.select(HISTORY).where(HISTORY.c.id == record_id).order_by(HISTORY.c.rev)).all()
    assert [row.account for row in rows] == ["张旧村", "王乡镇"]


def test_a_photo_taken_before_the_move_was_known_goes_where_the_person_is(county, new_store):
    old, new, township = three(county, new_store)
    (record_id,) = old.save(person()).ids
    settle(old, new, township)
    township.save(move("resident", record_id, NEW))
    named = {"owner_form": "resident", "owner": record_id, "name": "门口.jpg", "sha256": "a" * 64, "size": 9}
    (photo,) = old.save(Edit("registry_attachment", None, OLD, named)).ids
    settle(township, old, new)
    assert new.get("registry_attachment", photo).values["owner"] == record_id
    assert old.get("registry_attachment", photo) is None


def test_a_person_whom_the_county_puts_back_comes_whole_also_to_who_had_a_stub_by_then(county, new_store):
    old, new, township = three(county, new_store)
    (home,) = old.save(Edit("household", None, OLD, {"head_name": "张文贵"})).ids
    (record_id,) = old.save(person(household=home, phone="13900001111")).ids
    settle(old, new, township)
    township.save(move("household", home, NEW), move("resident", record_id, NEW))
    settle(township)
    # Saved while the answer with the move was on its way down.
    (split,) = old.save(Edit("household", None, OLD, {"head_name": "张小小"})).ids
    (late,) = old.save(person(record_id, household=split)).changes
    with old.store.transaction():
        old.store.outbox.remove([late.counter])
    old.sync()
    with old.store.transaction():
        old.store.outbox.add([late], bulk=False)
    assert old.store.stubs.get("resident", record_id).pending == 1
    report = old.sync()
    assert (report.mended, report.in_agreement) == (0, True)
    assert old.get("resident", record_id).values["phone"] == "13900001111"
    settle(township, new, old)
    assert township.get("resident", record_id).area == OLD
