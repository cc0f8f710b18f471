"""Stubs: what a device keeps of a record that is somebody else's now: what it was called, and where it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.ddl import table_name
from app.schema.record import AREA
from app.schema.values import Value
from app.store import search
from app.store.rows import STUB, WENT, Row, Rows

if TYPE_CHECKING:
    from app.schema.form import Form, Forms
    from app.store.driver import Connection
    from app.store.meta import Meta


@dataclass(frozen=True, slots=True)
class Stub:
    """One record that was handed over. ``went``: the place's name in words, empty where nobody said; ``pending``: unsent edits."""

    form: str
    id: str
    title: str
    area: str
    went: str
    pending: int


class Stubs:
    """Making, reading and forgetting stubs; opens no transaction."""

    def __init__(self, conn: Connection, forms: Forms, rows: Rows, meta: Meta) -> None:
        self._conn = conn
        self._forms = forms
        self._rows = rows
        self._meta = meta

    def leave(self, name: str, rows: Sequence[Row], went: Mapping[str, str] | None) -> dict[str, Row]:
        """Make stubs of *rows*; *went* are the names of the areas that they are in now. Return the stubs by id.

        With *went* None, and where nobody would look for it (a step, a tombstone), nothing stays at all. What has unsent
        edits stays as a bare row until they are answered: its text is in the outbox. History, search and agreed values go.
        """
        if not rows:
            return {}
        form = self._forms[name]
        if went is not None:
            # What a place is called is learned with the first record that went there.
            self._meta.set("went", {**self.went(), **{area: words for area, words in went.items() if words}})
        stubs = {row.id: _stub(form, row, went) for row in rows}
        self._forget(name, list(stubs))
        stay = {record_id: stub for record_id, stub in stubs.items() if stub.pending or WENT in stub.extra}
        self._rows.put(name, list(stay.values()))
        self._delete(name, stubs.keys() - stay.keys())
        return stay

    def answered(self, name: str, rows: Iterable[Row]) -> None:
        """Unsent edits of these stubs were answered: what stayed for their sake alone goes."""
        self._delete(name, [row.id for row in rows if not row.pending and WENT not in row.extra])

    def remember(self, lines: Iterable[tuple[object, ...]]) -> None:
        """Changes of this device that the county took at records handed over: counter, form, id, rev, when, lost, bases.

        No values: should the county be set back, the journal has them as long as these are kept.
        """
        self._conn.executemany(
            "INSERT OR REPLACE INTO handed (counter, form, id, rev, at, lost, bases) VALUES (?, ?, ?, ?, ?, ?, ?)",
            lines,
        )

    def forget_handed(self, before: int) -> None:
        """Forget those that the county took before *before*, in milliseconds since 1970 UTC."""
        self._conn.execute("DELETE FROM handed WHERE at < ?", (before,))

    def get(self, form: str, record_id: str) -> Stub | None:
        """The stub of one record; None where it is no stub."""
        row = self._rows.get(form, [record_id]).get(record_id)
        return self._read(row) if row and row.standing == STUB else None

    def went(self) -> dict[str, str]:
        """What the places are called to which records went, by area; empty where nothing ever did."""
        return {area: str(words) for area, words in self._meta.get("went", {}).items()}

    def find(self, text: str, forms: Iterable[str] | None = None, limit: int = 20) -> list[Stub]:
        """Stubs whose title holds *text*; what they are called is in no index, so each is looked at."""
        found: list[Stub] = []
        for name in (forms or self._forms) if self._meta.get("went") is not None else ():
            rows = self._rows.read(name, f"WHERE standing = '{STUB}' ORDER BY id")
            found += [stub for stub in map(self._read, rows) if text in stub.title and stub.title]
        return found[:limit]

    def _read(self, row: Row) -> Stub:
        title = row.values.get(self._forms[row.form].title_field)
        went = str(row.extra.get(WENT) or "") or self.went().get(row.area, "")
        return Stub(row.form, row.id, "" if title is None else str(title), row.area, went, row.pending)

    def _forget(self, name: str, ids: Sequence[str]) -> None:
        for record_id in ids:
            search.remove(self._conn, name, record_id)
        those = [(record_id,) for record_id in ids]
        self._conn.executemany(
            "INSERT OR REPLACE INTO handed (counter, form, id, rev, at, lost, bases) "
            "SELECT counter, form, id, rev, coalesce(answered, time), lost, bases FROM history "
            "WHERE id = ? AND counter > 0 AND rev > 0 AND kind IN ('own', 'lost')",
            those,
        )
        self._conn.executemany("DELETE FROM history WHERE id = ?", those)
        self._conn.executemany("DELETE FROM taken WHERE id = ?", those)
        self._rows.drop_agreed(ids)

    def _delete(self, name: str, ids: Iterable[str]) -> None:
        self._conn.executemany(f"DELETE FROM {table_name(name)} WHERE id = ?", [(record_id,) for record_id in ids])


def _stub(form: Form, row: Row, went: Mapping[str, str] | None) -> Row:
    """*row* without anything of the person; it counts nowhere, and hides nothing of a record that comes again."""
    # One that is a stub already, and moved on, keeps what it was called.
    dead = row.deleted and row.standing != STUB
    kept = went is not None and not (form.system or form.immutable or form.card_only or dead)
    title = {form.title_field: row.values.get(form.title_field)} if kept else {}
    values: dict[str, Value] = {**dict.fromkeys(form.fields), **title}
    extra: dict[str, Value] = {WENT: (went or {}).get(row.area, "")} if kept else {}
    # Since when it is there: an old answer, read late, speaks of before that.
    revs = {AREA: row.rev_of(AREA)}
    return Row(
        form.name, row.id, row.area, values, revs=revs, extra=extra, deleted=True, pending=row.pending, standing=STUB
    )
