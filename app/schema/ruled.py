"""Which versions of the county's rules are in force, and the tag by which both ends know that they hold the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgpack

KEPT = frozenset({"cases", "visits"})
"""The rules of which every version is kept for good: steps, and who is visited, are judged by those of their day."""
Row = tuple[int, str, int, str]
"""Number, name, the last rev before it, text (empty: the program's own)."""


def in_force(rows: Iterable[Row], number: int | None = None) -> list[Row]:
    """Of *rows* up to *number* those that count: the newest of each name, and every one of those in ``KEPT``; by number."""
    held = sorted(row for row in rows if number is None or row[0] <= number)
    newest = {row[1]: row[0] for row in held}
    return [row for row in held if row[1] in KEPT or newest[row[1]] == row[0]]


def tag(rows: Iterable[Row]) -> bytes:
    """8 bytes over the rows in force; empty for none."""
    held = [[number, name, rev, hashlib.blake2b(text.encode()).digest()] for number, name, rev, text in rows]
    return hashlib.blake2b(msgpack.packb(held), digest_size=8).digest() if held else b""
