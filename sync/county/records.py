"""Records as the county's tables hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import sqlalchemy as sa

from app.schema.ddl import from_row
from app.schema.digest import ZERO, add, record_hash
from app.schema.form import Forms
from app.schema.record import Record, pack_revs, unpack_revs
from sync.county.database import Database, among, parts
from sync.county.tables import STREAM, Tables


@dataclass(frozen=True, slots=True)
class Held:
    """A record and the hash with which it counts in its stream's digest."""

    record: Record
    hash: bytes


class Records:
    """Reads and writes record tables; knows no rule and opens no transaction."""

    def __init__(self, database: Database, tables: Tables, forms: Forms, county: str) -> None:
        self._database = database
        self._tables = tables
        self.forms = forms
        self._county = county

    def get(self, conn: sa.Connection, form: str, ids: Sequence[str]) -> dict[str, Held]:
        """The records of *form* with these ids that exist."""
        table, shape = self._tables.by_form[form], self.forms[form]
        names = self._tables.fields(form)
        wanted = [table.c[name] for name in ("id", "area", "rev", "revs", "extra", "deleted", "hash", *names)]
        found: dict[str, Held] = {}
        for some in parts(ids):
            query = sa.select(*wanted).where(table.c.county == self._county, among(conn, table.c.id, some))
            # All at once: fetched one by one, rows take the driver twice as long.
            for row in conn.execute(query).all():
                held = from_row(shape, dict(zip(names, row[7:], strict=True)))
                values = {name: value for name, value in held.items() if value is not None}
                extra = msgpack.unpackb(row[4]) if row[4] else {}
                if extra:
                    # What came before this program knew the field: it goes to its column with the next change.
                    values |= {name: extra.pop(name) for name in names if name in extra}
                found[row[0]] = Held(
                    Record(form, row[0], row[1], values, row[2], unpack_revs(row[3]), extra, bool(row[5])), row[6]
                )
        return found

    def areas(self, conn: sa.Connection, form: str, ids: Iterable[str]) -> dict[str, str]:
        """Those of *ids* that are records of *form*, with the area in which each is."""
        table = self._tables.by_form[form]
        found: dict[str, str] = {}
        for some in parts(list(ids)):
            query = sa.select(table.c.id, table.c.area).where(
                table.c.county == self._county, among(conn, table.c.id, some)
            )
            found.update((row.id, row.area) for row in conn.execute(query))
        return found

    def hanging(self, conn: sa.Connection, form: str, field: str, ids: Sequence[str], area: str) -> list[Held]:
        """The records of *form* in *area* whose *field* names one of *ids*."""
        table = self._tables.by_form[form]
        found: list[str] = []
        for some in parts(ids):
            query = sa.select(table.c.id).where(
                table.c.county == self._county, among(conn, table.c[field], some), table.c.area == area
            )
            found += conn.scalars(query.order_by(table.c.id))
        return list(self.get(conn, form, found).values())

    def naming(self, conn: sa.Connection, form: str, field: str, values: Sequence[str]) -> list[Held]:
        """The records of *form*, deleted ones too, whose *field* is one of *values*, wherever they are; by id."""
        table = self._tables.by_form[form]
        found: list[str] = []
        for some in parts(values):
            query = sa.select(table.c.id).where(table.c.county == self._county, among(conn, table.c[field], some))
            found += conn.scalars(query)
        return [held for _, held in sorted(self.get(conn, form, found).items())]

    def pairs(
        self, conn: sa.Connection, form: str, field: str, other: str, values: Sequence[str]
    ) -> list[tuple[Any, Any]]:
        """(*field*, *other*) of the records of *form* whose *field* is one of *values*; none where the form has no such fields."""
        table = self._tables.by_form[form]
        if field not in table.c or other not in table.c:
            return []
        found: list[tuple[Any, Any]] = []
        for some in parts(values):
            query = sa.select(table.c[field], table.c[other]).where(table.c.county == self._county)
            found += [tuple(row) for row in conn.execute(query.where(table.c[field].in_(some)))]
        return found

    def filled(self, conn: sa.Connection, form: str, field: str, ids: Sequence[str]) -> list[str]:
        """Those of *ids* whose *field* isn't empty; without reading whole records."""
        table = self._tables.by_form[form]
        found: list[str] = []
        for some in parts(ids):
            query = sa.select(table.c.id).where(table.c.county == self._county, among(conn, table.c.id, some))
            found += conn.scalars(query.where(table.c[field].is_not(None)))
        return found

    def all(self, conn: sa.Connection, form: str) -> Iterable[str]:
        """The ids of every record of *form*."""
        table = self._tables.by_form[form]
        return conn.scalars(sa.select(table.c.id).where(table.c.county == self._county))

    def hashes(
        self, conn: sa.Connection, form: str, area: str, low: str = "", high: str = ""
    ) -> list[tuple[str, bytes]]:
        """(id, kept hash) of the records of *form* in *area* from id *low* up to *high*; an empty *high* is no end."""
        table = self._tables.by_form[form]
        query = sa.select(table.c.id, table.c.hash).where(table.c.county == self._county, table.c.area == area)
        query = query.where(table.c.id >= low)
        if high:
            query = query.where(table.c.id < high)
        return [(row.id, row.hash or b"") for row in conn.execute(query)]

    def hashes_by_area(self, conn: sa.Connection, form: str) -> Iterable[tuple[str, bytes]]:
        """(area, kept hash) of every record of *form*."""
        table = self._tables.by_form[form]
        query = sa.select(table.c.area, table.c.hash).where(table.c.county == self._county)
        return [(row.area, row.hash or b"") for row in conn.execute(query)]

    def put(self, conn: sa.Connection, form: str, held: Iterable[Held]) -> None:
        """Write whole records, new or known."""
        self._database.put(conn, self._tables.by_form[form], self._cells(form, held, self._tables.fields(form)))

    def add(self, conn: sa.Connection, form: str, held: Iterable[Held]) -> None:
        """Write whole records that aren't there yet: much quicker."""
        new = list(held)
        # Half of the columns are empty in all of them, and needn't be said.
        used = set().union(*(item.record.values for item in new))
        names = [name for name in self._tables.fields(form) if name in used]
        self._database.add(conn, self._tables.by_form[form], self._cells(form, new, names))

    def _cells(self, form: str, held: Iterable[Held], names: Sequence[str]) -> list[dict[str, Any]]:
        shape = self.forms[form]
        empty: dict[str, Any] = dict.fromkeys(names)
        # Most kinds are kept as they are: asking each for each value would take a fifth of the time.
        dumps = [(item.name, item.kind.dump) for item in shape.converted if item.name in names]
        rows = []
        for item in held:
            record = item.record
            cells = {
                "county": self._county,
                "id": record.id,
                "area": record.area,
                "rev": record.rev,
                "revs": pack_revs(record.revs),
                "extra": msgpack.packb(record.extra) if record.extra else None,
                "deleted": int(record.deleted),
                "hash": item.hash,
                **empty,
                **_columned(record.values, empty),
            }
            for name, dump in dumps:
                cells[name] = dump(cells[name])
            rows.append(cells)
        return rows


