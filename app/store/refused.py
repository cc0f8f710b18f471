"""What became of refused changes: corrected by a later save, dropped by a person, or taken up again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgpack

from app.schema.ddl import table_name
from app.schema.record import AREA, DELETED, Change
from app.store import search
from app.store.audit import AuditLine
from app.store.part import Part
from app.store.rows import REFUSED, Row


class Refusals(Part):
    """The rows of *needs attention*; their text stays in the history, whatever becomes of them."""

    def corrected(self, changes: Sequence[Change]) -> None:
        """A later save that sets every field of a refused change stands in its place; the caller holds the transaction."""
        waiting: dict[str, list[tuple[int, set[str]]]] = {}
        for counter, record_id, body in self._conn.execute("SELECT counter, id, body FROM attention WHERE done = 0"):
            waiting.setdefault(record_id, []).append((counter, set(msgpack.unpackb(body)) - {AREA}))
        if not waiting:
            return
        settled = [
            counter
            for change in changes
            for counter, fields in waiting.get(change.id, ())
            if fields <= change.values.keys()
        ]
        self._done(settled, done=1)

    def stand_now(self, rows: Iterable[Row]) -> None:
        """What was refused stands at the county after all, as where a supervisor let it in; the caller holds the transaction."""
        held = {row.id: row for row in rows if not row.pending}
        settled = []
        for counter, record_id, body in self._conn.execute("SELECT counter, id, body FROM attention WHERE done = 0"):
            row = held.get(record_id)
            if row is not None:
                there = {**row.values, **row.extra, AREA: row.area, DELETED: row.deleted}
                if all(there.get(name) == value for name, value in msgpack.unpackb(body).items()):
                    settled.append(counter)
        self._done(settled, done=1)

    def drop(self, counters: Collection[int], *, audit: Sequence[AuditLine] = ()) -> None:
        """A person gives these refused changes up; a record that the county never took is no longer shown."""
        self._settle(counters, audit, done=1)

    def take_up(self, counters: Collection[int], *, audit: Sequence[AuditLine] = ()) -> None:
        """``drop`` undone."""
        self._settle(counters, audit, done=0)

    def _settle(self, counters: Collection[int], audit: Sequence[AuditLine], *, done: int) -> None:
        marks = ",".join("?" * len(counters))
        with self._store.transaction():
            self._store.audit.write(audit)
            self._done(counters, done=done)
            found = self._conn.execute(
                f"SELECT DISTINCT form, id FROM attention WHERE counter IN ({marks})", tuple(counters)
            )
            for form, record_id in found.fetchall():
                # Only on this machine: nobody else has to hear of it, and nothing of it is agreed.
                self._conn.execute(
                    f"UPDATE {table_name(form)} SET deleted = ? WHERE id = ? AND standing = ? AND rev = 0",
                    (done, record_id, REFUSED),
                )
                if done:
                    search.remove(self._conn, form, record_id)
                self._store.settled({form: [record_id]})

    def _done(self, counters: Collection[int], *, done: int) -> None:
        self._conn.executemany(
            "UPDATE attention SET done = ? WHERE counter = ?", [(done, counter) for counter in counters]
        )
