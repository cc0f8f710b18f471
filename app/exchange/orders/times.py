"""Times as exports of orders have them: also a day number of Excel as text, and a day without its year where the order says it."""

from __future__ import annotations

import datetime
import re

from app.schema.dates import read_time
from app.schema.values import BadValue, narrow, plain

_DAY_NUMBER = re.compile(r"[3-6]\d{4}\.\d+")
"""Days since 1899-12-30 with a part of a day, of 1982 to 2091."""
_NO_YEAR = re.compile(r"\d{1,2}月\d{1,2}[日号].*")
_FARTHEST = datetime.timedelta(days=180)
"""So far a reply may be due from when the order came in: of two years only one is within it."""


def day_number(raw: object) -> str:
    """The moment of a day number of Excel that was stored as text; BadValue for anything else."""
    text = narrow(plain(str(raw))).strip()
    if not _DAY_NUMBER.fullmatch(text):
        raise BadValue("time_wrong", value=text)
    return read_time(float(text))


def with_year(raw: object, other: str, *, later: bool) -> str:
    """The moment of ``11月25日`` in an order whose *other* time (ISO) is known: the first day from it on where *later*, else the last up to it.

    BadValue where *raw* isn't such a day, or that day lies farther off than half a year: then nobody knows which year is meant.
    """
    text = narrow(plain(str(raw))).strip()
    if not _NO_YEAR.fullmatch(text) or not other:
        raise BadValue("time_wrong", value=text)
    known = datetime.date.fromisoformat(other[:10])
    for year in (known.year, known.year + (1 if later else -1)):
        try:
            read = read_time(f"{year}年{text}")
        except BadValue:
            continue  # 29 February of a year that has none
        apart = datetime.date.fromisoformat(read[:10]) - known
        if datetime.timedelta() <= (apart if later else -apart) <= _FARTHEST:
            return read
    raise BadValue("time_wrong", value=text)
