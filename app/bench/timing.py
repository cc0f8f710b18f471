"""How long a piece of work takes, and what a share of many such times stay below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


def ms(work: Callable[[], object]) -> float:
    """Milliseconds that *work* takes by the clock."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def at(times: Sequence[float], share: float, digits: int) -> float:
    """The time at *share* of *times* in their order, 0.5 the median; rounded to *digits*."""
    held = sorted(times)
    return round(held[min(len(held) - 1, int(len(held) * share))], digits)
