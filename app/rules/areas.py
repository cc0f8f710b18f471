"""Which area lies in which: the prefix rule of the 12-digit division codes."""

from __future__ import annotations

from collections.abc import Iterable

# Digits that a code of each level fills: province, prefecture, county, township. What follows is zeros.
_LEVELS = (2, 4, 6, 9)
_WHOLE = 12


def prefix(held: str) -> str:
    """The digits that every area within *held* begins with: 9 of a township, 6 of a county, all of a grid's."""
    if len(held) == _WHOLE:
        for digits in _LEVELS:
            if not held[digits:].strip("0"):
                return held[:digits]
    return held


def covers(held: str, area: str) -> bool:
    """Whether *area* is *held* or lies within it. An empty code covers nothing and lies nowhere."""
    return bool(held) and bool(area) and area.startswith(prefix(held))


def any_covers(held: Iterable[str], area: str) -> bool:
    """Whether one of the areas *held* covers *area*."""
    return any(covers(code, area) for code in held)
