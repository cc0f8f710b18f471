"""One zstd stream over the messages of a request or an answer: small frames then cost hardly more than large ones.

After message `Z` everything is one zstd stream, flushed after each portion that must arrive. A frame in it is not compressed by itself:
what the frames before it said is what it is compressed with. What was cut is simply the end of the stream: every message that came whole
counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import zstandard

from sync.columns import WireError

_WINDOW_LOG = 19
# One block of a zstd stream unfolds to at most 128 KB and may be four bytes long: so a piece of 256 bytes holds no bomb.
_PIECE = 256
_LEARN = 0.25
MOST_HELD = 256 << 10
"""Bytes of a stream that are kept for an end that asks for them again: what may be on its way, or lie in buffers, at a cut."""


class Squeezer:
    """Compresses what goes out; ``ratio`` is what it makes of a byte, as learned so far. *holds*: the last of it is kept."""

    def __init__(self, level: int, *, holds: bool = False) -> None:
        # Tables for a window of half the size: larger ones gain little, and a county has a stream for every device at once.
        shape = zstandard.ZstdCompressionParameters.from_level(
            level, source_size=1 << (_WINDOW_LOG - 1), window_log=_WINDOW_LOG
        )
        self._stream: Any = zstandard.ZstdCompressor(compression_params=shape).compressobj()
        self.ratio = _LEARN
        self._holds = holds
        self.total = 0
        """Bytes that have gone out."""
        self._held = bytearray()

    @property
    def held(self) -> int:
        """Bytes that are kept of what went out."""
        return len(self._held)

    def finish(self) -> None:
        """Give the compressor's memory back; nothing can be written any more."""
        self._stream = None

    def since(self, taken: int) -> bytes | None:
        """What went out after the first *taken* bytes; None where that is no longer held, or never went out."""
        start = len(self._held) - (self.total - taken)
        return bytes(self._held[start:]) if 0 <= start <= len(self._held) else None

    def squeeze(self, plain: bytes) -> bytes:
        """*plain* compressed, and flushed: the other end can read all of it."""
        found: bytes = self._stream.compress(plain) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        self.total += len(found)
        if self._holds:
            self._held += found
            if len(self._held) > MOST_HELD + MOST_HELD // 4:  # not at each time, for it moves all of them
                del self._held[:-MOST_HELD]
        if len(plain) > 1000:
            self.ratio = (self.ratio + len(found) / len(plain)) / 2
        return found


class Unfolder:
    """Takes the bytes of such a stream in any portions."""

    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).decompressobj()
        self.taken = 0
        """Bytes of the stream that were unfolded."""

    def unfold(self, data: bytes) -> Iterator[bytes]:
        """What *data* unfolds to, in portions of at most 8 MB; WireError for what is no such stream."""
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            self.taken += len(piece)
            try:
                plain = self._stream.decompress(piece)
            except zstandard.ZstdError as bad:
                raise WireError("stream") from bad
            if plain:
                yield plain
            if self._stream.eof:
                raise WireError("stream ended")
