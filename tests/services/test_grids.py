"""Grids drawn, split, merged and handed over; posts with their days; sector grids over the same places."""

from __future__ import annotations

import json

import pytest

from app.errors import Denied, KnownError
from app.schema.outline import read_outline
from app.services.maps import Drawn
from app.store.saving import Edit
from tests.services.conftest import LOWER, TOWN, UPPER, colleague
from tests.services.test_movements import make, refused

DAY, LATER = "2026-03-03", "2026-05-05"


@pytest.fixture
def grid(office):
    """A grid with two buildings of one household each, and a house without a building; a shop in the first."""
    made = {"grid": office.grids.draw(UPPER, {"name": "一网格", "member": "普云芳"}, "2024-01-01").id}
    for number in (1, 2):
        building = make(office, "building", name=f"{number}号楼", grid=made["grid"])
        home = make(office, "dwelling", address=f"{number}号楼101", building=building, grid=made["grid"])
        household = make(office, "household", head_name=f"户主{number}", dwelling=home)
        make(office, "resident", name=f"户主{number}", household=household, relation="0")
        made |= {f"building{number}": building, f"home{number}": home, f"household{number}": household}
    made["house"] = make(office, "dwelling", address="村口老屋", grid=made["grid"])
    made["shop"] = make(office, "premises", name="小卖部", grid=made["grid"], dwelling=made["home2"])
    return made


def values(office, form, key):
    return office.store.get(form, key).values


def test_numbers_follow_each_other_and_none_comes_twice(office):
    draw = office.grids.draw
    codes = [draw(UPPER, {"name": f"网格{n}"}).values["code"] for n in range(2)]
    market = draw(UPPER, {"name": "市场", "grid_kind": "dedicated"})
    micro = draw(
        UPPER, {"name": "微网格", "grid_kind": "micro", "upper": office.store.select("grid", {"code": codes[0]})[0].id}
    )
    assert codes == [f"{UPPER}001", f"{UPPER}002"]
    assert (market.values["code"], micro.values["code"]) == (f"{UPPER}501", f"{UPPER}00101")
    gone = office.store.select("grid", {"code": codes[1]})[0].id
    office.records.delete("grid", gone, "划错了")
    assert draw(UPPER, {"name": "网格三"}).values["code"] == f"{UPPER}003"
    assert refused(draw, UPPER, {"name": "网格四", "code": codes[1]}) == "grids.code_used"
    assert refused(draw, UPPER, {"name": "网格四", "code": f"{LOWER}009"}) == "grids.code_wrong"
    assert refused(draw, TOWN, {"name": "镇网格"}) == "grids.not_village"
    assert refused(draw, UPPER, {"name": ""}) == "movements.bad_value"


def test_a_number_written_into_a_form_is_a_grid_s_number(office, grid):
    refused_ones = office.records.save("grid", {"code": f"{UPPER}01"}, record_id=grid["grid"])
    assert [(fault.field, fault.code) for fault in refused_ones.faults] == [("code", "code_wrong")]
    assert office.records.save("grid", {"code": f"{UPPER}00101"}, record_id=grid["grid"]).ok
    # One that came from elsewhere and stands is nobody's fault today.
    office.store.save([Edit("grid", grid["grid"], UPPER, {"code": "旧1"})], "li")
    assert office.records.save("grid", {"code": "旧1", "name": "一网格"}, record_id=grid["grid"]).ok


def test_a_split_says_before_what_moves_and_is_taken_back(office, grid):
    look = office.grids.preview_split(grid["grid"], [grid["building2"]])
    assert (look.buildings, look.dwellings, look.households, look.residents, look.organizations) == (1, 1, 1, 1, 1)
    done = office.grids.split(grid["grid"], [grid["building2"]], values={"name": "二网格"}, day=DAY, reason="户数过多")
    assert done.outlook == look
    new = values(office, "grid", done.grid)
    assert (new["predecessor"], new["valid_from"], new["code"], new["member"]) == (
        grid["grid"],
        DAY,
        f"{UPPER}002",
        None,
    )
    moved = [("building", "building2"), ("dwelling", "home2"), ("premises", "shop")]
    assert {values(office, form, grid[name])["grid"] for form, name in moved} == {done.grid}
    assert values(office, "dwelling", grid["home2"])["grid_since"] == DAY
    assert [c.text for c in office.life.of("dwelling", grid["home2"])] == ["一网格 → 二网格"]
    office.undoing.undo(done.act)
    assert {values(office, form, grid[name])["grid"] for form, name in moved} == {grid["grid"]}
    assert office.store.get("grid", done.grid).deleted


