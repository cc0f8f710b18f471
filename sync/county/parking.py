"""The last of something of each device, kept for a minute after it was put aside, as long as there is room for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

MINUTE = 60.0
"""Seconds that something is kept after it was put aside."""
MOST = 64 << 20
"""Bytes that the parked may take together, of one kind in one server process; the oldest go first."""
T = TypeVar("T")


class Parking(Generic[T]):
    """One thing a device, in one server process; used on its event loop alone. *weigh*: about how many bytes keeping it takes."""

    def __init__(self, weigh: Callable[[T], int]) -> None:
        self._weigh = weigh
        self._held: dict[str, T] = {}
        self._parked: dict[str, asyncio.TimerHandle] = {}

    def get(self, device: str) -> T | None:
        """What is held of *device*, parked or in use."""
        return self._held.get(device)

    def use(self, device: str, item: T) -> None:
        """*item* is in use, in the place of whatever was held of *device*; nobody throws it away."""
        self._unpark(device)
        self._held[device] = item

    def park(self, device: str) -> None:
        """What is held of *device* is out of use: it is kept for a minute, as long as there is room."""
        self._unpark(device)
        self._parked[device] = asyncio.get_running_loop().call_later(MINUTE, self.drop, device)
        while self.weight > MOST:
            self.drop(next(iter(self._parked)))

    def drop(self, device: str) -> None:
        """Keep nothing of *device*."""
        self._unpark(device)
        self._held.pop(device, None)

    @property
    def weight(self) -> int:
        """About how many bytes the parked take."""
        return sum(self._weigh(self._held[device]) for device in self._parked)

    def _unpark(self, device: str) -> None:
        if handle := self._parked.pop(device, None):
            handle.cancel()
