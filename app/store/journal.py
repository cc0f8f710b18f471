"""The encrypted journal beside the store: every confirmed save, flushed to the disk before it is confirmed.

A block is a clear head (magic, length, first and last counter) and an AES-256-GCM body over zstd over msgpack. Blocks are written while
the store's write lock is held, before its commit; a block whose first counter is not beyond an earlier block's replaces it from there on,
so a commit that failed leaves nothing that could come back beside what was saved after it.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgpack
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.schema.record import Change

_MAGIC = b"XZJ1"
_HEAD = struct.Struct(">4sIQQ12s")
KEEP_DAYS = 90


@dataclass(frozen=True, slots=True)
class _Block:
    path: Path
    offset: int
    length: int
    first: int
    last: int
    head: bytes
    nonce: bytes


class Journal:
    """The journal files of one store, a file a month."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        derived = HKDF(hashes.SHA256(), 32, None, b"xiangzhitong journal").derive(key)
        self._cipher = AESGCM(derived)

    def append(self, changes: Sequence[Change]) -> None:
        """Write *changes* and flush them to the disk; raises OSError when that failed."""
        body = zstandard.compress(msgpack.packb([_packed(change) for change in changes]), 3)
        nonce = secrets.token_bytes(12)
        head = _HEAD.pack(_MAGIC, len(body) + 16, changes[0].counter, changes[-1].counter, nonce)
        block = head + self._cipher.encrypt(nonce, body, head)
        path = self._folder / self._month()
        known = path.exists()
        with path.open("ab", buffering=0) as file:
            start = file.tell()
            try:
                # A disk that is getting full takes a part and says so only here; the next write then fails.
                left = memoryview(block)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(start)
                raise
        if not known:
            _flush_folder(self._folder)

    def _month(self) -> str:
        """The file to append to: never an earlier one than the last, for files are read in the order of their names."""
        now = time.strftime("%Y-%m.jnl", time.gmtime())
        return max([now, *(path.name for path in self._files())])

    def last_counter(self) -> int:
        """The highest counter written down."""
        return max((block.last for block in self._blocks()), default=0)

    def since(self, counter: int) -> list[Change]:
        """The changes with a counter above *counter*, in order; a torn or damaged block is passed over."""
        held: dict[int, Change] = {}
        for block in self._blocks():
            stale = [known for known in held if known >= block.first]
            if block.last <= counter and not stale:
                continue
            changes = self._read(block)
            if changes is None:
                continue
            # What a failed commit left goes whole, also where the store has all of the block that replaced it.
            for known in stale:
                del held[known]
            held.update((change.counter, change) for change in changes if change.counter > counter)
        return [held[key] for key in sorted(held)]

    def these(self, counters: Collection[int]) -> dict[int, Change]:
        """The changes with these counters that can still be read."""
        held: dict[int, Change] = {}
        for block in self._blocks():
            for stale in [known for known in held if known >= block.first]:
                del held[stale]
            wanted = [counter for counter in counters if block.first <= counter <= block.last]
            if wanted:
                held.update((change.counter, change) for change in self._read(block) or () if change.counter in wanted)
        return held

    def damaged(self) -> int:
        """How many blocks can't be read."""
        return sum(self._read(block) is None for block in self._blocks())

    def forget(self, confirmed_up_to: int, now: float) -> None:
        """Delete whole files older than 90 days in which every change has its receipt."""
        for path in self._files():
            if now - path.stat().st_mtime > KEEP_DAYS * 86_400 and all(
                b.last <= confirmed_up_to for b in self._scan(path)
            ):
                path.unlink()

    def _read(self, block: _Block) -> list[Change] | None:
        with block.path.open("rb") as file:
            file.seek(block.offset)
            sealed = file.read(block.length)
        try:
            body = self._cipher.decrypt(block.nonce, sealed, block.head)
        except InvalidTag:
            return None
        return [_unpacked(item) for item in msgpack.unpackb(zstandard.decompress(body))]

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jnl"))

    def _blocks(self) -> Iterator[_Block]:
        for path in self._files():
            yield from self._scan(path)

    def _scan(self, path: Path) -> Iterable[_Block]:
        size = path.stat().st_size
        with path.open("rb") as file:
            at = 0
            while at + _HEAD.size <= size:
                file.seek(at)
                head = file.read(_HEAD.size)
                magic, length, first, last, nonce = _HEAD.unpack(head)
                if magic != _MAGIC or at + _HEAD.size + length > size:
                    # A torn write: what a later start appended begins at the next magic.
                    at = _next_magic(file, at + 1)
                    continue
                yield _Block(path, at + _HEAD.size, length, first, last, head, nonce)
                at += _HEAD.size + length


def _next_magic(file: BinaryIO, start: int) -> int:
    file.seek(start)
    rest = file.read()
    found = rest.find(_MAGIC)
    return start + found if found >= 0 else start + len(rest)


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _packed(change: Change) -> list[object]:
    return [
        change.form,
        change.id,
        change.area,
        dict(change.values),
        dict(change.bases),
        change.time,
        change.counter,
        change.user,
    ]


def _unpacked(item: list[object]) -> Change:
    return Change(*item)  # type: ignore[arg-type]
