"""What one step does to a case: judged where it falls, then its state, timers, owner, and what statistics count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.messages import sentence
from app.rules import whistles
from app.rules.case_actions import Action
from app.rules.case_effects import DROP, EFFECTS, EXTENDS, KEEP, ORDER_IN, SETTLES, asked_after, said
from app.rules.case_extension import put_off_by
from app.rules.case_fold import CaseState, Move, Step
from app.rules.case_judging import faults
from app.rules.case_settling import after_all
from app.rules.case_states import State
from app.rules.case_timers import HANDLE, begun, next_timers, set_dues

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules


def applied(rules: CaseRules, case: CaseState, step: Step) -> CaseState:
    """*case* after *step*, which is contested where its action isn't allowed there."""
    profile = rules.profile_of(step.action, step.values, case.profile)
    action = rules.action(step.action, profile)
    if action is None:
        return case.contesting(step, sentence("rules.unknown_action", action=step.action))
    once = said(step.values, "once")
    if once and once in case.once:
        # Two devices told apart of one thing, such as how a mediation ended: both stay to be read, one counts.
        return case.having(moves=(*case.moves, Move(step.id, step.action, step.at, case.state, case.state)))
    if fault := next(faults(rules, case, action, step, profile), None):
        return case.contesting(step, fault.message)
    if SETTLES in action.does:
        return _settled(rules, case, step)
    after = action.target(case.state, step.values)
    classed = _classified(rules, case, action, step, profile)
    moved = _affected(classed.having(**_dated(rules, case, action, step, after)), action, step)
    # A new level has its own limits; all else is counted from where the case stood.
    timed = classed.having(level=moved.level)
    dues = set_dues(rules.limits, timed, action, step, back=_back(rules, case, after))
    due, held = next_timers(classed, action, after, dues)
    then = rules.states[after]
    changes: dict[str, Any] = {}
    if case.state == "suspended" and after != "suspended" and case.suspended_at:
        stood = max(step.at - case.suspended_at, dt.timedelta())
        changes.update(suspended_at=None, suspended_for=case.suspended_for + stood)
    if not then.waiting:
        # Once nobody has to act, only the visit is waited for.
        due = {timer: moment for timer, moment in due.items() if timer == "visit_due"}
    ran = {**case.held, **case.due}
    if whistles.ARRIVAL in held:
        calls, held = whistles.waiting(case.whistles, moved.whistles, ran, held)
    else:
        calls, due = whistles.waiting(case.whistles, moved.whistles, ran, due)
    if EXTENDS in action.does:
        put_off = put_off_by(case.due.get(HANDLE), due.get(HANDLE), step, case)
        changes["extended_days"] = case.extended_days + put_off
    changes.update(asked_after(moved, after))
    reached = moved.having(
        **changes,
        state=after,
        due=due,
        held=held,
        whistles=calls,
        since=begun(case, action, step, dues),
        handle_due=None if after in {"draft", "accepted"} else due.get(HANDLE, case.handle_due),
        last_at=step.at,
        once=case.once | {once} if once else case.once,
        moves=(*case.moves, Move(step.id, step.action, step.at, case.state, after)),
    )
    return owned(rules, reached)


def owned(rules: CaseRules, case: CaseState) -> CaseState:
    """*case* with the owner and the timer that *rules* give it where it stands."""
    state = rules.states.get(case.state)
    if state is None:
        return case
    team = _team(rules, case, state, visit="visit_due" in case.due)
    known = rules.profiles.get(case.profile)
    of_lead = state.of_lead or (known is not None and case.state in known.of_lead)
    # The unit of a body outside is nobody's here.
    unit = (case.lead_unit or "") if team and of_lead and not case.transferred else ""
    # Where the rules have given the state another timer since, the one that runs goes on.
    timer = state.due if not state.due or state.due in case.due else case.due_timer
    return case.having(owner_role=team, owner_unit=unit, due_timer=timer)


