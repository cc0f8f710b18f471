"""Counts along the chain person, household, dwelling, building, grid: joins that no single form's list can give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.store.query import spans

if TYPE_CHECKING:
    from app.store.driver import Connection

_AT_ONCE = 400
# Who moved away or died keeps the household as his past: he is counted nowhere.
_ALIVE = "r.deleted = 0 AND (r.presence IS NULL OR r.presence NOT IN ('moved', 'dead'))"
_BELOW = f"""
    LEFT JOIN record_household h ON h.dwelling = d.id AND h.deleted = 0 AND h.ended_on IS NULL
    LEFT JOIN record_resident r ON r.household = h.id AND {_ALIVE}
    WHERE d.deleted = 0
"""
_CHAIN = f"FROM record_dwelling d {_BELOW}"
# By area first: sorted by grid beforehand, the whole county would be read for one village.
_OF_AREA = f"FROM record_dwelling d INDEXED BY record_dwelling_living_area_grid {_BELOW}"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many dwellings, households and residents a place holds."""

    dwellings: int = 0
    households: int = 0
    residents: int = 0


def by_grid(conn: Connection, areas: Collection[str]) -> dict[str | None, Tally]:
    """For each grid of *areas* (codes) what it holds; None gathers the dwellings without a grid."""
    return _tallies(conn, "d.grid", areas)


def by_building(conn: Connection, grid: str) -> dict[str | None, Tally]:
    """For each building of *grid* what it holds."""
    return _group(conn, "d.building", "AND d.grid = ?", [grid])


def by_dwelling(conn: Connection, building: str) -> dict[str | None, Tally]:
    """For each dwelling of *building* what it holds."""
    return _group(conn, "d.id", "AND d.building = ?", [building])


def of_dwellings(conn: Connection, ids: Sequence[str]) -> Tally:
    """What these dwellings hold together."""
    whole = [0, 0, 0]
    for at in range(0, len(ids), _AT_ONCE):
        part = list(ids[at : at + _AT_ONCE])
        marks = ",".join("?" * len(part))
        sql = f"SELECT count(DISTINCT d.id), count(DISTINCT h.id), count(r.id) {_CHAIN} AND d.id IN ({marks})"
        row = conn.execute(sql, part).fetchone()
        whole = [held + more for held, more in zip(whole, row, strict=True)]
    return Tally(*whole)


def of_grid(conn: Connection, grid: str) -> Tally:
    """What one grid holds."""
    return next(iter(_group(conn, "d.grid", "AND d.grid = ?", [grid]).values()), Tally())


def by_area(conn: Connection) -> dict[str, int]:
    """How many people each village has, of those whom this store holds."""
    sql = f"SELECT r.area, count(*) FROM record_resident r WHERE {_ALIVE} GROUP BY r.area"
    return dict(conn.execute(sql).fetchall())


def _tallies(conn: Connection, column: str, areas: Collection[str]) -> dict[str | None, Tally]:
    held = spans(conn, areas)
    inside = " OR ".join("d.area BETWEEN ? AND ?" for _ in held) or "0"
    return _group(conn, column, f"AND ({inside})", [edge for pair in held for edge in pair], _OF_AREA)


def _group(
    conn: Connection, column: str, tail: str, params: list[str], source: str = _CHAIN
) -> dict[str | None, Tally]:
    sql = f"SELECT {column}, count(DISTINCT d.id), count(DISTINCT h.id), count(r.id) {source} {tail} GROUP BY {column}"
    return {row[0]: Tally(*row[1:]) for row in conn.execute(sql, params)}


def unplaced_residents(conn: Connection, areas: Collection[str]) -> int:
    """How many residents have no household yet."""
    held = spans(conn, areas)
    inside = " OR ".join("r.area BETWEEN ? AND ?" for _ in held) or "0"
    sql = f"SELECT count(*) FROM record_resident r WHERE {_ALIVE} AND r.household IS NULL AND ({inside})"
    return int(conn.execute(sql, [edge for pair in held for edge in pair]).fetchone()[0])
