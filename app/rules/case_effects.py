"""What actions do to a case beside moving its state, and the conditions under which they may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.messages import sentence
from app.rules.case_fold import LEVELS, AssistPart, CaseState, Step, units
from app.schema.values import Fault

# The timers know these four by name: a due time moved, the clock stopped and restarted, the limit halved.
EXTENDS, HOLDS, RELEASES, HALF = "extends", "holds", "releases", "half_limit"


def _takes_lead(case: CaseState, step: Step) -> CaseState:
    return replace(case, lead_unit=str(step.values.get("lead_unit") or "") or case.lead_unit or step.unit or None)


def _takes_receiver(case: CaseState, step: Step) -> CaseState:
    return replace(case, lead_unit=str(step.values.get("receiver") or "") or case.lead_unit)


def _takes_assist(case: CaseState, step: Step) -> CaseState:
    known = {part.unit for part in case.assist_units}
    new = tuple(AssistPart(unit) for unit in units(step.values.get("assist_units")) if unit not in known)
    return replace(case, assist_units=case.assist_units + new)


def _drops_lead(case: CaseState, _step: Step) -> CaseState:
    return replace(case, lead_unit=None, assist_units=())


def _assist(state: str) -> Callable[[CaseState, Step], CaseState]:
    def effect(case: CaseState, step: Step) -> CaseState:
        unit = assist_unit(step.values, step.unit)
        parts = tuple(replace(part, state=state) if part.unit == unit else part for part in case.assist_units)
        return replace(case, assist_units=parts)

    return effect


def _takes_level(case: CaseState, step: Step) -> CaseState:
    level = step.values.get("level")
    return replace(case, level=level if level in LEVELS else case.level)


def _shifts_level(by: int) -> Callable[[CaseState, Step], CaseState]:
    def effect(case: CaseState, step: Step) -> CaseState:
        case = replace(case, level=LEVELS[LEVELS.index(case.level) + by])
        return replace(case, escalations=(*case.escalations, step.at)) if by > 0 else case

    return effect


def _asks_extension(case: CaseState, step: Step) -> CaseState:
    return replace(case, extension_days=days(step.values), extension_engineering=bool(step.values.get("engineering")))


def _extends(case: CaseState, _step: Step) -> CaseState:
    return replace(case, extension_count=case.extension_count + 1, extension_days=0, extension_engineering=False)


def _supervises(case: CaseState, step: Step) -> CaseState:
    level = str(step.values.get("supervise_level") or "2")
    return replace(case, supervise_level=max(case.supervise_level, int(level) if level.isdigit() else 2))


def _self_handled(case: CaseState, step: Step) -> CaseState:
    return replace(case, self_handled=True, lead_unit=case.lead_unit or step.unit or step.user or None)


def _visited(case: CaseState, step: Step) -> CaseState:
    return replace(case, visited_at=step.at, satisfaction=step.values.get("satisfaction") or case.satisfaction)


def _nothing(case: CaseState, _step: Step) -> CaseState:
    return case


EFFECTS: Mapping[str, Callable[[CaseState, Step], CaseState]] = {
    "takes_lead": _takes_lead,
    "takes_receiver": _takes_receiver,
    "takes_assist": _takes_assist,
    "drops_lead": _drops_lead,
    "assist_acknowledged": _assist("acknowledged"),
    "assist_done": _assist("done"),
    "assist_refused": _assist("refused"),
    "takes_level": _takes_level,
    "raises_level": _shifts_level(1),
    "lowers_level": _shifts_level(-1),
    "counts_return": lambda case, _step: replace(case, return_count=case.return_count + 1),
    "counts_rework": lambda case, _step: replace(case, rework_count=case.rework_count + 1),
    "verified": lambda case, _step: replace(case, verify_count=case.verify_count + 1),
    "handled": lambda case, step: replace(case, handlers=case.handlers | ({step.user} - {""})),
    "progressed": _nothing,
    "reminds": lambda case, _step: replace(case, remind_count=case.remind_count + 1),
    "asks_extension": _asks_extension,
    "supervises": _supervises,
    "names_patron": lambda case, step: replace(case, patron=step.values.get("patron") or case.patron),
    "self_handled": _self_handled,
    "transferred": lambda case, _step: replace(case, transferred=True),
    "visited": _visited,
    EXTENDS: _extends,
    HOLDS: lambda case, step: replace(case, suspended_at=step.at),
    RELEASES: _nothing,
    HALF: _nothing,
}


def assist_unit(values: Mapping[str, Any], unit: str) -> str:
    """The assisting unit that a step speaks for: the one it names, else the one of who made it."""
    return str(values.get("assist_unit") or unit or "")


def days(values: Mapping[str, Any]) -> int:
    """The ``days`` of a step, 0 where it names none."""
    raw = str(values.get("days") or "0")
    return int(raw) if raw.isdigit() else 0


def _refuse(field: str, code: str, **params: object) -> Fault:
    return Fault(field, code, sentence(f"rules.{code}", **params))


def _not_top(case: CaseState, _step: Step) -> Fault | None:
    return _refuse("action", "top_level") if case.level == LEVELS[-1] else None


def _not_bottom(case: CaseState, _step: Step) -> Fault | None:
    return _refuse("action", "bottom_level") if case.level == LEVELS[0] else None


def _assist_parts_done(case: CaseState, step: Step) -> Fault | None:
    left = [part.unit for part in case.assist_units if part.state in {"assigned", "acknowledged"}]
    if left and not step.values.get("assist_open_note"):
        return _refuse("assist_open_note", "assist_open", units="、".join(left))
    return None


def _assist_named(case: CaseState, step: Step) -> Fault | None:
    unit = assist_unit(step.values, step.unit)
    known = {part.unit for part in case.assist_units}
    return None if unit in known else _refuse("assist_unit", "assist_unknown", unit=unit or "（未填）")


def _extension_asked(case: CaseState, _step: Step) -> Fault | None:
    return None if case.extension_days else _refuse("action", "no_request")


def _director_grants(case: CaseState, step: Step) -> Fault | None:
    if (case.extension_count or case.extension_engineering) and step.role not in {"", "director"}:
        return _refuse("action", "director_grants")
    return None


def _second_return(case: CaseState, step: Step) -> Fault | None:
    if case.return_count and not step.values.get("approved_by"):
        return _refuse("approved_by", "second_return", count=case.return_count + 1)
    return None


GUARDS: Mapping[str, Callable[[CaseState, Step], Fault | None]] = {
    "not_top_level": _not_top,
    "not_bottom_level": _not_bottom,
    "assist_parts_done": _assist_parts_done,
    "assist_named": _assist_named,
    "extension_asked": _extension_asked,
    "director_grants": _director_grants,
    "second_return": _second_return,
}
# Without the values of the step only these can be judged; the others speak once its form is filled.
BEFORE_FILLING = frozenset({"not_top_level", "not_bottom_level", "extension_asked"})
