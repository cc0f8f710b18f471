"""The map's service: outlines of grids kept, drawn apart by two, moved along with their grid; dwellings that lie elsewhere."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.schema.ids import companion
from app.schema.outline import outline_of, read_outline, spell
from app.services.map_check import check_map, take_grid_by_place
from app.services.map_split import cut_from, keep_cut
from app.services.maps import SHAPE, Drawn
from app.store.saving import Edit
from tests.services.conftest import LOWER, TOWN, UPPER, colleague


def box(x, y=25.0, wide=0.01, high=0.01):
    return outline_of([[[[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]]])


def grid(office, name, area=UPPER, **values):
    return office.records.save("grid", {"name": name, **values}, area=area).record.id


def dwelling(office, address, lon, lat, grid=None, **values):
    made = {"address": address, "lon": lon, "lat": lat, "grid": grid, **values}
    return office.records.save("dwelling", made, area=UPPER).record.id


def outline(office, grid_id):
    held = office.maps.outline(grid_id)
    return held and read_outline(held.values["outline"])


def test_an_outline_is_kept_changed_taken_away_and_drawn_again(office):
    first = grid(office, "第一网格")
    assert office.maps.outline(first) is None
    kept = office.maps.keep(Drawn(first, box(102)))
    assert (kept.id, kept.area, kept.values["name"]) == (companion(first, SHAPE), UPPER, "第一网格")
    assert kept.values["drawn_at"] == "2026-09-18"
    office.maps.keep(Drawn(first, box(102.5), "imported", "cgcs2000"))
    assert outline(office, first) == box(102.5)
    office.maps.remove(first, "画错了")
    assert office.maps.outline(first) is None
    office.maps.keep(Drawn(first, box(102)))
    assert outline(office, first) == box(102)
    assert office.store.count(SHAPE) == 1


def test_what_crosses_itself_or_belongs_to_no_grid_is_not_kept(office):
    first = grid(office, "第一网格")
    torn = outline_of([[[[102, 25], [102.01, 25.01], [102.01, 25], [102, 25.011]]]])
    with pytest.raises(KnownError) as told:
        office.maps.keep_many([Drawn(first, box(102)), Drawn(first, torn)])
    assert told.value.code == "map.crossing"
    with pytest.raises(KnownError, match="没有"):
        office.maps.keep(Drawn("0" * 32, box(102)))
    assert office.store.count(SHAPE) == 0


def test_who_may_not_edit_a_grid_may_not_draw_it(office):
    first = grid(office, "第一网格")
    duty = colleague(office, "duty", ["duty_officer"])
    with pytest.raises(Denied):
        duty.maps.keep(Drawn(first, box(102)))
    assert duty.maps.ground().grids[0].name == "第一网格"
    with pytest.raises(Denied):
        colleague(office, "far", ["registrar"], [LOWER]).maps.ground([UPPER])


def test_two_devices_that_draw_one_grid_apart_leave_one_outline_and_a_question(two):
    here, there = two
    [first] = here.store.save([Edit("grid", None, UPPER, {"name": "第一网格"})], "张干事").ids
    here.sync()
    there.sync()
    here.maps.keep(Drawn(first, box(102)))
    there.maps.keep(Drawn(first, box(102.001)))
    for office in (here, there, here):
        office.sync()
    assert outline(here, first) == outline(there, first) == box(102)
    assert here.store.count(SHAPE) == there.store.count(SHAPE) == 1
    [question] = [c for c in there.conflicts.open() if c.form == SHAPE]
    there.conflicts.resolve(question.id, keep="mine")
    there.sync()
    here.sync()
    assert outline(here, first) == outline(there, first) == box(102.001)


def test_two_who_drew_the_same_ask_nobody(two):
    here, there = two
    [first] = here.store.save([Edit("grid", None, UPPER, {"name": "第一网格"})], "张干事").ids
    here.sync()
    there.sync()
    for office in two:
        office.maps.keep(Drawn(first, box(102)))
    for office in (here, there, here):
        office.sync()
    assert (here.conflicts.open(), there.conflicts.open()) == ([], [])
    assert outline(here, first) == outline(there, first) == box(102)


def test_an_outline_goes_along_when_its_grid_is_handed_over(office):
    first = grid(office, "第一网格")
    office.maps.keep(Drawn(first, box(102)))
    office.registry.hand_over_grid(first, LOWER)
    assert office.maps.outline(first).area == LOWER
    assert [one.outline != "" for one in office.maps.grids([LOWER])] == [True]


def test_a_dwelling_that_lies_elsewhere_than_entered_is_listed(office):
    west, east, undrawn = grid(office, "西"), grid(office, "东"), grid(office, "没画")
    office.maps.keep_many([Drawn(west, box(102)), Drawn(east, box(102.01))])
    dwelling(office, "对的", 102.005, 25.005, west)
    dwelling(office, "差十米", 102.0101, 25.005, west)
    dwelling(office, "没有位置", None, None, west)
    wrong = {
        "other": dwelling(office, "在东边", 102.015, 25.005, west),
        "outside": dwelling(office, "在外面", 103, 25, west),
        "not_entered": dwelling(office, "没填", 102.015, 25.006),
        "not_drawn": dwelling(office, "网格没画", 102.015, 25.007, undrawn),
    }
    found = check_map(office)
    assert {one.kind: one.dwelling for one in found.strays} == wrong
    assert {one.kind: one.found for one in found.strays} == {k: None if k == "outside" else east for k in wrong}
    assert [one.id for one in found.without_outline] == [undrawn]
    assert office.maps.ground().dwellings.without_point == 1
    assert take_grid_by_place(office, [one for one in found.strays if one.kind == "not_entered"]) == 1
    assert office.store.get("dwelling", wrong["not_entered"]).values["grid"] == east
    assert {one.kind for one in check_map(office).strays} == {"other", "outside", "not_drawn"}


def test_what_somebody_entered_since_the_check_stays(office):
    west, east = grid(office, "西"), grid(office, "东")
    office.maps.keep_many([Drawn(west, box(102)), Drawn(east, box(102.01))])
    home = dwelling(office, "没填", 102.015, 25.006)
    found = check_map(office).strays
    office.records.save("dwelling", {"grid": west}, record_id=home)
    assert take_grid_by_place(office, found) == 0
    with pytest.raises(KnownError):
        take_grid_by_place(office, [])


def test_a_dwelling_of_a_building_lies_where_that_lies(office):
    first = grid(office, "第一网格")
    block = office.records.save("building", {"name": "1幢", "grid": first, "lon": 102.005, "lat": 25.005}, area=UPPER)
    home = office.records.save("dwelling", {"address": "1幢101", "building": block.record.id}, area=UPPER).record.id
    seen = office.maps.ground([TOWN]).dwellings
    assert (seen.ids, seen.lons, seen.lats, seen.grids) == ((home,), (102.005,), (25.005,), (first,))
    moved = office.maps.put_dwelling(home, 102.0061234, 25.0051)
    assert (moved.values["lon"], moved.values["lat"]) == (102.006123, 25.0051)
    with pytest.raises(KnownError, match="不在中国境内"):
        office.maps.put_dwelling(home, 12.0, 25.0)


def test_a_dedicated_grid_lies_within_another_and_an_ended_one_is_past(office):
    whole, market = grid(office, "综合"), grid(office, "集市", grid_kind="dedicated")
    gone = grid(office, "旧网格", valid_to="2026-01-01")
    office.maps.keep_many(
        [Drawn(whole, box(102)), Drawn(gone, box(102)), Drawn(market, box(102.002, 25.002, 0.001, 0.001))]
    )
    dwelling(office, "集市里的", 102.0025, 25.0025, whole)
    found = check_map(office)
    assert (found.overlaps, found.gaps, found.strays, found.without_outline) == ((), (), (), ())


def test_merged_grids_have_one_ground_until_it_is_drawn_anew_and_undoing_needs_nothing(office):
    west, east = grid(office, "西"), grid(office, "东")
    office.maps.keep_many([Drawn(west, box(102)), Drawn(east, box(102.01))])
    home = dwelling(office, "西边的", 102.005, 25.005, west)
    done = office.grids.merge(west, east, reason="合并")
    assert office.store.get("dwelling", home).values["grid"] == east
    whole = read_outline(office.maps.ground_of(east))
    assert whole == box(102, wide=0.02) or len(whole) == 1
    found = check_map(office)
    assert (found.strays, found.overlaps, found.gaps, found.without_outline) == ((), (), (), ())
    office.undoing.undo(done.act)
    assert outline(office, west) == box(102)
    assert read_outline(office.maps.ground_of(east)) == box(102.01)
    office.grids.merge(west, east, reason="合并")
    assert len(read_outline(office.maps.ground_of(east))[0][0]) > 4
    office.maps.keep(Drawn(east, box(102.01)))
    assert read_outline(office.maps.ground_of(east)) == box(102.01)


def test_an_outline_saved_by_any_way_is_the_one_of_its_grid(office):
    first = grid(office, "第一网格")
    for at in (102, 102.5):
        made = office.records.save("grid_shape", {"grid": first, "outline": spell(box(at))}, area=UPPER)
        assert (made.ok, made.record.id) == (True, companion(first, SHAPE))
    assert office.store.count(SHAPE) == 1
    assert outline(office, first) == box(102.5)
    torn = spell(outline_of([[[[102, 25], [102.01, 25.01], [102.01, 25], [102, 25.011]]]]))
    refused = office.records.save("grid_shape", {"grid": first, "outline": torn}, area=UPPER)
    assert [(fault.field, fault.code) for fault in refused.faults] == [("outline", "crossing")]


@pytest.fixture
def split(office):
    """A drawn grid with two houses in its west and two in its east; the eastern ones are a grid of their own now."""
    first = grid(office, "第一网格", valid_from="2024-01-01")
    office.maps.keep(Drawn(first, box(102), datum="cgcs2000"))
    homes = [dwelling(office, f"{n}号", 102 + lon, 25.005, first) for n, lon in enumerate((0.001, 0.003, 0.007, 0.009))]
    done = office.grids.split(first, [], homes[2:], values={"name": "第二网格"}, day="2026-03-03")
    return first, done


def test_the_ground_of_a_grid_split_off_is_proposed_by_where_its_dwellings_lie(office, split):
    first, done = split
    source = cut_from(office, done.grid)
    assert (source.grid, source.name) == (first, "第一网格")
    west, east = (102.005, 102.01)
    lons = [lon for lon, _lat in source.proposal[0][0]]
    assert (min(lons), max(lons)) == pytest.approx((west, east), abs=1e-6)
    # Saved as proposed, the two are the ground that was, without a gap.
    keep_cut(office, Drawn(done.grid, source.proposal), first)
    assert outline(office, done.grid) == source.proposal
    held = check_map(office, [UPPER])
    assert (held.overlaps, held.gaps, held.strays) == ((), (), ())
    assert office.maps.outline(done.grid).values["datum"] == "cgcs2000"
    assert cut_from(office, done.grid) is None


def test_what_is_drawn_for_a_grid_split_off_is_taken_from_the_one_it_came_of(office, split):
    first, done = split
    with pytest.raises(KnownError, match="就没有范围了"):
        keep_cut(office, Drawn(done.grid, box(101.99, 24.9, 0.1, 0.2)), first)
    assert outline(office, done.grid) is None
    keep_cut(office, Drawn(done.grid, box(102.006, 25.0, 0.01, 0.01)), first)
    assert max(lon for lon, _lat in outline(office, first)[0][0]) == 102.006
    undone = office.undoing.undo(done.act)
    assert undone.left == ("第一网格的范围（在那以后画过，请在地图上核对）",)


def test_nothing_is_proposed_where_nothing_tells(office, split):
    first, done = split
    other = grid(office, "第三网格")
    assert cut_from(office, other) is None
    for home in office.store.select("dwelling", {"grid": done.grid}):
        office.records.save("dwelling", {"lon": None, "lat": None}, record_id=home.id)
    assert cut_from(office, done.grid).proposal == ()
    office.maps.remove(first, "画错了")
    assert cut_from(office, done.grid) is None
