"""Sealed files: content of any length, encrypted in blocks, appended to and read from anywhere; both ends keep files so.

A file is the magic, a random salt of 16 bytes, and blocks: length of the plain text (u32), nonce (12 bytes), AES-256-GCM of the text. The
file's own key comes from the keeper's key and the salt; a block is bound to its place in the content, so that none can be moved, left out
or put in twice. What a power cut left of the last block is cut off when the file is next written to.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BLOCK = 64 << 10
"""Bytes of content in a full block."""
_MAGIC = b"XZF1"
_SALT = 16
_START = len(_MAGIC) + _SALT
_HEAD = struct.Struct(">I12s")
_PLACE = struct.Struct(">QI")
_TAG = 16
_MOST_BLOCK = 1 << 20


class SealBrokenError(Exception):
    """The file isn't sealed under this key, or was altered, or ends too early."""


class Changed(Exception):  # noqa: N818 - no error: somebody else was quicker
    """The file was written to by somebody else since it was opened."""


class Sealer:
    """Seals and opens files under *key*, kept for one *purpose*; their names tell nothing about what is in them."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = _derive(key, f"xiangzhitong {purpose}".encode())
        self._names = _derive(key, f"xiangzhitong {purpose} names".encode())

    def name(self, sha256: str) -> str:
        """The file name for content with this SHA-256: a keyed hash of 64 hex digits."""
        return hmac.new(self._names, sha256.encode(), hashlib.sha256).hexdigest()

    def writer(self, path: Path) -> Writer:
        """Open *path* to append to it; made where it isn't there. Raises OSError, SealBrokenError."""
        return Writer(path, self._key)

    def reader(self, path: Path) -> Reader:
        """Open *path* to read from it. Raises OSError, SealBrokenError."""
        return Reader(path, self._key)

    def size(self, path: Path) -> int:
        """How many bytes of content *path* holds in whole blocks; 0 where there is no such file."""
        try:
            with path.open("rb") as file:
                return 0 if len(file.read(_START)) < _START else _end(_blocks(file))[0]
        except FileNotFoundError:
            return 0


class Writer:
    """Appends content; nothing is on the disk for sure before ``flush``."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600), "r+b", buffering=0)
        try:
            self._begin(key)
        except BaseException:
            self._file.close()
            raise
        self._held = bytearray()

    def _begin(self, key: bytes) -> None:
        start = self._file.read(_START)
        if len(start) < _START:
            self._file.truncate(0)
            self._file.seek(0)
            start = _MAGIC + secrets.token_bytes(_SALT)
            _write_all(self._file, start)
        self._cipher = _cipher(key, start)
        blocks = list(_blocks(self._file))
        # A power cut may leave a block of the right length with nothing sensible in it.
        if blocks and _open(self._file, self._cipher, blocks[-1]) is None:
            blocks.pop()
            if blocks and _open(self._file, self._cipher, blocks[-1]) is None:
                raise SealBrokenError  # no power cut: another key, or somebody's doing
        self._size, self._end = _end(blocks)
        self._file.truncate(self._end)

    @property
    def size(self) -> int:
        """Bytes of content, with what is not flushed yet."""
        return self._size + len(self._held)

    def write(self, data: bytes) -> None:
        """Append *data*; OSError where the disk can't take it, ``Changed`` where another writer was here."""
        self._held += data
        while len(self._held) >= BLOCK:
            self._seal(bytes(self._held[:BLOCK]))
            del self._held[:BLOCK]

    def flush(self) -> None:
        """Write down the rest and flush it to the disk."""
        if self._held:
            self._seal(bytes(self._held))
            self._held.clear()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Give the file back; what was not flushed is gone."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _seal(self, content: bytes) -> None:
        if os.fstat(self._file.fileno()).st_size != self._end:
            raise Changed
        nonce = secrets.token_bytes(12)
        sealed = self._cipher.encrypt(nonce, content, _PLACE.pack(self._size, len(content)))
        self._file.seek(self._end)
        try:
            _write_all(self._file, _HEAD.pack(len(content), nonce) + sealed)
        except OSError:
            self._file.truncate(self._end)
            raise
        self._end = self._file.tell()
        self._size += len(content)


class Reader:
    """Reads content from anywhere; only the blocks that are asked for are opened."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = path.open("rb")
        try:
            start = self._file.read(_START)
            if len(start) < _START:
                raise SealBrokenError
            self._cipher = _cipher(key, start)
            self._list = list(_blocks(self._file))
        except BaseException:
            self._file.close()
            raise
        self.size = _end(self._list)[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The content from *start* up to *end*, block by block; SealBrokenError where it was altered."""
        end = self.size if end is None else min(end, self.size)
        for block in self._list:
            offset, length, _ = block
            if offset + length <= start or offset >= end:
                continue
            content = _open(self._file, self._cipher, block)
            if content is None:
                raise SealBrokenError
            yield content[max(start - offset, 0) : end - offset]

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces())

    def sha256(self) -> str:
        """The SHA-256 of the content, in hex."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


_BINARY = getattr(os, "O_BINARY", 0)
_Block = tuple[int, int, int]
"""(place in the content, length of the content, place in the file)"""


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, info).derive(key)


def _cipher(key: bytes, start: bytes) -> AESGCM:
    if not start.startswith(_MAGIC):
        raise SealBrokenError
    return AESGCM(HKDF(hashes.SHA256(), 32, start[len(_MAGIC) :], b"file").derive(key))


def _blocks(file: BinaryIO) -> Iterator[_Block]:
    """The whole blocks of *file*, from its start."""
    size = os.fstat(file.fileno()).st_size
    at, offset = _START, 0
    while at + _HEAD.size <= size:
        file.seek(at)
        length, _ = _HEAD.unpack(file.read(_HEAD.size))
        after = at + _HEAD.size + length + _TAG
        if not 0 < length <= _MOST_BLOCK or after > size:
            return
        yield offset, length, at
        offset += length
        at = after


def _end(blocks: Iterator[_Block] | list[_Block]) -> tuple[int, int]:
    """(length of the content, place in the file) behind the last of *blocks*."""
    content, place = 0, _START
    for offset, length, at in blocks:
        content, place = offset + length, at + _HEAD.size + length + _TAG
    return content, place


def _open(file: BinaryIO, cipher: AESGCM, block: _Block) -> bytes | None:
    offset, length, at = block
    file.seek(at)
    _, nonce = _HEAD.unpack(file.read(_HEAD.size))
    try:
        return cipher.decrypt(nonce, file.read(length + _TAG), _PLACE.pack(offset, length))
    except InvalidTag:
        return None


def _write_all(file: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        # A disk that is getting full takes a part and says so only here; the next write then fails.
        left = left[file.write(left) :]
