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
ARRIVAL = "arrival_due"
"""The timer that runs while any unit is waited for."""


@dataclass(frozen=True, slots=True)
class Called:
    """A unit that was called. ``arrived_at``: the earliest that anybody says; ``evaluation``: a person's last word, "" for none."""

    unit: str
    arrived_at: dt.datetime | None = None
    person: str = ""
    opinion: str = ""
    evaluation: str = ""

    @property
    def waited_for(self) -> bool:
        """Whether it has neither come nor been judged."""
        return self.arrived_at is None and not self.evaluation


@dataclass(frozen=True, slots=True)
class Whistle:
    """One call. ``due``: until when they have to be there; ``result``: what came of it, the last that was said.

    ``over``: the case went on, and nobody is waited for any more.
    """

    step: str
    at: dt.datetime
    caller: str
    caller_unit: str
    reason: str
    place: str
    due: dt.datetime | None
    units: tuple[Called, ...]
    result: str = ""
    over: bool = False

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


def waiting(
    before: Sequence[Whistle],
    whistles: Sequence[Whistle],
    ran: Mapping[str, dt.datetime],
    due: dict[str, dt.datetime],
) -> tuple[tuple[Whistle, ...], dict[str, dt.datetime]]:
    """*whistles*, and the timers *due* with that for arrivals: it runs as long as one unit of one call is waited for, to the earliest time.

    *before* and *ran*: the calls and timers before the step. A timer that a suspension moved is not moved back.
    """
    if ARRIVAL not in due:
        # The case went to others, or is done: what wasn't waited for to the end isn't taken up by another call.
        return tuple(replace(each, over=True) for each in whistles) if ARRIVAL in ran else tuple(whistles), due
    if list(whistles) == list(before):
        return tuple(whistles), due
    left = [each for each in whistles if not each.over and any(unit.waited_for for unit in each.units)]
    if not left:
        return tuple(whistles), {timer: until for timer, until in due.items() if timer != ARRIVAL}
    if len(whistles) > len(before):
        earlier = [moments[ARRIVAL] for moments in (ran, due) if ARRIVAL in moments]
        return tuple(whistles), {**due, ARRIVAL: min(earlier)}
    ends = [each.due for each in left if each.due]
    return tuple(whistles), {**due, ARRIVAL: max(due[ARRIVAL], min(ends))} if ends else due


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
