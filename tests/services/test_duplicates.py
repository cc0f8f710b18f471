"""Who may be registered twice, and what clerks decided: lists, merges and their undoing, on one device and on two."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.store.saving import Edit
from tests.services.conftest import LOWER, UPPER

NUMBER = "990001198203140014"


def make(office, form, area=UPPER, **values):
    """As it comes from two devices that registered apart: one device asks before it registers somebody twice."""
    return office.store.save([Edit(form, None, area, values)], "li").ids[0]


def pairs(office):
    return [(likely.first.id, likely.second.id, likely.why.code) for likely in office.duplicates.likely()]


def test_the_surest_pair_stands_first_and_the_older_registration_in_front(open_office):
    office = open_office()
    home = make(office, "household", head_name="李长顺")
    older = make(office, "resident", name="李长顺", birth_date="1982-03-14", household=home)
    younger = make(office, "resident", name="李长顺", birth_date="1982-03-14", household=home)
    one = make(office, "resident", name="王秀英", id_number=NUMBER)
    other = make(office, "resident", name="王秀瑛", id_number=NUMBER, area=LOWER)
    make(office, "resident", name="赵本清", birth_date="1982-03-14")

    assert pairs(office) == [(one, other, "number"), (older, younger, "home")]
    assert [likely.said for likely in office.duplicates.likely()] == ["公民身份号码相同", "同名、同生日，住在一起"]


def test_two_who_were_found_to_be_two_are_listed_no_more_until_that_is_taken_back(open_office):
    office = open_office()
    one = make(office, "resident", name="王秀英", id_number=NUMBER)
    other = make(office, "resident", name="王秀瑛", id_number=NUMBER)

    decision = office.duplicates.not_same(other, one, "看过两人的证件")
    with pytest.raises(KnownError, match="已经判过"):
        office.duplicates.not_same(one, other)

    assert pairs(office) == []
    assert [(held.first.id, held.second.id) for held in office.duplicates.decided()] == [(one, other)]
    office.duplicates.take_back(decision)
    assert pairs(office) == [(one, other, "number")]
    assert office.duplicates.decided() == []
    with pytest.raises(KnownError, match="没有判过"):
        office.duplicates.take_back(decision)


def test_a_merge_is_listed_and_can_be_undone_from_there(open_office):
    office = open_office()
    one = make(office, "resident", name="王秀英", id_number=NUMBER)
    other = make(office, "resident", name="王秀瑛", id_number=NUMBER)

    office.registry.merge(one, other)
    assert pairs(office) == []
    assert [(stays.id, gone.id) for stays, gone in office.duplicates.merged()] == [(one, other)]

    office.registry.unmerge(other)
    assert office.duplicates.merged() == []
    assert pairs(office) == [(one, other, "number")]


def test_a_number_that_many_share_lays_each_beside_the_first_alone(open_office):
    office = open_office()
    people = [make(office, "resident", name=f"王{letter}", id_number=NUMBER) for letter in "一二三四五六七八"]

    assert [(first, second) for first, second, _ in pairs(office)] == [(people[0], other) for other in people[1:]]


def test_who_may_only_read_decides_nothing(open_office):
    office = open_office(roles=("adviser",))

    assert pairs(office) == []
    with pytest.raises((Denied, KnownError)):
        office.duplicates.not_same("0" * 32, "1" * 32)


def test_a_decision_reaches_the_other_device_and_both_halves_of_a_double_one_are_taken_back(two):
    mine, theirs = two

    def sync():
        for office in (mine, theirs, mine):
            office.sync()

    one = make(mine, "resident", name="王秀英", id_number=NUMBER)
    other = make(mine, "resident", name="王秀瑛", id_number=NUMBER)
    sync()
    mine.duplicates.not_same(one, other)
    decision = theirs.duplicates.not_same(one, other)
    sync()

    assert pairs(mine) == pairs(theirs) == []
    theirs.duplicates.take_back(decision)
    sync()
    assert pairs(mine) == pairs(theirs) == [(one, other, "number")]
