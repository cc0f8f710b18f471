"""Leaders' patron cases (领导包案, L16): who took which case on, his plan and team, when it is reviewed, what the reviews found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.case_fold import Step
from app.schema.record import Record
from app.services.case_folding import EVENT, chunks, fold_case, read_steps
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules
    from app.store.store import Store

_HANDED = "transfer_out"


@dataclass(frozen=True, slots=True)
class Review:
    """One review: its day (ISO), who, and what he found."""

    day: str
    by: str
    finding: str


@dataclass(frozen=True, slots=True)
class PatronCase:
    """A case that a leader took on. Days are ISO, "" for what nobody said; ``next_due`` only while it is open.

    ``result``: 稳步推进 while it is open, 化解 once it is closed, 终结移交 where it was handed over; else its state.
    """

    event: Record
    patron: str
    team: str
    plan: str
    named_on: str
    first_due: str
    next_due: str
    reviews: tuple[Review, ...]
    state: str
    result: str
    struck_off: str

    def late(self, now: dt.datetime) -> bool:
        """Whether a review should have been made by *now*."""
        return bool(self.next_due) and dt.datetime.fromisoformat(self.next_due) < now


class Patrons:
    """The patron cases of this desk, read from the steps of the cases: a review is a step like any other."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules

    def cases(self, *, closed: bool = False, area: str = "") -> list[PatronCase]:
        """The open ones, with *closed* those that are struck off as well; by leader, who must be reviewed first before."""
        self._gate.require("read", EVENT, area or None)
        found = self._store.select(EVENT, {"patron": (">", "")}, area=area or self._gate.session.areas)
        if not closed:
            found = [event for event in found if self._waiting(event)]
        steps: dict[str, list[Step]] = {}
        for part in chunks([event.id for event in found]):
            steps |= read_steps(self._store, part)
        made = [self._case(event, steps.get(event.id, [])) for event in found]
        return sorted(made, key=lambda one: (one.patron, bool(one.struck_off), one.next_due or "~", one.event.id))

    def _waiting(self, event: Record) -> bool:
        state = self._rules.states.get(str(event.values.get("state") or ""))
        return state is not None and state.waiting

    def _case(self, event: Record, steps: list[Step]) -> PatronCase:
        values, waiting = event.values, self._waiting(event)
        folded = fold_case(self._store, self._rules, event, steps)
        steps = [step for step in steps if folded.counts(step.id)]
        patron = str(values.get("patron") or "")
        naming = [step for step in steps if step.values.get("patron")]
        named = next((step for step in reversed(naming) if step.values.get("patron") == patron), None)
        said = named.values if named else {}
        reviews = tuple(
            Review(
                f"{step.at:%Y-%m-%d}", str(step.values.get("name") or step.user), str(step.values.get("finding") or "")
            )
            for step in steps
            if step.action == "patron_review"
        )
        state = self._rules.states.get(str(values.get("state") or ""))
        label = state.label if state else ""
        if waiting:
            result = sentence("cases.patron_goes_on")
        elif any(step.action == _HANDED for step in steps):
            result = sentence("cases.patron_handed")
        else:
            result = sentence("cases.patron_solved") if state is not None and state.counts == "closed" else label
        due = said.get("due")
        first = said.get("review_on") or (due.get("patron_due") if isinstance(due, dict) else "")
        return PatronCase(
            event, patron, str(said.get("team") or ""), str(said.get("plan") or ""),
            f"{named.at:%Y-%m-%d}" if named else "", str(first or "")[:10],
            str(values.get("patron_due") or "") if waiting else "", reviews, label, result,
            str(values.get("closed_at") or "")[:10] if not waiting else "",
        )  # fmt: skip
