"""How long each step may take, by timer, urgency and class of the case."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.paths import resource
from app.rules.calendar import WorkCalendar
from app.rules.classes import above
from app.rules.reading import Sheet, Table, read_table

URGENCIES = ("normal", "urgent", "critical")
UNITS = {"minute": "分钟", "hour": "小时", "day": "日", "working_hour": "工作小时", "working_day": "个工作日"}


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of one of UNITS."""

    amount: int
    unit: str

    def half(self) -> Limit:
        """Half of it, rounded up, at least 1: what a case sent back for rework gets."""
        return Limit(max(1, math.ceil(self.amount / 2)), self.unit)

    def words(self) -> str:
        return f"{self.amount} {UNITS[self.unit]}"

    def after(self, start: dt.datetime, calendar: WorkCalendar) -> dt.datetime:
        """The moment at which the limit ends that begins at *start*."""
        match self.unit:
            case "minute":
                return start + dt.timedelta(minutes=self.amount)
            case "hour":
                return start + dt.timedelta(hours=self.amount)
            case "day":
                return calendar.add_days(start, self.amount)
            case "working_hour":
                return calendar.add_working_hours(start, self.amount)
            case _:
                return calendar.add_working_days(start, self.amount)


@dataclass(frozen=True)
class Limits:
    """The table of limits; ``timers`` are the labels by name."""

    timers: Mapping[str, str]
    calendar: WorkCalendar
    _general: Mapping[tuple[str, str], Limit]
    _by_class: Mapping[tuple[str, str, str], Limit]
    _by_profile: Mapping[tuple[str, str, str], Limit] = field(default_factory=dict)
    _by_level: Mapping[tuple[str, str, str], Limit] = field(default_factory=dict)
    _extensions: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | Sheet | None = None, calendar: WorkCalendar | None = None) -> Limits:
        """The table at *path* (default: resources/rules/limits.toml); KnownError by name of what is wrong."""
        path = path or resource("rules", "limits.toml")
        root = read_table(path)
        root.only("timers", "classes", "profiles", "levels", "extensions")
        labels: dict[str, str] = {}
        general: dict[tuple[str, str], Limit] = {}
        for timer, table in root.tables("timers").items():
            table.only("label", *URGENCIES)
            labels[timer] = table.text("label")
            general.update({(timer, urgency): read_limit(table, urgency) for urgency in URGENCIES})
        by_class, by_profile, by_level = (
            _read_own(root.tables(part), labels) for part in ("classes", "profiles", "levels")
        )
        if calendar is None:
            calendar = WorkCalendar.load(path.parent if isinstance(path, Path) else None)
        return cls(
            labels, calendar, general, by_class, by_profile, by_level, _read_extensions(root.table("extensions"))
        )

    def limit(
        self,
        timer: str,
        urgency: str | None = None,
        category: str | None = None,
        *,
        profile: str = "",
        level: str = "",
    ) -> Limit | None:
        """The limit of *timer*; None where the table has none. An unknown urgency counts as normal.

        What a class says counts before what a profile says, that before what a level says. A class without its own
        limit has that of the class whose code its own begins with (``order_stall``: ``order``).
        """
        urgency = urgency if urgency in URGENCIES else "normal"
        for code in above(category or ""):
            if found := self._by_class.get((code, timer, urgency)):
                return found
        return (
            self._by_profile.get((profile, timer, urgency))
            or self._by_level.get((level, timer, urgency))
            or self._general.get((timer, urgency))
        )

    def most_extension(self, urgency: str | None = None, category: str | None = None) -> int | None:
        """The natural days by which a case may be extended altogether; None where the table sets no end."""
        urgency = urgency if urgency in URGENCIES else "normal"
        codes = [*above(category or ""), ""]
        return next((self._extensions[code, urgency] for code in codes if (code, urgency) in self._extensions), None)

    def due(
        self,
        timer: str,
        start: dt.datetime,
        urgency: str | None = None,
        category: str | None = None,
        *,
        profile: str = "",
        level: str = "",
        half: bool = False,
    ) -> dt.datetime | None:
        """When *timer*, begun at *start*, is due."""
        limit = self.limit(timer, urgency, category, profile=profile, level=level)
        if limit is None:
            return None
        return (limit.half() if half else limit).after(start, self.calendar)


def _read_own(tables: Mapping[str, Table], labels: Mapping[str, str]) -> dict[tuple[str, str, str], Limit]:
    """The limits that classes, profiles or levels have of their own, by (code, timer, urgency)."""
    found: dict[tuple[str, str, str], Limit] = {}
    for code, timers in tables.items():
        timers.only(*labels)
        for timer in timers:
            table = timers.table(timer)
            table.only(*URGENCIES)
            found.update({(code, timer, urgency): read_limit(table, urgency) for urgency in table})
    return found


def _read_extensions(table: Table) -> dict[tuple[str, str], int]:
    """The most days of all extensions of a case together, by (class, urgency); the class is empty for those without their own."""
    table.only("most_days", "classes")
    found: dict[tuple[str, str], int] = {}
    for code, days in {"": table.table("most_days"), **table.tables("classes")}.items():
        days.only(*URGENCIES)
        found.update({(code, urgency): days.whole(urgency) for urgency in days})
    return found


def read_limit(table: Table, key: str) -> Limit:
    """The limit under *key* of *table*, such as "3 working_day"; KnownError by name of what is wrong."""
    amount, _, unit = table.text(key).partition(" ")
    if not amount.isdigit() or int(amount) < 1 or unit not in UNITS:
        raise table.fault("value_wrong", key=key, wanted="“3 working_day”这样的时限")
    return Limit(int(amount), unit)
