"""Rules that the county changes while somebody reckons by them: he goes on by those with which he began."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from app.rules.case_engine import CaseRules, Step
from app.rules.renewing import renew, still
from app.schema.dates import CHINA

AT = dt.datetime(2026, 9, 21, 9, tzinfo=CHINA)


class Overtaken(dict):
    """What an event says, read just as the county's other rules come."""

    def __init__(self, held, other):
        super().__init__(category="appeal")
        self.held, self.other = held, other

    def get(self, name, default=None):
        renew(self.held, self.other)
        return super().get(name, default)


def test_a_case_is_folded_by_one_set_of_rules_though_others_come_meanwhile():
    held = CaseRules.load()
    narrow = replace(held.actions["accept"], sources=frozenset({"screening"}))
    profiles = {
        code: replace(profile, actions={**profile.actions, "accept": narrow}) for code, profile in held.profiles.items()
    }
    other = replace(held, actions={**held.actions, "accept": narrow}, profiles=profiles)
    report = {"category": "appeal", "urgency": "normal", "place": "村口", "found_at": AT.isoformat(), "reporter": "王"}
    steps = [
        Step("1", "report", AT, report, "wang", "registrar", "中心", 1),
        Step("2", "accept", AT, {"case_no": "1"}, "wang", "registrar", "中心", 2),
    ]
    case = held.fold(Overtaken(held, other), steps)
    assert (case.state, case.contested) == ("accepted", ())
    # Whoever folds after that does so by the new ones.
    assert held.actions == other.actions
    assert held.fold({"category": "appeal"}, steps).contested == ("2",)


def test_what_is_still_keeps_what_it_was_and_what_was_reckoned_from_other_values_is_forgotten():
    held, other = CaseRules.load(), replace(CaseRules.load(), states={})
    kept = still(held)
    vars(held)["reckoned"] = "once"
    renew(held, other)
    assert held.states == {}
    assert kept.states
    assert "reckoned" not in vars(held)
    vars(held)["reckoned"] = "again"
    assert "reckoned" not in vars(other)
