"""What people are told of this machine's clock: what is wrong with it, what is safe, what to do."""

from __future__ import annotations

from app.messages import sentence
from app.schema.dates import china_time
from app.store.clock import DAY_MS, MINUTE_MS, Reading

_HOUR_MS, _YEAR_MS = 60 * MINUTE_MS, 365 * DAY_MS
_STEPS = ((_YEAR_MS, "年"), (DAY_MS, "天"), (_HOUR_MS, "小时"), (MINUTE_MS, "分钟"))


def clock_words(reading: Reading) -> str:
    """One sentence, or nothing where the clock is right as far as anybody knows."""
    if not reading.fault:
        return ""
    shows = china_time(reading.shows)[:16].replace("T", " ")
    return sentence(f"clock.{reading.fault}", by=span_words(reading.by_ms), shows=shows)


def span_words(milliseconds: int) -> str:
    """A span of time as people say it: 3 分钟, 2 小时, 1 天, 17 年."""
    size, name = next((step for step in _STEPS if milliseconds >= step[0]), _STEPS[-1])
    return f"{max(round(milliseconds / size), 1)} {name}"
