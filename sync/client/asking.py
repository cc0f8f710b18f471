"""One request to the county and its answer: frames up, then receipts and deltas as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import requests

from app.errors import KnownError
from app.schema.record import Change, Receipt
from app.store.agreement import Frame
from app.store.store import Store
from sync.client.greeting import greeting
from sync.client.link import PIECE, Cut, Pace, checked, first_pace, network, post
from sync.client.mending import Mending
from sync.client.report import Tally
from sync.client.taking import MOST_CHANGES, TRIES, Answer
from sync.wire import End, Hello, Message, Reader, Reply, Up, encode, encode_up, fits

_RESEND = 4 << 10
"""Bytes up to which unanswered frames are simply sent again; asking first would cost more."""
_FIRST_GUESS = 60
_FEWEST = 1
_STRETCH = 2
"""How many times the size that suits the link a frame may have before it is filled anew with fewer changes."""


class Request:
    """One request and its ``answer``."""

    def __init__(
        self,
        store: Store,
        http: requests.Session,
        tally: Tally,
        absent: set[int],
        now: Callable[[], float],
        tell: Callable[[], None],
        mending: Mending,
    ) -> None:
        self._mending = mending
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
        self._void: list[int] = []
        # The frames of this request, where in its body each ends, and how much of it has left.
        self._numbers: list[int] = []
        self._ends: list[int] = []
        self._gone = 0
        self.answer = Answer(store, tally, self._open, absent, now)

    def run(self) -> None:
        """Send what there is, apply what comes; Cut where the link broke, with everything before it applied."""
        frames = list(self._open.values())
        unsure = [frame.number for frame in frames if frame.number not in self._absent]
        ask = unsure if sum(len(frame.content) for frame in frames) > _RESEND else []
        self._tally.requests += 1
        begun, before = time.monotonic(), self._tally.bytes_up
        try:
            response = post(self._http, self._url, self._body(frames, ask), self._state.token, self._state.ca)
        finally:
            self._sync.handed(n for n, end in zip(self._numbers, self._ends, strict=False) if end <= self._gone)
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
                    self._tell()
        if not self.answer.ended:
            raise Cut("answer")
        if self._void:
            self._sync.void_confirmed(self._void)

    def _take(self, message: Message) -> None:
        if isinstance(message, Reply):
            self._mending.take(message)
            return
        self.answer.take(message)
        if isinstance(message, End) and not self.answer.again:
            self._mending.end(message, self.answer.in_agreement)

    # -- up ---------------------------------------------------------------------------------------

    def _body(self, frames: list[Frame], ask: list[int]) -> Iterator[bytes]:
        """Hello and frames in small pieces; new frames are made while the earlier ones are on their way."""
        held = bytearray(encode(self._hello(ask)))
        budget, made = self._pace.batch, len(held)
        for message in self._frames(frames, ask):
            held += message
            made += len(message)
            self._ends.append(made)
            budget -= len(message)
            while len(held) >= PIECE:
                self._tally.bytes_up += PIECE
                yield bytes(held[:PIECE])
                self._gone += PIECE
                del held[:PIECE]
            if budget <= 0:
                self.answer.again = True
                break
        for question in self._mending.questions():
            held += encode(question)
        self._tally.bytes_up += len(held)
        yield bytes(held)
        self._gone += len(held)

    def _frames(self, frames: list[Frame], ask: list[int]) -> Iterator[bytes]:
        # One that failed again and again goes last, the longest behind the others, so that it holds up nothing but itself.
        late = [known for known in frames if known.tries >= TRIES and known.number not in ask]
        late.sort(key=lambda known: len(known.content))
        for known in frames:
            if known.number not in ask and known not in late:
                yield self._up(known)
        if ask:
            # What the county has of them decides what is sent next; nothing is sent twice for want of asking.
            self.answer.again = True
            return
        weight = float(_FIRST_GUESS)
        most = min(max(int(self._pace.frame / weight), _FEWEST), MOST_CHANGES)
        limit = self._store.meta.integer("sync.most") or MOST_CHANGES
        while frame := self._sync.compose(min(most, limit), self._encode, _STRETCH * self._pace.frame):
            if len(frame.counters) == 1 and not fits(frame.content):
                self._sync.receipts(frame.number, [Receipt(frame.counters[0], "refused", code="sync.change_too_large")])
                continue
            self._open[frame.number] = frame
            weight = max(len(frame.content) / len(frame.counters), 1.0)
            most = min(max(int(self._pace.frame / weight), _FEWEST), MOST_CHANGES)
            yield self._up(frame)
        for known in late:
            yield self._up(known)

    def _up(self, frame: Frame) -> bytes:
        self._numbers.append(frame.number)
        return encode(Up(frame.content))

    def _encode(self, number: int, changes: list[Change]) -> bytes:
        return encode_up(number, changes, self._pace.level)

    def _hello(self, ask: list[int]) -> Hello:
        hello = greeting(self._store, self._open, ask, self._pace, self._now())
        self._void = list(hello.void)
        return replace(hello, want=(*hello.want, *self._mending.want))

    def _measure(self, sent: int, seconds: float) -> None:
        """Learn the link's rate from a request: from its first byte to the first byte of the answer.

        The county's work is in it too, so it never says too much: the best of late counts.
        """
        if sent > 8 * PIECE:
            held = self._store.meta.get("sync.rate") or 0
            with self._store.transaction():
                self._store.meta.set("sync.rate", max(sent / seconds, held * 0.7))
