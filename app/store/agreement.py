"""The side of the store that the exchange uses: frames out, receipts and deltas in, cursors, and the digests of what is agreed."""

from __future__ import annotations

import dataclasses

import msgpack

from app.store.erasing import Erasing
from app.store.exchange_values import Area, Attention, Exchange, Frame, Recovery, Stream, StreamDigest, SyncState
from app.store.framing import Framing
from app.store.mending import Mending
from app.store.offering import Offering
from app.store.patience import Patience
from app.store.refused import Refusals
from app.store.sealing import Sealing
from app.store.standing import NOT_AGREED, Agreed, Standing, Standings
from app.store.taking import Taking
from app.store.totals import Proof

__all__ = [
    "NOT_AGREED",
    "Agreed",
    "Agreement",
    "Area",
    "Attention",
    "Exchange",
    "Frame",
    "Recovery",
    "Standing",
    "Stream",
    "StreamDigest",
    "SyncState",
]


class Agreement(Framing, Offering, Patience, Taking, Proof, Standings, Refusals, Mending, Sealing, Erasing):
    """All of it, and what people see of it: past exchanges and refused changes."""

    def log(self, line: Exchange) -> None:
        """Append one exchange to the list of past ones."""
        with self._store.transaction():
            self._conn.execute(
                "INSERT INTO exchange (at, road, sent, received, bytes_up, bytes_down, seconds, result, note) VALUES (?,?,?,?,?,?,?,?,?)",
                dataclasses.astuple(line),
            )

    def exchanges(self, limit: int = 50) -> list[Exchange]:
        """The last exchanges, newest first."""
        rows = self._conn.execute(
            "SELECT at, road, sent, received, bytes_up, bytes_down, seconds, result, note FROM exchange ORDER BY seq DESC LIMIT ?",
            (limit,),
        )
        return [Exchange(*row) for row in rows]

    def bytes_since(self, at_ms: int) -> int:
        """Bytes both ways of the exchanges over the network that ended at *at_ms* or later."""
        query = "SELECT coalesce(sum(bytes_up + bytes_down), 0) FROM exchange WHERE at >= ? AND road IN ('network', 'files')"
        return int(self._conn.execute(query, (at_ms,)).fetchone()[0])

    def attention(self) -> list[Attention]:
        """Refused changes that nobody has looked at yet."""
        rows = self._conn.execute(
            "SELECT counter, form, id, body, code, time FROM attention WHERE done = 0 ORDER BY counter"
        )
        return [
            Attention(c, form, record_id, msgpack.unpackb(body), code, moment)
            for c, form, record_id, body, code, moment in rows
        ]

    def attended(self, counter: int) -> None:
        """A person has seen the refused change *counter*."""
        with self._store.transaction():
            self._conn.execute("UPDATE attention SET done = 1 WHERE counter = ?", (counter,))
