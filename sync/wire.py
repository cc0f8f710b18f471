"""The stream that messages travel in: length, kind, body; and the tags and digests that they speak of."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

import msgpack
import zstandard

from app.schema.digest import MARK_SIZE, frame_hash
from sync.columns import WireError
from sync.frames import (
    DERIVED,
    MOST_BYTES,
    RAW,
    STREAMED,
    DownFrame,
    Move,
    UpFrame,
    decode_down,
    decode_up,
    encode_down,
    encode_up,
    needed,
)
from sync.messages import (
    Area,
    Down,
    End,
    Given,
    Head,
    Hello,
    Message,
    Offers,
    Problem,
    Receipts,
    Streamed,
    Up,
)
from sync.parts import built
from sync.ranges import Question, Reply
from sync.squeezing import Squeezer, Unfolder

__all__ = [
    "DERIVED", "LEAST", "MARKED", "MARK_SIZE", "MEDIA_TYPE", "NUMBERS", "ONWARD", "RAW", "RESUMED", "RULES", "STREAMED", "TAKEN", "VERSION",
    "Area", "Down", "DownFrame", "End", "Given", "Head", "Hello", "Message", "Move", "Offers", "OtherStreamError", "Problem", "Question", "Reader",
    "Receipts", "Reply", "Streamed", "Up", "UpFrame", "WireError", "Writer", "agreement", "code_hash", "decode_down", "decode_up", "encode",
    "encode_down", "encode_up", "enrol_text", "fits", "frame_hash", "needed", "rights_tag", "scope_tag", "to_ranges",
]  # fmt: skip

VERSION = 2
"""The newest version of the messages; frames count their own. What each version brought stands in docs/sync.md."""
LEAST = 1
"""The oldest version that a county of this program takes; its office may ask for more."""
MEDIA_TYPE = "application/vnd.xiangzhitong.frames"
RESUMED = "resume"
"""The capability of a device that goes on with an answer's stream where it was cut."""
TAKEN = "taken"
"""The capability of an end that reads when the county took what is never changed."""
NUMBERS = "numbers"
"""The capability of a county that leases case numbers."""
RULES = "rules"
"""The capability of a county that sends its rules and code lists."""
ONWARD = "onward"
"""The capability of a county that goes on with a request's stream where it was cut."""
MARKED = "made"
"""The capability of a county that reads ``made`` in a hello."""
MOST_MESSAGE = 2 << 20
"""Bytes that one message may have in the stream; the reader refuses the length before it takes the bytes."""
_HEADER = struct.Struct(">IB")
_PLACE = struct.Struct(">8sQ")
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SQUEEZED_FROM = 400
_MOST_UNKNOWN = 1000
"""Messages of unknown kinds that are passed over; more are no newer program but an attempt to keep this one busy."""


_KINDS: dict[int, type[Message]] = {
    made.kind: made for made in (Hello, Up, Offers, Head, Receipts, Down, End, Problem, Question, Reply)
}


def encode(message: Message, *, alone: bool = True) -> bytes:
    """*message* as it stands in the stream; a long one is compressed where it is *alone*, not in a zstd stream."""
    if isinstance(message, Up | Down | Offers | Streamed):
        body = message.content
    else:
        parts = [item for item in fields(message) if item.name != "more"]
        held = {item.name: (getattr(message, item.name), item.default) for item in parts}
        plain = {name: value for name, (value, usual) in held.items() if value != usual}
        if isinstance(message, Head) and message.areas is not None:
            plain["areas"] = [[area.code, area.name, area.level, area.parent] for area in message.areas]
            plain["streams"] = list(message.streams or ())
        body = msgpack.packb({**getattr(message, "more", {}), **plain})
        if alone and len(body) > _SQUEEZED_FROM:
            body = zstandard.ZstdCompressor(level=3).compress(body)
    return _HEADER.pack(len(body), message.kind) + body


class OtherStreamError(WireError):
    """What comes goes on with a stream, or at a place in it, that isn't held here: begun anew it could be read."""


class Writer:
    """Gives the bytes of messages as they go out; with a *level*, as one zstd stream from the first message on.

    *name*: of 8 bytes; under it the stream can be gone on with after a cut.
    """

    def __init__(self, level: int | None = None, name: bytes = b"") -> None:
        self._squeezer = None if level is None else Squeezer(level, holds=bool(name))
        self._begun = False
        self._name = name

    @property
    def name(self) -> bytes:
        """What the stream is gone on with under; empty where it can't be."""
        return self._name if self._squeezer else b""

    @property
    def total(self) -> int:
        """Bytes of the stream that have gone out."""
        return self._squeezer.total if self._squeezer else 0

    @property
    def ratio(self) -> float:
        """How many bytes go out for one byte of a frame, about."""
        return self._squeezer.ratio if self._squeezer else 1.0

    def write(self, *messages: Message) -> bytes:
        """*messages* as bytes that the other end can read without anything that follows."""
        plain = b"".join(encode(message, alone=self._squeezer is None) for message in messages)
        if self._squeezer is None or not plain:
            return plain
        head = b"" if self._begun else encode(Streamed(self._name and _PLACE.pack(self._name, 0)))
        self._begun = True
        return head + self._squeezer.squeeze(plain)

    @property
    def held(self) -> int:
        """Bytes of what went out that are held."""
        return self._squeezer.held if self._squeezer else 0

    def finish(self) -> None:
        """Nothing more is to be written: what that takes is given back; what went out is still held."""
        if self._squeezer:
            self._squeezer.finish()

    def again(self, taken: int) -> bytes | None:
        """The stream from its byte *taken* on, as far as it went out; None where that is not held."""
        held = self._squeezer.since(taken) if self._squeezer and self._name else None
        return None if held is None else encode(Streamed(_PLACE.pack(self._name, taken))) + held


