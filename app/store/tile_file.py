"""A raster MBTiles file (MBTiles 1.3): a plain SQLite database of pictures by zoom, column and row, that others made. Only read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from app.errors import KnownError

_RASTER = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
_VECTOR = (b"\x1f\x8b", b"\x1a")


class TileFile:
    """Belongs to the thread that opened it."""

    def __init__(
        self, conn: sqlite3.Connection, least: int, most: int, bounds: tuple[float, float, float, float] | None
    ) -> None:
        self._conn = conn
        self.least, self.most = least, most
        self.bounds = bounds
        """West, south, east and north in degrees, where the file says so."""

    @classmethod
    def open(cls, path: Path) -> TileFile:
        """Raises KnownError("map.no_file", "map.not_mbtiles", "map.vector_tiles")."""
        if not path.is_file():
            raise KnownError("map.no_file", file=path.name)
        conn = None
        try:
            # Nobody writes to it meanwhile, and no journal may be made beside a file that is not ours.
            conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            told = dict(conn.execute("SELECT name, value FROM metadata").fetchall())
            first = conn.execute("SELECT tile_data FROM tiles LIMIT 1").fetchone()
            zooms = conn.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
        except sqlite3.Error as bad:
            if conn is not None:
                conn.close()
            raise KnownError("map.not_mbtiles", file=path.name) from bad
        content = bytes(first[0]) if first and first[0] else b""
        if str(told.get("format", "")).lower() == "pbf" or content.startswith(_VECTOR):
            conn.close()
            raise KnownError("map.vector_tiles", file=path.name)
        if not content.startswith(_RASTER):
            conn.close()
            raise KnownError("map.not_mbtiles", file=path.name)
        return cls(conn, int(zooms[0]), int(zooms[1]), _bounds(str(told.get("bounds", ""))))

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """The picture of the *column*-th tile from the west and *row*-th from the north; None where the file has none."""
        # MBTiles counts rows from the south.
        sql = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        try:
            found = self._conn.execute(sql, (zoom, column, (1 << zoom) - 1 - row)).fetchone()
        except sqlite3.Error:
            # A stick that was pulled out: the map goes on without its ground.
            return None
        return bytes(found[0]) if found and found[0] else None

    def close(self) -> None:
        """Close the file."""
        self._conn.close()


def _bounds(text: str) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (west, south, east, north) if -180 <= west < east <= 180 and -86 < south < north < 86 else None
