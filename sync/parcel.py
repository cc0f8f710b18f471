"""A parcel: what is left of a device that is emptied, in one sealed file of any size, written and read in pieces.

Outside the age format, as a bundle; inside::

    "XZTP" | parts | end | Ed25519 signature, 64 bytes

A part is a kind, a length (u32, big endian, at most 1 MiB) and so many bytes: the label first, then for each thing that is in it a head
and its content in order, and where that could not be read to its end a word of that. The signature is over all that stands before it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgpack
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.errors import KnownError

VERSION = 1
_MAGIC = b"XZTP"
_TEXT = b"xiangzhitong parcel\0"
_PART = struct.Struct(">cI")
_MOST_PART = 1 << 20
_SIGNATURE = 64
_LABEL, _HEAD, _CONTENT, _BROKEN, _END = b"L", b"H", b"C", b"X", b"."


@dataclass(frozen=True, slots=True)
class Label:
    """Whose parcel it is, and when it was made, in milliseconds since 1970 UTC by the device's clock."""

    county: str
    device: str
    made: int


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a parcel: its head, whose "kind" says what it is, and its content in pieces of at most a megabyte.

    KnownError while the pieces are read: the content is damaged here; the parcel says so of it, and goes on.
    """

    head: Mapping[str, Any]
    pieces: Iterable[bytes]


class Receiver:
    """What is told of the things in a parcel, one after another; kinds that it doesn't know are its own to pass over."""

    def begin(self, head: Mapping[str, Any]) -> None:
        """Another thing begins."""

    def take(self, piece: bytes) -> None:
        """So much more of it."""

    def end(self, *, whole: bool) -> None:
        """That was all of it; not *whole*: the device could not read the rest."""


def write(label: Label, things: Iterable[Thing], key: bytes, recipient: str, out: BinaryIO) -> None:
    """Write the parcel to *out*, signed with *key* (Ed25519, 32 private bytes), sealed for *recipient*; memory stays flat.

    KnownError("bundle.recipient_wrong"); an OSError of *out*, and whatever *things* raise, comes through.
    """
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as bad:
        raise KnownError("bundle.recipient_wrong") from bad
    source = _Source(_plain(label, things, key))
    try:
        pyrage.encrypt_io(source, out, [to])
    except Exception:
        # The library tells of what went wrong in here only in words.
        if source.failed is not None:
            raise source.failed from None
        raise


def is_parcel(path: Path, identity: str) -> bool:
    """Whether *path* holds a parcel for *identity*; False for anything else that it can't tell."""
    start = bytearray()

    def look(data: bytes) -> None:
        start.extend(data)
        if len(start) >= len(_MAGIC):
            raise _Enough

    with contextlib.suppress(_Enough, KnownError):
        _decrypt(path, identity, look)
    return start.startswith(_MAGIC)


def checked(
    path: Path, identity: str, public_key: Callable[[Label], bytes | None], receiver: Receiver | None = None
) -> Label:
    """Read *path* through; its label, once all of it is there and signed by the key that *public_key* gives for that label.

    *receiver* is told of everything before that is certain, so it may look and do nothing.

    KnownError("bundle.unreadable", "bundle.torn", "bundle.not_for_us", "bundle.forged", "sync.version_unknown").
    """
    read = _Reading(receiver or Receiver())
    _decrypt(path, identity, read.feed)
    label, signature, signed = read.closed()
    held = public_key(label)
    try:
        if held is None:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(held).verify(signature, _TEXT + signed)
    except (InvalidSignature, ValueError) as bad:
        raise KnownError("bundle.forged") from bad
    return label


def unpack(path: Path, identity: str, receiver: Receiver) -> None:
    """Tell *receiver* of everything in a parcel that was ``checked``."""
    read = _Reading(receiver)
    _decrypt(path, identity, read.feed)
    read.closed()


# -- writing --------------------------------------------------------------------------------------


