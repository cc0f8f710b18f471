"""A home in one file: the encrypted database, its journal and key slots; nothing in it is in clear but names of users."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError

if TYPE_CHECKING:
    from app.store.store import Store

_DATABASE = "store.db"
_BESIDE = ("keys.json",)


def back_up(store: Store, out: Path) -> int:
    """Write the store as it stands at one moment to *out*; return its size in bytes.

    The database's pages are copied as they are, encrypted, while a read transaction holds them still.
    """
    store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    os.close(handle)
    made = Path(name)
    try:
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive, store.transaction():
            # Under the write lock no other process can put a page into the file while it is copied.
            archive.write(store.folder / _DATABASE, _DATABASE)
            wal = store.folder / f"{_DATABASE}-wal"
            if wal.exists() and wal.stat().st_size:
                archive.write(wal, wal.name)
            for path in [store.folder / item for item in _BESIDE] + _unsent(store):
                if path.exists():
                    archive.write(path, str(path.relative_to(store.folder)).replace(os.sep, "/"))
        made.replace(out)
    finally:
        made.unlink(missing_ok=True)
    return out.stat().st_size


def _unsent(store: Store) -> list[Path]:
    """The journal, and files that the county doesn't have; all others can be fetched from there."""
    return [*sorted((store.folder / "journal").glob("*.jnl")), *store.files.unsent_paths()]


def bring_back(file: Path, home: Path) -> None:
    """Unpack the backup *file* into *home*, which must hold no store; KnownError("store.not_empty", "store.backup_wrong")."""
    if (home / _DATABASE).exists():
        raise KnownError("store.not_empty", path=home)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            wrong = any(name.startswith(("/", "\\")) or ".." in Path(name).parts for name in names)
            if _DATABASE not in names or wrong or archive.testzip() is not None:
                raise KnownError("store.backup_wrong")
            home.mkdir(parents=True, exist_ok=True)
            archive.extractall(home)
    except (OSError, zipfile.BadZipFile) as bad:
        raise KnownError("store.backup_wrong") from bad
