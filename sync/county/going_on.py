"""Answers that were cut: what of them went out last, and what writes them on, for a minute, so that a device goes on at the byte."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace

import anyio.to_thread

from sync.county.parking import Parking
from sync.wire import Down, End, Hello, Message, Move, Problem, Writer

COMPRESSOR = 6 << 20
"""About what a stream at level 19 takes while it can be written on."""
Streams = Sequence[tuple[str, str]]
Standing = dict[tuple[str, str], int]


class Kept:
    """One device's answer, and what was told in it. Whoever writes holds ``lock``, and writes no more once ``turn`` is another's."""

    def __init__(self, hello: Hello, level: int) -> None:
        self.name = secrets.token_bytes(8)
        self.writer = Writer(level, self.name)
        self.lock = asyncio.Lock()
        self.turn = 0
        self.ended = False
        self._hello = hello
        self._told: list[tuple[Move, ...]] = []

    def write(self, *messages: Message) -> bytes:
        """*messages* as bytes of the stream, noted as told."""
        found = self.writer.write(*messages)
        self._told += [message.moves for message in messages if isinstance(message, Down)]
        if any(isinstance(message, End | Problem) for message in messages):
            self.ended = True
            self.writer.finish()
        return found

    @property
    def weight(self) -> int:
        """About how many bytes keeping it takes."""
        return self.writer.held + (0 if self.ended else COMPRESSOR)

    def onward(self, hello: Hello, streams: Streams) -> Hello | None:
        """*hello* with the cursors that the device will have once it has taken everything that went out.

        None where the device isn't on its way through this very answer: then what it lacks is reckoned from its own cursors.
        """
        was = self._hello
        if (hello.incarnation, hello.epoch, hello.scope) != (was.incarnation, was.epoch, was.scope):
            return None
        now, at = standing(hello, streams), standing(was, streams)
        come = 0
        while at != now:
            if come == len(self._told):
                return None
            advance(at, self._told[come])
            come += 1
        self._hello, self._told = hello, self._told[come:]
        for moves in self._told:
            advance(at, moves)
        most = {name: max(rev for (_, other), rev in at.items() if other == name) for _, name in at}
        behind = tuple((name, area, rev) for (area, name), rev in at.items() if rev < most[name])
        return replace(hello, cursors={name: (rev, b"") for name, rev in most.items()}, behind=behind)


def standing(hello: Hello, streams: Streams) -> Standing:
    """How far each of *streams*, (area, class), is by *hello*."""
    behind = {(area, name): rev for name, area, rev in hello.behind}
    return {(area, name): behind.get((area, name), hello.cursors.get(name, (0, b""))[0]) for area, name in streams}


def advance(at: Standing, moves: Sequence[Move]) -> None:
    """Move *at* on as the device does that takes a frame with these *moves*."""
    for move in moves:
        for (area, name), rev in at.items():
            if name == move.stream and (area in move.areas if move.areas else rev >= move.before):
                at[area, name] = max(rev, move.after)


class Answers:
    """The last answer of each device, in one server process; used on its event loop alone."""

    def __init__(self) -> None:
        self._kept: Parking[Kept] = Parking(lambda kept: kept.weight)

    def begin(self, device: str, hello: Hello, level: int) -> Kept:
        """A new answer to *hello*, in the place of the device's last one."""
        kept = Kept(hello, level)
        self._kept.use(device, kept)
        return kept

    async def go_on(self, device: str, hello: Hello, streams: Streams) -> tuple[Kept, bytes, Hello] | None:
        """The answer that *hello* asks to go on with, its bytes from there on, and the hello that the device will say after them.

        None where it is not held, or is another's. Who was writing it, on a dead line perhaps, writes no more.
        """
        name, taken = hello.resume
        kept = self._kept.get(device)
        if kept is None or not name or kept.name != name:
            return None
        async with kept.lock:
            again = kept.writer.again(taken)
            onward = await anyio.to_thread.run_sync(kept.onward, hello, streams) if again is not None else None
            if again is None or onward is None or self._kept.get(device) is not kept:
                return None
            kept.turn += 1
        self._kept.use(device, kept)
        return kept, again, onward

    def park(self, device: str, kept: Kept) -> None:
        """The answer has ended, or was cut: it is kept for a while, as long as there is room."""
        if self._kept.get(device) is kept:
            self._kept.park(device)

    @property
    def weight(self) -> int:
        """About how many bytes are kept for answers that may be gone on with."""
        return self._kept.weight
