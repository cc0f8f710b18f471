"""A slow link on this machine: a TCP proxy with a rate, a round trip and honest buffers, which counts what passes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import urllib.parse
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self

from app.bench.requests_seen import RequestsSeen

_SEGMENT = 1400
"""Bytes of one packet. With the 64 KB packets of loopback a small window would be waited for 40 or 200 ms at a time."""
_BUFFER = 8 << 10
_PIECE = 16 << 10
_IN_FLIGHT = 1024
_CREDIT = 0.02
"""Seconds that a link may make up for when it was looked at late."""
UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class Passed:
    """What a link has carried: all bytes of the connections each way (HTTP heads too), requests begun, connections."""

    up: int = 0
    down: int = 0
    requests: int = 0
    connections: int = 0

    def __sub__(self, before: Passed) -> Passed:
        return Passed(
            self.up - before.up,
            self.down - before.down,
            self.requests - before.requests,
            self.connections - before.connections,
        )


@dataclass
class Lane:
    """One direction of a link: *rate* bytes a second (None: any), shared by its connections."""

    rate: float | None = None
    passed: int = 0
    _free_at: float = 0.0

    def through(self, now: float, size: int) -> float:
        """When *size* bytes that are ready *now* will have left; the lane is taken until then. Seconds of any clock."""
        self.passed += size
        if self.rate is None:
            return now
        self._free_at = max(now - _CREDIT, self._free_at) + size / self.rate
        return self._free_at


@dataclass
class Connection:
    """One connection through the link: to the device, and on to the county."""

    number: int
    device: socket.socket
    county: socket.socket
    opened: float
    seen: RequestsSeen
    serving: asyncio.Task[None] | None = None
    pumps: tuple[asyncio.Task[None], ...] = ()
    abrupt: bool = False
    """Whether the device is to see a reset."""

    def cut(self, *, abrupt: bool = True) -> None:
        """End it now, in both directions; bytes on their way are lost."""
        self.abrupt = abrupt
        for pump in self.pumps:
            pump.cancel()

    def close(self) -> None:
        """Give both sockets back."""
        if self.abrupt:
            with contextlib.suppress(OSError):
                self.device.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.device.close()
        self.county.close()


class SlowLink:
    """``with SlowLink(url, rate=32_000, round_trip=0.3) as link``: the county at *url* answers at ``link.url``, that slowly.

    *rate* in bytes a second each way (*rate_down*: another one down), *round_trip* in seconds; a new connection costs one
    round trip more, as its handshake would.
    """

    def __init__(
        self, url: str, *, rate: float | None = None, rate_down: float | None = None, round_trip: float = 0.0
    ) -> None:
        self.target = url
        self.round_trip = round_trip
        self.lanes = {UP: Lane(rate), DOWN: Lane(rate_down or rate)}
        self.connections: dict[int, Connection] = {}
        self._requests = 0
        self._wrong: list[Exception] = []
        self._opened = 0
        self._paced = rate is not None or rate_down is not None
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    @property
    def url(self) -> str:
        """Where the county answers through this link."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def passed(self) -> Passed:
        """What the link has carried so far."""
        return Passed(self.lanes[UP].passed, self.lanes[DOWN].passed, self._requests, self._opened)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        if self._wrong:
            raise self._wrong[0]

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do *work* on the link's own thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # -- on the link's thread ---------------------------------------------------------------------

    def _listen(self, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._narrow(sock)
        sock.bind(("127.0.0.1", port))
        sock.listen(128)
        sock.setblocking(False)
        return sock

    def _narrow(self, sock: socket.socket) -> None:
        """Small buffers and packets, so that little is on its way unseen: accepted sockets get them from the listener."""
        if self._paced:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            if hasattr(socket, "TCP_MAXSEG"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._accepting = self._begin(self._accept(self._listener))
        self._loop.run_forever()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        for connection in list(self.connections.values()):
            connection.close()
        self._listener.close()
        self._loop.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                device, _ = await self._loop.sock_accept(listener)
            except OSError:
                return
            self._opened += 1
            device.setblocking(False)
            self._begin(self._serve(self._opened, device))

    async def _serve(self, number: int, device: socket.socket) -> None:
        county = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        county.setblocking(False)
        self._narrow(county)
        for sock in (device, county):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(number, device, county, self._loop.time(), RequestsSeen(), asyncio.current_task())
        self.connections[number] = connection
        try:
            await self.opened(connection)
            parts = urllib.parse.urlsplit(self.target)
            await self._loop.sock_connect(county, (parts.hostname or "127.0.0.1", parts.port or 80))
            connection.pumps = (
                self._begin(self._pump(connection, UP, device, county)),
                self._begin(self._pump(connection, DOWN, county, device)),
            )
            await asyncio.wait(connection.pumps, return_when=asyncio.FIRST_EXCEPTION)
            ends = [pump for pump in connection.pumps if pump.done() and not pump.cancelled()]
            connection.abrupt = connection.abrupt or any(pump.exception() for pump in ends)
        except OSError:
            connection.abrupt = True
        finally:
            # They must let go of the sockets before the numbers of these can be given to others.
            for pump in connection.pumps:
                pump.cancel()
            said = await asyncio.gather(*connection.pumps, return_exceptions=True)
            self._wrong += [bad for bad in said if isinstance(bad, Exception) and not isinstance(bad, OSError)]
            connection.close()
            self.connections.pop(number, None)

    async def _pump(self, connection: Connection, way: str, source: socket.socket, sink: socket.socket) -> None:
        """Carry what *source* says to *sink*: at the lane's rate, then half a round trip later."""
        lane, delay = self.lanes[way], self.round_trip / 2
        ready_at = connection.opened + self.round_trip
        piece = _SEGMENT if self._paced else _PIECE
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_IN_FLIGHT)
        arriving = self._begin(self._arrive(queue, source, sink)) if delay else None
        try:
            while True:
                data = await self._loop.sock_recv(source, piece)
                if way == UP and data:
                    before = connection.seen.begun
                    self._look(connection, data)
                    self._requests += connection.seen.begun - before
                if data:
                    await self._until(lane.through(max(self._loop.time(), ready_at), len(data)))
                    data = await self.passing(connection, way, data)
                    if not data:
                        continue
                if arriving:
                    await queue.put((self._loop.time() + delay, data))
                elif data:
                    await self._loop.sock_sendall(sink, data)
                if not data:
                    break
            if arriving:
                await arriving
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
        finally:
            if arriving:
                arriving.cancel()

    async def _arrive(
        self, queue: asyncio.Queue[tuple[float, bytes]], source: socket.socket, sink: socket.socket
    ) -> None:
        broken: OSError | None = None
        while True:
            moment, data = await queue.get()
            await self._until(moment)
            if not data:
                break
            try:
                if not broken:
                    await self._loop.sock_sendall(sink, data)
            except OSError as bad:
                # What else is on its way is thrown away, so that whoever sends doesn't wait for room for ever.
                broken = bad
                with contextlib.suppress(OSError):
                    source.shutdown(socket.SHUT_RDWR)
        if broken:
            raise broken

    async def _until(self, moment: float) -> None:
        left = moment - self._loop.time()
        if left > 0:
            await asyncio.sleep(left)

    def _look(self, connection: Connection, data: bytes) -> None:
        while data:
            data = data[connection.seen.feed(data) :]

    # -- for links that do worse ------------------------------------------------------------------

    async def opened(self, connection: Connection) -> None:
        """A device has come; nothing was said to the county yet. OSError ends the connection."""

    async def passing(self, connection: Connection, way: str, data: bytes) -> bytes:
        """What goes on of *data*, which has left in direction *way*; OSError ends the connection."""
        return data
