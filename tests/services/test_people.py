"""The list of residents: what passes a filter, in which order, and filters kept by name."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.services.people import Filter, born_between
from app.store.listing import ORDERS, Wanted, residents
from tests.services.conftest import LOWER, UPPER


def make(office, form, area=UPPER, **values):
    outcome = office.records.save(form, values, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


@pytest.fixture
def village(office):
    grid = make(office, "grid", name="第一网格")
    dwelling = make(office, "dwelling", address="上寨三组3-12号", grid=grid)
    home = make(office, "household", head_name="李长顺", dwelling=dwelling)
    make(office, "resident", name="李长顺", sex="1", birth_date="1965-03-14", household=home, presence="present")
    make(office, "resident", name="周玉兰", sex="2", birth_date="1968-09-18", household=home, presence="away")
    make(office, "resident", name="李可欣", sex="2", birth_date="2019-09-19", verify_note="号码待核")
    make(office, "resident", name="赵本清", sex="1", area=LOWER, presence="lodging")
    office.grid = grid
    return office


def names(office, order="", **asked):
    listing = office.people.list(Filter(**asked), order)
    return [record.values["name"] for record in office.people.page(listing, 0, 100)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["李长顺", "周玉兰", "李可欣", "赵本清"]),
        ({"area": LOWER}, ["赵本清"]),
        ({"sex": "2"}, ["周玉兰", "李可欣"]),
        ({"presence": "away"}, ["周玉兰"]),
        ({"doubtful": True}, ["李可欣"]),
        ({"unplaced": True}, ["李可欣", "赵本清"]),
        ({"text": "lcs"}, ["李长顺"]),
        ({"text": "李", "sex": "2"}, ["李可欣"]),
        ({"text": "没有这人"}, []),
        # The clock of these tests stands at 2026-09-18.
        ({"age_from": 58}, ["李长顺", "周玉兰"]),
        ({"age_from": 58, "age_to": 58}, ["周玉兰"]),
        ({"age_to": 6}, ["李可欣"]),
        ({"age_from": 7, "age_to": 57}, []),
    ],
)
def test_a_list_holds_who_passes_its_filter(village, asked, found):
    assert names(village, **asked) == found


def test_a_grid_is_who_lives_in_its_dwellings(village):
    assert names(village, grid=village.grid) == ["李长顺", "周玉兰"]


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_every_order_holds_everybody_and_turns_round(village, order):
    found = names(village, order)

    assert sorted(found) == sorted(names(village))
    if order in ("birth_date", "-birth_date"):
        born = [name for name in found if name != "赵本清"]
        assert born == (["李可欣", "周玉兰", "李长顺"] if order[0] == "-" else ["李长顺", "周玉兰", "李可欣"])


def test_pages_put_together_are_the_list(village):
    listing = village.people.list(Filter())

    assert len(listing) == 4
    assert listing.page(0, 3) + listing.page(3, 3) == listing.page(0, 100)
    assert listing.page(9, 3) == []


def test_who_left_since_is_left_out_of_a_page(village):
    listing = village.people.list(Filter(area=LOWER))
    [person] = listing.page(0, 10)
    village.store.conn.execute("DELETE FROM record_resident WHERE id = ?", (person,))

    assert list(village.people.page(listing, 0, 10)) == []


def test_a_filter_is_kept_by_name_for_its_user_alone(village, open_office):
    mine = Filter(sex="2", age_from=60)
    village.people.keep(" 六十岁以上女性 ", mine)
    village.people.keep("外出", Filter(presence="away"))

    assert list(village.people.kept().items()) == [("六十岁以上女性", mine), ("外出", Filter(presence="away"))]
    village.people.keep("外出", Filter(presence="away", sex="1"))
    village.people.forget("六十岁以上女性")
    assert village.people.kept() == {"外出": Filter(presence="away", sex="1")}
    with pytest.raises(KnownError, match="名字"):
        village.people.keep("  ", mine)
    assert open_office(user="wang").people.kept() == {}


def test_a_birthday_makes_a_year_older():
    assert born_between("2026-09-18", 60, None) == ("0000-01-01", "1966-09-18")
    earliest, latest = born_between("2026-09-18", None, 6)
    assert latest == "2026-09-18"
    assert not earliest <= "2019-09-18" <= latest  # seven today
    assert earliest <= "2019-09-19" <= latest


def test_a_list_by_words_looks_each_hit_up_by_its_id(village):
    store = village.store
    residents(store.conn, Wanted(areas=("990001101000",), ids=["0" * 32]))
    plan = [
        row[-1]
        for row in store.conn.execute(
            "EXPLAIN QUERY PLAN SELECT r.id FROM chosen_resident c CROSS JOIN record_resident r ON r.id = c.id"
        )
    ]

    assert any("SEARCH r USING PRIMARY KEY" in step for step in plan), plan
