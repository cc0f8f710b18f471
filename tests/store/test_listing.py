"""Lists of residents: what passes in which order, by the index alone; and the ranges of areas that lists are asked for."""

from __future__ import annotations

import itertools
import random

import pytest

from app.store import layout, listing
from app.store.listing import ORDERS, Wanted
from app.store.query import spans
from app.store.saving import Edit
from app.store.store import Store

COUNTY = "990001000000"
VILLAGES = ("990001101201", "990001101999", "990001102000", "990001104201", "990002101201")


@pytest.fixture
def people(store):
    chance = random.Random(8)
    edits = [
        Edit(
            "resident",
            None,
            chance.choice(VILLAGES),
            {
                "name": chance.choice("赵钱孙李") + chance.choice("一二三"),
                "sex": chance.choice("12"),
                "birth_date": f"19{chance.randint(30, 99)}-01-01",
                "presence": chance.choice(("present", "away", "moved", None)),
            },
        )
        for _ in range(120)
    ]
    store.save(edits, "lin", bulk=True)
    return store.select("resident", order=["id"])


@pytest.mark.parametrize("order", ORDERS)
def test_a_list_holds_who_passes_in_order(store, people, order):
    key, down = order.removeprefix("-"), order.startswith("-")
    choices = itertools.product(
        (("990001101000",), ("990001101000", "990001102000"), ("990001104000", "990001101201"), VILLAGES, ()),
        (None, "2"),
        (None, "away"),
        (None, ("1950-01-01", "1980-01-01")),
    )
    for areas, sex, presence, born in choices:
        found = listing.residents(store.conn, Wanted(areas, sex=sex, presence=presence, born=born), order)
        held = [
            person
            for person in people
            if any(low <= person.area <= high for low, high in (listing_span(area) for area in areas))
            and (sex is None or person.values["sex"] == sex)
            and (presence is None or person.values.get("presence") == presence)
            and (born is None or born[0] <= person.values["birth_date"] <= born[1])
        ]
        if key:

            def value(person, key=key):
                return person.area if key == "area" else person.values.get(key)

            filled = sorted((p for p in held if value(p)), key=value, reverse=down)
            held = (
                [*filled, *(p for p in held if not value(p))] if down else [*(p for p in held if not value(p)), *filled]
            )
        assert found.page(0, len(found)) == [person.id for person in held]


def listing_span(area):
    return (area, area[:-3] + "999") if area.endswith("000") else (area, area)


@pytest.mark.parametrize("order", [order for order in ORDERS if "area" not in order])
def test_a_list_of_all_reads_no_row(store, people, order):
    asked = []
    store.conn.set_trace_callback(asked.append)
    listing.residents(store.conn, Wanted(("990001101000", "990001104000"), sex="1", presence="away"), order)
    store.conn.set_trace_callback(None)
    sql = next(one for one in asked if "record_resident" in one)
    plan = [row[3] for row in store.conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plan[0].startswith("SEARCH r USING COVERING INDEX"), plan


def test_areas_that_follow_each_other_are_one_range(store):
    assert spans(store.conn, ["990001102000", "990001101000"]) == [("990001101000", "990001102999")]
    assert spans(store.conn, ["990001104000", "990001101000"]) == [
        ("990001101000", "990001101999"),
        ("990001104000", "990001104999"),
    ]
    assert spans(store.conn, ["990001101201", COUNTY]) == [(COUNTY, "990001999999")]
    assert spans(store.conn, []) == []


def test_an_older_store_gets_the_fuller_indexes_and_loses_the_old(store, key, forms):
    def indexes(held):
        return {
            row[0]
            for row in held.conn.execute("SELECT name FROM sqlite_master WHERE name LIKE 'record_resident_living%'")
        }

    now = indexes(store)
    conn = store.conn
    for name in now:
        conn.execute(f"DROP INDEX {name}")
    old = {"household_presence": "household, presence", "area_presence": "area, presence"}
    for name, columns in old.items():
        conn.execute(f"CREATE INDEX record_resident_living_{name} ON record_resident ({columns}) WHERE deleted = 0")
    conn.execute(f"PRAGMA user_version = {layout.VERSIONS.index(layout._listed)}")
    store.save([Edit("resident", None, VILLAGES[0], {"name": "张三"})], "lin")
    store.close()
    again = Store.open(store.folder, key, forms)
    assert indexes(again) == now
    assert len(listing.residents(again.conn, Wanted((VILLAGES[0],)))) == 1
    again.close()
