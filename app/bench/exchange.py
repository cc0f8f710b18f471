"""How fast devices and county exchange, beside the floor: the same data column by column under zstd -19, and what the link needs for that.

The county is a real one in a process of its own, on PostgreSQL where the machine has its server (every commit on the disk), else on SQLite;
each device works on a real encrypted store in a process of its own. Bytes are all that passed: the heads of HTTP too.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgpack
import zstandard

from app.bench.link import SlowLink
from app.bench.postgres import PostgreSQL
from app.command.enrolling import make_home
from app.demo.plan import plan
from app.demo.stream import records
from app.rules.permissions import Permissions
from app.schema.dates import read_time
from app.schema.loading import load_forms
from app.store.keys import KeySlots
from app.store.saving import Edit
from app.store.store import Store
from sync.client import exchange, link_session
from sync.county import office
from sync.county.county import County
from sync.county.seeding import fill
from sync.wire import Area

_NOW = read_time("2026-09-18T10:00:00+08:00")
_USER, _PASSWORD = "bench", "bench-2026"
Row = tuple[str, str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of link: *rate* in bytes a second, *round_trip* in seconds, cut every *cut_after* seconds."""

    name: str
    rate: float | None = None
    round_trip: float = 0.0
    cut_after: float = 0.0


LOOPBACK = Kind("loopback")
SLOW = Kind("256 kbit/s, 300 ms", 32_000, 0.3)
CUT = Kind("256 kbit/s, 300 ms, cut every 5 s", 32_000, 0.3, 5.0)


def bench_sync(
    residents: int = 10_000, edits: int = 2_000, many: int = 100_000, *, slow: bool = True
) -> dict[str, Any]:
    """First download of *residents* and of *many*, upload of *residents* new ones, upload of *edits* one-field edits, on each link."""
    runs: list[dict[str, Any]] = []
    with _Bench() as bench:
        for kind in (LOOPBACK, SLOW) if slow else (LOOPBACK,):
            runs += bench.up_and_down(kind, residents, edits)
        if many > residents:
            runs += bench.up_and_down(LOOPBACK, min(many, 5 * residents), 0)
        if slow:
            runs += bench.up_and_down(CUT, residents, edits)
            runs.append(bench.urgent(SLOW, residents))
            runs += [bench.download(kind, many) for kind in (LOOPBACK, SLOW)]
    return {"database": bench.database_name, "runs": runs}


