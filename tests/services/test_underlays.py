"""What lies under the map: a picture sealed and placed by two points, a tile file that is only read; nothing of it travels."""

from __future__ import annotations

import io
import sqlite3

import pytest
from PIL import Image

from app.errors import KnownError
from app.rules.mercator import plane
from app.rules.placing import Tie, placed
from app.services.underlays import Picture, Tiles
from app.store import retirement
from app.store.tile_file import TileFile
from app.store.underlay import FOLDER


def picture(path, size=(400, 300), colour=(200, 30, 30)):
    Image.new("RGB", size, colour).save(path)
    return path


def tile(colour=(10, 120, 10), kind="PNG"):
    made = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(made, kind)
    return made.getvalue()


def mbtiles(path, *, zoom=14, column=0, row=0, content=None, metadata=None):
    """A file with one tile; *row* counts from the north, as everywhere but in the file."""
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
    conn.execute("CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)")
    conn.executemany(
        "INSERT INTO metadata VALUES (?, ?)", (metadata or {"format": "png", "bounds": "102,25,103,26"}).items()
    )
    conn.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (zoom, column, (1 << zoom) - 1 - row, content or tile()))
    conn.commit()
    conn.close()
    return path


TIES = [Tie(10, 10, 102.0, 25.02), Tie(390, 290, 102.02, 25.0)]


def test_a_picture_is_kept_sealed_and_placed_by_two_points(office, tmp_path):
    office.underlays.lay_picture(picture(tmp_path / "航拍.png"))
    assert office.underlays.now().placing is None
    placing = office.underlays.place(TIES)
    for tie in TIES:
        assert placing.plane(tie.across, tie.down) == pytest.approx(plane(tie.lon, tie.lat), abs=1e-12)
    held = office.underlays.now()
    assert isinstance(held, Picture)
    assert (held.name, held.width, held.height, held.placing) == ("航拍.png", 400, 300, placing)
    [kept] = (office.store.folder / FOLDER).iterdir()
    assert held.content not in kept.read_bytes()
    assert Image.open(io.BytesIO(held.content)).getpixel((5, 5))[0] > 150
    assert office.store.outbox.waiting().total == 0


def test_another_underlay_takes_the_first_away(office, tmp_path):
    office.underlays.lay_picture(picture(tmp_path / "a.png"))
    office.underlays.lay_picture(picture(tmp_path / "b.png"))
    assert len(list((office.store.folder / FOLDER).iterdir())) == 1
    office.underlays.lay_tiles(mbtiles(tmp_path / "m.mbtiles"))
    assert isinstance(office.underlays.now(), Tiles)
    assert list((office.store.folder / FOLDER).iterdir()) == []
    office.underlays.take_away()
    assert office.underlays.now() is None


def test_points_too_near_place_nothing(office, tmp_path):
    office.underlays.lay_picture(picture(tmp_path / "a.png"))
    with pytest.raises(KnownError, match="太近"):
        office.underlays.place([TIES[0], Tie(15, 15, 102.02, 25.0)])
    assert placed(TIES[0], TIES[0], 400, 300) is None
    assert office.underlays.now().placing is None


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_picture_leaves_what_was_there(office, tmp_path, content):
    office.underlays.lay_picture(picture(tmp_path / "a.png"))
    (tmp_path / "b.png").write_bytes(content)
    with pytest.raises(KnownError) as told:
        office.underlays.lay_picture(tmp_path / "b.png")
    assert told.value.code == "map.not_a_picture"
    assert office.underlays.now().name == "a.png"


def test_a_picture_that_was_altered_is_told_of(office, tmp_path):
    office.underlays.lay_picture(picture(tmp_path / "a.png"))
    [kept] = (office.store.folder / FOLDER).iterdir()
    kept.write_bytes(kept.read_bytes()[:-5] + b"12345")
    with pytest.raises(KnownError, match="打不开"):
        office.underlays.now()


def test_a_wipe_takes_the_picture_too(office, tmp_path):
    office.underlays.lay_picture(picture(tmp_path / "a.png"))
    home = office.store.folder
    office.store.close()
    assert retirement.remove_data(home)
    assert not (home / FOLDER).exists()


def test_tiles_are_found_by_their_place_from_the_north(tmp_path):
    path = mbtiles(tmp_path / "底图.mbtiles", zoom=14, column=12870, row=6985)
    file = TileFile.open(path)
    assert file.tile(14, 12870, 6985) == tile()
    assert file.tile(14, 12870, 6986) is None
    assert (file.least, file.most, file.bounds) == (14, 14, (102.0, 25.0, 103.0, 26.0))
    file.close()
    assert [one.name for one in tmp_path.iterdir()] == ["底图.mbtiles"]


@pytest.mark.parametrize(
    ("content", "metadata", "code"),
    [
        (b"\x1f\x8b\x08", {"format": "pbf"}, "map.vector_tiles"),
        (b"GIF89a", {"format": "gif"}, "map.not_mbtiles"),
        (None, None, "map.not_mbtiles"),
    ],
)
def test_what_is_no_raster_tile_file_is_refused(office, tmp_path, content, metadata, code):
    path = tmp_path / "m.mbtiles"
    if content is None:
        path.write_bytes(b"SQLite format 3\0 and no more")
    else:
        mbtiles(path, content=content, metadata=metadata)
    with pytest.raises(KnownError) as told:
        office.underlays.lay_tiles(path)
    assert told.value.code == code
    with pytest.raises(KnownError):
        office.underlays.lay_tiles(tmp_path / "gone.mbtiles")
    assert office.underlays.now() is None
