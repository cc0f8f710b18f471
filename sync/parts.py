"""The parts of messages as they come: each has the type that it promises, or the message can't be read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sync.messages import STATUSES, Area, Message, Problem


def built(made: type[Message], raw: dict[str, Any]) -> Message:
    """A message of class *made* from its map; every part has the type that it promises."""
    known = {item.name for item in fields(made)} - {"more"}
    read = {name: _PARTS[name](value) for name, value in raw.items() if name in known}
    if made is not Problem:
        read["more"] = {name: value for name, value in raw.items() if name not in known}
    return made(**read)


def _int(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _small(value: Any) -> int:
    """A number that any table holds."""
    if not 0 <= _int(value) < 1 << 62:
        raise ValueError
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value))


def _ints(value: Any) -> tuple[int, ...]:
    return tuple(map(_int, value))


def _odd(row: Any) -> tuple[Any, ...]:
    position, status, rev, lost, results, code = row
    if not 0 <= _int(status) < len(STATUSES) or not isinstance(results, dict):
        raise ValueError
    return _int(position), status, _int(rev), _texts(lost), results, _text(code)


def _numbers(word: Any, *held: Any) -> tuple[Any, ...]:
    """Of a hello: word, years, rows; of a head: word, blocks."""
    if len(held) == 1:
        blocks = [(_small(y), _text(b), _text(a), *map(_small, (w, low, high))) for y, b, a, w, low, high in held[0]]
        return _text(word), tuple(blocks)
    years, rows = held
    return _text(word), _ints(years), tuple((_text(b), _text(a), _int(last)) for b, a, last in rows)


def _rules(number: Any, second: Any, held: Any) -> tuple[Any, ...]:
    """Of a hello: number, tag, names; of a head: number, number, versions."""
    if isinstance(second, bytes):
        return _int(number), second, _texts(held)
    versions = [(_small(count), _text(name), _small(rev), _text(text)) for count, name, rev, text in held]
    return _int(number), _int(second), tuple(versions)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


_PARTS: dict[str, Any] = {
    **dict.fromkeys(
        (
            "version",
            "epoch",
            "clock",
            "size",
            "level",
            "number",
            "first",
            "rev",
            "least",
            "most",
            "worked",
            "common",
            "last",
            "came",
        ),
        _int,
    ),
    **dict.fromkeys(
        ("county", "device", "incarnation", "code", "area", "stream", "low", "high", "rest", "program"), _text
    ),
    **dict.fromkeys(("scope", "digest", "content", "frame", "begun", "onward"), _bytes),
    **dict.fromkeys(("want", "capabilities", "missing", "unsound", "keys"), _texts),
    **dict.fromkeys(("asked", "void"), _ints),
    **dict.fromkeys(("known", "again"), bool),
    "params": _mapping,
    "cursors": lambda held: {_text(name): (_int(rev), _bytes(tag)) for name, (rev, tag) in held.items()},
    "behind": lambda held: tuple((_text(stream), _text(area), _int(rev)) for stream, area, rev in held),
    **dict.fromkeys(("have", "taken"), lambda held: tuple((_int(low), _int(high)) for low, high in held)),
    "made": lambda held: tuple((_int(number), _bytes(mark)) for number, mark in held),
    "resume": lambda held: (_bytes(held[0]), _int(held[1])),
    "marks": lambda held: tuple((_int(rev), _bytes(tag)) for rev, tag in held),
    "odd": lambda held: tuple(map(_odd, held)),
    "parts": lambda held: tuple((_text(low), _int(records), _bytes(total)) for low, records, total in held),
    "items": lambda held: tuple((_text(record_id), _bytes(digest)) for record_id, digest in held),
    "told": _bytes,
    "rights": lambda held: (_text(held[0]), _texts(held[1]), _texts(held[2]), *map(_text, held[3:4])),
    "away": lambda held: tuple((_text(code), _text(words), _text(above)) for code, words, above in held),
    "areas": lambda held: tuple(Area(*map(_text, row)) for row in held),
    "numbers": lambda held: _numbers(*held),
    "rules": lambda held: _rules(*held),
    "streams": lambda held: tuple((_text(row[0]), _text(row[1]), *row[2:]) for row in held),
}
