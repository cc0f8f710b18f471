"""Where device and county differ in silence: the few records are found by ranges of ids and fetched again, and only they."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.store.agreement import Stream, StreamDigest
from app.store.store import Store
from sync.client.report import Tally
from sync.ranges import FEW, Question, Reply, Span, differing, short, split
from sync.wire import End, decode_down

_MOST_ASKED = 100
"""Questions in one request; what is left goes into the next."""
_REQUESTS, _PASSES = 30, 3
"""After so many requests, or looks at all streams, without agreement it is given up: the report says so."""
_FOR_EACH = 500
"""Records put right that are worth one request more."""
_NOT_BEFORE_MS = 3_600_000
"""A mending that did not help is not tried again for an hour: it costs bytes each time."""
_VAIN = "sync.mended_in_vain"


@dataclass(frozen=True, slots=True)
class _Range:
    stream: Stream
    low: str
    high: str
    theirs: int


class Mending:
    """The mending at the end of one exchange; nothing happens until ``begin`` says that it is worth it."""

    def __init__(self, store: Store, tally: Tally, now_ms: int) -> None:
        self._store = store
        self._tally = tally
        self._now_ms = now_ms
        self._active = False
        self._open: list[_Range] = []
        self._asked: list[_Range] = []
        self._later: list[_Range] = []
        self._looking = False
        self._requests = self._passes = 0

    @property
    def under_way(self) -> bool:
        """Whether the next request is about mending."""
        return self._active

    @property
    def want(self) -> tuple[str, ...]:
        """What the hello should ask for: single streams, while it isn't known which of them differ."""
        return ("streams",) if self._active and not self._open else ()

    def goes_on(self, agreed: bool) -> bool:
        """After a request that left nothing else to be said: whether another one should be made to mend."""
        meta = self._store.meta
        if agreed:
            if meta.get(_VAIN) is not None:
                with self._store.transaction():
                    meta.set(_VAIN, None)
            return False
        if not self._active:
            tried = meta.get(_VAIN)
            if tried is not None and 0 <= self._now_ms - tried < _NOT_BEFORE_MS:
                return False
            self._active = True
        done = self._requests > _REQUESTS + self._tally.mended // _FOR_EACH or (
            self._passes >= _PASSES and not self._open
        )
        if done:
            with self._store.transaction():
                meta.set(_VAIN, self._now_ms)
        return not done

    # -- up ---------------------------------------------------------------------------------------

    def questions(self) -> Iterator[Question]:
        """What this device holds of the ranges that differ: in parts while there are many, record by record when few are left."""
        if self._active:
            self._requests += 1
        self._looking = bool(self.want)
        self._asked, self._later, self._open = self._open[:_MOST_ASKED], self._open[_MOST_ASKED:], []
        for asked in self._asked:
            items = self._store.sync.held(asked.stream, asked.low, asked.high)
            if not items or max(len(items), asked.theirs) <= FEW:
                listed = tuple((record_id, short(held)) for record_id, held in items)
                yield Question(*asked.stream, asked.low, asked.high, items=listed)
            else:
                yield Question(*asked.stream, asked.low, asked.high, split(items, asked.low))

    def cut(self) -> None:
        """The request broke, or came to nothing: what it asked is asked again."""
        if self._asked:
            self._open = self._asked + self._later
            self._asked = self._later = []

    # -- down -------------------------------------------------------------------------------------

    def take(self, answer: Reply) -> None:
        """Put right what *answer* brings, and note where to look further."""
        stream = (answer.area, answer.stream)
        if answer.parts:
            held = self._store.sync.held(stream, answer.low, answer.high)
            spans = differing(answer.parts, answer.high, held)
            self._open += [_Range(stream, span.low, span.high, _larger(span)) for span in spans]
            return
        if answer.frame:
            deltas = decode_down(answer.frame).deltas
            self._store.sync.mend(deltas)
            self._tally.mended += len(deltas)
        if answer.missing:
            self._tally.mended += self._store.sync.only_here(stream, answer.missing)
        if answer.rest:
            self._open.append(_Range(stream, answer.rest, answer.high, FEW + 1))

    def end(self, end: End, agreed: bool) -> None:
        """A request is through: the answers are all there; single streams, where they were asked for, tell which to look into."""
        self._open += self._later
        self._asked = self._later = []
        if not self._looking or agreed:
            return
        self._passes += 1
        if self._passes == 1:
            # First at home: what the disk did to a value or a sum shows only when it is reckoned anew.
            self._store.sync.look(self._classes(end))
        theirs = {(area, name): StreamDigest(records, total) for area, name, records, total in end.streams}
        mine = self._store.sync.digests()
        differ = [stream for stream, held in mine.items() if theirs.get(stream, StreamDigest()) != held]
        self._open = [_Range(stream, "", "", theirs.get(stream, StreamDigest()).records) for stream in sorted(differ)]

    def _classes(self, end: End) -> list[str]:
        """The forms of the classes in which anything differs."""
        theirs = {(area, name): StreamDigest(records, total) for area, name, records, total in end.streams}
        mine = self._store.sync.digests()
        classes = {stream[1] for stream, held in mine.items() if theirs.get(stream, StreamDigest()) != held}
        return [form.name for form in self._store.forms.values() if form.stream in classes]


def _larger(span: Span) -> int:
    return max(span.records, len(span.mine))
