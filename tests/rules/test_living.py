"""Who lived where on a day, from what stands now and the movements since."""

from __future__ import annotations

import pytest

from app.rules.living import standing, value_on
from app.rules.relations import Member, proposed


def moved(key, day, source, target, **more):
    return {"id": key, "date": day, "kind": "move", "from_household": source, "to_household": target, **more}


CHAIN = [moved("1", "2026-03-03", "A", "B"), moved("2", "2026-05-05", "B", "C", from_since="2026-03-03")]


@pytest.mark.parametrize(
    ("day", "home"),
    [
        ("2020-01-01", "A"),
        ("2026-03-02", "A"),
        ("2026-03-03", "B"),
        ("2026-05-04", "B"),
        ("2026-05-05", "C"),
        ("2030-01-01", "C"),
    ],
)
def test_each_day_has_the_household_of_its_time(day, home):
    assert value_on("household", day, standing(CHAIN[::-1]), "C", "2026-05-05").value == home


def test_what_was_taken_back_never_happened():
    void = {"id": "3", "date": "2026-06-01", "kind": "void", "voids": "2"}
    told = standing([*CHAIN, void])
    assert [item["id"] for item in told] == ["1"]
    assert value_on("household", "2026-05-20", told, "B", "2026-03-03").value == "B"


def test_two_who_moved_one_person_apart_leave_what_was_before_both():
    apart = standing([moved("1", "2026-03-03", "A", "B"), moved("2", "2026-03-05", "A", "C")])
    assert value_on("household", "2026-03-01", apart, "C", "2026-03-05").value == "A"
    assert value_on("household", "2026-03-05", apart, "C", "2026-03-05").value == "C"
    assert value_on("household", "2026-03-04", apart, "B", "2026-03-03").value == "A"


def test_somebody_without_movements_was_there_as_far_as_anybody_knows():
    then = value_on("household", "2020-01-01", [], "A")
    assert (then.value, then.known, then.told) == ("A", True, False)
    dated = value_on("household", "2020-01-01", [], "A", "2021-07-01")
    assert (dated.value, dated.known) == (None, False)


def test_before_birth_or_arrival_nobody_is_here():
    born = {"id": "1", "date": "2026-04-01", "kind": "birth", "from_presence": None, "to_presence": "present"}
    born |= {"from_household": None, "to_household": "A"}
    assert not value_on("household", "2026-03-31", [born], "A", "2026-04-01").known
    assert value_on("household", "2026-04-01", [born], "A", "2026-04-01").value == "A"


def test_a_state_turns_without_the_household():
    death = {"id": "9", "date": "2026-05-09", "kind": "death", "from_presence": "away", "to_presence": "dead"}
    death |= {"from_household": "A", "to_household": "A", "from_presence_since": "2026-02-01"}
    assert value_on("household", "2026-01-01", [death], "A").value == "A"
    assert value_on("presence", "2026-05-08", [death], "dead", "2026-05-09").value == "away"
    assert not value_on("presence", "2026-01-31", [death], "dead", "2026-05-09").known


FAMILY = {
    "father": Member("0", "1"),
    "mother": Member("1", "2"),
    "son": Member("2", "1", "长子"),
    "daughter": Member("3", "2"),
    "grandchild": Member("4", "2"),
    "granny": Member("5", "2"),
    "lodger": Member("8", "1"),
}


@pytest.mark.parametrize(
    ("head", "relations"),
    [
        ("mother", {"father": "1", "son": "2", "daughter": "3", "grandchild": "4", "granny": "5", "lodger": "8"}),
        ("son", {"father": "5", "mother": "5", "daughter": "7", "grandchild": None, "granny": "6", "lodger": "8"}),
        ("granny", {"father": "2", "mother": "3", "son": "4", "daughter": "4", "grandchild": None, "lodger": "8"}),
        ("lodger", {"father": None, "mother": None, "son": None, "daughter": None, "grandchild": None, "granny": None}),
    ],
)
def test_relations_to_a_new_head_follow_from_those_to_the_old_one(head, relations):
    assert proposed(FAMILY, head) == {**relations, head: "0"}


YOUNG = {
    "father": Member("0", "1"),
    "son": Member("2", "1", "长子"),
    "wife": Member("3", "2", "儿媳"),
    "girl": Member("4", "2", "孙女"),
}


def test_an_only_childs_family_is_his_own():
    assert proposed(YOUNG, "son") == {"father": "5", "son": "0", "wife": "1", "girl": "3"}
    assert proposed(YOUNG, "wife") == {"father": "5", "son": "1", "wife": "0", "girl": "3"}
    two = {**YOUNG, "brother": Member("2", "1", "次子")}
    assert proposed(two, "son") == {"father": "5", "son": "0", "wife": None, "girl": None, "brother": "7"}


def test_a_second_head_is_one_too_many():
    assert proposed({"a": Member("0"), "b": Member("0"), "c": Member("2")}, "a") == {"a": "0", "b": None, "c": "2"}
