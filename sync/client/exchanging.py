"""The exchange loop: request after request, until nothing is left or the link gives up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import requests

from app.errors import KnownError
from app.store.agreement import Exchange
from app.store.store import Store
from sync.client.asking import Left, Request
from sync.client.expecting import expected
from sync.client.hurrying import Hurrying
from sync.client.limits import Halt, Limits
from sync.client.link import Cut, explained
from sync.client.mending import Mending
from sync.client.outgoing import Outgoing
from sync.client.recovering import Recovering
from sync.client.report import Progress, Report, Tally, Traffic
from sync.client.retiring import heard
from sync.client.speaking import doubt, step_back

RESTORES = 5
"""How often in one exchange a county may say that it was restored."""
_TELL_SECONDS = 0.1
_SOON = 0.5
"""Seconds, about, after which a link is tried again that was cut while it carried."""
RETRIES = 3
"""How often in a row an exchange tries again when nothing at all came through."""


def exchange(
    store: Store,
    http: requests.Session,
    *,
    progress: Callable[[Progress], None] | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    tries: int = RETRIES,
    most: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """Exchange with the store's county until both have everything; never raises for what a network or a county does.

    Beyond *most* bytes only what is urgent goes on; once *stopped* says so it ends at the frame in flight.
    """
    begun, tally = time.monotonic(), Tally()
    error: KnownError | None = None
    agreed, halted = False, ""
    store.sync.began()
    try:
        store.first_copy.make_ready()
        agreed = _Loop(store, http, tally, progress, now, sleep, Limits(store, tally, most, stopped)).run(tries)
    except Halt as halt:
        halted = halt.code
    except KnownError as bad:
        error = explained(bad, now(), doubted=bool(store.clock.read().fault))
    except Cut:
        error = KnownError("sync.unreachable", url=store.sync.state.url)
    seconds = time.monotonic() - begun
    heard(store, error)
    left = store.sync.waiting()
    report = Report(
        error is None,
        Traffic(tally.up, tally.bytes_up),
        Traffic(tally.down, tally.bytes_down),
        tally.requests,
        seconds,
        left,
        store.sync.open_conflicts(),
        len(store.sync.attention()),
        agreed and left.total == 0,
        error,
        tally.mended,
        halted,
    )
    store.sync.ended(report.in_agreement)
    result = halted or ("ok" if report.ok else error.code if error else "")
    store.sync.log(
        Exchange(
            store.now_ms(), "network", tally.up, tally.down, tally.bytes_up, tally.bytes_down, seconds, result,
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
        tally: Tally,
        progress: Callable[[Progress], None] | None,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        limits: Limits,
    ) -> None:
        self._store = store
        self._http = http
        self._tally = tally
        self._progress = progress
        self._now = now
        self._sleep = sleep
        self._limits = limits
        self._told = 0.0
        self._absent: set[int] = set()
        self._mending = Mending(store, tally, store.now_ms())

    def run(self, tries: int) -> bool:
        """Return whether county and device agree; Cut when *tries* requests in a row brought nothing through."""
        self._store.sync.ask_again()
        vain, asked_again, restores, restored = 0, False, 0, False
        left: Left | None = None
        going: Outgoing | None = None
        while True:
            before = self._tally.done
            request: Request | None = None
            try:
                if restored or self._store.sync.recovery:
                    if not restored and self._store.sync.urgent_ready():
                        Hurrying(self._store, self._http, self._tally, self._now).run()
                    Recovering(self._store, self._http, self._tally, self._now, self._tell).run()
                    vain, restored = 0, False
                    # What waited for something lost may have it now.
                    self._store.sync.ask_again()
                    continue
                asked = (self._store, self._http, self._tally, self._absent, self._now, self._tell, self._mending)
                request = Request(*asked, left, going)
                left = going = None
                request.run()
                going = request.outgoing
            except KnownError as bad:
                restored = bad.code == "sync.county_restored"
                restores += restored
                if not (restored and restores <= RESTORES) and not step_back(self._store, bad):
                    doubt(self._store, bad)
                    raise
                self._mending.cut()
                continue
            except Cut as cut:
                if request is not None:
                    request.cut()
                    left, going = request.left, request.outgoing
                self._absent.clear()
                self._mending.cut()
                vain = 0 if self._tally.done > before or (request is not None and request.further) else vain + 1
                if vain >= tries:
                    raise
                # A link that was carrying a moment ago is mostly there again at once; one that isn't there is given time.
                rest = _SOON if request is not None and request.carried else 2**vain
                self._sleep(cut.after + random.uniform(0.5, 1.5) * rest)  # noqa: S311 - spreads devices out, guards nothing
                continue
            if self._tally.done > before:
                vain = 0  # a question answered is no progress: on a link that cuts every long frame it would go on for ever
            if request.answer.again:
                self._mending.cut()
                continue
            if request.answer.waiting and not asked_again and self._store.sync.ask_again():
                # What it waited for may have gone up behind it in this very exchange.
                asked_again = True
                continue
            if not self._mending.goes_on(request.answer.in_agreement):
                return request.answer.in_agreement

    def _tell(self) -> None:
        self._limits.look()
        # Counting what waits takes its time with a long outbox; nobody reads faster than this.
        if self._progress and time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            tally, left = self._tally, self._store.sync.waiting().total
            due = expected(tally, left, self._store.sync.framed())
            self._progress(Progress(tally.up, tally.down, tally.bytes_up, tally.bytes_down, left, due))
