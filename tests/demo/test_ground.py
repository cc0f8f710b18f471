"""The demo's ground: outlines that neighbours share, houses in their grids but for a few, the same each time."""

from __future__ import annotations

import pytest

from app.demo.ground import DemoGround
from app.demo.plan import plan
from app.rules.geometry import Cover, crossing
from app.schema.outline import area_m2, read_outline


@pytest.fixture(scope="module")
def ground():
    made = plan("township", 1)
    return made, DemoGround(made)


def outlines(ground):
    made, land = ground
    return {
        (village.code, number): land.outline(village, number)
        for village in made.villages
        for number in [*range(1, village.grids + 1), *(501 + at for at in range(len(village.dedicated)))]
    }


def test_every_grid_has_ground_of_its_own_and_neighbours_share_their_border(ground):
    drawn = outlines(ground)
    assert [spot for spot, text in drawn.items() if not text] == [("990001101001", 501)]
    assert [spot for spot, text in drawn.items() if text and crossing(read_outline(text))] == []
    assert min(area_m2(read_outline(text)) for text in drawn.values() if text) > 30_000
    cover = Cover({f"{code} {number}": text for (code, number), text in drawn.items() if number < 500})
    assert (cover.overlaps(), cover.gaps()) == ([], [])


def test_houses_stand_in_their_grid_and_one_that_is_odd_in_another(ground):
    made, land = ground
    village = made.villages[0]
    cover = Cover({str(number): land.outline(village, number) for number in range(1, village.grids + 1)})
    for at in range(200):
        assert cover.at(*land.house(village, 2, at / 200, at * 7 % 200 / 200)) == "2"
    assert cover.at(*land.house(village, 2, 0.3, 0.3, odd=0)) != "2"
    assert land.building(village, 1, "1幢") == DemoGround(made).building(village, 1, "1幢")
