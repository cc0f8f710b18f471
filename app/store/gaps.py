"""Gaps in the chain person, household, dwelling, grid, area by area: joins that no single form's list can give."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from app.store.query import spans

if TYPE_CHECKING:
    from app.store.driver import Connection

# Each gives (id, area, title, note); {area} is replaced by the area's bounds, of which alias.area is asked.
_ALIVE = "r.deleted = 0 AND (r.presence IS NULL OR r.presence NOT IN ('moved', 'dead'))"
SQL = {
    "no_grid": (
        "d",
        """SELECT d.id, d.area, d.address, '' FROM record_dwelling d WHERE d.deleted = 0 AND d.grid IS NULL AND {area}""",
    ),
    "no_dwelling": (
        "h",
        """SELECT h.id, h.area, h.head_name, h.number FROM record_household h
           WHERE h.deleted = 0 AND h.dwelling IS NULL AND h.ended_on IS NULL AND {area}""",
    ),
    "unplaced": (
        "r",
        f"""SELECT r.id, r.area, r.name, '' FROM record_resident r
            WHERE {_ALIVE} AND r.household IS NULL AND {{area}}""",
    ),
    "no_contact": (
        "h",
        """SELECT h.id, h.area, h.head_name, d.address
           FROM record_household h LEFT JOIN record_dwelling d ON d.id = h.dwelling
           WHERE h.deleted = 0 AND h.contact IS NULL AND h.ended_on IS NULL AND {area}""",
    ),
    "empty": (
        "h",
        """SELECT h.id, h.area, h.head_name, d.address
           FROM record_household h LEFT JOIN record_dwelling d ON d.id = h.dwelling
           WHERE h.deleted = 0 AND h.ended_on IS NULL AND {area}
           AND NOT EXISTS (SELECT 1 FROM record_resident r WHERE r.household = h.id AND r.deleted = 0)""",
    ),
    "ended": (
        "h",
        f"""SELECT h.id, h.area, h.head_name, h.ended_on FROM record_household h
            WHERE h.deleted = 0 AND h.ended_on IS NOT NULL AND {{area}}
            AND EXISTS (SELECT 1 FROM record_resident r WHERE r.household = h.id AND {_ALIVE})""",
    ),
}
_HEADS = f"""
    SELECT w.id, w.area, w.head_name, w.heads, w.named, w.head, d.address FROM (
        SELECT h.id, h.area, h.head_name, h.dwelling, h.head, total(r.relation = '0') AS heads, total(r.id = h.head) AS named
        FROM record_household h INDEXED BY record_household_area
        CROSS JOIN record_resident r ON r.household = h.id AND {_ALIVE}
        WHERE h.deleted = 0 AND h.ended_on IS NULL AND {{area}}
        GROUP BY h.id HAVING heads != 1 OR (h.head IS NOT NULL AND total(r.id = h.head AND r.relation = '0') = 0)
    ) w LEFT JOIN record_dwelling d ON d.id = w.dwelling ORDER BY w.id
"""
_CONTACTS = """
    SELECT h.area, h.contact, count(*), min(h.id) FROM record_household h
    WHERE h.deleted = 0 AND h.ended_on IS NULL AND h.contact IS NOT NULL AND {area}
    GROUP BY h.area, h.contact HAVING count(*) > ?
"""
_GRIDS = """
    SELECT g.id, g.area, g.name, g.member, g.valid_to, count(DISTINCT d.id), count(h.id), g.code
    FROM record_grid g INDEXED BY record_grid_area
    LEFT JOIN record_dwelling d ON d.grid = g.id AND d.deleted = 0
    LEFT JOIN record_household h ON h.dwelling = d.id AND h.deleted = 0 AND h.ended_on IS NULL
    WHERE g.deleted = 0 AND {area} GROUP BY g.id
"""


def gaps(
    conn: Connection, kind: str, areas: Collection[str], limit: int
) -> tuple[int, list[tuple[str, str, str, str]]]:
    """How many gaps of *kind* (``SQL``) there are in *areas*, and the first *limit* of them: (id, area, title, note)."""
    alias, sql = SQL[kind]
    inside, params = _inside(conn, alias, areas)
    sql = sql.format(area=inside)
    rows = conn.execute(f"{sql} LIMIT ?", [*params, limit + 1]).fetchall()
    total = len(rows)
    if total > limit:
        total = int(conn.execute(f"SELECT count(*) FROM ({sql})", params).fetchone()[0])
    return total, [(row[0], row[1], str(row[2] or ""), str(row[3] or "")) for row in rows[:limit]]


def heads(conn: Connection, areas: Collection[str]) -> list[tuple[str, str, str, int, bool, str]]:
    """Households whose people and head don't agree.

    (id, area, head's name, members who are heads, whether the named head is no member, address)
    """
    inside, params = _inside(conn, "h", areas)
    rows = conn.execute(_HEADS.format(area=inside), params)
    return [
        (row[0], row[1], str(row[2] or ""), int(row[3]), bool(row[5]) and not row[4], str(row[6] or "")) for row in rows
    ]


def contacts(conn: Connection, areas: Collection[str], most: int) -> list[tuple[str, str, int, str]]:
    """(area, contact person, households, one of them) of everybody who looks after more than *most*."""
    inside, params = _inside(conn, "h", areas)
    return [tuple(row) for row in conn.execute(_CONTACTS.format(area=inside), [*params, most])]


def grids(conn: Connection, areas: Collection[str]) -> list[tuple[str, str, str, str, str, int, int, str]]:
    """(id, area, name, member, struck off on, dwellings, households, number) of every grid in *areas*."""
    inside, params = _inside(conn, "g", areas)
    rows = conn.execute(_GRIDS.format(area=inside), params)
    return [(r[0], r[1], str(r[2] or ""), str(r[3] or ""), str(r[4] or ""), r[5], r[6], str(r[7] or "")) for r in rows]


def _inside(conn: Connection, alias: str, areas: Collection[str]) -> tuple[str, list[str]]:
    held = spans(conn, areas)
    inside = " OR ".join(f"{alias}.area BETWEEN ? AND ?" for _ in held) or "0"
    return f"({inside})", [edge for pair in held for edge in pair]
