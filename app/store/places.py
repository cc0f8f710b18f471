"""Counts along the chain person, household, dwelling, building, grid: joins that no single form's list can give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.store.query import spans

if TYPE_CHECKING:
    from app.store.driver import Connection

_AT_ONCE = 400
_CHAIN = """
    FROM record_dwelling d
    LEFT JOIN record_household h ON h.dwelling = d.id AND h.deleted = 0
    LEFT JOIN record_resident r ON r.household = h.id AND r.deleted = 0
    WHERE d.deleted = 0
"""


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


def _tallies(conn: Connection, column: str, areas: Collection[str]) -> dict[str | None, Tally]:
    held = spans(conn, areas)
    inside = " OR ".join("d.area BETWEEN ? AND ?" for _ in held) or "0"
    return _group(conn, column, f"AND ({inside})", [edge for pair in held for edge in pair])


def _group(conn: Connection, column: str, tail: str, params: list[str]) -> dict[str | None, Tally]:
    sql = f"SELECT {column}, count(DISTINCT d.id), count(DISTINCT h.id), count(r.id) {_CHAIN} {tail} GROUP BY {column}"
    return {row[0]: Tally(*row[1:]) for row in conn.execute(sql, params)}


def unplaced_residents(conn: Connection, areas: Collection[str]) -> int:
    """How many residents have no household yet."""
    held = spans(conn, areas)
    inside = " OR ".join("area BETWEEN ? AND ?" for _ in held) or "0"
    sql = f"SELECT count(*) FROM record_resident WHERE deleted = 0 AND household IS NULL AND ({inside})"
    return int(conn.execute(sql, [edge for pair in held for edge in pair]).fetchone()[0])
