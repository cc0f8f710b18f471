"""Ranges of record ids compared by count and sum of hashes: how two ends find the few records in which they differ."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

PARTS = 32
"""Into how many parts a range is split at a time."""
FEW = 64
"""Records that are simply listed, id and hash, where no more are left in a range at either end."""
_SIZE = 8

Item = tuple[str, bytes]
"""A record's id and its hash; on the wire the last 8 bytes of the hash."""
Part = tuple[str, int, bytes]
"""(lowest id, records, 8 bytes of the sum of their hashes); it ends where the next begins, the last where the range does."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the device holds of one stream from id *low* up to *high* (empty: no end), as ``parts`` or record by record as ``items``."""

    kind: ClassVar[int] = ord("Q")
    area: str
    stream: str
    low: str = ""
    high: str = ""
    parts: tuple[Part, ...] = ()
    items: tuple[Item, ...] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the county holds where the two differ.

    To parts: its own parts of one that differs. To items: ``frame``, whole records as a frame without moves that stand as they are;
    ``missing``, ids that it has nowhere in the class; ``unsound``, ids whose values at the county don't fit their own hash, which are
    not to be taken from it; ``rest``: from this id on nothing was answered, ask again.
    """

    kind: ClassVar[int] = ord("N")
    area: str
    stream: str
    low: str = ""
    high: str = ""
    parts: tuple[Part, ...] = ()
    frame: bytes = b""
    missing: tuple[str, ...] = ()
    unsound: tuple[str, ...] = ()
    rest: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One part as the other end has it, and what this end has in it."""

    low: str
    high: str
    records: int
    mine: Sequence[Item]


def short(digest: bytes) -> bytes:
    """What travels of a hash, or of a sum of hashes."""
    return digest[-_SIZE:]


def within(items: Sequence[Item], low: str, high: str) -> Sequence[Item]:
    """Those of the sorted *items* from *low* up to *high*; an empty *high* is no end."""
    begin = bisect_left(items, low, key=_id)
    return items[begin : bisect_left(items, high, key=_id) if high else len(items)]


def split(items: Sequence[Item], low: str) -> tuple[Part, ...]:
    """The sorted *items* in at most ``PARTS`` parts of equal counts; the first begins at *low*."""
    size = max(-(-len(items) // PARTS), 1)
    chunks = [items[start : start + size] for start in range(0, len(items), size)] or [items]
    return tuple((chunk[0][0] if number else low, len(chunk), _sum(chunk)) for number, chunk in enumerate(chunks))


def differing(parts: Sequence[Part], high: str, items: Sequence[Item]) -> Iterator[Span]:
    """Those of the other end's *parts*, the last ending at *high*, in which the sorted *items* of this end are others."""
    ends = [low for low, _, _ in parts[1:]] + [high]
    for (low, records, total), end in zip(parts, ends, strict=True):
        mine = within(items, low, end)
        if (len(mine), _sum(mine)) != (records, total):
            yield Span(low, end, records, mine)


def _id(item: Item) -> str:
    return item[0]


def _sum(items: Sequence[Item]) -> bytes:
    total = sum(int.from_bytes(short(digest), "big") for _, digest in items)
    return (total % (1 << 8 * _SIZE)).to_bytes(_SIZE, "big")
