"""What becomes of a contested step that a person lets count: it is done now as it stands, or as the action that can be done instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.rules.case_effects import said
from app.rules.case_fold import CaseState, Step
from app.schema.values import Fault

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules

AS = "as"


@dataclass(frozen=True, slots=True)
class Way:
    """How a contested step would be done now: by ``action``, the case then as ``after`` says. ``fault``: why no way is left."""

    action: str
    step: Step
    after: CaseState
    fault: Fault | None = None


def after_all(rules: CaseRules, held: Step, settling: Step) -> Step:
    """The contested step *held* as it is done with *settling*: at its time, with its due times, as the action that it names.

    Only what the rules know as another way of that action counts; its reason is the one that the person gave.
    """
    values = {name: value for name, value in held.values.items() if name != "due"}
    if due := settling.values.get("due"):
        values["due"] = due
    known, other = rules.action(held.action), rules.action(said(settling.values, AS))
    if known is None or other is None or other.code not in known.settled_as:
        return replace(held, at=settling.at, values=values)
    if other.text and not values.get(other.text):
        values[other.text] = said(settling.values, "opinion")
    return replace(held, action=other.code, at=settling.at, values=values)


def way(rules: CaseRules, case: CaseState, held: Step, settling: Step) -> Way:
    """How *held*, contested on *case*, would be done with *settling*: itself first, else what its action says instead."""
    left = case.settling(held.id, "keep")
    known = rules.action(held.action)
    found: Way | None = None
    for code in (held.action, *(known.settled_as if known else ())):
        wanted = after_all(rules, held, replace(settling, values={**settling.values, AS: code}))
        fault = next(iter(rules.refusals(left, wanted)), None)
        one = Way(code, wanted, rules.apply(left, wanted), fault)
        if fault is None:
            return one
        found = found or one
    assert found is not None  # the step itself is always tried
    return found
