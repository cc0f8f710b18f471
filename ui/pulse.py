"""How late a timer on the window's thread comes: what a clerk feels as stalling."""

from __future__ import annotations

import time
from typing import Self

from PySide6.QtCore import Qt, QTimer

BEAT = 5
"""Milliseconds between two beats."""


class Pulse:
    """``with Pulse() as pulse:`` measures the gaps between beats in ms while the event loop runs."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer(interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_beat)

    def __enter__(self) -> Self:
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.stop()

    def worst_but(self, share: float) -> float:
        """The longest gap but for *share* of them."""
        return sorted(self.gaps)[int(len(self.gaps) * (1 - share)) - 1]

    def stalled(self, least: float) -> float:
        """Which share of the time was spent in gaps longer than *least* ms."""
        return sum(gap for gap in self.gaps if gap > least) / max(sum(self.gaps), 1.0)

    def _on_beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now
