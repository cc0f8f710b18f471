"""Many devices at one county, and transactions that interleave: cursors never skip, nobody's turn is lost, processes may die."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
import requests
import sqlalchemy as sa

from app.paths import root
from app.schema.record import AREA, Change
from app.store.saving import Edit
from sync.county import applying, lanes, office
from sync.county.database import Database
from sync.county.tables import COUNTY, ENTRY, HISTORY, META
from sync.county.web import listening
from sync.wire import MEDIA_TYPE, Down, Hello, Reader, Receipts, Up, decode_down, encode, encode_up, scope_tag
from tests.sync.conftest import VILLAGES, Running

V = VILLAGES[0]


@pytest.fixture
def postgres_county(postgres_url, forms):
    with Running(postgres_url, forms).serving() as running:
        yield running


def person(number, counter, area=V):
    held = {AREA: area, "name": "张文贵"}
    return Change("resident", f"0190{number:028x}", area, held, dict.fromkeys(held, 0), 1_760_000_000_000, counter, "u")


def talk(county, made, incarnation, *changes, number=0, cursor=0, http=requests):
    """One exchange of a device without a store: (receipts, ids that came down, the cursor after them)."""
    hello = Hello(
        1, made.county, made.device, incarnation, 1, 0, scope_tag(made.areas, made.streams),
        {name: (cursor, b"") for _, name in made.streams},
    )  # fmt: skip
    body = encode(hello) + (encode(Up(encode_up(number, changes))) if changes else b"")
    headers = {"Authorization": f"Bearer {made.token}", "Content-Type": MEDIA_TYPE}
    answer = http.post(f"{county.url}/v1/exchange", data=body, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    messages = list(Reader().feed(answer.content))
    frames = [decode_down(message.content) for message in messages if isinstance(message, Down)]
    after = max([cursor, *(move.after for frame in frames for move in frame.moves)])
    receipts = [message for message in messages if isinstance(message, Receipts)]
    return receipts, {delta.id for frame in frames for delta in frame.deltas}, after


# -- two transactions that interleave -------------------------------------------------------------


def interleaved(county, monkeypatch):
    """The first takes its revs and is held before its commit, the second comes after it; a reader looks in between, and at the end.

    Returns (what both wrote, what the reader was told).
    """
    reader, one, two = (county.enrolment(name) for name in ("读者", "甲", "乙"))
    numbered, go = threading.Event(), threading.Event()
    honest = applying.encode

    def held(message):
        if isinstance(message, Receipts) and message.number == 77:
            numbered.set()
            assert go.wait(60)
        return honest(message)

    monkeypatch.setattr(applying, "encode", held)
    first = threading.Thread(target=talk, args=(county, one, "i", person(1, 1)), kwargs={"number": 77})
    second = threading.Thread(target=talk, args=(county, two, "i", person(2, 1, VILLAGES[1])), kwargs={"number": 1})
    first.start()
    assert numbered.wait(60)
    second.start()
    while second.is_alive() and not waits_for_a_lock(county):
        time.sleep(0.01)
    _, seen, cursor = talk(county, reader, "i")
    go.set()
    first.join(), second.join()
    _, later, _ = talk(county, reader, "i", cursor=cursor)
    return {person(1, 1).id, person(2, 1).id}, seen | later


def waits_for_a_lock(county):
    with county.county.database.engine.connect() as conn:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return conn.scalar(sa.text(query)) > 0


def test_two_interleaved_transactions_never_make_a_cursor_skip(postgres_county, monkeypatch):
    written, told = interleaved(postgres_county, monkeypatch)
    assert told == written


def test_a_sequence_instead_of_the_lock_would_skip(postgres_county, monkeypatch):
    """The test above can fail: numbers that are taken without holding the county's row, as from a sequence, lose a record."""
    county = postgres_county.county
    with county.database.snapshot() as conn:
        _, last = county.standing(conn)
    sequence = itertools.count(last + 100, 100)

    @contextlib.contextmanager
    def unlocked(self, code):
        rev = next(sequence)
        with self.engine.connect() as conn, conn.begin():
            yield conn, 1, rev
        with self.engine.connect() as conn, conn.begin():
            newest = sa.func.greatest(COUNTY.c.rev, rev + 1)
            conn.execute(sa.update(COUNTY).where(COUNTY.c.county == code).values(rev=newest))

    monkeypatch.setattr(Database, "write", unlocked)
    monkeypatch.setattr(applying.Batch, "_count", lambda _: None)
    written, told = interleaved(postgres_county, monkeypatch)
    assert written - told == {person(1, 1).id}


