"""Lists, counts and history: everything that only reads records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgpack

from app.errors import BugError
from app.schema.ddl import table_name
from app.schema.record import Change, Record
from app.schema.values import Value
from app.store.rows import STUB, Rows

if TYPE_CHECKING:
    from app.schema.form import Forms
    from app.store.driver import Connection

_PLAIN = {"id", "area", "rev", "pending", "standing", "deleted"}
_LAST_TIME = 253_402_300_799_000
"""Ms since 1970 of the end of the year 9999: no clock says more."""
_OPERATORS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "!=": "IS NOT"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a record's history; ``kind``: own, county, lost, refused. ``time`` 0: it stood when the record came."""

    time: int
    user: str
    device: str
    kind: str
    rev: int
    values: Mapping[str, Value]


class Query:
    """Reading; opens no transaction."""

    def __init__(self, conn: Connection, forms: Forms, rows: Rows) -> None:
        self._conn = conn
        self._forms = forms
        self._rows = rows

    def select(
        self,
        form: str,
        where: Mapping[str, object] | None = None,
        *,
        area: str | Collection[str] | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
        deleted: bool = False,
    ) -> list[Record]:
        """Records of *form* that aren't deleted.

        *where*: field -> value, a list of values, None for empty, ("<", value), ("between", low, high), or ("names", names).
        *area*: a code or codes; one that ends in zeros covers what lies
        in it. *order*: field names, "-name" for descending.
        """
        tail, params = self._tail(form, where, area, deleted=deleted)
        if order:
            tail += " ORDER BY " + ", ".join(self._order(form, name) for name in order)
        if limit is not None:
            tail += " LIMIT ? OFFSET ?"
            params += [limit, offset]
        return [row.record() for row in self._rows.read(form, tail, params)]

    def columns(
        self,
        form: str,
        names: Sequence[str],
        where: Mapping[str, object] | None = None,
        *,
        area: str | Collection[str] | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """Of each record that ``select`` finds just the columns *names* (fields as they are stored, "id", "area"), row by row."""
        chosen = ", ".join(self._column(form, name) for name in names)
        tail, params = self._tail(form, where, area)
        yield from self._conn.execute(f"SELECT {chosen} FROM {table_name(form)} {tail}", params)

    def count(
        self, form: str, where: Mapping[str, object] | None = None, *, area: str | Collection[str] | None = None
    ) -> int:
        """How many records ``select`` finds."""
        tail, params = self._tail(form, where, area)
        return int(self._conn.execute(f"SELECT count(*) FROM {table_name(form)} {tail}", params).fetchone()[0])

    def tally(
        self,
        form: str,
        by: str,
        where: Mapping[str, object] | None = None,
        *,
        area: str | Collection[str] | None = None,
    ) -> dict[Any, int]:
        """How many there are for each value of *by*."""
        column = self._column(form, by)
        tail, params = self._tail(form, where, area)
        return dict(
            self._conn.execute(
                f"SELECT {column}, count(*) FROM {table_name(form)} {tail} GROUP BY {column}", params
            ).fetchall()
        )

    def repeated(self, form: str, field: str, *, area: str | Collection[str] | None = None) -> list[Any]:
        """The values of *field* that more than one record has."""
        column = self._column(form, field)
        tail, params = self._tail(form, {field: ("!=", None)}, area)
        sql = f"SELECT {column} FROM {table_name(form)} {tail} GROUP BY {column} HAVING count(*) > 1"
        return [row[0] for row in self._conn.execute(sql, params)]

    def together(
        self, form: str, fields: Sequence[str], *, area: str | Collection[str] | None = None
    ) -> list[list[str]]:
        """The ids of records that are the same in all *fields*, none of them empty: each group of two and more. Reads them all."""
        columns = [self._column(form, name) for name in fields]
        tail, params = self._tail(form, dict.fromkeys(fields, ("!=", None)), area)
        sql = (
            f"SELECT group_concat(id) FROM {table_name(form)} {tail} GROUP BY {', '.join(columns)} HAVING count(*) > 1"
        )
        return [str(row[0]).split(",") for row in self._conn.execute(sql, params)]

    def column(
        self, form: str, field: str, *, area: str | Collection[str] | None = None, limit: int = 100_000
    ) -> list[tuple[str, Any]]:
        """(id, value of *field*) of the records of *area* that have one: what a whole township can be looked through by."""
        column = self._column(form, field)
        tail, params = self._tail(form, {field: ("!=", None)}, area)
        sql = f"SELECT id, {column} FROM {table_name(form)} {tail} LIMIT ?"
        return [(row[0], row[1]) for row in self._conn.execute(sql, [*params, limit])]

    def history(self, record_id: str) -> list[Line]:
        """What this device knows of the record's past, oldest first."""
        rows = self._conn.execute(
            "SELECT time, user, device, kind, rev, body FROM history WHERE id = ? ORDER BY seq", (record_id,)
        )
        return [
            Line(time, user, device, kind, rev or 0, msgpack.unpackb(body))
            for time, user, device, kind, rev, body in rows
        ]

    def received(self, ids: Sequence[str]) -> dict[str, int]:
        """When the county took each record that is never changed, ms since 1970 UTC by its clock, where it said so.

        One that didn't say (its program is older) has answered at least what was made here.
        """
        marks = ",".join("?" * len(ids))
        sql = f"SELECT id, min(answered) FROM history WHERE id IN ({marks}) AND answered IS NOT NULL GROUP BY id"
        answered = dict(self._conn.execute(sql, list(ids)).fetchall())
        told = self._conn.execute(f"SELECT id, at FROM taken WHERE id IN ({marks})", list(ids)).fetchall()
        return {**answered, **dict(told)}

    def keep_received(self, told: Iterable[tuple[str, int]]) -> None:
        """Write down when the county took records, as (id, ms); what it said first stands, also over a restore of the county.

        A time that is none isn't kept. The caller holds the transaction.
        """
        self._conn.executemany(
            "INSERT OR IGNORE INTO taken (id, at) VALUES (?, ?)",
            [(record_id, at) for record_id, at in told if 0 < at < _LAST_TIME],
        )

    def keep_past(self, form: str, stood: Mapping[str, tuple[int, Mapping[str, Value]]]) -> None:
        """Write down what stands in records of which this device knows no past, before it is overwritten for the first time.

        ``stood``: rev and agreed values by id. A record that came whole has no line until then: its row says it all.
        """
        ids = list(stood)
        known: set[str] = set()
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            known |= {row[0] for row in self._conn.execute(f"SELECT id FROM history WHERE id IN ({marks})", part)}
        self._conn.executemany(
            "INSERT INTO history (form, id, counter, rev, time, user, device, kind, body) VALUES (?,?,NULL,?,0,'','',?,?)",
            [
                (form, record_id, rev, "county", msgpack.packb({n: v for n, v in values.items() if v is not None}))
                for record_id, (rev, values) in stood.items()
                if record_id not in known
            ],
        )

    def write_history(self, changes: Sequence[Change], kind: str, *, device: str = "") -> None:
        """Append a line for each change; the caller holds the transaction."""
        self._conn.executemany(
            "INSERT INTO history (form, id, counter, rev, time, user, device, kind, body) VALUES (?,?,?,?,?,?,?,?,?)",
            [(c.form, c.id, c.counter, 0, c.time, c.user, device, kind, msgpack.packb(c.values)) for c in changes],
        )

    def _tail(
        self,
        form: str,
        where: Mapping[str, object] | None,
        area: str | Collection[str] | None,
        *,
        deleted: bool = False,
    ) -> tuple[str, list[Any]]:
        # A stub stands for a record that is somebody else's now: it is nobody's to list.
        parts = [f"standing != '{STUB}'"] if deleted else ["deleted = 0"]
        params: list[Any] = []
        for name, value in (where or {}).items():
            column = self._column(form, name)
            if value is None:
                parts.append(f"{column} IS NULL")
            elif isinstance(value, tuple) and value[0] == "between":
                parts.append(f"{column} BETWEEN ? AND ?")
                params += value[1:]
            elif isinstance(value, tuple) and value[0] == "names":
                parts.append(named(column, value[1], params))
            elif isinstance(value, tuple):
                operator, bound = value
                parts.append(f"{column} {_OPERATORS[operator]} ?")
                params.append(bound)
            elif isinstance(value, list | set | frozenset):
                parts.append(f"{column} IN ({','.join('?' * len(value))})")
                params += list(value)
            else:
                parts.append(f"{column} = ?")
                params.append(int(value) if isinstance(value, bool) else value)
        if area is not None:
            held = spans(self._conn, [area] if isinstance(area, str) else area)
            parts.append("(" + (" OR ".join("area BETWEEN ? AND ?" for _ in held) or "0") + ")")
            params += [edge for pair in held for edge in pair]
        return ("WHERE " + " AND ".join(parts)) if parts else "", params

    def _column(self, form: str, name: str) -> str:
        if name not in _PLAIN and name not in self._forms[form].fields:
            raise BugError(f"{form} has no field {name}")
        return f'"{name}"'

    def _order(self, form: str, name: str) -> str:
        return f"{self._column(form, name[1:])} DESC" if name.startswith("-") else self._column(form, name)


# Areas whose code does not begin with the digits of the one above them: a village that was given to another township.
_STRANGERS = "SELECT code, parent FROM area WHERE parent != '' AND code NOT BETWEEN parent AND rtrim(parent, '0') || '9999999999'"


def named(column: str, names: Collection[str], params: list[Any]) -> str:
    """The condition that one of *names* stands in the text of *column*, which 、 parts; its parameters go to *params*."""
    params += [f"、{each}、" for each in names]
    return "(" + (" OR ".join(f"instr('、' || {column} || '、', ?) > 0" for _ in names) or "0") + ")"


def spans(conn: Connection, codes: Collection[str]) -> list[tuple[str, str]]:
    """The lowest and highest codes that *codes* cover, and each area that lies in them but is not numbered so."""
    found = [span(code) for code in codes]
    for code, parent in conn.execute(_STRANGERS):
        if any(low <= parent <= high for low, high in found):
            found.append((code, code))
    return _joined(found)


def _joined(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same codes in fewer ranges: the townships of a county are numbered one after the other, and each range is a look at every row."""
    joined: list[tuple[str, str]] = []
    for low, high in sorted(found):
        if joined and _follows(joined[-1][1], low):
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined


def _follows(high: str, low: str) -> bool:
    """Whether no code lies between *high* and *low*."""
    return low <= high or (high.isdecimal() and low.isdecimal() and len(high) == len(low) and int(low) == int(high) + 1)


def span(code: str) -> tuple[str, str]:
    """The lowest and highest area code that *code* covers: a township (…000) its villages, a county (…000000) its townships."""
    for zeros in (10, 8, 6, 3):
        if code.endswith("0" * zeros):
            return code, code[:-zeros] + "9" * zeros
    return code, code
