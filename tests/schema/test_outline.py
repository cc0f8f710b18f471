"""Outlines: one spelling whoever drew them, what is no outline refused in words, areas as a surveyor has them."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema.kinds import Geometry
from app.schema.outline import MOST_POINTS, area_m2, outline_of, points, read_outline, spell, spoken, spoken_area
from app.schema.values import BadValue

SQUARE = [[102.0, 25.0], [102.01, 25.0], [102.01, 25.01], [102.0, 25.01], [102.0, 25.0]]
HOLE = [[102.004, 25.004], [102.006, 25.004], [102.006, 25.006], [102.004, 25.006], [102.004, 25.004]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def test_one_outline_has_one_spelling_however_it_was_drawn():
    drawn = [polygon(SQUARE), polygon(SQUARE[::-1]), polygon(SQUARE[2:] + SQUARE[1:3]), polygon(SQUARE[:-1])]
    drawn.append({"type": "MultiPolygon", "coordinates": [[[[x + 1e-8, y, 1200] for x, y in SQUARE]]]})
    drawn.append({"type": "Feature", "properties": {}, "geometry": polygon(SQUARE)})
    spelled = {Geometry().check(one) for one in [*drawn, *(json.dumps(one) for one in drawn)]}
    assert spelled == {
        (
            '{"type":"Polygon","coordinates":[[[102.000000,25.000000],[102.010000,25.000000],[102.010000,25.010000],'
            "[102.000000,25.010000],[102.000000,25.000000]]]}"
        )
    }


def test_parts_and_holes_stand_in_one_order():
    other = [[[x + 0.1, y] for x, y in SQUARE]]
    first = spell(outline_of([[SQUARE, HOLE], other]))
    assert first == spell(outline_of([other, [SQUARE[::-1], HOLE[::-1]]]))
    assert json.loads(first)["type"] == "MultiPolygon"
    assert points(read_outline(first)) == 12


@given(st.lists(st.tuples(st.floats(73, 136), st.floats(3, 54)), min_size=3, max_size=12))
def test_what_was_spelled_is_spelled_so_again(ring):
    try:
        kept = Geometry().check(polygon([list(point) for point in ring]))
    except BadValue as bad:
        assert bad.code == "outline_flat"  # noqa: PT017 - three points may lie on one line
    else:
        assert Geometry().check(kept) == kept


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("村东头", "outline_wrong"),
        ("[" * 100_000, "outline_wrong"),
        (12, "outline_wrong"),
        ({"type": "Polygon", "coordinates": "x"}, "outline_wrong"),
        (polygon(), "outline_wrong"),
        (polygon([["a", "b"]]), "outline_wrong"),
        (polygon([[True, 25]]), "outline_wrong"),
        (polygon([[10**400, 25]]), "outline_wrong"),
        ({"type": "Point", "coordinates": [102, 25]}, "outline_kind"),
        (polygon([[25, 102], [25.01, 102], [25.01, 102.01]]), "outline_swapped"),
        (polygon([[500_000, 2_765_000], [500_100, 2_765_000], [500_100, 2_765_100]]), "outline_outside"),
        ('{"type":"Polygon","coordinates":[[[NaN,25],[102,25],[102,26]]]}', "outline_outside"),
        (polygon([[102, 25], [102.1, 25], [102.2, 25]]), "outline_flat"),
        (polygon([[102, 25], [102.1, 25]]), "outline_flat"),
        (polygon([[102 + at / 1e4, 25 + at * at / 1e8] for at in range(MOST_POINTS + 1)]), "outline_points"),
    ],
)
def test_what_is_no_outline_is_refused_in_a_sentence(raw, code):
    with pytest.raises(BadValue) as told:
        Geometry().check(raw)
    assert told.value.code == code
    assert told.value.message.endswith("。")


def test_the_longest_outline_fits_into_a_cell_of_a_workbook():
    ring = [[135.0 + at / 1e4, 53 + at * at / 1e8] for at in range(MOST_POINTS)]
    assert len(Geometry().check(polygon(ring))) < 32_767


def test_areas_are_those_of_the_ellipsoid():
    # One degree by one, as the radii of curvature of the ellipsoid (meridian M, prime vertical N) give it in thin strips.
    axis, e2 = 6_378_137.0, 0.00669438002290
    strips = 2000
    wanted = 0.0
    for at in range(strips):
        lat = math.radians(25 + (at + 0.5) / strips)
        bend = 1 - e2 * math.sin(lat) ** 2
        wanted += axis * axis * (1 - e2) / bend**2 * math.cos(lat) * math.radians(1) * math.radians(1 / strips)
    whole = outline_of([[[[102, 25], [103, 25], [103, 26], [102, 26]]]])
    assert area_m2(whole) == pytest.approx(wanted, rel=1e-7)
    pierced = outline_of([[SQUARE, HOLE]])
    assert area_m2(pierced) == pytest.approx(area_m2(outline_of([[SQUARE]])) * 0.96, rel=1e-5)


def test_people_read_how_large_it_is_and_not_its_numbers():
    assert spoken(outline_of([[SQUARE], [[[x + 1, y] for x, y in SQUARE]]])) == "2 块，8 个点，约 2.24 平方公里"
    assert [spoken_area(860), spoken_area(123_000)] == ["860 平方米", "12.3 公顷"]
    assert Geometry().show('{"type":"Curve"}') == "（看不懂的范围）"