# -- two hundred devices ------------------------------------------------------------------------

DEVICES, ROUNDS, SHARED = 200, 2, 10


def test_two_hundred_devices_at_once_lose_nothing_and_are_served_by_turns(postgres_county, new_store):
    county = postgres_county
    made = county.enrolment("种子")
    talk(county, made, "i", *[person(number, number + 1) for number in range(SHARED)], number=1)
    crowd = [county.enrolment(f"用户{number % 7}") for number in range(DEVICES - 4)]
    desks = [county.device(new_store(), f"用户{number}") for number in range(4)]
    wrong, start = [], threading.Barrier(len(crowd) + 1)

    def device(place, held):
        with requests.Session() as http:
            start.wait()
            for turn in range(ROUNDS):
                mine = person(1000 + place * 100 + turn, 2 * turn + 1)
                edit = {"remark": f"{place}/{turn}"}
                record = person(place % SHARED, 0).id
                shared = Change(
                    "resident", record, V, edit, {"remark": 1}, 1_760_000_000_000 + place, 2 * turn + 2, "u"
                )
                try:
                    (answer,), _, _ = talk(county, held, "i", mine, shared, number=turn + 1, http=http)
                    wrong.extend(r for r in answer.spread([1, 2]) if r.status in {"refused", "waiting"})
                except Exception as bad:  # noqa: BLE001 - whatever went wrong is what the test is about
                    wrong.append(bad)

    threads = [threading.Thread(target=device, args=item) for item in enumerate(crowd)]
    for thread in threads:
        thread.start()
    start.wait()
    for turn in range(ROUNDS):
        for place, desk in enumerate(desks):
            desk.save(*[Edit("resident", None, V, {"name": f"张{place}"}) for _ in range(20)])
            if desk.get("resident", person(place, 0).id):
                desk.save(Edit("resident", person(place, 0).id, V, {"remark": f"桌{place}/{turn}"}))
            assert desk.sync().error is None
    for thread in threads:
        thread.join()
    assert wrong == []
    for desk in desks * 2:
        desk.sync()
    assert all(desk.sync().in_agreement for desk in desks)
    assert all(stream.sound for stream in office.digest(county.county))

    with county.county.database.snapshot() as conn:
        code = county.county.code
        rows = conn.execute(sa.select(HISTORY).where(HISTORY.c.county == code).order_by(HISTORY.c.rev)).all()
        entries = conn.execute(sa.select(ENTRY.c.id).where(ENTRY.c.county == code)).scalars().all()
    ids = {item.device for item in crowd}
    mine = [row for row in rows if row.device in ids]
    # Nothing lost, nothing doubled: each change once.
    assert Counter(row.device for row in mine) == dict.fromkeys(ids, 2 * ROUNDS)
    assert len({row.hash for row in mine}) == len(mine) == len(ids) * 2 * ROUNDS
    assert {person(1000 + place * 100 + turn, 0).id for place in range(len(crowd)) for turn in range(ROUNDS)} <= set(
        entries
    )
    # No update vanished: what doesn't stand in its record stands in a conflict record. (What a desk overwrote, it had seen.)
    with county.county.database.snapshot() as conn:
        records = county.county.records
        stands = records.get(conn, "resident", [person(number, 0).id for number in range(SHARED)]).values()
        kept = [
            held.record.values for held in records.get(conn, "conflict", list(records.all(conn, "conflict"))).values()
        ]
    told = {held.record.values["remark"] for held in stands}
    told |= {json.loads(item[side]) for item in kept if item["field"] == "remark" for side in ("mine", "theirs")}
    unseen = [place for place in range(len(crowd)) if place % SHARED >= len(desks)]
    assert {f"{place}/{turn}" for place in unseen for turn in range(ROUNDS)} <= told
    # By turns: how many frames of others were taken between two of one device.
    turns = list(dict.fromkeys((row.device, row.frame) for row in mine))
    last: dict[str, int] = {}
    waits = []
    for place, (device_id, _) in enumerate(turns):
        if device_id in last:
            waits.append(place - last[device_id])
        last[device_id] = place
    assert max(waits) <= 5 * statistics.median(waits)