class Reader:
    """Takes the bytes of a stream in any portions and gives its messages; unknown kinds are passed over.

    *cut*: what read an answer that was cut, and goes on where the other end goes on with that answer's stream.
    """

    def __init__(self, most: int = MOST_MESSAGE, cut: Reader | None = None) -> None:
        self._most = most
        # Where its own stream never began, it is still about the one before.
        self._cut: Reader | None = cut._cut if cut and cut._unfolder is None else cut  # noqa: SLF001 - of its own kind
        self._name = b""
        self._held = bytearray()
        self._unfolder: Unfolder | None = None
        self._folded = b""
        self._unknown = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that *data* completes; WireError at the first that can't be one."""
        if self._unfolder is None:
            yield from self._messages(data)
            # Where the stream begins in the middle of what came, the rest is still to be unfolded.
            data, self._folded = self._folded, b""
        if self._unfolder is not None:
            for plain in self._unfolder.unfold(data):
                yield from self._messages(plain)

    def _messages(self, data: bytes) -> Iterator[Message]:
        self._held += data
        while len(self._held) >= _HEADER.size:
            length, kind = _HEADER.unpack_from(self._held)
            if length > self._most:
                raise WireError(f"{length} bytes", "sync.too_large")
            end = _HEADER.size + length
            if len(self._held) < end:
                return
            body = bytes(self._held[_HEADER.size : end])
            del self._held[:end]
            if kind == Streamed.kind:
                if self._unfolder is not None:
                    raise WireError("stream in a stream")
                self._folded = bytes(self._held)
                self._held.clear()
                self._stream(body)
                # What read the stream before may have been left in the middle of a portion.
                yield from self._messages(b"")
                return
            if made := _KINDS.get(kind):
                yield _decode(made, body)
            else:
                self._unknown += 1
                if self._unknown > _MOST_UNKNOWN:
                    raise WireError("unknown messages")

    def _stream(self, place: bytes) -> None:
        name, taken = _PLACE.unpack(place) if len(place) == _PLACE.size else (b"", 0)
        if not taken:
            self._unfolder = Unfolder()
        elif self._cut is None or self._cut.resume != (name, taken):
            raise OtherStreamError("another stream")
        else:
            cut = self._cut
            self._unfolder, self._held = cut._unfolder, cut._held  # noqa: SLF001 - of its own kind
            cut._unfolder = None  # noqa: SLF001 - whoever still reads with that one reads something else
            cut._held = bytearray()  # noqa: SLF001
        # Its window is half a megabyte: on a day of many cuts they would add up.
        self._cut = None
        self._name = name

    @property
    def resume(self) -> tuple[bytes, int]:
        """The name of the stream that is being read, or was cut, and how many of its bytes came; empty where it can't be gone on with."""
        if self._unfolder is None and self._cut:
            return self._cut.resume
        return (self._name, self._unfolder.taken) if self._name and self._unfolder else (b"", 0)

    @property
    def named(self) -> bool:
        """Whether it is within a stream that can be gone on with."""
        return bool(self._name)

    @property
    def pending(self) -> int:
        """Bytes of a message that isn't whole yet."""
        return len(self._held)


def _decode(made: type[Message], body: bytes) -> Message:
    if made is Up:
        return Up(body)
    if made is Down:
        return Down(body)
    if made is Offers:
        return Offers(body)
    try:
        if body.startswith(_ZSTD_MAGIC):
            if zstandard.get_frame_parameters(body).content_size > MOST_BYTES:
                raise WireError("message", "sync.too_large")
            body = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(body)
        raw = msgpack.unpackb(body)
        return built(made, raw)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, zstandard.ZstdError) as bad:
        raise WireError(f"{made.__name__}: {type(bad).__name__}") from bad
    except msgpack.UnpackException as bad:
        raise WireError(made.__name__) from bad


def scope_tag(areas: Iterable[Area], streams: Iterable[tuple[str, str]]) -> bytes:
    """8 bytes that change whenever the areas or the streams of a device do."""
    held = [sorted((a.code, a.name, a.level, a.parent) for a in areas), sorted(streams)]
    return hashlib.blake2b(msgpack.packb(held), digest_size=8).digest()


def rights_tag(given: Given) -> bytes:
    """8 bytes that change whenever what the county gave a user does."""
    return hashlib.blake2b(msgpack.packb(given), digest_size=8).digest()


def agreement(streams: Mapping[tuple[str, str], tuple[int, bytes]]) -> bytes:
    """One digest over all streams, (area, class) -> (records, digest); an empty stream counts as none."""
    held = [[area, name, count, digest] for (area, name), (count, digest) in sorted(streams.items()) if count]
    return hashlib.blake2b(msgpack.packb(held), digest_size=16).digest()


def to_ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """*numbers* as inclusive ranges."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def fits(content: bytes) -> bool:
    """Whether a frame is small enough for the other end to take it at all."""
    if not content.startswith(_ZSTD_MAGIC):
        return len(content) <= MOST_MESSAGE
    return len(content) <= MOST_MESSAGE and zstandard.get_frame_parameters(content).content_size <= MOST_BYTES


def code_hash(code: str) -> bytes:
    """What is kept and signed of a one-time code; case, spaces and hyphens don't count."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def enrol_text(code: str) -> bytes:
    """What a device signs with its own key to prove that it is its own."""
    return b"xiangzhitong enrol\0" + code_hash(code)
