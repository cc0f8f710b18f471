"""Return visits: by rule or drawn, the same draw everywhere, and figures that count who answered."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from app.errors import KnownError
from app.rules.case_fold import CaseState
from app.rules.indicators import CaseFacts, indicators
from app.rules.visits import VisitRules, drawn
from app.schema.dates import CHINA

RULES = VisitRules.load()
CLOSED = dt.datetime(2026, 9, 10, 10, tzinfo=CHINA)
AREA = "990001101201"


def case(**values):
    return CaseState(state="closed", accepted_at=CLOSED, closed_at=CLOSED, **{"category": "facility_light", **values})


def ids(count):
    return [f"{number:032x}" for number in range(count)]


def test_what_a_rule_names_is_always_visited():
    for named in ({"category": "dispute_family_support"}, {"urgency": "critical"}, {"profile": "patron_case"}):
        assert {RULES.why(one, AREA, case(**named)) for one in ids(50)} == {"rule"}
    assert RULES.why("a" * 32, AREA, CaseState(state="handling", category="dispute")) == ""


def test_of_the_others_the_share_is_drawn_by_county_month_and_id_alone():
    chosen = [one for one in ids(5000) if RULES.why(one, AREA, case()) == "sample"]
    assert 900 < len(chosen) < 1100
    assert chosen == [one for one in ids(5000) if RULES.why(one, "990001999999", case()) == "sample"]
    later = CLOSED + dt.timedelta(days=30)
    assert chosen != [one for one in ids(5000) if RULES.why(one, AREA, case().having(closed_at=later))]
    assert drawn(AREA, CLOSED, "a" * 32) == drawn(AREA, CLOSED.astimezone(dt.UTC), "a" * 32)
    nobody = VisitRules(0, frozenset(), frozenset(), frozenset())
    assert not any(nobody.why(one, AREA, case()) for one in ids(200))


def test_the_figures_count_visits_of_those_to_be_visited_and_satisfied_of_those_who_answered():
    visited = CLOSED + dt.timedelta(days=2)
    answered = ({"visited_at": visited, "satisfaction": mark} for mark in ("5", "4", "2"))
    kinds = itertools.chain(answered, ({"visited_at": visited}, {"visit_tries": 3}))
    facts = [
        CaseFacts.of(one, AREA, case(category="dispute", **values), RULES)
        for one, values in zip(ids(5), kinds, strict=True)
    ]
    found = indicators(facts, CLOSED, CLOSED + dt.timedelta(days=20))
    assert (found["r_visit"].value, found["r_visit"].numerator, found["r_visit"].denominator) == (80.0, 4, 5)
    assert (found["r_sat"].value, found["r_sat"].denominator) == (66.67, 3)


def test_wrong_rules_are_refused_by_name(tmp_path):
    wrong = tmp_path / "visits.toml"
    wrong.write_text('sample_percent = 5\n[by_rule]\nclasses = ["nothing"]\n', encoding="utf-8")
    with pytest.raises(KnownError, match="nothing"):
        VisitRules.load(wrong)
