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
    without_point: int = 0
    """How many more dwellings there are, which have no point and their building none."""

    def __len__(self) -> int:
        return len(self.ids)


def dwellings(conn: Connection, areas: Collection[str]) -> Located:
    """The dwellings of *areas* (codes, with what lies below) that have a point; how many have none is ``without_point``."""
    held = spans(conn, areas)
    inside = " OR ".join("area BETWEEN ? AND ?" for _ in held) or "0"
    # A dwelling of its building's point has none of its own: the building's stands for it.
    sql = f"""
        SELECT d.id, coalesce(d.lon, b.lon), coalesce(d.lat, b.lat), coalesce(d.grid, b.grid), d.area
        FROM (SELECT id, lon, lat, grid, area, building FROM record_dwelling WHERE deleted = 0 AND ({inside})) d
        LEFT JOIN record_building b ON b.id = d.building AND b.deleted = 0
    """
    rows = conn.execute(sql, [edge for pair in held for edge in pair]).fetchall()
    kept = [row for row in rows if row[1] is not None and row[2] is not None]
    ids, lons, lats, grids, codes = zip(*kept, strict=True) if kept else ((), (), (), (), ())
    return Located(ids, lons, lats, grids, codes, len(rows) - len(kept))
