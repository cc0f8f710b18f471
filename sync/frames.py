"""The content of frames: changes going up and deltas coming down, column by column, msgpack, zstd."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgpack
import zstandard

from app.schema.record import Change, Delta
from app.schema.values import Value
from sync.columns import (
    WireError,
    pack_ids,
    pack_ints,
    pack_mask,
    pack_values,
    unpack_ids,
    unpack_ints,
    unpack_mask,
    unpack_values,
)
from sync.derived import derive, is_derived, restore

VERSION = 1
"""Of the content of frames: they are written down before anybody knows which version of the messages will carry them."""
STREAMED = "zstd"
"""The capability of an end that reads message ``Z`` and frames that aren't compressed by themselves."""
DERIVED = "derived"
"""The capability of an end that reads columns told by others."""
MOST_BYTES = 16 << 20
"""What a frame may unfold to; a bomb is refused by its own header, before a byte of it is unfolded."""
MOST_ROWS = 50_000
RAW = 0
"""The level of a frame that travels in a zstd stream: not compressed by itself, unless it is very long."""
_LONG = 1 << 20
_MAGIC = b"\x28\xb5\x2f\xfd"
_MOST_CELLS = 2_000_000
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, OverflowError, zstandard.ZstdError)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpFrame:
    """Changes of one incarnation under one number, in the order in which they were saved."""

    number: int
    changes: tuple[Change, ...]
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """Where cursors go once a frame is applied: every stream of the class at *before* or later goes to *after*.

    With *areas* it is about these streams only, which are still catching up. ``tag`` belongs to the entry at *after*.
    """

    stream: str
    before: int
    after: int
    areas: tuple[str, ...] | None = None
    tag: bytes = b""


@dataclass(frozen=True, slots=True)
class DownFrame:
    """Deltas in rev order, and the cursors after them."""

    deltas: tuple[Delta, ...]
    moves: tuple[Move, ...]
    more: Mapping[str, Any] = field(default_factory=dict)


def encode_up(
    number: int,
    changes: Sequence[Change],
    level: int = 3,
    more: Mapping[str, Any] | None = None,
    *,
    derived: bool = False,
) -> bytes:
    """The content of frame *number*; one form's new records, and its edits, make one run each.

    *derived*: its reader has the capability of that name.
    """
    runs = [_up_run(group, derived) for group in _groups(changes, lambda change: (change.form, change.creates))]
    return _squeeze({**(more or {}), "v": VERSION, "n": number, "r": runs}, level)


def decode_up(content: bytes) -> UpFrame:
    """The inverse of ``encode_up``; WireError for anything else."""
    body = _unfold(content)
    try:
        changes = [change for run in _runs(body) for change in _up_changes(run)]
        number = _int(body["n"])
    except _UNREADABLE as bad:
        raise WireError(f"up: {type(bad).__name__}") from bad
    changes.sort(key=lambda change: change.counter)
    return UpFrame(number, tuple(changes), {key: body[key] for key in body.keys() - {"v", "n", "r"}})


def encode_down(
    deltas: Sequence[Delta],
    moves: Sequence[Move],
    level: int = 3,
    more: Mapping[str, Any] | None = None,
    *,
    derived: bool = False,
) -> bytes:
    """The content of a frame coming down; *derived*: its reader has the capability of that name."""

    def kind(delta: Delta) -> tuple[object, ...]:
        return delta.form, delta.whole, delta.left

    runs = [_down_run(group, derived) for group in _groups(deltas, kind)]
    after: list[list[Any]] = [
        [move.stream, move.before, move.after, move.tag, *([list(move.areas)] if move.areas else [])] for move in moves
    ]
    return _squeeze({**(more or {}), "v": VERSION, "c": after, "r": runs}, level)


def decode_down(content: bytes) -> DownFrame:
    """The inverse of ``encode_down``; WireError for anything else."""
    body = _unfold(content)
    try:
        deltas = [delta for run in _runs(body) for delta in _deltas(run)]
        moves = tuple(
            Move(
                _text(row[0]),
                _int(row[1]),
                _int(row[2]),
                tuple(map(_text, row[4])) if len(row) > 4 else None,
                bytes(row[3]),
            )
            for row in body["c"]
        )
    except _UNREADABLE as bad:
        raise WireError(f"down: {type(bad).__name__}") from bad
    deltas.sort(key=lambda delta: delta.rev)
    return DownFrame(tuple(deltas), moves, {key: body[key] for key in body.keys() - {"v", "c", "r"}})


