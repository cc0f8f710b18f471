"""Frames taken at the county, each once and in one transaction, and what was answered to them before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from app.errors import KnownError
from sync.county.batch import Batch
from sync.county.database import among, parts
from sync.county.rights import Device, Rights
from sync.county.tables import FRAME
from sync.county.vouching import GIVEN_UP, OWN_GIVEN_UP, Vouched, disputed
from sync.county.writing import Books, Hand
from sync.wire import Reader, Receipts, decode_up, encode, frame_hash


class Applier(Books):
    """Applies frames to *county*'s books."""

    def apply(
        self,
        rights: Rights,
        device: Device,
        incarnation: str,
        content: bytes,
        now: int,
        *,
        epoch: int | None = None,
        vouched: Vouched | None = None,
    ) -> Receipts:
        """Apply a frame of *device* and return its receipts; one that was applied before gives its old ones again.

        WireError for a frame that can't be read: nothing of it is used. *now* in milliseconds since 1970 UTC. *epoch*: the one that
        the device knows; KnownError("sync.busy") where a restore was noticed since: the frame may be based on what was lost.
        *vouched*: what the device says of the incarnation's other frames: what it can't vouch for was another hand's.
        """
        frame = decode_up(content)
        said = vouched or Vouched()
        digest = frame_hash(content)
        with self.database.write(self.county) as (conn, now_in, rev):
            if epoch not in {None, now_in}:
                raise KnownError("sync.busy")
            known = self.receipts(conn, device, incarnation, frame.number, digest)
            if known is not None:
                return known
            row = {
                "county": self.county,
                "device": device.id,
                "incarnation": incarnation,
                "number": frame.number,
                "hash": digest,
                "at": now,
                "void": 0,
                "earlier": said.earlier(frame.number),
            }
            conn.execute(sa.insert(FRAME).values(**row))
            batch = Batch(self, rights, Hand(device, incarnation, frame.number, now, digest, said), conn, rev)
            receipts = batch.take(frame.changes)
            answer = Receipts.of(frame.number, receipts)
            conn.execute(
                sa.update(FRAME).where(*_frame_key(self.county, device.id, incarnation, frame.number)),
                {"receipts": encode(answer)},
            )
        return answer

    def receipts(
        self, conn: sa.Connection, device: Device, incarnation: str, number: int, digest: bytes | None = None
    ) -> Receipts | None:
        """What the county answered to a frame before; None if it never came.

        With *digest* a known number of another content is "not yours": a cloned disk or a restored device. Without it the
        answer says which content it is about, so that the device can see that for itself.
        """
        query = sa.select(FRAME).where(*_frame_key(self.county, device.id, incarnation, number))
        row = conn.execute(query).one_or_none()
        return None if row is None else _old(row, digest)

    def answered(
        self, conn: sa.Connection, device: Device, incarnation: str, numbers: Sequence[int]
    ) -> dict[int, Receipts | None]:
        """``receipts`` for many frames at once, by number; those that never came are missing."""
        found: dict[int, Receipts | None] = {}
        for some in parts(sorted(set(numbers))):
            query = sa.select(FRAME).where(*_frame_key(self.county, device.id, incarnation))
            for row in conn.execute(query.where(among(conn, FRAME.c.number, some))):
                found[row.number] = _old(row)
        return found

    def void(
        self,
        device: Device,
        incarnation: str,
        numbers: Sequence[int],
        now: int,
        made: Mapping[int, bytes] | None = None,
    ) -> list[int]:
        """The device gave these numbers up: one that comes later is skipped.

        Return those under which the county holds another frame than it *made*: then nothing was done, another machine says its name.
        """
        marks = made or {}
        with self.database.write(self.county) as (conn, _, _):
            if foreign := disputed(conn, self.county, device.id, incarnation, marks, numbers):
                return foreign
            key = {"county": self.county, "device": device.id, "incarnation": incarnation}
            for some in parts(sorted(set(numbers))):
                those = [*_frame_key(self.county, device.id, incarnation), among(conn, FRAME.c.number, some)]
                known = set(conn.scalars(sa.select(FRAME.c.number).where(*those)))
                conn.execute(sa.update(FRAME).where(*those), {"void": GIVEN_UP})
                own = [number for number in some if number in marks]
                if own:
                    sure = [*_frame_key(self.county, device.id, incarnation), among(conn, FRAME.c.number, own)]
                    conn.execute(sa.update(FRAME).where(*sure, FRAME.c.hash.is_not(None)), {"void": OWN_GIVEN_UP})
                new = [{**key, "number": number, "at": now, "void": GIVEN_UP} for number in some if number not in known]
                self.database.add(conn, FRAME, new)
        return []


def _old(row: sa.Row[Any], digest: bytes | None = None) -> Receipts | None:
    """What was answered to the frame of *row*; see ``Applier.receipts``."""
    if row.receipts is None:
        return Receipts(row.number, code="sync.void")
    if digest is not None and row.hash != digest:
        return Receipts(row.number, code="sync.not_yours")
    (message,) = Reader().feed(row.receipts)
    if not isinstance(message, Receipts):
        return None
    return replace(message, content=row.hash) if digest is None else message


def _frame_key(county: str, device: str, incarnation: str, number: int | None = None) -> list[sa.ColumnElement[bool]]:
    key: list[sa.ColumnElement[bool]] = [
        FRAME.c.county == county,
        FRAME.c.device == device,
        FRAME.c.incarnation == incarnation,
    ]
    return key if number is None else [*key, FRAME.c.number == number]
