"""The working calendar of a year as a table that people edit, and as the file that a county puts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.errors import KnownError
from app.rules.calendar import WorkCalendar, days_of
from app.rules.reading import Sheet, Sheets, Table, read_table

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row that are no usual ones: a holiday, or, where it *works*, a day off on which one works."""

    name: str
    first: dt.date
    last: dt.date
    works: bool = False

    @property
    def days(self) -> int:
        """How many, both ends counted."""
        return (self.last - self.first) // DAY + 1


@dataclass(frozen=True, slots=True)
class CalendarSheet:
    """A year: its stretches in the order of days, hours as they are written (``08:30-12:00``)."""

    year: int
    confirmed: bool
    source: str
    hours: tuple[str, ...]
    stretches: tuple[Stretch, ...] = ()

    @classmethod
    def read(cls, year: int, text: str) -> CalendarSheet:
        """The table in *text*; KnownError by name of what is wrong."""
        root = read_table(Sheet(f"calendar_{year}.toml", text))
        sheet = cls(
            root.whole("year"),
            root.flag("confirmed"),
            root.text("source", ""),
            root.texts("hours"),
            _sorted([*_holidays(root.table("holidays")), *_workdays(root.table("workdays"))]),
        )
        sheet.calendar()
        return sheet

    def calendar(self) -> WorkCalendar:
        """What it means; KnownError by name of what is wrong: whoever reads it later reads it just so."""
        return WorkCalendar.load(Sheets(None, {f"calendar_{self.year}.toml": self.text()}))

    def with_stretch(self, stretch: Stretch, instead: int | None = None) -> CalendarSheet:
        """The sheet with *stretch*, in the place of the one at *instead*; KnownError("rules.stretch_wrong", "rules.stretch_meets")."""
        if (
            not stretch.name.strip()
            or stretch.last < stretch.first
            or {stretch.first.year, stretch.last.year} != {self.year}
        ):
            raise KnownError("rules.stretch_wrong", year=self.year)
        others = [held for place, held in enumerate(self.stretches) if place != instead]
        for held in others:
            if held.first <= stretch.last and stretch.first <= held.last:
                raise KnownError("rules.stretch_meets", name=held.name, first=held.first, last=held.last)
        return replace(self, stretches=_sorted([*others, stretch]))

    def with_hours(self, hours: Sequence[str], source: str, *, confirmed: bool) -> CalendarSheet:
        """The sheet with these hours of a working day and what is said of it; KnownError("rules.hours_wrong")."""
        made = replace(
            self,
            hours=tuple(text.strip() for text in hours if text.strip()),
            source=source.strip(),
            confirmed=confirmed,
        )
        try:
            made.calendar()
        except KnownError as bad:
            raise KnownError("rules.hours_wrong") from bad
        return made

    def without(self, place: int) -> CalendarSheet:
        """The sheet without the stretch at *place*."""
        return replace(self, stretches=self.stretches[:place] + self.stretches[place + 1 :])

    def text(self) -> str:
        """The file."""
        lines = [
            f"# {self.year} 年工作日历。交县中心管理员：township county rules put calendar_{self.year}.toml",
            f"year = {self.year}",
            f"confirmed = {str(self.confirmed).lower()}",
            f"source = {_quoted(self.source)}",
            f"hours = [{', '.join(map(_quoted, self.hours))}]",
            "",
            "# 放假的日子：第一天到最后一天",
            "[holidays]",
        ]
        used: set[str] = set()
        for held in self.stretches:
            if not held.works:
                name, count = held.name, 2
                while name in used:
                    name, count = f"{held.name}（{count}）", count + 1
                used.add(name)
                lines.append(f'{_quoted(name)} = ["{held.first}", "{held.last}"]')
        lines += ["", "# 周末调休上班的日子", "[workdays]"]
        working: dict[str, list[dt.date]] = {}
        for held in self.stretches:
            if held.works:
                working.setdefault(held.name, []).extend(held.first + DAY * n for n in range(held.days))
        lines += [
            f"{_quoted(name)} = [{', '.join(_quoted(f'{day}') for day in days)}]" for name, days in working.items()
        ]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A basic string of TOML is written as one of JSON is.
    return json.dumps(text, ensure_ascii=False)


def _sorted(found: list[Stretch]) -> tuple[Stretch, ...]:
    return tuple(sorted(found, key=lambda held: (held.first, held.last)))


def _holidays(table: Table) -> list[Stretch]:
    found = []
    for name in table:
        days = days_of(table, name)
        found.append(Stretch(name, days[0], days[-1]))
    return found


def _workdays(table: Table) -> list[Stretch]:
    return [Stretch(name, day, day, works=True) for name in table for day in days_of(table, name)]
