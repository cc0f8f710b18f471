"""What is open in an area and not struck off: cases, disputes and hazards, each once, with what a meeting must know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.messages import sentence
from app.schema.record import Record
from app.schema.values import Value
from app.services.case_folding import EVENT, chunks, read_steps
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules
    from app.store.store import Store

DISPUTE, HAZARD = "dispute", "hazard"
KINDS = {EVENT: "事件", DISPUTE: "纠纷", HAZARD: "隐患"}
"""The forms whose records a meeting goes through, in the order in which it does, in a meeting's short words."""
MATTERS = tuple(KINDS)
_SAYS = ("finding", "text", "opinion", "result", "answer", "reason", "instruction", "plan")
"""What a step says, the first that is there."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that somebody has to settle. Days and times are ISO; "" for what nobody said.

    ``closed`` is the day on which it was, "" while it is open; ``solved``: by being done, not by being merged, void or
    given up. ``state`` is in shown words.
    """

    form: str
    id: str
    area: str
    title: str
    number: str
    since: str
    state: str
    owner: str
    due: str
    progress: str
    closed: str
    solved: bool = False

    def days(self, today: dt.date) -> int:
        """For how many days it has been open, or was until it was closed; 0 where nobody said since when."""
        if not self.since:
            return 0
        end = dt.date.fromisoformat(self.closed) if self.closed else today
        return max((end - dt.date.fromisoformat(self.since)).days, 0)


class OpenMatters:
    """Reads matters for meetings; only of what this user may read."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules

    def open(self, area: str) -> list[Record]:
        """Every case, dispute and hazard of *area* that is not settled; a dispute or hazard that became an open case is that case."""
        readable = [form for form in MATTERS if self._gate.decide("read", form, area).allowed]
        cases: list[Record] = []
        if EVENT in readable:
            waiting = [state.code for state in self._rules.states.values() if state.waiting]
            cases = self._store.select(EVENT, {"state": waiting}, area=area, order=["id"])
        held = {case.id for case in cases} | {
            case.values["source_id"] for case in cases if case.values.get("source_id")
        }
        asked: list[tuple[str, dict[str, object], Callable[[Mapping[str, Value]], str]]] = [
            (DISPUTE, {"result": ["open", "failed"]}, _dispute_closed),
            (DISPUTE, {"result": None}, _dispute_closed),
            (HAZARD, {"struck_off_at": None}, _hazard_closed),
        ]
        found = list(cases)
        for form, where, closed in asked:
            if form in readable:
                rows = self._store.select(form, where, area=area, order=["id"])
                found += [
                    row for row in rows if not closed(row.values) and not {row.id, row.values.get("event")} & held
                ]
        return found

    def read(self, records: Iterable[Record]) -> dict[str, Matter]:
        """The matters that *records* are, by id."""
        given = list(records)
        says = self._progress([one.id for one in given if one.form == EVENT])
        made = {EVENT: self._case, DISPUTE: self._dispute, HAZARD: self._hazard}
        return {one.id: made[one.form](one, says.get(one.id, "")) for one in given if one.form in made}

    def held(self, wanted: Mapping[str, Collection[str]]) -> dict[str, Record]:
        """The records *wanted* (ids by form) that are here and not deleted, and that this user may read."""
        found: dict[str, Record] = {}
        for form in MATTERS:
            for part in chunks(sorted(wanted.get(form, ()))):
                for one in self._store.many(form, part).values():
                    if not one.deleted and self._gate.decide("read", form, one.area).allowed:
                        found[one.id] = one
        return found

    def _progress(self, cases: Sequence[str]) -> dict[str, str]:
        """What was said last in each case, with its day."""
        found: dict[str, str] = {}
        for part in chunks(cases):
            for event, steps in read_steps(self._store, part).items():
                for step in reversed(steps):
                    said = next((str(step.values[name]) for name in _SAYS if step.values.get(name)), "")
                    if said:
                        action = self._rules.action(step.action)
                        found[event] = f"{step.at:%m-%d} {action.label if action else step.action}：{said}"
                        break
        return found

    def _case(self, record: Record, progress: str) -> Matter:
        values = record.values
        state = self._rules.states.get(str(values.get("state") or "draft"))
        waiting = state is not None and state.waiting
        closed = "" if waiting else _day(values.get("closed_at") or values.get("last_at"))
        return Matter(
            EVENT, record.id, record.area, _text(values.get("title")), _text(values.get("case_no")),
            _day(values.get("reported_at") or values.get("found_at")), state.label if state else "",
            _text(values.get("handler") or values.get("lead_unit")), _day(values.get("due_at")), progress,
            closed or ("" if waiting else _day(values.get("reported_at"))),
            state is not None and state.counts == "closed",
        )  # fmt: skip

    def _dispute(self, record: Record, _progress: str) -> Matter:
        values, form = record.values, self._store.forms[DISPUTE]
        return Matter(
            DISPUTE, record.id, record.area, _text(values.get("title")), "", _day(values.get("found_at")),
            form.show("result", values.get("result") or "open"), _text(values.get("handler") or values.get("lead_unit")),
            _day(values.get("due")), _last(values.get("progress") or values.get("measure")), _dispute_closed(values),
            values.get("result") == "resolved",
        )  # fmt: skip

    def _hazard(self, record: Record, _progress: str) -> Matter:
        values, form = record.values, self._store.forms[HAZARD]
        state = form.show("result", values.get("result")) if values.get("result") else ""
        return Matter(
            HAZARD, record.id, record.area, _text(values.get("object")), "", _day(values.get("found_at")),
            state or sentence(f"cases.hazard_to_{'check' if values.get('rectified_at') else 'mend'}"), _text(values.get("responsible")),
            _day(values.get("due")), _last(values.get("measure")), _hazard_closed(values),
            bool(_hazard_closed(values)),
        )  # fmt: skip


def _dispute_closed(values: Mapping[str, Value]) -> str:
    """The day on which a dispute was settled, went elsewhere or was given up; what is being worked on is open whatever day stands there."""
    result, day = values.get("result"), _day(values.get("closed_at"))
    if result in {"resolved", "elsewhere"}:
        return day or _day(values.get("found_at"))
    return "" if result == "open" else day


def _hazard_closed(values: Mapping[str, Value]) -> str:
    return _day(values.get("struck_off_at"))


def _day(value: Value) -> str:
    return str(value or "")[:10]


def _text(value: Value) -> str:
    return str(value or "")


def _last(value: Value) -> str:
    """The last line of what was added line by line."""
    lines = _text(value).strip().splitlines()
    return lines[-1] if lines else ""
