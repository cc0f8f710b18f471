"""Requests of people about their own data: by when they are answered, and what an answer must say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.messages import sentence
from app.paths import resource
from app.rules.calendar import WorkCalendar
from app.rules.limits import Limit, read_limit
from app.rules.reading import read_table
from app.schema.dates import CHINA
from app.schema.values import Fault, Value

_NEEDS_REASON = frozenset({"refused", "partly"})


@dataclass(frozen=True)
class RequestRules:
    """``limit`` runs from the day after the request came in; ``remind_days``: so long before its end it is a task."""

    limit: Limit
    remind_days: int
    calendar: WorkCalendar

    @classmethod
    def load(cls, path: Path | None = None, calendar: WorkCalendar | None = None) -> RequestRules:
        """The rules at *path* (default: resources/rules/requests.toml); KnownError by name of what is wrong."""
        path = path or resource("rules", "requests.toml")
        table = read_table(path).table("requests")
        table.only("limit", "remind_days")
        return cls(read_limit(table, "limit"), table.whole("remind_days"), calendar or WorkCalendar.load(path.parent))

    def due(self, received_on: str) -> str:
        """The ISO date by which a request of *received_on* is to be answered."""
        start = dt.datetime.combine(dt.date.fromisoformat(received_on), dt.time(12), CHINA)
        return self.limit.after(start, self.calendar).date().isoformat()

    def filled(
        self, values: Mapping[str, Value], before: Mapping[str, Value] | None = None, today: str = ""
    ) -> dict[str, Value]:
        """What follows from *values* where the clerk left it empty: the limit, and the day of the answer."""
        held = {**(before or {}), **values}
        found: dict[str, Value] = {}
        if held.get("received_on") and not held.get("due"):
            found["due"] = self.due(str(held["received_on"]))
        if held.get("outcome") and not held.get("outcome_on"):
            found["outcome_on"] = today
        return found

    def faults(
        self, values: Mapping[str, Value], before: Mapping[str, Value] | None = None, today: str = ""
    ) -> list[Fault]:
        """What is wrong with *values* of a request that was *before* (None: a new one), by field."""
        held = {**(before or {}), **self.filled(values, before, today), **values}
        received = str(held.get("received_on") or "")
        found: list[Fault] = []
        for name, code in (("due", "due_early"), ("outcome_on", "outcome_early")):
            if received and held.get(name) and str(held[name]) < received:
                found.append(Fault(name, code, sentence(f"requests.{code}", day=received)))
        if held.get("outcome") in _NEEDS_REASON and not held.get("reason"):
            found.append(Fault("reason", "reason", sentence("requests.reason")))
        return found

    def open(self, values: Mapping[str, Value]) -> bool:
        """Whether a request waits for its answer."""
        return not values.get("outcome")

    def reminded(self, values: Mapping[str, Value], today: str) -> bool:
        """Whether an open request is due soon, or late."""
        last = (dt.date.fromisoformat(today) + dt.timedelta(days=self.remind_days)).isoformat()
        return self.open(values) and "" < self.due_of(values) <= last

    def due_of(self, values: Mapping[str, Value]) -> str:
        """By when a request is to be answered, also where nobody wrote it down (a workbook brought it); empty where it can't be told."""
        received = values.get("received_on")
        return str(values.get("due") or (self.due(str(received)) if received else ""))
