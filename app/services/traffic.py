"""What the exchange may do by itself: the day's network budget, and a pause until somebody lifts it or a time comes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app import settings
from app.schema.dates import CHINA

if TYPE_CHECKING:
    from app.store.store import Store

_PAUSE, _LIFTED = "sync.pause", "sync.budget_lifted"
_MEGABYTE = 1 << 20
FOREVER = 0
"""A pause that somebody lifts."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How things stand on ``day`` (ISO date, China): bytes ``used``, of ``budget`` (0: no budget), ``lifted`` for this day.

    ``pause``: None, ``FOREVER``, or the moment in ms when it ends.
    """

    day: str = ""
    used: int = 0
    budget: int = 0
    lifted: bool = False
    pause: int | None = None

    def at(self, now_ms: int) -> Allowance:
        """The same at *now_ms*: a new day has its own budget, a pause that is over is none."""
        fresh = self if day_of(now_ms) == self.day else replace(self, day=day_of(now_ms), used=0, lifted=False)
        return replace(fresh, pause=None) if fresh.pause and fresh.pause <= now_ms else fresh

    @property
    def paused(self) -> bool:
        """Whether only what is urgent goes by itself because somebody said so."""
        return self.pause is not None

    @property
    def over(self) -> bool:
        """Whether only what is urgent goes by itself because the day's budget is used up."""
        return bool(self.budget) and not self.lifted and self.used >= self.budget

    @property
    def most(self) -> int | None:
        """Bytes that an exchange may take by itself now, beside what is urgent; None: as many as it needs."""
        if self.paused:
            return 0
        return max(self.budget - self.used, 0) if self.budget and not self.lifted else None


NO_LIMIT = Allowance()


class Traffic:
    """Reads and keeps it; short store operations for the lane."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allowance(self) -> Allowance:
        """How things stand now."""
        now, meta = self._store.now_ms(), self._store.meta
        day = day_of(now)
        budget = settings.read(self._store.folder).daily_megabytes * _MEGABYTE
        used = self._store.sync.bytes_since(midnight(now))
        return Allowance(day, used, budget, meta.get(_LIFTED, "") == day, meta.get(_PAUSE)).at(now)

    def pause(self, until_ms: int = FOREVER) -> Allowance:
        """Let nothing but what is urgent go by itself, until *until_ms*."""
        return self._set(_PAUSE, until_ms)

    def resume(self) -> Allowance:
        """The pause is over."""
        return self._set(_PAUSE, None)

    def lift(self) -> Allowance:
        """For today the budget doesn't count."""
        return self._set(_LIFTED, day_of(self._store.now_ms()))

    def set_budget(self, megabytes: int) -> Allowance:
        """What the exchange may use a day by itself from now on; 0: as much as it needs."""
        home = self._store.folder
        settings.write(home, replace(settings.read(home), daily_megabytes=megabytes))
        return self.allowance()

    def _set(self, key: str, value: object) -> Allowance:
        with self._store.transaction():
            self._store.meta.set(key, value)
        return self.allowance()


def day_of(now_ms: int) -> str:
    """The day in China, ISO."""
    return _china(now_ms).date().isoformat()


def midnight(now_ms: int) -> int:
    """When the day of *now_ms* began in China, in ms."""
    return int(_china(now_ms).replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def next_morning(now_ms: int) -> int:
    """Tomorrow, before anybody comes to work (06:00 in China), in ms."""
    return midnight(now_ms) + int(dt.timedelta(days=1, hours=6).total_seconds() * 1000)


def _china(now_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(now_ms / 1000, CHINA)
