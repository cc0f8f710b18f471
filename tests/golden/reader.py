"""A reader of wire versions 1 and 2 that shares no code with the program: written after docs/sync.md, and never to be changed."""

from __future__ import annotations

import itertools
import json
import struct
import zlib

import msgpack
import zstandard

STATUSES = ("accepted", "merged", "conflict", "refused", "waiting")
MASK = (1 << 64) - 1
ZSTD = b"\x28\xb5\x2f\xfd"


def messages(stream):
    """(kind letter, map) of every message that versions 1 and 2 know; frames are unfolded to rows."""
    found = []
    for letter, body in cut(stream):
        if letter == "F":
            found.append((letter, up(frame(body))))
        elif letter == "D":
            found.append((letter, down(frame(body))))
        elif letter in "HARXE":
            found.append((letter, plain(body)))
    return found


def frames(stream):
    """(number, bytes as they are) of every frame going up in *stream*."""
    return [(frame(body)["n"], body) for letter, body in cut(stream) if letter == "F"]


def cut(stream):
    """(kind letter, bytes) of every message; behind a Z everything is one zstd stream."""
    found, place = [], 0
    while place < len(stream):
        length, kind = struct.unpack_from(">IB", stream, place)
        body = stream[place + 5 : place + 5 + length]
        assert len(body) == length, "cut"
        place += 5 + length
        if chr(kind) == "Z":
            return found + cut(zstandard.ZstdDecompressor().decompressobj().decompress(stream[place:]))
        found.append((chr(kind), body))
    return found


def frame(body):
    """A frame: in a zstd of its own, or, within a zstd stream, as it is with its CRC-32 behind it."""
    if body.startswith(ZSTD):
        return plain(body)
    assert zlib.crc32(body[:-4]) == int.from_bytes(body[-4:], "big")
    return msgpack.unpackb(body[:-4])


def plain(body):
    if body.startswith(ZSTD):
        body = zstandard.ZstdDecompressor().decompress(body)
    return msgpack.unpackb(body)


def up(body):
    assert body["v"] == 1
    rows = []
    for run in body["r"]:
        count, held = run["n"], cells(run)
        last, bases = None, []
        for column in run.get("b", [[0, 0]] * len(run["k"])):
            last = last if column is None else column
            bases.append(numbers(last, count))
        ids, counters, times = records(run["i"], count), numbers(run["c"], count), numbers(run["t"], count)
        users, areas = values(run["u"], count), values(run["a"], count)
        for row in range(count):
            based = {name: bases[place][row] for place, name in enumerate(run["k"]) if name in held[row]}
            rows.append(
                {
                    "counter": counters[row], "form": run["f"], "id": ids[row], "area": areas[row], "user": users[row],
                    "time": times[row], "values": held[row], "bases": based,
                }
            )  # fmt: skip
    return {"number": body["n"], "changes": sorted(rows, key=lambda row: row["counter"])}


def down(body):
    assert body["v"] == 1
    rows = []
    for run in body["r"]:
        count, held = run["n"], cells(run)
        ids, revs, times = records(run["i"], count), numbers(run["r"], count), numbers(run["t"], count)
        users, areas, gone = values(run["u"], count), values(run["a"], count), values(run["d"], count)
        born = numbers(run["o"], count) if run.get("w") else None
        rests = run.get("q") or [{}] * count
        for row in range(count):
            known = {"": revs[row] - born[row]} if born else dict.fromkeys(held[row], revs[row])
            known |= {name: revs[row] - back for name, back in rests[row].items()}
            rows.append(
                {
                    "rev": revs[row], "form": run["f"], "id": ids[row], "area": areas[row], "user": users[row],
                    "time": times[row], "deleted": bool(gone[row]), "whole": bool(run.get("w")),
                    "left": bool(run.get("l")), "values": held[row],
                    "revs": {name: rev for name, rev in known.items() if rev or not name},
                }
            )  # fmt: skip
    return {"moves": body["c"], "deltas": sorted(rows, key=lambda row: row["rev"])}


def cells(run):
    rows = [{} for _ in range(run["n"])]
    for place, name in enumerate(run["k"]):
        mask = run["m"][place] if "m" in run else None
        for number, value in enumerate(values(run["v"][place], run["n"])):
            if mask is None or mask[number]:
                rows[number][name] = value
    return rows


def numbers(column, count):
    kind, first, *rest = column
    if kind == 0:
        return [first] * count
    if kind == 3:
        return [signed(first + rest[0] * number) for number in range(count)]
    assert kind == 4
    return list(map(signed, itertools.accumulate(rest[0], initial=first)))


def values(column, count):
    kind = column[0]
    if kind == 0:
        return [column[1]] * count
    if kind == 1:
        return column[1]
    if kind == 2:
        return [column[1][place] for place in column[2]]
    assert kind == 5
    return [None if text == "0" * 32 else text for text in records(column, count)]


def records(column, count):
    assert column[0] == 5
    pairs = zip(numbers(column[1], count), numbers(column[2], count), strict=True)
    return [f"{(high & MASK) << 64 | (low & MASK):032x}" for high, low in pairs]


def signed(number):
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def receipts(message, count):
    """[status, rev, lost, results, code] for each of the *count* changes that *message* is about."""
    odd = {row[0]: row[1:] for row in message.get("odd", [])}
    due, found = message.get("first", 0), []
    for place in range(count):
        status, rev, lost, results, code = odd.get(place, (0, due, [], {}, ""))
        found.append([STATUSES[status], rev, lost, results, code])
        due += rev == due
    return found


def in_words(stream):
    """*stream* as text for people to read: a message a line, a row a line beneath it."""
    lines = []
    for letter, body in messages(stream):
        rows = body.pop("changes", None) or body.pop("deltas", None) or []
        lines.append(f"{letter} {_text(body)}")
        lines += [f"    {_text(row)}" for row in rows]
    return "\n".join(lines) + "\n"


def _text(value):
    return json.dumps(value, ensure_ascii=False, default=lambda held: f"x'{held.hex()}'")
