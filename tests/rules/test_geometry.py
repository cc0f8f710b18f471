"""Geometry: crossings found and mended, points and their grids, overlaps and gaps between neighbours."""

from __future__ import annotations

import json
import math

import pytest
import shapely

from app.rules.geometry import Cover, crossing, geometry_of, joined, mended
from app.schema.ids import companion
from app.schema.outline import area_m2, outline_of, points


def box(x, y, wide=0.01, high=0.01):
    return [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high], [x, y]]


def text(*rings):
    return json.dumps({"type": "Polygon", "coordinates": list(rings)})


COVER = Cover(
    {
        "west": text(box(102, 25)),
        "east": text(box(102.01, 25)),
        "market": text(box(102.002, 25.002, 0.001, 0.001)),
        "ring": text(box(103, 25, 0.1, 0.1), box(103.02, 25.02)[::-1]),
        "torn": '{"type":"Polygon","coordinates":[[[104,25],[104.01,25.01],[104.01,25],[104,25.01],[104,25]]]}',
        "unread": '{"type":"Curve"}',
    }
)


def test_a_point_lies_in_the_smallest_outline_around_it():
    spots = {"west": (102.005, 25.005), "market": (102.0025, 25.0025), "ring": (103.01, 25.01), None: (103.025, 25.025)}
    assert {COVER.at(*spot) for spot in spots.values()} == set(spots)
    lons, lats = zip(*spots.values(), strict=True)
    assert COVER.each(lons, lats) == list(spots)
    assert COVER.each([], []) == []


def test_a_house_on_the_border_is_near_to_either_side():
    assert COVER.near("west", 102.0101, 25.005)  # 10 m beyond
    assert not COVER.near("west", 102.0102, 25.005)  # 20 m
    assert not COVER.near("nowhere", 102.0101, 25.005)


def test_an_outline_that_cannot_be_read_stops_nobody():
    assert "unread" not in COVER.keys
    assert COVER.at(104.002, 25.005) == "torn"


def test_what_two_grids_claim_and_what_none_holds_is_listed_by_size():
    cover = Cover(
        {
            "a": text(box(102, 25)),
            "b": text(box(102.0099, 25)),
            "c": text(box(102.02, 25)),
            "d": text(box(103, 25, 0.1, 0.1), box(103.02, 25.02)[::-1]),
        }
    )
    [overlap] = cover.overlaps()
    assert (overlap.first, overlap.second) == ("a", "b")
    assert overlap.m2 == pytest.approx(11_180, rel=0.01)
    assert shapely.Point(overlap.at).within(shapely.box(102.0099, 25, 102.01, 25.01))
    hole, strip = cover.gaps()
    assert (hole.beside, round(hole.m2 / 1e4)) == (("d",), 112)
    assert (strip.beside, round(strip.m2 / 1e3)) == (("b", "c"), 11)
    assert cover.at(*strip.at) is None


def test_neighbours_with_one_border_neither_overlap_nor_gape():
    cover = Cover({f"{x}{y}": text(box(102 + x / 100, 25 + y / 100)) for x in range(4) for y in range(4)})
    assert (cover.overlaps(), cover.gaps()) == ([], [])
    assert (Cover({}).overlaps(), Cover({}).gaps()) == ([], [])


def test_a_small_loop_is_cut_off_and_a_bow_tie_is_left_to_whoever_drew_it():
    loop = [
        [102, 25],
        [102.01, 25],
        [102.01, 25.01],
        [102.0099, 25.0101],
        [102.01, 25.0101],
        [102.0099, 25.01],
        [102, 25.01],
    ]
    assert crossing(outline_of([[loop]])) == pytest.approx((102.00995, 25.01005))
    made = mended([[loop]], most=1000)
    assert len(made.outline) == 2
    assert made.crossed == pytest.approx((102.00995, 25.01005))
    assert crossing(made.outline) is None
    assert mended([[[[102, 25], [102.01, 25.01], [102.01, 25], [102, 25.011]]]], most=1000) is None


def test_a_line_with_too_many_points_is_made_plainer_by_as_little_as_will_do():
    ring = [
        [102 + 0.01 * math.cos(at / 1000 * math.tau), 25 + 0.01 * math.sin(at / 1000 * math.tau)] for at in range(1000)
    ]
    made = mended([[ring]], most=200)
    assert points(made.outline) <= 200
    assert made.simpler == 1.0
    assert area_m2(made.outline) == pytest.approx(area_m2(outline_of([[ring]])), rel=0.01)


def test_pieces_of_one_grid_become_one_outline():
    whole = joined([outline_of([[box(102, 25)]]), outline_of([[box(102.01, 25)]]), outline_of([[box(103, 25)]])])
    assert len(whole) == 2
    assert geometry_of(whole).is_valid


def test_the_outline_of_a_grid_has_the_same_id_wherever_it_is_made():
    grid = "0190a000000070008000" + "00000000000f"
    made = companion(grid, "grid_shape")
    assert made == companion(grid, "grid_shape") != companion(grid, "other")
    assert (made[:12], made[12], made[16] in "89ab", len(made)) == (grid[:12], "7", True, 32)
