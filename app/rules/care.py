"""Until when a care tag may stand: the limits of resources/rules/care.toml, and what is wrong with a tag's dates."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.messages import sentence
from app.paths import resource
from app.rules.reading import read_table
from app.schema.values import Fault, Value

_PROOF = {"consent": "本人单独同意", "guardian": "监护人同意", "assistance": "救助认定文书"}


@dataclass(frozen=True, slots=True)
class CareRules:
    """``review_months``: a tag is looked at again within so many months; ``least_shown``: smaller figures are hidden."""

    review_months: int
    remind_days: int
    least_shown: int

    @classmethod
    def load(cls, path: Path | None = None) -> CareRules:
        """The rules at *path* (default: resources/rules/care.toml); KnownError by name of what is wrong."""
        table = read_table(path or resource("rules", "care.toml")).table("care")
        table.only("review_months", "remind_days", "least_shown")
        return cls(*(table.whole(key) for key in ("review_months", "remind_days", "least_shown")))

    def faults(
        self, values: Mapping[str, Value], before: Mapping[str, Value] | None = None, today: str = ""
    ) -> list[Fault]:
        """What is wrong with *values* of a tag that was *before* (None: a new one), by field.

        The review counts from the registration, or, where the tag stood already and its term is changed, from *today*.
        """
        held = {**(before or {}), **values}
        found: list[Fault] = []
        since, review, ends = (str(held.get(name) or "") for name in ("since", "review_on", "expires_on"))
        if held.get("basis") in _PROOF and not held.get("basis_note"):
            basis = _PROOF[str(held["basis"])]
            found.append(Fault("basis_note", "basis_note", sentence("care.basis_note", basis=basis)))
        if not (since and review and ends):
            return found  # the form says that they are missing
        start = since
        if before is not None and any(
            values.get(n, before.get(n)) != before.get(n) for n in ("review_on", "expires_on")
        ):
            start = max(since, today)
        latest = later(start, self.review_months)
        if before is None or review != before.get("review_on") or since != before.get("since"):
            if review < since:
                found.append(Fault("review_on", "review_early", sentence("care.review_early", day=since)))
            elif review > latest:
                told = sentence("care.review_late", day=latest, months=self.review_months)
                found.append(Fault("review_on", "review_late", told))
        if ends < review:
            found.append(Fault("expires_on", "expires_early", sentence("care.expires_early", day=review)))
        elif ends > (last := later(review, self.review_months)):
            told = sentence("care.expires_late", day=last, months=self.review_months)
            found.append(Fault("expires_on", "expires_late", told))
        return found

    def stands(self, values: Mapping[str, Value], today: str) -> bool:
        """Whether a tag is in force on *today*; on the day on which it expires or ends it no longer is."""
        ends = [str(values[name]) for name in ("expires_on", "ended_on") if values.get(name)]
        return all(today < day for day in ends)

    def figure(self, count: int) -> str:
        """*count* as a statistic may say it: few people could be told by their number."""
        return f"少于{self.least_shown}" if 0 < count < self.least_shown else str(count)

    def reminded(self, values: Mapping[str, Value], today: str) -> bool:
        """Whether the review of a tag is due soon, or late."""
        review = str(values.get("review_on") or "")
        return bool(review) and review <= _after(today, self.remind_days)


def later(day: str, months: int) -> str:
    """The ISO date *months* after *day*; the last of the month where it has no such day."""
    date = dt.date.fromisoformat(day)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1])).isoformat()


def _after(day: str, days: int) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()
