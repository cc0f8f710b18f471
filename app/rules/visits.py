"""Which closed cases are visited: by rule, or drawn: resources/rules/visits.toml. The draw is the same on every device."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.paths import resource
from app.rules.case_fold import CaseState
from app.rules.classes import above
from app.rules.limits import URGENCIES
from app.rules.reading import Sheet, read_table
from app.schema.codes import CodeList, load_codes
from app.schema.dates import CHINA

RULE, SAMPLE = "rule", "sample"
_WHOLE = 1 << 64


@dataclass(frozen=True, slots=True)
class VisitRules:
    """``percent`` of the cases that no rule names are drawn, each by itself: what else is on a device changes nothing."""

    percent: int
    classes: frozenset[str]
    urgencies: frozenset[str]
    profiles: frozenset[str]

    @classmethod
    def load(cls, path: Path | Sheet | None = None, codes: Mapping[str, CodeList] | None = None) -> VisitRules:
        """The rules at *path* (default: resources/rules/visits.toml); KnownError("rules.…") where it is wrong."""
        root = read_table(path or resource("rules", "visits.toml"))
        root.only("sample_percent", "by_rule")
        codes = load_codes(resource("codes")) if codes is None else codes
        rule = root.table("by_rule")
        rule.only("classes", "urgencies", "profiles")
        return cls(
            min(root.whole("sample_percent"), 100),
            frozenset(rule.some_of("classes", {item.code for item in codes["event_class"].known}, ())),
            frozenset(rule.some_of("urgencies", URGENCIES, ())),
            frozenset(rule.some_of("profiles", {item.code for item in codes["case_profile"].known}, ())),
        )

    def why(self, event_id: str, area: str, case: CaseState) -> str:
        """Why a closed case is to be visited: RULE or SAMPLE; "" for one that isn't drawn, or isn't closed."""
        if case.closed_at is None:
            return ""
        if (
            not self.classes.isdisjoint(above(case.category))
            or case.urgency in self.urgencies
            or case.profile in self.profiles
        ):
            return RULE
        return SAMPLE if drawn(area, case.closed_at, event_id) * 100 < self.percent else ""


def drawn(area: str, closed_at: dt.datetime, event_id: str) -> float:
    """The lot of a case, from 0 up to 1: by the county, the month of its closing and its id, so that anybody can draw it again."""
    seed = f"{area[:6]} {closed_at.astimezone(CHINA):%Y-%m} {event_id}"
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "big") / _WHOLE
