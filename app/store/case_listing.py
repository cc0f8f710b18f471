"""Long lists of cases: which pass, in which order, and how many stand under each tab, read from one index alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from app.errors import BugError
from app.store.listing import Listing, pack
from app.store.query import named, spans

if TYPE_CHECKING:
    from app.store.driver import Connection

COLUMNS = (
    "state", "visit_due", "due_at", "area", "lead_unit", "owner_role", "owner_unit", "level", "class_now",
    "supervise_level", "returned_at", "reported_at", "closed_at", "found_at", "reported_by", "assisting",
    "assist_open", "grid", "patron", "asked", "contested", "last_at", "accepted_at", "handle_due", "case_no", "title",
)  # fmt: skip
"""What the index of cases holds, the state first: what is open is found without a look at what is closed."""
INDEX = "record_event_in_lists"
HEAD = 300
"""So many ids are read before anybody looks further: laying fifty thousand in order takes longer than finding them."""

Where = Mapping[str, object]
"""Column -> value, a list of values, None for empty, ("<", value), ("between", low, high), or ("names", names): one of
the names stands in a text that is parted by 、; ("has", text): it stands anywhere in it."""

_OPERATORS = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
SORTED_BY = (
    "due_at", "state", "case_no", "title", "class_now", "area", "lead_unit", "owner_unit", "reported_at", "found_at",
    "closed_at", "last_at",
)  # fmt: skip
"""What a list may be sorted by, "-" before it for the other way round; what is empty comes last."""
WALKED = frozenset(SORTED_BY) - {"state"}
"""Of these an index of their own tells the order: where all cases are listed, the first are read off it."""
_ONLY_LISTED = frozenset({"title", "found_at"})
"""What nobody looks up: their indexes are for the lists alone (``layout._COUNTED``), and hold no deleted cases."""
HERE = "record_event_living_area"
_WALK = 4 * HEAD
"""So many steps a walk takes before it gives up: it met cases of other areas, or deleted ones, or its column is mostly empty."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What cases must be: in *areas*, in one of *states* (None: any), and of every group in *all_of* like one of its questions.

    ``ids``: a choice already made.
    """

    areas: tuple[str, ...]
    states: tuple[str, ...] | None = None
    all_of: tuple[tuple[Where, ...], ...] = ()
    ids: Collection[str] | None = None
    state_order: tuple[str, ...] = field(default=(), compare=False)


class CaseListing(Listing):
    """Knows how many there are and the first ``HEAD`` of them; all the rest once somebody looks so far."""

    def __init__(self, head: bytes, total: int, whole: Callable[[], bytes]) -> None:
        super().__init__(head)
        self._total = total
        self._whole: Callable[[], bytes] | None = whole

    def __len__(self) -> int:
        return self._total

    def page(self, offset: int, limit: int) -> list[str]:
        if self._whole is not None and offset + limit > HEAD:
            self._packed, self._whole = self._whole(), None
        return super().page(offset, limit)


def cases(conn: Connection, wanted: Wanted, order: str = "due_at") -> Listing:
    """The ids of those that are as *wanted*, in the order of a column of ``SORTED_BY``."""
    if _nothing(conn, wanted):
        return Listing(b"")

    def read(limit: int = -1, asked: Wanted = wanted) -> Listing:
        source, condition, params = _asked(conn, asked)
        by, more = _order(order, wanted.state_order)
        sql = f"SELECT r.id FROM {source} WHERE {condition} ORDER BY {by} LIMIT ?"
        return pack(conn.execute(sql, [*params, *more, limit]))

    if _is_all(wanted):
        head, total = _first(conn, wanted, order, read) or read(HEAD), _count_all(conn, wanted)
    else:
        head, total = _head(conn, wanted, order)
    return head if total <= HEAD else CaseListing(head.packed, total, lambda: read().packed)


def ids(conn: Connection, wanted: Wanted) -> frozenset[str]:
    """The ids of those that are as *wanted*."""
    if _nothing(conn, wanted):
        return frozenset()
    source, condition, params = _asked(conn, wanted)
    return frozenset(row[0] for row in conn.execute(f"SELECT r.id FROM {source} WHERE {condition}", params).fetchall())


def counts(conn: Connection, wanted: Wanted, tabs: Mapping[str, Sequence[Where]]) -> dict[str, int]:
    """Of those that are as *wanted*, how many are like one of each tab's questions; "" is how many there are in all."""
    if _nothing(conn, wanted):
        return dict.fromkeys(("", *tabs), 0)
    source, condition, params = _asked(conn, wanted)
    sums: list[str] = []
    asked: list[Any] = []
    for questions in tabs.values():
        part, more = _any(questions)
        sums.append(f", coalesce(sum({part}), 0)")
        asked += more
    row = conn.execute(f"SELECT count(*){''.join(sums)} FROM {source} WHERE {condition}", [*asked, *params]).fetchone()
    return dict(zip(("", *tabs), row, strict=True))


