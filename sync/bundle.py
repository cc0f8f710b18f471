"""The exchange without a network: a file for the county with everything unsent, and the county's answer read from a file."""

from __future__ import annotations

import copy
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.errors import KnownError
from app.store.agreement import Exchange
from app.store.outbox import Waiting
from app.store.sealing import Written
from app.store.store import Store
from sync.client.filling import Filling
from sync.client.greeting import greeting
from sync.client.link import suited
from sync.client.report import Tally
from sync.client.retiring import heard
from sync.client.speaking import abilities, doubt, give_up_unread
from sync.client.taking import TRIES, Answer, advance
from sync.sealed import Label, Letter, new_identity, recipient_of, seal, unseal
from sync.wire import STREAMED, TAKEN, Down, End, Head, Message, Problem, Up, decode_down, needed, to_ranges


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file for the county; nothing in it counts as delivered before the county's receipts come."""

    content: bytes
    written: Written


@dataclass(frozen=True, slots=True)
class Answered:
    """What the county's answer brought: changes with a final receipt, records from others, and how things stand after it.

    ``again``: there is more to fetch; another bundle brings it. ``made``: when the county made it, in milliseconds since 1970.
    ``known``: the same file was read before.
    """

    up: int
    down: int
    bytes: int
    made: int
    left: Waiting
    conflicts: int
    refused: int
    in_agreement: bool
    again: bool
    known: bool = False


def write(store: Store, *, now: Callable[[], float] = time.time) -> Bundle:
    """Everything without a final receipt, sealed for the county; the same frames go over the network as well, if it comes back.

    KnownError("sync.not_enrolled", "bundle.no_keys").
    """
    return _write(store, now)


def seal_unsent(store: Store, *, now: Callable[[], float] = time.time) -> bytes:
    """What a device that is to be wiped has not sent, sealed as a bundle.

    At the county it is brought in like any other; the changes of a revoked device lie there for a supervisor. The caller sees to
    it that the file is on the disk before anything is destroyed.
    """
    return _write(store, now).content


def note(store: Store, bundle: Bundle, name: str = "", *, seconds: float = 0.0) -> None:
    """*bundle* is on the disk as *name*: its answer is looked for from now on, and it stands among the past exchanges."""
    written = replace(bundle.written, name=name)
    store.sync.note_written(written)
    store.sync.log(Exchange(written.at, "bundle", written.changes, 0, written.bytes, 0, seconds, "written", name))


def read(
    store: Store, content: bytes, *, now: Callable[[], float] = time.time, progress: Callable[[int], None] | None = None
) -> Answered:
    """Take the county's answer; what can't be used is refused in words, and then nothing was changed.

    KnownError("bundle.…", "sync.gap", "sync.revoked", "sync.wipe").
    """
    begun = time.monotonic()
    letter = _opened(store, content)
    messages = list(letter.messages())
    if not messages or not isinstance(messages[-1], End | Problem):
        raise KnownError("bundle.torn")
    if letter.label.made < _last_heard(store) and any(map(_of_its_day, messages)):
        raise KnownError("bundle.outdated")
    _check_gap(store, messages)
    known = store.sync.was_read(letter.label.id)
    tally = Tally()
    answer = Answer(store, tally, {frame.number: frame for frame in store.sync.open_frames()}, set(), now, late=True)
    store.sync.began()
    try:
        for message in messages:
            answer.take(message)
            if progress:
                progress(tally.down)
    except KnownError as bad:
        # By whatever road a device hears that it is out of use, it locks. An old answer releases nothing.
        heard(store, bad)
        doubt(store, bad)
        raise
    store.sync.void_confirmed(letter.label.void)
    store.sync.note_answered(letter.label.answers, letter.label.id, int(now() * 1000), letter.label.made)
    store.sync.log(
        Exchange(
            int(now() * 1000), "bundle", tally.up, tally.down, 0, len(content), time.monotonic() - begun, "ok", ""
        )
    )  # fmt: skip
    left = store.sync.waiting()
    agreed = answer.in_agreement and left.total == 0
    store.sync.ended(agreed, letter.label.made)
    return Answered(
        tally.up,
        tally.down,
        len(content),
        letter.label.made,
        left,
        store.sync.open_conflicts(),
        len(store.sync.attention()),
        agreed,
        answer.again,
        known,
    )


