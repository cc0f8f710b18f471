"""What is urgent doesn't wait until a county that was restored has everything again: it goes up between two requests of offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import requests

from app.errors import KnownError
from app.store.agreement import Frame
from app.store.exchange_values import Recovery
from app.store.store import Store
from sync.client.filling import Filling
from sync.client.greeting import greeting
from sync.client.link import Cut, Pace, checked, incoming, post, suited
from sync.client.report import Tally
from sync.client.taking import Answer
from sync.wire import Head, Hello, Problem, Receipts, Up, encode


def recovered(store: Store, pace: Pace, now: float, recovery: Recovery) -> Hello:
    """The hello of a device that is on its way back: it knows the new epoch, and of the past what is common.

    The receipts that it has are those of urgent frames that it sent since it learned of that.
    """
    hello = greeting(store, {frame.number: frame for frame in store.sync.open_frames()}, (), pace, now)
    cursors = dict.fromkeys(hello.cursors, (recovery.common, recovery.tag))
    return replace(hello, epoch=recovery.epoch, begun=recovery.begun, cursors=cursors, behind=())


class Hurrying:
    """One request with urgent changes alone that nothing lost is beneath; of its answer only the receipts are taken.

    What comes down must not be laid over what wasn't offered yet: it comes again when the way back has ended.
    """

    def __init__(self, store: Store, http: requests.Session, tally: Tally, now: Callable[[], float]) -> None:
        self._store = store
        self._http = http
        self._tally = tally
        self._now = now
        self._url = checked(store.sync.state.url)
        self._pace: Pace = suited(store, self._url)

    def run(self) -> None:
        """Cut where the link broke; KnownError where the county refuses."""
        sync = self._store.sync
        recovery = sync.recovery
        if recovery is None:
            return
        if sync.open_frames():
            # One that was cut, or was made for a bundle and speaks of lost revs: its changes are known by their content.
            sync.new_incarnation(same_hand=True)
        frames = self._frames(recovery)
        if not frames:
            return
        body = encode(recovered(self._store, self._pace, self._now(), recovery))
        body += b"".join(encode(Up(frame.content)) for frame in frames.values())
        self._tally.requests += 1
        self._tally.bytes_up += len(body)
        state = sync.state
        answer = Answer(self._store, self._tally, frames, set(), self._now)
        response = post(self._http, self._url, iter([body]), state.token, state.ca)
        sync.handed(list(frames))
        with response:
            for message in incoming(response, self._arrived):
                match message:
                    case Head() if (message.county, message.epoch) != (state.county, recovery.epoch):
                        raise KnownError("sync.county_restored")
                    case Receipts() | Problem():
                        answer.take(message)
                    case _:
                        pass
                if not frames or answer.again:
                    return
        raise Cut("answer")

    def _frames(self, recovery: Recovery) -> dict[int, Frame]:
        sync = self._store.sync
        filling = Filling(self._store, self._pace, raw=False)
        found: dict[int, Frame] = {}
        budget = self._pace.batch
        while budget > 0 and (frame := filling.next(urgent=True)):
            if not sync.clear_of_loss(frame.counters):
                # Saved this very moment: it waits for the next request.
                sync.new_incarnation(same_hand=True)
                return {}
            found[frame.number] = frame
            budget -= len(frame.content)
        return found

    def _arrived(self, size: int) -> None:
        self._tally.bytes_down += size
