"""Tables of the store, their versions, and how an older store becomes this one."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgpack

from app.errors import KnownError
from app.schema.ddl import columns, table_name
from app.store import case_listing, driver, search

if TYPE_CHECKING:
    import sqlite_utils

    from app.schema.form import Form, Forms

_SQL_TYPE = {"text": str, "integer": int, "real": float}

# Columns every record table has before those of its form.
FIXED = {
    "id": str, "area": str, "rev": int, "revs": bytes, "extra": bytes, "deleted": int, "pending": int, "standing": str, "hash": bytes,
}  # fmt: skip


def _first(db: sqlite_utils.Database) -> None:
    """Version 1: everything beside the record tables."""
    tables: dict[str, tuple[dict[str, type], str | tuple[str, ...]]] = {
        "meta": ({"key": str, "value": str}, "key"),
        "agreed": ({"id": str, "form": str, "body": bytes}, "id"),
        "outbox": (
            {"counter": int, "form": str, "id": str, "area": str, "body": bytes, "time": int, "user": str, "lane": int, "frame": int, "waiting": int},
            "counter",
        ),
        "frame": ({"number": int, "incarnation": str, "content": bytes, "tries": int}, ("incarnation", "number")),
        "cursor": ({"area": str, "stream": str, "rev": int}, ("area", "stream")),
        "digest": ({"area": str, "stream": str, "records": int, "total": bytes}, ("area", "stream")),
        "history": (
            {"seq": int, "form": str, "id": str, "counter": int, "rev": int, "time": int, "user": str, "device": str, "kind": str, "body": bytes},
            "seq",
        ),
        "attention": ({"counter": int, "form": str, "id": str, "body": bytes, "code": str, "time": int, "done": int}, "counter"),
        "exchange": (
            {"seq": int, "at": int, "road": str, "sent": int, "received": int, "bytes_up": int, "bytes_down": int,
             "seconds": float, "result": str, "note": str},
            "seq",
        ),
        "audit": (
            {"seq": int, "time": int, "user": str, "role": str, "action": str, "form": str, "record": str, "area": str,
             "fields": str, "reason": str, "result": str, "chain": bytes},
            "seq",
        ),
        "draft": ({"key": str, "form": str, "id": str, "body": bytes, "time": int}, "key"),
        "area": ({"code": str, "name": str, "level": str, "parent": str}, "code"),
    }  # fmt: skip
    for name, (shape, key) in tables.items():
        db.table(name).create(shape, pk=key, if_not_exists=True)
    db.table("outbox").create_index(["id"], "outbox_record", if_not_exists=True)
    db.table("outbox").create_index(["frame", "lane", "counter"], "outbox_order", if_not_exists=True)
    db.table("history").create_index(["id"], "history_record", if_not_exists=True)
    db.table("history").create_index(["counter"], "history_counter", if_not_exists=True)
    search.create(db.conn)


def _standing(db: sqlite_utils.Database) -> None:
    """When a frame was first handed to the network, and when the county answered a change."""
    db.conn.execute("ALTER TABLE frame ADD COLUMN sent_at INTEGER")
    db.conn.execute("ALTER TABLE history ADD COLUMN answered INTEGER")
    db.conn.execute("CREATE INDEX attention_record ON attention (id)")


def _losers(db: sqlite_utils.Database) -> None:
    """Which fields of a change did not stand: a restored county is told so."""
    db.conn.execute("ALTER TABLE history ADD COLUMN lost BLOB")


def _files(db: sqlite_utils.Database) -> None:
    """Photos, scans and signatures: what is here, what is to be sent, what somebody wants."""
    shape = {
        "sha256": str,
        "size": int,
        "small": int,
        "here": int,
        "wanted": int,
        "sending": int,
        "url": str,
        "code": str,
        "at": int,
    }
    db.table("file").create(shape, pk="sha256", if_not_exists=True)
    db.table("file").create_index(["sending", "wanted"], "file_waiting", if_not_exists=True)


def _patience(db: sqlite_utils.Database) -> None:
    """Since when a change waits for something that the county doesn't have."""
    db.table("waiting").create({"counter": int, "since": int}, pk="counter", if_not_exists=True)


