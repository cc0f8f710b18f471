"""What actions do to a case beside moving its state, and the conditions under which they may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from app.messages import sentence
from app.rules import whistles
from app.rules.calendar import parse
from app.rules.case_fold import LEVELS, AssistPart, CaseState, Step, units
from app.schema.values import Fault

# The timers know these four by name: a due time moved, the clock stopped and restarted, the limit halved.
EXTENDS, HOLDS, RELEASES, HALF = "extends", "holds", "releases", "half_limit"
ASKS_EXTENSION = "asks_extension"
ORDER_IN = "order_in"
# The engine knows this one: what a person says of a contested step.
SETTLES, KEEP, DROP = "settles", "keep", "drop"
_EXTEND, _SUSPEND = "extend", "suspend"
_MOST_DAYS = 3650
NOTHING_ASKED: Mapping[str, Any] = {
    "asked": "",
    "suspension_asked": False,
    "suspension_by": "",
    "extension_days": 0,
    "extension_unit": "",
    "extension_engineering": False,
    "extension_by": "",
}
"""The fields of a case of which no request waits."""
_EXTENSION = tuple(name for name in NOTHING_ASKED if name.startswith("extension_"))
_TRIES = 3  # so often nobody answered before a return visit may be given up


def asked_after(case: CaseState, after: str) -> Mapping[str, Any]:
    """What becomes of the requests of *case* as it goes on to *after*: they are about the handling, and end with it.

    An extension that is asked for while the clock is stopped has had no word yet: it waits for one when the clock goes on.
    """
    if after == "handling":
        return {"asked": _EXTEND} if case.state == "suspended" and case.extension_days else {}
    if after == "suspended":
        return {**NOTHING_ASKED, **{name: getattr(case, name) for name in _EXTENSION}}
    return NOTHING_ASKED


def _takes_lead(case: CaseState, step: Step) -> CaseState:
    unit = said(step.values, "lead_unit") or case.lead_unit or step.unit or None
    return case.having(lead_unit=unit, transferred=False)


def _takes_receiver(case: CaseState, step: Step) -> CaseState:
    return case.having(lead_unit=said(step.values, "receiver") or case.lead_unit)


def _transferred(case: CaseState, step: Step) -> CaseState:
    told = sentence("rules.transferred", unit=said(step.values, "receiver") or "（未填）")
    return case.having(transferred=True, result=told)


def _takes_assist(case: CaseState, step: Step) -> CaseState:
    known = {part.unit for part in case.assist_units}
    new = tuple(AssistPart(unit) for unit in units(step.values.get("assist_units")) if unit not in known)
    return case.having(assist_units=case.assist_units + new)


def _drops_lead(case: CaseState, _step: Step) -> CaseState:
    return case.having(lead_unit=None, assist_units=())


def _assist(state: str) -> Callable[[CaseState, Step], CaseState]:
    def effect(case: CaseState, step: Step) -> CaseState:
        unit = assist_unit(step.values, step.unit)
        parts = tuple(AssistPart(part.unit, state) if part.unit == unit else part for part in case.assist_units)
        return case.having(assist_units=parts)

    return effect


def _takes_level(case: CaseState, step: Step) -> CaseState:
    level = step.values.get("level")
    if case.grade and case.grade == said(step.values, "grade"):
        return case  # the grade says where it goes
    return case.having(level=level if level in LEVELS else case.level)


def _shifts_level(by: int) -> Callable[[CaseState, Step], CaseState]:
    def effect(case: CaseState, step: Step) -> CaseState:
        case = case.having(level=LEVELS[LEVELS.index(case.level) + by])
        return case.having(escalations=(*case.escalations, step.at)) if by > 0 else case

    return effect


def _asks_extension(case: CaseState, step: Step) -> CaseState:
    return case.having(
        extension_days=days(step.values),
        extension_unit=said(step.values, "day_unit"),
        extension_engineering=bool(step.values.get("engineering")),
        extension_by=step.user,
        asked=_EXTEND,
    )


def _extends(case: CaseState, _step: Step) -> CaseState:
    return case.having(
        extension_count=case.extension_count + 1,
        extension_days=0,
        extension_unit="",
        extension_engineering=False,
        extension_by="",
        asked=_SUSPEND if case.suspension_asked else "",
    )


def _asks_suspension(case: CaseState, step: Step) -> CaseState:
    return case.having(asked=_SUSPEND, suspension_asked=True, suspension_by=step.user)


def _refuses_request(case: CaseState, step: Step) -> CaseState:
    """One of the requests is answered; a step that doesn't say which (of an older program) means all."""
    about = said(step.values, "about")
    longer = about == _SUSPEND and bool(case.extension_days)
    still = about == _EXTEND and case.suspension_asked
    return case.having(
        asked=_EXTEND if longer else _SUSPEND if still else "",
        suspension_asked=still,
        suspension_by=case.suspension_by if still else "",
        extension_days=case.extension_days if longer else 0,
        extension_unit=case.extension_unit if longer else "",
        extension_engineering=case.extension_engineering and longer,
        extension_by=case.extension_by if longer else "",
    )


