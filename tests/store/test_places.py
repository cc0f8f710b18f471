"""Counts along the chain: who is counted, and that no count reads a whole county for one village."""

from __future__ import annotations

import pytest

from app.store import gaps, places
from app.store.saving import Edit

V, W = "990001101201", "990001101202"


@pytest.fixture
def chain(store):
    """Two grids of two villages; in the first a dwelling with one who lives there, one who died and one who was deleted."""

    def save(form, area=V, **values):
        return store.save([Edit(form, None, area, values)], "lin").ids[0]

    made = {"grid": save("grid", name="一网格"), "other": save("grid", W, name="二网格")}
    made["dwelling"] = save("dwelling", address="1号", grid=made["grid"])
    made["home"] = save("household", dwelling=made["dwelling"])
    for name, presence in (("甲", None), ("乙", "dead"), ("丙", "away")):
        made[name] = save("resident", name=name, household=made["home"], presence=presence)
    gone = save("resident", name="丁", household=made["home"])
    store.save([Edit("resident", gone, V, {}, deleted=True)], "lin")
    save("resident", W, name="未落户")
    return made


def test_who_died_or_moved_away_is_counted_nowhere(store, chain):
    conn = store.conn
    here = places.Tally(1, 1, 2)
    assert places.by_grid(conn, [V]) == {chain["grid"]: here}
    assert places.of_grid(conn, chain["grid"]) == here
    assert places.of_dwellings(conn, [chain["dwelling"]]) == here
    assert places.by_area(conn) == {V: 2, W: 1}
    assert places.unplaced_residents(conn, [W]) == 1
    assert places.of_grid(conn, chain["other"]) == places.Tally()


def test_no_count_reads_the_county_for_one_village(store, chain):
    asked = []
    store.conn.set_trace_callback(asked.append)
    places.by_grid(store.conn, [V])
    places.of_grid(store.conn, chain["grid"])
    places.by_building(store.conn, chain["grid"])
    places.by_dwelling(store.conn, chain["grid"])
    places.of_dwellings(store.conn, [chain["dwelling"]])
    places.by_area(store.conn)
    places.unplaced_residents(store.conn, [V])
    for kind in gaps.SQL:
        gaps.gaps(store.conn, kind, [V], 10)
    gaps.heads(store.conn, [V])
    gaps.contacts(store.conn, [V], 20)
    gaps.grids(store.conn, [V])
    store.conn.set_trace_callback(None)
    plans = [
        (sql, row[3])
        for sql in asked
        if "record_" in sql
        for row in store.conn.execute(f"EXPLAIN QUERY PLAN {sql}")
        if row[3].startswith(("SCAN", "SEARCH"))
    ]
    assert len(plans) > 20
    # "w" is what a query within the query found: few.
    bad = [plan for _, plan in plans if plan.startswith("SCAN") and "COVERING INDEX" not in plan and plan != "SCAN w"]
    assert bad == []
