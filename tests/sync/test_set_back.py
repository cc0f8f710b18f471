"""A device set back by a restored disk, and clones of one disk: noticed, renumbered, and nothing of anybody's work lost."""

from __future__ import annotations

import json
import shutil

import pytest
import sqlalchemy as sa

from app.store.backup import back_up, bring_back
from app.store.saving import Edit
from app.store.store import Store
from sync.county import office
from sync.county.tables import HISTORY
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES
from tests.sync.test_exchange import person
from tests.sync.test_review import both, cloned, one_frame

V = VILLAGES[0]


@pytest.fixture
def database(tmp_path):
    """SQLite only: what is tested here is the same on PostgreSQL."""
    return tmp_path / "county.db"


def set_back(desk, folder, key, forms):
    """The machine with the disk image that lies in *folder*."""
    home = desk.store.folder
    desk.store.close()
    shutil.rmtree(home)
    shutil.copytree(folder, home)
    desk.store = Store.open(home, key, forms)
    return desk


def image(desk, folder):
    desk.store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(desk.store.folder, folder)
    return folder


def test_what_a_set_back_device_writes_beside_its_own_later_work_becomes_a_conflict(desks, tmp_path, empty_home, forms):
    a, b = desks
    (made,) = a.save(person()).ids
    both(desks)
    yesterday = image(a, tmp_path / "image")
    a.save(person(made, remark="今早"))
    a.save(person(made, name="张文桂"))
    both(desks)
    set_back(a, yesterday, empty_home[1], forms)
    for number in range(5):  # its counter goes far ahead of what it had reached
        a.save(person(remark=f"别的{number}"))
    a.save(person(made, name="张闻贵"))
    both((a, b))
    assert a.store.sync.state.incarnation
    assert b.get("resident", made).values["name"] == "张文桂"
    (conflict,) = b.store.select("conflict")
    assert json.loads(conflict.values["mine"]) == "张闻贵"
    assert b.get("resident", made).values["remark"] == "今早"
    assert a.get("resident", made).values["remark"] == "今早"


def test_an_honest_device_has_no_quarrel_with_itself_whatever_incarnations_it_begins(desks):
    a, b = desks
    for step in range(6):
        (made,) = a.save(person(remark="零")).ids
        a.save(person(made, name="一", phone="13900000001"))
        one_frame(a)
        a.save(person(made, name="二"))
        if step == 1:
            a.sync(http=Broken(["after"], 0), tries=1)
        if step in {2, 4}:
            a.store.sync.new_incarnation()
        a.save(person(made, name="三"), Edit("resident", made, VILLAGES[1], {}))
        if step in {3, 4}:
            a.sync(http=Broken(["after"], 0), tries=1)
            a.store.sync.new_incarnation()
        a.save(person(made, VILLAGES[1], name="四", occupation="木匠"))
        if step == 5:
            a.sync()
            a.store.sync.new_incarnation()
            a.save(person(made, VILLAGES[1], name="五"))
        both(desks)
        record = b.get("resident", made)
        assert (record.values["name"], record.area) == ("五" if step == 5 else "四", VILLAGES[1])
        assert b.store.count("conflict") == 0, step


def test_receipts_that_came_before_a_new_incarnation_leave_no_quarrel(desks):
    a, b = desks
    (made,) = a.save(person(name="零")).ids
    both(desks)
    a.save(person(made, name="一"))
    one_frame(a)
    a.save(person(made, name="二"))
    held = a.store.sync.compose
    a.store.sync.compose = lambda *_args, **_more: None
    a.sync()
    a.store.sync.compose = held
    assert a.store.sync.waiting().total == 1
    a.store.sync.new_incarnation()
    both(desks)
    assert (b.get("resident", made).values["name"], b.store.count("conflict")) == ("二", 0)


def test_what_a_clone_sends_behind_a_number_that_is_not_its_own_is_no_hand_s_work_with_the_other_s(
    desks, new_store, empty_home, forms
):
    a, b = desks
    (made,) = a.save(person(name="零")).ids
    both(desks)
    clone = cloned(a, new_store, empty_home, forms)
    a.save(person(made, name="原机改的"))
    assert a.sync().ok
    clone.save(person(remark="别的"))
    one_frame(clone)  # the number that the other one has sent meanwhile
    clone.save(Edit("resident", made, V, {}, deleted=True))
    both((clone, a, b))
    for desk in (a, b, clone):
        (conflict,) = desk.store.select("conflict")
        assert json.loads(conflict.values["mine"]) == {"name": "原机改的"}


