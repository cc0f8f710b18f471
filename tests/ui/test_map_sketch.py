"""Drawing without a window: points set, moved, put in and taken out, undone, kept as a draft; and what a view shows."""

from __future__ import annotations

import pytest

from app.rules.mercator import degrees, metres, plane
from app.schema.outline import outline_of, read_outline, spell
from ui.map.sketch import Sketch
from ui.map.tiles import Tile, tiles_of
from ui.map.view import View

SQUARE = ((102.0, 25.0), (102.01, 25.0), (102.01, 25.01), (102.0, 25.01))


def drawn(points=SQUARE):
    sketch = Sketch()
    for point in points:
        sketch.add(point)
    return sketch


def test_a_ring_is_drawn_point_by_point_and_closed():
    sketch = drawn(SQUARE[:2])
    assert not sketch.close()
    assert sketch.outline() is None
    sketch.add(SQUARE[2])
    sketch.add(SQUARE[2])
    assert sketch.count() == 3
    assert sketch.close()
    assert not sketch.drawing
    assert sketch.outline() == outline_of([[SQUARE[:3]]])


def test_each_step_is_undone_and_a_drag_is_one_step():
    sketch = drawn()
    sketch.close()
    corner = sketch.insert((0, 0), (102.005, 24.999))
    assert corner == (0, 1)
    for number, lat in enumerate((24.998, 24.997, 24.996)):
        sketch.move(corner, (102.005, lat), first=number == 0)
    assert sketch.lines[0].points[1] == (102.005, 24.996)
    assert sketch.undo()
    assert sketch.lines[0].points[1] == (102.005, 24.999)
    assert sketch.undo()
    assert sketch.lines[0].points == SQUARE
    while sketch.undo():
        pass
    assert (sketch.count(), sketch.drawing, sketch.changed) == (0, True, False)


def test_a_ring_keeps_three_points_and_a_second_ring_may_go():
    sketch = drawn()
    sketch.close()
    assert sketch.remove((0, 3))
    assert not sketch.remove((0, 0))
    sketch.begin_part()
    for x, y in SQUARE[:3]:
        sketch.add((x + 1, y))
    sketch.close()
    assert len(sketch.outline()) == 2
    assert sketch.remove((1, 0))
    assert len(sketch.outline()) == 1


def test_an_outline_with_holes_and_parts_comes_back_as_it_was():
    hole = [(102.004, 25.004), (102.006, 25.004), (102.006, 25.006)]
    outline = outline_of([[SQUARE, hole], [[(x + 1, y) for x, y in SQUARE]]])
    sketch = Sketch(outline)
    assert sketch.outline() == outline
    again = Sketch.of_draft(sketch.draft())
    assert again.lines == sketch.lines
    assert read_outline(spell(again.outline())) == outline


def test_a_part_that_was_begun_and_left_empty_is_no_part():
    sketch = drawn()
    sketch.close()
    sketch.begin_part()
    assert sketch.drawing
    assert sketch.close()
    assert len(sketch.lines) == 1


@pytest.mark.parametrize("place", [(102.72, 25.05), (126.5, 45.8), (73.5, 39.2)])
def test_degrees_go_to_the_plane_and_back(place):
    assert degrees(*plane(*place)) == pytest.approx(place, abs=1e-9)


def test_a_metre_on_the_plane_is_as_long_as_on_the_ground():
    x, y = plane(102.72, 25.05)
    east, _ = plane(102.73, 25.05)
    assert (east - x) * metres(y) == pytest.approx(1009.0, rel=0.005)  # 0.01° at 25.05° N on the ellipsoid


def test_zooming_keeps_the_place_under_the_mouse_and_panning_moves_by_pixels():
    view = View(*plane(102.72, 25.05), 12.0, 1000, 600)
    under = view.plane(700, 200)
    near = view.zoomed(3, 700, 200)
    assert near.zoom == 13.5
    assert near.plane(700, 200) == pytest.approx(under, abs=1e-12)
    moved = view.moved(30, -10)
    assert moved.screen(*under) == pytest.approx((730, 190))
    assert View(zoom=21.0).zoomed(9).zoom == 21.0


def test_what_is_fitted_is_seen_whole_at_a_zoom_of_tiles():
    left, top = plane(102.0, 25.1)
    right, bottom = plane(102.3, 25.0)
    view = View(width=900, height=500).fitted((left, top, right, bottom))
    seen = view.bounds
    assert seen[0] < left
    assert seen[1] < top
    assert seen[2] > right
    assert seen[3] > bottom
    assert view.zoom % 0.5 == 0


def test_tiles_cover_the_view_and_nothing_twice():
    view = View(*plane(102.72, 25.05), 13.5, 500, 400)
    tiles = tiles_of(view)
    assert len(tiles) == len(set(tiles))
    left, top, right, bottom = view.bounds
    assert min(tile.corner[0] for tile in tiles) <= left
    assert min(tile.corner[1] for tile in tiles) <= top
    assert max(tile.corner[0] + tile.side for tile in tiles) >= right
    assert max(tile.corner[1] + tile.side for tile in tiles) >= bottom
    assert tiles[0] == Tile(27, int(view.x / tiles[0].side), int(view.y / tiles[0].side))
