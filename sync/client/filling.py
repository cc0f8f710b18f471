"""New frames for the way up: as long as suits the link; a change that alone is longer than any county takes is refused here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.schema.record import Change, Receipt
from app.store.agreement import Frame
from app.store.store import Store
from sync.client.link import Pace
from sync.client.speaking import abilities
from sync.client.taking import MOST_CHANGES
from sync.wire import DERIVED, RAW, encode_up, fits

FIRST_GUESS = 60
"""Bytes that a change is taken to weigh before any was framed."""
_STRETCH = 2
"""How many times the size that suits the link a frame may have before it is filled anew with fewer changes."""


class Filling:
    """Fills the store's next frames, with columns that others tell where the county reads such.

    *raw*: they travel in a zstd stream; *ratio*: what that makes of a byte.
    """

    def __init__(self, store: Store, pace: Pace, *, raw: bool, ratio: Callable[[], float] = lambda: 1.0) -> None:
        self._store = store
        self._derived = DERIVED in abilities(store)
        self._pace = pace
        self._level = RAW if raw else pace.level
        self._ratio = ratio

    def frames(self) -> Iterator[Frame]:
        """Frames of what isn't framed yet, urgent first, until nothing is left."""
        limit = self._store.meta.integer("sync.most") or MOST_CHANGES
        most = self._count(FIRST_GUESS)
        while frame := self.next(min(most, limit)):
            most = self._count(max(len(frame.content) * self._ratio() / len(frame.counters), 1.0))
            yield frame

    def next(self, most: int = MOST_CHANGES, *, urgent: bool = False) -> Frame | None:
        """One frame of about *most* changes at most; None where nothing is left. *urgent*: see ``Framing.compose``."""
        sync = self._store.sync
        while frame := sync.compose(
            most, self._encode, int(_STRETCH * self._pace.frame / self._ratio()), urgent=urgent
        ):
            if len(frame.counters) > 1 or fits(frame.content):
                return frame
            # The county never gets this number: a gap in what it has would look like a restore. First that, should this end here.
            sync.void(frame.number)
            sync.receipts(frame.number, [Receipt(frame.counters[0], "refused", code="sync.change_too_large")])
        return None

    def _count(self, weight: float) -> int:
        """How many changes of *weight* bytes a frame should have."""
        return min(max(int(self._pace.frame / weight), 1), MOST_CHANGES)

    def _encode(self, number: int, changes: list[Change]) -> bytes:
        return encode_up(number, changes, self._level, derived=self._derived)
