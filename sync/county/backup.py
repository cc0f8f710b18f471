"""A county in one SQLite file: copied while it serves, and set back to such a copy in a new epoch."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.errors import KnownError
from app.schema.form import Forms
from sync.county.county import County
from sync.county.epochs import tag_at, write_begin


def back_up(database: str | Path, out: Path) -> int:
    """Copy the county in *database* to *out* as it stands at one instant, while it goes on; return the bytes.

    KnownError("county.backup_postgresql") for a database that is no SQLite file: it has means of its own.
    """
    with _beside(out) as made:
        _copy(_file(database), made)
        made.replace(out)
    return out.stat().st_size


def put_back(
    database: str | Path, file: Path, forms: Forms, *, now: Callable[[], float] = time.time
) -> tuple[int, Path | None]:
    """Set the county in *database* back to the copy *file*; return the epoch that it begins, and where what stood there lies now.

    A server that runs goes on with what was put back. Devices bring the days between again by themselves. KnownError for
    a file that is no whole copy ("county.backup_wrong"), or one of another county ("county.backup_foreign").
    """
    place = _file(database)
    code, epoch = _looked_at(file)
    kept = None
    if place.exists():
        there, later = _looked_at(place)
        if there != code:
            raise KnownError("county.backup_foreign", county=code, there=there)
        epoch = max(epoch, later)
        kept = place.with_name(f"{place.name}.before-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now()))}")
        _copy(place, kept)
    with _beside(place) as made:
        _copy(file, made)
        county = County.open(made, forms, code=code, now=now)
        try:
            with county.database.write(code) as (conn, _, rev):
                write_begin(conn, code, epoch + 1, tag_at(conn, code, rev), county.now_ms())
                county.audit(conn, "restored", epoch=epoch + 1, ended=rev)
        finally:
            county.close()
        # In one transaction of the database that is served: whoever reads it has the old county or the new one, whole.
        _copy(made, place)
    return epoch + 1, kept


def _file(database: str | Path) -> Path:
    if isinstance(database, str) and "://" in database:
        raise KnownError("county.backup_postgresql")
    return Path(database)


def _copy(source: Path, target: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except (sqlite3.Error, OSError) as bad:
        raise KnownError("county.backup_failed", file=target.name) from bad


def _looked_at(file: Path) -> tuple[str, int]:
    """Code and epoch of the county in *file*."""
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            rows = conn.execute("SELECT county, epoch FROM county").fetchall()
            sound = conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except (sqlite3.Error, OSError) as bad:
        raise KnownError("county.backup_wrong", file=file.name) from bad
    if not sound or len(rows) != 1:
        raise KnownError("county.backup_wrong", file=file.name)
    code, epoch = rows[0]
    return str(code), int(epoch)


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A file in the same folder, gone at the end unless it took its place."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    except OSError as bad:
        raise KnownError("county.backup_failed", file=out.name) from bad
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for part in ("", "-wal", "-shm", "-journal"):
            Path(f"{name}{part}").unlink(missing_ok=True)
