"""What a second look at the exchange found: each road on which a saved change was lost, held up or overruled in silence."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import shutil
import signal
import time

import pytest
import requests
import sqlalchemy as sa
from requests.adapters import HTTPAdapter

from app.store.saving import Edit
from app.store.store import Store
from sync.county import office
from sync.county.coming_on import Coming, Requests
from sync.county.county import County
from sync.county.tables import DEVICE, HISTORY
from sync.wire import Reader, Receipts, Streamed, encode, encode_up
from tests.sync.broken import Broken
from tests.sync.conftest import TOWNSHIP, VILLAGES, Desk, Running
from tests.sync.test_exchange import person

V = VILLAGES[0]


@pytest.fixture
def database(tmp_path):
    """SQLite only: what is tested here is the same on PostgreSQL."""
    return tmp_path / "county.db"


def noise(length, seed=1):
    """Text that no compression makes small."""
    chance = random.Random(seed)
    return "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(length))


def one_frame(desk):
    return desk.store.sync.compose(1000, encode_up)


def both(desks, *, rounds=2):
    for _ in range(rounds):
        for desk in desks:
            assert desk.sync().ok
    for desk in desks:
        assert desk.sync().in_agreement


def cloned(desk, new_store, empty_home, forms):
    """A second machine with a copy of the first one's disk."""
    store = new_store()
    folder = store.folder
    store.close()
    desk.store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.rmtree(folder)
    shutil.copytree(desk.store.folder, folder)
    return Desk(Store.open(folder, empty_home[1], forms), desk.user)


def test_a_cloned_disk_that_asks_after_its_frame_is_not_answered_with_the_originals_receipts(
    desks, new_store, empty_home, forms
):
    a, b = desks
    clone = cloned(a, new_store, empty_home, forms)
    a.save(*[person(remark=f"原机{noise(60, n)}") for n in range(60)])
    clone.save(*[person(remark=f"克隆{noise(60, n)}") for n in range(60)])
    assert a.sync().in_agreement
    clone.sync(http=Broken(["before"], 0), tries=1)
    one_frame(clone)  # framed and never sent: the next request asks after it
    assert sum(len(frame.content) for frame in clone.store.sync.open_frames()) > 4096
    assert clone.sync().ok
    b.sync()
    assert sum(record.values["remark"].startswith("克隆") for record in b.store.select("resident")) == 60
    both((a, b, clone))
    clone.store.close()


def test_what_a_device_wrote_last_stands_though_it_came_first(desks):
    a, _ = desks
    (made,) = a.save(person(remark="本来")).ids
    both(desks)
    a.save(person(made, remark="写错"))
    first = one_frame(a)
    a.save(person(made, remark="本来"))
    one_frame(a)
    a.store.sync.void(first.number)  # so the later frame, which is open, goes before the earlier change
    both(desks)
    assert [desk.get("resident", made).values["remark"] for desk in desks] == ["本来", "本来"]


def test_a_record_moved_before_it_was_sent_loses_nothing_when_the_move_comes_first(desks):
    a, _ = desks
    (made,) = a.save(person(remark="全部")).ids
    first = one_frame(a)
    a.save(Edit("resident", made, VILLAGES[1], {}))
    one_frame(a)
    a.store.sync.void(first.number)
    both(desks)
    for desk in desks:
        record = desk.get("resident", made)
        assert (record.area, record.values["name"], record.values["remark"]) == (VILLAGES[1], "张文贵", "全部")


def test_a_device_set_back_loses_nothing_that_it_saves_afterwards(desks, new_store, empty_home, forms):
    a, b = desks
    (made,) = a.save(person(remark="起初")).ids
    both(desks)
    yesterday = cloned(a, new_store, empty_home, forms)
    for remark in ("今早", "今天中午"):
        a.save(person(made, remark=remark))
    assert a.sync().in_agreement
    yesterday.store.sync.new_incarnation()  # what `township restore` does
    yesterday.save(person(made, remark="恢复之后"))
    assert yesterday.sync().in_agreement
    assert yesterday.get("resident", made).values["remark"] == "恢复之后"
    b.sync()
    kept = [json.loads(item.values["mine"]) for item in b.store.select("conflict")]
    assert (b.get("resident", made).values["remark"], kept) == ("恢复之后", ["今天中午"])
    yesterday.store.close()


def test_a_hundred_long_texts_go_up_and_down_in_one_exchange_each(desks):
    a, b = desks
    events = [
        Edit("event", None, V, {"title": "长", "detail": noise(15_000, n), "urgency": "normal"}) for n in range(80)
    ]
    a.save(*events)
    sent = a.sync()
    assert (sent.error, sent.in_agreement) == (None, True)
    got = b.sync()
    assert (got.error, got.in_agreement, got.down.count) == (None, True, 80)


