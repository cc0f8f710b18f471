"""The exchange loop: frames up, receipts and deltas down, until nothing is left or the link gives up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import requests

from app.errors import KnownError
from app.schema.record import Change
from app.store.agreement import Area, Exchange, Frame
from app.store.outbox import Waiting
from app.store.store import Store
from sync.client.link import PIECE, Cut, Pace, checked, first_pace, network, post
from sync.wire import (
    VERSION,
    Down,
    End,
    Head,
    Hello,
    Message,
    Problem,
    Reader,
    Receipts,
    Up,
    WireError,
    agreement,
    decode_down,
    encode,
    encode_up,
    scope_tag,
    to_ranges,
)
from sync.wire import Area as WireArea

RETRIES = 3
"""How often in a row an exchange tries again when nothing at all came through."""
_RESEND = 4 << 10
"""Bytes up to which unanswered frames are simply sent again; asking first would cost more."""
_FIRST_GUESS = 60
_FEWEST, _MOST = 1, 2000
_CLOCK_MS = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exchange is: changes answered, records received, bytes each way so far, changes still left."""

    up: int
    down: int
    bytes_up: int
    bytes_down: int
    left: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went one way: changes or records, and bytes of the body."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """How an exchange went; ``error`` is why it ended early, and everything that got through is kept all the same."""

    ok: bool
    up: Traffic
    down: Traffic
    requests: int
    seconds: float
    left: Waiting
    conflicts: int
    refused: int
    in_agreement: bool
    error: KnownError | None = None


@dataclass
class _Tally:
    up: int = 0
    down: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    requests: int = 0
    waiting: int = 0
    touched: set[tuple[str, str]] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Grows whenever something came through."""
        return self.up + self.down


def exchange(
    store: Store,
    http: requests.Session,
    *,
    progress: Callable[[Progress], None] | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    tries: int = RETRIES,
) -> Report:
    """Exchange with the store's county until both have everything; never raises for what a network or a county does."""
    begun, tally = time.monotonic(), _Tally()
    error: KnownError | None = None
    agreed = False
    try:
        agreed = _Loop(store, http, tally, progress, now, sleep).run(tries)
    except KnownError as bad:
        error = bad
    except Cut:
        error = KnownError("sync.unreachable", url=store.sync.state.url)
    seconds = time.monotonic() - begun
    left = store.sync.waiting()
    report = Report(
        error is None,
        Traffic(tally.up, tally.bytes_up),
        Traffic(tally.down, tally.bytes_down),
        tally.requests,
        seconds,
        left,
        sum(store.count(name, {"status": "open"}) for name in store.forms if name.endswith("conflict")),
        len(store.sync.attention()),
        agreed and left.total == 0,
        error,
    )
    result = "ok" if report.ok else error.code if error else ""
    store.sync.log(
        Exchange(
            int(now() * 1000), "network", tally.up, tally.down, tally.bytes_up, tally.bytes_down, seconds, result,
            str(error) if error else "",
        )
    )  # fmt: skip
    return report


