"""The tree of places says what a plain count says; finding stays inside the user's areas."""

from __future__ import annotations

import collections
import datetime as dt

import pytest

from app.demo import plan, records
from app.errors import Denied
from app.schema.dates import CHINA
from app.store.agreement import Area
from app.store.saving import Edit
from tests.services.conftest import ALL, CHEAP, LOWER, TOWN, UPPER, colleague

NUMBER = "990000199001010017"


@pytest.fixture(scope="module")
def demo(tmp_path_factory, forms):
    """A village of 2,000 people in an office over its whole township."""
    from app.services.office import make_office

    made = plan("village", 3)
    township = made.villages[0].code[:9] + "000"
    account = {"name": "林小禾", "roles": list(ALL), "areas": [township]}
    office = make_office(
        tmp_path_factory.mktemp("demo") / "home", b"k" * 32, "lin", "pw", account, forms=forms, cost=CHEAP
    )
    rows = [row for row in records(made, dt.datetime(2026, 9, 18, 10, tzinfo=CHINA)) if row[0] in _TREE]
    office.store.save([Edit(*row) for row in rows], "lin", bulk=True)
    office.store.sync.set_areas([Area(a["code"], a["name"], a["level"], a["parent"]) for a in made.areas])
    yield office, rows, made.villages[0].code
    office.close()


_TREE = ("grid", "building", "dwelling", "household", "resident")


def is_here(values):
    """Who moved away or died is kept, and counted nowhere."""
    return values.get("presence") not in {"moved", "dead"}


class Plain:
    """The same village, counted with dictionaries."""

    def __init__(self, rows):
        held = {form: {row[1]: row[3] for row in rows if row[0] == form} for form in _TREE}
        home = {key: values.get("dwelling") for key, values in held["household"].items()}
        self.by = {level: collections.defaultdict(lambda: [0, 0, 0]) for level in ("grid", "building", "dwelling")}
        lived = [home.get(values.get("household")) for values in held["resident"].values() if is_here(values)]
        for count, dwellings in enumerate((held["dwelling"], home.values(), lived)):
            for dwelling in dwellings:
                values = held["dwelling"].get(dwelling)
                if values:
                    for level, key in (
                        ("grid", values["grid"]),
                        ("building", values["building"]),
                        ("dwelling", dwelling),
                    ):
                        self.by[level][key][count] += 1


def counts(place):
    return [place.tally.dwellings, place.tally.households, place.tally.residents]


def test_every_level_of_the_tree_counts_what_is_there(demo):
    office, rows, village = demo
    plain = Plain(rows)
    grids = office.registry.grids(village)
    assert {grid.key: counts(grid) for grid in grids} == {key: plain.by["grid"][key] for key in plain.by["grid"]} | {
        grid.key: [0, 0, 0] for grid in grids if grid.key not in plain.by["grid"]
    }
    buildings = [place for grid in grids for place in office.registry.buildings(grid.key)]
    assert {place.key: counts(place) for place in buildings if any(counts(place))} == dict(plain.by["building"])
    some = [place for place in buildings if place.tally.dwellings][:40]
    dwellings = [place for building in some for place in office.registry.dwellings(building.key)]
    assert {place.key: counts(place) for place in dwellings} == {
        place.key: plain.by["dwelling"][place.key] for place in dwellings
    }
    assert sum(place.tally.dwellings for place in some) == len(dwellings)
    people = sum(row[0] == "resident" and is_here(row[3]) for row in rows)
    assert sum(grid.tally.residents for grid in grids) + office.registry.unplaced() == people


def test_a_division_counts_everybody_in_it(demo):
    office, rows, village = demo
    people = sum(row[0] == "resident" and is_here(row[3]) for row in rows)
    found = {place.key: place.tally.residents for place in office.registry.areas()}
    assert found == {village[:6] + "000000": people, village[:9] + "000": people, village: people}


def test_everybody_is_found_where_he_lives(demo):
    office, _, village = demo
    for person in office.store.select("resident", order=["id"], limit=2000)[::97]:
        chain = office.registry.place_of(person)
        assert chain[0].key == village
        household = office.store.get("household", person.values["household"])
        dwelling = office.store.get("dwelling", household.values["dwelling"])
        assert [place.key for place in chain[1:]] == [
            dwelling.values["grid"], dwelling.values["building"], dwelling.id,
        ]  # fmt: skip
        families = office.registry.families(dwelling=dwelling.id)
        [family] = [family for family in families if family.household.id == household.id]
        assert person.id in {member.id for member in family.members}
        assert family.members[0].values["relation"] == "0"
        assert sum(member.values["relation"] == "0" for member in family.members) == 1


