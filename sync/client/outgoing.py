"""A request's zstd stream as it went out: after a cut the next request asks how much of it came, and goes on at the byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from app.store.agreement import Frame
from sync.wire import Writer, frame_hash


@dataclass(slots=True)
class Outgoing:
    """The stream of *writer*, begun under an incarnation and in an epoch; only what is said under the same may go on with it.

    ``came``: bytes of it that the county has; -1 until it told. ``frames``: where in the stream each frame ends, its number and hash.
    """

    writer: Writer
    incarnation: str
    epoch: int
    came: int = -1
    frames: list[tuple[int, int, bytes]] = field(default_factory=list)
    _begin: int = 0
    _reached: int = 0
    _idle: int = 0

    @property
    def name(self) -> bytes:
        """Empty where the stream can't be gone on with."""
        return self.writer.name

    def set_out(self) -> bool:
        """A request goes on with it; return whether from further on than any before: also half of a long frame is a way further."""
        further = self.came > self._reached
        self._reached, self._idle = max(self.came, self._reached), 0 if further else self._idle + 1
        self.came = -1  # from here on more may have come
        return further

    def begun_in(self, incarnation: str, epoch: int) -> bool:
        """Whether it was begun under *incarnation*, in *epoch*."""
        return (self.incarnation, self.epoch) == (incarnation, epoch)

    def greeted(self) -> None:
        """The hello is written: from here on there is something that isn't said anew by every request."""
        self._begin = self.writer.total

    def framed(self, frame: Frame) -> None:
        """*frame* is written."""
        if self.name:
            self.frames.append((self.writer.total, frame.number, frame_hash(frame.content)))

    def onward(self, open_frames: Mapping[int, Frame]) -> tuple[bytes, Mapping[int, int]] | None:
        """The bytes that the county lacks, and where in them each frame ends, by number; None where it can't be gone on with.

        *open_frames*: those that are still to be sent; one that isn't any more would be sent with the others.
        """
        late = [(end, number, digest) for end, number, digest in self.frames if end > self.came]
        if self.came < max(self._begin, 1) or any(
            number not in open_frames or frame_hash(open_frames[number].content) != held for _, number, held in late
        ):
            return None
        if any(end <= self.came and number in open_frames for end, number, _ in self.frames):
            return None  # came, but isn't in: the rest would overtake it, and steps of a case count in the order in which they are in
        if self.came <= self._reached and self._idle:
            return None  # twice it brought nothing from there: whoever answers holds no such stream
        again = self.writer.again(self.came)
        if again is None:
            return None
        before = len(again) - (self.writer.total - self.came)
        return again, {number: before + end - self.came for end, number, _ in late}

    def asks(self, ask: Collection[int]) -> bytes:
        """The name of the stream where a request that asks after the frames *ask* is to ask after it, too."""
        return self.name if ask and self.came < 0 else b""
