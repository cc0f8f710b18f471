"""Which devices' frames are being taken just now: who asks after frames hears of those, too, that came before the cut and still wait."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator

import anyio

_PATIENCE, _LOOK = 3.0, 0.02
"""Seconds that an answer waits at most, and between two looks."""


async def quiet(busy: Callable[[], bool], over: Callable[[], bool] = lambda: False) -> None:
    """Wait, not for ever, until it is *over*, or two looks in a row find nobody *busy*."""
    still = 0
    with anyio.move_on_after(_PATIENCE):
        # Between two frames of a request there is a moment in which none is being applied.
        while still < 2 and not over():
            await anyio.sleep(_LOOK)
            still = 0 if busy() else still + 1


class Arriving:
    """Of one server process; used on its event loop alone. Where several serve a county, a frame may be sent twice: it counts once."""

    def __init__(self) -> None:
        self._taking: Counter[str] = Counter()

    @contextlib.contextmanager
    def taking(self, device: str) -> Iterator[None]:
        """A frame of *device* is being applied during the block."""
        self._taking[device] += 1
        try:
            yield
        finally:
            self._taking[device] -= 1
            if not self._taking[device]:
                del self._taking[device]

    async def settled(self, device: str) -> None:
        """Wait, not for ever, until nothing more of an earlier request of *device* is being applied."""
        if device in self._taking:
            await quiet(lambda: device in self._taking)
