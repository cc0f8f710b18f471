"""The lists that a clerk lives in, as plain questions to indexed columns which the fold keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.rules.case_engine import CaseRules
from app.rules.case_merging import MERGED

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
"""Mine to act on, to answer, to assist in, or taken back by me; my unit's, to lead or to assist in; returned and not given out
again; to be verified; an extension or suspension is asked for; supervised; of a leader; to be visited, or merged and to be told;
contested; reported by me and open."""


def ours(session: Session) -> list[str]:
    """The names under which something is given to this user: his unit's, his own, that of his account."""
    return sorted({session.unit, session.name, session.user} - {""})


def questions(rules: CaseRules, session: Session, queue: str) -> Sequence[Where]:
    """What to ask ``store.select`` of events for *queue*: several answers are one list, in which a case stands once."""
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
            asks: dict[str, object] = {"asked": _answers(rules, session)}
            if not any(area.endswith("000000") for area in session.areas):
                # What has risen to the county is not for the township's desk.
                by_role["level"] = asks["level"] = ["grid", "village", "township"]
            return [
                by_role,
                {"owner_unit": names, "state": waiting},
                {**asks, "state": waiting},
                _parts(rules, names),
                {"reported_by": [session.user], "state": ["draft"]},
                # Merged into what fell: somebody has to take it up again.
                {"owner_role": rules.teams_of(session.roles), "due_at": (">", ""), "state": [MERGED]},
            ]
        case "waiting":
            return [{"state": waiting}]
        case "unit":
            return [{"lead_unit": names, "state": waiting}, _parts(rules, names)]
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
            return [{"visit_due": (">", ""), "state": ["closed", MERGED]}]
        case "contested":
            return [{"contested": (">", 0)}]
        case "reported_by_me":
            return [{"reported_by": [session.user], "state": waiting}]
        case _:
            raise ValueError(queue)


def _answers(rules: CaseRules, session: Session) -> list[str]:
    """The requests to which this user may say yes."""
    found = (("extend", "extend_grant"), ("suspend", "suspend"))
    return [asked for asked, action in found if rules.role_for(action, session.roles) is not None]


def _parts(rules: CaseRules, names: Sequence[str]) -> Where:
    """The cases in which one of *names* assists and hasn't done its part."""
    action = rules.action("assist_feed_back")
    return {"assist_open": ("names", names), "state": sorted(action.sources) if action else []}
