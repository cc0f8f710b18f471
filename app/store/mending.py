"""Finding what the disk did to agreed records, and putting in its place what the county holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack

from app.schema import digest
from app.schema.ddl import table_name
from app.schema.record import AREA, Delta
from app.schema.values import Value
from app.store.exchange_values import Stream, StreamDigest
from app.store.part import Part
from app.store.rows import REFUSED, Agreed, Row, lay
from app.store.totals import Totals

_AT_ONCE = 250
_LOOKED_AT = 1000
_LAST = (1 << 62) - 1
"""A rev beyond all others."""
_BEGUN, _DONE = "looked.at", "looked.whole"
NOWHERE = "sync.not_at_county"
"""Why a record is on this machine only: the county says that it has it nowhere."""


@dataclass(frozen=True, slots=True)
class Flaws:
    """What a look at the stored values found: records that don't fit their hash, by form, and streams whose sum is another."""

    records: Mapping[str, int]
    streams: frozenset[Stream] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.records or self.streams)


class Mending(Part):
    """Hashes reckoned anew from the stored values, and records that the county gives whole.

    A record's kept hash says what was agreed; where its values no longer give that hash, the hash is made to say what is really
    there. Then this device's digests differ from the county's, and the next exchange finds and replaces just those records.
    """

    def look(self, forms: Collection[str] | None = None) -> Flaws:
        """Reckon every hash anew (of *forms*), and put the kept ones right; what was found is mended by the next exchange."""
        found: dict[str, int] = {}
        for form in forms if forms is not None else self._store.forms:
            after: str | None = ""
            while after is not None:
                bad, _, after = self._look_at(form, after, _LOOKED_AT)
                if bad:
                    found[form] = found.get(form, 0) + bad
        return self._told(Flaws(found, self._put_sums_right()))

    def look_on(self, now: int, every: int, most: int = 5000) -> Flaws:
        """A portion of the same quiet look: *most* records further than last time; a round begins *every* ms (*now*: ms since 1970).

        A clock that was set back begins a round early, and never puts one off.
        """
        meta = self._store.meta
        at = meta.get(_BEGUN)
        if at is None:
            done = meta.get(_DONE)
            if done is not None and 0 <= now - done < every:
                return Flaws({})
            at = [next(iter(self._store.forms)), ""]
        names = list(self._store.forms)
        left, found = most, dict[str, int]()
        place = names.index(at[0]) if at[0] in names else 0
        after: str | None = at[1] if at[0] in names else ""
        while place < len(names) and left > 0:
            bad, read, after = self._look_at(names[place], after or "", min(left, _LOOKED_AT))
            if bad:
                found[names[place]] = found.get(names[place], 0) + bad
            left -= read
            place += after is None
        whole = place >= len(names)
        streams = self._put_sums_right() if found or whole else frozenset[Stream]()
        with self._store.transaction():
            meta.set(_BEGUN, None if whole else [names[place], after or ""])
            if whole:
                meta.set(_DONE, now)
        return self._told(Flaws(found, streams))

    def _told(self, flaws: Flaws) -> Flaws:
        if flaws:
            # Nothing is said of agreement until an exchange has ended in it again.
            self._store.sync.began()
        return flaws

    def _look_at(self, form: str, after: str, most: int) -> tuple[int, int, str | None]:
        """Put right the hashes of *most* records behind id *after*; how many were wrong, how many read, the last id or None at the end."""
        rows = self._readable(form, after, most)
        wrong = [record_id for record_id, _ in self._wrong(form, rows)]
        if wrong:
            with self._store.transaction():
                # Read again under the lock: a save beside this may have changed them meanwhile.
                again = self._rows.get(form, wrong).values()
                fixed = [(right, record_id) for record_id, right in self._wrong(form, again)]
                self._conn.executemany(f"UPDATE {table_name(form)} SET hash = ? WHERE id = ?", fixed)
                wrong = [record_id for _, record_id in fixed]
        return len(wrong), len(rows), rows[-1].id if len(rows) == most else None

    def _readable(self, form: str, after: str, most: int) -> list[Row]:
        tail, params = "WHERE id > ? ORDER BY id LIMIT ?", (after, most)
        try:
            return self._rows.read(form, tail, params)
        except (ValueError, TypeError, msgpack.UnpackException):
            with self._store.transaction():
                self._forget_unreadable(form)
            return self._rows.read(form, tail, params)

    def _forget_unreadable(self, form: str) -> None:
        """Columns that can't be unpacked stop the whole table: the record counts as not agreed, so that it comes anew."""
        table = table_name(form)
        for record_id, revs, extra in self._conn.execute(f"SELECT id, revs, extra FROM {table}").fetchall():
            if not (_unpacks(revs) and _unpacks(extra)):
                self._conn.execute(
                    f"UPDATE {table} SET rev = 0, revs = NULL, extra = NULL, hash = NULL WHERE id = ?", (record_id,)
                )

    def _wrong(self, form: str, rows: Iterable[Row]) -> Iterator[tuple[str, bytes | None]]:
        """(id, right hash) of those *rows* whose kept hash isn't that of their agreed values."""
        rows = [row for row in rows if row.rev > 0 or row.hash is not None]
        beneath = self._rows.agreed(row.id for row in rows if row.pending)
        scope = {(area, stream) for stream, areas in self._store.sync.cursors().items() for area in areas}
        shape = self._store.forms[form]
        for row in rows:
            agreed = (beneath.get(row.id) or Agreed()) if row.pending else Agreed.of(shape, row)
            right = agreed.hash(form, row.id)
            # What left the scope counts nowhere any more.
            counts = row.hash is not None or (agreed.area, shape.stream) in scope
            if counts and right != row.hash:
                yield row.id, right

    def _put_sums_right(self) -> frozenset[Stream]:
        """Make each stream's kept digest the sum of its records' hashes; the streams in which it wasn't."""
        if not self._others():
            return frozenset()
        with self._store.transaction():
            others = self._others()
            for (area, stream), held in others.items():
                self._conn.execute(
                    "INSERT OR REPLACE INTO digest (area, stream, records, total) VALUES (?, ?, ?, ?)",
                    (area, stream, held.records, held.total),
                )
        return frozenset(others)

    def _others(self) -> dict[Stream, StreamDigest]:
        """The streams in scope whose kept digest is not the sum of the hashes, with that sum."""
        kept = self._store.sync.digests()
        found: dict[Stream, tuple[int, int]] = {}
        for form in self._store.forms.values():
            for area, _, held in self._hashes(form.name, "", ()):
                count, total = found.get((area, form.stream), (0, 0))
                found[area, form.stream] = count + 1, total + int.from_bytes(held, "big")
        limit = 1 << 8 * digest.SIZE
        sums = {key: StreamDigest(n, (total % limit).to_bytes(digest.SIZE, "big")) for key, (n, total) in found.items()}
        return {
            stream: sums.get(stream, StreamDigest())
            for stream, held in kept.items()
            if held != sums.get(stream, StreamDigest())
        }

    # -- comparing --------------------------------------------------------------------------------

    def held(self, stream: Stream, low: str = "", high: str = "") -> list[tuple[str, bytes]]:
        """(id, kept hash) of the agreed records of *stream* from id *low* up to *high* (empty: no end), by id."""
        tail, params = "AND id >= ?", [low]
        if high:
            tail, params = tail + " AND id < ?", [low, high]
        area, name = stream
        found = [
            (record_id, held)
            for form in self._store.forms.values()
            if form.stream == name
            for at, record_id, held in self._hashes(form.name, tail, params, area)
            if at == area
        ]
        return sorted(found)

    def _hashes(
        self, form: str, tail: str, params: Sequence[Any], area: str | None = None
    ) -> Iterator[tuple[str, str, bytes]]:
        """(agreed area, id, kept hash) of the records of *form* that count; of *area* only, but for those with unsent changes."""
        table = table_name(form)
        inside, where = ("AND area = ?", [area]) if area else ("", [])
        sql = f"SELECT area, id, hash FROM {table} WHERE pending = 0 AND hash IS NOT NULL {inside} {tail}"
        yield from self._conn.execute(sql, [*where, *params])
        unsent = self._conn.execute(
            f"SELECT id, hash FROM {table} WHERE pending > 0 AND hash IS NOT NULL {tail}", params
        ).fetchall()
        beneath = self._rows.agreed(record_id for record_id, _ in unsent)
        for record_id, held in unsent:
            agreed = beneath.get(record_id)
            yield agreed.area if agreed else "", record_id, held

    # -- mending ----------------------------------------------------------------------------------

    def mend(self, deltas: Sequence[Delta]) -> None:
        """What the county holds stands, whatever revs are held here; unsent changes stay on top, what stood is kept in the history."""
        for start in range(0, len(deltas), _AT_ONCE):
            with self._store.transaction():
                by_form: dict[str, list[Delta]] = {}
                for delta in deltas[start : start + _AT_ONCE]:
                    by_form.setdefault(delta.form, []).append(delta)
                known = {form: mine for form, mine in by_form.items() if form in self._store.forms}
                for form, mine in known.items():
                    # Whatever rev is held here: the county says where it is now.
                    gone = [replace(delta, revs={AREA: _LAST}) for delta in mine if delta.left]
                    self._store.sync.leave(form, gone)
                self._store.query.keep_received((delta.id, delta.taken) for delta in deltas if delta.taken)
                here = {form: [delta for delta in mine if not delta.left] for form, mine in known.items()}
                self._store.settled({form: self._replace(form, mine) for form, mine in here.items()})

    def _replace(self, name: str, deltas: Sequence[Delta]) -> dict[str, Row]:
        form = self._store.forms[name]
        rows = self._rows.get(name, (delta.id for delta in deltas))
        beneath = self._rows.agreed(row.id for row in rows.values() if row.pending)
        unsent = self._outbox.of(rows)
        totals = Totals(self._conn)
        out: dict[str, Row] = {}
        keep: dict[str, Agreed] = {}
        for delta in deltas:
            row = rows.get(delta.id) or Row(name, delta.id, delta.area, {})
            stood = (beneath.get(row.id) or Agreed()) if row.pending else Agreed.of(form, row)
            agreed = Agreed()
            for field, value in delta.values.items():
                agreed.set(form, field, value)
            agreed.area, agreed.deleted = delta.area, delta.deleted
            new_hash = agreed.hash(name, row.id)
            totals.moved((stood.area, form.stream), row.hash, (agreed.area, form.stream), new_hash)
            if stood.area:
                self._keep_stood(row, stood, agreed)
            changes = unsent.get(row.id, ())
            if changes:
                keep[row.id] = agreed
            row.rev, row.hash, row.standing = delta.rev, new_hash, ""
            row.revs = dict(delta.revs)
            out[row.id] = lay(form, row, agreed, changes)
        self._rows.put(name, list(out.values()))
        self._rows.drop_agreed(record_id for record_id in out if record_id not in keep)
        self._rows.keep_agreed(name, keep)
        totals.write()
        return out

    def _keep_stood(self, row: Row, stood: Agreed, agreed: Agreed) -> None:
        """A line of history with the values that did not stand: whether the disk or a person wrote them, only a person can say."""
        now = _filled(agreed)
        other = {name: value for name, value in _filled(stood).items() if value != now.get(name)}
        if other:
            self._conn.execute(
                "INSERT INTO history (form, id, counter, rev, time, user, device, kind, body) VALUES (?,?,NULL,?,?,'','',?,?)",
                (row.form, row.id, row.rev, self._store.now_ms(), "lost", msgpack.packb(other)),
            )

    def only_here(self, stream: Stream, ids: Collection[str]) -> int:
        """The county has these records of *stream* nowhere: they stay, as "only on this machine", and people are told; how many."""
        area, name = stream
        count = 0
        with self._store.transaction():
            totals = Totals(self._conn)
            for form in self._store.forms.values():
                rows = self._rows.get(form.name, ids) if form.stream == name else {}
                beneath = self._rows.agreed(row.id for row in rows.values() if row.pending)
                for row in rows.values():
                    agreed = (beneath.get(row.id) or Agreed()) if row.pending else Agreed.of(form, row)
                    if row.hash is None or agreed.area != area:
                        continue
                    totals.moved(stream, row.hash, stream, None)
                    self._tell(row, agreed, form.name)
                    row.rev, row.revs, row.hash, row.standing = 0, {}, None, REFUSED
                    self._rows.settle(form.name, [row])
                    self._rows.drop_agreed([row.id])
                    count += 1
            totals.write()
        return count

    def _tell(self, row: Row, agreed: Agreed, form: str) -> None:
        first = self._conn.execute("SELECT min(counter) FROM attention").fetchone()[0] or 0
        self._conn.execute(
            "INSERT INTO attention (counter, form, id, body, code, time, done) VALUES (?, ?, ?, ?, ?, ?, 0)",
            # No change of this device's is at fault: the numbers below 0 are nobody's.
            (min(first, 0) - 1, form, row.id, msgpack.packb(_filled(agreed)), NOWHERE, self._store.now_ms()),
        )


def _filled(agreed: Agreed) -> dict[str, Value]:
    return {name: value for name, value in {**agreed.values, **agreed.extra}.items() if value is not None}


def _unpacks(packed: object) -> bool:
    if packed is None:
        return True
    if not isinstance(packed, bytes):
        return False
    try:
        msgpack.unpackb(packed)
    except (ValueError, TypeError, msgpack.UnpackException):
        return False
    return True