class _Bench:
    """Counties and devices in one temporary folder."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._numbers = itertools.count(1)
        self.database_name = "PostgreSQL"

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            self._postgres: PostgreSQL | None = PostgreSQL(durable=True)
            self._stack.callback(self._postgres.stop)
        except RuntimeError:
            self._postgres, self.database_name = None, "SQLite"
        self._forms = load_forms()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def up_and_down(self, kind: Kind, count: int, edits: int) -> list[dict[str, Any]]:
        """A device sends *count* new residents, another takes them, the first sends *edits* one-field edits."""
        people = _people(count)
        with self._county(people) as (url, database):
            first, second = self._device(database, url), self._device(database, url)
            made = [Edit(form, record_id, area, values) for form, record_id, area, values in people]
            self._save(first, made, bulk=True)
            runs = [self._run(kind, first, url, f"upload of {count} new", count, _floor(people))]
            runs.append(self._run(kind, second, url, f"first download of {count}", count, _floor(people)))
            if edits:
                changed = [(e.form, str(e.id), e.area, {"remark": f"核对{n}"}) for n, e in enumerate(made[:edits])]
                self._save(first, [Edit(*row) for row in changed])
                runs.append(self._run(kind, first, url, f"upload of {edits} edits", edits, _floor(changed)))
        return runs

    def download(self, kind: Kind, count: int) -> dict[str, Any]:
        """The first download of *count* residents."""
        people = _people(count)
        with self._county(people) as (url, database):
            device = self._device(database, url)
            with contextlib.closing(County.open(database, self._forms)) as county:
                fill(county, people, areas=(county.code + "000000",), user=_USER)
            return self._run(kind, device, url, f"first download of {count}", count, _floor(people))

    def urgent(self, kind: Kind, count: int) -> dict[str, Any]:
        """How long an urgent case takes to the county's receipt that is saved while *count* new residents are on their way up."""
        people = _people(count)
        with self._county(people) as (url, database):
            device = self._device(database, url)
            self._save(device, [Edit(*row) for row in people], bulk=True)
            with (
                SlowLink(url, rate=kind.rate, round_trip=kind.round_trip) as link,
                contextlib.closing(Store.open(*device, self._forms)) as store,
            ):
                asked = {"home": str(device[0]), "user": _USER, "key": device[1].hex(), "rate": kind.rate, "rounds": 0}
                command = [sys.executable, "-m", "app.bench.device"]
                with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
                    assert child.stdin is not None
                    child.stdin.write(json.dumps({**asked, "url": link.url}))
                    child.stdin.close()
                    while link.passed.up < 64 << 10:
                        time.sleep(0.02)
                    before = link.passed
                    values = {"title": "河堤塌了", "detail": "村口", "urgency": "critical"}
                    store.save([Edit("event", None, people[0][2], values)], _USER)
                    begun = time.perf_counter()
                    while store.sync.waiting().urgent:
                        time.sleep(0.02)
                    seconds, passed = time.perf_counter() - begun, link.passed - before
                    assert child.stdout is not None
                    child.stdout.read()
        return {
            "link": kind.name,
            "work": f"an urgent case while {count} new go up",
            "records": 1,
            "seconds": round(seconds, 2),
            "bytes_up": passed.up,
            "bytes_down": passed.down,
            "requests": passed.requests,
            "peak_rss_mb": 0,
            "floor_bytes": 0,
            "floor_seconds": 0.0,
        }

    # -- the ends -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _county(self, people: Sequence[Row]) -> Iterator[tuple[str, str]]:
        folder = self._folder / f"county{next(self._numbers)}"
        folder.mkdir()
        database = self._postgres.new_database() if self._postgres else str(folder / "county.db")
        frame = plan("county")
        with contextlib.closing(office.init(database, self._forms, frame.county_code)) as county:
            held = {row[2] for row in people}
            towns = {code[:9] + "000" for code in held}
            areas = [
                Area(a["code"], a["name"], a["level"], a.get("parent", ""))
                for a in frame.areas
                if a["code"] in held | towns or a["level"] == "county"
            ]
            office.add_areas(county, areas)
        at = ["--database", database] if self._postgres else ["--data", str(folder)]
        command = [sys.executable, "-m", "app", "county", "serve", *at, "--listen", "127.0.0.1:0", "--json"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        try:
            assert server.stdout is not None
            told = "".join(iter(server.stdout.readline, "}\n")) + "}"
            yield str(json.loads(told)["url"]), database
        finally:
            server.terminate()
            server.wait(10)

    def _device(self, database: str, url: str) -> tuple[Path, bytes]:
        """A new device over the whole county that has exchanged once: its home and its key."""
        home = self._folder / f"device{next(self._numbers)}"
        with contextlib.closing(County.open(database, self._forms)) as county, county.database.snapshot() as conn:
            towns = [area.code for area in county.areas(conn) if area.level == "township"]
            code = office.issue_code(county, towns, sorted(Permissions.load().township_roles()))
        with (
            contextlib.closing(make_home(home, url, code, _USER, _PASSWORD).store) as store,
            link_session(None) as http,
        ):
            exchange(store, http)
        return home, KeySlots(home).open(_USER, _PASSWORD)

    def _save(self, device: tuple[Path, bytes], edits: Sequence[Edit], *, bulk: bool = False) -> None:
        with contextlib.closing(Store.open(*device, self._forms)) as store:
            for start in range(0, len(edits), 2_000):
                store.save(edits[start : start + 2_000], _USER, bulk=bulk)

    def _run(
        self, kind: Kind, device: tuple[Path, bytes], url: str, work: str, count: int, floor: int
    ) -> dict[str, Any]:
        home, key = device
        asked = {
            "home": str(home),
            "user": _USER,
            "key": key.hex(),
            "rate": kind.rate,
            "rounds": 100 * bool(kind.cut_after),
        }
        with SlowLink(url, rate=kind.rate, round_trip=kind.round_trip) as link, _cutting(link, kind.cut_after):
            command = [sys.executable, "-m", "app.bench.device"]
            said = subprocess.run(
                command, input=json.dumps({**asked, "url": link.url}), capture_output=True, text=True, check=True
            )
            passed = link.passed
        told = json.loads(said.stdout)
        if told["left"] or told["error"] or not told["in_agreement"]:
            raise RuntimeError(f"{kind.name}, {work}: {told}")
        return {
            "link": kind.name,
            "work": work,
            "records": count,
            "seconds": round(told["seconds"], 2),
            "bytes_up": passed.up,
            "bytes_down": passed.down,
            "requests": told["requests"],
            "peak_rss_mb": round(told["peak_rss_mb"]),
            "floor_bytes": floor,
            # A connection and a request each take a round trip.
            "floor_seconds": round(floor / kind.rate + 2 * kind.round_trip, 2) if kind.rate else 0.0,
            "bytes_over_floor": round((passed.up + passed.down) / floor, 2),
        }


@contextlib.contextmanager
def _cutting(link: SlowLink, every: float) -> Iterator[None]:
    """While the block runs, all connections are cut *every* so many seconds (0: never)."""
    done = threading.Event()

    async def cut() -> None:
        for connection in list(link.connections.values()):
            connection.cut()

    def go() -> None:
        while not done.wait(every):
            link.call(cut())

    thread = threading.Thread(target=go)
    if every:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if every:
            thread.join()


def _people(count: int) -> list[Row]:
    """*count* residents of the demo, without the households that this bench doesn't send."""
    now = datetime.datetime.fromisoformat(_NOW)
    scale = "township" if count <= 25_000 else "county"
    people = (row for row in records(plan(scale), now) if row[0] == "resident")
    return [
        (
            form,
            record_id,
            area,
            {name: value for name, value in values.items() if value is not None and name != "household"},
        )
        for form, record_id, area, values in itertools.islice(people, count)
    ]


def _floor(rows: Sequence[Row]) -> int:
    """Bytes of what must be told in any case: ids, areas and values, column by column."""
    names = sorted({name for row in rows for name in row[3]})
    columns: dict[str, Any] = {name: [row[3].get(name) for row in rows] for name in names}
    columns["@id"] = [bytes.fromhex(row[1]) for row in rows]
    columns["@area"] = [row[2] for row in rows]
    return len(zstandard.compress(msgpack.packb(columns), 19))
