"""What comes down is put where it is found, and brings as little as it can of memory and work along."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.errors import KnownError
from app.schema.record import Delta
from app.store import driver
from app.store.store import Store
from tests.store.conftest import VILLAGE, person

STREAM = (VILLAGE, "ordinary")


def whole(record_id, rev, **values):
    return Delta("resident", record_id, VILLAGE, rev, {"name": "赵小满", **values}, {"": rev}, whole=True, time=rev)


def test_all_of_a_long_frame_is_found_and_counts_once_however_often_it_comes(enrolled):
    ids = [enrolled.new_id() for _ in range(1_003)]
    frame = [whole(record_id, number, phone=f"1990{number:07}") for number, record_id in enumerate(ids, 1)]
    for _ in range(2):
        enrolled.sync.deltas(frame, {STREAM: 1_003})
        assert len(enrolled.find("赵小满", limit=2_000)) == 1_003
        assert [hit.id for hit in enrolled.find("19900000777")] == [ids[776]]
        assert enrolled.sync.digests() == enrolled.sync.reckon()


def test_what_changes_again_within_a_frame_is_found_by_its_last_words_only(enrolled):
    record_id = enrolled.new_id()
    changed = Delta("resident", record_id, VILLAGE, 6, {"name": "孙大雪"}, {"name": 6})
    enrolled.sync.deltas([whole(record_id, 5), changed], {STREAM: 6})
    assert not enrolled.find("赵小满")
    assert len(enrolled.find("孙大雪")) == 1
    gone = Delta("resident", record_id, VILLAGE, 7, {}, {"@deleted": 7}, deleted=True)
    enrolled.sync.deltas([gone, whole(enrolled.new_id(), 8)], {STREAM: 8})
    assert not enrolled.find("孙大雪")
    assert len(enrolled.find("赵小满")) == 1


def test_a_frame_that_fails_leaves_nothing_behind_that_is_written_later(enrolled, monkeypatch):
    first, second = enrolled.new_id(), enrolled.new_id()

    def full(*_):
        raise driver.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("app.store.store.search.write_tokens", full)
        # More than one part, so that the first is written beside the making ready of the next.
        frame = [whole(enrolled.new_id(), 9 + number) for number in range(200)]
        with pytest.raises(KnownError) as told:
            enrolled.sync.deltas([whole(first, 5), *frame], {STREAM: 400})
    assert told.value.code == "store.no_space"
    assert not enrolled.find("赵小满")
    assert enrolled.sync.cursor(*STREAM) == 0
    enrolled.sync.deltas([whole(second, 6, name="孙大雪")], {STREAM: 6})
    assert [hit.id for hit in enrolled.find("孙大雪")] == [second]
    assert not enrolled.find("赵小满")


def test_what_is_empty_and_what_is_bytes_comes_back_as_it_was(store):
    row = store.conn.execute("SELECT ?, typeof(?), ?, typeof(?)", (None, None, b"\0\xff", b"")).fetchone()
    assert row == (None, "null", b"\0\xff", "blob")


def test_only_a_first_copy_is_made_room_for(enrolled, tmp_path, key, forms):
    usual = enrolled.conn.execute("PRAGMA cache_size").fetchone()
    empty = Store.create(tmp_path / "empty", key, forms)
    empty.first_copy.make_ready()
    assert empty.conn.execute("PRAGMA cache_size").fetchone() != usual
    empty.close()
    enrolled.save([person()], "u")
    enrolled.sync.deltas([whole(enrolled.new_id(), 5)], {STREAM: 5})
    enrolled.first_copy.make_ready()
    assert enrolled.conn.execute("PRAGMA cache_size").fetchone() == usual


def test_after_a_first_copy_the_log_is_in_the_file_though_a_window_has_it_open(tmp_path, key, forms):
    store = Store.create(tmp_path / "home", key, forms)
    window = Store.open(tmp_path / "home", key, forms)
    path = tmp_path / "home" / "store.db"
    store.first_copy.make_ready()
    store.sync.set_scope({STREAM})
    store.sync.deltas([whole(store.new_id(), 5 + number) for number in range(300)], {STREAM: 400})
    pages, page = (int(store.conn.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size"))
    assert path.stat().st_size < pages * page
    store.close()
    assert path.stat().st_size == pages * page
    assert len(list(window.query.columns("resident", ["id"]))) == 300
    window.close()


def test_of_a_long_first_copy_all_is_found_and_the_index_is_kept_as_always_when_it_is_over(
    tmp_path, key, forms, monkeypatch
):
    monkeypatch.setattr("app.store.first_copy.LONG", 200)
    merged = "SELECT v FROM search_token_config WHERE k = 'automerge'"
    store = Store.create(tmp_path / "home", key, forms)
    store.sync.set_scope({STREAM})
    store.first_copy.make_ready()
    for start in (1, 701):
        store.sync.deltas([whole(store.new_id(), start + number) for number in range(700)], {STREAM: start + 699})
    assert store.first_copy.long
    assert store.conn.execute(merged).fetchone() == (8,)
    assert len(store.find("赵小满", limit=2_000)) == 1_400
    store.close()
    again = Store.open(tmp_path / "home", key, forms)
    assert again.conn.execute(merged).fetchone() == (4,)
    again.first_copy.make_ready()
    again.sync.deltas([whole(again.new_id(), 2_000 + number) for number in range(700)], {STREAM: 3_000})
    assert not again.first_copy.long
    assert len(again.find("赵小满", limit=3_000)) == 2_100
    assert again.sync.digests() == again.sync.reckon()
    again.close()


def test_a_program_that_finds_its_store_in_order_has_no_library_of_figures_or_pictures_in_memory(tmp_path, key, forms):
    Store.create(tmp_path / "home", key, forms).close()
    program = (
        "import sys; from pathlib import Path; import app.services.office, sync.client;"
        "from app.schema.loading import load_forms; from app.store.store import Store;"
        f"Store.open(Path({str(tmp_path / 'home')!r}), bytes.fromhex({key.hex()!r}), load_forms()).close();"
        "print(sorted({'numpy', 'PIL', 'shapely', 'sqlite_utils'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
