"""Merging that bites its own tail: which merge steps don't count because the master had gone into the case before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.rules.case_fold import CaseState, Step, in_order, order_key

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules

MERGE, MERGED, TOLD = "merge", "merged", "tell_reporter"
Held = tuple[Mapping[str, Any], Sequence[Step]]
Look = Callable[[str], Held | None]
"""The values and the steps of an event by its id; None for one that isn't here."""
_Key = tuple[bool, int, int, str]


def barred(rules: CaseRules, event_id: str, look: Look) -> frozenset[str]:
    """The merge steps of a case that don't count: where the county's order puts them, the master leads back to the case.

    Two devices that merge A into B and B into A apart: the step that came to the county first stands, the other is contested.
    Only what came before decides, so a later splitting off never changes the answer.
    """
    return _barred(rules, event_id, None, look)


def root(rules: CaseRules, event_id: str, look: Look) -> str:
    """The case in which the work on *event_id* is done: the end of the chain of masters; itself where it is not merged."""
    seen = {event_id}
    while (held := look(event_id)) is not None:
        state = rules.fold(*held, barred=barred(rules, event_id, look))
        if state.state != MERGED or not state.master or state.master in seen:
            break
        event_id = state.master
        seen.add(event_id)
    return event_id


def told(case: CaseState, steps: Sequence[Step]) -> bool:
    """Whether the reporter of a merged case has been told what came of it since it was merged."""
    held = [step for step in steps if case.counts(step.id)]
    merged = max((number for number, step in enumerate(held) if step.action == MERGE), default=0)
    return any(step.action == TOLD for step in held[merged:])


def masters(steps: Sequence[Step]) -> set[str]:
    """The cases that the merge steps among *steps* name."""
    return {str(step.values.get("master") or "") for step in steps if step.action == MERGE} - {""}


def _barred(rules: CaseRules, event_id: str, before: _Key | None, look: Look) -> frozenset[str]:
    held = look(event_id)
    found = set()
    for step in in_order(held[1]) if held else ():
        if before is not None and order_key(step) >= before:
            break
        if step.action == MERGE and _leads(
            rules, str(step.values.get("master") or ""), event_id, order_key(step), look
        ):
            found.add(step.id)
    return frozenset(found)


def _leads(rules: CaseRules, start: str, target: str, before: _Key, look: Look) -> bool:
    """Whether the chain of masters from *start*, as it stood just before *before*, comes to *target*."""
    seen: set[str] = set()
    while start and start not in seen:
        if start == target:
            return True
        seen.add(start)
        held = look(start)
        if held is None:
            return False
        values, steps = held
        earlier = [step for step in steps if order_key(step) < before]
        if not masters(earlier):
            return False
        # Each look goes further back in the county's order, so it comes to an end.
        state = rules.fold(values, earlier, barred=_barred(rules, start, before, look))
        start = (state.master or "") if state.state == MERGED else ""
    return False
