"""Deltas: what others changed, taken field by field where it is newer, together with the cursors."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgpack

from app.schema.digest import record_hash
from app.schema.form import Form
from app.schema.record import AREA, DELETED, Delta
from app.store import search
from app.store.erasing import forgetful
from app.store.exchange_values import Stream
from app.store.part import Part
from app.store.rows import STUB, WENT, Agreed, Row, cells_of, lay
from app.store.totals import Totals

_AT_FIRST, _AT_ONCE, _OF_MANY = 100, 300, 600
"""Records taken in one transaction; of many that are here already each transaction writes to hundreds of the indexes' pages."""
New = dict[tuple[str, str, int], Row]
"""By form, id and rev of their deltas: rows made of whole records."""


class Taking(Part):
    """What comes down, and how far this device is."""

    def deltas(
        self, deltas: Sequence[Delta], cursors: Mapping[Stream, int], *, tags: Mapping[str, str] | None = None
    ) -> set[tuple[str, str]]:
        """Apply one frame of what others changed; its cursors go with the last of several short transactions.

        Each holds the write lock for some 20 ms, in a long first copy up to 50, twice that where the log goes to the file, so that
        a save beside it never waits long. A frame cut in the middle comes again: a field is taken only if its rev is newer than the one held, so
        taking it twice changes nothing. Unsent changes are laid on top again. Return (form, id) of what changed.
        """
        parts = list(_parts(deltas, _OF_MANY if self._store.first_copy.long else _AT_ONCE))
        # What came from the county comes again after a power cut, because its cursor is lost with it: no flush for each
        # transaction. A save beside it, on a connection of its own, flushes as always.
        self._conn.execute("PRAGMA synchronous = NORMAL")
        try:
            new: New = {}
            self._prepare(parts[0], new)
            for part, following in itertools.zip_longest(parts, parts[1:]):
                new = self._apply(part, new, following, cursors, tags)
        finally:
            self._conn.execute("PRAGMA synchronous = FULL")
        return {(delta.form, delta.id) for delta in deltas}

    def _apply(
        self,
        deltas: Sequence[Delta],
        new: New,
        following: Sequence[Delta] | None,
        cursors: Mapping[Stream, int],
        tags: Mapping[str, str] | None,
    ) -> New:
        """Apply *deltas*, with the cursors where nothing is *following*; return what is prepared of that."""
        prepared: New = {}
        meanwhile = functools.partial(self._prepare, following, prepared) if following else None
        with self._store.transaction(meanwhile):
            self._store.first_copy.came(len(deltas))
            by_form: dict[str, list[Delta]] = {}
            for delta in deltas:
                by_form.setdefault(delta.form, []).append(delta)
            known = {form: mine for form, mine in by_form.items() if form in self._store.forms}
            for form, mine in known.items():
                self.leave(form, [delta for delta in mine if delta.left])
            touched = {form: self._take(form, [d for d in mine if not d.left], new) for form, mine in known.items()}
            self._store.query.keep_received((delta.id, delta.taken) for delta in deltas if delta.taken)
            self._store.sync.stand_now(row for rows in touched.values() for row in rows.values())
            if not following:
                self._go_on_from(cursors, tags or {})
            self._store.settled(touched)
            if about := forgetful(self._store.forms, touched, deltas):
                self._store.sync.forget(about)
        return prepared

    def _go_on_from(self, cursors: Mapping[Stream, int], tags: Mapping[str, str]) -> None:
        self._conn.executemany(
            "UPDATE cursor SET rev = max(rev, ?) WHERE area = ? AND stream = ?",
            [(rev, a, s) for (a, s), rev in cursors.items()],
        )
        for stream, tag in tags.items():
            self._store.meta.set(f"tag.{stream}", tag)
        if tags:
            self._store.sync.mark(tags.values())

    def _prepare(self, deltas: Sequence[Delta], new: New) -> None:
        """Put into *new* the rows that whole records among *deltas* make, if they aren't here; the store isn't looked at."""
        forms = self._store.forms
        for delta in deltas:
            if delta.form in forms and (row := _as_it_came(forms[delta.form], delta)):
                new[delta.form, delta.id, delta.rev] = row
                row.keys = search.keys_of(forms[delta.form], row.area, row.values)
                row.cells = cells_of(forms[delta.form], row)

    def _take(self, name: str, deltas: Sequence[Delta], new: New) -> dict[str, Row]:
        """Take *deltas* of one form; *new*: the rows of those that need no look at what is here."""
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
            made = new.get((name, delta.id, delta.rev))
            if made and delta.id not in rows and delta.id not in out:
                out[delta.id] = row = made
                totals.moved((row.area, form.stream), None, (row.area, form.stream), row.hash)
                continue
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


def _parts(deltas: Sequence[Delta], most: int) -> Iterator[Sequence[Delta]]:
    """What is applied together: little at first, for nothing is written while the first is made ready; one empty part of nothing."""
    start, size = 0, _AT_FIRST
    while start < len(deltas) or not start:
        yield deltas[start : start + size]
        start, size = start + size, min(2 * size, most)


def _as_it_came(form: Form, delta: Delta) -> Row | None:
    """The row of a whole record that wasn't here, as field by field would make it; None where that must be looked at one by one.

    Nearly all of a first copy comes so.
    """
    said = delta.revs.keys() - {"", AREA, DELETED}
    if not delta.whole or delta.left or not delta.area or not said <= delta.values.keys() <= form.blank.keys():
        return None
    row = Row(
        form.name,
        delta.id,
        delta.area,
        {**form.blank, **delta.values},
        delta.rev,
        dict(delta.revs),
        deleted=delta.deleted,
    )
    row.revs.setdefault("", delta.rev)
    row.hash = record_hash(form.name, delta.id, delta.area, delta.deleted, delta.values)
    return row


def _moved(delta: Delta) -> int:
    """Since when the record is where *delta* says, as far as that tells."""
    return delta.revs.get(AREA, delta.revs.get("", 0) if delta.whole else delta.rev)