def _supervises(case: CaseState, step: Step) -> CaseState:
    level = str(step.values.get("supervise_level") or "2")
    return case.having(supervise_level=max(case.supervise_level, int(level) if level in {"1", "2", "3"} else 2))


def _self_handled(case: CaseState, step: Step) -> CaseState:
    return case.having(self_handled=True, lead_unit=case.lead_unit or step.unit or step.user or None)


def _visited(case: CaseState, step: Step) -> CaseState:
    # Visited before it is closed, an unsolved case goes back for rework; after, it is opened again.
    again = bool(step.values.get("not_solved")) and case.closed_at is None
    return case.having(
        visited_at=step.at,
        satisfaction=said(step.values, "satisfaction") or case.satisfaction,
        rework_count=case.rework_count + again,
    )


def _named(field: str, *keys: str) -> Callable[[CaseState, Step], CaseState]:
    """Keep the first of the values *keys* that the step has as *field*."""

    def effect(case: CaseState, step: Step) -> CaseState:
        value = next((text for key in keys if (text := said(step.values, key))), None)
        return case.having(**{field: value}) if value else case

    return effect


def _names_handler(case: CaseState, step: Step) -> CaseState:
    # Whom an assignment doesn't name nobody has named: the handler of another unit is none here.
    return case.having(handler=said(step.values, "lead_handler") or None)


def _takes_span(case: CaseState, step: Step) -> CaseState:
    """How long the dispatcher gave, where that wasn't the table's limit: rework gets half of it."""
    try:
        own = parse(str(step.values["due_at"])) - step.at if step.values.get("due_at") else None
    except (ValueError, OverflowError):
        own = None
    return case.having(own_span=own if own and own > dt.timedelta() else None)


def _blows(case: CaseState, step: Step) -> CaseState:
    who = said(step.values, "name") or step.user, step.unit
    called = units(step.values.get("units"))
    return case.having(whistles=whistles.blown(case.whistles, step.id, step.at, step.values, called, who))


def _nothing(case: CaseState, _step: Step) -> CaseState:
    return case


EFFECTS: Mapping[str, Callable[[CaseState, Step], CaseState]] = {
    "takes_lead": _takes_lead,
    "takes_receiver": _takes_receiver,
    "takes_assist": _takes_assist,
    "drops_lead": _drops_lead,
    "names_handler": _names_handler,
    "takes_handler": _named("handler", "handler"),
    "takes_result": _named("result", "result", "opinion"),
    "takes_profile": _named("profile", "profile"),
    "takes_master": _named("master", "master"),
    "leaves_master": lambda case, _step: case.having(master=None),
    "asks_suspension": _asks_suspension,
    "refuses_request": _refuses_request,
    "reviewed": lambda case, _step: case.having(review_count=case.review_count + 1),
    SETTLES: _nothing,
    "takes_span": _takes_span,
    "picked_up": _named("satisfaction", "satisfaction"),
    "assist_acknowledged": _assist("acknowledged"),
    "assist_done": _assist("done"),
    "assist_refused": _assist("refused"),
    "takes_level": _takes_level,
    "raises_level": _shifts_level(1),
    "lowers_level": _shifts_level(-1),
    "counts_return": lambda case, step: case.having(return_count=case.return_count + 1, returned_at=step.at),
    "counts_rework": lambda case, _step: case.having(rework_count=case.rework_count + 1),
    "verified": lambda case, _step: case.having(verify_count=case.verify_count + 1),
    "handled": lambda case, step: case.having(handlers=case.handlers | ({step.user} - {""})),
    "progressed": _nothing,
    "reminds": lambda case, _step: case.having(remind_count=case.remind_count + 1),
    ASKS_EXTENSION: _asks_extension,
    "supervises": _supervises,
    "names_patron": _named("patron", "patron"),
    "self_handled": _self_handled,
    "transferred": _transferred,
    "visited": _visited,
    "visit_tried": lambda case, _step: case.having(visit_tries=case.visit_tries + 1),
    "blows": _blows,
    "arrives": lambda case, step: case.having(whistles=whistles.arrived(case.whistles, step.at, step.values)),
    "judges_arrival": lambda case, step: case.having(whistles=whistles.judged(case.whistles, step.values)),
    EXTENDS: _extends,
    HOLDS: lambda case, step: case.having(suspended_at=step.at),
    RELEASES: _nothing,
    HALF: _nothing,
}


def assist_unit(values: Mapping[str, Any], unit: str) -> str:
    """The assisting unit that a step speaks for: the one it names, else the one of who made it."""
    return str(values.get("assist_unit") or unit or "")


def days(values: Mapping[str, Any]) -> int:
    """The ``days`` of a step, 0 where it names none."""
    raw = str(values.get("days") or "0")
    return min(int(raw), _MOST_DAYS) if raw.isdecimal() else 0


def said(values: Mapping[str, Any], name: str) -> str:
    """The text or number under *name*; what only another program would write there, such as a list, says nothing here."""
    value = values.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _refuse(field: str, code: str, **params: object) -> Fault:
    return Fault(field, code, sentence(f"rules.{code}", **params))


