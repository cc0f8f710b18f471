"""The figures of the reports: what each counts, over the facts of cases, in one period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from app.messages import sentence
from app.rules.areas import covers
from app.rules.case_fold import CaseState
from app.rules.visits import VisitRules

EXCLUDED = frozenset({"draft", "void", "merged", "not_accepted"})
UNCLASSIFIED = "unclassified"
_SATISFIED = frozenset({"4", "5"})
Number = int | float


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What statistics need to know of one case. ``due`` is the handling limit after extensions."""

    id: str
    area: str
    state: str
    category: str = UNCLASSIFIED
    lead_unit: str = ""
    reported_at: dt.datetime | None = None
    accepted_at: dt.datetime | None = None
    assigned_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    feedback_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    due: dt.datetime | None = None
    suspended: dt.timedelta = dt.timedelta()
    self_handled: bool = False
    escalations: tuple[dt.datetime, ...] = ()
    to_visit: bool = False
    visited_at: dt.datetime | None = None
    satisfaction: str = ""

    @classmethod
    def of(cls, id: str, area: str, case: CaseState, visits: VisitRules | None = None) -> CaseFacts:  # noqa: A002 - a record's id
        """The facts of a folded case; *visits* say whether it was to be visited. While it is suspended nothing is due."""
        due = None if case.state == "suspended" else case.handle_due
        return cls(
            id,
            area,
            case.state,
            case.category,
            case.lead_unit or "",
            case.reported_at,
            case.accepted_at,
            case.assigned_at,
            case.acknowledged_at,
            case.feedback_at,
            case.closed_at,
            due,
            case.suspended_for,
            case.self_handled,
            case.escalations,
            bool(visits and visits.why(id, area, case)),
            case.visited_at,
            case.satisfaction or "",
        )

    @property
    def counted(self) -> bool:
        """Whether it is one of the cases that every figure but n_rep is about."""
        return self.state not in EXCLUDED and self.accepted_at is not None


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure. ``value`` is None where it has no meaning (a share of nothing): shown as "—", never as 0 or 100.

    ``basis`` says in Chinese what is counted; a rate has its ``numerator`` and ``denominator``.
    """

    code: str
    label: str
    value: Number | None
    unit: str
    basis: str
    numerator: Number | None = None
    denominator: Number | None = None

    def show(self) -> str:
        """As it is printed: ``97.74%``, ``12件``, ``—``."""
        if self.value is None:
            return "—"
        return f"{self.value:.2f}{self.unit}" if isinstance(self.value, float) else f"{self.value}{self.unit}"

    def plain(self) -> dict[str, Number | str | None]:
        """As a report writes it into JSON."""
        return {
            "value": self.value,
            "unit": self.unit,
            "basis": self.basis,
            "numerator": self.numerator,
            "denominator": self.denominator,
        }


def rounded(value: Number | Decimal, places: int = 2) -> float:
    """*value* rounded half up, as clerks do it by hand (Python rounds half to even)."""
    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def percent(numerator: Number, denominator: Number) -> float | None:
    """The share in per cent, two decimals, half up; None of nothing."""
    if not denominator:
        return None
    return float((Decimal(str(numerator)) * 100 / Decimal(str(denominator))).quantize(Decimal("0.01"), ROUND_HALF_UP))


def count(code: str, value: int) -> Indicator:
    """A number of things; its words are those of *code* in resources/messages/figures.toml, here as below."""
    return _figure(code, value, "count")


def rate(code: str, numerator: Number, denominator: Number) -> Indicator:
    """A share in per cent."""
    return _figure(code, percent(numerator, denominator), "", numerator, denominator)


def indicators(facts: Iterable[CaseFacts], start: dt.datetime, end: dt.datetime) -> dict[str, Indicator]:
    """The case figures of the period from *start* up to, without, *end*; by code, in the order of print."""
    cases = list(facts)

    def within(moment: dt.datetime | None) -> bool:
        return moment is not None and start <= moment < end

    def open_at(case: CaseFacts, moment: dt.datetime) -> bool:
        begun = case.accepted_at is not None and case.accepted_at < moment
        return begun and (case.closed_at is None or case.closed_at >= moment)

    counted = [case for case in cases if case.counted]
    accepted = [case for case in counted if within(case.accepted_at)]
    closed = [case for case in counted if within(case.closed_at)]
    still = [case for case in counted if open_at(case, end)]
    carried = sum(open_at(case, start) for case in counted)
    cohort = sum(case.closed_at is not None and case.closed_at < end for case in accepted)
    late_open = sum(case.due is not None and case.due < end for case in still)
    late_closed = sum(_after(case.closed_at, case.due) for case in closed)
    limited = sum(case.due is not None for case in still)
    answered = sum(_before(case.feedback_at or case.closed_at, end) for case in accepted)
    spent = [_hours(case) for case in closed]
    signed = [
        (case.acknowledged_at - case.assigned_at) / _HOUR
        for case in counted
        if case.acknowledged_at and case.assigned_at and within(case.acknowledged_at)
    ]
    asked = [case for case in closed if case.to_visit]
    answers = [case for case in closed if case.satisfaction and _before(case.visited_at, end)]
    raised = sum(any(within(moment) for moment in case.escalations) for case in counted)
    found = [
        count("n_rep", sum(_reported(case, start, end) for case in cases)),
        count("n_acc", len(accepted)),
        count("n_carry", carried),
        count("n_cls", len(closed)),
        count("n_cls_coh", cohort),
        count("n_open", len(still)),
        rate("r_close", cohort, len(accepted)),
        rate(
            "r_close_period",
            len(closed),
            carried + len(accepted),
        ),
        rate("r_dispose", answered, len(accepted)),
        count("n_over_open", late_open),
        count("n_over_cls", late_closed),
        rate(
            "r_over",
            late_open + late_closed,
            len(closed) + limited,
        ),
        rate(
            "r_ontime",
            len(closed) - late_closed,
            len(closed),
        ),
        _mean("t_avg", spent),
        _ranked("t_median", spent, 50),
        _ranked("t_p90", spent, 90),
        _mean("t_ack", signed),
        rate("r_esc", raised, len(accepted)),
        rate("r_self", sum(case.self_handled for case in closed), len(closed)),
        rate(
            "r_visit",
            sum(_before(case.visited_at, end) for case in asked),
            len(asked),
        ),
        rate(
            "r_sat",
            sum(case.satisfaction in _SATISFIED for case in answers),
            len(answers),
        ),
    ]
    return {indicator.code: indicator for indicator in found}


def by_area(
    facts: Iterable[CaseFacts], areas: Sequence[str], start: dt.datetime, end: dt.datetime
) -> dict[str, dict[str, Indicator]]:
    """The figures for each of *areas*, in their order. A township's figures include those of its villages."""
    cases = list(facts)
    return {area: indicators([case for case in cases if covers(area, case.area)], start, end) for area in areas}


