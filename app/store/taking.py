"""Deltas: what others changed, taken field by field where it is newer, together with the cursors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgpack

from app.schema.record import AREA, DELETED, Delta
from app.store.exchange_values import Stream
from app.store.part import Part
from app.store.rows import STUB, WENT, Agreed, Row, lay
from app.store.totals import Totals

_AT_ONCE = 250


class Taking(Part):
    """What comes down, and how far this device is."""

    def deltas(
        self, deltas: Sequence[Delta], cursors: Mapping[Stream, int], *, tags: Mapping[str, str] | None = None
    ) -> set[tuple[str, str]]:
        """Apply one frame of what others changed; its cursors go with the last of several short transactions.

        Each holds the write lock well under 50 ms, so that a save beside it never waits long. A frame cut in the middle comes
        again: a field is taken only if its rev is newer than the one held, so taking it twice changes nothing. Unsent changes
        are laid on top again. Return (form, id) of what changed.
        """
        starts = list(range(0, len(deltas), _AT_ONCE)) or [0]
        # What came from the county comes again after a power cut, because its cursor is lost with it: no flush for each
        # transaction. A save beside it, on a connection of its own, flushes as always.
        self._conn.execute("PRAGMA synchronous = NORMAL")
        try:
            for start in starts:
                last = start == starts[-1]
                self._apply(deltas[start : start + _AT_ONCE], cursors if last else {}, tags if last else None)
        finally:
            self._conn.execute("PRAGMA synchronous = FULL")
        return {(delta.form, delta.id) for delta in deltas}

    def _apply(self, deltas: Sequence[Delta], cursors: Mapping[Stream, int], tags: Mapping[str, str] | None) -> None:
        with self._store.transaction():
            by_form: dict[str, list[Delta]] = {}
            for delta in deltas:
                by_form.setdefault(delta.form, []).append(delta)
            known = {form: mine for form, mine in by_form.items() if form in self._store.forms}
            for form, mine in known.items():
                self.leave(form, [delta for delta in mine if delta.left])
            touched = {form: self._take(form, [d for d in mine if not d.left]) for form, mine in known.items()}
            self._store.sync.stand_now(row for rows in touched.values() for row in rows.values())
            self._conn.executemany(
                "UPDATE cursor SET rev = max(rev, ?) WHERE area = ? AND stream = ?",
                [(rev, a, s) for (a, s), rev in cursors.items()],
            )
            for stream, tag in (tags or {}).items():
                self._store.meta.set(f"tag.{stream}", tag)
            if tags:
                self._store.sync.mark(tags.values())
            self._store.settled(touched)

    def _take(self, name: str, deltas: Sequence[Delta]) -> dict[str, Row]:
        form = self._store.forms[name]
        rows = self._rows.get(name, (delta.id for delta in deltas))
        pending = [row.id for row in rows.values() if row.pending]
        beneath = self._rows.agreed(pending)
        unsent = self._outbox.of(pending)
        totals = Totals(self._conn)
        out: dict[str, Row] = {}
        keep: dict[str, Agreed] = {}
        lines: list[tuple[Any, ...]] = []
        self._store.query.keep_past(
            name,
            {row.id: (row.rev, Agreed.of(form, row).values) for row in rows.values() if row.rev and not row.pending},
        )
        for delta in deltas:
            row = out.get(delta.id) or rows.get(delta.id) or Row(name, delta.id, delta.area, {})
            if row.standing == STUB and _moved(delta) < row.rev_of(AREA):
                continue  # from before it was handed over
            known = row.rev > 0
            bare = row.pending or not known
            agreed = keep.get(delta.id) or (beneath.get(delta.id) or Agreed() if bare else Agreed.of(form, row))
            was_at = agreed.area
            stood = (agreed.area, agreed.deleted)
            taken = False
            for field, value in delta.values.items():
                rev = delta.revs.get(field, delta.revs.get("", delta.rev))
                if not known or rev > row.rev_of(field):
                    agreed.set(form, field, value)
                    row.revs[field] = rev
                    taken = True
            if not known:
                row.revs[""] = delta.revs.get("", delta.rev)
            if not known or delta.revs.get(AREA, delta.rev) >= row.rev_of(AREA):
                agreed.area = delta.area
            if not known or delta.revs.get(DELETED, delta.rev) >= row.rev_of(DELETED):
                agreed.deleted = delta.deleted
            for mark in (AREA, DELETED):
                if mark in delta.revs:
                    row.revs[mark] = max(row.revs.get(mark, 0), delta.revs[mark])
            row.rev = max(row.rev, delta.rev)
            new_hash = agreed.hash(name, delta.id)
            totals.moved((was_at, form.stream), row.hash, (agreed.area, form.stream), new_hash)
            row.hash = new_hash
            row.standing = ""
            # A frame that was cut in the middle comes again: what was taken then has its line already.
            if known and (taken or stood != (agreed.area, agreed.deleted)):
                lines.append(
                    (name, delta.id, None, delta.rev, delta.time, delta.user, "", "county", msgpack.packb(delta.values))
                )
            if row.pending:
                keep[delta.id] = agreed
            revs = row.revs
            row = lay(form, row, agreed, unsent.get(delta.id, ()))
            row.revs = revs
            out[delta.id] = row
        self._rows.put(name, list(out.values()))
        self._rows.keep_agreed(name, keep)
        totals.write()
        self._conn.executemany(
            "INSERT INTO history (form, id, counter, rev, time, user, device, kind, body) VALUES (?,?,?,?,?,?,?,?,?)",
            lines,
        )
        return out

    def leave(self, name: str, deltas: Sequence[Delta]) -> None:
        """These records were moved to where this device doesn't reach: stubs stay, and unsent edits still go up.

        Inside the caller's transaction.
        """
        form = self._store.forms[name]
        rows = self._rows.get(name, (delta.id for delta in deltas))
        beneath = self._rows.agreed(row.id for row in rows.values() if row.pending)
        totals = Totals(self._conn)
        gone: dict[str, Row] = {}
        went: dict[str, str] = {}
        for delta in deltas:
            row = rows.get(delta.id)
            if (
                row is None
                or not (row.rev or row.standing == STUB)
                or row.rev_of(AREA) > delta.revs.get(AREA, delta.rev)
            ):
                continue
            if row.standing != STUB:
                agreed = beneath.get(row.id) or Agreed.of(form, row)
                totals.moved((agreed.area, form.stream), row.hash, (agreed.area, form.stream), None)
                row.deleted = agreed.deleted
            row.area = delta.area
            # Where it comes only to be put right, whatever is held here, the mark is that of the record.
            row.revs = {AREA: min(delta.revs.get(AREA, delta.rev), delta.rev)}
            went[delta.area] = str(delta.values.get(WENT) or "")
            gone[row.id] = row
        if gone:
            self._store.stubs.leave(name, list(gone.values()), went)
        totals.write()

    def cursors(self) -> dict[str, dict[str, int]]:
        """For each class, the rev up to which each area's stream is here."""
        found: dict[str, dict[str, int]] = {}
        for area, stream, rev in self._conn.execute("SELECT area, stream, rev FROM cursor ORDER BY stream, area"):
            found.setdefault(stream, {})[area] = rev
        return found

    def cursor(self, area: str, stream: str) -> int:
        """The rev up to which this device has everything of one stream."""
        row = self._conn.execute("SELECT rev FROM cursor WHERE area = ? AND stream = ?", (area, stream)).fetchone()
        return int(row[0]) if row else 0

    def tag(self, stream: str) -> str:
        """What the county said stands at the class's cursor; another entry there means that it was restored."""
        return str(self._store.meta.get(f"tag.{stream}", ""))


def _moved(delta: Delta) -> int:
    """Since when the record is where *delta* says, as far as that tells."""
    return delta.revs.get(AREA, delta.revs.get("", 0) if delta.whole else delta.rev)