class _Loop:
    """Requests, one after the other, until a request leaves nothing to be said."""

    def __init__(
        self,
        store: Store,
        http: requests.Session,
        tally: _Tally,
        progress: Callable[[Progress], None] | None,
        now: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._store = store
        self._http = http
        self._tally = tally
        self._progress = progress
        self._now = now
        self._sleep = sleep
        self._absent: set[int] = set()

    def run(self, tries: int) -> bool:
        """Return whether county and device agree; Cut when *tries* requests in a row brought nothing through."""
        self._store.sync.ask_again()
        vain, asked_again = 0, False
        while True:
            before = self._tally.done
            request = _Request(self._store, self._http, self._tally, self._absent, self._now, self._tell)
            try:
                request.run()
            except Cut:
                self._absent.clear()
                vain = 0 if self._tally.done > before else vain + 1
                if vain >= tries:
                    raise
                self._sleep(random.uniform(0.5, 1.5) * 2**vain)  # noqa: S311 - spreads devices out, guards nothing
                continue
            vain = 0
            if request.again:
                continue
            if request.waiting and not asked_again and self._store.sync.ask_again():
                # What it waited for may have gone up behind it in this very exchange.
                asked_again = True
                continue
            return request.in_agreement

    def _tell(self) -> None:
        if self._progress:
            tally, left = self._tally, self._store.sync.waiting().total
            self._progress(Progress(tally.up, tally.down, tally.bytes_up, tally.bytes_down, left))


class _Request:
    """One request and its answer. ``again``: there is more to say."""

    def __init__(
        self,
        store: Store,
        http: requests.Session,
        tally: _Tally,
        absent: set[int],
        now: Callable[[], float],
        tell: Callable[[], None],
    ) -> None:
        self._store = store
        self._sync = store.sync
        self._http = http
        self._tally = tally
        self._absent = absent
        self._now = now
        self._tell = tell
        self._state = self._sync.state
        if not self._state.county:
            raise KnownError("sync.not_enrolled")
        self._url = checked(self._state.url)
        self._pace: Pace = first_pace(self._url, store.meta.get("sync.rate"))
        self._open: dict[int, Frame] = {frame.number: frame for frame in self._sync.open_frames()}
        self._cursors = self._sync.cursors()
        self._void: list[int] = []
        self._foreign = False
        self._ended = False
        self.again = False
        self.waiting = False
        self.in_agreement = False

    def run(self) -> None:
        """Send what there is, apply what comes; Cut where the link broke, with everything before it applied."""
        frames = list(self._open.values())
        unsure = [frame.number for frame in frames if frame.number not in self._absent]
        ask = unsure if sum(len(frame.content) for frame in frames) > _RESEND else []
        self._tally.requests += 1
        begun, before = time.monotonic(), self._tally.bytes_up
        response = post(self._http, self._url, self._body(frames, ask), self._state.token, self._state.ca)
        self._measure(self._tally.bytes_up - before, time.monotonic() - begun)
        reader = Reader()
        with response:
            stream = response.iter_content(None)
            while True:
                with network():
                    data = next(stream, b"")
                if not data:
                    break
                self._tally.bytes_down += len(data)
                for message in reader.feed(data):
                    self._take(message)
        if not self._ended:
            raise Cut("answer")
        if self._void:
            self._sync.void_confirmed(self._void)

    # -- up ---------------------------------------------------------------------------------------

    def _body(self, frames: list[Frame], ask: list[int]) -> Iterator[bytes]:
        """Hello and frames in small pieces; new frames are made while the earlier ones are on their way."""
        held = bytearray(encode(self._hello(ask)))
        budget = self._pace.batch
        for message in self._frames(frames, ask):
            held += message
            budget -= len(message)
            while len(held) >= PIECE:
                self._tally.bytes_up += PIECE
                yield bytes(held[:PIECE])
                del held[:PIECE]
            if budget <= 0:
                self.again = True
                break
        self._tally.bytes_up += len(held)
        yield bytes(held)

    def _frames(self, frames: list[Frame], ask: list[int]) -> Iterator[bytes]:
        for known in frames:
            if known.number not in ask:
                yield encode(Up(known.content))
        if ask:
            # What the county has of them decides what is sent next; nothing is sent twice for want of asking.
            self.again = True
            return
        weight = float(_FIRST_GUESS)
        most = min(max(int(self._pace.frame / weight), _FEWEST), _MOST)
        limit = self._store.meta.integer("sync.most") or _MOST
        while frame := self._sync.compose(min(most, limit), self._encode):
            self._open[frame.number] = frame
            weight = max(len(frame.content) / len(frame.counters), 1.0)
            most = min(max(int(self._pace.frame / weight), _FEWEST), _MOST)
            yield encode(Up(frame.content))

    def _encode(self, number: int, changes: list[Change]) -> bytes:
        return encode_up(number, changes, self._pace.level)

    def _hello(self, ask: list[int]) -> Hello:
        state = self._state
        cursors: dict[str, tuple[int, bytes]] = {}
        behind: list[tuple[str, str, int]] = []
        for name, held in self._cursors.items():
            most = max(held.values())
            rev, _, tag = self._sync.tag(name).partition(":")
            cursors[name] = most, bytes.fromhex(tag) if rev == str(most) else b""
            behind += [(name, area, rev) for area, rev in held.items() if rev < most]
        self._void = self._sync.voided()
        areas = [WireArea(row["code"], row["name"], row["level"], row["parent"]) for row in self._store.areas()]
        last = self._store.meta.integer("frame")
        have = to_ranges(set(range(1, last + 1)) - self._open.keys() - set(self._void))
        return Hello(
            VERSION,
            state.county,
            state.device,
            state.incarnation,
            state.epoch,
            int(self._now() * 1000),
            scope_tag(areas, [(area, name) for name, held in self._cursors.items() for area in held]),
            cursors,
            tuple(behind),
            have,
            tuple(ask),
            tuple(self._void),
            self._pace.frame,
            self._pace.level,
        )

    def _measure(self, sent: int, seconds: float) -> None:
        """Learn the link's rate from a request: from its first byte to the first byte of the answer.

        The county's work is in it too, so it never says too much: the best of late counts.
        """
        if sent > 8 * PIECE:
            held = self._store.meta.get("sync.rate") or 0
            with self._store.transaction():
                self._store.meta.set("sync.rate", max(sent / seconds, held * 0.7))

    # -- down -------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        match message:
            case Head():
                self._head(message)
            case Receipts():
                self._receipts(message)
            case Down():
                self._down(message)
            case End():
                self._end(message)
            case Problem(code="sync.busy"):
                raise Cut("busy")
            case Problem():
                raise KnownError(message.code, **dict(message.params))
        self._tell()

    def _head(self, head: Head) -> None:
        if head.county != self._state.county:
            raise KnownError("sync.foreign_county", county=head.county)
        if head.epoch != self._state.epoch:
            raise KnownError("sync.county_restored")
        offset = head.clock - int(self._now() * 1000)
        if abs(offset - self._state.offset_ms) > _CLOCK_MS:
            self._sync.set_offset(offset)
        if head.areas is not None and head.streams is not None:
            self._sync.set_areas([Area(area.code, area.name, area.level, area.parent) for area in head.areas])
            self._sync.set_scope(set(head.streams))

    def _receipts(self, message: Receipts) -> None:
        frame = self._open.get(message.number)
        if frame is None or self._foreign:
            return
        if message.code == "sync.not_yours":
            # A cloned disk, or a device set back: under a new incarnation everything unanswered is framed anew.
            self._sync.new_incarnation()
            self._foreign = self.again = True
        elif message.code == "sync.void":
            self._sync.void(frame.number)
            self.again = True
        elif not message.known:
            self._lost(frame)
        else:
            receipts = message.spread(frame.counters)
            self._sync.receipts(frame.number, receipts)
            del self._open[frame.number]
            self._tally.up += sum(receipt.final for receipt in receipts)
            self.waiting = self.waiting or not all(receipt.final for receipt in receipts)

    def _lost(self, frame: Frame) -> None:
        """The county never got *frame* whole: once more, or, after two failures, anew and smaller."""
        self._absent.add(frame.number)
        if self._sync.failed(frame.number) >= 2 and len(frame.counters) > 1:
            self._sync.void(frame.number)
            with self._store.transaction():
                self._store.meta.set("sync.most", max(len(frame.counters) // 2, 1))

    def _down(self, message: Down) -> None:
        if self._foreign:
            return
        frame = decode_down(message.content)
        moved: dict[tuple[str, str], int] = {}
        tags: dict[str, str] = {}
        for move in frame.moves:
            held = self._cursors.get(move.stream, {})
            areas = move.areas or [area for area, rev in held.items() if rev >= move.before]
            if any(held.get(area, -1) < move.before for area in areas) or not areas:
                raise WireError("gap", "sync.gap")
            for area in areas:
                held[area] = max(held[area], move.after)
                moved[area, move.stream] = held[area]
            if move.areas is None:
                tags[move.stream] = f"{move.after}:{move.tag.hex()}"
        self._sync.deltas(frame.deltas, moved, tags=tags)
        self._tally.down += len(frame.deltas)

    def _end(self, end: End) -> None:
        self._ended = True
        if end.again or self._foreign:
            self.again = True
            return
        mine = {key: (held.records, held.total) for key, held in self._sync.digests().items()}
        self.in_agreement = agreement(mine) == end.digest
        limit = self._store.meta.integer("sync.most")
        if limit:
            # Frames were made smaller on a bad day; a request that came through lets them grow again.
            with self._store.transaction():
                self._store.meta.set("sync.most", limit * 2 if limit < _MOST else 0)
