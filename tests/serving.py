"""The county's server as the tests run it: in a thread, and ended at once."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import socket
import threading
import types
from collections.abc import Iterator

import uvicorn.server

from sync.county.county import County
from sync.county.web import Server, listening

_FINER = 10
_prompt: contextvars.ContextVar[bool] = contextvars.ContextVar("prompt", default=False)


class _Prompt(Server):
    """Looks more often whether it is to end; everything else keeps its pace."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        _prompt.set(True)
        await super().serve(sockets)

    async def on_tick(self, counter: int) -> bool:
        return self.should_exit if counter % _FINER else await super().on_tick(counter // _FINER)


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / _FINER if _prompt.get() else seconds)


# uvicorn looks ten times a second whether it is to end, then gives its connections another tenth: over all the tests' counties, minutes.
uvicorn.server.asyncio = types.SimpleNamespace(**{**vars(asyncio), "sleep": _sleep})


@contextlib.contextmanager
def answering(county: County, port: int = 0) -> Iterator[str]:
    """*county* answers as long as the block lasts; gives the address."""
    with listening("127.0.0.1", port) as sock:
        server = _Prompt(county, sock)
        ready = threading.Event()
        server.on_ready = lambda _url: ready.set()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not ready.wait(1):
            assert thread.is_alive()
        try:
            yield server.url
        finally:
            server.should_exit = True
            thread.join()
