"""Who lived here in March: in a household, a dwelling, a building, a grid, for people with movements and for those who came without."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.store.saving import Edit
from tests.services.conftest import LOWER, UPPER, colleague
from tests.services.test_movements import family, make

JANUARY, MARCH, JUNE = "2026-01-10", "2026-03-15", "2026-06-15"


@pytest.fixture
def grids(office):
    return make(office, "grid", name="一网格"), make(office, "grid", LOWER, name="二网格")


@pytest.fixture
def li(office, grids):
    return family(office, "李长顺", UPPER, ("周玉兰", "1", "2"), ("李建军", "2", "1"), grid=grids[0])


@pytest.fixture
def luo(office, grids):
    return family(office, "罗春生", LOWER, grid=grids[1])


def who(office, form, key, day):
    return {dweller.name for dweller in office.past_living.who(form, key, day) if dweller.lived}


def test_people_of_an_import_were_here_as_far_as_anybody_knows(office, li):
    found = office.past_living.who("household", li[1], MARCH)
    assert [(d.name, d.head, d.lived, d.told) for d in found] == [
        ("李长顺", "李长顺", True, False), ("周玉兰", "李长顺", True, False), ("李建军", "李长顺", True, False),
    ]  # fmt: skip


def test_everybody_is_where_he_was_on_the_day(office, li, luo, grids):
    father, mother, son = li[2]
    office.movements.move([son], luo[1], "2026-03-20")
    office.movements.birth(li[1], "2026-04-01", {"name": "李可欣", "relation": "4"})
    office.movements.turn([father], "death", "2026-05-09")
    office.movements.turn([mother], "away", "2026-06-01", place="浙江")
    for form, upper, lower in (("household", li[1], luo[1]), ("dwelling", li[0], luo[0]), ("grid", *grids)):
        assert who(office, form, upper, MARCH) == {"李长顺", "周玉兰", "李建军"}
        assert who(office, form, lower, MARCH) == {"罗春生"}
        assert who(office, form, lower, "2026-03-20") == {"罗春生", "李建军"}
        assert who(office, form, upper, "2026-04-01") == {"李长顺", "周玉兰", "李可欣"}
        assert who(office, form, upper, "2026-05-09") == {"周玉兰", "李可欣"}
        assert who(office, form, upper, JUNE) == {"李可欣"}
    away = [d for d in office.past_living.who("household", li[1], JUNE) if not d.lived]
    assert [(d.name, d.presence, d.since, d.told) for d in away] == [("周玉兰", "away", "2026-06-01", True)]


def test_what_was_taken_back_leaves_everybody_where_he_was(office, li, luo):
    done = office.movements.move([li[2][2]], luo[1], "2026-03-10")
    assert who(office, "household", luo[1], MARCH) == {"罗春生", "李建军"}
    office.undoing.undo(done.act)
    assert who(office, "household", luo[1], MARCH) == {"罗春生"}
    assert who(office, "household", li[1], MARCH) == {"李长顺", "周玉兰", "李建军"}


def test_a_household_that_moved_house_was_in_the_old_one_before(office, li, luo, grids):
    office.movements.relocate(li[1], luo[0], "2026-04-01")
    assert who(office, "dwelling", li[0], MARCH) == {"李长顺", "周玉兰", "李建军"}
    assert who(office, "dwelling", luo[0], MARCH) == {"罗春生"}
    assert who(office, "grid", grids[0], MARCH) == {"李长顺", "周玉兰", "李建军"}
    assert who(office, "grid", grids[0], JUNE) == set()
    assert who(office, "grid", grids[1], JUNE) == {"罗春生", "李长顺", "周玉兰", "李建军"}


def test_a_building_answers_with_its_dwellings(office, grids):
    building = make(office, "building", name="1号楼", grid=grids[0])
    dwelling = make(office, "dwelling", address="1号楼101", building=building, grid=grids[0])
    home = make(office, "household", head_name="何秀珍", dwelling=dwelling)
    make(office, "resident", name="何秀珍", household=home, living_since="2026-04-01")
    assert who(office, "building", building, MARCH) == set()
    assert who(office, "building", building, JUNE) == {"何秀珍"}


def test_a_dwelling_that_changed_its_grid_was_in_the_old_one_before(office, li, grids):
    other = make(office, "grid", name="三网格")
    office.records.save("dwelling", {"grid": other, "grid_since": "2026-04-01"}, record_id=li[0])
    today = office.chronicle.today()
    assert who(office, "grid", grids[0], today) == set()
    assert who(office, "grid", other, today) == {"李长顺", "周玉兰", "李建军"}
    assert who(office, "grid", grids[0], MARCH) == {"李长顺", "周玉兰", "李建军"}


def test_two_registrations_of_one_person_were_one_then_too(office, li, luo):
    number = "990000199001010017"
    first = li[2][2]
    office.records.save("resident", {"id_number": number}, record_id=first)
    office.movements.move([first], luo[1], "2026-03-01")
    # Registered apart, by another device.
    edit = Edit("resident", None, LOWER, {"name": "李建军", "id_number": number, "household": luo[1]})
    [twin] = office.store.save([edit], "li").ids
    office.registry.merge(twin, first)
    assert who(office, "household", li[1], JANUARY) == {"李长顺", "周玉兰", "李建军"}
    found = office.past_living.who("household", li[1], JANUARY)
    assert [d.resident for d in found if d.name == "李建军"] == [twin]


def test_children_were_not_here_before_their_birth(office, li):
    make(office, "resident", name="李小小", household=li[1], birth_date="2026-03-20")
    assert who(office, "household", li[1], MARCH) == {"李长顺", "周玉兰", "李建军"}
    assert len(who(office, "household", li[1], JUNE)) == 4


def test_only_who_may_read_the_registry_is_told(office, li):
    supervisor = colleague(office, "du", roles=("supervisor",))
    with pytest.raises(KnownError):
        supervisor.past_living.who("household", li[1], MARCH)


def test_the_past_is_answered_by_indexes(office):
    plans = []
    for sql in (
        "SELECT * FROM record_movement WHERE deleted = 0 AND from_household IN (?,?) AND date > ?",
        "SELECT * FROM record_movement WHERE deleted = 0 AND from_dwelling IN (?,?) AND date > ?",
        "SELECT * FROM record_movement WHERE deleted = 0 AND resident IN (?,?)",
        "SELECT * FROM record_movement WHERE deleted = 0 AND voids IN (?,?)",
        "SELECT * FROM record_resident WHERE deleted = 0 AND household IN (?,?)",
        "SELECT * FROM record_household WHERE deleted = 0 AND dwelling IN (?,?)",
        "SELECT * FROM record_dwelling WHERE deleted = 0 AND grid IN (?,?)",
    ):
        plans += [row[3] for row in office.store.conn.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?"))]
    assert all(plan.startswith("SEARCH") for plan in plans), plans
