"""Reading the store: records by id, by values and by what a clerk typed, and the areas that the county told of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.schema.record import Record
from app.store import driver, search
from app.store.query import Query
from app.store.rows import STUB, Rows

if TYPE_CHECKING:
    from app.schema.form import Forms
    from app.store.agreement import Agreement


class Reading:
    """What ``Store`` reads; nothing here changes anything."""

    conn: driver.Connection
    forms: Forms
    rows: Rows
    query: Query
    sync: Agreement

    # -- records ------------------------------------------------------------------------------------------------------------------

    def get(self, form: str, record_id: str) -> Record | None:
        """One record, deleted or not; None where it isn't here, or only its stub."""
        return self.many(form, [record_id]).get(record_id)

    def many(self, form: str, ids: Iterable[str]) -> dict[str, Record]:
        """The records with these ids that are here, stubs apart."""
        rows = self.rows.get(form, ids)
        return {record_id: row.record() for record_id, row in rows.items() if row.standing != STUB}

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
        """Records of *form* by exact field values; see ``Query.select``."""
        return self.query.select(form, where, area=area, order=order, limit=limit, offset=offset, deleted=deleted)

    def columns(
        self,
        form: str,
        names: Sequence[str],
        where: Mapping[str, object] | None = None,
        *,
        area: str | Collection[str] | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """Of each record that ``select`` would find just the columns *names*, row by row; see ``Query.columns``."""
        return self.query.columns(form, names, where, area=area)

    def count(
        self, form: str, where: Mapping[str, object] | None = None, *, area: str | Collection[str] | None = None
    ) -> int:
        """How many records ``select`` would find."""
        return self.query.count(form, where, area=area)

    def tally(
        self,
        form: str,
        by: str,
        where: Mapping[str, object] | None = None,
        *,
        area: str | Collection[str] | None = None,
    ) -> dict[Any, int]:
        """How many records there are for each value of the field *by* ("area" too)."""
        return self.query.tally(form, by, where, area=area)

    def find(
        self, text: str, forms: Collection[str] | None = None, *, area: Collection[str] | None = None, limit: int = 50
    ) -> list[search.Hit]:
        """The best *limit* hits for what a clerk typed."""
        return search.find(self.conn, self.forms, text, only=forms, areas=area, limit=limit)

    # -- areas --------------------------------------------------------------------------------------------------------------------

    def parents(self) -> dict[str, str]:
        """For each area its parent as the county said, also for areas that this device no longer holds."""
        held = dict(self.conn.execute("SELECT code, parent FROM area").fetchall())
        return {code: where[1] for code, where in self.sync.given_away().items()} | held

    def areas(self) -> list[dict[str, str]]:
        """The areas that the county told this device of: code, name, level, parent."""
        rows = self.conn.execute("SELECT code, name, level, parent FROM area ORDER BY code")
        return [dict(zip(("code", "name", "level", "parent"), row, strict=True)) for row in rows]
