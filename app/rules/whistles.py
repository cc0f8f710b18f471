"""吹哨报到 (domain L28): who was called to the spot, who came when, and how that is judged; folded from steps, nothing overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.rules.calendar import moment

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules

ON_TIME, LATE, ABSENT = "on_time", "late", "absent"


@dataclass(frozen=True, slots=True)
class Called:
    """A unit that was called. ``arrived_at``: the earliest that anybody says; ``evaluation``: a person's last word, "" for none."""

    unit: str
    arrived_at: dt.datetime | None = None
    person: str = ""
    opinion: str = ""
    evaluation: str = ""


@dataclass(frozen=True, slots=True)
class Whistle:
    """One call. ``due``: until when they have to be there; ``result``: what came of it, the last that was said."""

    step: str
    at: dt.datetime
    caller: str
    caller_unit: str
    reason: str
    place: str
    due: dt.datetime | None
    units: tuple[Called, ...]
    result: str = ""

    def proposed(self, called: Called, now: dt.datetime) -> str:
        """What the times say of *called*: on_time, late, absent; "" while there is still time. A person confirms it."""
        if called.arrived_at is not None:
            return LATE if self.due and called.arrived_at > self.due else ON_TIME
        return ABSENT if self.due and now > self.due else ""


def evaluations(rules: CaseRules) -> Mapping[str, str]:
    """How a unit's coming is judged, by code in shown words: what the rules offer for it."""
    action = rules.action("whistle_evaluate")
    return next((field.options for field in action.fields if field.name == "evaluation"), {}) if action else {}


def blown(
    whistles: Sequence[Whistle],
    step: str,
    at: dt.datetime,
    values: Mapping[str, Any],
    units: Sequence[str],
    who: tuple[str, str],
) -> tuple[Whistle, ...]:
    """*whistles* and one more, of the step with this id and time; *who*: name and unit of the caller."""
    dues = values.get("due")
    due = moment(dues.get("arrival_due")) if isinstance(dues, Mapping) else None
    # An older program had one arrival for all of them in the call itself.
    there = moment(values.get("arrived_at"))
    new = Whistle(
        step, moment(values.get("called_at")) or at, *who, str(values.get("reason") or ""), str(values.get("place") or ""),
        due or moment(values.get("arrive_by")), tuple(Called(unit, there) for unit in units),
    )  # fmt: skip
    return (*whistles, new)


def arrived(whistles: Sequence[Whistle], at: dt.datetime, values: Mapping[str, Any]) -> tuple[Whistle, ...]:
    """*whistles* after somebody of a unit came; of two who say so the earlier time counts, and both stay to be read as steps."""
    there = moment(values.get("arrived_at")) or at

    def came(called: Called) -> Called:
        if called.arrived_at is not None and called.arrived_at <= there:
            return replace(
                called,
                person=called.person or str(values.get("person") or ""),
                opinion=called.opinion or str(values.get("opinion") or ""),
            )
        person, opinion = str(values.get("person") or ""), str(values.get("opinion") or "")
        return replace(called, arrived_at=there, person=person or called.person, opinion=opinion or called.opinion)

    return _changed(whistles, values, lambda whistle, called: (whistle, came(called)))


def judged(whistles: Sequence[Whistle], values: Mapping[str, Any]) -> tuple[Whistle, ...]:
    """*whistles* after a person's word about a unit, and about what came of the call."""
    word, result = str(values.get("evaluation") or ""), str(values.get("result") or "")

    def change(whistle: Whistle, called: Called) -> tuple[Whistle, Called]:
        return replace(whistle, result=result or whistle.result), replace(called, evaluation=word)

    return _changed(whistles, values, change)


def named(whistles: Sequence[Whistle], values: Mapping[str, Any]) -> tuple[int, int] | None:
    """Which call and which of its units a step means: the unit, in the call of ``called_at`` to the minute, else in the last of it."""
    unit = str(values.get("called_unit") or "").strip()
    wanted = moment(values.get("called_at"))
    found = [
        (number, place)
        for number, whistle in enumerate(whistles)
        for place, called in enumerate(whistle.units)
        if called.unit == unit
    ]
    exact = [one for one in found if wanted and _minute(whistles[one[0]].at) == _minute(wanted)]
    best = exact or found
    return best[-1] if best else None


def _changed(
    whistles: Sequence[Whistle], values: Mapping[str, Any], change: Callable[[Whistle, Called], tuple[Whistle, Called]]
) -> tuple[Whistle, ...]:
    found = named(whistles, values)
    if found is None:
        return tuple(whistles)
    number, place = found
    whistle, called = change(whistles[number], whistles[number].units[place])
    units = (*whistle.units[:place], called, *whistle.units[place + 1 :])
    return (*whistles[:number], replace(whistle, units=units), *whistles[number + 1 :])


def _minute(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(second=0, microsecond=0)
