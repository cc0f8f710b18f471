"""An automatic escalation gives way to what was done without knowing of it, and to nothing else; in any order nothing is lost."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from app.rules.case_engine import CaseRules
from app.rules.case_fold import Step
from app.rules.watching import SYSTEM, SYSTEM_ROLE
from app.schema.dates import CHINA

RULES = CaseRules.load()
BEGIN = dt.datetime(2026, 9, 18, 9, 0, tzinfo=CHINA)
EVENT = {"title": "水沟堵了", "category": "appeal", "urgency": "normal"}


def step(number, action, role="lead_handler", user="王五", **values):
    said = {"reason": "超期"} if action == "escalate" else {}
    return Step(
        f"{number:032x}", action, BEGIN + dt.timedelta(hours=number), {**said, **values}, user, role, "供电所", number
    )


def system(number, action, **values):
    return step(number, action, SYSTEM_ROLE, SYSTEM, **values)


HANDLING = [
    step(1, "report", "grid_member", "张三"),
    step(2, "accept", "registrar", "李四", level="village"),
    step(3, "assign", "dispatcher", "李四", lead_unit="供电所"),
    step(4, "acknowledge"),
]
UP = system(9, "escalate", rule="overdue_escalate")
DONE = step(5, "feed_back", result="通了")


def folded(*steps):
    """In the order given: the county's."""
    return RULES.fold(EVENT, [Step(**{**_fields(one), "rev": number}) for number, one in enumerate(steps, 1)])


def _fields(one):
    return {name: getattr(one, name) for name in Step.__dataclass_fields__}


def test_a_feedback_that_did_not_know_of_the_escalation_counts_and_the_escalation_stays_to_be_read():
    case = folded(*HANDLING, UP, DONE)
    assert (case.state, case.level, case.lead_unit, case.result) == ("feedback", "village", "供电所", "通了")
    assert (case.contested, case.yielded, case.escalations) == ((), (UP.id,), ())
    assert [move.step for move in case.moves] == [one.id for one in (*HANDLING, UP, DONE)]
    # As if it had come in time, but for the line that is read.
    plain = folded(*HANDLING, DONE)
    assert plain.having(moves=()) == case.having(moves=(), yielded=())


def test_without_anybodys_step_it_is_escalated():
    case = folded(*HANDLING, UP)
    assert (case.state, case.level, case.lead_unit, case.yielded) == ("accepted", "township", None, ())


def test_what_a_person_has_built_on_it_gives_way_no_more():
    taken = step(10, "assign", "dispatcher", "镇分流员", lead_unit="镇村建办")
    case = folded(*HANDLING, UP, taken, DONE)
    assert (case.state, case.lead_unit, case.contested) == ("assigned", "镇村建办", (DONE.id,))
    assert case.yielded == ()
    # Both sides stand before a person, who may say that it counts.
    assert case.aside[DONE.id].values["result"] == "通了"


def test_an_escalation_by_a_person_is_one_of_two_words_and_a_person_decides():
    case = folded(*HANDLING, step(9, "escalate", "dispatcher", "李四"), DONE)
    assert (case.state, case.contested) == ("accepted", (DONE.id,))


def test_whether_it_gives_way_is_said_by_the_rules():
    escalate = RULES.actions["escalate"]
    assert escalate.yields
    assert [code for code, action in RULES.actions.items() if action.yields] == ["escalate"]
    assert all(
        profile.actions["escalate"].yields for profile in RULES.profiles.values() if "escalate" in profile.actions
    )


def test_two_escalations_give_way_together_and_what_was_reminded_of_meanwhile_stays():
    again = system(12, "escalate", rule="overdue_escalate")
    case = folded(
        *HANDLING, UP, system(10, "remind", text="快"), step(11, "remind", "director", "主任", text="快办"), again, DONE
    )
    assert (case.state, case.level, case.remind_count) == ("feedback", "village", 2)
    assert case.yielded == (UP.id, again.id)


def test_what_is_wrong_both_ways_is_asked_about_and_still_is_after_it_gave_way():
    wrong = step(6, "verify_pass", "registrar", "赵六", finding="好了")
    case = folded(*HANDLING, UP, wrong, DONE)
    assert (case.state, case.contested, case.yielded) == ("feedback", (wrong.id,), (UP.id,))


OFFLINE = [step(5, "progress", text="去看了"), step(6, "progress", text="叫了车"), step(7, "feed_back", result="通了")]
COUNTY = [system(8, "remind", text="快"), UP, system(10, "remind", text="快办")]


@pytest.mark.parametrize("places", sorted(set(itertools.permutations("aaabbb"))))
def test_in_whatever_order_they_come_the_handler_is_right_and_no_step_is_lost(places):
    mine, theirs = iter(OFFLINE), iter(COUNTY)
    steps = [next(mine) if place == "a" else next(theirs) for place in places]
    case = folded(*HANDLING, *steps)
    known = {move.step for move in case.moves}
    assert known == {one.id for one in (*HANDLING, *steps)}
    handlers = [one.id for one in OFFLINE]
    assert not set(handlers) & set(case.contested)
    if steps.index(UP) > steps.index(OFFLINE[-1]):
        # The county knew of the feedback: it makes no such step then; should it come all the same, it is what stands.
        assert case.state == "accepted"
    else:
        assert (case.state, case.result, case.level) == ("feedback", "通了", "village")
        assert case.yielded == (UP.id,)


def test_one_by_one_is_as_all_together():
    steps = [*HANDLING, COUNTY[0], UP, *OFFLINE]
    case = RULES.begin(EVENT)
    for number, one in enumerate(steps, 1):
        case = RULES.apply(case, Step(**{**_fields(one), "rev": number}))
    assert case == folded(*steps)