def needed(content: bytes) -> set[str]:
    """The capabilities that whoever is to read the frame *content* must have; WireError where it is none."""
    found = {STREAMED} if _is_raw(content) else set()
    for run in _unfold(content)["r"]:
        if any(map(is_derived, run["v"])) or any(mask is True for mask in run.get("m") or ()):
            found.add(DERIVED)
    return found


# -- runs ------------------------------------------------------------


def _up_run(changes: list[Change], derived: bool) -> dict[str, Any]:
    names, columns = _pack_columns([change.values for change in changes], derived=derived)
    # New records are based on nothing.
    based = any(base for change in changes for base in change.bases.values())
    bases = [pack_ints([change.bases.get(name, 0) for change in changes]) for name in names if based]
    run = {
        "f": changes[0].form,
        "n": len(changes),
        "i": pack_ids([change.id for change in changes]),
        "c": pack_ints([change.counter for change in changes]),
        "t": pack_ints([change.time for change in changes]),
        "u": pack_values([change.user for change in changes]),
        "a": pack_values([change.area for change in changes]),
        **columns,
    }
    if any(column != [0, 0] for column in bases):
        run["b"] = _fold(bases)
    return run


def _up_changes(run: Mapping[str, Any]) -> Iterable[Change]:
    form, count = _text(run["f"]), _count(run)
    held = _unpack_columns(run, count)
    names = run["k"]
    bases = [unpack_ints(column, count) for column in _unfolded(run["b"])] if "b" in run else None
    ids = unpack_ids(run["i"], count)
    counters, times = unpack_ints(run["c"], count), unpack_ints(run["t"], count)
    users, areas = unpack_values(run["u"], count), unpack_values(run["a"], count)
    by_name = dict(zip(names, bases, strict=True)) if bases is not None else None
    for row in range(count):
        yield Change(
            form,
            ids[row],
            _text(areas[row]),
            held[row],
            {name: by_name[name][row] for name in held[row]} if by_name is not None else dict.fromkeys(held[row], 0),
            times[row],
            counters[row],
            _text(users[row]),
        )


def _down_run(deltas: list[Delta], derived: bool) -> dict[str, Any]:
    first = deltas[0]
    _, columns = _pack_columns([delta.values for delta in deltas], derived=derived)
    rests = [_rest(delta) for delta in deltas]
    run = {
        "f": first.form,
        "n": len(deltas),
        "i": pack_ids([delta.id for delta in deltas]),
        "r": pack_ints([delta.rev for delta in deltas]),
        "t": pack_ints([delta.time for delta in deltas]),
        "u": pack_values([delta.user for delta in deltas]),
        "a": pack_values([delta.area for delta in deltas]),
        "d": pack_values([delta.deleted for delta in deltas]),
        **columns,
    }
    if first.whole:
        run["w"] = True
        # Mostly the record's own rev, and then nothing but its distance: zero.
        run["o"] = pack_ints([delta.rev - delta.revs.get("", 0) for delta in deltas])
    if first.left:
        run["l"] = True
    if any(rests):
        run["q"] = rests
    if any(delta.taken for delta in deltas):
        run["y"] = pack_ints([delta.taken for delta in deltas])
    return run


def _rest(delta: Delta) -> dict[str, int]:
    """The field revs that don't follow from the record's: as distances back from its rev."""
    usual = delta.revs.get("", 0) if delta.whole else delta.rev
    odd = {
        name: delta.rev - rev for name, rev in delta.revs.items() if name and (rev != usual or name not in delta.values)
    }
    if not delta.whole:
        odd.update({name: delta.rev for name in delta.values if name not in delta.revs})
    return odd


def _deltas(run: Mapping[str, Any]) -> Iterable[Delta]:
    form, count = _text(run["f"]), _count(run)
    whole, left = bool(run.get("w")), bool(run.get("l"))
    held = _unpack_columns(run, count)
    ids, revs = unpack_ids(run["i"], count), unpack_ints(run["r"], count)
    times, users = unpack_ints(run["t"], count), unpack_values(run["u"], count)
    areas, gone = unpack_values(run["a"], count), unpack_values(run["d"], count)
    born = unpack_ints(run["o"], count) if whole else []
    rests = run.get("q") or [{}] * count
    taken = unpack_ints(run["y"], count) if "y" in run else [0] * count
    for row in range(count):
        rev, values = revs[row], held[row]
        known: dict[str, int] = {"": rev - born[row]} if whole else dict.fromkeys(values, rev)
        known.update({_text(name): rev - _int(back) for name, back in rests[row].items()})
        yield Delta(
            form, ids[row], _text(areas[row]), rev, values,
            {name: number for name, number in known.items() if number or not name},
            whole, bool(gone[row]), left, _text(users[row]), times[row], taken[row],
        )  # fmt: skip


