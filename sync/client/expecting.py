"""How many bytes an exchange is likely still to take, from what it has taken so far."""

from __future__ import annotations

from sync.client.report import Tally

_GUESS = 40
"""Bytes of a change before enough were sent to tell."""
_TELLING = 20


def expected(tally: Tally, left: int, framed: int) -> int:
    """Bytes still to go: *left* changes without a receipt, *framed* of them in frames that are on their way."""
    gone = tally.up + framed
    weight = tally.bytes_up / gone if gone >= _TELLING else _GUESS
    return int(max(left - framed, 0) * weight) + tally.bytes_due