def test_merged_grids_are_one_and_the_other_is_struck_off(office, grid):
    other = office.grids.draw(UPPER, {"name": "二网格"}, "2024-01-01").id
    post = office.posts.appoint(grid["grid"], {"post": "leader3", "name": "罗春生"}, day="2024-01-01").id
    look = office.grids.preview_merge(grid["grid"])
    assert (look.buildings, look.dwellings, look.households, look.residents) == (2, 3, 2, 2)
    done = office.grids.merge(grid["grid"], other, LATER)
    old = values(office, "grid", grid["grid"])
    assert (old["valid_to"], old["successor"], values(office, "grid_post", post)["valid_to"]) == (LATER, other, LATER)
    assert office.store.count("dwelling", {"grid": other}) == 3
    assert refused(office.grids.merge, grid["grid"], other) == "grids.ended"
    lived = office.past_living.who("grid", grid["grid"], "2026-04-01")
    assert {d.name for d in lived} == {"户主1", "户主2"}
    office.undoing.undo(done.act)
    old = values(office, "grid", grid["grid"])
    assert (old["valid_to"], old["successor"], values(office, "grid_post", post)["valid_to"]) == (None, None, None)
    assert office.store.count("dwelling", {"grid": grid["grid"]}) == 3


@pytest.fixture
def bare(office, grid):
    """What goes along without a dwelling: an empty building, a shop and a company of the grid, and a post; another grid with a house."""
    more = {"bare": make(office, "building", name="新建空楼", grid=grid["grid"])}
    more["works"] = make(office, "organization", name="砖厂", grid=grid["grid"])
    more["stall"] = make(office, "premises", name="早市", grid=grid["grid"])
    more["other"] = office.grids.draw(UPPER, {"name": "二网格"}, "2024-01-01").id
    more["own"] = make(office, "building", name="二网格的楼", grid=more["other"])
    more["gone"] = office.posts.appoint(grid["grid"], {"post": "member", "name": "李敏"}, day="2024-01-01").id
    office.posts.end(more["gone"], LATER)
    more["post"] = office.posts.appoint(grid["grid"], {"post": "leader3", "name": "罗春生"}, day="2024-01-01").id
    return grid | more


ALL_OF_IT = [("building", "building1"), ("building", "building2"), ("building", "bare"), ("dwelling", "home1"), ("dwelling", "home2"),
    ("dwelling", "house"), ("organization", "works"), ("premises", "stall"), ("premises", "shop"), ("building", "own"),
    ("grid_post", "gone"), ("grid_post", "post"), ("grid", "grid"), ("grid", "other")]  # fmt: skip


def standing(office, held):
    return {name: dict(values(office, form, held[name])) for form, name in ALL_OF_IT}


def test_a_merge_taken_back_gives_exactly_what_was_before(office, bare):
    before = standing(office, bare)
    done = office.grids.merge(bare["grid"], bare["other"], LATER)
    assert values(office, "building", bare["bare"])["grid"] == bare["other"]
    assert office.undoing.undo(done.act).left == ()
    assert standing(office, bare) == before
    assert refused(office.undoing.undo, done.act) == "movements.nothing_to_undo"


def test_what_turned_again_since_a_merge_is_left_and_named(office, bare):
    third = office.grids.draw(UPPER, {"name": "三网格"}, "2024-01-01").id
    done = office.grids.merge(bare["grid"], bare["other"], LATER)
    office.records.save("dwelling", {"grid": third}, record_id=bare["house"])
    office.records.save("building", {"grid": third}, record_id=bare["bare"])
    office.records.delete("premises", bare["stall"], "关了")
    undone = office.undoing.undo(done.act)
    assert set(undone.left) == {"村口老屋", "新建空楼", "早市"}
    assert "照现在的样子留着" in undone.said
    assert (
        values(office, "dwelling", bare["house"])["grid"] == values(office, "building", bare["bare"])["grid"] == third
    )
    assert values(office, "dwelling", bare["home1"])["grid"] == bare["grid"]
    assert values(office, "grid", bare["grid"])["valid_to"] is None
    # Its own turn still stands, so the past of the house is answered.
    assert [c.void for c in office.life.of("dwelling", bare["house"])] == [False, False]
    assert refused(office.undoing.undo, done.act) == "movements.changed_since"