# -- columns of values ------------------------------------------------------------


def _pack_columns(rows: Sequence[Mapping[str, Value]], *, derived: bool = False) -> tuple[list[str], dict[str, Any]]:
    """The names that any row has, and a packed column for each; a mask where not every row has it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = [[row.get(name) for row in rows] for name in names]
    packed = list(map(pack_values, values))
    masks: list[Any] = [pack_mask([name in row for row in rows]) for name in names]
    if derived:
        masks = derive(values, packed, masks)
    columns: dict[str, Any] = {"k": names, "v": packed}
    if any(mask is not None for mask in masks):
        columns["m"] = masks
    return names, columns


def _unpack_columns(run: Mapping[str, Any], count: int) -> list[dict[str, Value]]:
    names = [_text(name) for name in run["k"]]
    if len(set(names)) != len(names) or len(names) * count > _MOST_CELLS:
        raise WireError("fields")
    masks = run.get("m") or [None] * len(names)
    rows: list[dict[str, Value]] = [{} for _ in range(count)]
    plain = [None if is_derived(packed) else unpack_values(packed, count) for packed in run["v"]]
    for name, packed, known, mask in zip(names, run["v"], plain, masks, strict=True):
        values = restore(packed, plain, count) if known is None else known
        if mask is None:
            for row, value in zip(rows, values, strict=True):
                row[name] = value
        elif mask is True:
            for row, value in zip(rows, values, strict=True):
                if value is not None:
                    row[name] = value
        else:
            for row, value, there in zip(rows, values, unpack_mask(mask, count), strict=True):
                if there:
                    row[name] = value
    return rows


def _fold(columns: list[list[Any]]) -> list[Any]:
    """*columns* with None for each that repeats the one before it."""
    return [None if number and column == columns[number - 1] else column for number, column in enumerate(columns)]


def _unfolded(columns: list[Any]) -> Iterable[Any]:
    last: object = None
    for column in columns:
        last = last if column is None else column
        yield last


def _groups(items: Sequence[T], key: Callable[[T], object]) -> Iterable[list[T]]:
    found: dict[object, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found.values()


# -- the shell ------------------------------------------------------------


def _squeeze(body: Mapping[str, Any], level: int) -> bytes:
    # Four bytes so that a byte that is another on its way, or on a stick, is a frame that can't be read and not another text.
    plain: bytes = msgpack.packb(body)
    if level == RAW and len(plain) < _LONG:
        return plain + zlib.crc32(plain).to_bytes(4, "big")
    return zstandard.ZstdCompressor(level=level or 3, write_checksum=True).compress(plain)


def _is_raw(content: bytes) -> bool:
    # A map of msgpack never begins like a zstd frame.
    return not content.startswith(_MAGIC)


def _unfold(content: bytes) -> dict[str, Any]:
    try:
        if _is_raw(content):
            plain = content[:-4]
            if zlib.crc32(plain).to_bytes(4, "big") != content[-4:]:
                raise WireError("checksum")
        else:
            size = zstandard.get_frame_parameters(content).content_size
            if size > MOST_BYTES:  # also true of a frame that doesn't say its size
                raise WireError(f"{size} bytes", "sync.too_large")
            plain = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(content, allow_extra_data=False)
        body = msgpack.unpackb(plain)
    except (*_UNREADABLE, RecursionError, msgpack.UnpackException) as bad:
        raise WireError(type(bad).__name__) from bad
    if not isinstance(body, dict) or not isinstance(body.get("v"), int):
        raise WireError("no map")
    if body["v"] != VERSION:
        raise WireError(f"version {body['v']}", "sync.version_unknown")
    return body


def _runs(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    runs = body["r"]
    if not isinstance(runs, list) or sum(_count(run) for run in runs) > MOST_ROWS:
        raise WireError("rows", "sync.too_large")
    return runs


def _count(run: Mapping[str, Any]) -> int:
    count = run["n"]
    if type(count) is not int or not 0 < count <= MOST_ROWS:
        raise WireError("count")
    return count


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WireError("text")
    return value


def _int(value: object) -> int:
    if type(value) is not int:
        raise WireError("number")
    return value
