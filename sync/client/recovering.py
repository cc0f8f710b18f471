"""The way back to a county that was restored: it is told what this device knows of the past, and given what it has lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import requests

from app.errors import KnownError
from app.schema.record import Offer
from app.store.store import Store
from sync.client.greeting import greeting
from sync.client.hurrying import recovered
from sync.client.link import PIECE, Cut, Pace, checked, incoming, post, suited
from sync.client.report import Tally
from sync.offers import encode_offers
from sync.wire import End, Head, Hello, Message, Offers, Problem, Receipts, encode, fits

_FIRST_GUESS = 60
_MOST = 2000


class Recovering:
    """One request: marks of the past and the next offers; its answer says what is common, and what became of the offers.

    The last one, with nothing left to offer, lets everything go on as ever.
    """

    def __init__(
        self, store: Store, http: requests.Session, tally: Tally, now: Callable[[], float], tell: Callable[[], None]
    ) -> None:
        self._store = store
        self._sync = store.sync
        self._http = http
        self._tally = tally
        self._now = now
        self._tell = tell
        self._url = checked(self._sync.state.url)
        self._pace: Pace = suited(store, self._url)
        self._sent: dict[int, tuple[list[Offer], tuple[str, str]]] = {}
        self._through = False
        self._ended = False

    def run(self) -> None:
        """Cut where the link broke, with every answer before it applied; KnownError where county and device share no past."""
        state = self._sync.state
        self._tally.requests += 1
        response = post(self._http, self._url, self._body(), state.token, state.ca)
        with response:
            for message in incoming(response, self._arrived):
                self._take(message)
                self._tell()
        if not self._ended:
            raise Cut("answer")
        if self._through and not self._sent:
            self._sync.end_recovery()

    def _arrived(self, size: int) -> None:
        self._tally.bytes_down += size

    def _body(self) -> Iterator[bytes]:
        held = bytearray(encode(self._hello()))
        for message in self._offers():
            held += message
            while len(held) >= PIECE:
                self._tally.bytes_up += PIECE
                yield bytes(held[:PIECE])
                del held[:PIECE]
        self._tally.bytes_up += len(held)
        yield bytes(held)

    def _hello(self) -> Hello:
        marks = tuple(self._sync.marks())
        recovery = self._sync.recovery
        if recovery is None:
            # Some rev must stand there, or the county would take this for an ordinary hello.
            frames = {frame.number: frame for frame in self._sync.open_frames()}
            hello = greeting(self._store, frames, (), self._pace, self._now())
            return replace(hello, marks=marks or ((0, b""),))
        past = tuple((rev, tag) for rev, tag in marks if rev <= recovery.common)
        return replace(recovered(self._store, self._pace, self._now(), recovery), marks=past or ((0, b""),))

    def _offers(self) -> Iterator[bytes]:
        """The next offers, as many as suit the link; nothing while the county hasn't said what is common."""
        recovery = self._sync.recovery
        if recovery is None:
            return
        budget, number = self._pace.batch, 0
        most = max(min(self._pace.frame // _FIRST_GUESS, _MOST), 1)
        after = recovery.after
        while budget > 0:
            if number and self._sync.urgent_ready():
                # Saved while this request was under way: it ends here.
                return
            offers, end = self._sync.offers(most, after)
            if not offers:
                self._through = True
                return
            content = encode_offers(number + 1, recovery.common, offers, self._pace.level)
            if len(offers) > 1 and (len(content) > 2 * self._pace.frame or not fits(content)) and most > 1:
                most = max(most // 2, 1)
                continue
            number += 1
            self._sent[number] = offers, end
            after = end
            budget -= len(content)
            yield encode(Offers(content))

    def _take(self, message: Message) -> None:
        match message:
            case Head():
                self._head(message)
            case Receipts() if -message.number in self._sent:
                offers, after = self._sent.pop(-message.number)
                receipts = message.spread(range(1, len(offers) + 1))
                self._sync.offered(offers, receipts, after)
                self._tally.offered += len(offers)
            case End():
                self._ended = True
            case Problem(code="sync.busy"):
                raise Cut("busy")
            case Problem():
                raise KnownError(message.code, **dict(message.params))
            case _:
                pass

    def _head(self, head: Head) -> None:
        if head.county != self._sync.state.county:
            raise KnownError("sync.foreign_county", county=head.county)
        recovery = self._sync.recovery
        if head.common < 0:
            self._through = False
        elif recovery is None or (recovery.epoch, recovery.begun) != (head.epoch, head.begun):
            self._sync.begin_recovery(head.epoch, head.begun, head.common)
            self._sent.clear()
            self._through = False