def shares(
    facts: Iterable[CaseFacts],
    start: dt.datetime,
    end: dt.datetime,
    *,
    by: Callable[[CaseFacts], str] = lambda case: case.category,
    known: Collection[str] = (),
) -> dict[str, Indicator]:
    """The accepted cases of the period by class (or *by*), each with its share of all.

    What has no class, or one not *known* where known ones are given, is ``unclassified`` and stands last: the parts
    always add up to the whole.
    """
    tally: dict[str, int] = dict.fromkeys(known, 0)
    rest = total = 0
    for case in facts:
        if case.counted and case.accepted_at is not None and start <= case.accepted_at < end:
            total += 1
            part = by(case)
            if not part or part == UNCLASSIFIED or (known and part not in tally):
                rest += 1
            else:
                tally[part] = tally.get(part, 0) + 1
    return tally_shares(tally, total if not rest else sum(tally.values()) + rest)


def tally_shares(tally: Mapping[str, int], total: int) -> dict[str, Indicator]:
    """Each part of *tally* with its share of *total*; what the parts don't reach is ``unclassified``."""
    basis = sentence("figures.share_is")
    parts = {
        code: Indicator(code, code, percent(number, total), "%", basis, number, total) for code, number in tally.items()
    }
    rest = total - sum(tally.values())
    if rest > 0:
        left = rate("rest", rest, total)
        parts[UNCLASSIFIED] = replace(left, code=UNCLASSIFIED)
    return parts


_HOUR = dt.timedelta(hours=1)


def _reported(case: CaseFacts, start: dt.datetime, end: dt.datetime) -> bool:
    # A rejected or merged case was reported too; a wrong entry and a draft never were.
    return case.state not in {"draft", "void"} and case.reported_at is not None and start <= case.reported_at < end


def _after(moment: dt.datetime | None, due: dt.datetime | None) -> bool:
    return moment is not None and due is not None and moment > due


def _before(moment: dt.datetime | None, end: dt.datetime) -> bool:
    return moment is not None and moment < end


def _hours(case: CaseFacts) -> float:
    if case.closed_at is None or case.accepted_at is None:
        return 0.0
    return max((case.closed_at - case.accepted_at - case.suspended) / _HOUR, 0.0)


def _figure(
    code: str, value: Number | None, unit: str, numerator: Number | None = None, denominator: Number | None = None
) -> Indicator:
    shown = sentence(f"figures.unit_{unit}") if unit else "%"
    label, basis = sentence(f"figures.{code}"), sentence(f"figures.{code}_is")
    return Indicator(code, label, value, shown, basis, numerator, denominator)


def _mean(code: str, hours: Sequence[float]) -> Indicator:
    total = sum(hours)
    value = rounded(total / len(hours)) if hours else None
    return _figure(code, value, "hours", rounded(total) if hours else 0, len(hours))


def _ranked(code: str, hours: Sequence[float], part: int) -> Indicator:
    """The value below which *part* per cent lie (nearest rank; an even number's median: the mean of the middle two)."""
    ordered = sorted(hours)
    if not ordered:
        return _figure(code, None, "hours", None, 0)
    if part == 50:
        low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
        return _figure(code, rounded((low + high) / 2), "hours", None, len(ordered))
    rank = -(-part * len(ordered) // 100)
    return _figure(code, rounded(ordered[rank - 1]), "hours", None, len(ordered))
