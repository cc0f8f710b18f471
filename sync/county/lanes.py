"""How much goes on at once in one server process: threads, database connections and exchanges that fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

WRITERS = 4
"""Threads that apply frames. A county's frames are committed one after the other anyway; who waits, waits in turn."""
READERS = 12
"""Threads that look up, read and pack what goes down: a frame that waits for its turn holds up no answer."""
OTHERS = 8
"""Threads for everything else: status, enrolment, files."""
POOL, OVERFLOW = WRITERS + READERS, OTHERS
"""Database connections, kept and at most on top: one for each thread, so that none waits for a connection."""
EXCHANGES = 400
"""Exchanges that may be under way in one process; each takes some hundred KB while its body comes in."""
AHEAD, ALL_AHEAD = 8 << 20, 64 << 20
"""Bytes of frames that are read before those before them are applied: of one exchange, and of all in one process."""
RETRY_AFTER = 5
"""Seconds after which a device that was sent away should ask again."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Lanes:
    """The threads of one server process; a limiter lets those who wait in by turn."""

    def __init__(self) -> None:
        self._writing = anyio.CapacityLimiter(WRITERS)
        self._reading = anyio.CapacityLimiter(READERS)
        self.ahead = 0
        """Bytes of frames that were read and wait for their turn."""

    def room(self, held: int) -> bool:
        """Whether an exchange may hold so many bytes of frames that wait for their turn; each may always hold one frame."""
        return held <= AHEAD and self.ahead < ALL_AHEAD

    async def write(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """*work*, which takes the county's lock, off the event loop."""
        return await anyio.to_thread.run_sync(work, *args, limiter=self._writing)

    async def read(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """*work*, which only reads, off the event loop."""
        return await anyio.to_thread.run_sync(work, *args, limiter=self._reading)


def fit() -> None:
    """Let the server's own threads be no more than there are connections for; called where its event loop runs."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = OTHERS


class Door:
    """Around an application: lets at most *most* requests to *path* in, and sends the others away with *busy*."""

    def __init__(self, app: ASGIApp, path: str, busy: Callable[[], ASGIApp], most: int = EXCHANGES) -> None:
        self._app = app
        self._path = path
        self._busy = busy
        self._most = most
        self._inside = 0

    def room(self) -> bool:
        """Whether one more may come in."""
        return self._inside < self._most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, from its head to the last byte of its answer."""
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        if not self.room():
            await self._busy()(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
