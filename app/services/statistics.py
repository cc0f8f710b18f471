"""Figures of a period: the facts of the cases here, the indicators of them, area by area."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from app.errors import Denied
from app.rules.calendar import iso
from app.rules.case_engine import CaseRules
from app.rules.indicators import EXCLUDED, CaseFacts, Indicator, by_area, indicators
from app.schema.dates import CHINA
from app.schema.record import Record
from app.services.case_folding import EVENT, fold_case, read_steps
from app.services.gate import Gate
from app.store import case_listing

if TYPE_CHECKING:
    from app.store.store import Store


class Statistics:
    """The reports of this desk; they count and name no person."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules

    def day(self, day: datetime.date, *, area: str | None = None) -> dict[str, Any]:
        """The day roll-up (日汇总) of *day*: what app.exchange.documents.day_report takes. All areas held where none is named."""
        start = datetime.datetime.combine(day, datetime.time(), CHINA)
        end = start + datetime.timedelta(days=1)
        areas = [area] if area else list(self._gate.session.areas)
        self._ask(areas)
        events = self._store.select(EVENT, area=areas)
        facts = self._facts(events)
        named = {place["code"]: place for place in self._store.areas()}
        villages = [
            code
            for code, place in named.items()
            if place["level"] in ("village", "community") and self._gate.divisions().any_covers(areas, code)
        ]
        top = areas[0] if len(areas) == 1 else ""
        until = self._until(end)
        per_area = by_area(facts, villages, start, until)
        whole = self._whole(facts, areas, start, until)
        names = "、".join(named[code]["name"] if code in named else code for code in areas)
        return {
            "period": [start.isoformat(), end.isoformat()],
            "area": top,
            "area_name": names,
            "indicators": _plain(whole),
            "villages": [
                {"area": code, "name": named[code]["name"], "indicators": _plain(per_area[code])} for code in villages
            ],
            "urgent": [self._line(event) for event in events if self._urgent(event)],
            "over": [self._line(event) for event, case in zip(events, facts, strict=True) if _over(case, until)],
            "filler": self._gate.session.name,
        }

    def week(self, today: datetime.date) -> dict[str, Indicator]:
        """The figures of the week that *today* lies in, Monday to now, over all areas held."""
        monday = today - datetime.timedelta(days=today.weekday())
        start = datetime.datetime.combine(monday, datetime.time(), CHINA)
        end = datetime.datetime.combine(today + datetime.timedelta(days=1), datetime.time(), CHINA)
        areas = list(self._gate.session.areas)
        self._ask(areas)
        return self._whole(self._facts(self._store.select(EVENT, area=areas)), areas, start, self._until(end))

    def week_counts(self, today: datetime.date) -> dict[str, int]:
        """n_rep, n_acc, n_cls and n_over_open of ``week``, counted by the columns that the fold keeps: no case is read."""
        monday = today - datetime.timedelta(days=today.weekday())
        areas = list(self._gate.session.areas)
        self._ask(areas)
        until = self._until(datetime.datetime.combine(today + datetime.timedelta(days=1), datetime.time(), CHINA))
        start = datetime.datetime.combine(monday, datetime.time(), CHINA)
        return case_listing.figures(self._store.conn, areas, iso(start), iso(until), sorted(EXCLUDED))

    def _ask(self, areas: list[str]) -> None:
        if not areas:
            raise Denied("rules.denied_outside_area")
        for code in areas:
            self._gate.require("report", EVENT, code)

    def _until(self, end: datetime.datetime) -> datetime.datetime:
        """The end of the period, or now while it lasts: what is due this evening is not overdue at noon."""
        now = datetime.datetime.fromtimestamp(self._store.now_ms() / 1000, CHINA)
        return min(end, now + datetime.timedelta(seconds=1))

    def _whole(
        self, facts: list[CaseFacts], areas: list[str], start: datetime.datetime, end: datetime.datetime
    ) -> dict[str, Indicator]:
        # One pass over all areas together: two that overlap must not count a case twice.
        divisions = self._gate.divisions()
        return indicators([case for case in facts if divisions.any_covers(areas, case.area)], start, end)

    def _facts(self, events: list[Record]) -> list[CaseFacts]:
        by_event = read_steps(self._store, [event.id for event in events])
        found = []
        for event in events:
            steps = by_event.get(event.id, [])
            case = fold_case(self._store, self._rules, event, steps)
            found.append(CaseFacts.of(event.id, event.area, case, self._rules.visits_of(case, steps)))
        return found

    def _urgent(self, event: Record) -> bool:
        state = self._rules.states.get(str(event.values.get("state")))
        return bool(state and state.waiting and event.values.get("urgency") in ("urgent", "critical"))

    def _line(self, event: Record) -> dict[str, str]:
        shape = self._store.forms[EVENT]
        shown = {
            "number": "case_no",
            "title": "title",
            "village": "area_name",
            "urgency": "urgency",
            "state": "state",
            "due": "due_at",
            "lead_unit": "lead_unit",
        }
        return {key: shape.show(field, event.values.get(field)) for key, field in shown.items()}


def _over(case: CaseFacts, end: datetime.datetime) -> bool:
    """Whether n_over_open counts it: the list of those that are overdue must be as long as their number says."""
    begun = case.counted and case.accepted_at is not None and case.accepted_at < end
    return bool(begun and (case.closed_at is None or case.closed_at >= end) and case.due and case.due < end)


def _plain(found: dict[str, Indicator]) -> dict[str, dict[str, Any]]:
    return {
        code: {
            "value": item.value,
            "unit": item.unit,
            "basis": item.basis,
            "numerator": item.numerator,
            "denominator": item.denominator,
        }
        for code, item in found.items()
    }
