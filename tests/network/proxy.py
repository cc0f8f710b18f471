"""A link that goes wrong as a plan says: each request takes the next fault, and when they are used up the network is whole."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import urllib.parse
from dataclasses import dataclass, field

from app.bench.link import DOWN, UP, SlowLink
from tests.network.faults import Fault

_PAGE = "<html><body>{}</body></html>"
_PAGES = {
    "bad_gateway": ("502 Bad Gateway", "nginx"),
    "gateway_timeout": ("504 Gateway Time-out", "nginx"),
    "portal": ("200 OK", "欢迎使用免费网络，请先登录"),
}
_LATE_AFTER = 1
"""How many later requests pass before one that was kept turns up by itself."""

_AHEAD = 0.05


@dataclass
class _Running:
    """One request on its way: its fault, and how far it has come."""

    fault: Fault
    begun: int
    passed: dict[str, int] = field(default_factory=lambda: {UP: 0, DOWN: 0})
    recorded: bytearray = field(default_factory=bytearray)
    stopped: bool = False


@dataclass
class _Kept:
    """A request that turns up (again) after *left* later ones."""

    content: bytes
    left: int = _LATE_AFTER


class BadLink(SlowLink):
    """``link.plan`` is what happens to the next requests; ``link.met`` counts the faults that did happen, by kind."""

    def __init__(self, url, **speed):
        super().__init__(url, **speed)
        self.plan = []
        self.met = {}
        self._running = {}
        self._kept = []
        self._passed_one = asyncio.Event()
        self._sending = set()

    def set_plan(self, faults):
        """From the next request on, these."""
        self.plan = list(faults)

    def hang_up(self):
        """End every open connection."""
        self.call(self._hang_up())

    @contextlib.contextmanager
    def refusing(self):
        """Nobody listens: connection refused."""
        self.call(self._stop_listening())
        try:
            yield
        finally:
            self.call(self._listen_again())

    def deliver(self):
        """Whatever is still on its way arrives now; return how many requests that were."""
        return self.call(self._deliver_all())

    @property
    def late(self):
        """Whether a copy of a request is still on its way."""
        return bool(self._kept) or any(not task.done() for task in self._sending)

    # -- on the link's thread ---------------------------------------------------------------------

    async def _hang_up(self):
        open_now = list(self.connections.values())
        for connection in open_now:
            connection.cut()
        await asyncio.gather(*(connection.serving for connection in open_now), return_exceptions=True)

    async def _stop_listening(self):
        self._accepting.cancel()
        await asyncio.gather(self._accepting, return_exceptions=True)
        self._listener.close()
        await self._hang_up()

    async def _listen_again(self):
        self._listener = self._listen(self.port)
        self._accepting = self._begin(self._accept(self._listener))

    async def passing(self, connection, way, data):
        if way == UP:
            self._maybe_next(connection)
        running = self._running.get(connection.number)
        if running is None:
            return data
        handle = getattr(self, f"_{running.fault.kind}", None)
        before = running.passed[way]
        running.passed[way] += len(data)
        ended = way == UP and not connection.seen.within
        if ended:
            self._one_ended()
        return await handle(connection, running, way, data, before, ended) if handle else data

    def _maybe_next(self, connection):
        running = self._running.get(connection.number)
        begun = connection.seen.begun
        if running is not None and running.begun == begun:
            return
        fault = self.plan.pop(0) if self.plan else Fault("none")
        self._running[connection.number] = _Running(fault, begun)
        if fault.kind != "none":
            self.met[fault.kind] = self.met.get(fault.kind, 0) + 1
        if fault.kind == "cut_at":
            self._begin(self._cut_later(connection, fault, fault.seconds))

    def _one_ended(self):
        for kept in self._kept:
            kept.left -= 1
        due = [kept for kept in self._kept if kept.left < 0]
        self._kept = [kept for kept in self._kept if kept.left >= 0]
        self._sending |= {self._begin(self._send_again(kept.content)) for kept in due}
        self._passed_one.set()
        self._passed_one = asyncio.Event()

    async def _cut_later(self, connection, fault, seconds):
        await asyncio.sleep(seconds)
        if connection.number in self.connections:
            connection.cut(abrupt=fault.abrupt)

    # -- one method a kind of fault ---------------------------------------------------------------

    async def _refuse(self, connection, running, way, data, before, ended):
        connection.cut(abrupt=running.fault.abrupt)
        return b""

    async def _cut_up(self, connection, running, way, data, before, ended):
        return self._stop(UP, 0, connection, running, way, data, before)

    async def _cut_down(self, connection, running, way, data, before, ended):
        return self._stop(DOWN, 0, connection, running, way, data, before)

    async def _stall_up(self, connection, running, way, data, before, ended):
        return self._stop(UP, running.fault.seconds, connection, running, way, data, before)

    async def _stall_down(self, connection, running, way, data, before, ended):
        return self._stop(DOWN, running.fault.seconds, connection, running, way, data, before)

    def _stop(self, where, seconds, connection, running, way, data, before):
        """What came before the stop does arrive; then nothing, either way."""
        left = running.fault.after - before
        if running.stopped:
            return b""
        if way != where or left > len(data):
            return data
        running.stopped = True
        self._begin(self._cut_later(connection, running.fault, seconds + self.round_trip / 2))
        return data[: max(left, 0)]

    async def _cut_between(self, connection, running, way, data, before, ended):
        if way == DOWN:
            return b""
        if ended:
            self._begin(self._cut_later(connection, running.fault, running.fault.seconds))
        return data

    async def _garbage_up(self, connection, running, way, data, before, ended):
        return self._flip(UP, running, way, data, before)

    async def _garbage_down(self, connection, running, way, data, before, ended):
        return self._flip(DOWN, running, way, data, before)

    def _flip(self, where, running, way, data, before):
        at = running.fault.after - before
        if way != where or not 0 <= at < len(data):
            return data
        return data[:at] + bytes([data[at] ^ (1 << running.fault.after % 8)]) + data[at + 1 :]

    async def _insert_down(self, connection, running, way, data, before, ended):
        at = running.fault.after - before
        if way != DOWN or not 0 <= at < len(data):
            return data
        return data[:at] + b"\x00<script>\xff\r\n" + data[at:]

    async def _bad_gateway(self, connection, running, way, data, before, ended):
        return await self._page(connection, running) if ended else b""

    async def _portal(self, connection, running, way, data, before, ended):
        return await self._page(connection, running) if ended else b""

    async def _gateway_timeout(self, connection, running, way, data, before, ended):
        # Every frame is committed before the answer's first byte.
        return data if way == UP else await self._page(connection, running)

    async def _page(self, connection, running):
        status, text = _PAGES[running.fault.kind]
        body = _PAGE.format(text).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        with contextlib.suppress(OSError):
            await self._loop.sock_sendall(connection.device, f"{head}Connection: close\r\n\r\n".encode() + body)
        connection.cut(abrupt=False)
        return b""

    async def _late(self, connection, running, way, data, before, ended):
        running.recorded += data
        if ended:
            self._kept.append(_Kept(bytes(running.recorded)))
            connection.cut(abrupt=running.fault.abrupt)
        return b""

    async def _twice(self, connection, running, way, data, before, ended):
        if way == UP:
            running.recorded += data
            if ended:
                self._kept.append(_Kept(bytes(running.recorded)))
        return data

    async def _wait(self, connection, running, way, data, before, ended):
        if way == UP and not before:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._passed_one.wait(), running.fault.seconds)
                await asyncio.sleep(_AHEAD)  # the other one is to be at the county, not only on its way
        return data

    # -- what turns up later ----------------------------------------------------------------------

    async def _deliver_all(self):
        count = len(self._kept)
        self._sending |= {self._begin(self._send_again(kept.content)) for kept in self._kept}
        self._kept = []
        sending, self._sending = self._sending, set()
        await asyncio.gather(*sending)
        return count

    async def _send_again(self, content):
        """Give the county a whole request and wait until it begins to answer: then every frame of it is dealt with."""
        parts = urllib.parse.urlsplit(self.target)
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        with sock, contextlib.suppress(OSError, TimeoutError):
            await self._loop.sock_connect(sock, (parts.hostname, parts.port))
            await self._loop.sock_sendall(sock, content)
            await asyncio.wait_for(self._loop.sock_recv(sock, 4096), 10)
