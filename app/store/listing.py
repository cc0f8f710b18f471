"""Long lists of residents: the ids that pass a filter, in order, held in sixteen bytes each; rows are read by the page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.store.query import spans

if TYPE_CHECKING:
    from app.store.driver import Connection

_ID_BYTES = 16
_AT_ONCE = 5_000
ORDERS = {
    "": "r.id",
    "name": "r.name, r.id",
    "-name": "r.name DESC, r.id",
    "birth_date": "r.birth_date, r.id",
    "-birth_date": "r.birth_date DESC, r.id",
    "area": "r.area, r.household, r.id",
    "-area": "r.area DESC, r.household, r.id",
    "presence": "r.presence, r.id",
    "-presence": "r.presence DESC, r.id",
}
"""What a list may be sorted by. The first is the order in which people were registered."""
_LISTED = "record_resident_living_area_presence_name_birth_date_sex"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What residents must be; None asks nothing. ``born`` is a range of ISO dates, both ends inside; ``ids`` a choice already made."""

    areas: tuple[str, ...]
    grid: str | None = None
    sex: str | None = None
    presence: str | None = None
    kind: str | None = None
    born: tuple[str, str] | None = None
    doubtful: bool = False
    placed: bool | None = None
    ids: Collection[str] | None = None


class Listing:
    """Ids in order, small enough to hold a whole county."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    @property
    def packed(self) -> bytes:
        """The ids that are held, sixteen bytes each."""
        return self._packed

    def __len__(self) -> int:
        return len(self._packed) // _ID_BYTES

    def page(self, offset: int, limit: int) -> list[str]:
        """The ids from *offset* on, *limit* at most."""
        part = self._packed[offset * _ID_BYTES : (offset + limit) * _ID_BYTES]
        return [part[start : start + _ID_BYTES].hex() for start in range(0, len(part), _ID_BYTES)]


def residents(conn: Connection, wanted: Wanted, order: str = "") -> Listing:
    """The residents that are as *wanted*, in one of ``ORDERS``; reads what it filters by once."""
    parts = ["r.deleted = 0"]
    params: list[Any] = []
    held = spans(conn, wanted.areas)
    if not held:
        return Listing(b"")
    # One range of the index and a look at each: the parts of an OR would each look their rows up.
    parts.append("r.area BETWEEN ? AND ?")
    params += [min(low for low, _ in held), max(high for _, high in held)]
    parts.append("(" + " OR ".join("+r.area BETWEEN ? AND ?" for _ in held) + ")")
    params += [edge for pair in held for edge in pair]
    for column, value in (("sex", wanted.sex), ("presence", wanted.presence), ("resident_kind", wanted.kind)):
        if value is not None:
            parts.append(f"r.{column} = ?")
            params.append(value)
    if wanted.born is not None:
        parts.append("r.birth_date BETWEEN ? AND ?")
        params += wanted.born
    if wanted.doubtful:
        parts.append("(r.verify_note IS NOT NULL OR r.id_written IS NOT NULL)")
    if wanted.placed is not None:
        parts.append(f"r.household IS {'NOT ' if wanted.placed else ''}NULL")
    if wanted.grid is not None:
        parts.append(
            "r.household IN (SELECT h.id FROM record_household h JOIN record_dwelling d ON d.id = h.dwelling"
            " WHERE d.grid = ? AND h.deleted = 0 AND d.deleted = 0)"
        )
        params.append(wanted.grid)
    if wanted.ids is not None:
        return _chosen(conn, parts, params, wanted.ids, order)
    how = _way(wanted, order)
    sql = f"SELECT r.id FROM record_resident r {how} WHERE {' AND '.join(parts)} ORDER BY {ORDERS[order]}"
    return pack(conn.execute(sql, params))


def _way(wanted: Wanted, order: str) -> str:
    """How to walk: over the index alone where it has all that is asked."""
    asks_more = wanted.grid is not None or wanted.placed is not None or wanted.kind is not None or wanted.doubtful
    return "" if asks_more or order.removeprefix("-") == "area" else f"INDEXED BY {_LISTED}"


def _chosen(conn: Connection, parts: Sequence[str], params: Sequence[Any], ids: Collection[str], order: str) -> Listing:
    # Through a table of its own: a search may have found more than a statement takes parameters.
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS chosen_resident (id TEXT PRIMARY KEY) WITHOUT ROWID")
    conn.execute("DELETE FROM chosen_resident")
    conn.executemany("INSERT OR IGNORE INTO chosen_resident VALUES (?)", [(one,) for one in ids])
    sql = (
        f"SELECT r.id FROM chosen_resident c CROSS JOIN record_resident r ON r.id = c.id"
        f" WHERE {' AND '.join(parts)} ORDER BY {ORDERS[order]}"
    )
    return pack(conn.execute(sql, list(params)))


def pack(rows: Any) -> Listing:
    """The ids that *rows* of one column hold, in their order."""
    return Listing(b"".join(iter(lambda: bytes.fromhex("".join([row[0] for row in rows.fetchmany(_AT_ONCE)])), b"")))
