"""How one column of values, numbers or record ids is laid out in a frame, so that zstd finds little left to do.

A packed column is a small list whose first item says how the rest is to be read; docs/sync.md has the table.
"""

from __future__ import annotations

import itertools
import operator
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from app.errors import KnownError
from app.schema.values import Value

SAME, PLAIN, INDEXED, STEPS, DELTAS, IDS = range(6)
_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
_WRAP = 1 << 64
_HALF = 1 << 63
_NO_ID = "0" * 32


class WireError(KnownError):
    """What arrived can't be read; *code* says how it is wrong. Nothing of it has been used."""

    def __init__(self, detail: str, code: str = "sync.garbage") -> None:
        super().__init__(code, detail=detail)


def pack_ints(numbers: Sequence[int]) -> list[Any]:
    """*numbers* of 64 bits, of which neighbours are close: constant, even steps, or differences."""
    if not numbers:
        return [PLAIN, []]
    deltas = list(map(operator.sub, numbers[1:], numbers))
    if deltas and (min(deltas) < -_HALF or max(deltas) >= _HALF):
        deltas = [_centred(delta) for delta in deltas]
    steps = set(deltas)
    if steps <= {0}:
        return [SAME, numbers[0]]
    if len(steps) == 1:
        return [STEPS, numbers[0], deltas[0]]
    return [DELTAS, numbers[0], deltas]


def unpack_ints(packed: object, count: int) -> list[int]:
    """The inverse of ``pack_ints``; WireError unless they are *count* whole numbers."""
    match packed:
        case [0, int(first)]:
            return [first] * count
        case [1, []] if count == 0:
            return []
        case [3, int(first), int(step)]:
            return [_whole(first + step * i) for i in range(count)]
        case [4, int(first), list(deltas)] if len(deltas) == count - 1 and set(map(type, deltas)) <= {int}:
            found = list(itertools.accumulate(deltas, initial=+first))
            return found if min(found) >= -_HALF and max(found) < _HALF else list(map(_whole, found))
    raise WireError("numbers")


def pack_ids(ids: Sequence[str]) -> list[Any]:
    """Record ids of 32 hex digits as their halves: UUIDv7 made by one device count up in both."""
    halves = struct.unpack(f">{2 * len(ids)}Q", bytes.fromhex("".join(ids)))
    return [IDS, pack_ints(_signed(halves[0::2])), pack_ints(_signed(halves[1::2]))]


def unpack_ids(packed: object, count: int) -> list[str]:
    """The inverse of ``pack_ids``."""
    match packed:
        case [5, high, low]:
            mask = _WRAP - 1
            pairs = zip(unpack_ints(high, count), unpack_ints(low, count), strict=True)
            return [f"{(a & mask) << 64 | (b & mask):032x}" for a, b in pairs]
    raise WireError("ids")


def pack_values(values: Sequence[Value]) -> list[Any]:
    """Any values of fields, exactly as they are: 1, 1.0 and True stay three things."""
    if not values:
        return [PLAIN, []]
    types = set(map(type, values)) - {type(None)}
    if len(types) > 1 or float in types:  # a float may be -0.0, and equals an int: never merged with its neighbour
        return [PLAIN, list(values)]
    distinct = dict.fromkeys(values)
    if len(distinct) == 1:
        return [SAME, values[0]]
    if types == {str} and _are_ids(distinct):
        return pack_ids([str(value or _NO_ID) for value in values])
    if len(distinct) <= 255 and 2 * len(distinct) <= len(values):
        place = {value: number for number, value in enumerate(distinct)}
        return [INDEXED, list(distinct), bytes(map(place.__getitem__, values))]
    return [PLAIN, list(values)]


def unpack_values(packed: object, count: int) -> list[Value]:
    """The inverse of ``pack_values``; WireError unless they are *count* plain values."""
    match packed:
        case [0, None | str() | int() | float() as value]:
            return [value] * count
        case [1, list(values)] if len(values) == count and set(map(type, values)) <= _PLAIN_TYPES:
            return values
        case [2, list(distinct), bytes(places)] if len(places) == count and set(map(type, distinct)) <= _PLAIN_TYPES:
            if places and max(places) >= len(distinct):
                raise WireError("index")
            return [distinct[place] for place in places]
        case [5, _, _]:
            return [None if text == _NO_ID else text for text in unpack_ids(packed, count)]
    raise WireError("values")


def pack_mask(present: Sequence[bool]) -> bytes | None:
    """Which rows have a field at all; None where every row has it."""
    return None if all(present) else bytes(present)


def unpack_mask(packed: object, count: int) -> Sequence[bool]:
    """The inverse of ``pack_mask``."""
    if packed is None:
        return [True] * count
    if isinstance(packed, bytes) and len(packed) == count:
        return list(map(bool, packed))
    raise WireError("mask")


def _are_ids(texts: Iterable[Value]) -> bool:
    return all(text is None or _is_id(str(text)) for text in texts)


def _is_id(text: str) -> bool:
    return len(text) == 32 and text != _NO_ID and not text.strip("0123456789abcdef")


def _centred(number: int) -> int:
    """*number* modulo 2^64 as a signed 64-bit number, which msgpack can hold."""
    return (number + _HALF) % _WRAP - _HALF


def _whole(number: int) -> int:
    """Undo the wrapping of differences."""
    return (number + _HALF) % _WRAP - _HALF


def _signed(numbers: Sequence[int]) -> list[int]:
    return [number - _WRAP if number >= _HALF else number for number in numbers]
