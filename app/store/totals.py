"""Streams' digests: moved with each change, and reckoned anew to see whether they are true."""

from __future__ import annotations

from app.schema import digest
from app.store.driver import Connection
from app.store.exchange_values import Stream, StreamDigest
from app.store.part import Part
from app.store.rows import Agreed


class Proof(Part):
    """The proof that this device and its county agree."""

    def digests(self) -> dict[Stream, StreamDigest]:
        """The kept digest of every stream in scope."""
        held = {
            (a, s): StreamDigest(n, t)
            for a, s, n, t in self._conn.execute("SELECT area, stream, records, total FROM digest")
        }
        scope = [(area, stream) for area, stream in self._conn.execute("SELECT area, stream FROM cursor")]
        return {stream: held.get(stream, StreamDigest()) for stream in scope}

    def reckon(self) -> dict[Stream, StreamDigest]:
        """The digests reckoned anew from the stored values: a value flipped on the disk shows."""
        found: dict[Stream, StreamDigest] = {}
        for form in self._store.forms.values():
            rows = self._rows.read(form.name, "WHERE rev > 0")
            beneath = self._rows.agreed(row.id for row in rows if row.pending)
            for row in rows:
                agreed = beneath.get(row.id) or Agreed.of(form, row)
                stream = (agreed.area, form.stream)
                held = found.get(stream, StreamDigest())
                found[stream] = StreamDigest(
                    held.records + 1, digest.add(held.total, None, agreed.hash(form.name, row.id))
                )
        return {stream: found.get(stream, StreamDigest()) for stream in self.digests()}


class Totals:
    """Collects how streams' digests move and writes each once."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._moves: dict[Stream, tuple[int, bytes]] = {}

    def moved(self, was: Stream, gone: bytes | None, now: Stream, come: bytes | None) -> None:
        """A record's hash left stream *was* and entered stream *now*; None: it wasn't, or isn't, there."""
        if gone is not None:
            count, total = self._moves.get(was, (0, digest.ZERO))
            self._moves[was] = (count - 1, digest.add(total, gone, None))
        if come is not None:
            count, total = self._moves.get(now, (0, digest.ZERO))
            self._moves[now] = (count + 1, digest.add(total, None, come))

    def write(self) -> None:
        """Add what was collected to the digest table."""
        for (area, stream), (count, total) in self._moves.items():
            row = self._conn.execute(
                "SELECT records, total FROM digest WHERE area = ? AND stream = ?", (area, stream)
            ).fetchone()
            held, sum_held = row or (0, digest.ZERO)
            self._conn.execute(
                "INSERT OR REPLACE INTO digest (area, stream, records, total) VALUES (?, ?, ?, ?)",
                (area, stream, held + count, digest.add(sum_held, None, total)),
            )
