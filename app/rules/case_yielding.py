"""Steps of the county's own that give way: what somebody did without knowing of them counts as if they had not been made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.rules.case_fold import CaseState, Move, Step
from app.rules.watching import SYSTEM_ROLE

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules

Apply = Callable[["CaseRules", CaseState, Step], CaseState]


def yielding(rules: CaseRules, case: CaseState, step: Step, apply: Apply) -> CaseState:
    """*case* after *step*, which *apply* adds to it, unless it is the turn of what lies beneath.

    After an automatic step whose action ``yields`` the case goes on in two ways: with that step, and, in ``beneath``, without it.
    A desk that knew of it would not have offered what isn't allowed after it. So a person's step that is contested with it and
    right without it was written by somebody who did not know: then the automatic step gives way, and stays to be read.
    As soon as a person has done what stands on it, it gives way no more: two people's steps are for people to decide.
    """
    after = apply(rules, case, step)
    under = case.beneath
    contested = step.id in after.contested
    if step.role == SYSTEM_ROLE:
        action = rules.action(step.action, case.profile)
        if action is not None and action.yields and not contested:
            before = under or case
            told = Move(step.id, step.action, step.at, before.state, before.state)
            aside = before.having(yielded=(*before.yielded, step.id), moves=(*before.moves, told), beneath=None)
            return after.having(beneath=aside)
        return after if under is None else after.having(beneath=apply(rules, under, step))
    if under is None:
        return after
    without = apply(rules, under, step)
    right = step.id not in without.contested
    if contested and right:
        return without
    if contested or (right and after.state == case.state):
        return after.having(beneath=without)
    return after.having(beneath=None)


def barred_too(case: CaseState, step: Step, why: str) -> CaseState:
    """*case* with *step* contested, whichever way it goes on."""
    under = case.beneath
    return case.contesting(step, why).having(beneath=under.contesting(step, why) if under else None)
