"""Case numbers given out in blocks: each number of a row to one device, once, also after the county was restored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from app.rules.case_engine import CaseRules
from app.rules.numbering import Numbering, Series
from app.schema.dates import CHINA
from sync.county.database import Database
from sync.county.rights import Device
from sync.county.tables import EPOCH, LEASE
from sync.wire import Area, Hello

SPAN = 100_000
"""Serials of one row that belong to one epoch: after a restore the row goes on in the next span, so that what was leased in the lost
past, to whomever, is never given again."""
_MOST_AHEAD = 5_000
"""Serials that a device may know beyond the county's last; one that says more than that would use the row up for all."""
_WORD = 40
_DECEMBER = 12
Block = tuple[int, str, str, int, int, int]
Answer = tuple[str, tuple[Block, ...]]


class Leasing:
    """Gives the blocks that a hello asks for."""

    def __init__(self, database: Database, county: str, steps: sa.Table | None, numbering: Numbering) -> None:
        self._database = database
        self._county = county
        self._steps = steps
        self._numbering = numbering

    def answer(
        self, device: Device, hello: Hello, areas: Sequence[Area], rules: CaseRules, now_ms: int
    ) -> Answer | None:
        """What is leased to *device*; None where it asked for nothing.

        The same request, sent again after a cut, gets the same block. Who may accept no case gets none.
        """
        if hello.numbers is None:
            return None
        word, years, rows = hello.numbers
        accept = rules.action("accept")
        may = accept is not None and not set(device.roles).isdisjoint(accept.roles)
        if not may or not word or len(word) > _WORD or not word.isalnum() or not word.isascii():
            return word, ()
        row = row_area(self._county, device.areas, areas)
        today = dt.datetime.fromtimestamp(now_ms / 1000, CHINA)
        known = {today.year} | ({today.year + 1} if today.month == _DECEMBER else set())
        last = {(before, after): high for before, after, high in rows}
        with self._database.write(self._county) as (conn, epoch, _):
            blocks = []
            for year in sorted(known.intersection(years)):
                series = self._numbering.series(row, year)
                if block := self._block(conn, device, word, series, last, epoch, now_ms):
                    blocks.append(block)
        return word, tuple(blocks)

    def _block(
        self,
        conn: sa.Connection,
        device: Device,
        word: str,
        series: Series,
        last: dict[tuple[str, str], int],
        epoch: int,
        now_ms: int,
    ) -> Block | None:
        mine = (LEASE.c.county == self._county, LEASE.c.device == device.id)
        old = conn.execute(
            sa.select(LEASE).where(*mine, LEASE.c.word == word, LEASE.c.year == series.year)
        ).one_or_none()
        if old is not None:
            return old.year, old.prefix, old.suffix, old.width, old.low, old.high
        this_row = (LEASE.c.county == self._county, LEASE.c.prefix == series.before, LEASE.c.suffix == series.after)
        begin = self._restores(conn, series.year, epoch) * SPAN
        end = begin + SPAN - 1
        within = LEASE.c.high.between(begin, end)
        highest = conn.scalar(sa.select(sa.func.max(LEASE.c.high)).where(*this_row, within))
        if highest is None:
            highest = self._printed(conn, series, begin, end)
        reported = last.get((series.before, series.after), 0)
        if begin <= reported <= min(highest + _MOST_AHEAD, end):
            # A county that was set back and hasn't noticed it yet.
            highest = max(highest, reported)
        before = conn.execute(
            sa.select(LEASE.c.low, LEASE.c.high, LEASE.c.at)
            .where(*this_row, mine[1])
            .order_by(LEASE.c.at.desc())
            .limit(1)
        ).one_or_none()
        size = (
            self._numbering.size(before.high - before.low + 1, now_ms - before.at)
            if before
            else self._numbering.size(0, 0)
        )
        low = max(highest, begin) + 1
        high = low + size - 1
        if high > end:
            return None
        row = {
            "county": self._county, "device": device.id, "word": word, "year": series.year, "prefix": series.before,
            "suffix": series.after, "width": series.width, "low": low, "high": high, "epoch": epoch, "at": now_ms,
        }  # fmt: skip
        conn.execute(sa.insert(LEASE).values(**row))
        return series.year, series.before, series.after, series.width, low, high

    def _restores(self, conn: sa.Connection, year: int, epoch: int) -> int:
        """Which span of serials *epoch* has in *year*: 0 for the epoch that stood when its numbers could first be given out.

        Epochs are counted by their numbers, for one that is not in the table may be of a past that this county has lost.
        """
        opened = dt.datetime(year - 1, _DECEMBER, 1, tzinfo=CHINA).timestamp() * 1000
        before = sa.select(sa.func.max(EPOCH.c.epoch)).where(EPOCH.c.county == self._county, EPOCH.c.at < opened)
        return epoch - (conn.scalar(before) or 1)

    def _printed(self, conn: sa.Connection, series: Series, begin: int, end: int) -> int:
        """The highest serial of this row that a step bears already: brought in otherwise, or by devices after a restore."""
        steps = self._steps
        if steps is None or "case_no" not in steps.c:
            return 0
        number = steps.c.case_no
        begins = sa.func.substr(number, 1, len(series.before)) == series.before
        found = conn.scalars(sa.select(number).where(steps.c.county == self._county, number.is_not(None), begins))
        return max((serial for text in found if begin <= (serial := series.serial(str(text))) <= end), default=0)


def row_area(county: str, held: Iterable[str], areas: Sequence[Area]) -> str:
    """The township in which all areas *held* lie; the county where they lie in several, or above."""
    by_code = {area.code: area for area in areas}
    townships = {_township(code, by_code) for code in held}
    top = f"{county:0<12}"
    return townships.pop() if len(townships) == 1 and "" not in townships else top


def _township(code: str, areas: dict[str, Area]) -> str:
    seen: set[str] = set()
    while code and code not in seen:
        seen.add(code)
        area = areas.get(code)
        if area is None:
            return ""
        if area.level == "township":
            return code
        code = area.parent
    return ""
