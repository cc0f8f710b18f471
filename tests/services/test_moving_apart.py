"""Two devices act on the same people without a network: both agree afterwards, nobody's act vanishes, nobody lives twice."""

from __future__ import annotations

import pytest

from tests.services.test_movements import make

FIRST, LATER, LAST = "2026-03-03", "2026-05-05", "2026-06-01"


@pytest.fixture
def place(two):
    """On both devices: two households of one village, the first with father, mother and son."""
    mine, other = two
    area = next(a["code"] for a in mine.store.areas() if a["level"] in ("village", "community"))
    made = {}
    for name, people in (
        ("li", (("李长顺", "0", "1"), ("周玉兰", "1", "2"), ("李建军", "2", "1"))),
        ("luo", (("罗春生", "0", "1"),)),
    ):
        dwelling = make(mine, "dwelling", area, address=f"{people[0][0]}家")
        home = make(mine, "household", area, head_name=people[0][0], dwelling=dwelling)
        made[name] = home
        made[f"{name}_house"] = dwelling
        for person, relation, sex in people:
            made[person] = make(
                mine, "resident", area, name=person, relation=relation, sex=sex, household=home, presence="present"
            )
    mine.sync()
    other.sync()
    return made


def settled(two):
    """Both have told the county everything, hold the same, and nothing is left to say."""
    for _ in range(2):
        for office in two:
            office.sync()
    mine, other = two
    for form in ("resident", "household", "dwelling", "movement", "grid", "conflict"):
        first, second = (
            {r.id: (r.area, dict(r.values), r.deleted) for r in o.store.select(form, deleted=True)} for o in two
        )
        assert first == second, form
    assert mine.store.sync.digests() == other.store.sync.digests()
    assert [o.store.sync.attention() for o in two] == [[], []]


def story(office, form, key):
    return [chapter.kind for chapter in office.life.of(form, key)]


def value(office, key, *names):
    held = office.store.get("resident", key).values
    return tuple(held[name] for name in names)


def test_both_change_the_head_and_the_later_stands_with_all_its_relations(two, place):
    mine, other = two
    mine.movements.change_head(place["li"], place["周玉兰"], LATER, reason="老人年高")
    other.movements.change_head(place["li"], place["李建军"], LATER)
    settled(two)
    for office in two:
        assert office.movements.head_of(place["li"]) == place["李建军"]
        assert office.store.get("household", place["li"]).values["head_name"] == "李建军"
        assert [value(office, place[n], "relation")[0] for n in ("李长顺", "周玉兰", "李建军")] == ["5", "5", "0"]
        assert office.coverage.of("heads").findings == ()
        # The other's words are kept, in the history and as movements.
        kept = office.store.select("conflict", {"record": place["li"]})
        assert [(c.values["field"], c.values["status"]) for c in kept] == [("head,head_name", "kept")]
        assert story(office, "household", place["li"]).count("head") == 5


def test_two_heads_are_told_and_set_right_once_for_both(two, place):
    mine, other = two
    mine.movements.change_head(place["li"], place["周玉兰"], LATER)
    other.movements.change_head(place["li"], place["李建军"], LATER, relations={place["周玉兰"]: "1"})
    settled(two)
    for office in two:
        assert [f.kind for f in office.coverage.of("heads").findings] == ["two_heads"]
        assert office.movements.head_of(place["li"]) == place["李建军"]
    mine.movements.change_head(place["li"], place["李建军"], LAST, relations={place["周玉兰"]: "5"})
    settled(two)
    assert [value(other, place[n], "relation")[0] for n in ("李长顺", "周玉兰", "李建军")] == ["5", "5", "0"]
    assert other.coverage.of("heads").findings == ()


def test_one_splits_off_whom_the_other_moves_away(two, place):
    mine, other = two
    done = mine.movements.split(place["li"], [place["李建军"]], FIRST)
    other.movements.move([place["李建军"]], place["luo"], LATER, relations={place["李建军"]: "8"})
    settled(two)
    for office in two:
        home = value(office, place["李建军"], "household")[0]
        assert home in (done.household, place["luo"])
        assert story(office, "resident", place["李建军"]) == ["move", "split"]
        lived = {
            key: [d.name for d in office.past_living.who("household", key, LAST)]
            for key in (place["li"], place["luo"], done.household)
        }
        assert [key for key, names in lived.items() if "李建军" in names] == [home]
        # An empty household that nobody meant is told, not kept in silence.
        empty = [f.id for f in office.coverage.of("empty").findings]
        assert empty == ([] if home == done.household else [done.household])
    assert len(mine.store.select("conflict", {"record": place["李建军"]})) >= 1


