"""The county's end of the way back after a restore: the new epoch, what is common, and offers taken one message at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.schema.record import first_rev
from sync.county.bringing import Bringing, Trust
from sync.county.county import County
from sync.county.epochs import begun, begun_at, knows, tag_at, write_begin
from sync.county.rights import Device, Rights
from sync.county.writing import Hand
from sync.offers import decode_offers
from sync.wire import End, Head, Hello, Message, Receipts, WireError

TIME_LIMIT_MS = 90 * 86_400_000
"""After a restore, devices bring back by themselves what it lost; after that, a person looks at what would change anything."""


def begin_after(county: County, device: Device, hello: Hello) -> int:
    """The epoch that a device which knows more than the county goes on in: a new one, unless somebody was here before."""
    with county.database.write(county.code) as (conn, epoch, rev):
        if hello.epoch < epoch or knows(conn, county.code, device.id, hello):
            return epoch
        made = max(epoch, hello.epoch) + 1
        write_begin(conn, county.code, made, tag_at(conn, county.code, rev), county.now_ms(), device.id)
        county.audit(conn, "restored", device=device.id, account=device.account, epoch=made, ended=rev)
        return made


class Recovering:
    """One request of a device that was told, or is being told, of the restore. *common*: the last rev that both know."""

    def __init__(self, county: County, rights: Rights, device: Device, hello: Hello, epoch: int, common: int) -> None:
        self._county = county
        self._rights = rights
        self._device = device
        self._hello = hello
        self._epoch = epoch
        self._common = common

    def take(self, content: bytes) -> Receipts | None:
        """Apply offers; a receipt for each, or None for those to an epoch that is over: the head says so.

        Its ``rev`` is where its fields stand now, ``lost`` names those that don't, ``results`` holds the rev of a field, or of the
        record's making (""), where that is another one. WireError for what can't be read.
        """
        frame = decode_offers(content)
        county = self._county
        with county.database.write(county.code) as (conn, epoch, rev):
            if epoch != self._epoch or self._hello.epoch != epoch:
                return None
            if frame.common != self._common:
                raise WireError("common")
            if not all(frame.common < offer.was < first_rev(epoch) for offer in frame.offers):
                raise WireError("was")
            now = county.now_ms()
            hand = Hand(self._device, self._hello.incarnation, 0, now)
            began = begun_at(conn, county.code, epoch)
            trust = Trust.LATE if began and now - began > TIME_LIMIT_MS else Trust.USUAL
            batch = Bringing(county.applier, self._rights, hand, conn, rev, frame.common, trust)
            receipts = batch.bring_back(frame.offers)
            aside = sum(receipt.status == "refused" for receipt in receipts)
            who = {"device": self._device.id, "account": self._device.account}
            county.audit(conn, "offers", **who, offers=len(receipts), aside=aside)
            for record in batch.pulled:
                county.audit(conn, "offer_moved_here", **who, record=record)
        return Receipts.of(-frame.number, receipts)

    def answer(self, receipts: Sequence[Receipts]) -> Iterator[Message]:
        """The new epoch, what is common, and what became of the offers."""
        county = self._county
        with county.database.snapshot() as conn:
            epoch, last = county.standing(conn)
            start = begun(conn, county.code, epoch)
        county.note(self._device, "exchange", frames=len(receipts))
        # Another epoch than this request began with: the device is told nothing of it, and asks anew.
        shared = self._common if epoch == self._epoch else -1
        yield Head(self._hello.version, county.code, epoch, county.now_ms(), begun=start, common=shared)
        yield from receipts
        yield End(last, b"", again=True)
