"""By how much an extension puts a case off, in which days, and how long it may be altogether."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from app.messages import sentence
from app.rules.case_actions import Action
from app.rules.case_effects import ASKS_EXTENSION, EXTENDS, days, said
from app.rules.case_fold import CaseState, Step
from app.rules.limits import Limits
from app.schema.values import Fault

WORKING, NATURAL = "working_day", "day"
_HANDLE = "handle_due"
# What gives the handling limit its length while it runs.
_INSTEAD = ("mediation_due", "follow_due")


def day_unit(limits: Limits, case: CaseState) -> str:
    """The days in which an extension of *case* is counted unless somebody says otherwise: those of its own limit."""
    source = next((timer for timer in _INSTEAD if timer in case.due), _HANDLE)
    limit = limits.limit(source, case.urgency, case.category, profile=case.profile, level=case.level)
    return WORKING if limit is not None and limit.unit in {WORKING, "working_hour"} else NATURAL


def put_off(limits: Limits, case: CaseState, due: dt.datetime, values: Mapping[str, Any]) -> dt.datetime:
    """*due* later by the days of an extension; one that doesn't say which (of an older program) means natural ones."""
    count = days(values) or case.extension_days
    if (said(values, "day_unit") or case.extension_unit) == WORKING:
        return limits.calendar.shift_working_days(due, count)
    return due + dt.timedelta(days=count)


def put_off_by(before: dt.datetime | None, after: dt.datetime | None, step: Step, case: CaseState) -> int:
    """The natural days by which *step* moved the handling limit; where none ran, those that it says."""
    if before is None or after is None:
        return days(step.values) or case.extension_days
    return max(math.ceil((after - before) / dt.timedelta(days=1)), 0)


def extension_fault(limits: Limits, case: CaseState, action: Action, values: Mapping[str, Any]) -> Fault | None:
    """Why *action* with *values* would put *case* off too long; None where it may, or is no extension."""
    if EXTENDS not in action.does and ASKS_EXTENSION not in action.does:
        return None
    most = limits.most_extension(case.urgency, case.category)
    if most is None or case.extended_days + _wanted(limits, case, values) <= most:
        return None
    left = max(most - case.extended_days, 0)
    return Fault("days", "extension_too_long", sentence("rules.extension_too_long", most=most, left=left))


def _wanted(limits: Limits, case: CaseState, values: Mapping[str, Any]) -> int:
    """The natural days that an extension with *values* would take."""
    due = case.due.get(_HANDLE)
    if due is None:
        return days(values) or case.extension_days
    try:
        return math.ceil((put_off(limits, case, due, values) - due) / dt.timedelta(days=1))
    except OverflowError:
        return days(values) or case.extension_days