def _columned(values: Mapping[str, Any], empty: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of *values* that have a column: mostly all, which is seen faster than one by one."""
    if values.keys() <= empty.keys():
        return values
    return {name: value for name, value in values.items() if name in empty}


def hash_of(record: Record) -> bytes:
    """What *record* adds to its stream's digest: unknown fields and tombstones count too."""
    values = {**record.values, **record.extra} if record.extra else record.values
    return record_hash(record.form, record.id, record.area, record.deleted, values)


class Sums:
    """Collects how the digests of streams move, and writes each once."""

    def __init__(self) -> None:
        self._moves: dict[tuple[str, str], tuple[int, bytes]] = {}

    def moved(self, stream: str, before: Held | None, after: Held) -> None:
        """*before* became *after*, perhaps in another area of the class *stream*."""
        if before is not None:
            self._add((before.record.area, stream), -1, before.hash, None)
        self._add((after.record.area, stream), 1, None, after.hash)

    def _add(self, key: tuple[str, str], count: int, gone: bytes | None, come: bytes | None) -> None:
        records, total = self._moves.get(key, (0, ZERO))
        self._moves[key] = (records + count, add(total, gone, come))

    def write(self, conn: sa.Connection, database: Database, county: str) -> None:
        """Add what was collected to the table of streams."""
        held = streams(conn, county, sorted({area for area, _ in self._moves}))
        rows = []
        for (area, stream), (count, total) in self._moves.items():
            records, digest = held.get((area, stream), (0, ZERO))
            rows.append(
                {
                    "county": county,
                    "area": area,
                    "stream": stream,
                    "records": records + count,
                    "digest": add(digest, None, total),
                }
            )
        database.put(conn, STREAM, rows)


def streams(conn: sa.Connection, county: str, areas: Sequence[str]) -> Mapping[tuple[str, str], tuple[int, bytes]]:
    """(area, class) -> (records, digest) of all streams of *areas* that ever held something."""
    found: dict[tuple[str, str], tuple[int, bytes]] = {}
    for some in parts(areas):
        query = sa.select(STREAM).where(STREAM.c.county == county, among(conn, STREAM.c.area, some))
        found.update({(row.area, row.stream): (row.records, row.digest) for row in conn.execute(query)})
    return found