def make(office, form, area=UPPER, **values):
    outcome = office.records.save(form, values, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


@pytest.fixture
def home(office):
    grid = make(office, "grid", name="第一网格", code=f"{UPPER}001")
    building = make(office, "building", name="1幢", grid=grid)
    dwelling = make(office, "dwelling", address="1幢101", grid=grid, building=building)
    household = make(office, "household", number="1", head_name="张三", dwelling=dwelling)
    return grid, building, dwelling, household


def test_the_head_comes_first_then_the_others_by_relation_and_age(office, home):
    for name, relation, birth in (
        ("张小三", "2", "2015-01-01"),
        ("李四", "1", "1990-01-01"),
        ("客人", None, "1980-01-01"),
        ("张三", "0", "1988-01-01"),
        ("张大三", "2", "2010-01-01"),
    ):
        make(office, "resident", name=name, relation=relation, birth_date=birth, household=home[3])
    [family] = office.registry.families(building=home[1])
    assert [member.values["name"] for member in family.members] == ["张三", "李四", "张大三", "张小三", "客人"]


def test_what_was_deleted_is_no_longer_counted(office, home):
    _, building, dwelling, household = home
    people = [make(office, "resident", name=name, household=household) for name in ("张三", "李四")]
    office.records.delete("resident", people[0], "搬走了")
    [place] = office.registry.grids(UPPER)
    assert counts(place) == [1, 1, 1]
    office.records.delete("dwelling", dwelling, "拆了")
    assert counts(office.registry.grids(UPPER)[0]) == [0, 0, 0]
    assert office.registry.dwellings(building) == []
    assert [place.kind for place in office.registry.place_of(office.store.get("resident", people[1]))] == ["village"]


def test_floors_stand_in_the_order_of_their_numbers(office, home):
    for room in (1001, 301, 201):
        make(office, "dwelling", address=f"1幢{room}", grid=home[0], building=home[1])
    assert [place.name for place in office.registry.dwellings(home[1])] == ["1幢101", "1幢201", "1幢301", "1幢1001"]


def test_a_dwelling_that_does_not_say_its_grid_lies_in_that_of_its_building(office, home):
    grid, building, _, _ = home
    dwelling = make(office, "dwelling", address="1幢102", building=building)
    household = make(office, "household", number="2", dwelling=dwelling)
    person = office.store.get("resident", make(office, "resident", name="王五", household=household))
    assert [place.key for place in office.registry.place_of(person)] == [UPPER, grid, building, dwelling]


def test_finding_stays_inside_the_users_areas(office):
    here = make(office, "resident", name="张文贵", id_number=NUMBER, area=UPPER)
    there = make(office, "resident", name="张文贵", area=LOWER)
    assert {hit.id for hit in office.registry.find("张文贵")} == {here, there}
    villager = colleague(office, "wang", areas=(UPPER,))
    for text in ("张文贵", "zwg", "0017"):
        assert {hit.id for hit in villager.registry.find(text)} == {here}, text
    assert colleague(office, "li", areas=("990001102000",)).registry.find("张文贵") == []
    assert NUMBER not in str(villager.registry.find("张文贵"))


def test_finding_stays_inside_what_the_role_may_read(office):
    event = office.cases.report({"title": "张文贵家门口路灯"}, area=UPPER).record.id
    person = make(office, "resident", name="张文贵")
    mediation = office.mediations.accept({"title": "张文贵与李长顺纠纷"}, area=UPPER).record.id

    def found(*roles):
        return {hit.id for hit in colleague(office, "wang", roles=roles).registry.find("张文贵")}

    assert found("director") == {event, person, mediation}
    assert found("registrar") == {event, person}
    assert found("supervisor") == {event}
    for nobody in ("statistician", "lead_handler"):
        with pytest.raises(Denied):
            found(nobody)


def test_a_page_of_residents_is_cut_where_it_was_asked(office):
    for number in range(5):
        make(office, "resident", name=f"甲{number}", area=UPPER)
    make(office, "resident", name="乙", area=LOWER)
    names = [person.values["name"] for person in office.registry.residents(UPPER, offset=1, limit=3)]
    assert names == ["甲1", "甲2", "甲3"]
    assert len(office.registry.residents(TOWN)) == 6
