"""Where dwellings lie: their points and grids read as bare columns, for a map of tens of thousands of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.store.query import spans

if TYPE_CHECKING:
    from app.store.driver import Connection


@dataclass(frozen=True, slots=True)
class Located:
    """Dwellings with a point, column by column in one order; ``grid`` is the entered one, None where none is."""

    ids: tuple[str, ...]
    lons: tuple[float, ...]
    lats: tuple[float, ...]
    grids: tuple[str | None, ...]
    areas: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def dwellings(conn: Connection, areas: Collection[str]) -> Located:
    """The dwellings of *areas* (codes, with what lies below) that have a point."""
    held = spans(conn, areas)
    inside = " OR ".join("area BETWEEN ? AND ?" for _ in held) or "0"
    # A dwelling of its building's point has none of its own: the building's stands for it.
    sql = f"""
        SELECT d.id, coalesce(d.lon, b.lon), coalesce(d.lat, b.lat), coalesce(d.grid, b.grid), d.area
        FROM (SELECT id, lon, lat, grid, area, building FROM record_dwelling WHERE deleted = 0 AND ({inside})) d
        LEFT JOIN record_building b ON b.id = d.building AND b.deleted = 0
        WHERE coalesce(d.lon, b.lon) IS NOT NULL AND coalesce(d.lat, b.lat) IS NOT NULL
    """
    rows = conn.execute(sql, [edge for pair in held for edge in pair]).fetchall()
    ids, lons, lats, grids, codes = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Located(ids, lons, lats, grids, codes)


def without_point(conn: Connection, areas: Collection[str]) -> int:
    """How many dwellings of *areas* have no point, and their building none."""
    held = spans(conn, areas)
    inside = " OR ".join("d.area BETWEEN ? AND ?" for _ in held) or "0"
    sql = f"""
        SELECT count(*) FROM record_dwelling d LEFT JOIN record_building b ON b.id = d.building AND b.deleted = 0
        WHERE d.deleted = 0 AND coalesce(d.lon, b.lon) IS NULL AND ({inside})
    """
    return int(conn.execute(sql, [edge for pair in held for edge in pair]).fetchone()[0])