def _handed(db: sqlite_utils.Database) -> None:
    """For a county that is set back: what a quarrelling change was based on, and which changes of this device were handed over."""
    db.conn.execute("ALTER TABLE history ADD COLUMN bases BLOB")
    shape = {"counter": int, "form": str, "id": str, "rev": int, "at": int, "lost": bytes, "bases": bytes}
    db.table("handed").create(shape, pk="counter", if_not_exists=True)
    db.table("handed").create_index(["id"], "handed_record", if_not_exists=True)


def _counted(db: sqlite_utils.Database) -> None:
    """Counts along the chain have indexes of their own, which ``_counting`` makes: nothing of the older store is changed."""


def _ruled(db: sqlite_utils.Database) -> None:
    """Rules and code lists as the county sends them, with what stood before."""
    shape = {"number": int, "name": str, "rev": int, "text": str}
    db.table("rule").create(shape, pk="number", if_not_exists=True)


def _listed(db: sqlite_utils.Database) -> None:
    """Lists and the check of heads read indexes alone, which ``_counting`` makes: these two had less of a record."""
    for index in ("household_presence", "area_presence"):
        db.conn.execute(f"DROP INDEX IF EXISTS record_resident_living_{index}")


def _cases_listed(db: sqlite_utils.Database) -> None:
    """Lists of cases read an index of their own, which ``_counting`` makes."""


def _cases_counted(db: sqlite_utils.Database) -> None:
    """How many cases there are an index of their own tells, which ``_counting`` makes."""


def _taken(db: sqlite_utils.Database) -> None:
    """When the county took each step, by its own clock."""
    db.conn.execute("CREATE TABLE IF NOT EXISTS taken (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID")


VERSIONS: tuple[Callable[[sqlite_utils.Database], None], ...] = (
    _first, _standing, _losers, _files, _patience, _handed, _counted, _ruled, _listed, _cases_listed,
    _taken, _cases_counted,
)  # fmt: skip


def prepare(conn: driver.Connection, path: Path, forms: Forms) -> None:
    """Bring the store at *path* to this program's version and forms; a copy is made before anything changes.

    Raises KnownError("store.newer") for a store that a newer program wrote.
    """
    found = conn.execute("PRAGMA user_version").fetchone()[0]
    if found > len(VERSIONS):
        raise KnownError("store.newer", found=found, known=len(VERSIONS))
    print_now = _fingerprint(forms)
    print_then = None
    if found:
        row = conn.execute("SELECT value FROM meta WHERE key = 'forms'").fetchone()
        print_then = json.loads(row[0]) if row else None
    if found == len(VERSIONS) and print_then == print_now:
        return
    if found:
        _copy(conn, path, found)
    # Only here: it brings numpy along, and with that 15 MB that a program which finds its store in order needn't have.
    import sqlite_utils

    db = sqlite_utils.Database(conn)
    conn.execute("BEGIN IMMEDIATE")
    try:
        for step in VERSIONS[found:]:
            step(db)
        for form in forms.values():
            _record_table(conn, form)
        _counting(conn, forms)
        conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('forms', ?)", (json.dumps(print_now),))
        conn.execute(f"PRAGMA user_version = {len(VERSIONS)}")
        conn.execute("COMMIT")
    except BaseException:
        conn.execute("ROLLBACK")
        raise


def _fingerprint(forms: Forms) -> str:
    shape = [[form.name, [[c.name, c.storage] for c in columns(form, derived=True)]] for form in forms.values()]
    return hashlib.blake2b(json.dumps(shape).encode(), digest_size=8).hexdigest()


# What counts along the chain and lists read (places.py, gaps.py, listing.py): so much of a record that no row needs to be looked up.
_COUNTED = {
    "resident": (("household", "presence", "relation"), ("area", "presence", "name", "birth_date", "sex")),
    "household": (("dwelling", "ended_on"),),
    "dwelling": (("area", "grid"),),
    "event": (("area",), ("title",), ("found_at",)),
}


