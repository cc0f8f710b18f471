"""One act on many cases: which of them it fits, why the others are left out, and each case saved for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.rules.case_engine import Action
from app.schema.record import Record
from app.schema.values import Fault
from app.services.case_folding import fold_case, read_steps
from app.services.cases import EVENT, Case, Cases

if TYPE_CHECKING:
    from app.store.store import Store

MOST = 200
"""So many cases are taken at once: more than a person can mean one by one."""


@dataclass(frozen=True, slots=True)
class Left:
    """A case that was left out, by its number or title, and why."""

    id: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An action, the marked cases that it fits, and those that it doesn't."""

    action: Action
    fits: tuple[str, ...]
    left: tuple[Left, ...]


class CaseBatch:
    """Acts on marked cases. Each is a save of its own: what stops half-way has done some cases whole and the others not at all."""

    def __init__(self, store: Store, cases: Cases) -> None:
        self._store = store
        self._cases = cases

    def offers(self, ids: Sequence[str]) -> list[Offer]:
        """What can be done with one of *ids* at least, that which fits the most of them first, of these what is usually next.

        ``MOST`` ids are looked at. What names another case (a merge) is no act for many.
        """
        cases = self._read(ids[:MOST])
        allowed = {case.event.id: self._actions(case) for case in cases}
        usual = Counter(next(iter(found)) for found in allowed.values() if found)
        known = {code: action for found in allowed.values() for code, action in found.items()}
        offers = []
        for code, action in known.items():
            if any(field.kind == "ref" for field in action.fields):
                continue
            fits = tuple(case.event.id for case in cases if code in allowed[case.event.id])
            left = tuple(self._left(case, action) for case in cases if code not in allowed[case.event.id])
            offers.append(Offer(self._cases.rules.action(code) or action, fits, left))
        order = list(self._cases.rules.actions)
        return sorted(
            offers,
            key=lambda offer: (-len(offer.fits), -usual[offer.action.code], order.index(offer.action.code)),
        )

    def faults(self, offer: Offer, values: Mapping[str, Any]) -> Sequence[Fault]:
        """What is wrong with *values* for the first case: said before anything is done, since it is wrong for the others too."""
        rules = self._cases.rules
        for case in self._read(offer.fits[:1]):
            filled = rules.fill(
                offer.action.code, values, event=case.event.values, at=self._cases.now(), case=case.state, user="-",
                area=case.event.area, photos=self._cases.photos(case.event.id, offer.action.code),
            )  # fmt: skip
            return rules.check(offer.action.code, filled, case.state)
        return ()

    def act(self, event_id: str, action: str, values: Mapping[str, Any]) -> Left | None:
        """Do *action* on one case, as its page would: what is empty comes from the case itself. Where it can't be done, why."""
        try:
            outcome = self._cases.act(event_id, action, values)
        except KnownError as refused:
            return Left(event_id, self._title(event_id), str(refused))
        if outcome.ok:
            return None
        return Left(event_id, self._title(event_id), "；".join(fault.message for fault in outcome.faults))

    def _read(self, ids: Sequence[str]) -> list[Case]:
        events = self._store.many(EVENT, ids)
        steps = read_steps(self._store, list(events))
        found = []
        for one in ids:
            if (event := events.get(one)) is not None and not event.deleted:
                held = steps.get(one, [])
                found.append(Case(event, fold_case(self._store, self._cases.rules, event, held), tuple(held)))
        return found

    def _actions(self, case: Case) -> dict[str, Action]:
        """What can be done with *case*, the usual next action first; nothing about assisting where nobody assists."""
        helped = bool(case.state.assist_units)
        found = self._cases.actions(case)
        return {one.code: one for one in found if helped or not one.code.startswith("assist_")}

    def _left(self, case: Case, action: Action) -> Left:
        return Left(case.event.id, called(case.event), self._cases.why_not(case, action.code))

    def _title(self, event_id: str) -> str:
        held = self._store.get(EVENT, event_id)
        return called(held) if held else event_id


def called(event: Record) -> str:
    """The number and title of a case."""
    return f"{event.values.get('case_no') or ''} {event.values.get('title') or ''}".strip()
