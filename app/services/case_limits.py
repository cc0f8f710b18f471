"""Limits that a person sets on a case, as the desk checks them: none that is over when it is set."""

from __future__ import annotations

from collections.abc import Mapping

from app.messages import sentence
from app.rules.calendar import moment
from app.rules.case_engine import CaseRules, Step
from app.schema.values import Fault, Value

_NOW = "@now"
# A review that is due already is no fault: so a leader's case comes over from paper; a whistle may be written down later.
_MAY_BE_OVER = frozenset({"patron_due", "arrival_due"})


def past_day(due: Value, met: Value, today: str) -> bool:
    """Whether the day *due* of a decision was over when the meeting met (ISO days): notes may be written down later."""
    return bool(due) and str(due) < min(str(met or today), today)


def past_limits(rules: CaseRules, profile: str, event: Mapping[str, Value], step: Step) -> list[Fault]:
    """What is wrong with the limits that *step* sets: one before what is done is over at once, and would be supervised.

    What is written down later counts from when it happened; a limit that the source of an order set stands as it is. Only the
    desk asks this: a step that is there counts whatever its limit.
    """
    action = rules.action(step.action, rules.profile_of(step.action, step.values, profile))
    if action is None:
        return []
    happened = [moment(step.values.get(field.name)) for field in action.fields if _NOW in field.defaults]
    done = min((one for one in happened if one is not None), default=step.at)
    found = []
    for name in dict.fromkeys(field for timer, field in action.due_from.items() if timer not in _MAY_BE_OVER):
        value = step.values.get(name)
        limit = moment(value)
        if limit is None or limit >= min(done, step.at) or value == event.get("reply_due"):
            continue
        label = next((field.label for field in action.fields if field.name == name), name)
        found.append(
            Fault(name, "limit_past", sentence("rules.limit_past", label=label, limit=f"{limit:%Y-%m-%d %H:%M}"))
        )
    return found
