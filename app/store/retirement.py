"""A device that its county has put out of use: locked while it is revoked, emptied where that was ordered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from app.errors import KnownError

if TYPE_CHECKING:
    from app.store.store import Store

_LOCKED = "locked"
_NOTE = "wiped.json"
_READ_ME = "本机数据已清除.txt"
_GONE = (
    "store.db",
    "store.db-wal",
    "store.db-shm",
    "keys.json",
    "keys.new",
    "tries.json",
    "sync.lock",
    "enrolling.key",
)
_FOLDERS = ("journal", "backups", "files", "underlay")


@dataclass(frozen=True, slots=True)
class Wiped:
    """What remains to be known of a wiped device. ``file``: what was only here, sealed; empty where there was nothing.

    ``changes``, ``files`` (photos, scans) and ``drafts`` (text being typed, or refused and not settled) are counted in it.
    ``confirmed``: the county was told that it is done. ``at`` in milliseconds since 1970 UTC.
    """

    at: int
    county: str
    device: str
    changes: int
    file: str = ""
    confirmed: bool = False
    files: int = 0
    drafts: int = 0


def lock(store: Store, code: str) -> None:
    """The county refuses this device with *code*: from now on nothing is saved and nobody signs in, and everything stays."""
    if locked(store) != code:
        with store.transaction():
            store.meta.set(_LOCKED, code)


def release(store: Store) -> None:
    """The county took it back."""
    if locked(store):
        with store.transaction():
            store.meta.set(_LOCKED, "")


def locked(store: Store) -> str:
    """With which code the county refused this device; empty where it didn't."""
    return str(store.meta.get(_LOCKED, ""))


def leave_note(home: Path, note: Wiped, words: str) -> None:
    """Write down, for the program and in *words* for people, what happened to the data of *home*; on the disk when it returns."""
    _write(home / _NOTE, json.dumps(asdict(note), ensure_ascii=False).encode())
    # With the mark at its beginning every editor on Windows reads it as what it is.
    _write(home / _READ_ME, f"{words}\n".encode("utf-8-sig"))


def note(home: Path) -> Wiped | None:
    """What was noted when *home* was wiped; None for any other home."""
    try:
        return Wiped(**json.loads((home / _NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def keep_sealed(home: Path, name: str, write: Callable[[BinaryIO], None]) -> str:
    """Put what *write* seals beside the store as *name*, on the disk and read back when it returns; the SHA-256 of the file.

    KnownError("sync.no_room_to_seal"); an earlier file of that name is then as it was.
    """
    path, beside = home / name, home / f"{name}.new"
    try:
        with beside.open("wb") as file:
            told = _Hashed(file)
            write(cast("BinaryIO", told))
            file.flush()
            os.fsync(file.fileno())
        with beside.open("rb") as file:
            there = hashlib.file_digest(file, "sha256").hexdigest()
        if there != told.digest.hexdigest():
            raise OSError("read back otherwise")
        beside.replace(path)
    except OSError as bad:
        raise KnownError("sync.no_room_to_seal") from bad
    finally:
        beside.unlink(missing_ok=True)
    return there


def remove_data(home: Path) -> bool:
    """Remove what only the destroyed keys could open; whether all of it is gone (another process may hold a file open)."""
    for name in _GONE:
        with contextlib.suppress(OSError):
            (home / name).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(home / name, ignore_errors=True)
    return not any((home / name).exists() for name in (*_GONE, *_FOLDERS))


def begin_anew(home: Path) -> None:
    """Make room for a new enrolment where a device was emptied; the sealed changes and the words to people stay."""
    if note(home) is not None and not (home / "keys.json").exists():
        remove_data(home)
        (home / _NOTE).unlink()


class _Hashed:
    """Hands on to *file* what is written, and reckons its SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