def test_a_grid_without_dwellings_is_merged_and_given_back_too(office, bare):
    done = office.grids.merge(bare["other"], bare["grid"], LATER)
    assert values(office, "building", bare["own"])["grid"] == bare["grid"]
    office.undoing.undo(done.act)
    assert values(office, "building", bare["own"])["grid"] == bare["other"]
    assert values(office, "grid", bare["other"])["valid_to"] is None


def test_a_split_grid_that_is_in_use_meanwhile_stays_when_the_split_is_taken_back(office, grid):
    done = office.grids.split(grid["grid"], [grid["building2"]], values={"name": "二网格"}, day=DAY)
    new = make(office, "dwelling", address="新屋", grid=done.grid)
    undone = office.undoing.undo(done.act)
    assert undone.left == ("二网格（还有房屋 1）",)
    assert values(office, "dwelling", new)["grid"] == done.grid
    assert values(office, "dwelling", grid["home2"])["grid"] == grid["grid"]
    assert not office.store.get("grid", done.grid).deleted


def test_what_makes_no_sense_is_refused(office, grid):
    split = office.grids.split
    elsewhere = make(office, "building", name="9号楼")
    assert refused(split, grid["grid"], [], values={"name": "二网格"}) == "grids.nothing_chosen"
    assert refused(split, grid["grid"], [elsewhere], values={"name": "二网格"}) == "grids.not_of_grid"
    both = [grid["building1"], grid["building2"]]
    assert refused(split, grid["grid"], both, [grid["house"]], values={"name": "x"}) == "grids.everything_chosen"
    assert refused(split, grid["grid"], both, values={"name": "二"}, day="2023-01-01") == "grids.before_start"
    assert refused(office.grids.merge, grid["grid"], grid["grid"]) == "grids.same_grid"
    other = office.grids.draw(LOWER, {"name": "下寨网格"}, "2024-01-01").id
    assert refused(office.grids.merge, grid["grid"], other) == "grids.other_village"


def test_a_grid_handed_over_gets_a_number_of_the_other_village(office, grid):
    office.grids.hand_over(grid["grid"], LOWER, reason="区划调整")
    moved = office.store.get("grid", grid["grid"])
    assert (moved.area, moved.values["code"]) == (LOWER, f"{LOWER}001")
    assert office.store.get("household", grid["household1"]).area == LOWER


SQUARE = {
    "type": "Polygon",
    "coordinates": [[[102.0, 24.0], [102.1, 24.0], [102.1, 24.1], [102.0, 24.1], [102.0, 24.0]]],
}


@pytest.mark.parametrize("role", ["grid_member", "duty_officer"])
def test_only_who_may_divide_grids_changes_them(office, grid, role):
    split = office.grids.split(grid["grid"], [grid["building2"]], values={"name": "二网格"}, day=DAY)
    post = office.posts.appoint(grid["grid"], {"post": "leader3", "name": "罗春生"})
    other = colleague(office, "du", roles=(role,))
    outline = Drawn(grid["grid"], read_outline(json.dumps(SQUARE)))
    for act in (
        lambda: other.grids.draw(UPPER, {"name": "新网格"}),
        lambda: other.grids.split(grid["grid"], [grid["building1"]], values={"name": "三网格"}),
        lambda: other.grids.merge(split.grid, grid["grid"]),
        lambda: other.grids.hand_over(grid["grid"], LOWER),
        lambda: other.maps.keep(outline),
        lambda: other.maps.keep_many([outline]),
        lambda: other.posts.appoint(grid["grid"], {"post": "member", "name": "李敏"}),
        lambda: other.posts.end(post.id),
        lambda: other.records.save("grid", {"name": "别名"}, record_id=grid["grid"]),
        lambda: other.undoing.undo(split.act),
    ):
        with pytest.raises(Denied):
            act()
    assert office.store.count("grid") == 2
    assert values(office, "dwelling", grid["home2"])["grid"] == split.grid


def test_a_grid_member_still_registers_who_lives_in_the_grid(office, grid):
    member = colleague(office, "wang", roles=("grid_member",))
    member.records.save("dwelling", {"grid": grid["grid"], "address": "村口新屋"}, area=UPPER)
    member.records.save("dwelling", {"address": "村口老屋1号"}, record_id=grid["house"])
    assert member.posts.of(grid["grid"]) == []
    assert office.store.count("dwelling", {"grid": grid["grid"]}) == 4