def _not_top(case: CaseState, _step: Step) -> Fault | None:
    return _refuse("action", "top_level") if case.level == LEVELS[-1] else None


def _not_bottom(case: CaseState, _step: Step) -> Fault | None:
    return _refuse("action", "bottom_level") if case.level == LEVELS[0] else None


def _assist_parts_done(case: CaseState, step: Step) -> Fault | None:
    left = [part.unit for part in case.assist_units if part.open]
    if left and not step.values.get("assist_open_note"):
        return _refuse("assist_open_note", "assist_open", units="、".join(left))
    return None


def _assist_named(case: CaseState, step: Step) -> Fault | None:
    unit = assist_unit(step.values, step.unit)
    known = {part.unit for part in case.assist_units}
    return None if unit in known else _refuse("assist_unit", "assist_unknown", unit=unit or "（未填）")


def _extension_asked(case: CaseState, _step: Step) -> Fault | None:
    return None if case.extension_days else _refuse("action", "no_request")


def _request_there(case: CaseState, _step: Step) -> Fault | None:
    return None if case.asked else _refuse("action", "no_request")


def _director_grants(case: CaseState, step: Step) -> Fault | None:
    if (case.extension_count or case.extension_engineering) and step.role != "director":
        return _refuse("action", "director_grants")
    return None


def _signed_form(case: CaseState, step: Step) -> Fault | None:
    if (case.extension_count or case.extension_engineering) and not step.values.get("form_no"):
        return _refuse("form_no", "signed_form")
    return None


def _own_level(case: CaseState, step: Step) -> Fault | None:
    """A grid leader gives out what is handled in his grid or village; the centre gives out the rest."""
    if step.role == "grid_leader" and case.level in {"township", "county"}:
        return _refuse("action", "own_level")
    return None


def _director_voids(case: CaseState, step: Step) -> Fault | None:
    if case.state != "draft" and step.role != "director":
        return _refuse("action", "director_voids")
    return None


def _patron_named(case: CaseState, _step: Step) -> Fault | None:
    return None if case.patron else _refuse("action", "no_patron")


def _supervised(case: CaseState, _step: Step) -> Fault | None:
    return None if "supervise_due" in case.due else _refuse("action", "not_supervised")


def _result_there(case: CaseState, _step: Step) -> Fault | None:
    return None if case.result else _refuse("action", "no_result")


def _in_mediation(case: CaseState, _step: Step) -> Fault | None:
    return None if "mediation_due" in case.due else _refuse("action", "not_in_mediation")


def _tried_enough(case: CaseState, _step: Step) -> Fault | None:
    return None if case.visit_tries >= _TRIES else _refuse("action", "not_tried_enough", count=_TRIES)


def _second_return(case: CaseState, step: Step) -> Fault | None:
    if case.return_count and not step.values.get("approved_by"):
        return _refuse("approved_by", "second_return", count=case.return_count + 1)
    return None


def _whistled(case: CaseState, _step: Step) -> Fault | None:
    return None if case.whistles else _refuse("action", "not_whistled")


def _unit_called(case: CaseState, step: Step) -> Fault | None:
    if whistles.named(case.whistles, step.values) is not None:
        return None
    return _refuse("called_unit", "unit_not_called", unit=said(step.values, "called_unit") or "（未填）")


def _came_as_order(case: CaseState, _step: Step) -> Fault | None:
    known = any(move.action == ORDER_IN and move.step not in case.aside for move in case.moves)
    return None if known else _refuse("action", "no_order")


GUARDS: Mapping[str, Callable[[CaseState, Step], Fault | None]] = {
    "not_top_level": _not_top,
    "not_bottom_level": _not_bottom,
    "assist_parts_done": _assist_parts_done,
    "assist_named": _assist_named,
    "extension_asked": _extension_asked,
    "request_there": _request_there,
    "director_grants": _director_grants,
    "signed_form": _signed_form,
    "own_level": _own_level,
    "director_voids": _director_voids,
    "patron_named": _patron_named,
    "supervised": _supervised,
    "result_there": _result_there,
    "second_return": _second_return,
    "in_mediation": _in_mediation,
    "tried_enough": _tried_enough,
    "whistled": _whistled,
    "unit_called": _unit_called,
    "came_as_order": _came_as_order,
}
# What of a case makes a desk not offer an action, or not as the usual one: done apart it counts all the same.
WAITS: Mapping[str, Callable[[CaseState], bool]] = {
    "extension_waits": lambda case: case.extension_days > 0,
    "suspension_waits": lambda case: case.suspension_asked,
    "in_mediation_now": lambda case: "mediation_due" in case.due,
    "visit_done": lambda case: case.state == "closed" and "visit_due" not in case.due,
}
# Without the values of the step only these can be judged; the others speak once its form is filled.
BEFORE_FILLING = frozenset(
    {
        "not_top_level", "not_bottom_level", "extension_asked", "request_there", "director_grants", "own_level",
        "director_voids", "patron_named", "supervised", "result_there",
        "in_mediation", "tried_enough", "whistled", "came_as_order",
    }
)  # fmt: skip
