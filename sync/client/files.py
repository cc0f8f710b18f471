"""Files after the exchange: thumbnails, then what somebody waits to see, then originals; urgent changes go in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from app.errors import KnownError
from app.store.files import FilesWaiting, Kept
from app.store.store import Store
from sync.client.file_http import FileHttp, Moved
from sync.client.link import Cut, checked, suited

CHUNK_SECONDS = 2.0
"""Seconds of the link that one request for a file takes; between two of them urgent changes may go."""
_LEAST, _MOST = 16 << 10, 4 << 20
_RETRIES = 3
_WRONG = 2
_ASK_EVERY_MS = 86_400_000
_FOLDER, _ASKED, _RATE = "files.folder", "files.asked", "files.rate"
_THUMBS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class FilesReport:
    """How it went. ``stopped``: empty (all done), urgent, budget, time, cut or refused; all that got through is kept."""

    sent: int
    fetched: int
    bytes_up: int
    bytes_down: int
    requests: int
    left: FilesWaiting
    stopped: str = ""
    error: KnownError | None = None


class _Stop(Exception):  # noqa: N818 - the way out of the loop
    """Something else goes first, or there is no more time."""


def carry(
    store: Store,
    http: requests.Session,
    *,
    budget: int | None = None,
    until: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    urgent: Callable[[], bool] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> FilesReport:
    """Send and fetch files until nothing is left, or *urgent* changes wait (asked between chunks; default: the store's).

    *budget*: bytes of bodies, both ways. *until*: ``time.monotonic`` at which to stop. *progress*: told (bytes done, bytes in all).
    Never raises for what a network or a county does.
    """
    made = _Carrier(store, http, budget, until, progress, urgent or store.sync.urgent_unsent)
    stopped, error = "", None
    try:
        made.run(sleep)
    except _Stop as stop:
        stopped = str(stop)
    except Cut:
        stopped, error = "cut", KnownError("sync.unreachable", url=store.sync.state.url)
    except KnownError as bad:
        stopped, error = "refused", bad
    if not stopped:
        store.files.sweep()
    moved = made.moved
    return FilesReport(
        made.sent, made.fetched, moved.up, moved.down, moved.requests, store.files.waiting(), stopped, error
    )


class _Carrier:
    def __init__(
        self,
        store: Store,
        http: requests.Session,
        budget: int | None,
        until: float | None,
        progress: Callable[[int, int], None] | None,
        urgent: Callable[[], bool],
    ) -> None:
        state = store.sync.state
        self._store = store
        self._files = store.files
        self._budget = budget
        self._until = until
        self._progress = progress
        self._urgent = urgent
        self._wrong: dict[str, int] = {}
        self._passed: set[str] = set()
        self._through: dict[str, int] = {}
        self._full: KnownError | None = None
        self.moved = Moved()
        self.sent = self.fetched = 0
        url = checked(state.url) if state.county else ""
        self._http = FileHttp(http, url, state.token, state.ca, self.moved)
        self._ready = bool(state.county)
        self._rate = float(store.meta.get(_RATE) or suited(store, url).rate) if url else 0.0
        waiting = store.files.waiting()
        self._all = waiting.bytes

    def run(self, sleep: Callable[[float], None]) -> None:
        """Round after round; Cut when three in a row brought nothing through."""
        vain = 0
        while self._ready:
            before = self._done()
            try:
                self._round()
            except Cut:
                vain = 0 if self._done() > before else vain + 1
                if vain >= _RETRIES:
                    raise
                sleep(random.uniform(0.5, 1.5) * 2**vain)  # noqa: S311 - spreads devices out, guards nothing
                continue
            return

    def _round(self) -> None:
        # A county that lost a file, or all of them, is asked for what it lacks once a day.
        due = self._files.any() and self._store.now_ms() - self._store.meta.integer(_ASKED) > _ASK_EVERY_MS
        while True:
            queue = self._queue()
            offered = self._offered(queue) if queue or due else []
            due = False
            self._send_all([file for file in offered if file.small])
            self._fetch_thumbs()
            self._fetch_wanted()
            self._send_all([file for file in offered if not file.small])
            if self._full is not None:
                raise self._full  # whatever could be fetched has been
            if not offered:
                return

    def _queue(self) -> list[Kept]:
        return [file for file in self._files.to_send() if file.sha256 not in self._passed]

    def _offered(self, queue: list[Kept]) -> list[Kept]:
        """Those of *queue* that the county waits for; what it has already is sent, what it has lost is sent again."""
        self._check()
        said = self._http.ask([file.sha256 for file in queue])
        self._files.sent(said.here)
        self._files.send_again(said.lost)
        before = self._store.meta.get(_FOLDER)
        if before and before != said.folder:
            # The county's folder is a new one: whatever it ever got from here is offered again.
            self._files.send_again()
        with self._store.transaction():
            self._store.meta.set(_FOLDER, said.folder)
            self._store.meta.set(_ASKED, self._store.now_ms())
        if (before and before != said.folder) or said.lost:
            asked = {file.sha256 for file in queue}
            more = self._queue()
            if any(file.sha256 not in asked for file in more):
                return self._offered(more)
        unexpected = {file.sha256 for file in queue} - said.send - said.here
        self._passed |= unexpected
        self._files.later(unexpected)
        return [file for file in queue if file.sha256 in said.send]

    # -- up ---------------------------------------------------------------------------------------

    def _send_all(self, queue: list[Kept]) -> None:
        for file in queue:
            if self._full is None:
                self._send(file)

    def _send(self, file: Kept) -> None:
        """One file from where the county has it; a file that can't be sent is set aside, and holds up no other."""
        try:
            with self._files.reading(file.sha256) as reader:
                upload = file.url
                at = self._http.offset(upload) if upload else None
                self._reached(file.sha256, at or 0)
                if at is None:
                    self._check()
                    upload, at = self._http.create(file.sha256, reader.size), 0
                    self._files.upload_at(file.sha256, upload)
                while at < reader.size:
                    self._check()
                    length = min(self._chunk(), reader.size - at)
                    now = self._http.append(upload, at, reader.pieces(at, at + length), length)
                    if now <= at:
                        raise Cut("no progress")
                    at = now
                    self._reached(file.sha256, at)
                    self._learn()
                    self._tell()
            self._files.sent([file.sha256])
            self.sent += 1
        except KnownError as bad:
            self._refused(file, bad)

    def _refused(self, file: Kept, bad: KnownError) -> None:
        match bad.code:
            case "files.hash_wrong":
                # What is here may be damaged, or the line is; once more from the beginning, then a person is told.
                self._files.upload_at(file.sha256, "")
                self._count_wrong(file.sha256, lambda: self._files.refused(file.sha256, bad.code))
            case "files.request_wrong" | "files.unknown":
                # Another request went on with this upload, or it is gone: the county says how far it is.
                if bad.code == "files.unknown":
                    self._files.upload_at(file.sha256, "")
                self._count_wrong(file.sha256, lambda: self._passed.add(file.sha256))
            case "files.county_full":
                self._full = bad
            case "files.not_expected":
                self._passed.add(file.sha256)
            case "files.size_wrong" | "files.missing" | "files.damaged":
                self._files.refused(file.sha256, bad.code)
            case _:
                raise bad

    def _count_wrong(self, sha256: str, give_up: Callable[[], None]) -> None:
        self._wrong[sha256] = self._wrong.get(sha256, 0) + 1
        if self._wrong[sha256] >= _WRONG:
            give_up()

    # -- down -------------------------------------------------------------------------------------

    def _fetch_thumbs(self) -> None:
        missing = [(sha, size) for sha, size in self._files.missing_thumbs() if sha not in self._passed]
        for start in range(0, len(missing), _THUMBS_AT_ONCE):
            self._check()
            some = dict(missing[start : start + _THUMBS_AT_ONCE])
            self._passed |= some.keys()
            try:
                for sha256, content in self._http.thumbs(list(some)):
                    if sha256 in some and self._files.take(sha256, content, small=True):
                        self.fetched += 1
                        self._reached(sha256, len(content))
            except Cut:
                self._passed -= {sha for sha in some if not (known := self._files.get(sha)) or not known.here}
                raise

    def _fetch_wanted(self) -> None:
        for file in self._files.wanted():
            if file.sha256 not in self._passed:
                self._fetch(file)

    def _fetch(self, file: Kept) -> None:
        """One original from where it was left; one that isn't what it should be is thrown away and fetched once more."""
        while True:
            at = self._files.offset(file.sha256)
            self._reached(file.sha256, at)
            try:
                while at < file.size:
                    self._check()
                    end = min(at + self._chunk(), file.size)
                    at = self._files.receive(file.sha256, self._http.fetch(file.sha256, at, end))
                    self._reached(file.sha256, at)
                    self._learn()
                    self._tell()
            except KnownError as bad:
                if bad.code != "files.unknown":
                    raise
                # Perhaps it hasn't come there yet: somebody still waits for it, behind the others.
                self._passed.add(file.sha256)
                self._files.later([file.sha256])
                return
            if self._files.received(file.sha256, file.size):
                self.fetched += 1
                return
            wrong = self._wrong[file.sha256] = self._wrong.get(file.sha256, 0) + 1
            if wrong >= _WRONG:
                self._files.not_to_be_had(file.sha256, "files.hash_wrong")
                return

    # -- pace -------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Between chunks: whatever goes before files."""
        if self._urgent():
            raise _Stop("urgent")
        if self._budget is not None and self.moved.up + self.moved.down >= self._budget:
            raise _Stop("budget")
        if self._until is not None and time.monotonic() >= self._until:
            raise _Stop("time")

    def _chunk(self) -> int:
        most = int(min(max(self._rate * CHUNK_SECONDS, _LEAST), _MOST))
        if self._budget is not None:
            most = max(min(most, self._budget - self.moved.up - self.moved.down), 1)
        return most

    def _learn(self) -> None:
        """What the last chunk says of the link; a single slow one doesn't make all others small."""
        if self.moved.rate:
            self._rate = 0.5 * self._rate + 0.5 * self.moved.rate
            with self._store.transaction():
                self._store.meta.set(_RATE, self._rate)

    def _tell(self) -> None:
        if self._progress:
            done = self.moved.up + self.moved.down
            self._progress(done, max(self._all, done))

    def _reached(self, sha256: str, at: int) -> None:
        """So much of it is through: bytes that were only handed to the network are no progress."""
        self._through[sha256] = max(self._through.get(sha256, 0), at)

    def _done(self) -> int:
        return sum(self._through.values()) + self.sent + self.fetched
