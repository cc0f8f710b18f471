"""Saving and reading: what a clerk saw saved is there, once, with its history."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from app.errors import KnownError
from app.schema.record import Receipt
from app.store import layout
from app.store.audit import AuditLine
from app.store.driver import connect
from app.store.saving import Edit
from app.store.store import Store, new_key
from tests.store.conftest import VILLAGE, person


def test_a_saved_person_is_there_after_opening_again(store, key, forms):
    (record_id,) = store.save([person(phone="19900000001")], "lin").ids
    store.close()
    again = Store.open(store.folder, key, forms)
    assert again.get("resident", record_id).values["phone"] == "19900000001"
    again.close()


def test_the_file_is_no_plain_sqlite_and_opens_with_no_other_key(store, forms):
    store.save([person()], "lin")
    path = store.folder / "store.db"
    assert not path.read_bytes().startswith(b"SQLite format 3")
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(path).execute("select * from meta")
    with pytest.raises(KnownError) as bad:
        Store.open(store.folder, new_key(), forms)
    assert bad.value.code == "store.wrong_key"


def test_a_file_that_the_system_does_not_give_is_no_wrong_key(tmp_path):
    (tmp_path / "store.db").mkdir()
    with pytest.raises(KnownError) as bad:
        connect(tmp_path / "store.db", bytes(32))
    assert bad.value.code == "store.cannot_read"


def test_no_name_stands_in_clear_in_any_file_beside_the_store(store):
    store.save([person(remark="张文贵住在上寨村")], "lin")
    for path in store.folder.rglob("*"):
        if path.is_file():
            assert "张文贵".encode() not in path.read_bytes(), path


def test_a_change_holds_only_the_fields_that_changed(store):
    (record_id,) = store.save([person(phone="19900000001", remark="甲")], "lin").ids
    saved = store.save([person(record_id, phone="19900000002", remark="甲")], "lin")
    assert saved.changes[0].values == {"phone": "19900000002"}


def test_saving_what_is_there_already_changes_nothing(store):
    (record_id,) = store.save([person(phone="19900000001")], "lin").ids
    assert store.save([person(record_id, phone="19900000001")], "lin").changes == ()
    assert store.sync.waiting().total == 1


def test_a_field_group_travels_whole(store):
    (record_id,) = store.save([person(sex="1", birth_date="1990-01-01", id_number="990000199001010017")], "lin").ids
    saved = store.save([person(record_id, birth_date="1990-01-02")], "lin")
    assert set(saved.changes[0].values) == {"sex", "birth_date", "id_number"}


def test_a_base_is_what_was_on_the_screen_and_an_unsent_change_keeps_its_base(enrolled):
    (record_id,) = enrolled.save([person(phone="19900000001")], "lin").ids
    enrolled.sync.receipts(1, [Receipt(1, "accepted", 7)])
    edit = Edit("resident", record_id, VILLAGE, {"phone": "19900000002"}, seen={"phone": 5})
    first = enrolled.save([edit], "lin").changes[0]
    second = enrolled.save([person(record_id, phone="19900000003")], "lin").changes[0]
    assert (first.bases, second.bases) == ({"phone": 5}, {"phone": 5})


def test_two_edits_of_one_record_in_one_save_both_count(store):
    record_id = store.new_id()
    store.save(
        [Edit("resident", record_id, VILLAGE, {"name": "甲"}), Edit("resident", record_id, VILLAGE, {"remark": "乙"})],
        "lin",
    )
    found = store.get("resident", record_id)
    assert (found.values["name"], found.values["remark"], found.pending) == ("甲", "乙", 2)


def test_a_deleted_record_leaves_the_lists_and_can_be_revived(store):
    (record_id,) = store.save([person()], "lin").ids
    store.save([Edit("resident", record_id, VILLAGE, {}, deleted=True)], "lin")
    assert store.select("resident") == []
    assert store.find("张文贵") == []
    with pytest.raises(KnownError):
        store.save([person(record_id, remark="x")], "lin")
    store.save([Edit("resident", record_id, VILLAGE, {}, deleted=False)], "lin")
    assert [hit.id for hit in store.find("张文贵")] == [record_id]


def test_a_step_cannot_be_changed_once_it_stands(store):
    event = store.new_id()
    values = {"event": event, "action": "report", "at": "2026-09-18T10:00:00+08:00"}
    (step,) = store.save([Edit("event_step", None, VILLAGE, values)], "lin").ids
    with pytest.raises(KnownError) as bad:
        store.save([Edit("event_step", step, VILLAGE, {"opinion": "改"})], "lin")
    assert bad.value.code == "store.immutable"


def test_lists_filter_sort_and_stay_in_their_area(store):
    other = "990001101202"
    edits = [
        Edit("resident", None, VILLAGE, {"name": name, "sex": sex})
        for name, sex in (("乙", "1"), ("甲", "2"), ("丙", "1"))
    ]
    store.save([*edits, Edit("resident", None, other, {"name": "丁", "sex": "1"})], "lin")
    men = store.select("resident", {"sex": "1"}, area=VILLAGE, order=["-name"])
    assert [record.values["name"] for record in men] == sorted(["乙", "丙"], reverse=True)
    assert store.count("resident", area="990001101000") == 4
    assert store.tally("resident", "sex") == {"1": 3, "2": 1}
    assert store.tally("resident", "area") == {VILLAGE: 3, other: 1}


def test_a_list_of_an_area_reads_an_index(store):
    plan = store.conn.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM record_resident WHERE deleted=0 AND area BETWEEN ? AND ?", ("a", "b")
    ).fetchall()
    assert plan[0][3].startswith("SEARCH record_resident USING INDEX record_resident_")
    assert "(area>? AND area<?)" in plan[0][3]


def test_a_draft_is_kept_outside_outbox_and_history(store):
    store.keep_draft("mediation:1", "mediation_session", None, {"transcript": "张某说"})
    store.keep_draft("mediation:1", "mediation_session", None, {"transcript": "张某说，路"})
    assert store.draft("mediation:1") == {"transcript": "张某说，路"}
    assert store.sync.waiting().total == 0
    store.drop_draft("mediation:1")
    assert store.draft("mediation:1") is None


def test_the_stamp_is_another_after_any_change_and_the_same_after_reading(store, key, forms):
    store.save([Edit("household", None, VILLAGE, {"number": "1"})], "lin")
    before = store.stamp()
    store.select("household")
    store.audit.write([AuditLine(1, "lin", "clerk", "read", "household")])
    assert store.stamp() == before
    store.save([Edit("household", None, VILLAGE, {"number": "2"})], "lin")
    after = store.stamp()
    assert after != before
    other = Store.open(store.folder, key, forms)
    other.save([Edit("household", None, VILLAGE, {"number": "3"})], "lin")
    other.close()
    assert store.stamp() != after


def test_a_store_of_a_newer_program_is_refused_in_words(store, key, forms):
    store.conn.execute(f"PRAGMA user_version = {len(layout.VERSIONS) + 1}")
    store.close()
    with pytest.raises(KnownError) as bad:
        Store.open(store.folder, key, forms)
    assert "升级程序" in str(bad.value)


def test_a_new_field_gets_a_column_after_a_copy_and_takes_what_waited_in_extra(store, key, forms, tmp_path):
    record_id = store.new_id()
    store.save([Edit("hazard", record_id, VILLAGE, {"object": "桥", "future": "早就有"})], "lin")
    assert store.get("hazard", record_id).extra == {"future": "早就有"}
    store.close()
    newer = tmp_path / "forms"
    shutil.copytree("resources/forms", newer)
    with (newer / "hazard.toml").open("a", encoding="utf-8") as file:
        file.write('\n[field.future]\nkind = "text"\nlabel = "将来"\n')
    from app.schema.loading import load_forms

    again = Store.open(store.folder, key, load_forms(newer))
    found = again.get("hazard", record_id)
    assert (found.values["future"], found.extra) == ("早就有", {})
    assert list((store.folder / "backups").glob("before-version-*.db"))
    again.close()


def test_a_second_process_may_have_the_same_home_open(store, key, forms):
    other = Store.open(store.folder, key, forms)
    store.save([person()], "lin")
    (record_id,) = other.save([person(remark="另一个窗口")], "lin").ids
    assert store.get("resident", record_id).values["remark"] == "另一个窗口"
    assert store.meta.integer("counter") == 2
    other.close()


def test_sqlite_utils_works_over_the_encrypted_store(store):
    import sqlite_utils

    db = sqlite_utils.Database(store.conn)
    store.save([person()], "lin")
    assert [row["name"] for row in db["record_resident"].rows] == ["张文贵"]
    assert db["meta"].pks == ["key"]
    db["meta"].insert({"key": "k", "value": "1", "new": "2"}, alter=True)
    assert "new" in db["meta"].columns_dict