def test_a_change_too_large_for_any_frame_holds_up_nothing(desks):
    a, b = desks
    a.save(person(invented_later=noise(1_600_000)), person(remark="小"))
    report = a.sync()
    assert (report.error, report.left.total, report.refused) == (None, 0, 1)
    assert [item.code for item in a.store.sync.attention()] == ["sync.change_too_large"]
    b.sync()
    assert [record.values["remark"] for record in b.store.select("resident")] == ["小"]


def test_a_long_text_that_never_gets_through_lets_the_others_pass(desks, monkeypatch):
    # Where each request comes to another process of the county, nothing goes on at the byte.
    monkeypatch.setattr(Requests, "begun", lambda _self, _device, reader: Coming(reader))
    a, b = desks
    a.save(Edit("event", None, V, {"title": "长", "detail": noise(19_000), "urgency": "normal"}))
    a.save(*[person(remark=f"短{n}") for n in range(5)])
    for _ in range(12):
        a.sync(http=Broken(["body"] * 99, 9000), tries=2)
    assert a.store.sync.waiting().total == 1
    b.sync()
    assert b.store.count("resident") == 5
    assert a.sync().in_agreement


def test_areas_taken_away_and_given_back_bring_back_ones_own_records_too(county, desks):
    a, b = desks
    a.save(person(area=VILLAGES[0]), person(area=VILLAGES[1]))
    b.save(person(area=VILLAGES[1]))
    both(desks)
    for areas, there in (([VILLAGES[0]], 1), ([TOWNSHIP], 3)):
        with county.county.database.plain() as conn:
            conn.execute(
                sa.update(DEVICE).where(DEVICE.c.id == a.store.sync.state.device), {"areas": json.dumps(areas)}
            )
        report = a.sync()
        assert (report.in_agreement, a.store.count("resident")) == (True, there)
        assert a.store.sync.reckon() == a.store.sync.digests()


def test_a_clock_that_runs_ahead_wins_no_quarrel_that_comes_after_it(desks):
    a, b = desks
    (made,) = a.save(person(remark="起初")).ids
    both(desks)
    a.store._now = lambda: time.time() + 365 * 86_400
    a.save(person(made, remark="钟快一年"))
    a.sync()
    b.save(person(made, remark="后来写的"))
    b.sync()
    assert b.get("resident", made).values["remark"] == "后来写的"


def test_a_refused_new_record_arrives_once_it_is_corrected(desks):
    a, b = desks
    (made,) = a.save(person(phone="12", remark="一")).ids
    a.save(person(made, remark="二"))
    report = a.sync()
    assert (report.refused, report.left.total) == (2, 0)
    a.save(person(made, phone="13900000001"))
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    values = b.get("resident", made).values
    assert (values["name"], values["phone"], values["remark"]) == ("张文贵", "13900000001", "二")


# -- two processes and a county in a third one --------------------------------------------------


@contextlib.contextmanager
def county_process(path, forms):
    """The county as a process of its own, so that forking here copies no thread."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with Running(path, forms).serving() as running:
                os.write(write, f"{running.url} {running.county.code}".encode())
                signal.pause()
        finally:
            os._exit(0)
    url, code = os.read(read, 200).decode().split()
    running = Running.__new__(Running)
    running.forms, running.url = forms, url
    running.county = County.open(path, forms, code=code)
    try:
        yield running
    finally:
        running.county.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def forked(work):
    """Run *work* in a process of its own; its id, and a pipe that says when it has begun and when it is done."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            work(lambda: os.write(write, b"."))
            os.write(write, b"!")
        finally:
            os._exit(0)
    os.close(write)
    return child, os.fdopen(read, "rb", buffering=0)


def counted(running):
    with running.county.database.snapshot() as conn:
        rows = conn.execute(sa.select(HISTORY.c.device, HISTORY.c.counter).where(HISTORY.c.form == "resident")).all()
    assert len(set(rows)) == len(rows)
    return len(rows)


