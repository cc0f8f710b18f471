"""How long a case may be put off altogether: what the desk asks before an extension is asked for or granted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.messages import sentence
from app.rules.case_actions import Action
from app.rules.case_effects import ASKS_EXTENSION, EXTENDS, days
from app.rules.case_fold import CaseState
from app.rules.limits import Limits
from app.schema.values import Fault


def extension_fault(limits: Limits, case: CaseState, action: Action, values: Mapping[str, Any]) -> Fault | None:
    """Why *action* with *values* would put *case* off too long; None where it may, or is no extension."""
    if EXTENDS not in action.does and ASKS_EXTENSION not in action.does:
        return None
    most = limits.most_extension(case.urgency, case.category)
    wanted = days(values) or case.extension_days
    if most is None or case.extended_days + wanted <= most:
        return None
    left = max(most - case.extended_days, 0)
    return Fault("days", "extension_too_long", sentence("rules.extension_too_long", most=most, left=left))
