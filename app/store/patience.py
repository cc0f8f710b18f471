"""Changes that the county can't judge yet: for what they wait, and what a person decides after a month."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import KnownError
from app.schema.record import AREA, Change, Receipt
from app.store.answering import Answering

PATIENCE_MS = 30 * 24 * 3600 * 1000
"""After so long a change that still waits is shown to people: what it needs may never come."""


@dataclass(frozen=True, slots=True)
class LongWait:
    """A change that has waited for a month. ``needs``: form and id of what isn't at the county; ``since`` in milliseconds."""

    change: Change
    needs: tuple[str, str]
    since: int


class Patience(Answering):
    """Waiting is never final: only a person gives a change up."""

    def long_waiting(self) -> list[LongWait]:
        """The changes that have waited for 30 days since the county first said so, or since a person sent them on."""
        before = self._store.now_ms() - PATIENCE_MS
        rows = self._conn.execute(
            "SELECT w.counter, w.since FROM waiting AS w JOIN outbox AS o ON o.counter = w.counter"
            " WHERE w.since <= ? AND o.waiting > 0 ORDER BY w.counter",
            (before,),
        )
        since = dict(rows.fetchall())
        changes = self._outbox.by_counter(since)
        return [
            LongWait(changes[counter], self._needs(changes[counter]), since[counter]) for counter in sorted(changes)
        ]

    def send_on(self, counter: int) -> None:
        """A person wants change *counter* still sent: it is asked about again in 30 days."""
        with self._store.transaction():
            self._conn.execute("UPDATE waiting SET since = ? WHERE counter = ?", (self._store.now_ms(), counter))
            self._conn.execute("UPDATE outbox SET waiting = 1 WHERE counter = ? AND waiting = 2", (counter,))

    def withdraw(self, counter: int) -> None:
        """A person gives change *counter* up: its text stays in *needs attention*.

        KnownError("sync.on_its_way") while it is being sent: what may be at the county already can't be taken back.
        """
        on_its_way = "SELECT 1 FROM outbox WHERE counter = ? AND frame IS NOT NULL"
        if self._conn.execute(on_its_way, (counter,)).fetchone():
            raise KnownError("sync.on_its_way")
        self.receipts(0, [Receipt(counter, "refused", code="sync.withdrawn")])

    def _needs(self, change: Change) -> tuple[str, str]:
        form = self._store.forms[change.form]
        if AREA in change.values and form.parent:
            return dict(form.references).get(form.parent, form.name), str(change.values.get(form.parent) or "")
        return change.form, change.id