def dues_set(rules: CaseRules, case: CaseState, action: Action, step: Step, profile: str) -> Mapping[str, dt.datetime]:
    """The due times that *step* sets on *case*, by timer."""
    classed = _classified(rules, case, action, step, profile)
    timed = classed.having(level=_affected(classed, action, step).level)
    back = _back(rules, case, action.target(case.state, step.values))
    return set_dues(rules.limits, timed, action, step, back=back)


def _back(rules: CaseRules, case: CaseState, after: str) -> bool:
    """Whether a closed case is taken up again."""
    return rules.states[case.state].counts == "closed" and rules.states[after].open


def _settled(rules: CaseRules, case: CaseState, step: Step) -> CaseState:
    """*case* after a person's word about a contested step: dropped, or done now after all, as its author said it.

    The first word in the county's order counts. What can't be done now either stays contested: a person is asked again.
    """
    case = case.having(moves=(*case.moves, Move(step.id, step.action, step.at, case.state, case.state)))
    held = case.aside.get(str(step.values.get("step") or ""))
    if held is None:
        return case
    if step.values.get("word") != KEEP:
        return case.settling(held.id, DROP)
    after = applied(rules, case.settling(held.id, KEEP), after_all(rules, held, step))
    return case if held.id in after.contested else after


def _team(rules: CaseRules, case: CaseState, state: State, *, visit: bool) -> str:
    """The team that owns *case* in *state*; a closed one only while its visit is to be made."""
    if not state.waiting and not visit:
        return ""
    if case.transferred and state.owner_away:
        return state.owner_away
    known = rules.profiles.get(case.profile)
    own = known.owners.get(state.code) if known else None
    return own or state.owner_at.get(case.level, state.owner)


def _classified(rules: CaseRules, case: CaseState, action: Action, step: Step, profile: str) -> CaseState:
    """*case* as *step* classes it; what an action doesn't ask for it can't change."""
    values = step.values
    grade = rules.grade(profile, action.said(values, "grade"))
    return case.having(
        category=action.said(values, "category") or case.category,
        urgency=action.said(values, "urgency") or case.urgency,
        profile=profile,
        grade=grade.code if grade else case.grade,
        level=grade.level if grade else case.level,
    )


def _dated(rules: CaseRules, case: CaseState, action: Action, step: Step, after: str) -> dict[str, Any]:
    """The moments that statistics count, and what follows from the way between two states."""
    before, then = rules.states[case.state], rules.states[after]
    # A number that was printed never changes: of two devices that give one apart the first counts.
    changes: dict[str, Any] = {"case_no": case.case_no or action.said(step.values, "case_no") or None}
    if before.counts == "none" and then.counts not in {"none", "excluded"}:
        name = str(step.values.get("name") or "")
        member = said(step.values, "entered_for")
        changes.update(reported_at=step.at, reporter=step.user, reporter_name=name, entered_for=member)
        changes["imported"] = action.code == ORDER_IN
    if then.counts == "none":
        # Whoever took his report back still has it before him, to mend it.
        changes.update(reported_at=None)
    if (then.open or then.counts == "closed") and case.accepted_at is None:
        changes["accepted_at"] = step.at
    if after == "assigned":
        changes.update(assigned_at=step.at, acknowledged_at=None, returned_at=None)
    if case.state == "assigned" and after == "handling":
        changes["acknowledged_at"] = step.at
    if after == "feedback" and case.feedback_at is None:
        changes["feedback_at"] = step.at
    if then.counts == "closed" and before.counts != "closed":
        changes["closed_at"] = step.at
    if before.counts == "closed" and then.open:
        changes.update(closed_at=None, reopen_count=case.reopen_count + 1)
    return changes


def _affected(case: CaseState, action: Action, step: Step) -> CaseState:
    for effect in action.does:
        case = EFFECTS[effect](case, step)
    return case
