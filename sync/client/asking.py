"""One request to the county and its answer: frames up, then receipts and deltas as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import requests

from app.errors import KnownError
from app.schema.record import Change, Receipt
from app.store.agreement import Area, Frame
from app.store.store import Store
from sync.client.link import PIECE, Cut, Pace, checked, first_pace, network, post
from sync.client.report import Tally
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
    fits,
    frame_hash,
    scope_tag,
    to_ranges,
)
from sync.wire import Area as WireArea

_RESEND = 4 << 10
"""Bytes up to which unanswered frames are simply sent again; asking first would cost more."""
_FIRST_GUESS = 60
_FEWEST, _MOST = 1, 2000
_CLOCK_MS = 1000
_TRIES = 2
"""Failures after which a frame is made smaller, or, if it holds but one change, goes behind all others."""
_STRETCH = 2
"""How many times the size that suits the link a frame may have before it is filled anew with fewer changes."""


class Request:
    """One request and its answer. ``again``: there is more to say."""

    def __init__(
        self,
        store: Store,
        http: requests.Session,
        tally: Tally,
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
        self._carried = False
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
        # One that failed again and again goes last, the longest behind the others, so that it holds up nothing but itself.
        late = [known for known in frames if known.tries >= _TRIES and known.number not in ask]
        late.sort(key=lambda known: len(known.content))
        for known in frames:
            if known.number not in ask and known not in late:
                yield encode(Up(known.content))
        if ask:
            # What the county has of them decides what is sent next; nothing is sent twice for want of asking.
            self.again = True
            return
        weight = float(_FIRST_GUESS)
        most = min(max(int(self._pace.frame / weight), _FEWEST), _MOST)
        limit = self._store.meta.integer("sync.most") or _MOST
        while frame := self._sync.compose(min(most, limit), self._encode, _STRETCH * self._pace.frame):
            if len(frame.counters) == 1 and not fits(frame.content):
                self._sync.receipts(frame.number, [Receipt(frame.counters[0], "refused", code="sync.change_too_large")])
                continue
            self._open[frame.number] = frame
            weight = max(len(frame.content) / len(frame.counters), 1.0)
            most = min(max(int(self._pace.frame / weight), _FEWEST), _MOST)
            yield encode(Up(frame.content))
        for known in late:
            yield encode(Up(known.content))

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
        other = bool(message.content) and message.content != frame_hash(frame.content)
        if other or message.code == "sync.not_yours":
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
            self._carried = True
            del self._open[frame.number]
            self._tally.up += sum(receipt.final for receipt in receipts)
            self.waiting = self.waiting or not all(receipt.final for receipt in receipts)

    def _lost(self, frame: Frame) -> None:
        """The county never got *frame* whole: once more, or, after two failures, anew and smaller."""
        self._absent.add(frame.number)
        if self._sync.failed(frame.number) >= _TRIES and len(frame.counters) > 1:
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
        if limit and self._carried:
            # Frames were made smaller on a bad day; a request that brought some through lets them grow again.
            with self._store.transaction():
                self._store.meta.set("sync.most", limit * 2 if limit < _MOST else 0)
