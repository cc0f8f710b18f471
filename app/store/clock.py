"""The time that counts on this device: its clock, corrected by what the county's said, and never behind what was saved already."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.store.meta import Meta

OFFSET, KNOWN = "offset_ms", "clock.known"
MINUTE_MS, DAY_MS = 60_000, 86_400_000
_SLACK = MINUTE_MS
"""How far corrected time may go back unseen: clocks are set by so much every day."""
_NEAR = 30 * DAY_MS
"""Beyond what is known a machine is seldom switched off for longer."""
_FAR = 180 * DAY_MS
_WRONG = 2 * MINUTE_MS
_SAVED_EVERY = MINUTE_MS
_COUNTY_EVERY = 60 * MINUTE_MS
_SAME = 1000
"""By less than this two clocks are not told apart: the line alone takes as long."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the clock: corrected ``ms`` since 1970 UTC, what the machine ``shows``, and what is wrong with it.

    ``fault``: "" nothing; slow, fast: ``by_ms`` against the county's clock; back: it shows less than was saved already; ahead: it
    is half a year beyond all that is known.
    """

    ms: int
    shows: int
    fault: str = ""
    by_ms: int = 0


class Clock:
    """The corrected clock of one store. *now*: the machine's, in seconds; *monotonic*: seconds that no setting moves.

    Between two looks in one process time goes on by at least the monotonic seconds; over a restart, by no less than the latest
    moment known: of a save, or of the county.
    """

    def __init__(
        self, meta: Meta, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._meta = meta
        self._now = now
        self._monotonic = monotonic
        self._seen: tuple[int, int, int, float] | None = None
        self._correction = 0

    def ms(self) -> int:
        """Corrected time."""
        return self.read().ms

    def about(self) -> int:
        """Corrected time as it was at the last look, gone on with the machine's clock: for what is asked a thousand times."""
        if self._seen is None:
            return self.ms()
        return int(self._now() * 1000) + self._correction

    def read(self) -> Reading:
        """Look at the clock, and judge it."""
        offset, known = self._meta.integer(OFFSET), self._meta.integer(KNOWN)
        shows, ticks = int(self._now() * 1000), self._monotonic()
        least = known
        if self._seen is not None and self._seen[:2] == (offset, known):
            # Another process may have learned better meanwhile: what was reckoned with other figures binds nobody.
            least = max(known, self._seen[2] + int((ticks - self._seen[3]) * 1000))
        found = _judge(shows, offset, least)
        # Only what stood still or was set right needs to be remembered beyond what the disk knows.
        self._seen = (offset, known, found.ms, ticks)
        self._correction = found.ms - shows
        return found

    def saved(self, moment: int) -> None:
        """Something was saved at *moment*: corrected time won't go behind it. Inside the caller's transaction."""
        if moment > self._meta.integer(KNOWN) + _SAVED_EVERY:
            self._meta.set(KNOWN, moment)

    def learned(self, county_ms: int, shows: int) -> dict[str, int]:
        """What is to be kept where the county's clock said *county_ms* when this machine's showed *shows*; mostly nothing."""
        offset, known = self._meta.integer(OFFSET), self._meta.integer(KNOWN)
        found = {}
        if abs(county_ms - shows - offset) > _SAME:
            found[OFFSET] = county_ms - shows
        # What was saved under a clock that ran ahead must not hold time up for ever.
        if found or not county_ms - _COUNTY_EVERY <= known <= county_ms + _SLACK:
            found[KNOWN] = county_ms
        return found


def _judge(shows: int, offset: int, least: int) -> Reading:
    corrected = shows + offset
    if not least or least - _SLACK <= corrected <= least + _NEAR:
        return _told(corrected, shows, offset)
    if least - _SLACK <= shows <= least + _NEAR:
        # Somebody has set the machine's clock right since the county told how wrong it was.
        return Reading(shows, shows)
    if corrected < least:
        return Reading(least, shows, "back", least - corrected)
    if corrected > least + _FAR:
        return Reading(corrected, shows, "ahead", corrected - least)
    return _told(corrected, shows, offset)


def _told(corrected: int, shows: int, offset: int) -> Reading:
    if abs(offset) < _WRONG:
        return Reading(corrected, shows)
    return Reading(corrected, shows, "slow" if offset > 0 else "fast", abs(offset))
