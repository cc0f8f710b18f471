"""How fast search is, beside LIKE and beside the default full-text search of sqlite-utils on the same people."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import random
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# The driver registers itself under the name that sqlite-utils looks for, so it comes first.
from app.bench.timing import at, ms

from app.store import driver, layout, search  # isort: skip
import sqlite_utils

from app.demo import plan, records
from app.demo.population import Row
from app.schema.ddl import table_name, to_row
from app.schema.form import Forms
from app.schema.loading import load_forms
from app.store.search_keys import spellings
from app.store.search_terms import terms

_FIELDS = ("name", "id_number", "phone", "live_address", "hukou_address")
_BATCH = 2_000
_QUERIES, _ROUNDS = 100, 2
_SAMPLE, _PRINTED = 3_000, 50
_DATABASE, _NOTE = "bench.db", "bench.json"
_SLOW_QUERIES = 3
_EVERYTHING = 10_000_000


def bench_search(residents: int, kept: Path | None = None) -> dict[str, Any]:
    """Fill an encrypted store with *residents* people and time what clerks type.

    For every kind of query: a sample "query", "p50_ms", "p99_ms" and "max_ms" of the first 50 hits, "cpu_p99_ms" of this
    thread alone, "recall" against a look at every person, and on the same data "like_ms" and "default_fts_ms" with the
    "default_fts_recall" of the latter. All times are medians in milliseconds but for p99 and the longest.
    *kept*: a folder where the store stays for the next time, with its key beside it; its people are fictional. It is
    made anew where another number of people or another index is asked for ("build_seconds" is then of that time).
    """
    forms = load_forms()
    with tempfile.TemporaryDirectory() as folder:
        where = kept or Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        note = _made(where, forms, residents)
        conn = driver.connect(where / _DATABASE, bytes.fromhex(note["key"]))
        try:
            # Every run asks the same.
            queries = [
                _measure(conn, forms, kind, make, note["people"], random.Random(f"{residents} {kind}"))  # noqa: S311
                for kind, make in _KINDS.items()
            ]
            size = (where / _DATABASE).stat().st_size
        finally:
            conn.close()
    return {"residents": residents, "build_seconds": note["seconds"], "bytes": size, "queries": queries}


def _made(folder: Path, forms: Forms, residents: int) -> dict[str, Any]:
    """What is known of the store in *folder*: its "key", a sample of its "people", how many "seconds" it took."""
    note, path = folder / _NOTE, folder / _DATABASE
    if note.exists():
        held: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        if held["residents"] == residents and held["index"] == _print(forms, held["people"]):
            return held
    for old in (note, *folder.glob(f"{_DATABASE}*")):
        old.unlink(missing_ok=True)
    key = secrets.token_bytes(32)
    conn = driver.connect(path, key, create=True)
    try:
        layout.prepare(conn, path, forms)
        begun = time.perf_counter()
        people = _fill(conn, forms, residents)
        seconds = round(time.perf_counter() - begun, 1)
        sqlite_utils.Database(conn).table("person").enable_fts(list(_FIELDS))
    finally:
        conn.close()
    made = {
        "residents": residents,
        "index": _print(forms, people),
        "seconds": seconds,
        "key": key.hex(),
        "people": people,
    }
    note.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    return made


def _print(forms: Forms, people: Sequence[dict[str, Any]]) -> str:
    """Another one where the index would hold other tokens of these people."""
    found = [sorted(search.keys_of(forms["resident"], "", person)[1].split()) for person in people[:_PRINTED]]
    return hashlib.blake2b(json.dumps(found).encode(), digest_size=8).hexdigest()


def _fill(conn: Any, forms: Forms, residents: int) -> list[dict[str, Any]]:
    """Write people into the record table, the index and the table for the others; a sample of them comes back."""
    form = forms["resident"]
    conn.execute(f"CREATE TABLE person (id TEXT PRIMARY KEY, {', '.join(f'{name} TEXT' for name in _FIELDS)})")
    sample: list[dict[str, Any]] = []
    apart = max(1, residents // _SAMPLE)
    stream = itertools.islice(_people(), residents)
    seen = itertools.count()
    while batch := list(itertools.islice(stream, _BATCH)):
        conn.execute("BEGIN IMMEDIATE")
        for _, record_id, area, values in batch:
            row = to_row(form, values)
            names = ", ".join(f'"{name}"' for name in ("id", "area", *row))
            marks = ", ".join("?" * (len(row) + 2))
            conn.execute(
                f"INSERT INTO {table_name('resident')} ({names}) VALUES ({marks})", (record_id, area, *row.values())
            )
            kept = {name: values.get(name) for name in _FIELDS}
            conn.execute(f"INSERT INTO person VALUES (?{', ?' * len(_FIELDS)})", (record_id, *kept.values()))
            if next(seen) % apart == 0:
                sample.append(kept)
        search.index(conn, forms, batch)
        conn.execute("COMMIT")
    search.settle(conn)
    return sample


def _people() -> Iterator[Row]:
    now = dt.datetime(2026, 9, 18, 10, 42)  # noqa: DTZ001 - taken for China's
    for seed in itertools.count(1):
        for row in records(plan("county", seed), now):
            if row[0] == "resident":
                # Seeds may give the same ids; a county has each once.
                yield row[0], f"{seed:02x}{row[1][2:]}", row[2], row[3]


def _measure(
    conn: Any,
    forms: Forms,
    kind: str,
    make: Callable[[dict[str, Any], random.Random], str],
    people: Sequence[dict[str, Any]],
    chance: random.Random,
) -> dict[str, Any]:
    texts = [make(chance.choice(people), chance) for _ in range(_QUERIES)]
    times, own = [], []
    for text in texts * _ROUNDS:
        begun, worked = time.perf_counter(), time.thread_time()
        search.find(conn, forms, text, only=("resident",))
        times.append((time.perf_counter() - begun) * 1000)
        own.append((time.thread_time() - worked) * 1000)
    slow = texts[:_SLOW_QUERIES]
    text = texts[0]
    plain = {record_id for _, _, record_id in search.scan(conn, terms(text), ("resident",))}
    found = {hit.id for hit in search.find(conn, forms, text, only=("resident",), limit=_EVERYTHING)}
    full_text = {row[0] for row in _default_fts(conn, text, _EVERYTHING)}
    return {
        "query": text,
        "kind": kind,
        "p50_ms": at(times, 0.5, 3),
        "p99_ms": at(times, 0.99, 3),
        "max_ms": at(times, 1.0, 3),
        "cpu_p99_ms": at(own, 0.99, 3),
        "recall": _share(found & plain, plain),
        "like_ms": at([ms(lambda text=text: _like(conn, text)) for text in slow], 0.5, 3),  # type: ignore[misc]
        "default_fts_ms": at([ms(lambda text=text: _default_fts(conn, text, 50)) for text in slow], 0.5, 3),  # type: ignore[misc]
        "default_fts_recall": _share(full_text & plain, plain),
    }


def _like(conn: Any, text: str) -> list[Any]:
    each = " OR ".join(f"{name} LIKE ?" for name in _FIELDS)
    words = text.split()
    where = " AND ".join(f"({each})" for _ in words)
    marks = [f"%{word}%" for word in words for _ in _FIELDS]
    return list(conn.execute(f"SELECT id FROM person WHERE {where} LIMIT 50", marks))


def _default_fts(conn: Any, text: str, limit: int) -> list[Any]:
    quoted = " ".join(f'"{word}"' for word in text.replace('"', "").split())
    sql = (
        "SELECT p.id FROM person_fts f JOIN person p ON p.rowid = f.rowid"
        " WHERE person_fts MATCH ? ORDER BY rank LIMIT ?"
    )
    return list(conn.execute(sql, (quoted, limit)))


def _share(part: set[str], whole: set[str]) -> float:
    return round(len(part) / len(whole), 4) if whole else 1.0


def _letters(person: dict[str, Any], *, whole: bool) -> str:
    name = str(person["name"]).replace("·", "")
    found = [letters for start, letters in spellings(name) if start == 0]
    return found[0] if whole else found[1]


def _fragment(text: str, length: int, chance: random.Random) -> str:
    at = chance.randrange(max(1, len(text) - length + 1))
    return text[at : at + length]


_KINDS: dict[str, Callable[[dict[str, Any], random.Random], str]] = {
    "surname": lambda person, _: str(person["name"])[:1],
    "full name": lambda person, _: str(person["name"]),
    "two characters": lambda person, _: str(person["name"])[-2:],
    "initials": lambda person, _: _letters(person, whole=False),
    "full pinyin": lambda person, _: _letters(person, whole=True),
    "begin of pinyin": lambda person, _: _letters(person, whole=True)[:4],
    "pinyin while typing": lambda person, chance: _letters(person, whole=True)[: chance.randint(2, 14)],
    "pinyin of given name": lambda person, _: _letters({"name": str(person["name"])[1:]}, whole=True),
    "last 4 of number": lambda person, _: str(person["id_number"])[-4:],
    "last 6 of number": lambda person, _: str(person["id_number"])[-6:],
    "whole number": lambda person, _: str(person["id_number"]),
    "number while typing": lambda person, chance: str(person["id_number"])[: chance.randint(3, 17)],
    "middle of number": lambda person, chance: _fragment(str(person["id_number"]), 6, chance),
    "three digits": lambda person, chance: _fragment(str(person["id_number"]), 3, chance),
    "phone suffix": lambda person, _: str(person.get("phone") or "19900001234")[-4:],
    "whole phone": lambda person, _: str(person.get("phone") or "19900001234"),
    "address fragment": lambda person, chance: _fragment(str(person["live_address"]), 4, chance),
    "whole address": lambda person, _: str(person["live_address"]),
    "initials and last 4": lambda person, _: f"{_letters(person, whole=False)} {str(person['id_number'])[-4:]}",
    "surname and place": lambda person, _: f"{str(person['name'])[0]} {str(person['live_address'])[:2]}",
    "sound and place": lambda person, _: f"{_letters(person, whole=True)[:3]} {str(person['live_address'])[-4:]}",
}