def test_posts_are_ended_and_begun_and_the_grid_names_who_holds_them(office, grid):
    appoint = office.posts.appoint
    first = appoint(grid["grid"], {"post": "leader3", "name": "罗春生"}, day="2024-01-01")
    appoint(grid["grid"], {"post": "household_rep", "name": "何秀珍", "building": grid["building1"]}, day="2025-01-01")
    assert values(office, "grid", grid["grid"])["leader"] == "罗春生"
    appoint(grid["grid"], {"post": "leader3", "name": "张文贵"}, instead_of=first.id, day=DAY)
    assert values(office, "grid", grid["grid"])["leader"] == "张文贵"
    assert [(p.values["name"], p.values["valid_to"]) for p in office.posts.of(grid["grid"])] == [
        ("张文贵", None), ("何秀珍", None), ("罗春生", DAY),
    ]  # fmt: skip
    assert [p.values["name"] for p in office.posts.of(grid["grid"], "2024-06-01")] == ["罗春生"]
    member = appoint(grid["grid"], {"post": "member", "name": "李敏", "phone": "13900000001"})
    assert values(office, "grid", grid["grid"])["member"] == "普云芳"
    office.posts.end(member.id)
    assert refused(appoint, grid["grid"], {"post": "leader3", "name": ""}) == "movements.bad_value"
    assert values(office, "grid", grid["grid"])["member"] == "普云芳"


def test_sector_grids_are_a_second_tree_over_the_same_places(office, grid):
    town = make(office, "sector_grid", TOWN, name="云岭镇消防", sector="fire")
    upper = make(office, "sector_grid", name="上寨消防片", sector="fire", upper=town)
    office.posts.include(upper, "grid", grid["grid"])
    office.posts.include(upper, "grid", grid["grid"])
    office.posts.include(upper, "premises", grid["shop"])
    [root] = office.posts.sectors()
    assert (root.record.id, [(b.record.id, b.places) for b in root.below]) == (town, [(upper, 2)])
    assert {place.id for _, place in office.posts.places(upper)} == {grid["grid"], grid["shop"]}
    assert [s.id for s in office.posts.of_place("dwelling", grid["home1"])] == [upper]
    assert office.posts.exclude(upper, "grid", grid["grid"]) == 1
    assert office.posts.of_place("dwelling", grid["home1"]) == []
    # Two people put each below the other: nobody vanishes from the tree.
    office.records.save("sector_grid", {"upper": upper}, record_id=town)
    assert {s.record.id for s in office.posts.sectors()} == {town, upper}


def test_gaps_are_found_and_name_their_records(office, grid):
    lonely = make(office, "dwelling", address="无主屋")
    homeless = make(office, "household", head_name="无房户")
    person = make(office, "resident", name="未落户者")
    bare = office.grids.draw(UPPER, {"name": "空网格"}).id

    def found(kind):
        return {finding.id for finding in office.coverage.of(kind, UPPER).findings}

    assert found("no_grid") == {lonely}
    assert found("no_dwelling") == {homeless}
    assert found("unplaced") == {person}
    assert found("empty") == {homeless}
    assert found("no_contact") == {homeless, grid["household1"], grid["household2"]}
    assert found("grids") == {bare}
    assert found("heads") == found("ended") == found("many") == set()
    for number in range(21):
        make(office, "household", head_name=f"甲{number}", contact="何秀珍", dwelling=lonely)
    [finding] = office.coverage.of("many", UPPER).findings
    assert (finding.title, finding.words) == ("何秀珍", "联系 21 户，超过 20 户")
    assert office.coverage.of("no_contact", UPPER, limit=1).total == 3
    office.movements.change_head(grid["household1"], office.store.select("resident", {"name": "户主1"})[0].id)
    office.records.delete("resident", office.store.select("resident", {"name": "户主1"})[0].id, "重复")
    assert found("empty") == {homeless, grid["household1"]} | {
        h.id for h in office.store.select("household", {"contact": "何秀珍"})
    }
    supervisor = colleague(office, "du", roles=("supervisor",))
    with pytest.raises(KnownError):
        supervisor.coverage.of("no_grid")


def test_gaps_are_found_by_indexes(office):
    from app.store import gaps

    plans = []
    for alias, sql in gaps.SQL.values():
        asked = sql.format(area=f"({alias}.area BETWEEN ? AND ?)")
        rows = office.store.conn.execute(f"EXPLAIN QUERY PLAN {asked}", (UPPER, UPPER))
        plans += [row[3] for row in rows if row[3].startswith(("SCAN", "SEARCH"))]
    assert all(plan.startswith("SEARCH") for plan in plans), plans
