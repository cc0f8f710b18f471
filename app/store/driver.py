"""The SQLCipher driver: sqlcipher3, known to sqlite-utils under the name it looks for.

sqlcipher3 is chosen because it is a DB-API module (sqlite-utils needs one), writes the SQLCipher 4 format, carries FTS5, and has wheels for
Linux (glibc 2.28) and Windows. sqlite-utils tries ``pysqlite3`` before the standard library and catches the exceptions of what it found.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import sqlcipher3
from sqlcipher3 import dbapi2 as sqlite

from app.errors import KnownError

sys.modules.setdefault("pysqlite3", sqlcipher3)
sys.modules.setdefault("pysqlite3.dbapi2", sqlite)
# For whatever is no text or number the driver looks for a way to adapt it, long and in vain, each time; most fields of a row are
# empty. These ways give back what they are given, as quickly as can be: a row is bound in a third of the time.
sqlite.register_adapter(bytes, bytes)
sqlite.register_adapter(type(None), {}.get)

DatabaseError = sqlite.DatabaseError
OperationalError = sqlite.OperationalError
Connection = Any

_BUSY_MS = 15_000
_CACHE_KIB = 48 * 1024
_SOME_KIB = 28 * 1024
_FEW_KIB = 12 * 1024
_LOG_PAGES = 8000
_NOT_GIVEN = {
    sqlite.SQLITE_NOMEM,
    sqlite.SQLITE_IOERR,
    sqlite.SQLITE_FULL,
    sqlite.SQLITE_CANTOPEN,
    sqlite.SQLITE_PERM,
    sqlite.SQLITE_READONLY,
}
"""What the driver says where the machine doesn't give a file: that is no sign of a wrong key."""
_CUT_SHORT = sqlite.SQLITE_IOERR | 2 << 8
"""A file that ends too soon: that is a damaged one."""


def keep_few_pages(conn: Connection) -> None:
    """Keep less of the file in memory from now on: for work that walks through it once, beside something large of its own."""
    conn.execute(f"PRAGMA cache_size = -{_FEW_KIB}")


def expect_much(conn: Connection) -> None:
    """A whole county is about to be written, most of it once; from now on fewer pages are kept in memory, and more in the log.

    Pages are written again and again until they are full: in the log for twice as long, they go half as often to the file, with a
    flush of the disk each time. ``written_much`` at the end, so that no save beside it has to take them there.
    """
    conn.execute(f"PRAGMA cache_size = -{_SOME_KIB}")
    conn.execute(f"PRAGMA wal_autocheckpoint = {2 * _LOG_PAGES}")


def written_much(conn: Connection) -> None:
    """What ``expect_much`` told of is over: the log goes to the file as far as nobody reads it; what can't go now goes another time."""
    with contextlib.suppress(DatabaseError):
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    conn.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


def connect(path: Path, key: bytes, *, create: bool = False) -> Connection:
    """Open the SQLCipher 4 database at *path* with the raw 32-byte *key*.

    Raises KnownError("store.missing"), ("store.busy"), ("store.cannot_read") where the system doesn't give the file, or
    ("store.wrong_key"): a damaged file and a wrong key can't be told apart.
    """
    if not create and not path.exists():
        raise KnownError("store.missing", path=path)
    conn = None
    try:
        conn = sqlite.connect(str(path), isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)
        conn.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        conn.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except DatabaseError as bad:
        if conn is not None:
            conn.close()
        if "locked" in str(bad):
            raise KnownError("store.busy") from bad
        code = bad.sqlite_errorcode
        if code & 0xFF in _NOT_GIVEN and code != _CUT_SHORT:
            raise KnownError("store.cannot_read", detail=str(bad)) from bad
        raise KnownError("store.wrong_key") from bad
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    conn.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    conn.execute("PRAGMA temp_store = MEMORY")
    conn.execute("PRAGMA foreign_keys = OFF")
    return conn
