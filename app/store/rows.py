"""Rows of the record tables: what is agreed with the county, and the unsent changes laid over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgpack

from app.schema.ddl import from_row, table_name
from app.schema.digest import record_hash
from app.schema.record import AREA, DELETED, Change, Record, pack_revs, unpack_revs
from app.schema.values import Value

if TYPE_CHECKING:
    from app.schema.form import Form, Forms
    from app.store.driver import Connection
    from app.store.search import Keys

_CHUNK = 500
STUB, REFUSED = "stub", "refused"
"""Where a row stands, if not with the rest: handed over to another area; refused by the county and only on this machine."""
WENT = "@went"
"""Under this name a stub, and the delta that makes one, say in words where the record went."""


Cells = tuple[Any, ...]


@dataclass(slots=True)
class Row:
    """One record as the store holds it. ``rev``, ``revs`` and ``hash`` speak of the agreed state, the rest of what people see.

    ``keys``: what search finds it by, and ``cells``: what its columns hold, where that was reckoned ahead.
    """

    form: str
    id: str
    area: str
    values: dict[str, Value]
    rev: int = 0
    revs: dict[str, int] = field(default_factory=dict)
    extra: dict[str, Value] = field(default_factory=dict)
    deleted: bool = False
    pending: int = 0
    standing: str = ""
    hash: bytes | None = None
    keys: Keys | None = None
    cells: Cells | None = None

    def record(self) -> Record:
        """The row as everyone else passes it on."""
        return Record(
            self.form, self.id, self.area, self.values, self.rev, self.revs, self.extra, self.deleted, self.pending
        )

    def rev_of(self, name: str) -> int:
        """The rev of the last agreed change of field *name*."""
        return self.revs.get(name, self.revs.get("", 0))


@dataclass(slots=True)
class Agreed:
    """What the county and this device agree on for one record; ``area`` empty: the county doesn't have it yet."""

    area: str = ""
    deleted: bool = False
    values: dict[str, Value] = field(default_factory=dict)
    extra: dict[str, Value] = field(default_factory=dict)

    def set(self, form: Form, name: str, value: Value) -> None:
        """Set one field, known or not, or where the record is, or whether it is deleted."""
        if name == AREA:
            self.area = str(value)
        elif name == DELETED:
            self.deleted = bool(value)
        elif name in form.blank:
            self.values[name] = value
        else:
            self.extra[name] = value

    def pack(self) -> bytes:
        """The bytes kept beside a record with unsent changes."""
        packed: bytes = msgpack.packb([self.area, self.deleted, self.values, self.extra])
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Agreed:
        """The inverse of ``pack``."""
        return cls(*msgpack.unpackb(packed))

    @classmethod
    def of(cls, form: Form, row: Row) -> Agreed:
        """The agreed state of a row without unsent changes."""
        stored = {name: row.values.get(name) for name in form.blank}
        return cls(row.area if row.rev else "", row.deleted, stored, dict(row.extra))

    def hash(self, form: str, record_id: str) -> bytes | None:
        """The hash for the stream's digest; None while the county doesn't have the record."""
        if not self.area:
            return None
        return record_hash(form, record_id, self.area, self.deleted, {**self.values, **self.extra})


