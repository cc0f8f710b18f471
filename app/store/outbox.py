"""The outbox: changes that the county has not finally answered, in the order in which they are to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgpack

from app.schema.record import Change

if TYPE_CHECKING:
    from app.schema.form import Forms
    from app.store.driver import Connection

URGENT, NORMAL, BULK = 0, 1, 2
_CHUNK = 500
_SELECT = "SELECT form, id, area, body, time, counter, user FROM outbox"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many changes wait for a final receipt, lane by lane."""

    urgent: int = 0
    normal: int = 0
    bulk: int = 0

    @property
    def total(self) -> int:
        """All lanes together."""
        return self.urgent + self.normal + self.bulk


class Outbox:
    """The outbox table; opens no transaction."""

    def __init__(self, conn: Connection, forms: Forms) -> None:
        self._conn = conn
        self._forms = forms

    def add(self, changes: Sequence[Change], *, bulk: bool) -> None:
        """Append *changes*; bulk is only an order of sending."""
        self._conn.executemany(
            "INSERT INTO outbox (counter, form, id, area, body, time, user, lane, waiting) VALUES (?,?,?,?,?,?,?,?,0)",
            [
                (
                    c.counter,
                    c.form,
                    c.id,
                    c.area,
                    msgpack.packb([c.values, c.bases]),
                    c.time,
                    c.user,
                    self._lane(c, bulk),
                )
                for c in changes
            ],
        )

    def _lane(self, change: Change, bulk: bool) -> int:
        if bulk:
            return BULK
        return URGENT if self._forms[change.form].stream == "urgent" else NORMAL

    def of(self, ids: Iterable[str]) -> dict[str, list[Change]]:
        """The unsent changes of these records, in the order in which they were made."""
        wanted = list(ids)
        found: dict[str, list[Change]] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for change in self._read(f"WHERE id IN ({marks}) ORDER BY counter", part):
                found.setdefault(change.id, []).append(change)
        return found

    def by_counter(self, counters: Iterable[int]) -> dict[int, Change]:
        """The changes with these counters that are still here."""
        wanted = list(counters)
        found: dict[int, Change] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            found.update((change.counter, change) for change in self._read(f"WHERE counter IN ({marks})", part))
        return found

    def next(self, most: int, lane: int = BULK) -> list[Change]:
        """The next changes to be framed, urgent first; each after the earlier ones of its record and the unsent records it refers to.

        With *lane* none of a later lane begins: what comes of one comes because something before it needs it.
        """
        first = self._read(
            "WHERE frame IS NULL AND waiting < 2 AND lane <= ? ORDER BY lane, counter LIMIT ?",
            (lane, most),
        )
        if not first:
            return []
        chosen = {change.counter: change for change in first}
        if any(self._lane(change, False) != NORMAL for change in first) or self._mixed(first):
            self._with_needed(chosen)
        return [chosen[counter] for counter in sorted(chosen)]

    def _mixed(self, first: Sequence[Change]) -> bool:
        """Whether something unframed with a smaller counter was passed over."""
        smallest = min(change.counter for change in first)
        largest = max(change.counter for change in first)
        row = self._conn.execute(
            "SELECT count(*), min(counter) FROM outbox WHERE frame IS NULL AND waiting < 2 AND counter <= ?", (largest,)
        ).fetchone()
        return bool(row[0] > len(first) or row[1] < smallest)

    def _with_needed(self, chosen: dict[int, Change]) -> None:
        """Add, until nothing is missing, unframed earlier changes of the same records and unsent records that they refer to."""
        fresh = list(chosen.values())
        while fresh:
            wanted: dict[str, int] = {}
            for change in fresh:
                wanted[change.id] = max(wanted.get(change.id, 0), change.counter)
                for name, _target in self._forms[change.form].references:
                    value = change.values.get(name)
                    if value:
                        wanted.setdefault(str(value), 2**62)
            fresh = []
            for record_id, before in wanted.items():
                for change in self._read(
                    "WHERE id = ? AND counter < ? AND frame IS NULL AND waiting < 2 ORDER BY counter",
                    (record_id, before),
                ):
                    if change.counter not in chosen:
                        chosen[change.counter] = change
                        fresh.append(change)

    def frame(self, counters: Iterable[int], number: int | None) -> None:
        """Put changes into frame *number*, or take them out of theirs."""
        self._conn.executemany(
            "UPDATE outbox SET frame = ?, waiting = 0 WHERE counter = ?", [(number, counter) for counter in counters]
        )

    def unframe(self, number: int) -> None:
        """Take every change out of frame *number*: it is framed anew."""
        self._conn.execute("UPDATE outbox SET frame = NULL WHERE frame = ?", (number,))

    def rebase(self, changes: Iterable[Change]) -> None:
        """These changes have other bases now; frames written down keep their bytes."""
        self._conn.executemany(
            "UPDATE outbox SET body = ? WHERE counter = ?",
            [(msgpack.packb([change.values, change.bases]), change.counter) for change in changes],
        )

    def wait(self, counters: Iterable[int]) -> None:
        """These were answered "waiting": their verdict is asked again in a later exchange."""
        self._conn.executemany(
            "UPDATE outbox SET frame = NULL, waiting = 2 WHERE counter = ?", [(counter,) for counter in counters]
        )

    def ask_again(self) -> int:
        """Let changes that were answered "waiting" be sent once more; return how many."""
        return int(self._conn.execute("UPDATE outbox SET waiting = 1 WHERE waiting = 2").rowcount)

    def remove(self, counters: Iterable[int]) -> None:
        """Final receipts came for these."""
        self._conn.executemany("DELETE FROM outbox WHERE counter = ?", [(counter,) for counter in counters])

    def withdraw(self, record_id: str) -> list[Change]:
        """Take the unframed changes of a record out and return them; a frame that is on its way keeps its own."""
        found = self._read("WHERE id = ? AND frame IS NULL ORDER BY counter", (record_id,))
        self.remove(change.counter for change in found)
        return found

    def waiting(self) -> Waiting:
        """How many changes wait, lane by lane."""
        found = dict(self._conn.execute("SELECT lane, count(*) FROM outbox GROUP BY lane").fetchall())
        return Waiting(found.get(URGENT, 0), found.get(NORMAL, 0), found.get(BULK, 0))

    def urgent(self) -> tuple[bool, set[int]]:
        """Whether something urgent is in no frame yet, and the frames without receipts that hold urgent changes."""
        free = self._conn.execute(
            "SELECT 1 FROM outbox WHERE frame IS NULL AND lane = 0 AND waiting < 2 LIMIT 1"
        ).fetchone()
        framed = self._conn.execute("SELECT DISTINCT frame FROM outbox WHERE frame IS NOT NULL AND lane = 0")
        return free is not None, {number for (number,) in framed}

    def all(self) -> list[Change]:
        """Every change without a final receipt."""
        return self._read("ORDER BY counter")

    def first_counter(self) -> int | None:
        """The smallest counter without a final receipt."""
        return self._conn.execute("SELECT min(counter) FROM outbox").fetchone()[0]  # type: ignore[no-any-return]

    def _read(self, tail: str, params: Sequence[object] = ()) -> list[Change]:
        found = []
        for form, record_id, area, body, moment, counter, user in self._conn.execute(f"{_SELECT} {tail}", params):
            values, bases = msgpack.unpackb(body)
            found.append(Change(form, record_id, area, values, bases, moment, counter, user))
        return found