def figures(
    conn: Connection, areas: Collection[str], start: str, until: str, excluded: Sequence[str]
) -> dict[str, int]:
    """n_rep, n_acc, n_cls from *start* up to, without, *until*, which is now, and n_over_open then (see app.rules.indicators).

    *excluded*: the states that only n_rep counts.
    """
    held = spans(conn, areas)
    if not held:
        return dict.fromkeys(("n_rep", "n_acc", "n_cls", "n_over_open"), 0)
    inside = "(" + " OR ".join("+r.area BETWEEN ? AND ?" for _ in held) + ")"
    edges = [edge for pair in held for edge in pair]
    marks = ",".join("?" * len(excluded))
    counted = f"r.accepted_at IS NOT NULL AND r.state NOT IN ({marks})"

    def number(source: str, condition: str, params: Sequence[object]) -> int:
        sql = f"SELECT count(*) FROM record_event r {source} WHERE r.deleted = 0 AND {inside} AND {condition}"
        return int(conn.execute(sql, [*edges, *params]).fetchone()[0])

    span = [start, until]
    return {
        "n_rep": number("", "r.reported_at >= ? AND r.reported_at < ? AND r.state NOT IN ('draft', 'void')", span),
        "n_acc": number("", f"r.accepted_at >= ? AND r.accepted_at < ? AND {counted}", [*span, *excluded]),
        "n_cls": number("", f"r.closed_at >= ? AND r.closed_at < ? AND {counted}", [*span, *excluded]),
        # While it is suspended nothing is due.
        "n_over_open": number(
            f"INDEXED BY {INDEX}",
            f"{counted} AND r.accepted_at < ? AND (r.closed_at IS NULL OR r.closed_at >= ?) AND r.handle_due < ?"
            " AND r.state != 'suspended'",
            [*excluded, until, until, until],
        ),
    }


def units(conn: Connection) -> list[str]:
    """The units that lead a case, each once, by the steps of the index."""
    sql = (
        "WITH RECURSIVE unit(name) AS (SELECT min(lead_unit) FROM record_event UNION"
        " SELECT (SELECT min(lead_unit) FROM record_event WHERE lead_unit > unit.name) FROM unit"
        " WHERE unit.name IS NOT NULL) SELECT name FROM unit WHERE name IS NOT NULL"
    )
    return [row[0] for row in conn.execute(sql)]


def _head(conn: Connection, wanted: Wanted, order: str) -> tuple[Listing, int]:
    """The first ``HEAD``, and how many there are: what passes is gone through once for both."""
    source, condition, params = _asked(conn, wanted)
    by, more = _order(order, wanted.state_order)
    shown = ", ".join(f"r.{name} AS {name}" for name in dict.fromkeys(("id", order.removeprefix("-"), "due_at")))
    sql = (
        f"WITH passed AS MATERIALIZED (SELECT {shown} FROM {source} WHERE {condition})"
        f" SELECT r.id, (SELECT count(*) FROM passed) FROM passed r ORDER BY {by} LIMIT ?"
    )
    rows = conn.execute(sql, [*params, *more, HEAD]).fetchall()
    return Listing(bytes.fromhex("".join(row[0] for row in rows))), int(rows[0][1]) if rows else 0


def _is_all(wanted: Wanted) -> bool:
    """Whether nothing is asked of cases but where they are."""
    return wanted.ids is None and wanted.states is None and all({} in group for group in wanted.all_of)


def _count_all(conn: Connection, wanted: Wanted) -> int:
    held = spans(conn, wanted.areas)
    inside = " OR ".join("r.area BETWEEN ? AND ?" for _ in held)
    sql = f"SELECT count(*) FROM record_event r INDEXED BY {HERE} WHERE r.deleted = 0 AND ({inside})"
    return int(conn.execute(sql, [edge for pair in held for edge in pair]).fetchone()[0])


