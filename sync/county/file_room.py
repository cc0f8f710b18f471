"""The folder in which a county keeps files: sealed under the county's own key, by keyed hash, and uploads while they come."""

from __future__ import annotations

import contextlib
import functools
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import KnownError
from app.sealed import Reader, SealBrokenError, Sealer, Writer

KEY_FILE, FOLDER = "files.key", "files"
_IDENTITY, _COMING = "identity", "coming"
_KEEP_SECONDS = 30 * 86_400
_SPARE = 64 << 20
"""Bytes that a new upload must leave free on the disk."""


class FileRoom:
    """One county's files. Nothing is made on the disk before the first use. Its methods block."""

    def __init__(self, folder: Path, key_file: Path, county: str) -> None:
        self.folder = folder
        self._folder = folder / county
        self._key_file = key_file
        self._lock = threading.Lock()

    @functools.cached_property
    def _sealer(self) -> Sealer:
        with self._lock:
            return Sealer(_key(self._key_file), "county files")

    def identity(self) -> str:
        """What this folder under this key is called; another one after either was lost, so that devices offer their files again."""
        path = self._folder / _IDENTITY
        try:
            drawn = path.read_text(encoding="ascii")
        except FileNotFoundError:
            (self._folder / _COMING).mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError), path.open("x", encoding="ascii") as file:
                file.write(secrets.token_hex(16))
            drawn = path.read_text(encoding="ascii")
        return self._sealer.name(drawn)[:16]

    # -- files --------------------------------------------------------------------------------------------------------------------

    def has(self, sha256: str) -> bool:
        """Whether the content is here."""
        return self._path(sha256).is_file()

    def reader(self, sha256: str) -> Reader:
        """The content; KnownError("files.unknown") where it isn't here."""
        try:
            return self._sealer.reader(self._path(sha256))
        except (FileNotFoundError, SealBrokenError) as bad:
            raise KnownError("files.unknown") from bad

    def drop(self, sha256: str) -> None:
        """The content can't be read any more: out of the way, so that it is asked for again."""
        self._path(sha256).unlink(missing_ok=True)

    # -- uploads ------------------------------------------------------------------------------------------------------------------

    def begin(self, uid: str) -> None:
        """Make room for the upload *uid*."""
        (self._folder / _COMING).mkdir(parents=True, exist_ok=True)
        self._sealer.writer(self._coming(uid)).close()

    def writer(self, uid: str) -> Writer:
        """To append to an upload."""
        return self._sealer.writer(self._coming(uid))

    def coming(self, uid: str) -> bool:
        """Whether the upload is here and not taken over yet."""
        return self._coming(uid).is_file()

    def size(self, uid: str) -> int:
        """How many bytes of an upload are on the disk for sure."""
        return self._sealer.size(self._coming(uid))

    def finish(self, uid: str, sha256: str, size: int) -> bool:
        """Keep an upload that is whole; False throws one away whose content isn't what was said."""
        path = self._coming(uid)
        try:
            with self._sealer.reader(path) as reader:
                right = reader.size == size and hmac.compare_digest(reader.sha256(), sha256)
        except (FileNotFoundError, SealBrokenError):
            right = False
        if not right:
            self.forget(uid)
            return False
        target = self._path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        _flush_folder(target.parent)
        return True

    def forget(self, uid: str) -> None:
        """Throw an upload away."""
        self._coming(uid).unlink(missing_ok=True)
        self._note(uid).unlink(missing_ok=True)

    def note(self, uid: str) -> dict[str, Any] | None:
        """What is noted of an upload; None where there is none."""
        try:
            found: dict[str, Any] = json.loads(self._note(uid).read_text(encoding="utf-8"))
        except (OSError, ValueError, KnownError):
            return None
        return found

    def write_note(self, uid: str, note: Mapping[str, Any]) -> None:
        """Note something of an upload."""
        path = self._note(uid)
        made = path.with_suffix(f".{secrets.token_hex(4)}")
        made.write_text(json.dumps(note), encoding="utf-8")
        made.replace(path)

    def free(self) -> int:
        """Bytes that uploads may still take on this disk."""
        (self._folder / _COMING).mkdir(parents=True, exist_ok=True)
        held = os.statvfs(self._folder) if hasattr(os, "statvfs") else None
        return held.f_bavail * held.f_frsize - _SPARE if held else 1 << 62

    def sweep(self) -> None:
        """Throw away uploads to which nothing was added for 30 days."""
        before = time.time() - _KEEP_SECONDS
        folder = self._folder / _COMING
        for path in folder.iterdir() if folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, sha256: str) -> Path:
        name = self._sealer.name(sha256)
        return self._folder / name[:2] / name[2:]

    def _coming(self, uid: str) -> Path:
        if len(uid) != 32 or not set(uid) <= set("0123456789abcdef"):
            raise KnownError("files.unknown")
        return self._folder / _COMING / uid

    def _note(self, uid: str) -> Path:
        return self._coming(uid).with_suffix(".json")


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _key(path: Path) -> bytes:
    """The county's key for files, drawn when it is first needed; 64 hex digits, for its owner's eyes only."""
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise KnownError("county.files_key_wrong", path=path)
    return key
