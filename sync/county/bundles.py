"""Bundles at the county: one from a device taken as an exchange, and its answer sealed for that device."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field

import msgpack
import sqlalchemy as sa

from app.errors import KnownError
from sync.county.aside import set_aside
from sync.county.county import County
from sync.county.rights import Device
from sync.county.session import Session
from sync.county.tables import STICK
from sync.sealed import Label, Letter, seal, unseal
from sync.wire import (
    Down,
    Hello,
    Message,
    Problem,
    Reader,
    Receipts,
    Up,
    WireError,
    decode_down,
    decode_up,
    encode,
    to_ranges,
)


@dataclass(frozen=True)
class Taken:
    """What came of a bundle.

    ``changes``: how many got which status; ``again``: how many of them the county had answered before, by whatever road.
    ``aside``: changes of a device that is no longer trusted, kept for a supervisor.
    ``answer``: the bundle for the device; ``records`` come down in it.
    """

    device: Device
    label: Label
    frames: int
    changes: Mapping[str, int]
    answer: bytes
    records: int = 0
    aside: int = 0
    again: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Answer:
    """The messages for a device, and what they hold."""

    messages: list[Message] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    known: AbstractSet[int] = frozenset()
    records: int = 0

    def add(self, message: Message, sizes: Mapping[int, int] | None = None) -> None:
        if isinstance(message, Receipts):
            self.numbers.append(message.number)
            count = (sizes or {}).get(message.number, 0)
            if message.code or not message.known:
                found = Counter({message.code or "unknown": count})
            else:
                found = Counter(item.status for item in message.spread(range(count)))
            self.statuses += found
            if message.number in self.known:
                self.again += found
        elif isinstance(message, Down):
            self.records += len(decode_down(message.content).deltas)
        self.messages.append(message)


def take(county: County, content: bytes) -> Taken:
    """Bring in a device's bundle, again and again if need be, and make its answer.

    Every frame is committed by itself, as over the network. KnownError where the file can't be used: then nothing of it was.
    """
    letter, device = _opened(county, content)
    messages = list(letter.messages())
    if not messages or not isinstance(messages[0], Hello):
        raise KnownError("bundle.torn")
    hello = messages[0]
    if (hello.county, hello.device, hello.incarnation) != (county.code, device.id, letter.label.incarnation):
        raise KnownError("bundle.forged")
    frames = [message.content for message in messages if isinstance(message, Up)]
    sizes = {frame.number: len(frame.changes) for frame in map(decode_up, frames)}
    if device.state != "active":
        count = set_aside(county, device, frames)
        return Taken(
            device, letter.label, len(frames), {}, _sealed(county, letter.label, (), _refusing(device)), aside=count
        )
    session = _session(county, device, hello)
    with county.database.snapshot() as conn:
        answered = county.applier.answered(conn, device, hello.incarnation, list(sizes))
    for frame in frames:
        session.take(frame)
    _remember(county, letter.label, hello)
    made = _Answer(known={number for number, receipts in answered.items() if receipts is not None})
    for message in session.answer():
        made.add(message, sizes)
    county.note(device, "bundle", frames=len(frames), changes=dict(made.statuses))
    return Taken(
        device,
        letter.label,
        len(frames),
        made.statuses,
        _sealed(county, letter.label, hello.void, made),
        made.records,
        again=made.again,
    )


def answer_again(county: County, device_id: str) -> Taken:
    """An answer to the newest bundle that came from a device, with what has happened since."""
    found = county.device_by_id(device_id)
    if found is None:
        raise KnownError("county.device_unknown", device=device_id)
    with county.database.snapshot() as conn:
        row = conn.execute(sa.select(STICK).where(*_key(county, device_id))).one_or_none()
    if row is None:
        raise KnownError("bundle.none_yet", device=device_id)
    device = found[0]
    label = Label(**msgpack.unpackb(row.label))
    if device.state != "active":
        return Taken(device, label, 0, {}, _sealed(county, label, (), _refusing(device)))
    (hello,) = Reader().feed(row.hello)
    if not isinstance(hello, Hello):
        raise WireError("no hello")
    made = _Answer()
    for message in _session(county, device, hello).answer():
        made.add(message)
    county.note(device, "bundle_again")
    return Taken(device, label, 0, {}, _sealed(county, label, hello.void, made), made.records)


def _opened(county: County, content: bytes) -> tuple[Letter, Device]:
    letter = unseal(content, county.keys.identity)
    label = letter.label
    if label.county != county.code:
        raise KnownError("bundle.not_for_us")
    found = county.device_by_id(label.device)
    if label.way != "up" or found is None or not letter.verified(found[1]):
        raise KnownError("bundle.forged")
    return letter, found[0]


def _session(county: County, device: Device, hello: Hello) -> Session:
    session = Session(county, device, hello, late=True)
    problem = session.open()
    if problem:
        # What a restore lost is brought back by questions and answers, which a file can't carry.
        code = "bundle.county_restored" if problem.code == "sync.county_restored" else problem.code
        raise KnownError(code, **problem.params)
    return session


def _refusing(device: Device) -> _Answer:
    made = _Answer()
    made.add(Problem("sync.wipe" if device.state == "wipe" else "sync.revoked"))
    return made


def _sealed(county: County, asked: Label, void: tuple[int, ...], made: _Answer) -> bytes:
    """*made* as the answer to the bundle *asked*, which says whom it is sealed for."""
    with county.database.snapshot() as conn:
        epoch, _ = county.standing(conn)
    label = Label(
        "down",
        secrets.token_hex(8),
        county.code,
        asked.device,
        asked.incarnation,
        county.now_ms(),
        epoch,
        to_ranges(made.numbers),
        answers=asked.id,
        void=void,
    )
    return seal(label, made.messages, county.keys.signing, asked.recipient)


def _remember(county: County, label: Label, hello: Hello) -> None:
    """Keep the newest hello of the device: an older bundle that turns up late says nothing new."""
    with county.database.plain() as conn:
        row = conn.execute(sa.select(STICK.c.made).where(*_key(county, label.device))).one_or_none()
        if row is None or row.made <= label.made:
            held = {
                "county": county.code,
                "device": label.device,
                "label": msgpack.packb(asdict(label)),
                "hello": encode(hello),
                "made": label.made,
                "at": county.now_ms(),
            }
            county.database.put(conn, STICK, [held])


def _key(county: County, device: str) -> Iterable[sa.ColumnElement[bool]]:
    return STICK.c.county == county.code, STICK.c.device == device
