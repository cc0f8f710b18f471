"""How fast an exchange goes and how long it will take, from the bytes told so far; pure."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ui.pages.sync_words import size, took

_SECONDS = 10.0
"""The speed is that of the last seconds: a link's speed of a minute ago says little."""
_LEAST = 1.5


@dataclass(frozen=True)
class Told:
    """What the worker last told: changes and records done of ``total`` (0: not known), bytes so far, bytes still ``expected`` (0: not known)."""

    done: int = 0
    total: int = 0
    bytes: int = 0
    expected: int = 0

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Told:
        """The worker's line."""
        return cls(*(int(line.get(name) or 0) for name in ("done", "total", "bytes", "expected")))

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where nobody can say."""
        if self.expected:
            return self.bytes / (self.bytes + self.expected)
        return self.done / self.total if self.total > self.done else None


class Speed:
    """Fed with each line of the worker."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: deque[tuple[float, int]] = deque()
        self.told = Told()

    def begin(self) -> None:
        """A new exchange."""
        self._seen.clear()
        self._seen.append((self._now(), 0))
        self.told = Told()

    def feed(self, told: Told) -> None:
        """The worker told how far it is."""
        self.told = told
        now = self._now()
        self._seen.append((now, told.bytes))
        while len(self._seen) > 2 and self._seen[1][0] < now - _SECONDS:
            self._seen.popleft()

    def rate(self) -> float:
        """Bytes a second of late; 0 while too little is known."""
        if len(self._seen) < 2:
            return 0.0
        (begun, first), (_last, done) = self._seen[0], self._seen[-1]
        # Also while nothing comes time goes on: a stalled link slows down before the clerk's eyes.
        seconds = self._now() - begun
        return max(done - first, 0) / seconds if seconds >= _LEAST else 0.0

    def words(self) -> tuple[str, str]:
        """(figure, note) for the strip: bytes of bytes; speed, time left and what that is reckoned from."""
        told, rate = self.told, self.rate()
        figure = size(told.bytes)
        if told.expected:
            figure = f"{size(told.bytes)} / 约 {size(told.bytes + told.expected)}"
        parts = [f"每秒 {size(int(rate))}" if rate else ""]
        if rate and told.expected:
            parts.append(f"约还需 {took(max(told.expected / rate, 1))}")
        parts.append(f"已收发 {told.done:,} 条" if told.done else "")
        return figure, "　".join(part for part in parts if part)
