"""The county's database: SQLite or PostgreSQL, its short write transactions and its read snapshots."""

from __future__ import annotations

import contextlib
import functools
import operator
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.types import UserDefinedType

from app.errors import BugError, KnownError
from sync.county.lanes import OVERFLOW, POOL
from sync.county.tables import COUNTY

CHUNK = 1000
_HEX = re.compile("[0-9a-f]+")


class Database:
    """One engine. *url*: an SQLAlchemy URL, or the path of an SQLite file."""

    def __init__(self, url: str | Path) -> None:
        text = str(url)
        if "://" not in text:
            text = f"sqlite:///{text}"
        elif text.startswith(("postgresql://", "postgres://")):
            text = "postgresql+psycopg://" + text.partition("://")[2]
        try:
            made = sa.make_url(text)
            self.lite = made.get_backend_name() == "sqlite"
            # A plan that PostgreSQL keeps was made when the tables were nearly empty: every statement is planned for what it asks now.
            plans: dict[str, Any] = {} if self.lite else {"prepare_threshold": None}
            self.engine = sa.create_engine(
                made,
                poolclass=sa.QueuePool,
                pool_size=POOL,
                max_overflow=OVERFLOW,
                pool_pre_ping=not self.lite,
                connect_args=plans,
            )
        except (sa.exc.ArgumentError, ImportError) as bad:
            raise KnownError("county.database_wrong", url=text.partition("://")[0]) from bad
        if self.lite:
            sa.event.listen(self.engine, "connect", _on_connect)
            sa.event.listen(self.engine, "begin", _on_begin)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextlib.contextmanager
    def write(self, county: str) -> Iterator[tuple[sa.Connection, int, int]]:
        """A write transaction that holds *county*'s counter; gives the connection, the epoch and the last rev.

        Nobody else numbers anything until it has committed: so the order of revs is the order of commits.
        """
        with self.engine.connect().execution_options(begin="IMMEDIATE") as conn, conn.begin():
            row = conn.execute(sa.select(COUNTY).where(COUNTY.c.county == county).with_for_update()).one_or_none()
            if row is None:
                raise KnownError("county.missing")
            yield conn, row.epoch, row.rev

    @contextlib.contextmanager
    def plain(self) -> Iterator[sa.Connection]:
        """A write transaction for what takes no rev."""
        with self.engine.connect().execution_options(begin="IMMEDIATE") as conn, conn.begin():
            yield conn

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A read transaction in which everything is of one instant."""
        options: dict[str, Any] = (
            {} if self.lite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        with self.engine.connect().execution_options(**options) as conn, conn.begin():
            yield conn

    def put(self, conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert *rows*, or replace those whose key is there."""
        if rows:
            conn.execute(self._upsert(table), rows)

    def add(self, conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert *rows*, which all have the same columns and keys that aren't there: by COPY on PostgreSQL."""
        if not rows:
            return
        names = tuple(rows[0])
        try:
            cells = list(map(operator.itemgetter(*names), rows))
        except KeyError as bad:
            raise BugError(f"{table.name}: rows of different columns") from bad
        if set(map(len, rows)) != {len(names)}:
            raise BugError(f"{table.name}: rows of different columns")
        listed = ", ".join(f'"{name}"' for name in names)
        if self.lite:
            marks = ", ".join("?" * len(names))
            conn.exec_driver_sql(f"INSERT INTO {table.name} ({listed}) VALUES ({marks})", cells)
            return
        import psycopg

        raw: Any = conn.connection.driver_connection
        try:
            with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
                for row in cells:
                    copy.write_row(row)
        except psycopg.Error as bad:
            # The same errors as from a statement: whoever catches them asks whose fault it was.
            raise sa.exc.DBAPIError.instance("COPY", {}, bad, psycopg.Error) from bad

    @functools.cache  # noqa: B019 - lives as long as the process
    def _upsert(self, table: sa.Table) -> sa.Insert:
        made: Any = sqlite_insert(table) if self.lite else pg_insert(table)
        others = {c.name: made.excluded[c.name] for c in table.columns if not c.primary_key}
        statement: sa.Insert = made.on_conflict_do_update(
            index_elements=[c.name for c in table.primary_key], set_=others
        )
        return statement


def _on_connect(raw: sqlite3.Connection, _record: object) -> None:
    raw.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 30000", "cache_size = -16384"):
        raw.execute(f"PRAGMA {pragma}")


def _on_begin(conn: sa.Connection) -> None:
    conn.exec_driver_sql(f"BEGIN {conn.get_execution_options().get('begin', 'DEFERRED')}")


def among(conn: sa.Connection, column: sa.Column[Any], items: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Whether *column* is one of *items*: on PostgreSQL as one array, which is read in a third of the time of a list."""
    if conn.dialect.name != "postgresql":
        return column.in_(items)
    # The driver packs an array item by item, in many times what one text takes that the server reads as the same array.
    if items and all(type(item) is bytes for item in items):
        return column == sa.any_(sa.bindparam(None, "{" + ",".join(map(_coded, items)) + "}", type_=_Array("BYTEA")))
    if items and all(type(item) is str and _HEX.fullmatch(item) for item in items):
        return column == sa.any_(sa.bindparam(None, "{" + ",".join(items) + "}", type_=_Array("VARCHAR")))
    return column == sa.any_(sa.bindparam(None, list(items), type_=ARRAY(column.type)))


class _Array(UserDefinedType[str]):
    """An array of *item*s on PostgreSQL, given as the server writes it."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, item: str) -> None:
        self.item = item

    def get_col_spec(self, **_: object) -> str:
        """The name of the type."""
        return f"{self.item}[]"


def _coded(item: bytes) -> str:
    return rf"\\x{item.hex()}"


def parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """*items* in portions that an IN list takes."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
