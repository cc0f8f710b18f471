"""Requests that were cut: what reads their streams, for a minute, so that a device goes on at the byte."""

from __future__ import annotations

from dataclasses import dataclass

from sync.county.arriving import quiet
from sync.county.parking import Parking
from sync.wire import Reader

READER = 900 << 10
"""Bytes that zstd takes to read on a stream with such a window, as measured."""


@dataclass(slots=True, eq=False)
class Coming:
    """One request's stream as far as it came. ``over``: its body came whole, or was seen to be cut; ``stopped``: nobody reads on for it."""

    reader: Reader
    over: bool = False
    stopped: bool = False
    _seen: int = -1

    def moved(self) -> bool:
        """Whether more of it was read since this was asked last."""
        before, self._seen = self._seen, self.reader.resume[1]
        return before != self._seen


class Requests:
    """Of each device the last request whose stream can be gone on with, in one server process; used on its event loop alone.

    A device that comes again asks how much of it came; from that moment the request before, on a dead line perhaps, is over.
    """

    def __init__(self) -> None:
        self._coming: Parking[Coming] = Parking(lambda coming: READER + coming.reader.pending)

    def cut(self, device: str) -> Reader | None:
        """What read the request that *device* may go on with: one that it asked after, so that nobody reads with it any more."""
        coming = self._coming.get(device)
        return coming.reader if coming and coming.stopped else None

    def begun(self, device: str, reader: Reader) -> Coming:
        """*reader* is within a stream that can be gone on with."""
        coming = Coming(reader)
        self._coming.use(device, coming)
        return coming

    async def came(self, device: str, name: bytes) -> int:
        """Bytes of the stream *name* that came, and no more will; -1 where it isn't held."""
        coming = self._coming.get(device)
        if coming is None or not name or coming.reader.resume[0] != name:
            return -1
        # What came before the cut may not be read yet.
        await quiet(coming.moved, lambda: coming.over)
        if self._coming.get(device) is not coming or coming.reader.resume[0] != name:
            return -1
        coming.stopped = True
        self._coming.park(device)
        return coming.reader.resume[1]

    def ended(self, device: str, coming: Coming, *, cut: bool) -> None:
        """The request of *coming* is over; where it was *cut*, the device may go on with it."""
        coming.over = True
        if coming.stopped or self._coming.get(device) is not coming:
            return
        if cut:
            self._coming.park(device)
        else:
            self._coming.drop(device)