def test_a_sync_killed_at_50_random_moments_loses_and_doubles_nothing(tmp_path, forms, new_store, empty_home):
    chance = random.Random(20260918)
    with county_process(tmp_path / "county.db", forms) as running:
        a, b = running.device(new_store(), "张干事"), running.device(new_store(), "李干事")
        folder, made = a.store.folder, []
        a.save(*[person(remark=f"一{n}", area=VILLAGES[n % 3]) for n in range(700)], bulk=True)
        b.save(*[person(remark=f"另{n}", area=VILLAGES[n % 3]) for n in range(700)], bulk=True)
        saved, killed = 1400, 0

        def work(say):
            store = Store.open(folder, empty_home[1], forms)
            say()
            Desk(store, "张干事").sync(tries=1)

        for moment in range(50):
            made += a.save(*[person(remark=f"甲{moment}-{n}") for n in range(10)]).ids
            a.save(person(made[moment // 2], occupation=f"第{moment}次"))
            b.save(*[person(remark=f"乙{moment}-{n}") for n in range(10)])
            saved += 21
            if moment % 3 == 0:
                b.sync()
            child, pipe = forked(work)
            assert pipe.read(1) == b"."
            time.sleep(chance.random() * 0.08)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            killed += pipe.read(1) == b""
            pipe.close()
            assert a.store.sync.reckon() == a.store.sync.digests()
        assert killed > 5, "hardly any was killed in the middle"
        both((a, b))
        assert counted(running) == saved
        assert a.store.count("resident") == b.store.count("resident") == saved - 50
        assert a.store.sync.reckon() == b.store.sync.reckon()
        assert all(row.sound for row in office.digest(running.county))


def test_a_window_that_saves_while_a_worker_syncs_loses_and_doubles_nothing(tmp_path, forms, new_store, empty_home):
    with county_process(tmp_path / "county.db", forms) as running:
        a, b = running.device(new_store(), "张干事"), running.device(new_store(), "李干事")
        b.save(*[person(remark=f"乙{n}") for n in range(600)], bulk=True)
        b.sync()
        folder = a.store.folder

        def work(say):
            store = Store.open(folder, empty_home[1], forms)
            say()
            for _ in range(4):
                Desk(store, "张干事").sync()

        child, pipe = forked(work)
        assert pipe.read(1) == b"."
        os.set_blocking(pipe.fileno(), False)
        made, saves, said = [], 0, None
        while said is None:
            if saves == 300:
                os.set_blocking(pipe.fileno(), True)
            elif saves % 3 == 2:
                a.save(person(made[-1], remark=f"再{saves}"))
            else:
                made += a.save(person(remark=f"甲{saves}")).ids
            saves += saves < 300
            said = pipe.read(1)
        os.waitpid(child, 0)
        assert said == b"!", "the worker failed"
        both((a, b))
        assert saves > 10
        assert counted(running) == saves + 600
        for number, record_id in enumerate(made):
            assert b.get("resident", record_id).values == a.get("resident", record_id).values, number
        assert a.store.sync.reckon() == b.store.sync.reckon() == a.store.sync.digests()


def test_a_field_that_the_county_learns_later_counts_the_same_as_before(tmp_path, forms, new_store):
    resident = forms["resident"]
    fewer = dataclasses.replace(resident, fields={n: item for n, item in resident.fields.items() if n != "occupation"})
    old = dataclasses.replace(forms, by_name={**forms.by_name, "resident": fewer})
    path = tmp_path / "county.db"
    with Running(path, old).serving() as running:
        a, b = running.device(new_store(), "张干事"), running.device(new_store(), "李干事")
        (made,) = a.save(person(occupation="木匠")).ids
        both((a, b))
        code = running.county.code
    running = Running.__new__(Running)
    running.forms, running.county = forms, County.open(path, forms, code=code)
    with running.serving():
        for desk in (a, b):
            desk.store.sync.moved(running.url)
        a.save(person(made, occupation="瓦匠"))
        both((a, b))
        assert b.get("resident", made).values["occupation"] == "瓦匠"
        assert all(row.sound for row in office.digest(running.county))


class _Garbled(HTTPAdapter):
    """An answer in which a byte of the receipts flipped: they name a number that no county gives."""

    def send(self, request, **options):
        answer = super().send(request, **options)
        messages = Reader().feed(b"".join(answer.iter_content(1024)))
        kept = [message for message in messages if not isinstance(message, Streamed)]
        told = [dataclasses.replace(message, first=0) if isinstance(message, Receipts) else message for message in kept]
        answer._content, answer._content_consumed = b"".join(encode(message) for message in told), True
        return answer


def test_receipts_without_a_number_are_none(county, new_store):
    desk = county.device(new_store())
    assert desk.sync().in_agreement
    (made,) = desk.save(person(remark="一")).ids
    bad = requests.Session()
    bad.mount("http://", _Garbled())
    report = desk.sync(http=bad)
    assert (report.ok, report.error.code) == (False, "sync.garbage")
    assert desk.store.sync.waiting().total == 1
    assert desk.sync().in_agreement
    assert desk.get("resident", made).rev > 1 << 40
    assert desk.store.sync.digests() == desk.store.sync.reckon()