# -- up -------------------------------------------------------------------------------------------


def _write(store: Store, now: Callable[[], float]) -> Bundle:
    sync, state = store.sync, store.sync.state
    if not state.county:
        raise KnownError("sync.not_enrolled")
    recipient, _ = sync.county_keys
    if not recipient or not sync.signing_key:
        raise KnownError("bundle.no_keys")
    sync.ask_again()
    if _in_vain(store):
        # A county of an older program can't even answer what it can't read.
        doubt(store, KnownError("sync.garbage"))
    give_up_unread(store)
    pace = suited(store, state.url)
    # As over the network: where the county reads one stream, a frame is compressed with those before it.
    for _ in Filling(store, pace, raw=STREAMED in abilities(store)).frames():
        pass
    state = sync.state
    frames = sync.open_frames()
    waiting = sync.waiting()
    # The frames of the answer are compressed by themselves, one not leaning on another.
    hello = replace(greeting(store, {frame.number: frame for frame in frames}, (), pace, now()), capabilities=(TAKEN,))
    label = Label(
        "up",
        secrets.token_hex(8),
        state.county,
        state.device,
        state.incarnation,
        int(now() * 1000),
        state.epoch,
        to_ranges(frame.number for frame in frames),
        recipient_of(sync.identity(lambda: new_identity()[0])),
    )
    messages: list[Message] = [hello, *(Up(frame.content) for frame in frames)]
    content = seal(label, messages, sync.signing_key, recipient)
    return Bundle(
        content,
        Written(
            label.id,
            label.made,
            sum(len(frame.counters) for frame in frames),
            waiting.urgent,
            len(content),
            hashlib.sha256(content).hexdigest(),
            incarnation=label.incarnation,
            frames=label.frames,
        ),
    )


def _in_vain(store: Store) -> bool:
    """Whether frames that not every county reads stood in so many bundles that nobody answered."""
    sync = store.sync
    mine = [one for one in sync.written() if not one.answered and one.incarnation == sync.state.incarnation]
    return any(
        sum(low <= frame.number <= high for one in mine for low, high in one.frames) >= TRIES
        for frame in sync.open_frames()
        if needed(frame.content)
    )


# -- down -----------------------------------------------------------------------------------------


def _opened(store: Store, content: bytes) -> Letter:
    """The county's answer to a bundle of this very device and incarnation; KnownError for everything else."""
    sync, state = store.sync, store.sync.state
    if not state.county:
        raise KnownError("sync.not_enrolled")
    written = sync.written()
    if hashlib.sha256(content).hexdigest() in {line.hash for line in written}:
        raise KnownError("bundle.own")
    letter = unseal(content, sync.identity(lambda: new_identity()[0]))
    label = letter.label
    _, verify = sync.county_keys
    if not verify:
        raise KnownError("bundle.no_keys")
    if not letter.verified(bytes.fromhex(verify)):
        sync.doubt_county_keys()
        raise KnownError("bundle.forged")
    if label.county != state.county:
        raise KnownError("sync.foreign_county", county=label.county)
    if label.way != "down" or label.device != state.device:
        raise KnownError("bundle.not_for_us")
    # Under another incarnation the same numbers mean other frames, and what it left out is not here any more.
    known = label.answers in {line.id for line in written}
    if label.incarnation != state.incarnation or label.epoch < state.epoch or not known:
        raise KnownError("bundle.outdated")
    return letter


def _of_its_day(message: Message) -> bool:
    """Whether *message* is only true until the county says otherwise: a scope, or that the device is out of use."""
    return isinstance(message, Problem) or (isinstance(message, Head) and message.streams is not None)


def _last_heard(store: Store) -> int:
    """When the county made what this device last took of it, by whatever road; in milliseconds since 1970 UTC by its clock."""
    met = [line.at for line in store.sync.exchanges() if line.road == "network" and line.result == "ok"]
    return max(max(met, default=0) + store.sync.state.offset_ms, store.sync.answer_heard)


def _check_gap(store: Store, messages: list[Message]) -> None:
    """WireError("sync.gap") where a frame begins beyond a cursor: found out before anything is applied."""
    cursors = copy.deepcopy(store.sync.cursors())
    for message in messages:
        if isinstance(message, Down):
            advance(cursors, decode_down(message.content).moves)