# -- what the county's program promises -------------------------------------------------------------


def test_every_key_begins_with_the_county(postgres_county):
    tables = [*META.tables.values(), *postgres_county.county.tables.by_form.values()]
    assert len(tables) > 20
    for table in tables:
        assert next(iter(table.primary_key)).name == "county", table.name
        assert not table.foreign_keys, table.name
        for index in table.indexes:
            assert (next(iter(index.columns)).name, index.unique) == ("county", False), index.name


def test_there_is_a_connection_for_every_thread(postgres_county):
    pool = postgres_county.county.database.engine.pool
    assert pool.size() + pool._max_overflow >= lanes.WRITERS + lanes.READERS + lanes.OTHERS
    # Four processes fit into the hundred connections that PostgreSQL has where nobody said otherwise.
    assert 4 * (pool.size() + pool._max_overflow) <= 97


def test_a_full_house_is_said_with_the_time_to_come_back_and_devices_keep_to_it(county, new_store, monkeypatch):
    from sync.client import exchange

    desk = county.device(new_store())
    desk.save(Edit("resident", None, V, {"name": "张文贵"}))
    slept = []
    with monkeypatch.context() as full:
        full.setattr(lanes.Door, "room", lambda _: False)
        answer = requests.post(f"{county.url}/v1/exchange", data=b"", timeout=30)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(lanes.RETRY_AFTER))
        assert answer.json()["code"] == "sync.busy"
        report = exchange(desk.store, desk.http, sleep=slept.append)
        assert (report.ok, report.left.total) == (False, 1)
        assert min(slept) > lanes.RETRY_AFTER
    assert desk.sync().in_agreement


# -- processes that die --------------------------------------------------------------------------------


class Process:
    """A server process of its own over the county's database, on one port whoever holds it."""

    def __init__(self, url):
        with listening("127.0.0.1", 0) as sock:
            self._port = sock.getsockname()[1]
        self._url = url
        self.address = f"http://127.0.0.1:{self._port}"
        self._run = None

    def start(self):
        self._run = subprocess.Popen(
            [
                *(sys.executable, "-m", "app", "county", "serve"),
                *("--database", self._url, "--listen", f"127.0.0.1:{self._port}"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root(),
        )
        assert self._run.stdout.readline()  # it says where it is once it answers

    def kill(self):
        self._run.kill()
        self._run.wait()
        self._run.stdout.close()


def test_server_processes_killed_and_started_at_will_lose_and_double_nothing(postgres, forms, new_store):
    url = postgres.new_database()
    with Running(url, forms).serving() as county:
        desks = [county.device(new_store(), f"用户{number}") for number in range(6)]
        pair = Process(url), Process(url)
        for process in pair:
            process.start()
        saved = set()
        drawn = random.Random(7)
        deaths = 0
        for turn in range(3):
            for place, desk in enumerate(desks):
                edits = [Edit("resident", None, V, {"name": f"张{place}", "remark": "甲" * 300}) for _ in range(60)]
                saved |= set(desk.save(*edits).ids)
                desk.store.sync.moved(pair[(place + turn) % 2].address)
                killer = threading.Timer(drawn.uniform(0.0, 0.25), pair[(place + turn) % 2].kill)
                if place % 3 == 0:
                    killer.start()
                desk.sync(tries=2)
                if place % 3 == 0:
                    killer.join()
                    pair[(place + turn) % 2].start()
                    deaths += 1
        for process in pair:
            process.kill()
        for desk in desks * 2:
            desk.store.sync.moved(county.url)
            assert desk.sync().error is None
        assert deaths == 6
        assert all(desk.sync().in_agreement and desk.store.sync.waiting().total == 0 for desk in desks)
        assert all({record.id for record in desk.store.select("resident")} == saved for desk in desks)
        with county.county.database.snapshot() as conn:
            rows = conn.execute(
                sa.select(HISTORY.c.id, HISTORY.c.hash).where(HISTORY.c.county == county.county.code)
            ).all()
        assert len({row.hash for row in rows}) == len(rows) == len(saved)
        assert all(stream.sound for stream in office.digest(county.county))