def _plain(label: Label, things: Iterable[Thing], key: bytes) -> Iterator[bytes]:
    digest = hashlib.sha512(_MAGIC)
    yield _MAGIC

    def part(kind: bytes, body: bytes = b"") -> bytes:
        made = _PART.pack(kind, len(body)) + body
        digest.update(made)
        return made

    yield part(_LABEL, msgpack.packb([VERSION, label.county, label.device, label.made]))
    for thing in things:
        yield part(_HEAD, msgpack.packb(dict(thing.head)))
        try:
            for piece in thing.pieces:
                yield part(_CONTENT, piece)
        except KnownError:
            yield part(_BROKEN)
    yield part(_END)
    yield Ed25519PrivateKey.from_private_bytes(key).sign(_TEXT + digest.digest())


class _Source(io.RawIOBase):
    """Pieces as something to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""
        self.failed: BaseException | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                self._left = next(self._pieces)
        except StopIteration:
            return b""
        except BaseException as bad:
            self.failed = bad
            raise
        size = len(self._left) if size < 0 else size
        given, self._left = self._left[:size], self._left[size:]
        return given


# -- reading --------------------------------------------------------------------------------------


class _Enough(Exception):  # noqa: N818 - the way out
    """Nothing more is needed."""


class _Sink(io.RawIOBase):
    def __init__(self, feed: Callable[[bytes], None]) -> None:
        self._feed = feed

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._feed(bytes(data))
        return len(data)


def _decrypt(path: Path, identity: str, feed: Callable[[bytes], None]) -> None:
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, _Sink(feed), [pyrage.x25519.Identity.from_str(identity)])
    except pyrage.DecryptError as bad:
        raise KnownError("bundle.not_for_us" if "No matching keys" in str(bad) else "bundle.torn") from bad
    except OSError as bad:
        # The library says the same of a file whose end is missing.
        raise KnownError("bundle.torn" if "decryption" in str(bad) else "bundle.unreadable", path=path) from bad


class _Reading:
    """Takes the plain bytes as they come, and tells *receiver* of the things."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._held = bytearray()
        self._digest = hashlib.sha512(_MAGIC)
        self._begun = self._ended = self._open = False
        self._label: Label | None = None

    def feed(self, data: bytes) -> None:
        self._held += data
        if not self._begun and len(self._held) >= len(_MAGIC):
            if not self._held.startswith(_MAGIC):
                raise KnownError("bundle.not_a_bundle")
            del self._held[: len(_MAGIC)]
            self._begun = True
        while self._begun and not self._ended and len(self._held) >= _PART.size:
            kind, length = _PART.unpack_from(self._held)
            if length > _MOST_PART:
                raise KnownError("bundle.torn")
            end = _PART.size + length
            if len(self._held) < end:
                return
            part = bytes(self._held[:end])
            del self._held[:end]
            self._digest.update(part)
            self._part(kind, part[_PART.size :])

    def closed(self) -> tuple[Label, bytes, bytes]:
        """(label, signature, what was signed), when everything was fed."""
        if not self._ended or self._label is None or len(self._held) != _SIGNATURE:
            raise KnownError("bundle.torn")
        return self._label, bytes(self._held), self._digest.digest()

    def _part(self, kind: bytes, body: bytes) -> None:
        if self._label is None:
            self._label = _label(kind, body)
        elif kind == _CONTENT and self._open:
            self._receiver.take(body)
        elif kind in (_HEAD, _BROKEN, _END):
            if self._open:
                self._receiver.end(whole=kind != _BROKEN)
            self._open = kind == _HEAD
            self._ended = kind == _END
            if kind == _HEAD:
                self._receiver.begin(_unpacked(body, dict))
        else:
            raise KnownError("bundle.torn")


def _label(kind: bytes, body: bytes) -> Label:
    if kind != _LABEL:
        raise KnownError("bundle.torn")
    version, *rest = _unpacked(body, list) or [0]
    if version != VERSION:
        raise KnownError("sync.version_unknown", detail=f"{version}")
    if len(rest) < 3 or not all(isinstance(text, str) for text in rest[:2]) or not isinstance(rest[2], int):
        raise KnownError("bundle.torn")
    return Label(*rest[:3])


def _unpacked(body: bytes, kind: type) -> Any:
    try:
        found = msgpack.unpackb(body)
    except (ValueError, TypeError, msgpack.UnpackException) as bad:
        raise KnownError("bundle.torn") from bad
    if not isinstance(found, kind):
        raise KnownError("bundle.torn")
    return found