def test_a_death_and_a_move_both_count(two, place):
    mine, other = two
    mine.movements.move([place["李建军"]], place["luo"], FIRST)
    other.movements.turn([place["李建军"]], "death", LATER)
    settled(two)
    for office in two:
        assert value(office, place["李建军"], "household", "presence", "presence_since") == (
            place["luo"],
            "dead",
            LATER,
        )
        assert story(office, "resident", place["李建军"]) == ["death", "move"]
        assert "李建军" in [d.name for d in office.past_living.who("household", place["luo"], "2026-04-01")]
        assert "李建军" not in [d.name for d in office.past_living.who("household", place["luo"], LATER)]


def test_of_a_death_and_a_departure_a_person_decides(two, place):
    mine, other = two
    mine.movements.turn([place["李建军"]], "death", LATER)
    other.movements.turn([place["李建军"]], "move_out", LATER, place="浙江")
    settled(two)
    for office in two:
        assert value(office, place["李建军"], "presence") == ("dead",)
        [conflict] = office.conflicts.open()
        assert conflict.fields == ("presence", "presence_since")
        assert sorted(story(office, "resident", place["李建军"])) == ["death", "move_out"]


def test_both_take_back_the_same_act(two, place):
    mine, other = two
    done = mine.movements.move([place["李建军"]], place["luo"], FIRST)
    settled(two)
    mine.undoing.undo(done.act)
    other.undoing.undo(done.act)
    settled(two)
    for office in two:
        assert value(office, place["李建军"], "household", "living_since") == (place["li"], None)
        assert [c.void for c in office.life.of("resident", place["李建军"])] == [True]
        assert office.conflicts.open() == []


def test_who_comes_into_a_household_that_is_joined_meanwhile_is_told(two, place):
    mine, other = two
    mine.movements.join(place["luo"], place["li"], LATER, relations={place["罗春生"]: "5"})
    born = other.movements.birth(place["luo"], FIRST, {"name": "罗小小", "relation": "4"}).people[0]
    settled(two)
    for office in two:
        assert value(office, place["罗春生"], "household") == (place["li"],)
        assert [f.id for f in office.coverage.of("ended").findings] == [place["luo"]]
        assert value(office, born, "household") == (place["luo"],)


def test_one_moves_house_while_the_other_splits(two, place):
    mine, other = two
    mine.movements.relocate(place["li"], place["luo_house"], LATER)
    done = other.movements.split(place["li"], [place["李建军"]], FIRST)
    settled(two)
    for office in two:
        assert office.store.get("household", place["li"]).values["dwelling"] == place["luo_house"]
        assert office.store.get("household", done.household).values["dwelling"] == place["li_house"]
        assert {d.name for d in office.past_living.who("dwelling", place["luo_house"], LAST)} == {
            "罗春生",
            "李长顺",
            "周玉兰",
        }
        assert {d.name for d in office.past_living.who("dwelling", place["li_house"], LAST)} == {"李建军"}


def test_two_draw_a_grid_at_once_and_one_splits_what_the_other_hands_on(two, place):
    mine, other = two
    area = mine.store.get("household", place["li"]).area
    old = mine.grids.draw(area, {"name": "一网格"}, FIRST).id
    for house in ("li_house", "luo_house"):
        mine.records.save("dwelling", {"grid": old}, record_id=place[house])
    settled(two)
    done = mine.grids.split(old, [], [place["luo_house"]], values={"name": "二网格"}, day=LATER)
    drawn = other.grids.draw(area, {"name": "三网格"}, LATER).id
    other.movements.relocate(place["li"], place["luo_house"], LATER)
    settled(two)
    for office in two:
        # Both got the next number: both stay, and the coverage check says so.
        twice = {f.id for f in office.coverage.of("grids").findings if f.kind == "grid_number_twice"}
        assert twice == {done.grid, drawn}
        assert {d.name for d in office.past_living.who("grid", done.grid, LAST)} == {
            "李长顺",
            "周玉兰",
            "李建军",
            "罗春生",
        }
    other.undoing.undo(done.act)
    settled(two)
    for office in two:
        assert office.store.get("dwelling", place["luo_house"]).values["grid"] == old
