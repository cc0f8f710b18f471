"""Movements as acts with a date: what they do, what they refuse, and that each can be taken back."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from tests.services.conftest import LOWER, UPPER, colleague

OLD, NEW = "2026-03-03", "2026-05-05"


def make(office, form, area=UPPER, **values):
    outcome = office.records.save(form, values, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def family(office, name, area=UPPER, *members, grid=None):
    """A dwelling with a household: its head *name* and more (name, relation, sex)."""
    dwelling = make(office, "dwelling", area, address=f"{name}家", grid=grid)
    home = make(office, "household", area, head_name=name, dwelling=dwelling)
    people = [(name, "0", "1"), *members]
    ids = [
        make(office, "resident", area, name=n, relation=r, sex=s, household=home, presence="present")
        for n, r, s in people
    ]
    return dwelling, home, ids


@pytest.fixture
def li(office):
    return family(office, "李长顺", UPPER, ("周玉兰", "1", "2"), ("李建军", "2", "1"))


@pytest.fixture
def luo(office):
    return family(office, "罗春生", LOWER)


def person(office, key):
    return office.store.get("resident", key).values


def told(office, form, key):
    return [(chapter.kind, chapter.day, chapter.name, chapter.void) for chapter in office.life.of(form, key)]


def refused(call, *args, **more):
    with pytest.raises(KnownError) as bad:
        call(*args, **more)
    return bad.value.code


def test_who_moves_to_another_household_goes_to_its_village(office, li, luo):
    son = li[2][2]
    done = office.movements.move([son], luo[1], "2026.5.5", relations={son: "8"}, reason="结婚")
    record = office.store.get("resident", son)
    assert record.area == LOWER
    assert {name: record.values[name] for name in ("household", "living_since", "relation", "live_address")} == {
        "household": luo[1], "living_since": NEW, "relation": "8", "live_address": "罗春生家",
    }  # fmt: skip
    ends = office.store.select("movement", {"act": done.act}, order=["area"])
    assert [(end.area, end.values["household"]) for end in ends] == [(UPPER, li[1]), (LOWER, luo[1])]
    assert {end.values["handled_by"] for end in ends} == {"林小禾"}
    assert told(office, "resident", son) == [("move", NEW, "李建军", False)]
    assert office.life.of("resident", son)[0].text == "李长顺户 李长顺家 → 罗春生户 罗春生家；子 → 其他"


def test_a_registration_that_stays_is_another_household_than_the_living_one(office, li, luo):
    son = li[2][2]
    done = office.movements.move([son], luo[1], NEW, stays_registered=True)
    now = person(office, son)
    assert (now["household"], now["registered_household"], now["presence"]) == (luo[1], li[1], "lodging")
    back = office.movements.move([son], li[1], "2026-06-01")
    now = person(office, son)
    assert (now["household"], now["registered_household"], now["presence"]) == (li[1], None, "present")
    office.undoing.undo(back.act)
    assert (person(office, son)["registered_household"], person(office, son)["presence"]) == (li[1], "lodging")
    office.undoing.undo(done.act)
    assert (person(office, son)["registered_household"], person(office, son)["presence"]) == (None, "present")


@pytest.mark.parametrize(
    ("kind", "state"), [("move_out", "moved"), ("away", "away"), ("abroad", "abroad"), ("death", "dead")]
)
def test_who_leaves_keeps_the_household_as_the_past(office, li, kind, state):
    done = office.movements.turn([li[2][2]], kind, NEW, place="浙江省", reason="务工")
    now = person(office, li[2][2])
    assert (now["presence"], now["presence_since"], now["household"]) == (state, NEW, li[1])
    office.undoing.undo(done.act)
    now = person(office, li[2][2])
    assert (now["presence"], now["presence_since"]) == ("present", None)
    assert told(office, "resident", li[2][2]) == [(kind, NEW, "李建军", True)]


def test_who_leaves_a_household_for_none_is_not_yet_placed_and_comes_back(office, li):
    son = li[2][2]
    before = dict(person(office, son))
    assert office.registry.unplaced() == 0
    done = office.movements.unplace([son], NEW, reason="住处不明")
    now = person(office, son)
    assert (now["household"], now["living_since"], now["relation"], now["presence"]) == (None, NEW, None, "present")
    assert office.registry.unplaced() == 1
    assert told(office, "household", li[1]) == [("unplace", NEW, "李建军", False)]
    assert office.life.of("resident", son)[0].text.startswith("李长顺户 李长顺家 → 未落户")
    assert {d.name for d in office.past_living.who("household", li[1], OLD)} >= {"李建军"}
    assert "李建军" not in {d.name for d in office.past_living.who("household", li[1], NEW)}
    assert refused(office.movements.unplace, [son], NEW) == "movements.unplaced"
    office.undoing.undo(done.act)
    assert dict(person(office, son)) == before


def test_who_is_not_yet_placed_is_placed_by_moving(office, li, luo):
    son = li[2][2]
    first = office.movements.unplace([son], OLD)
    assert refused(office.movements.unplace, [li[2][0]], "2999-01-01") == "movements.in_future"
    office.movements.move([son], luo[1], NEW, relations={son: "8"})
    assert person(office, son)["household"] == luo[1]
    assert refused(office.undoing.undo, first.act) == "movements.changed_since"


def test_who_went_comes_back(office, li):
    son = li[2][2]
    office.movements.turn([son], "away", OLD)
    office.movements.turn([son], "return", NEW)
    assert (person(office, son)["presence"], person(office, son)["presence_since"]) == ("present", NEW)
    office.movements.turn([son], "move_out", "2026-06-01", place="外省")
    office.movements.arrive(li[1], "2026-07-01", resident=son, relation="2", place="外省")
    assert (person(office, son)["presence"], person(office, son)["living_since"]) == ("present", "2026-07-01")


def test_a_child_is_born_and_one_that_never_was_is_taken_back(office, li):
    done = office.movements.birth(li[1], "2026-4-1", {"name": "李可欣", "sex": "2", "relation": "4"})
    child = person(office, done.people[0])
    assert (child["birth_date"], child["household"], child["living_since"]) == ("2026-04-01", li[1], "2026-04-01")
    office.undoing.undo(done.act, "登错了户")
    assert office.store.get("resident", done.people[0]).deleted


def test_a_split_makes_a_household_with_its_head_and_back(office, li):
    done = office.movements.split(li[1], [li[2][2]], NEW)
    home = office.store.get("household", done.household).values
    assert (home["head"], home["head_name"], home["dwelling"], home["formed_on"]) == (li[2][2], "李建军", li[0], NEW)
    assert person(office, li[2][2])["relation"] == "0"
    assert told(office, "household", li[1]) == [("split", NEW, "李建军", False)]
    office.undoing.undo(done.act)
    assert office.store.get("household", done.household).deleted
    assert (person(office, li[2][2])["household"], person(office, li[2][2])["relation"]) == (li[1], "2")
    assert office.store.get("household", li[1]).values["ended_on"] is None


def test_joined_households_are_one_and_the_other_is_struck_off(office, li, luo):
    done = office.movements.join(luo[1], li[1], NEW, relations={luo[2][0]: "5"})
    assert (person(office, luo[2][0])["household"], person(office, luo[2][0])["relation"]) == (li[1], "5")
    ended = office.store.get("household", luo[1]).values
    assert (ended["ended_on"], ended["joined_into"]) == (NEW, li[1])
    assert refused(office.movements.move, [li[2][2]], luo[1], NEW) == "movements.ended"
    office.undoing.undo(done.act)
    ended = office.store.get("household", luo[1]).values
    assert (ended["ended_on"], ended["joined_into"], person(office, luo[2][0])["household"]) == (None, None, luo[1])
    assert office.store.get("resident", luo[2][0]).area == LOWER


def test_a_head_who_joins_another_household_is_not_a_second_head_of_it(office, li, luo):
    head = luo[2][0]
    assert person(office, head)["relation"] == "0"
    done = office.movements.join(luo[1], li[1], NEW)
    assert person(office, head).get("relation") is None
    assert [person(office, key)["relation"] for key in li[2]] == ["0", "1", "2"]
    office.undoing.undo(done.act)
    assert person(office, head)["relation"] == "0"


def test_a_change_of_head_turns_every_relation(office, li):
    father, mother, son = li[2]
    assert office.movements.head_of(li[1]) == father
    assert office.movements.relations(li[1], son) == {father: "5", mother: "5", son: "0"}
    done = office.movements.change_head(li[1], son, NEW)
    home = office.store.get("household", li[1]).values
    assert (home["head"], home["head_name"], office.movements.head_of(li[1])) == (son, "李建军", son)
    assert [person(office, key)["relation"] for key in li[2]] == ["5", "5", "0"]
    assert refused(office.movements.change_head, li[1], son) == "movements.is_head"
    office.undoing.undo(done.act)
    assert [person(office, key)["relation"] for key in li[2]] == ["0", "1", "2"]
    home = office.store.get("household", li[1]).values
    assert (home["head_name"], office.movements.head_of(li[1])) == ("李长顺", father)


def test_what_is_taken_back_gives_back_the_word_of_the_relation_too(office, li, luo):
    mother, son = li[2][1:]
    office.records.save("resident", {"relation_text": "妻"}, record_id=mother)
    office.records.save("resident", {"relation_text": "长子"}, record_id=son)

    def words():
        return [(person(office, key)["relation"], person(office, key)["relation_text"]) for key in (mother, son)]

    for act in (
        lambda: office.movements.change_head(li[1], mother, NEW),
        lambda: office.movements.split(li[1], [son], NEW),
        lambda: office.movements.unplace([mother], NEW),
        lambda: office.movements.move([mother], luo[1], NEW, relations={mother: "1"}),
    ):
        done = act()
        assert words() != [("1", "妻"), ("2", "长子")]
        office.undoing.undo(done.act)
        assert words() == [("1", "妻"), ("2", "长子")]


def test_a_word_of_the_relation_said_since_is_kept_when_an_act_is_taken_back(office, li):
    mother = li[2][1]
    office.records.save("resident", {"relation_text": "妻"}, record_id=mother)
    done = office.movements.change_head(li[1], mother, NEW)
    office.records.save("resident", {"relation_text": "老伴"}, record_id=mother)
    office.undoing.undo(done.act)
    assert (person(office, mother)["relation"], person(office, mother)["relation_text"]) == ("1", "老伴")


def test_a_whole_household_moves_house_and_back(office, li, luo):
    done = office.movements.relocate(li[1], luo[0], NEW)
    home = office.store.get("household", li[1])
    assert (home.values["dwelling"], home.values["dwelling_since"], home.area) == (luo[0], NEW, LOWER)
    assert {office.store.get("resident", key).area for key in li[2]} == {LOWER}
    assert person(office, li[2][0])["live_address"] == "罗春生家"
    assert refused(office.movements.relocate, li[1], luo[0]) == "movements.same_dwelling"
    office.undoing.undo(done.act)
    home = office.store.get("household", li[1])
    assert (home.values["dwelling"], home.values["dwelling_since"], home.area) == (li[0], None, UPPER)
    assert {office.store.get("resident", key).area for key in li[2]} == {UPPER}
    assert person(office, li[2][0])["live_address"] == "李长顺家"


def test_days_that_can_not_be_are_refused(office, li, luo):
    son = li[2][2]
    move = office.movements.move
    assert refused(move, [son], luo[1], "2027-01-01") == "movements.in_future"
    assert refused(move, [son], luo[1], "后天吧") == "movements.bad_value"
    office.movements.move([son], luo[1], NEW)
    assert refused(move, [son], li[1], OLD) == "movements.before_last"
    assert refused(office.movements.turn, [son], "death", OLD) == "movements.before_last"
    born = make(office, "resident", name="李小小", birth_date="2026-04-01", household=li[1])
    assert refused(office.movements.turn, [born], "away", OLD) == "movements.born_later"


def test_what_makes_no_sense_is_refused_and_changes_nothing(office, li, luo):
    father, _, son = li[2]
    office.movements.turn([son], "death", NEW)
    counter = office.store.meta.integer("counter")
    assert refused(office.movements.turn, [son], "move_out", NEW) == "movements.is_gone"
    assert refused(office.movements.move, [son], luo[1], NEW) == "movements.is_gone"
    assert refused(office.movements.turn, [father], "return", NEW) == "movements.not_gone"
    assert refused(office.movements.change_head, li[1], son) == "movements.is_gone"
    assert refused(office.movements.change_head, li[1], luo[2][0]) == "movements.not_member"
    assert refused(office.movements.split, li[1], li[2][:2]) == "movements.all_members"
    assert refused(office.movements.join, li[1], li[1]) == "movements.same_household"
    assert refused(office.movements.turn, [], "away", NEW) == "movements.no_people"
    assert refused(office.movements.birth, li[1], NEW, {"name": "", "relation": "2"}) == "movements.bad_value"
    assert office.store.meta.integer("counter") == counter


def test_what_turned_again_since_is_not_taken_back_over_it(office, li, luo):
    first = office.movements.move([li[2][2]], luo[1], OLD)
    second = office.movements.move([li[2][2]], li[1], NEW)
    assert refused(office.undoing.undo, first.act) == "movements.changed_since"
    office.undoing.undo(second.act)
    office.undoing.undo(first.act)
    assert refused(office.undoing.undo, first.act) == "movements.nothing_to_undo"
    now = office.store.get("resident", li[2][2])
    assert (now.values["household"], now.values["living_since"], now.area) == (li[1], None, UPPER)


def test_whoever_overwrites_a_field_leaves_a_movement_behind(office, li, luo):
    office.records.save("resident", {"presence": "away"}, record_id=li[2][2])
    office.registry.move_person(li[2][1], household=luo[1])
    for name in ("一网格", "二网格"):
        office.records.save("dwelling", {"grid": make(office, "grid", name=name)}, record_id=li[0])
    today = office.chronicle.today()
    assert told(office, "resident", li[2][2]) == [("correct", today, "李建军", False)]
    assert told(office, "resident", li[2][1]) == [("correct", today, "周玉兰", False)]
    assert person(office, li[2][1])["living_since"] == today
    assert office.life.of("dwelling", li[0])[0].text == "一网格 → 二网格"
    office.records.save("resident", {"phone": "13900000001"}, record_id=li[2][0])
    assert told(office, "resident", li[2][0]) == []


def test_who_may_not_edit_the_registry_moves_nobody(office, li, luo):
    reader = colleague(office, "du", roles=("duty_officer",))
    with pytest.raises(Denied):
        reader.movements.move([li[2][2]], luo[1], NEW)
    with pytest.raises(Denied):
        reader.movements.turn([li[2][2]], "death", NEW)
    village = colleague(office, "cun", roles=("registrar",), areas=(UPPER,))
    with pytest.raises(Denied):
        village.movements.move([li[2][2]], luo[1], NEW)
    assert office.store.count("movement") == 0
    assert person(office, li[2][2])["household"] == li[1]


def test_every_act_is_audited_with_its_reason(office, li):
    office.movements.turn([li[2][2]], "away", NEW, reason="去浙江务工")
    lines = [line for line in office.store.audit.lines() if line.reason == "去浙江务工"]
    assert {(line.action, line.form) for line in lines} == {("edit", "resident"), ("create", "movement")}


def test_two_registrations_that_become_one_move_nobody(office, li, luo):
    office.movements.move([li[2][2]], luo[1], NEW)
    twin = make(office, "resident", name="李建军", household=li[1], relation="2", presence="away")
    before = person(office, twin)
    office.registry.merge(twin, li[2][2], {"household": luo[1]})
    now = person(office, twin)
    assert (now["household"], now["living_since"], now["presence"]) == (luo[1], NEW, "away")
    assert told(office, "resident", twin) == [("move", NEW, "李建军", False)]
    office.registry.unmerge(li[2][2])
    assert person(office, twin) == before
    assert told(office, "resident", twin) == []


def test_who_was_only_not_placed_yet_is_placed_and_never_deleted_by_an_undo(office, li):
    loose = make(office, "resident", name="罗春生")
    done = office.movements.arrive(li[1], NEW, resident=loose, relation="8")
    assert (person(office, loose)["household"], person(office, loose)["presence"]) == (li[1], "present")
    office.undoing.undo(done.act)
    assert not office.store.get("resident", loose).deleted
    assert (person(office, loose)["household"], person(office, loose)["presence"]) == (None, None)


def test_an_act_on_a_registration_that_became_another_is_not_taken_back(office, li, luo):
    done = office.movements.move([li[2][2]], luo[1], NEW)
    twin = make(office, "resident", LOWER, name="李建军", household=luo[1])
    office.registry.merge(twin, li[2][2])
    assert refused(office.undoing.undo, done.act) == "movements.changed_since"
    assert told(office, "resident", twin) == [("move", NEW, "李建军", False)]
