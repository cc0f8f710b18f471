"""Columns of a frame that say again what another of them says: a date that stands in the identity number, a mask that the values show.

Half of what a compressor can't shrink in a register of residents is each birth date, once as digits of the identity number and once as
a date. Such columns travel as a note of where to look; only an end that says so (capability `derived`) is sent them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from app.schema.values import Value
from sync.columns import PLAIN, WireError

WITHIN = 6
"""The first item of a packed column of dates whose digits stand within another column's texts."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TEXTS = {str, type(None)}
_FARTHEST = 100
_LOOKED_AT = 8
_MOST_ODD = 4
"""One row in so many may say something else; with more of them the column goes as it is."""


def derive(values: Sequence[Sequence[Value]], packed: list[list[Any]], masks: list[bytes | None]) -> list[Any]:
    """Replace in *packed*, and return of *masks*, what the other columns show; *values* are the columns, nil where a row lacks the field."""
    # What is told in a few distinct values weighs little, and a reader must find every column that is referred to ready.
    long = [
        number
        for number, column in enumerate(packed)
        if column[0] == PLAIN and set(map(type, values[number])) <= _TEXTS
    ]
    told: set[int] = set()
    shown = [_shown(values[number], mask) for number, mask in enumerate(masks)]
    for number in long:
        # Where the values are to show who has the field, whoever lacks it may not get it from the other column.
        mask = None if shown[number] is True else masks[number]
        found = None if number in told else _within(number, values, mask, [n for n in long if n != number])
        if found:
            packed[number] = found
            long = [other for other in long if other != number]
            told.add(found[1])
    return shown


def _within(
    number: int, values: Sequence[Sequence[Value]], mask: bytes | None, others: Sequence[int]
) -> list[Any] | None:
    """The column *number* as [WITHIN, column, at, odd], where one of *others* tells it; rows outside of *mask* may say anything."""
    dates = values[number]
    for other in others:
        at = _place(dates, values[other])
        if at is None:
            continue
        shown = _dates(values[other], at)
        odd = [
            [row, date]
            for row, (date, there) in enumerate(zip(dates, shown, strict=True))
            if date != there and (mask is None or mask[row])
        ]
        if _MOST_ODD * len(odd) <= len(dates):
            return [WITHIN, other, at, odd]
    return None


def _place(dates: Sequence[Value], texts: Sequence[Value]) -> int | None:
    """Where in *texts* the digits of *dates* begin, by the first rows that have both; None where that is nowhere."""
    both = ((d, t) for d, t in zip(dates, texts, strict=True) if isinstance(d, str) and isinstance(t, str))
    for date, text in itertools.islice(both, _LOOKED_AT):
        if _DATE.fullmatch(date) and 0 <= (at := text.find(date.replace("-", ""))) <= _FARTHEST:
            return at
    return None


def _dates(texts: Sequence[Value], at: int) -> list[str | None]:
    """What the eight digits from *at* on say in each of *texts*; nil where there are none."""
    year, month, day = at + 4, at + 6, at + 8
    return [
        f"{text[at:year]}-{text[year:month]}-{text[month:day]}"
        if isinstance(text, str) and len(text) >= day and (digits := text[at:day]).isascii() and digits.isdigit()
        else None
        for text in texts
    ]


def _shown(values: Sequence[Value], mask: bytes | None) -> bytes | bool | None:
    """True for a mask that says nothing but where the values are nil."""
    if mask is not None and all((value is not None) == there for value, there in zip(values, mask, strict=True)):
        return True
    return mask


def is_derived(packed: object) -> bool:
    """Whether a packed column leans on another."""
    return isinstance(packed, list) and len(packed) == 4 and packed[0] == WITHIN and type(packed[0]) is int


def restore(packed: list[Any], columns: Sequence[list[Value] | None], count: int) -> list[Value]:
    """The values of a derived column of *count* rows; *columns* are those that lean on none. WireError for what can't be one."""
    _, other, at, odd = packed
    if type(other) is not int or type(at) is not int or not isinstance(odd, list):
        raise WireError("derived")
    if not 0 <= other < len(columns) or not 0 <= at <= _FARTHEST:
        raise WireError("derived")
    texts = columns[other]
    if texts is None:
        raise WireError("derived of derived")
    found: list[Value] = list(_dates(texts, at))
    for row, value in odd:
        if type(row) is not int or not 0 <= row < count or not (value is None or isinstance(value, str)):
            raise WireError("derived")
        found[row] = value
    return found
