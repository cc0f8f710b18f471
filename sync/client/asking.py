"""One request to the county and its answer: frames up, then receipts and deltas as they come."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import requests

from app.errors import KnownError
from app.store.agreement import Frame
from app.store.store import Store
from sync.client.filling import FIRST_GUESS, Filling
from sync.client.greeting import greeting
from sync.client.link import PIECE, Cut, Pace, Stopwatch, checked, portions, post, suited
from sync.client.mending import Mending
from sync.client.outgoing import Outgoing
from sync.client.report import Tally
from sync.client.speaking import abilities, capable, give_up_unread
from sync.client.taking import TRIES, Answer
from sync.wire import ONWARD, STREAMED, Down, End, Head, Hello, Message, Reader, Receipts, Reply, Up, Writer, encode

_RESEND = 4 << 10
"""Bytes up to which unanswered frames are simply sent again; asking first would cost more."""
_FEW = 20
"""Changes up to which a request is not worth a zstd stream."""
_TELLING = 32 << 10
"""Bytes from which on a transfer says something of the link's rate."""
_FEW_FRAMES, _MANY_FRAMES = 3, 12
"""Frames carried before a cut: with fewer, half a frame lost costs more than smaller ones would; with so many they may be longer."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of an answer that was cut: who read it, under which incarnation and in which epoch."""

    reader: Reader
    incarnation: str
    epoch: int


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
        cut: Left | None = None,
        going: Outgoing | None = None,
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
        self._pace: Pace = suited(store, self._url)
        give_up_unread(store)
        self._open: dict[int, Frame] = {frame.number: frame for frame in self._sync.open_frames()}
        # A zstd stream needs a county that reads it, and is worth it where there is something to say.
        able = abilities(store)
        self._streamed = STREAMED in able and (self._sync.waiting().total > _FEW or bool(self._open))
        self._onward = ONWARD in able
        self._stream = self._new_stream()
        going = going if going and going.begun_in(self._state.incarnation, self._state.epoch) else None
        self.outgoing: Outgoing | None = going
        """What the next request may go on with: the stream of this one, or of an earlier one that was cut."""
        self.further = False
        """Whether it went on with that stream from further on than any before."""
        self._asked_of: Outgoing | None = None
        self._again: tuple[bytes, Mapping[int, int]] = (b"", {})
        self._filling = Filling(store, self._pace, raw=self._streamed, ratio=lambda: self._writer.ratio)
        self._watchful = True
        self._void: list[int] = []
        self._link = Stopwatch()
        self._sent = self._got = self._before = self._frames_down = 0
        # Where in the body each frame ends.
        self._ends: list[tuple[int, int]] = []
        self.answer = Answer(store, tally, self._open, absent, now)
        state = self._state
        self._cut = cut if cut and (cut.incarnation, cut.epoch) == (state.incarnation, state.epoch) else None
        self._reader = Reader(cut=self._cut.reader if self._cut else None)
        self._reading = True

    @property
    def _writer(self) -> Writer:
        return self._stream.writer

    def run(self) -> None:
        """Send what there is, apply what comes; Cut where the link broke, with everything before it applied."""
        self._tally.requests += 1
        self._link.start()
        try:
            response = post(self._http, self._url, self._body(*self._planned()), self._state.token, self._state.ca)
        except Cut as cut:
            if cut.after:
                # It doesn't hold the stream, or won't: begun anew it could be read.
                self.outgoing, self.further = None, False
            raise
        finally:
            self._sync.handed(number for end, number in self._ends if end <= self._sent)
        with response:
            for portion in portions(response, self._arrived, self._reader):
                for verdicts, messages in itertools.groupby(portion, lambda message: isinstance(message, Receipts)):
                    if verdicts:
                        self._take_verdicts([message for message in messages if isinstance(message, Receipts)])
                        continue
                    for message in messages:
                        self._take(message)
                        if isinstance(message, Down) and self._sync.urgent_unsent():
                            # Leaving the block ends the answer where it is; the next request begins with the urgent change.
                            self.answer.again = True
                            return
        if not self.answer.ended:
            raise Cut("answer")
        if self.outgoing is self._stream:
            self.outgoing = None
        self._measure("sync.rate_down", self._got - self._before)
        self._grow()
        if self._void:
            self._sync.void_confirmed(self._void)

    def _arrived(self, size: int) -> None:
        self._tally.bytes_down += size
        self._got += size

    def _take(self, message: Message) -> None:
        if isinstance(message, Head):
            self._measure("sync.rate", self._sent, message.worked / 1000)
            self._link.start()
            capable(self._store, message)
            self._told_of_stream(message.came)
        self._reading = False
        with self._link.own_work():
            self._used(message)
        self._reading = True
        self._frames_down += isinstance(message, Down)
        self._tell()

    def _take_verdicts(self, messages: list[Receipts]) -> None:
        """Those that are there already cost fewer writes together."""
        self._reading = False
        self.answer.take_together(messages)
        self._reading = True
        # They come as the county gets its work done: that says nothing of the link.
        self._link.start()
        self._before = self._got
        self._tell()

    def _used(self, message: Message) -> None:
        if isinstance(message, Reply):
            self._mending.take(message)
            return
        self.answer.take(message)
        if isinstance(message, End) and not self.answer.again:
            self._mending.end(message, self.answer.in_agreement)

    # -- up ---------------------------------------------------------------------------------------

    def _planned(self) -> tuple[Iterator[Frame], list[int]]:
        """The frames that this request carries, made as they are taken, and the numbers that the county is asked after."""
        frames = list(self._open.values())
        framed = self._urgent_frames()
        others = sum(len(frame.content) for frame in frames if frame.number not in framed)
        left = self._sync.waiting()
        if framed or self._sync.urgent_unsent():
            # With much else in the same request, its answer would come too late; with little else it needs no watching.
            if others + (left.normal + left.bulk) * FIRST_GUESS > self._pace.frame:
                # What failed is asked after here too, or it would go the same way for ever.
                long = sum(len(self._open[number].content) for number in framed) > _RESEND
                ask = sorted(framed - self._absent) if long else []
                return self._urgent(framed - set(ask)), ask
            self._watchful = False
        unsure = [frame.number for frame in frames if frame.number not in self._absent]
        ask = unsure if sum(len(frame.content) for frame in frames) > _RESEND else []
        if not ask:
            self._go_on()
        return self._all([frame for frame in frames if frame.number not in self._again[1]], ask), ask

    def _new_stream(self, name: bytes = b"") -> Outgoing:
        return Outgoing(
            Writer(self._pace.level if self._streamed else None, name), self._state.incarnation, self._state.epoch
        )

    def _go_on(self) -> None:
        """The frames go out in the stream that was cut, from the byte on, where county and device can; or in one that can be gone on with."""
        if self._streamed and self.outgoing and (again := self.outgoing.onward(self._open)):
            self._stream, self._again = self.outgoing, again
        elif self._onward:
            self._stream = self._new_stream(secrets.token_bytes(8))
        self.outgoing = self._stream if self._stream.name else None

    def _told_of_stream(self, came: int) -> None:
        """The county told how much *came* of a stream that was asked after."""
        if self._asked_of and self.outgoing is self._asked_of:
            self._asked_of.came = came
            if came < 0:
                self.outgoing = None

    def _begin(self, ask: list[int]) -> bytes:
        """The hello: in the stream, or before what is still to come of it."""
        hello, (again, ends) = self._hello(ask), self._again
        if not again:
            begin = self._writer.write(hello)
            self._stream.greeted()
            return begin
        plain = encode(hello)
        self._ends += [(len(plain) + end, number) for number, end in ends.items()]
        self.further = self._stream.set_out()
        return plain + again

    def _body(self, frames: Iterator[Frame], ask: list[int]) -> Iterator[bytes]:
        """Hello and frames in small pieces; new frames are made while the earlier ones are on their way."""
        held = bytearray(self._begin(ask))
        budget = self._pace.batch - len(held)
        while self._again[0] and len(held) >= PIECE:
            yield from self._piece(held)
            if self._watchful and self._sync.urgent_unsent():
                # Saved while this goes out again: what is in flight goes to its end, the next request begins with the urgent change.
                self.answer.again = True
                end = next((end for end, _ in self._ends if end >= self._sent), self._sent + len(held))
                del held[end - self._sent :]
                while held:
                    yield from self._piece(held)
                return
        while True:
            with self._link.own_work():
                frame = next(frames, None)
                message = self._writer.write(Up(frame.content)) if frame else b""
            if frame is None:
                break
            held += message
            self._stream.framed(frame)
            self._ends.append((self._sent + len(held), frame.number))
            budget -= len(message)
            while len(held) >= PIECE:
                yield from self._piece(held)
            if budget <= 0:
                self.answer.again = True
                break
        for question in self._mending.questions():
            held += self._writer.write(question)
            self.outgoing = None  # asked once more, it is another question
        while held:
            yield from self._piece(held)

    def _piece(self, held: bytearray) -> Iterator[bytes]:
        piece = bytes(held[:PIECE])
        self._tally.bytes_up += len(piece)
        yield piece
        self._sent += len(piece)
        del held[:PIECE]
        self._tell()

    def _urgent_frames(self) -> set[int]:
        """The urgent frames that go before all others: not one that failed again and again, which would hold them up."""
        return {
            number for number in self._sync.urgent_frames() if (held := self._open.get(number)) and held.tries < TRIES
        }

    def _urgent(self, framed: set[int]) -> Iterator[Frame]:
        """The urgent frames alone, those of *framed* first: their answer begins at once."""
        self.answer.again = True
        yield from [frame for number, frame in self._open.items() if number in framed]
        while frame := self._filling.next(urgent=True):
            self._open[frame.number] = frame
            yield frame

    def _all(self, frames: list[Frame], ask: list[int]) -> Iterator[Frame]:
        # One that failed again and again goes last, the longest behind the others, so that it holds up nothing but itself.
        late = [known for known in frames if known.tries >= TRIES and known.number not in ask]
        late.sort(key=lambda known: len(known.content))
        first = [known for known in frames if known.number not in ask and known not in late]
        if ask:
            # What the county has of them decides what is sent next; nothing is sent twice for want of asking.
            self.answer.again = True
        for frame in itertools.chain(first, () if ask else self._new(), late):
            yield frame
            if self._watchful and (self._sync.urgent_unsent() or self._urgent_frames()):
                # Saved while this request was under way: it ends here.
                yield from self._urgent(set())
                return

    def _new(self) -> Iterator[Frame]:
        for frame in self._filling.frames():
            self._open[frame.number] = frame
            yield frame

    def _hello(self, ask: list[int]) -> Hello:
        hello = greeting(self._store, self._open, ask, self._pace, self._now())
        self._void = list(hello.void)
        # What carries more than the hello is answered anew.
        more = self._mending.under_way or self._open or self._sync.waiting().total
        resume = self._cut.reader.resume if self._cut and not more else (b"", 0)
        onward = self.outgoing.asks(ask) if self.outgoing else b""
        self._asked_of = self.outgoing if onward else None
        return replace(hello, want=(*hello.want, *self._mending.want), resume=resume, onward=onward)

    # -- what is learned of county and link -----------------------------------------------------------

    def _measure(self, name: str, size: int, worked: float = 0.0) -> None:
        """Learn the link's rate: *size* bytes in the time so far, less what both ends worked (*worked*: the county, seconds).

        The ends' work is in it as far as it isn't known, so it never says too much: the best of late counts.
        """
        if size > _TELLING:
            rate = size / self._link.waited(worked)
            with self._store.transaction():
                self._store.meta.set(name, max(rate, (self._store.meta.get(name) or 0) * 0.7))

    @property
    def carried(self) -> int:
        """About how many bytes the link carried: of what was handed to the system a second of the link may still lie in buffers."""
        return self._got or max(int(self._sent - self._pace.rate), 0)

    @property
    def left(self) -> Left | None:
        """What the next request needs to go on with an answer that the link cut; None where it can't."""
        if not self._reading or not self._reader.resume[0] or self.answer.ended or self.answer.again:
            return None
        return Left(self._reader, self._state.incarnation, self._state.epoch)

    def cut(self) -> None:
        """The link cut this request: the next frames are to be smaller where it carried few of them, and may grow where many."""
        if self._sent or self._got:
            size = self._pace.frame_down if self._got else self._pace.frame
            if self.carried >= _FEW_FRAMES * size:
                if self.carried >= _MANY_FRAMES * size:
                    self._grow()
                return
            with self._store.transaction():
                self._store.meta.set("sync.most_bytes", max(size // 2, 2 << 10))

    def _grow(self) -> None:
        if self._pace.most:
            # Frames were made smaller on a bad day; a better one lets them grow again.
            grown = self._pace.most * 2
            with self._store.transaction():
                self._store.meta.set("sync.most_bytes", grown if grown < 64 << 10 else 0)
