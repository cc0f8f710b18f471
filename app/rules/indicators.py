"""The figures of the reports: what each counts, over the facts of cases, in one period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

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


def count(code: str, label: str, value: int, basis: str, unit: str = "件") -> Indicator:
    """A number of things."""
    return Indicator(code, label, value, unit, basis)


def rate(code: str, label: str, numerator: Number, denominator: Number, basis: str) -> Indicator:
    """A share in per cent."""
    return Indicator(code, label, percent(numerator, denominator), "%", basis, numerator, denominator)


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
        count("n_rep", "上报数", sum(_reported(case, start, end) for case in cases), "本期上报的事项，含不予受理的"),
        count("n_acc", "受理数", len(accepted), "本期受理的事项"),
        count("n_carry", "上期结转", carried, "期初以前受理、期初尚未办结的事项"),
        count("n_cls", "办结数", len(closed), "本期办结的事项，不论何时受理"),
        count("n_cls_coh", "本期受理已办结", cohort, "本期受理、期末以前办结的事项"),
        count("n_open", "在办数", len(still), "期末在办 = 上期结转 + 受理 − 办结"),
        rate("r_close", "办结率", cohort, len(accepted), "本期受理已办结 ÷ 本期受理"),
        rate(
            "r_close_period",
            "办结率（按期间）",
            len(closed),
            carried + len(accepted),
            "本期办结 ÷（上期结转 + 本期受理）",
        ),
        rate("r_dispose", "处置率", answered, len(accepted), "本期受理、期末以前已反馈 ÷ 本期受理"),
        count("n_over_open", "在办超期", late_open, "期末在办、已过处置期限的事项"),
        count("n_over_cls", "超期办结", late_closed, "本期办结、办结时已过期限的事项"),
        rate(
            "r_over",
            "超期率",
            late_open + late_closed,
            len(closed) + limited,
            "（在办超期 + 超期办结）÷（办结 + 有期限的在办）",
        ),
        rate(
            "r_ontime",
            "按期办结率",
            len(closed) - late_closed,
            len(closed),
            "本期办结、未过期限 ÷ 本期办结；没有期限的算按期",
        ),
        _mean("t_avg", "平均办理时长", spent, "本期办结事项从受理到办结的小时数，扣除挂账"),
        _ranked("t_median", "办理时长中位数", spent, 50, "本期办结事项办理小时数的中位数"),
        _ranked("t_p90", "办理时长九成位", spent, 90, "九成事项在这个小时数以内办结"),
        _mean("t_ack", "平均签收时长", signed, "本期签收事项从交办到签收的小时数"),
        rate("r_esc", "上行率", raised, len(accepted), "本期升级上报的事项 ÷ 本期受理"),
        rate(
            "r_self", "自行处置占比", sum(case.self_handled for case in closed), len(closed), "本期自行处置 ÷ 本期办结"
        ),
        rate(
            "r_visit",
            "回访率",
            sum(_before(case.visited_at, end) for case in asked),
            len(asked),
            "本期办结、该回访的里面已回访的；没联系上的不算回访",
        ),
        rate(
            "r_sat",
            "回访满意率",
            sum(case.satisfaction in _SATISFIED for case in answers),
            len(answers),
            "本期办结、回访时评价满意和很满意的 ÷ 作了评价的",
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
    """Each part of *tally* with its share of *total*; what the parts don't reach is 其他/未分类."""
    parts = {
        code: Indicator(code, code, percent(number, total), "%", "该类 ÷ 受理数", number, total)
        for code, number in tally.items()
    }
    rest = total - sum(tally.values())
    if rest > 0:
        label = "其他/未分类"
        parts[UNCLASSIFIED] = Indicator(
            UNCLASSIFIED, label, percent(rest, total), "%", "没有归类的 ÷ 受理数", rest, total
        )
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


def _mean(code: str, label: str, hours: Sequence[float], basis: str) -> Indicator:
    total = sum(hours)
    value = rounded(total / len(hours)) if hours else None
    return Indicator(code, label, value, "小时", basis, rounded(total) if hours else 0, len(hours))


def _ranked(code: str, label: str, hours: Sequence[float], part: int, basis: str) -> Indicator:
    """The value below which *part* per cent lie (nearest rank; an even number's median: the mean of the middle two)."""
    ordered = sorted(hours)
    if not ordered:
        return Indicator(code, label, None, "小时", basis, None, 0)
    if part == 50:
        low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
        return Indicator(code, label, rounded((low + high) / 2), "小时", basis, None, len(ordered))
    rank = -(-part * len(ordered) // 100)
    return Indicator(code, label, rounded(ordered[rank - 1]), "小时", basis, None, len(ordered))
