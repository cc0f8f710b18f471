"""The working calendar: holidays of a year as a table, and what a working day and a working hour are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import KnownError
from app.paths import resource
from app.rules.reading import Sheets, Table, read_table
from app.schema.dates import CHINA

DAY = dt.timedelta(days=1)
END_OF_DAY = dt.time(23, 59, 59)
Span = tuple[dt.time, dt.time]
_HOURS: tuple[Span, ...] = (
    (dt.time(8, 30), dt.time(12)),
    (dt.time(14), dt.time(17, 30)),
)


def parse(text: str) -> dt.datetime:
    """The moment that an ISO text names, in China's time; ValueError. Without an offset it is China's time."""
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment.astimezone(CHINA)


def moment(value: object) -> dt.datetime | None:
    """The moment that *value* writes; None where it writes none."""
    try:
        return parse(value) if isinstance(value, str) and value else None
    except (ValueError, OverflowError):
        return None


def iso(moment: dt.datetime) -> str:
    """*moment* as it is kept: ``2026-09-18T10:00:00+08:00``."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class WorkYear:
    """The days of one year that differ from Monday to Friday, and the hours of a working day."""

    year: int
    confirmed: bool = False
    source: str = ""
    hours: tuple[Span, ...] = _HOURS
    holidays: frozenset[dt.date] = frozenset()
    workdays: frozenset[dt.date] = frozenset()


@dataclass(frozen=True)
class WorkCalendar:
    """Working days and hours in China's time. A year without a table counts Monday to Friday."""

    years: Mapping[int, WorkYear] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path | Sheets | None = None) -> WorkCalendar:
        """The calendars ``calendar_*.toml`` of *folder* (default: resources/rules); KnownError by name."""
        files = sorted((folder or resource("rules")).glob("calendar_*.toml"), key=lambda file: file.name)
        years = [_read_year(read_table(file)) for file in files]
        return cls({year.year: year for year in years})

    def confirmed(self, year: int) -> bool:
        """Whether the county has confirmed the table of *year*."""
        return year in self.years and self.years[year].confirmed

    def is_workday(self, day: dt.date) -> bool:
        table = self._year(day)
        if day in table.workdays:
            return True
        return day.weekday() < 5 and day not in table.holidays

    def add_working_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The close of office hours on the *days*-th working day after the day of *start*.

        The day of *start* itself doesn't count, and where office hours exist a period ends with them
        (民法典 art. 201, 203).
        0 days: the close of the first working day that isn't over, the day of *start* included.
        """
        day = start.astimezone(CHINA).date()
        if days == 0:
            while not self.is_workday(day) or self._close(day) < start:
                day += DAY
        for _ in range(days):
            day += DAY
            while not self.is_workday(day):
                day += DAY
        return self._close(day)

    def add_working_hours(self, start: dt.datetime, hours: float) -> dt.datetime:
        """The moment at which *hours* of office time have passed since *start*."""
        return self.add_working_time(start, dt.timedelta(hours=hours))

    def add_working_time(self, start: dt.datetime, span: dt.timedelta) -> dt.datetime:
        """The moment at which *span* of office time has passed since *start*; *start* itself for an empty one."""
        left = span
        if left <= dt.timedelta():
            return start
        day = start.astimezone(CHINA).date()
        while True:
            for opens, closes in self._spans(day):
                begin = max(opens, start)
                if begin < closes and left <= closes - begin:
                    return begin + left
                left -= max(closes - begin, dt.timedelta())
            day += DAY

    def shift_working_days(self, moment: dt.datetime, days: int) -> dt.datetime:
        """*moment* on the *days*-th working day after its own, at the same time of day; *moment* itself for none."""
        if days <= 0:
            return moment
        there = self.add_working_days(moment, days).date()
        local = moment.astimezone(CHINA)
        # A limit that ends with the office ends with it there too, though another year may close at another hour.
        return self._close(there) if local == self._close(local.date()) else dt.datetime.combine(there, local.timetz())

    def add_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The last second of the *days*-th natural day after that of *start*. Holidays move nothing: the safer end."""
        day = start.astimezone(CHINA).date() + days * DAY
        return dt.datetime.combine(day, END_OF_DAY, CHINA)

    def working_hours_between(self, start: dt.datetime, end: dt.datetime) -> float:
        """Hours of office time from *start* to *end*; 0 where *end* is not later."""
        return self.working_time_between(start, end) / dt.timedelta(hours=1)

    def working_time_between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Office time from *start* to *end*, exactly; none where *end* is not later."""
        total = dt.timedelta()
        day = start.astimezone(CHINA).date()
        while day <= end.astimezone(CHINA).date():
            for opens, closes in self._spans(day):
                total += max(min(closes, end) - max(opens, start), dt.timedelta())
            day += DAY
        return total

    def working_days_between(self, start: dt.datetime, end: dt.datetime) -> int:
        """Working days after the day of *start*, up to and with the day of *end*."""
        day, last, count = start.astimezone(CHINA).date(), end.astimezone(CHINA).date(), 0
        while day < last:
            day += DAY
            count += self.is_workday(day)
        return count

    def _year(self, day: dt.date) -> WorkYear:
        return self.years.get(day.year) or WorkYear(day.year)

    def _spans(self, day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
        if not self.is_workday(day):
            return []
        combine = dt.datetime.combine
        return [(combine(day, opens, CHINA), combine(day, closes, CHINA)) for opens, closes in self._year(day).hours]

    def _close(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, self._year(day).hours[-1][1], CHINA)


def _read_year(table: Table) -> WorkYear:
    table.only("year", "confirmed", "source", "hours", "holidays", "workdays")
    year = table.whole("year")
    if table.file != f"calendar_{year}.toml":
        raise table.fault("value_wrong", key="year", wanted="与文件名 calendar_年份.toml 相同的年份")
    hours = tuple(_span(table, text) for text in table.texts("hours"))
    # One after the other: where two overlap, an hour would count twice.
    edges = [edge for span in hours for edge in span]
    if not hours or any(opens >= closes for opens, closes in hours) or edges != sorted(edges):
        raise table.fault("value_wrong", key="hours", wanted="08:30-12:00 这样的时段")
    holidays: set[dt.date] = set()
    for name in table.table("holidays"):
        days = _days(table.table("holidays"), name, year)
        holidays |= {days[0] + offset * DAY for offset in range((days[-1] - days[0]).days + 1)}
    workdays = {day for name in table.table("workdays") for day in _days(table.table("workdays"), name, year)}
    return WorkYear(
        year,
        table.flag("confirmed"),
        table.text("source", ""),
        hours,
        frozenset(holidays - workdays),
        frozenset(workdays),
    )


def _span(table: Table, text: str) -> Span:
    try:
        opens, closes = (dt.time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise table.fault("value_wrong", key="hours", wanted="08:30-12:00 这样的时段") from None
    return opens, closes


def days_of(table: Table, name: str) -> list[dt.date]:
    """The days under *name*; KnownError("rules.…") where there is none, or what stands there is none."""
    try:
        days = [dt.date.fromisoformat(text) for text in table.texts(name)]
    except ValueError:
        days = []
    if not days:
        raise table.fault("value_wrong", key=name, wanted="2026-10-01 这样的日期")
    return days


def _days(table: Table, name: str, year: int) -> list[dt.date]:
    days = days_of(table, name)
    for day in days:
        if day.year != year:
            raise KnownError("rules.calendar_year", file=table.file, day=day, year=year)
    return days
