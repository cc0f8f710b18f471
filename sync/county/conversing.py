"""One exchange over HTTP: frames are applied in turn while the rest of the body is read, and the answer begins once that has come."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator

import anyio
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.errors import KnownError
from sync.county.arriving import Arriving
from sync.county.coming_on import Coming, Requests
from sync.county.county import County
from sync.county.going_on import Answers, Kept
from sync.county.lanes import Lanes
from sync.county.rights import Device
from sync.county.session import Session
from sync.wire import (
    MEDIA_TYPE,
    Down,
    Hello,
    Message,
    Offers,
    OtherStreamError,
    Problem,
    Question,
    Reader,
    Up,
    WireError,
    encode,
)

_log = logging.getLogger(__name__)
_BATCH = 8 << 10
"""Bytes that are gathered before they go out: many small messages make one packet."""
_SMALL = 100
_LITTLE = 32 << 10
"""Bytes of frames up to which the answer waits for them: while it hasn't begun, what can't be read is refused as a whole."""
_MOST_BODY = 256 << 20
Work = tuple[Callable[[bytes], None], bytes]


class Conversation:
    """What one request says and what it is answered.

    Each frame is applied, and so committed, as soon as it is whole and those before it are; a device on a quick link takes its
    first receipts while its last frames are still being applied. What came whole is applied whatever becomes of the connection.
    """

    def __init__(
        self, county: County, lanes: Lanes, arriving: Arriving, requests: Requests, answers: Answers, device: Device
    ) -> None:
        self._county = county
        self._lanes = lanes
        self._arriving = arriving
        self._requests = requests
        self._coming: Coming | None = None
        self._answers = answers
        self._kept: Kept | None = None
        self._turn = 0
        self._device = device
        self._session: Session | None = None
        self._due: deque[Work] = deque()
        self._held = 0
        self._begun = False
        self._applying: asyncio.Task[None] | None = None
        self._applied = asyncio.Event()
        self._fault: BaseException | None = None

    async def hear(self, stream: AsyncIterator[bytes]) -> None:
        """Read the whole body; raises what it, or the first of its frames, can't be answered for."""
        try:
            await self._read_on(stream)
            await self._progress(lambda: not self._due or (self._begun and self._held > _LITTLE))
        except BaseException:
            await self.finished()
            raise
        self._check()

    async def _read_on(self, stream: AsyncIterator[bytes]) -> None:
        """Read the body; where it is cut within a stream with a name, what read it is kept for the device's next request."""
        cut = False
        try:
            await self._read(stream)
        except ClientDisconnect:
            cut = True
            raise
        except OtherStreamError as bad:
            # It was held, for a while: the device asks anew what came.
            raise KnownError("sync.busy") from bad
        finally:
            if self._coming:
                self._requests.ended(self._device.id, self._coming, cut=cut)

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        reader, total = Reader(cut=self._requests.cut(self._device.id)), 0
        refused: Problem | None = None
        async for data in stream:
            total += len(data)
            if total > _MOST_BODY:
                raise KnownError("sync.too_large", detail=f"{total} bytes", close=True)
            if refused:
                # Read to its end: whoever is still sending would take an answer before that for a broken line.
                continue
            self._check_turn()
            for message in reader.feed(data):
                self._hold(reader)
                self._check()
                if refused := await self._said(message):
                    break
                self._check_turn()
            self._hold(reader)
        self._check_turn()
        if refused:
            raise KnownError(refused.code, **refused.params)
        if self._session is None or reader.pending:
            raise WireError("cut")

    def _hold(self, reader: Reader) -> None:
        if reader.named and self._coming is None:
            self._coming = self._requests.begun(self._device.id, reader)

    def _check_turn(self) -> None:
        """Nobody sends the rest, nor reads the answer, where the device has come again and asked how much of this request came."""
        if self._coming and self._coming.stopped:
            raise KnownError("sync.busy")

    async def _said(self, message: Message) -> Problem | None:
        session = self._session
        if session is None:
            if not isinstance(message, Hello):
                raise WireError("no hello")
            # No more of it comes from here on: what is told of its frames is the last that can be said of them.
            came = await self._requests.came(self._device.id, message.onward)
            session = Session(self._county, self._device, message, came=came)
            if message.asked:
                await self._arriving.settled(self._device.id)
            problem = await self._lanes.read(session.open)
            if problem:
                await self._lanes.read(self._note_refusal, problem.code)
                return problem
            self._session = session
        elif isinstance(message, Up):
            await self._apply(session.take, message.content)
        elif isinstance(message, Question):
            session.ask(message)
        elif isinstance(message, Offers):
            await self._apply(session.bring_back, message.content)
        return None

    def _note_refusal(self, code: str) -> None:
        self._county.note(self._device, "refused", code=code)

    # -- frames, in turn ----------------------------------------------------------------------------

    async def _apply(self, work: Callable[[bytes], None], content: bytes) -> None:
        """Put a frame behind those that are due; waits while too much is."""
        await self._progress(lambda: not self._due or self._lanes.room(self._held + len(content)))
        self._due.append((work, content))
        self._held += len(content)
        self._lanes.ahead += len(content)
        if self._applying is None or self._applying.done():
            self._applying = asyncio.create_task(self._in_turn())

    async def _in_turn(self) -> None:
        try:
            # Until the last of them is in: who asks meanwhile what the county has waits for all that came.
            with self._arriving.taking(self._device.id):
                while self._due and not self._fault:
                    work, content = self._due[0]
                    await self._lanes.write(work, content)
                    self._done()
        except BaseException as bad:  # noqa: BLE001 - it is raised again where the answer is made
            self._fault = bad
        finally:
            while self._due:
                self._done()

    def _done(self) -> None:
        _, content = self._due.popleft()
        self._begun = True
        self._held -= len(content)
        self._lanes.ahead -= len(content)
        self._applied.set()

    async def _progress(self, enough: Callable[[], bool]) -> None:
        """Wait until what was applied is *enough*."""
        while not enough():
            self._applied.clear()
            await self._applied.wait()

    def _check(self) -> None:
        if self._fault:
            raise self._fault

    async def finished(self) -> None:
        """Wait until everything that came whole is applied, whoever has gone meanwhile."""
        with anyio.CancelScope(shield=True):
            await self._progress(lambda: not self._due)

    # -- the answer ---------------------------------------------------------------------------------

    async def packets(self) -> AsyncIterator[bytes]:
        """The answer as bytes, reckoned off the event loop and only as fast as they are taken."""
        session = self._session
        if session is None:
            return
        try:
            try:
                head = [] if session.recovering else await self._lanes.read(session.head)
            except (KnownError, SQLAlchemyError) as bad:
                yield session.writer.write(_problem(bad))
                return
            alone = not self._due and session.resumable
            if alone and (found := await self._answers.go_on(self._device.id, *alone)):
                self._kept, again, onward = found
                self._turn = self._kept.turn
                session.skip_to(onward, self._kept.writer)
                yield b"".join(map(encode, head)) + again
                head = []
            elif session.keeps:
                self._kept = self._answers.begin(self._device.id, *session.keeps)
                session.writer = self._kept.writer
            if not (self._kept and self._kept.ended):
                async for data in self._written(session, head):
                    yield data
        finally:
            if self._kept and self._kept.turn == self._turn:
                self._answers.park(self._device.id, self._kept)

    async def _written(self, session: Session, head: list[Message]) -> AsyncIterator[bytes]:
        """The answer's messages, *head* first, in packets."""
        held: list[Message] = []
        size, batch = 0, min(_BATCH, session.frame_size)
        try:
            async for message in self._messages(session, head):
                if message is not None:
                    held.append(message)
                    size += len(message.content) if isinstance(message, Down) else _SMALL
                    if size * session.writer.ratio < batch:
                        continue
                # Full; or the next one takes its time.
                if held:
                    data = await self._write(session, held)
                    if data is None:
                        return
                    yield data
                    held, size = [], 0
        except (KnownError, SQLAlchemyError) as bad:
            held.append(_problem(bad))
        if held and (data := await self._write(session, held)) is not None:
            yield data

    async def _write(self, session: Session, messages: list[Message]) -> bytes | None:
        """*messages* as they go out; None where the device has come again and goes on with this answer there: nobody reads this one."""
        kept = self._kept
        if kept is None:
            return await self._lanes.read(session.writer.write, *messages)
        async with kept.lock:
            if kept.turn != self._turn:
                return None
            return await self._lanes.read(kept.write, *messages)

    async def _messages(self, session: Session, head: list[Message]) -> AsyncIterator[Message | None]:
        told = 0
        if not session.recovering:
            for message in head:
                yield message
            while self._due:
                ready = session.receipts(told)
                for receipts in ready:
                    yield receipts
                told += len(ready)
                yield None
                await self._progress(lambda: len(session.receipts(told)) > 0 or not self._due)  # noqa: B023
        await self.finished()
        if not session.recovering and (ready := session.receipts(told)):
            # Whatever comes next takes its time, and may be a fault: what was taken before it counts.
            for receipts in ready:
                yield receipts
            told += len(ready)
            yield None
        self._check()
        rest = session.rest(told)
        while following := await self._lanes.read(_next, rest):
            yield following


def _problem(bad: KnownError | SQLAlchemyError) -> Problem:
    _log.error("answer broken off: %s", type(bad).__name__)
    return Problem(bad.code or "" if isinstance(bad, WireError) else "sync.busy")


def _next(messages: Iterator[Message]) -> Message | None:
    return next(messages, None)


class Answer(StreamingResponse):
    """The answer to *said*, which is over only when everything that came is applied."""

    def __init__(self, said: Conversation) -> None:
        self._said = said
        super().__init__(said.packets(), media_type=MEDIA_TYPE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._said.finished()
