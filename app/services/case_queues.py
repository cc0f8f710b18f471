"""The lists that a clerk lives in, as plain questions to indexed columns which the fold keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.rules.case_engine import CaseRules

if TYPE_CHECKING:
    from app.services.session import Session

Where = Mapping[str, object]
QUEUES = (
    "mine",
    "unit",
    "returned",
    "to_verify",
    "asked",
    "supervised",
    "patron",
    "to_visit",
    "contested",
    "reported_by_me",
)
"""Mine to act on; my unit's; returned and not given out again; to be verified; an extension or suspension is asked for;
supervised; of a leader; to be visited; contested; reported by me and open."""


def ours(session: Session) -> list[str]:
    """The names under which something is given to this user: his unit's, his own, that of his account."""
    return sorted({session.unit, session.name, session.user} - {""})


def questions(rules: CaseRules, session: Session, queue: str) -> Sequence[Where]:
    """What to ask ``store.select`` of events for *queue*: several answers are one list, no case is in two of them."""
    waiting = [state.code for state in rules.states.values() if state.waiting]
    names = ours(session)
    verified = [state.code for state in rules.states.values() if state.due == "verify_due"]
    match queue:
        case "mine":
            by_role: dict[str, object] = {
                "owner_role": rules.teams_of(session.roles),
                "owner_unit": None,
                "state": waiting,
            }
            if not any(area.endswith("000000") for area in session.areas):
                # What has risen to the county is not for the township's desk.
                by_role["level"] = ["grid", "village", "township"]
            return [by_role, {"owner_unit": names, "state": waiting}]
        case "waiting":
            return [{"state": waiting}]
        case "unit":
            return [{"lead_unit": names, "state": waiting}]
        case "returned":
            return [{"returned_at": (">", ""), "state": ["accepted"]}]
        case "to_verify":
            return [{"state": verified}]
        case "asked":
            return [{"asked": ["extend", "suspend"]}]
        case "supervised":
            return [{"supervise_level": (">", 0), "state": waiting}]
        case "patron":
            return [{"patron": (">", ""), "state": waiting}]
        case "to_visit":
            return [{"visit_due": (">", ""), "state": ["closed"]}]
        case "contested":
            return [{"contested": (">", 0)}]
        case "reported_by_me":
            return [{"reported_by": [session.user], "state": waiting}]
        case _:
            raise ValueError(queue)
