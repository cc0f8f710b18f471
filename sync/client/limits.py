"""What ends an exchange before its end: a person's pause, or the bytes that it may take by itself."""

from __future__ import annotations

from collections.abc import Callable

from app.store.store import Store
from sync.client.report import Tally


class Halt(Exception):  # noqa: N818 - nothing went wrong
    """The exchange ends at the frame in flight; ``code`` says why. What came through stays."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Limits:
    """Looked at between messages."""

    def __init__(self, store: Store, tally: Tally, most: int | None, stopped: Callable[[], bool]) -> None:
        self._sync = store.sync
        self._tally = tally
        self._most = most
        self._stopped = stopped

    def look(self) -> None:
        """Raise Halt where the exchange is to end now; what is urgent goes whatever it takes."""
        if self._stopped():
            raise Halt("sync.paused")
        if self._most is None or self._tally.bytes_up + self._tally.bytes_down <= self._most:
            return
        if not self._sync.urgent_unsent() and not self._sync.urgent_frames():
            raise Halt("sync.over_budget")