def test_two_clones_that_work_for_days_and_sync_in_turn_lose_nothing(county, desks, new_store, empty_home, forms):
    a, b = desks
    made = a.save(*[person(remark=f"共同{n}") for n in range(4)]).ids
    a.save(person(remark="没发过的"))
    one_frame(a)
    clone = cloned(a, new_store, empty_home, forms)
    remarks = {"没发过的"}
    for day in range(4):
        for name, desk in (("原机", a), ("克隆", clone)):
            desk.save(person(remark=f"{name}{day}"), person(made[day], occupation=f"{name}{day}"))
            desk.save(person(made[day], name=f"{name}第{day}天"))
            remarks.add(f"{name}{day}")
        first, second = (a, clone) if day % 2 else (clone, a)
        for desk in (first, second, first) if day % 3 else (first, second):
            report = desk.sync()
            assert report.ok, report.error
    both((a, b, clone, a))
    for desk in (a, b, clone):
        texts = {record.values["remark"] for record in desk.store.select("resident")}
        assert texts == remarks | {f"共同{n}" for n in range(4)}
        words = {record.values["name"] for record in desk.store.select("resident")}
        for conflict in desk.store.select("conflict"):
            words |= {
                json.loads(conflict.values[part]) for part in ("mine", "theirs") if conflict.values["field"] == "name"
            }
        assert {f"{name}第{day}天" for name in ("原机", "克隆") for day in range(4)} <= words
    assert a.store.sync.state.incarnation != clone.store.sync.state.incarnation
    with county.county.database.snapshot() as conn:
        hashes = list(conn.scalars(sa.select(HISTORY.c.hash).where(HISTORY.c.county == county.county.code)))
    assert len(set(hashes)) == len(hashes)
    assert all(row.sound for row in office.digest(county.county))
    clone.store.close()


def test_a_backup_brought_back_loses_nothing_saved_before_or_after(desks, tmp_path, empty_home, forms):
    a, _ = desks
    a.save(person(remark="备份前没发"))
    back_up(a.store, tmp_path / "backup.zip")
    a.save(person(remark="备份后"))
    both(desks)
    folder = a.store.folder
    a.store.close()
    shutil.rmtree(folder)
    bring_back(tmp_path / "backup.zip", folder)
    a.store = Store.open(folder, empty_home[1], forms)
    a.store.sync.new_incarnation()
    a.save(person(remark="恢复后"))
    both(desks)
    for desk in desks:
        remarks = sorted(record.values["remark"] for record in desk.store.select("resident"))
        assert remarks == ["备份前没发", "备份后", "恢复后"]


def test_an_old_database_beside_todays_journal_has_everything_again(desks, tmp_path, empty_home, forms):
    a, _ = desks
    (made,) = a.save(person(remark="一")).ids
    both(desks)
    old = image(a, tmp_path / "image")
    a.save(person(made, remark="二"), person(remark="发过的"))
    both(desks)
    a.save(person(made, remark="三"), person(remark="没发的"))
    folder = a.store.folder
    a.store.close()
    (folder / "store.db").unlink()
    for part in folder.glob("store.db-*"):
        part.unlink()
    shutil.copy(old / "store.db", folder / "store.db")
    a.store = Store.open(folder, empty_home[1], forms)
    both(desks)
    for desk in desks:
        assert {r.values["remark"] for r in desk.store.select("resident")} == {"三", "发过的", "没发的"}
        assert desk.store.count("conflict") == 0


def test_a_machine_and_its_county_set_back_on_one_day_lose_only_what_nobody_else_holds(
    county, desks, tmp_path, empty_home, forms
):
    from tests.sync.test_county_restored import copied, put_back

    a, b = desks
    (made,) = a.save(person(remark="一")).ids
    both(desks)
    old, backup = image(a, tmp_path / "image"), copied(county)
    a.save(person(made, remark="二"), person(remark="今天"))
    both(desks)
    set_back(a, old, empty_home[1], forms)
    put_back(county, backup)
    a.save(person(made, occupation="木匠"))
    both((a, b))
    for desk in desks:
        assert {r.values["remark"] for r in desk.store.select("resident")} == {"二", "今天"}
        assert desk.get("resident", made).values["occupation"] == "木匠"
        assert desk.store.count("conflict") == 0