class Rows:
    """Reading and writing rows; knows no rule and opens no transaction."""

    def __init__(self, conn: Connection, forms: Forms) -> None:
        self._conn = conn
        self._forms = forms

    def get(self, form: str, ids: Iterable[str]) -> dict[str, Row]:
        """The rows of *form* with these ids that exist."""
        wanted = list(ids)
        found: dict[str, Row] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for row in self.read(form, f"WHERE id IN ({marks})", part):
                found[row.id] = row
        return found

    def read(self, form: str, tail: str, params: Sequence[Any] = ()) -> list[Row]:
        """The rows of *form* that the SQL *tail* selects."""
        shape = self._forms[form]
        names = list(shape.fields)
        columns = ", ".join(f'"{name}"' for name in names)
        sql = f"SELECT id, area, rev, revs, extra, deleted, pending, standing, hash, {columns} FROM {table_name(form)} {tail}"
        return [
            Row(
                form, raw[0], raw[1], from_row(shape, dict(zip(names, raw[9:], strict=True))), raw[2], unpack_revs(raw[3]),
                msgpack.unpackb(raw[4]) if raw[4] else {}, bool(raw[5]), raw[6], raw[7], raw[8],
            )
            for raw in self._conn.execute(sql, params)
        ]  # fmt: skip

    def put(self, form: str, rows: Sequence[Row]) -> None:
        """Insert or replace whole rows."""
        if not rows:
            return
        shape = self._forms[form]
        names = list(shape.fields)
        columns = ", ".join(f'"{name}"' for name in names)
        marks = ",".join("?" * (9 + len(names)))
        sql = f"INSERT OR REPLACE INTO {table_name(form)} (id, area, rev, revs, extra, deleted, pending, standing, hash, {columns}) VALUES ({marks})"
        self._conn.executemany(sql, [row.cells or cells_of(shape, row) for row in rows])

    def settle(self, form: str, rows: Sequence[Row]) -> None:
        """Write only what a receipt changes where people see no difference: revs, hash, pending and standing."""
        self._conn.executemany(
            f"UPDATE {table_name(form)} SET rev = ?, revs = ?, pending = ?, standing = ?, hash = ? WHERE id = ?",
            [(row.rev, pack_revs(row.revs), row.pending, row.standing, row.hash, row.id) for row in rows],
        )

    def agreed(self, ids: Iterable[str]) -> dict[str, Agreed]:
        """What is agreed of those records that have unsent changes and that the county knows."""
        wanted = list(ids)
        found: dict[str, Agreed] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            query = f"SELECT id, form, body FROM agreed WHERE id IN ({marks})"
            for record_id, form, body in self._conn.execute(query, part):
                found[record_id] = Agreed.unpack(body)
                # What was kept before this program knew the field.
                for name in found[record_id].extra.keys() & self._forms[form].fields.keys():
                    found[record_id].set(self._forms[form], name, found[record_id].extra.pop(name))
        return found

    def keep_agreed(self, form: str, held: Mapping[str, Agreed]) -> None:
        """Keep what is agreed beneath unsent changes."""
        self._conn.executemany(
            "INSERT OR REPLACE INTO agreed (id, form, body) VALUES (?, ?, ?)",
            [(record_id, form, agreed.pack()) for record_id, agreed in held.items()],
        )

    def drop_agreed(self, ids: Iterable[str]) -> None:
        """Nothing unsent lies over these records any more."""
        self._conn.executemany("DELETE FROM agreed WHERE id = ?", [(record_id,) for record_id in ids])


def cells_of(form: Form, row: Row) -> Cells:
    """What the columns of *row*'s table hold, in their order."""
    return (
        row.id, row.area, row.rev, pack_revs(row.revs), msgpack.packb(row.extra) if row.extra else None, int(row.deleted),
        row.pending, row.standing, row.hash, *map(_columns(form, row).get, form.fields),
    )  # fmt: skip


def _columns(form: Form, row: Row) -> Mapping[str, Value]:
    if not form.converted:
        return row.values
    return {**row.values, **{item.name: item.kind.dump(row.values.get(item.name)) for item in form.converted}}


def lay(form: Form, row: Row, agreed: Agreed, changes: Iterable[Change]) -> Row:
    """The row as people see it: what is agreed, with the unsent *changes* on top in their order."""
    seen = replace(agreed, values=dict(agreed.values), extra=dict(agreed.extra))
    count = 0
    for change in changes:
        count += 1
        for name, value in change.values.items():
            seen.set(form, name, value)
    derived = {item.name: row.values.get(item.name) for item in form.fields.values() if item.derived}
    return replace(
        row,
        area=seen.area or row.area,
        deleted=seen.deleted,
        values={**form.blank, **seen.values, **derived},
        extra=seen.extra,
        pending=count,
        keys=None,
        cells=None,
    )
