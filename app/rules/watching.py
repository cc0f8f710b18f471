"""What happens by itself as time passes: reminders that people see, and the steps that the county makes when a case is late."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.rules.calendar import DAY, WorkCalendar, iso
from app.rules.case_fold import LEVELS, CaseState
from app.rules.classes import above
from app.rules.limits import URGENCIES, Limit, read_limit
from app.rules.reading import Sheet, Table, read_table
from app.schema.dates import CHINA

SYSTEM, SYSTEM_ROLE = "系统", "system"
OWNER, HALF = "owner", "half"
DOES = ("remind", "supervise", "escalate")
_WALL = ("minute", "hour", "day")
_MOST_TIMES = 60


@dataclass(frozen=True, slots=True)
class Repeat:
    """After a due time: the first moment *after* it, then each *every*, so many *times* in all."""

    after: Limit | None = None
    every: Limit | None = None
    times: int = 1

    def moments(self, due: dt.datetime, calendar: WorkCalendar) -> Iterator[dt.datetime]:
        """Each moment, the first first; none beyond the end of all calendars."""
        with contextlib.suppress(OverflowError):
            moment = self.after.after(due, calendar) if self.after else due
            yield moment
            for _ in range(self.times - 1 if self.every else 0):
                moment = self.every.after(moment, calendar) if self.every else moment
                yield moment


@dataclass(frozen=True, slots=True)
class Reminder:
    """A row ``[[reminder]]``: shown to *to*, the owner of the case or a team, *before* a timer ends, at its half, or by *repeat*."""

    code: str
    label: str
    timers: frozenset[str]
    to: str = OWNER
    half: bool = False
    before: dt.timedelta | None = None
    repeat: Repeat = Repeat()

    def moments(self, due: dt.datetime, since: dt.datetime | None, calendar: WorkCalendar) -> Iterator[dt.datetime]:
        """When it is shown of a timer that was set at *since* (None: nobody knows) and ends at *due*."""
        if self.half:
            if since and since < due:
                yield since + (due - since) / 2
        elif self.before is not None:
            # What was given less time than that needs no warning ahead.
            if since is None or since < due - self.before:
                yield due - self.before
        else:
            yield from self.repeat.moments(due, calendar)


@dataclass(frozen=True, slots=True)
class Escalation:
    """A row ``[[escalation]]``: the county does *do* by itself on cases whose timer ended."""

    code: str
    label: str
    timers: frozenset[str]
    do: str
    repeat: Repeat = Repeat()
    urgency: frozenset[str] = frozenset(URGENCIES)
    classes: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset(LEVELS)
    supervise_level: str = "2"
    since: dt.date | None = None

    def about(self, case: CaseState) -> bool:
        """Whether it speaks of such cases."""
        urgency = case.urgency if case.urgency in URGENCIES else "normal"
        return (
            urgency in self.urgency
            and case.level in self.levels
            and (not self.classes or not self.classes.isdisjoint(above(case.category)))
        )


@dataclass(frozen=True, slots=True)
class Act:
    """A step that the county owes a case: by which rule, for which timer and due time, at which moment, under which id."""

    rule: Escalation
    timer: str
    due: dt.datetime
    moment: dt.datetime
    step: str


@dataclass(frozen=True)
class Watch:
    """Everything in resources/rules/reminders.toml."""

    reminders: tuple[Reminder, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    oldest: dt.timedelta = 30 * DAY

    @classmethod
    def load(cls, path: Path | Sheet, timers: Collection[str], teams: Collection[str]) -> Watch:
        """The file at *path*, nothing where there is none; KnownError("rules.…") by name of what is wrong."""
        if isinstance(path, Path) and not path.exists():
            return cls()
        root = read_table(path)
        root.only("reminder", "escalation", "oldest_days")
        reminders = tuple(_reminder(row, timers, teams) for row in root.rows("reminder"))
        escalations = tuple(_escalation(row, timers) for row in root.rows("escalation"))
        for rows in (reminders, escalations):
            codes = [row.code for row in rows]
            if len(set(codes)) < len(codes):
                raise root.fault("value_wrong", key="code", wanted="各不相同的代码")
        return cls(reminders, escalations, root.whole("oldest_days", 30) * DAY)

    def next_act(
        self, event: str, case: CaseState, now: dt.datetime, calendar: WorkCalendar, refused: Collection[str] = ()
    ) -> Act | None:
        """The first thing that the county will do, or, where its moment is past at *now*, should have done; None for nothing.

        Of moments that nobody was there for only the last one counts. *refused*: ids of steps that can't be done now.
        """
        found = [
            act
            for rule in self.escalations
            if rule.about(case)
            for timer in rule.timers & case.due.keys()
            if (act := self._one(rule, event, timer, case, now, calendar)) and act.step not in refused
        ]
        return min(found, key=lambda act: (act.moment, act.step), default=None)

    def _one(
        self, rule: Escalation, event: str, timer: str, case: CaseState, now: dt.datetime, calendar: WorkCalendar
    ) -> Act | None:
        due = case.due[timer]
        if rule.since and due.astimezone(CHINA).date() < rule.since:
            return None
        done = {move.step for move in case.moves}
        found: Act | None = None
        for moment in rule.repeat.moments(due, calendar):
            act = Act(rule, timer, due, moment, step_id(event, rule.code, timer, due, moment))
            if moment > now:
                return found or act
            found = act if act.step not in done and moment >= now - self.oldest else None
        return found


def step_id(event: str, rule: str, timer: str, due: dt.datetime, moment: dt.datetime) -> str:
    """The id of the step that *rule* makes: the same whoever makes it, so that it is never made twice. A UUIDv7 of *moment*."""
    cause = "\0".join((event, rule, timer, iso(due), iso(moment)))
    tail = int.from_bytes(hashlib.blake2b(cause.encode(), digest_size=10).digest(), "big")
    time = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    number = time << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | (tail & ((1 << 62) - 1))
    return f"{number:032x}"


def _reminder(row: Table, timers: Collection[str], teams: Collection[str]) -> Reminder:
    row.only("code", "label", "timers", "to", "at", "before", "after", "every", "times")
    before = read_limit(row, "before") if "before" in row else None
    if before and before.unit not in _WALL:
        raise row.fault("value_wrong", key="before", wanted="minute、hour 或 day 的时间")
    return Reminder(
        row.text("code"),
        row.text("label"),
        frozenset(row.some_of("timers", timers)),
        row.one_of("to", [OWNER, *teams], OWNER),
        "at" in row and row.one_of("at", (HALF,)) == HALF,
        dt.timedelta(**{f"{before.unit}s": before.amount}) if before else None,
        _repeat(row),
    )


def _escalation(row: Table, timers: Collection[str]) -> Escalation:
    row.only(
        "code", "label", "timers", "do", "after", "every", "times", "urgency", "classes", "levels", "supervise_level",
        "since",
    )  # fmt: skip
    since = row.raw("since") if "since" in row else None
    if since is not None and type(since) is not dt.date:
        raise row.fault("value_wrong", key="since", wanted="2026-01-01 这样的日期，不加引号")
    return Escalation(
        row.text("code"),
        row.text("label"),
        frozenset(row.some_of("timers", timers)),
        row.one_of("do", DOES),
        _repeat(row),
        frozenset(row.some_of("urgency", URGENCIES, URGENCIES)),
        frozenset(row.texts("classes", ())),
        frozenset(row.some_of("levels", LEVELS, LEVELS)),
        row.one_of("supervise_level", ("1", "2", "3"), "2"),
        since,
    )


def _repeat(row: Table) -> Repeat:
    times = row.whole("times", 1)
    if not 1 <= times <= _MOST_TIMES:
        raise row.fault("value_wrong", key="times", wanted=f"1 到 {_MOST_TIMES} 的次数")
    return Repeat(
        read_limit(row, "after") if "after" in row else None,
        read_limit(row, "every") if "every" in row else None,
        times,
    )


__all__ = ["SYSTEM", "SYSTEM_ROLE", "Act", "Escalation", "Reminder", "Repeat", "Watch", "step_id"]