def _first(conn: Connection, wanted: Wanted, order: str, read: Callable[[int, Wanted], Listing]) -> Listing | None:
    """The first ``HEAD`` of all cases, without laying all of them in order; None where that isn't to be had."""
    name, down = order.removeprefix("-"), order.startswith("-")
    if name == "state" and wanted.state_order:
        found = b""
        for state in reversed(wanted.state_order) if down else wanted.state_order:
            found += read(HEAD - len(Listing(found)), replace(wanted, states=(state,))).packed
            if len(Listing(found)) >= HEAD:
                return Listing(found)
        return None
    if name not in WALKED:
        return None
    held = spans(conn, wanted.areas)
    inside = " OR ".join("area BETWEEN ? AND ?" for _ in held)
    way = " DESC" if down else ""
    index, there = (f"living_{name}", "deleted = 0 AND ") if name in _ONLY_LISTED else (name, "")
    walk = (
        f"SELECT id, deleted, area, {name} FROM record_event INDEXED BY record_event_{index}"
        f" WHERE {there}{name} IS NOT NULL ORDER BY {name}{way}, id{way} LIMIT {_WALK}"
    )
    sql = f"SELECT id FROM ({walk}) WHERE deleted = 0 AND ({inside}) ORDER BY {name}{way}, id{way} LIMIT ?"
    found = pack(conn.execute(sql, [*(edge for pair in held for edge in pair), HEAD])).packed
    return Listing(found) if len(Listing(found)) == HEAD else None


def _nothing(conn: Connection, wanted: Wanted) -> bool:
    # Not even asked: of a condition that is never true no way leads through the index.
    return wanted.states == () or not spans(conn, wanted.areas)


def _asked(conn: Connection, wanted: Wanted) -> tuple[str, str, list[Any]]:
    """(what to read, the condition, its parameters)."""
    held = spans(conn, wanted.areas)
    parts = ["r.deleted = 0", "(" + " OR ".join("+r.area BETWEEN ? AND ?" for _ in held) + ")"]
    params: list[Any] = [edge for pair in held for edge in pair]
    if wanted.states is not None:
        parts.append(f"r.state IN ({','.join('?' * len(wanted.states))})")
        params += wanted.states
    for questions in wanted.all_of:
        part, more = _any(questions)
        parts.append(part)
        params += more
    if wanted.ids is None:
        return f"record_event r INDEXED BY {INDEX}", " AND ".join(parts), params
    _choose(conn, wanted.ids)
    return "chosen_case c CROSS JOIN record_event r ON r.id = c.id", " AND ".join(parts), params


def _choose(conn: Connection, ids: Collection[str]) -> None:
    # Through a table of its own: a search may have found more than a statement takes parameters.
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS chosen_case (id TEXT PRIMARY KEY) WITHOUT ROWID")
    conn.execute("DELETE FROM chosen_case")
    conn.executemany("INSERT OR IGNORE INTO chosen_case VALUES (?)", [(one,) for one in ids])


def _any(questions: Sequence[Where]) -> tuple[str, list[Any]]:
    """Like one of *questions*; of none at all, nothing is. What is empty is like nothing: unknown counts as no."""
    parts: list[str] = []
    params: list[Any] = []
    for question in questions:
        asked = [_one(name, value, params) for name, value in question.items()]
        parts.append(" AND ".join(asked) or "1")
    return "(" + (" OR ".join(f"({part})" for part in parts) or "0") + ")", params


def _one(name: str, value: object, params: list[Any]) -> str:
    if name not in COLUMNS:
        raise BugError(f"lists of cases know no {name}")
    column = f"r.{name}"
    if value is None:
        return f"{column} IS NULL"
    if isinstance(value, list):
        params += value
        return f"{column} IN ({','.join('?' * len(value))})"
    if not isinstance(value, tuple):
        params.append(value)
        return f"{column} = ?"
    kind, *bound = value
    if kind == "has":
        params.append(bound[0])
        return f"instr({column}, ?) > 0"
    if kind == "names":
        return named(column, bound[0], params)
    params += bound
    return f"{column} BETWEEN ? AND ?" if kind == "between" else f"{column} {_OPERATORS[kind]} ?"


def _order(order: str, states: Sequence[str]) -> tuple[str, list[Any]]:
    name, down = order.removeprefix("-"), " DESC" if order.startswith("-") else ""
    if name not in SORTED_BY:
        raise BugError(f"lists of cases are not sorted by {order}")
    if name == "state" and states:
        # In the order in which a case goes through them, not in that of their codes.
        place, known = "coalesce(instr(?, ',' || r.state || ','), 0)", f",{','.join(states)},"
        return f"{place} = 0, {place}{down}, r.due_at IS NULL, r.due_at, r.id", [known, known]
    return f"r.{name} IS NULL, r.{name}{down}, r.id{down}", []
