"""What devices bring back to a county that was restored: each lost rev's fields take their place again, once, in any order."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgpack
import sqlalchemy as sa

from app.schema.form import Form
from app.schema.record import AREA, EPOCH_BITS, Change, Offer, Receipt, Record, first_rev
from app.schema.values import Value
from sync.county.applying import NOT_ITS_FAULT, Applier, Batch, Writes
from sync.county.county import County
from sync.county.database import parts
from sync.county.epochs import begun, knows, tag_at, write_begin
from sync.county.records import Held
from sync.county.rights import Device, Rights
from sync.county.tables import ASIDE, HISTORY
from sync.merge import KEPT, OPEN, Context, Loser, Writer, conflict_change, conflict_rule, content_hash, merge
from sync.offers import OfferFrame, decode_offers
from sync.wire import End, Head, Hello, Message, Receipts, WireError

_log = logging.getLogger(__name__)


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
            batch = _Return(
                county.applier, self._rights, self._device, self._hello.incarnation, county.now_ms(), conn, rev
            )
            receipts = batch.bring_back(frame)
            aside = sum(receipt.status == "refused" for receipt in receipts)
            county.audit(
                conn, "offers", device=self._device.id, account=self._device.account, offers=len(receipts), aside=aside
            )
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


@dataclass
class _Past:
    """What the history says of one record: its rows by rev."""

    rows: dict[int, Any] = field(default_factory=dict)

    def writer(self, rev: int) -> Writer | None:
        """Who wrote *rev*."""
        row = self.rows.get(rev)
        if row is None:
            return None
        values, _, _, results = msgpack.unpackb(row.body)
        return Writer(row.device, row.counter, row.time, row.account, {**values, **results}, row.incarnation)

    def brought(self, was: int) -> list[Any]:
        """What was brought back of the lost rev *was*."""
        return [row for row in self.rows.values() if row.was == was]

    def judged(self, was: int, *, own: bool) -> dict[str, Value]:
        """The fields of the lost rev *was* that the county has had in hand already, or still has.

        A device's *own* change would be known by its hash: what stands at its rev without that is another.
        """
        found: dict[str, Value] = {}
        held = None if own else self.rows.get(was)
        for row in [*self.brought(was), *([held] if held is not None and held.was is None else [])]:
            values, _, _, results = msgpack.unpackb(row.body)
            found.update({**values, **results})
        return found


class _Return(Batch):
    """The offers of one message, inside its transaction."""

    def __init__(
        self,
        applier: Applier,
        rights: Rights,
        device: Device,
        incarnation: str,
        now: int,
        conn: sa.Connection,
        rev: int,
    ) -> None:
        super().__init__(applier, rights, device, incarnation, 0, now, conn, rev)
        self._common = 0
        self._streams = set(rights.streams(device))
        self._past: dict[str, _Past] = {}

    def bring_back(self, frame: OfferFrame) -> list[Receipt]:
        """A receipt for each offer; whatever is wrong with one of them, the others are not held up."""
        self._common = frame.common
        try:
            with self._conn.begin_nested():
                receipts = self._all(frame.offers)
        except NOT_ITS_FAULT:
            raise
        except Exception as bad:  # noqa: BLE001 - the county's edge: one bad offer must not hold up the others
            _log.warning("offers taken one by one: %s", type(bad).__name__)
            receipts = [self._by_itself(place, offer) for place, offer in enumerate(frame.offers, 1)]
        self._count()
        return receipts

    def _by_itself(self, place: int, offer: Offer) -> Receipt:
        try:
            with self._conn.begin_nested():
                return replace(self._all([offer])[0], counter=place)
        except NOT_ITS_FAULT:
            raise
        except Exception as bad:  # noqa: BLE001 - see bring_back
            _log.warning("an offer of %s set aside: %s", offer.change.form, type(bad).__name__)
            row = self._aside(offer.change, content_hash(f"was {offer.was}", offer.change), "sync.set_aside")
            with self._conn.begin_nested():
                self._at.database.put(self._conn, ASIDE, [row])
            return Receipt(place, "refused", code="sync.set_aside")

    def _all(self, offers: Sequence[Offer]) -> list[Receipt]:
        known = [offer for offer in offers if offer.change.form in self._at.forms]
        changes = [offer.change for offer in known]
        held = self._held(changes)
        before = dict(held)
        self._past = self._pasts(changes)
        writes = Writes(self._rev, self._chain)
        rows = [self._bring(offer, held, writes) if offer in known else None for offer in offers]
        for offer in offers:
            if offer not in known:
                digest = content_hash(f"was {offer.was}", offer.change)
                writes.aside.append(self._aside(offer.change, digest, "sync.form_unknown"))
        self._flush(writes, before)
        self._rev, self._chain = writes.rev, writes.chain
        return [
            _receipt(place, offer, rev, held.get((offer.change.form, offer.change.id)))
            if rev
            else Receipt(place, "refused", code="sync.outside" if offer in known else "sync.form_unknown")
            for place, (offer, rev) in enumerate(zip(offers, rows, strict=True), 1)
        ]

    def _pasts(self, changes: Sequence[Change]) -> dict[str, _Past]:
        found: dict[str, _Past] = {change.id: _Past() for change in changes}
        for some in parts(sorted(found)):
            query = sa.select(HISTORY).where(HISTORY.c.county == self._at.county, HISTORY.c.id.in_(some))
            for row in self._conn.execute(query):
                found[row.id].rows[row.rev] = row
        return found

    def _bring(self, offer: Offer, held: dict[tuple[str, str], Held], writes: Writes) -> int | None:
        """Let *offer* take its place; the rev of the history that speaks of it, None where it was set aside."""
        change, past = offer.change, self._past[offer.change.id]
        form = self._at.forms[change.form]
        stored = held[change.form, change.id].record if (change.form, change.id) in held else None
        digest = content_hash(self._device.id if change.counter else f"was {offer.was}", change)
        if not self._inside(form, change, stored) or (stored is None and not change.creates):
            writes.aside.append(self._aside(change, digest, "sync.outside"))
            return None
        twin = self._twin(offer, digest, past)
        judged = past.judged(offer.was, own=bool(change.counter))
        if twin is not None and twin.was is None and change.counter:
            judged = offer.stands()  # the county has the very change
        fresh = {
            name: value
            for name, value in offer.stands().items()
            if name not in judged or judged[name] != value or stored is None
        }
        if stored is None and AREA in change.values:
            fresh.setdefault(AREA, change.values[AREA])
        rev = int(twin.rev) if twin is not None else 0
        if twin is None or fresh:
            rev = self._place(offer, fresh, digest, bool(change.counter) and twin is None, held, writes)
        if change.counter and offer.lost:
            self._keep_again(offer, digest, held, writes)
        return rev

    def _inside(self, form: Form, change: Change, stored: Record | None) -> bool:
        areas = {stored.area if stored else change.area, str(change.values.get(AREA) or change.area)}
        return any((area, form.stream) in self._streams for area in areas)

    def _twin(self, offer: Offer, digest: bytes, past: _Past) -> Any | None:
        """The row of history that speaks of the same event; one of nobody's becomes the device's own where it says so."""
        change = offer.change
        rows = list(past.rows.values())
        for row in rows:
            if change.counter and row.hash == digest:
                return row
        held = None if change.counter else past.rows.get(offer.was)
        if held is not None and held.was is None and _covers(held, offer):
            return held
        for row in past.brought(offer.was):
            if _covers(row, offer) or not offer.stands():
                if change.counter and not row.device:
                    self._claim(row, offer, digest)
                return row
        return None

    def _claim(self, row: Any, offer: Offer, digest: bytes) -> None:
        change = offer.change
        values, _, lost, results = msgpack.unpackb(row.body)
        took = {**{name: value for name, value in values.items() if name not in lost}, **results}
        # Whoever reckons the record from its history must find that this row did what it did, and no more.
        away = [name for name in change.values if name not in took]
        rest = {name: value for name, value in took.items() if change.values.get(name, ...) != value}
        body = [dict(change.values), dict(change.bases), away, rest]
        self._conn.execute(
            sa.update(HISTORY).where(HISTORY.c.county == self._at.county, HISTORY.c.rev == row.rev),
            {
                "device": self._device.id,
                "incarnation": self._incarnation,
                "counter": change.counter,
                "time": min(change.time, self._now),
                "account": change.user,
                "hash": digest,
                "body": msgpack.packb(body),
            },
        )

    def _place(
        self,
        offer: Offer,
        fresh: dict[str, Value],
        digest: bytes,
        own: bool,
        held: dict[tuple[str, str], Held],
        writes: Writes,
    ) -> int:
        change, rev = offer.change, writes.rev + 1
        form, past = self._at.forms[change.form], self._past[change.id]
        stored = held[change.form, change.id].record if (change.form, change.id) in held else None
        line = f"lost {offer.was >> EPOCH_BITS}"
        based = {name: self._base(past, name) for name in fresh}
        if AREA in fresh:
            based[AREA] = 0 if stored is None else max(based[AREA], 1)
        mine = replace(change, values=fresh, bases=based, counter=offer.was)
        context = Context(line, rev, self._now, self._in_line(past, offer.was, line, stored), line)
        outcome = merge(form, stored, mine, context)
        writes.rev = rev
        record = outcome.record if outcome.written else None
        lost = [*outcome.lost, *(name for name in (*offer.lost, *offer.gone) if name not in fresh)]
        whole = {**change.values, **offer.results} if own else fresh
        body = [whole, dict.fromkeys(whole, 0), [name for name in lost if name in whole], dict(outcome.results)]
        status = "merged" if lost or outcome.status == "refused" else outcome.status
        receipt = Receipt(0, status, rev)
        self._write(writes, held, replace(change, values=whole), record, receipt, digest, body, stored, county=not own)
        writes.history[-1]["was"] = offer.was
        if not own:
            writes.history[-1]["counter"] = 0
        self._learn(writes)
        for loser in outcome.losers:
            self._keep_loser(writes, held, change, digest, loser)
            self._learn(writes)
        return rev

    def _learn(self, writes: Writes) -> None:
        """What was just written is past to the offers that follow."""
        row = _Row(**writes.history[-1])
        self._past.setdefault(row.id, _Past()).rows[row.rev] = row

    def _base(self, past: _Past, name: str) -> int:
        """The last rev of the common past that wrote field *name*: what the loser of a quarrel is shown beside."""
        revs = [rev for rev, row in past.rows.items() if rev <= self._common and name in msgpack.unpackb(row.body)[0]]
        return max(revs, default=0)

    def _in_line(self, past: _Past, was: int, line: str, stored: Record | None) -> dict[int, Writer]:
        """The writers of the record as the lost past sees them: its own revs are one hand's, in their order there.

        So what came later there stands, what came earlier is history, and only what was written since the restore is concurrent.
        """
        found: dict[int, Writer] = {}
        for rev, row in past.rows.items():
            writer = past.writer(rev)
            if writer is None:
                continue
            if rev <= self._common:
                writer = replace(writer, device=line, counter=0, incarnation=line)
            elif row.was is not None and row.was >> EPOCH_BITS == was >> EPOCH_BITS:
                writer = replace(writer, device=line, counter=row.was, incarnation=line)
            else:
                # Nobody's counter: this hand is another one, whoever's it is.
                writer = replace(writer, device=writer.device or "?")
            found[rev] = writer
        if stored is not None:
            # Older programs kept no history of what is common.
            for rev in {rev for rev in stored.revs.values() if rev <= self._common} - found.keys():
                found[rev] = Writer(line, 0, 0, "", {}, line)
        return found

    def _keep_again(self, offer: Offer, digest: bytes, held: dict[tuple[str, str], Held], writes: Writes) -> None:
        """The device was told that a value of its own did not stand, and never read the record that kept it: made again."""
        change, form = offer.change, self._at.forms[offer.change.form]
        target = self._at.forms.conflict_form(form)
        record = held[change.form, change.id].record if (change.form, change.id) in held else None
        if form.system or record is None:
            return
        for unit in dict.fromkeys(form.unit_of.get(name, (name,)) for name in offer.lost):
            mine = {name: change.values[name] for name in unit if name in offer.lost}
            theirs = {name: record.values.get(name, record.extra.get(name)) for name in mine}
            status = KEPT if conflict_rule(form, unit) == "last" else OPEN
            loser = Loser(unit, {}, mine, theirs, change.user, "", status)
            made = conflict_change(target.name, form, change, loser, digest, self._device.id)
            there = (target.name, made.id) in held or self._at.records.get(self._conn, target.name, [made.id])
            if not there:
                self._keep_loser(writes, held, change, digest, loser)
                writes.history[-1]["was"] = offer.was
                self._learn(writes)


@dataclass(frozen=True)
class _Row:
    """A line of history that isn't written yet."""

    county: str
    rev: int
    form: str
    id: str
    device: str
    incarnation: str
    frame: int
    counter: int
    time: int
    account: str
    status: str
    hash: bytes
    body: bytes
    chain: bytes
    was: int | None


def _covers(row: Any, offer: Offer) -> bool:
    """Whether *row* has one of the values that *offer* says stand, so that both speak of one event."""
    values, _, _, results = msgpack.unpackb(row.body)
    there = {**values, **results}
    return any(name in there and there[name] == value for name, value in offer.stands().items())


def _receipt(place: int, offer: Offer, rev: int, held: Held | None) -> Receipt:
    """Where the fields of *offer* stand at the county now that everything is in its place."""
    if held is None:
        return Receipt(place, "accepted", rev)
    record = held.record
    there: dict[str, Value] = {**record.extra, **record.values, AREA: record.area, "@deleted": record.deleted}
    lost = tuple(name for name, value in offer.stands().items() if there.get(name) != value)
    revs: dict[str, Value] = {name: record.rev_of(name) for name in offer.stands() if name not in lost}
    if offer.change.creates:
        revs[""] = record.revs.get("", 0)
    return Receipt(place, "accepted", rev, lost, {name: held_rev for name, held_rev in revs.items() if held_rev != rev})
