"""Clearing meetings and leaders' reception days of the demo: one meeting held, the next prepared; who came, and who receives next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.demo.numbers import Numbers
from app.demo.population import Row
from app.demo.words import words
from app.rules.case_engine import CaseRules
from app.schema.values import Value
from app.services.meetings import item_id

_BACK = 24
"""Days since the meeting that was held."""
_WEDNESDAY = 2
_COMING, _PAST = 3, 4
_LOOKED = ("done", "partly", "not_done", None)


@dataclass
class _Matter:
    """One thing a meeting may go through, and on which day it was settled."""

    form: str
    id: str
    title: str
    village: str
    since: dt.date
    closed: dt.date | None = None

    def open_on(self, day: dt.date) -> bool:
        return self.since <= day and (self.closed is None or self.closed > day)


@dataclass
class _Seen:
    matters: dict[str, _Matter] = field(default_factory=dict)
    visits: list[tuple[str, str, dt.date]] = field(default_factory=list)
    """(case, area, day) of who came by himself."""


class MeetingsAndReceptions:
    """Those of one township after another."""

    def __init__(self, numbers: Numbers, rules: CaseRules, now: dt.datetime) -> None:
        self._numbers, self._now, self._text = numbers, now, words("meetings")
        states = rules.states
        self._ends = {
            action.code: not states[action.to].waiting for action in rules.actions.values() if action.to in states
        }

    def township(self, rows: Iterable[Row], code: str, villages: dict[str, str]) -> Iterator[Row]:
        """*rows* of the cases and ledgers of a township, and after them its meetings and reception days."""
        seen = _Seen()
        for row in rows:
            self._see(row, seen, villages)
            yield row
        today = self._now.date()
        held = _weekday(today - dt.timedelta(days=_BACK))
        yield from self._meeting(code, held, [m for m in seen.matters.values() if m.open_on(held)], decided=True)
        yield from self._meeting(code, today, [m for m in seen.matters.values() if m.open_on(today)], decided=False)
        yield from self._days(code, today, seen.visits)

    def _see(self, row: Row, seen: _Seen, villages: dict[str, str]) -> None:
        form, key, area, values = row
        if form == "event_step":
            matter, ends = seen.matters.get(str(values["event"])), self._ends.get(str(values["action"]))
            if matter is not None and ends is not None:
                matter.closed = _day(values["at"]) if ends else None
            return
        titles = {"event": "title", "dispute": "title", "hazard": "object"}
        if form not in titles:
            return
        since = _day(values["found_at"])
        over = {"dispute": values.get("closed_at"), "hazard": values.get("struck_off_at")}.get(form)
        closed = _day(over) if over and values.get("result") != "open" else None
        seen.matters[key] = _Matter(form, key, str(values[titles[form]]), villages.get(area, ""), since, closed)
        if form == "event" and values.get("channel") == "visit_in":
            seen.visits.append((key, area, since))

    def _meeting(self, code: str, day: dt.date, matters: list[_Matter], *, decided: bool) -> Iterator[Row]:
        text, meeting = self._text, self._numbers.record_id()
        values: dict[str, Value] = {
            "kind": "clear", "date": day.isoformat(), "place": text["place"], "host": text["host"],
            "recorder": words("units")["registrar"], "present": text["present"],
        }  # fmt: skip
        if decided:
            values |= {"agenda": text["agenda"], "next_meeting": self._now.date().isoformat()}
        yield "meeting", meeting, code, values
        for number, matter in enumerate(sorted(matters, key=lambda one: (one.since, one.id))):
            item: dict[str, Value] = {
                "meeting": meeting, "about_form": matter.form, "about": matter.id, "title": matter.title,
                "village": matter.village or None, "since": matter.since.isoformat(),
            }  # fmt: skip
            if decided:
                said = text["decision"][number % len(text["decision"])]
                due = day + dt.timedelta(days=said["days"])
                item |= {"decision": said["text"], "owner": said["owner"], "due": due.isoformat()}
                looked = "done" if matter.closed else _LOOKED[number % len(_LOOKED)]
                if looked and due < self._now.date():
                    item["result"] = looked if matter.closed or looked != "done" else "partly"
            given: dict[str, Value] = {name: value for name, value in item.items() if value is not None}
            yield "meeting_item", item_id(meeting, matter.id), code, given

    def _days(self, code: str, today: dt.date, visits: list[tuple[str, str, dt.date]]) -> Iterator[Row]:
        """The days on which somebody came, with their cases; then the next ones, a week apart."""
        text = self._text["reception"]
        past = sorted({day for _key, _area, day in visits if day < today})[-_PAST:]
        next_day = today + dt.timedelta(days=(_WEDNESDAY - today.weekday()) % 7)
        coming = [next_day + dt.timedelta(weeks=number) for number in range(_COMING)]
        for number, day in enumerate([*past, *coming]):
            leader = text["leaders"][number % len(text["leaders"])]
            came = [(key, area) for key, area, on in visits if on == day and day < today]
            values: dict[str, Value] = {
                "date": day.isoformat(), "leader": leader["name"], "post": leader["post"], "place": text["place"],
            }  # fmt: skip
            reception = self._numbers.record_id()
            if came:
                values["visitors"] = len(came)
            yield "reception_day", reception, code, values
            for key, area in came:
                link: dict[str, Value] = {
                    "event": key, "kind": "from", "other_form": "reception_day", "other": reception,
                    "at": f"{day}T09:30:00+08:00", "by": words("units")["registrar"],
                }  # fmt: skip
                yield "case_link", self._numbers.record_id(), area, link


def _day(value: object) -> dt.date:
    return dt.date.fromisoformat(str(value)[:10])


def _weekday(day: dt.date) -> dt.date:
    """*day*, or the Friday before it."""
    return day - dt.timedelta(days=max(day.weekday() - 4, 0))
