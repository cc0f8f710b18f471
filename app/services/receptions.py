"""Leaders' reception days (领导接访): who receives when, and which cases their visitors brought."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.dates import china_time
from app.schema.record import Record
from app.services.case_folding import EVENT
from app.services.case_links import CaseLinks
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.services.cases import Cases
    from app.store.store import Store

DAY = "reception_day"


@dataclass(frozen=True, slots=True)
class Reception:
    """One day with the cases of those who came; ``waiting``: how many of them aren't done."""

    record: Record
    cases: tuple[Record, ...]
    waiting: int

    @property
    def day(self) -> dt.date:
        return dt.date.fromisoformat(str(self.record.values["date"]))


class Receptions:
    """The reception days at this desk, and their visitors."""

    def __init__(self, store: Store, gate: Gate, links: CaseLinks, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._links = links
        self._cases = cases

    def today(self) -> dt.date:
        """The day in China by the county's clock."""
        return dt.date.fromisoformat(china_time(self._store.now_ms())[:10])

    def taking(self, day: str) -> dict[str, str]:
        """What the case of a visitor begins with: he came by himself, on that day."""
        return {"channel": "visit_in", "source_form": DAY, "source_id": day}

    def cases(self, day: str) -> list[Record]:
        """The cases that were taken in on *day* (a record's id) or linked to it, the newest last."""
        found = {case.id: case for case in self._links.cases_of(DAY, day)}
        # Many come on one day, so their ids don't follow from its id as those of a ledger's row do.
        found |= {case.id: case for case in self._store.select(EVENT, {"source_id": day, "source_form": DAY})}
        return [found[one] for one in sorted(found)]

    def next(self, limit: int) -> list[Record]:
        """The next days that this user may read, today's first; nobody is told of a day that he may not read."""
        if not self._gate.decide("read", DAY, None).allowed:
            return []
        since = (">=", self.today().isoformat())
        return self._store.select(DAY, {"date": since}, order=["date", "id"], limit=limit)

    def days(self, since: dt.date) -> list[Reception]:
        """The days from *since* on with their visitors, the earliest first. Denied where they may not be read."""
        self._gate.require("read", DAY, None)
        may = self._gate.decide("read", EVENT, None).allowed
        found = []
        for day in self._store.select(DAY, {"date": (">=", since.isoformat())}, order=["date", "id"]):
            cases = tuple(self.cases(day.id)) if may else ()
            states = [self._cases.rules.states.get(str(case.values.get("state") or "")) for case in cases]
            found.append(Reception(day, cases, sum(1 for state in states if state and state.waiting)))
        return found
