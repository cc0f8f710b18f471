"""The journal brings back what the store lost, and nothing that was never confirmed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import struct
import time

import pytest

from app.errors import KnownError
from app.schema.record import Receipt
from app.store.store import Store
from tests.store.conftest import person


def test_a_store_set_back_to_yesterday_gets_the_lost_day_again(enrolled, key, forms, tmp_path):
    enrolled.save([person(remark="昨天")], "lin")
    enrolled.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(enrolled.folder / "store.db", tmp_path / "yesterday.db")
    before = enrolled.sync.state.incarnation
    (lost,) = enrolled.save([person(remark="今天")], "lin").ids
    enrolled.close()
    for name in ("store.db-wal", "store.db-shm"):
        (enrolled.folder / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "yesterday.db", enrolled.folder / "store.db")
    again = Store.open(enrolled.folder, key, forms)
    assert again.get("resident", lost).values["remark"] == "今天"
    assert again.sync.waiting().total == 2
    assert again.sync.state.incarnation != before
    again.close()


def test_a_save_whose_journal_cannot_be_written_is_not_saved_at_all(store, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KnownError) as bad:
        store.save([person()], "lin")
    monkeypatch.undo()
    assert "磁盘满" in str(bad.value)
    assert store.select("resident") == []
    store.save([person(remark="再存")], "lin")
    assert [change.values["remark"] for change in store.journal.since(0)] == ["再存"]


def test_a_torn_block_hides_nothing_that_comes_after_it(store, key, forms):
    store.save([person(remark="一")], "lin")
    (file,) = (store.folder / "journal").glob("*.jnl")
    with file.open("ab") as journal:
        journal.write(b"XZJ1" + struct.pack(">I", 5000) + b"half of a block")
    store.save([person(remark="二")], "lin")
    assert [change.values["remark"] for change in store.journal.since(0)] == ["一", "二"]


def test_a_journal_file_goes_after_90_days_but_never_before_its_last_receipt(enrolled):
    enrolled.save([person()], "lin")
    (file,) = (enrolled.folder / "journal").glob("*.jnl")
    old = time.time() - 91 * 86_400
    os.utime(file, (old, old))
    enrolled.forget_old_journal()
    assert file.exists()
    made = enrolled.sync.compose(10, lambda number, changes: repr((number, changes)).encode())
    enrolled.sync.receipts(made.number, [Receipt(1, "accepted", 7)])
    os.utime(file, None)
    enrolled.forget_old_journal()
    assert file.exists()
    os.utime(file, (old, old))
    enrolled.forget_old_journal()
    assert not file.exists()


def _keep_saving(folder, key, forms, pipe):
    """In the child: save and tell each confirmed save, with the sizes that were flushed by then."""
    store = Store.open(folder, key, forms)
    wal = folder / "store.db-wal"
    (journal,) = (folder / "journal").glob("*.jnl")
    number = store.meta.integer("counter")
    while True:
        number += 2
        store.save([person(remark=f"{number}"), person(remark=f"{number}")], "lin")
        os.write(pipe, struct.pack(">QQQ", number, wal.stat().st_size, journal.stat().st_size))


def _killed_while_saving(folder, key, forms, chance):
    """Fork a writer, kill it at a random moment; return the last confirmed number and the sizes flushed with it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _keep_saving(folder, key, forms, write)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        first = pipe.read(24)
        time.sleep(chance.random() * 0.03)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = first + pipe.read()
    assert len(told) >= 24, "the writer confirmed nothing"
    return struct.unpack(">QQQ", told[len(told) // 24 * 24 - 24 : len(told) // 24 * 24])


def _cut(path, least, chance):
    """Cut *path* somewhere after its last flushed byte: what a power cut may leave."""
    size = path.stat().st_size
    if size > least:
        with path.open("rb+") as file:
            file.truncate(chance.randint(least, size))


def test_killed_at_200_random_moments_every_confirmed_save_is_there_and_none_by_half(tmp_path, key, forms):
    chance = random.Random(20260918)
    folder = tmp_path / "home"
    first = Store.create(folder, key, forms)
    first.save([person(remark="0")], "lin")
    first.save([person(remark="0")], "lin")
    first.close()
    for moment in range(200):
        number, wal_size, journal_size = _killed_while_saving(folder, key, forms, chance)
        if moment % 2:
            _cut(folder / "store.db-wal", wal_size, chance)
            _cut(next((folder / "journal").glob("*.jnl")), journal_size, chance)
        again = Store.open(folder, key, forms)
        counts = again.tally("resident", "remark")
        assert all(count == 2 for count in counts.values()), "a save is there by half"
        assert all(f"{even}" in counts for even in range(4, number + 1, 2)), "a confirmed save is gone"
        assert again.sync.waiting().total == again.count("resident") == again.meta.integer("counter")
        assert again.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        again.close()
        if moment % 20 == 19:
            shutil.rmtree(folder)
            fresh = Store.create(folder, key, forms)
            fresh.save([person(remark="0")], "lin")
            fresh.save([person(remark="0")], "lin")
            fresh.close()