def _counting(conn: driver.Connection, forms: Forms) -> None:
    for name, indexes in _COUNTED.items():
        for columns_of in indexes:
            if name in forms and all(column == "area" or column in forms[name].fields for column in columns_of):
                table, told = table_name(name), "_".join(columns_of)
                shown = ", ".join(f'"{column}"' for column in columns_of)
                conn.execute(f"CREATE INDEX IF NOT EXISTS {table}_living_{told} ON {table} ({shown}) WHERE deleted = 0")
    if "event" in forms and all(column == "area" or column in forms["event"].fields for column in case_listing.COLUMNS):
        shown = ", ".join(f'"{column}"' for column in case_listing.COLUMNS)
        conn.execute("DROP INDEX IF EXISTS record_event_listed")  # of a program before 协办未完的单位
        conn.execute(
            f"CREATE INDEX IF NOT EXISTS {case_listing.INDEX} ON {table_name('event')} ({shown}) WHERE deleted = 0"
        )


def _record_table(conn: driver.Connection, form: Form) -> None:
    table = table_name(form.name)
    have = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
    if not have:
        parts = [
            "id TEXT PRIMARY KEY",
            "area TEXT NOT NULL",
            "rev INTEGER NOT NULL DEFAULT 0",
            "revs BLOB",
            "extra BLOB",
        ]
        parts += [
            "deleted INTEGER NOT NULL DEFAULT 0",
            "pending INTEGER NOT NULL DEFAULT 0",
            "standing TEXT NOT NULL DEFAULT ''",
            "hash BLOB",
        ]
        parts += [f'"{column.name}" {column.storage.upper()}' for column in columns(form, derived=True)]
        conn.execute(f"CREATE TABLE {table} ({', '.join(parts)}) WITHOUT ROWID")
        conn.execute(f"CREATE INDEX {table}_area ON {table} (area)")
        conn.execute(f"CREATE INDEX {table}_pending ON {table} (pending) WHERE pending > 0")
    else:
        _new_columns(conn, form, table, have)
    # Stubs are few: found without looking at every record.
    conn.execute(f"CREATE INDEX IF NOT EXISTS {table}_stub ON {table} (standing) WHERE standing = 'stub'")
    for column in columns(form, derived=True):
        if column.indexed:
            conn.execute(f'CREATE INDEX IF NOT EXISTS {table}_{column.name} ON {table} ("{column.name}")')


def _new_columns(conn: driver.Connection, form: Form, table: str, have: set[str]) -> None:
    learned = []
    for column in columns(form, derived=True):
        if column.name in have:
            continue
        old = next((name for name in form.fields[column.name].was if name in have), None)
        if old:
            conn.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO "{column.name}"')
        else:
            conn.execute(f'ALTER TABLE {table} ADD COLUMN "{column.name}" {column.storage.upper()}')
            learned.append(column.name)
    if not learned:
        return
    # What a newer client sent before this one knew the field waits in "extra"; now it has a column.
    for record_id, packed in conn.execute(f"SELECT id, extra FROM {table} WHERE extra IS NOT NULL").fetchall():
        extra = msgpack.unpackb(packed)
        known = {name: extra.pop(name) for name in learned if name in extra}
        if known:
            sets = ", ".join(f'"{name}" = ?' for name in known)
            rows = [form.fields[name].kind.dump(value) for name, value in known.items()]
            conn.execute(
                f"UPDATE {table} SET {sets}, extra = ? WHERE id = ?",
                (*rows, msgpack.packb(extra) if extra else None, record_id),
            )


def _copy(conn: driver.Connection, path: Path, version: int) -> None:
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = path.parent / "backups"
    folder.mkdir(exist_ok=True)
    shutil.copy2(path, folder / f"before-version-{version}-{time.strftime('%Y%m%d-%H%M%S')}.db")
