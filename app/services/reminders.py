"""Reminders: what a due time says to whom it concerns, reckoned from the stored due times, and what this user has seen on this device."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.rules.calendar import iso, parse
from app.rules.case_fold import CaseState
from app.rules.watching import OWNER, Reminder
from app.schema.record import Record
from app.services.case_folding import fold_case
from app.services.cases import EVENT, Cases, read_steps
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.store.store import Store

_MOST = 200
"""Cases of one audience that are looked at with all their steps."""
_HALVES = dt.timedelta(days=60)
"""So far ahead a case may be due of whose time half has passed."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One reminder that holds now: of which case, by which row, for which timer (its label), due when, shown since *moment*."""

    event: str
    title: str
    rule: str
    label: str
    timer: str
    due: dt.datetime
    moment: dt.datetime
    seen: bool = False


class Reminders:
    """Nothing of it is stored but what was seen: ``seen.USER`` in the store's own small facts, which no exchange carries."""

    def __init__(self, store: Store, gate: Gate, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases
        self._read: tuple[object, list[Notice]] = (None, [])

    def now(self) -> list[Notice]:
        """One notice a case at most: the newest that concerns this user; what he has not seen first, then the newest.

        What fell due before ``Watch.oldest`` is said no more: it stands in the lists.
        """
        now = self._cases.now()
        # Asked for with every look at the navigation: within a minute, and where nothing was changed, it says the same.
        key = self._store.stamp(), now.replace(second=0)
        if self._read[0] != key:
            self._read = key, self._reckoned(now)
        return list(self._read[1])

    def unseen(self) -> int:
        """How many this user has not seen."""
        return sum(not notice.seen for notice in self.now())

    def see(self, events: Collection[str]) -> None:
        """This user has seen what these cases say up to now; what comes later is said again."""
        told = {notice.event: iso(notice.moment) for notice in self.now() if notice.seen or notice.event in events}
        if told != self._seen():
            with self._store.transaction():
                self._store.meta.set(self._key, told)

    @property
    def _key(self) -> str:
        return f"seen.{self._gate.session.user}"

    def _seen(self) -> dict[str, str]:
        held = self._store.meta.get(self._key, {})
        return held if isinstance(held, dict) else {}

    def _reckoned(self, now: dt.datetime) -> list[Notice]:
        seen, oldest = self._seen(), self._cases.rules.watch.oldest
        found: dict[str, Notice] = {}
        for rows, events in self._audiences(now):
            for event, case in self._folded(events):
                notice = self._newest(event, case, rows, now)
                if (
                    notice
                    and notice.moment >= now - oldest
                    and (event.id not in found or notice.moment > found[event.id].moment)
                ):
                    found[event.id] = notice
        told = [replace(notice, seen=seen.get(notice.event, "") >= iso(notice.moment)) for notice in found.values()]
        told.sort(key=lambda notice: (notice.moment, notice.event), reverse=True)
        return sorted(told, key=lambda notice: notice.seen)

    def _audiences(self, now: dt.datetime) -> Iterable[tuple[Sequence[Reminder], Sequence[Record]]]:
        """The rows that concern this user, with the cases that they may be about for him: by index, without their steps.

        Of very many, those that fell due last: what has been late for long was said often enough, and stands in the lists.
        """
        watch, session = self._cases.rules.watch, self._gate.session
        if not self._gate.decide("read", EVENT, None, own=True).allowed:
            return
        own = [row for row in watch.reminders if row.to == OWNER]
        ahead = max((row.before for row in own if row.before), default=dt.timedelta())
        oldest, soon = iso(now - watch.oldest), iso(now + ahead)
        near: dict[str, object] = {"first_due": ("between", oldest, soon)}
        # One timer that ran out long ago must not hide what falls due now.
        behind: dict[str, object] = {"first_due": ("<", oldest), "due_at": ("between", oldest, soon)}
        if own:
            yield own, self._queue("mine", near, "-first_due")
            yield own, self._queue("mine", behind, "-due_at")
            if any(row.half for row in own):
                later = ("between", soon, iso(now + _HALVES))
                halves = [row for row in own if row.half]
                for within, by in (
                    ({"first_due": later}, "first_due"),
                    ({"first_due": ("<", oldest), "due_at": later}, "due_at"),
                ):
                    yield halves, [event for event in self._queue("mine", within, by) if _half_gone(event, now)]
            visits = [row for row in own if "visit_due" in row.timers]
            teams = self._cases.rules.teams_of(session.roles)
            if visits and "visitors" in teams:
                yield visits, self._queue("to_visit", near, "-first_due")
        mine = [row for row in watch.reminders if row.to in self._cases.rules.teams_of(session.roles)]
        if mine:
            yield mine, self._queue("waiting", near, "-first_due")
            yield mine, self._queue("waiting", behind, "-due_at")

    def _queue(self, name: str, within: Mapping[str, object], order: str) -> list[Record]:
        return self._cases.queue(name, order=[order, "id"], limit=_MOST, within=within)

    def _folded(self, events: Sequence[Record]) -> Iterable[tuple[Record, CaseState]]:
        steps = read_steps(self._store, [event.id for event in events]) if events else {}
        for event in events:
            yield event, fold_case(self._store, self._cases.rules, event, steps.get(event.id, []))

    def _newest(self, event: Record, case: CaseState, rows: Sequence[Reminder], now: dt.datetime) -> Notice | None:
        limits = self._cases.rules.limits
        newest: Notice | None = None
        for row in rows:
            for timer in row.timers & case.due.keys():
                due = case.due[timer]
                for moment in row.moments(due, case.since.get(timer), limits.calendar):
                    if moment > now:
                        break
                    if newest is None or moment > newest.moment:
                        title = str(event.values.get("title") or "")
                        newest = Notice(event.id, title, row.code, row.label, limits.timers[timer], due, moment)
        return newest


def _half_gone(event: Record, now: dt.datetime) -> bool:
    """Whether half the time of the present state has passed."""
    since, due = event.values.get("due_since"), event.values.get("due_at")
    return bool(since and due) and parse(str(since)) + (parse(str(due)) - parse(str(since))) / 2 <= now
