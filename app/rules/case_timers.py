"""When the steps of a case are due: what a step sets, and which timers run after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from app.rules.calendar import moment
from app.rules.case_actions import Action
from app.rules.case_effects import EXTENDS, HALF, HOLDS, RELEASES
from app.rules.case_extension import put_off
from app.rules.case_fold import CaseState, Step
from app.rules.limits import Limits

HANDLE = "handle_due"
# A suspension stops these; what watches over the suspension itself, or over the leaders' duties, runs on.
HELD = (HANDLE, "quiet_due", "assist_due", "mediation_due", "arrival_due", "follow_due")

# What runs beside the work, and begins again where a closed case that had it is taken up again.
AGAIN = ("patron_due",)
_MOST_WALKED = dt.timedelta(days=3650)
Dues = dict[str, dt.datetime]


def set_dues(limits: Limits, case: CaseState, action: Action, step: Step, *, back: bool = False) -> Dues:
    """The due times that *step* sets on *case*: as stored with it; else from its own fields; else by the limits.

    *back*: a closed case is taken up again.
    """
    stored = step.values.get("due")
    again = tuple(timer for timer in AGAIN if timer in case.since) if back else ()
    dues: Dues = {}
    for timer in dict.fromkeys((*action.starts(step.values), *_moved(case, action), *again)):
        # A due time that can't be read was never agreed: the limits speak instead.
        due = (
            moment(stored.get(timer) if isinstance(stored, Mapping) else None)
            or moment(step.values.get(action.due_from.get(timer, "")))
            or _counted(limits, case, action, step, timer)
        )
        if due:
            dues[timer] = due
    return dues


def next_timers(case: CaseState, action: Action, after: str, dues: Dues) -> tuple[Dues, Dues]:
    """The timers that run and those held by a suspension, once *action* has led to *after* and set *dues*."""
    due = {timer: moment for timer, moment in case.due.items() if timer not in action.stop}
    held: Dues = {}
    if HOLDS in action.does:
        held = {timer: due.pop(timer) for timer in HELD if timer in due}
    elif after == case.state == "suspended":
        held = {timer: moment for timer, moment in case.held.items() if timer not in action.stop}
    due.update(dues)
    return due, held


def begun(case: CaseState, action: Action, step: Step, dues: Dues) -> Mapping[str, dt.datetime]:
    """When each timer was set; one that is only moved, by an extension or after a suspension, goes on from its beginning."""
    moved = EXTENDS in action.does or RELEASES in action.does
    new = {timer: step.at for timer in dues if not (moved and timer in case.since)}
    return {**case.since, **new} if new else case.since


def _moved(case: CaseState, action: Action) -> tuple[str, ...]:
    if EXTENDS in action.does:
        return (HANDLE,) if HANDLE in case.due else ()
    return tuple(case.held) if RELEASES in action.does else ()


def _counted(limits: Limits, case: CaseState, action: Action, step: Step, timer: str) -> dt.datetime | None:
    try:
        return _shifted(limits, case, action, step, timer)
    except OverflowError:
        # A moment at the end of all calendars: due at once, so that somebody looks.
        return step.at


def _shifted(limits: Limits, case: CaseState, action: Action, step: Step, timer: str) -> dt.datetime | None:
    if RELEASES in action.does and case.suspended_at and timer in case.held:
        return _resumed(limits, case, action, timer, case.suspended_at, max(step.at, case.suspended_at))
    if EXTENDS in action.does and timer in case.due:
        return put_off(limits, case, case.due[timer], step.values)
    half = HALF in action.does and timer == HANDLE
    if half and case.own_span:
        # Half of what was given: the dispatcher's own limit counts as the table's does.
        return step.at + case.own_span / 2
    source = action.limit_of.get(timer, timer)
    return limits.due(source, step.at, case.urgency, case.category, profile=case.profile, level=case.level, half=half)


def _resumed(
    limits: Limits, case: CaseState, action: Action, timer: str, stopped: dt.datetime, resumed: dt.datetime
) -> dt.datetime:
    """A held timer, later by exactly the time that the clock stood: in working time where its limit is in working time."""
    due, calendar = case.held[timer], limits.calendar
    source = action.limit_of.get(timer, timer)
    limit = limits.limit(source, case.urgency, case.category, profile=case.profile, level=case.level)
    # A date that the dispatcher gave himself is one of the wall calendar; and no calendar is walked for a clock gone mad.
    wall = (timer == HANDLE and case.own_span) or resumed - stopped > _MOST_WALKED
    unit = limit.unit if limit and not wall else ""
    if unit == "working_day":
        return calendar.shift_working_days(due, calendar.working_days_between(stopped, resumed))
    if unit == "working_hour":
        return calendar.add_working_time(due, calendar.working_time_between(stopped, resumed))
    return due + (resumed - stopped)
