"""One frame taken at the county: in one transaction, in bulk, and change by change where that fails."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgpack
import sqlalchemy as sa

from app.errors import KnownError
from app.rules.case_engine import CaseRules
from app.schema.form import Form, Forms
from app.schema.record import AREA, EPOCH_BITS, Change, Receipt, Record
from sync.county.database import Database, among, parts
from sync.county.epochs import chained, tag_at
from sync.county.following import Moved, Places, followers
from sync.county.records import Held, Records, Sums, hash_of
from sync.county.rights import Device, Rights
from sync.county.screening import plain
from sync.county.soundness import sound_only
from sync.county.tables import ASIDE, COUNTY, ENTRY, FRAME, HISTORY
from sync.merge import Context, Loser, Outcome, Writer, conflict_change, content_hash, contested, merge
from sync.wire import Reader, Receipts, decode_up, encode, frame_hash

_log = logging.getLogger(__name__)
# The connection or the whole database is at fault, not the change: the frame is tried again, nothing is set aside.
NOT_ITS_FAULT = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


@dataclass(frozen=True)
class Applier:
    """Applies frames to *county*'s tables."""

    database: Database
    forms: Forms
    records: Records
    county: str
    rules: CaseRules = field(default_factory=CaseRules.load)

    def apply(
        self, rights: Rights, device: Device, incarnation: str, content: bytes, now: int, *, epoch: int | None = None
    ) -> Receipts:
        """Apply a frame of *device* and return its receipts; one that was applied before gives its old ones again.

        WireError for a frame that can't be read: nothing of it is used. *now* in milliseconds since 1970 UTC. *epoch*: the one that
        the device knows; KnownError("sync.busy") where a restore was noticed since: the frame may be based on what was lost.
        """
        frame = decode_up(content)
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
            }
            conn.execute(sa.insert(FRAME).values(**row))
            batch = Batch(self, rights, device, incarnation, frame.number, now, conn, rev)
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

    def void(self, device: Device, incarnation: str, numbers: Sequence[int], now: int) -> None:
        """The device gave these numbers up: one that comes later is skipped."""
        with self.database.write(self.county) as (conn, _, _):
            for some in parts(sorted(set(numbers))):
                those = [*_frame_key(self.county, device.id, incarnation), among(conn, FRAME.c.number, some)]
                known = set(conn.scalars(sa.select(FRAME.c.number).where(*those)))
                conn.execute(sa.update(FRAME).where(*those), {"void": 1})
                key = {"county": self.county, "device": device.id, "incarnation": incarnation}
                new = [{**key, "number": number, "at": now, "void": 1} for number in some if number not in known]
                self.database.add(conn, FRAME, new)


@dataclass
class Writes:
    """What a run of changes leaves to be written; ``chain`` is the tag of its last rev."""

    rev: int
    chain: bytes = b""
    touched: dict[tuple[str, str], Held] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    aside: list[dict[str, Any]] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    moved: list[Moved] = field(default_factory=list)


class Batch:
    """The changes of one frame, inside its transaction."""

    def __init__(
        self,
        applier: Applier,
        rights: Rights,
        device: Device,
        incarnation: str,
        number: int,
        now: int,
        conn: sa.Connection,
        rev: int,
    ) -> None:
        self._at = applier
        self._rights = rights
        self._device = device
        self._incarnation = incarnation
        self._number = number
        self._now = now
        self._conn = conn
        self._rev = rev
        self._chain = tag_at(conn, applier.county, rev)

    def take(self, changes: Sequence[Change]) -> list[Receipt]:
        """A receipt for each of *changes*; whatever one of them does wrong, the others are not held up."""
        try:
            with self._conn.begin_nested():
                receipts = self._run(changes)
        except NOT_ITS_FAULT:
            raise
        except Exception as bad:  # noqa: BLE001 - the county's edge: one bad change must not hold up the others
            _log.warning("frame taken change by change: %s", type(bad).__name__)
            receipts = [self._alone(change) for change in changes]
        self._count()
        return receipts

    def _count(self) -> None:
        self._conn.execute(sa.update(COUNTY).where(COUNTY.c.county == self._at.county), {"rev": self._rev})

    def _alone(self, change: Change) -> Receipt:
        try:
            with self._conn.begin_nested():
                return self._run([change])[0]
        except NOT_ITS_FAULT:
            raise
        except Exception as bad:  # noqa: BLE001 - see take
            _log.warning("a change of %s set aside: %s", change.form, type(bad).__name__)
            digest = content_hash(self._device.id, change)
            row = self._aside(change, digest, "sync.set_aside")
            with self._conn.begin_nested():
                self._at.database.put(self._conn, ASIDE, [row])
            return Receipt(change.counter, "refused", code="sync.set_aside")

    def _run(self, changes: Sequence[Change]) -> list[Receipt]:
        hashes = [content_hash(self._device.id, change) for change in changes]
        old = self._answered_before(hashes)
        fresh = [change for change, digest in zip(changes, hashes, strict=True) if digest not in old]
        held = self._held(fresh)
        before = dict(held)
        places = Places(self._conn, self._at.records, self._at.forms, self._at.rules, self._at.county, fresh, held)
        writers = self._writers(fresh, held)
        writes = Writes(self._rev, self._chain)
        receipts = []
        for change, digest in zip(changes, hashes, strict=True):
            if digest in old:
                receipts.append(_again(old[digest], change.counter))
            else:
                receipts.append(self._one(change, digest, held, places, writers, writes))
        self._flush(writes, before)
        self._rev, self._chain = writes.rev, writes.chain
        self._follow(writes.moved)
        return receipts

    def _one(
        self,
        change: Change,
        digest: bytes,
        held: dict[tuple[str, str], Held],
        places: Places,
        writers: dict[int, Writer],
        writes: Writes,
    ) -> Receipt:
        key = change.form, change.id
        stored = held[key].record if key in held else None
        been = places.been(stored, change) if change.form in self._at.forms else frozenset()
        code = self._rights.refusal(self._device, change, stored, been)
        if not code and places.circle(change, held):
            code = "sync.merged_otherwise"
        if code:
            writes.aside.append(self._aside(change, digest, code))
            return Receipt(change.counter, "refused", code=code)
        form = self._at.forms[change.form]
        if stored is None and AREA in change.values and places.missing(change, held):
            return Receipt(change.counter, "waiting", code="sync.parent_missing")
        rev = writes.rev + 1
        context = Context(self._device.id, rev, self._now, writers, self._incarnation)
        placed = places.placed(form, change, held) if stored is None and change.creates else change
        outcome = merge(form, stored, placed, context)
        if outcome.status == "waiting":
            return Receipt(change.counter, "waiting", code="sync.record_missing")
        if outcome.status == "refused" or outcome.record is None:
            writes.aside.append(self._aside(change, digest, outcome.code))
            return Receipt(change.counter, "refused", code=outcome.code)
        writes.rev = rev
        outcome = _settled(outcome, stored, change, rev, places, form, held)
        receipt = Receipt(change.counter, outcome.status, rev, outcome.lost, outcome.results)
        body = [change.values, change.bases, outcome.lost, outcome.results]
        self._write(writes, held, change, outcome.record if outcome.written else None, receipt, digest, body, stored)
        if stored is not None and outcome.record is not None and stored.area != outcome.record.area:
            writes.moved.append(Moved(form.name, change.id, stored.area, outcome.record.area, change.user))
            places.moved(writes.moved[-1])
        writers[rev] = Writer(
            self._device.id,
            change.counter,
            min(change.time, self._now),
            change.user,
            {**change.values, **outcome.results},
            self._incarnation,
            frozenset(outcome.results),
        )
        # The quarrel is with whoever holds the record now.
        there = replace(change, area=outcome.record.area) if outcome.record else change
        for loser in outcome.losers:
            self._keep_loser(writes, held, there, digest, loser)
        return receipt

    def _keep_loser(
        self, writes: Writes, held: dict[tuple[str, str], Held], change: Change, digest: bytes, loser: Loser
    ) -> None:
        form = self._at.forms[change.form]
        target = self._at.forms.conflict_form(form)
        made = conflict_change(target.name, form, change, loser, digest, self._device.id)
        if writes.rev >> EPOCH_BITS > 1:
            # After a restore another device may have brought that record back before the change itself came again.
            if self._kept_already(held, made):
                return
            if self._there(held, made):
                # It met something else this time: that is kept as well.
                words = f"{made.values.get('mine')}\0{made.values.get('theirs')}".encode()
                digest = hashlib.blake2b(digest + words, digest_size=16).digest()
                made = conflict_change(target.name, form, change, loser, digest, self._device.id)
                if self._there(held, made):
                    return
        writes.rev += 1
        made_record = merge(target, None, made, Context("", writes.rev, self._now)).record
        receipt = Receipt(0, "accepted", writes.rev)
        body = [made.values, made.bases, [], {}]
        self._write(writes, held, made, made_record, receipt, content_hash("", made), body, None, county=True)

    def _there(self, held: Mapping[tuple[str, str], Held], made: Change) -> Record | None:
        """The record that *made* would make, if the county has it."""
        item = held.get((made.form, made.id)) or self._at.records.get(self._conn, made.form, [made.id]).get(made.id)
        return item.record if item else None

    def _kept_already(self, held: Mapping[tuple[str, str], Held], made: Change) -> bool:
        there = self._there(held, made)
        return there is not None and all(there.values.get(part) == made.values.get(part) for part in ("mine", "theirs"))

    def _write(
        self,
        writes: Writes,
        held: dict[tuple[str, str], Held],
        change: Change,
        record: Record | None,
        receipt: Receipt,
        digest: bytes,
        body: list[Any],
        stored: Record | None,
        *,
        county: bool = False,
    ) -> None:
        """Note what *change* did: a line of history always, the record and its entries where it became another."""
        at = self._at
        writes.chain = chained(writes.chain, digest)
        writes.history.append(
            {
                "county": at.county,
                "rev": receipt.rev,
                "form": change.form,
                "id": change.id,
                "device": "" if county else self._device.id,
                "incarnation": "" if county else self._incarnation,
                "frame": 0 if county else self._number,
                "counter": change.counter,
                # A clock that runs ahead must not win quarrels that come later either.
                "time": min(change.time, self._now),
                "account": change.user,
                "status": receipt.status,
                "hash": digest,
                "body": msgpack.packb(body),
                "chain": writes.chain,
                "was": None,
            }
        )
        if record is None:
            return
        stream = at.forms[change.form].stream
        key = change.form, change.id
        held[key] = writes.touched[key] = Held(record, hash_of(record))
        entry = {
            "county": at.county,
            "rev": receipt.rev,
            "area": record.area,
            "stream": stream,
            "form": change.form,
            "id": change.id,
            "gone": 0,
            "account": change.user,
            "time": min(change.time, self._now),
        }
        writes.entries.append(entry)
        if stored is not None and stored.area != record.area:
            writes.entries.append({**entry, "area": stored.area, "gone": 1})

    def _follow(self, moved: Sequence[Moved]) -> None:
        """What hangs on records that moved, and was left behind, goes along: changes of the county's own."""
        while moved:
            writes, before = Writes(self._rev, self._chain), {}
            held: dict[tuple[str, str], Held] = {}
            for item, left in followers(self._conn, self._at.records, self._at.forms, self._at.rules, moved):
                old = left.record
                if (old.form, old.id) in before:
                    continue
                before[old.form, old.id] = left
                writes.rev += 1
                record = replace(old, area=item.after, rev=writes.rev, revs={**old.revs, AREA: writes.rev})
                values, bases = {AREA: item.after}, {AREA: old.rev_of(AREA)}
                made = Change(old.form, old.id, old.area, values, bases, self._now, 0, item.user)
                receipt = Receipt(0, "accepted", writes.rev)
                body = [values, bases, [], {}]
                self._write(writes, held, made, record, receipt, content_hash("", made), body, old, county=True)
                writes.moved.append(Moved(old.form, old.id, old.area, item.after, item.user))
            self._flush(writes, before)
            self._rev, self._chain = writes.rev, writes.chain
            moved = writes.moved

    def _flush(self, writes: Writes, before: Mapping[tuple[str, str], Held]) -> None:
        at, conn = self._at, self._conn
        by_form: dict[tuple[str, bool], list[Held]] = {}
        for key, item in writes.touched.items():
            by_form.setdefault((key[0], key in before), []).append(item)
            writes.sums.moved(at.forms[key[0]].stream, before.get(key), item)
        for (form, known), items in by_form.items():
            (at.records.put if known else at.records.add)(conn, form, items)
        at.database.add(conn, HISTORY, writes.history)
        at.database.add(conn, ENTRY, writes.entries)
        at.database.put(conn, ASIDE, writes.aside)
        writes.sums.write(conn, at.database, at.county)

    # -- what must be known before ----------------------------------------------------------------

    def _answered_before(self, hashes: Sequence[bytes]) -> dict[bytes, Receipt]:
        found: dict[bytes, Receipt] = {}
        county = self._at.county
        for some in parts(hashes):
            query = sa.select(HISTORY.c.hash, HISTORY.c.rev, HISTORY.c.status, HISTORY.c.body, HISTORY.c.incarnation)
            others = []
            for row in self._conn.execute(
                query.where(HISTORY.c.county == county, among(self._conn, HISTORY.c.hash, some))
            ):
                _, _, lost, results = msgpack.unpackb(row.body)
                found[row.hash] = Receipt(0, row.status, row.rev, tuple(lost), results)
                if row.incarnation != self._incarnation:
                    others.append(row.rev)
            if others:
                # Who claims a change goes on from it: what this incarnation bases on it is no quarrel with itself.
                mine = {"incarnation": self._incarnation, "frame": self._number}
                claimed = sa.update(HISTORY).where(HISTORY.c.county == county, HISTORY.c.rev.in_(others))
                self._conn.execute(claimed.where(HISTORY.c.device == self._device.id), mine)
            # What a supervisor let in is judged anew; so is what was set aside while its device was out of use, if it is in use again.
            refused = sa.select(ASIDE.c.hash, ASIDE.c.code).where(
                ASIDE.c.county == county,
                among(self._conn, ASIDE.c.hash, some),
                ASIDE.c.decided.is_distinct_from("accepted"),
                sa.or_(ASIDE.c.code != "sync.revoked", ASIDE.c.decided == "dropped"),
            )
            found.update({digest: Receipt(0, "refused", code=code) for digest, code in self._conn.execute(refused)})
        return found

    def _held(self, changes: Sequence[Change]) -> dict[tuple[str, str], Held]:
        wanted: dict[str, dict[str, None]] = {}
        for change in changes:
            if change.form in self._at.forms:
                wanted.setdefault(change.form, {})[change.id] = None
        found: dict[tuple[str, str], Held] = {}
        for form, ids in wanted.items():
            held = self._at.records.get(self._conn, form, list(ids))
            # A value that the disk flipped must not become true because somebody edits another one beside it.
            good, _ = sound_only(self._conn, self._at.county, held)
            found.update({(form, record_id): good.get(record_id, item) for record_id, item in held.items()})
        return found

    def _writers(self, changes: Sequence[Change], held: Mapping[tuple[str, str], Held]) -> dict[int, Writer]:
        wanted: set[int] = set()
        for change in changes:
            if item := held.get((change.form, change.id)):
                wanted |= contested(self._at.forms[change.form], item.record, change)
        found: dict[int, Writer] = {}
        for some in parts(sorted(wanted)):
            query = sa.select(HISTORY).where(
                HISTORY.c.county == self._at.county, among(self._conn, HISTORY.c.rev, some)
            )
            for row in self._conn.execute(query):
                values, _, _, results = msgpack.unpackb(row.body)
                found[row.rev] = Writer(
                    row.device,
                    row.counter,
                    row.time,
                    row.account,
                    {**values, **results},
                    row.incarnation,
                    frozenset(results),
                )
        return found

    def _aside(self, change: Change, digest: bytes, code: str) -> dict[str, Any]:
        return {
            "county": self._at.county,
            "hash": digest,
            "device": self._device.id,
            "counter": change.counter,
            "form": plain(change.form, 80),
            "id": change.id,
            "code": code,
            "at": self._now,
            "body": msgpack.packb([change.values, change.bases, change.time, change.user, change.area]),
        }


def _settled(
    outcome: Outcome,
    stored: Record | None,
    change: Change,
    rev: int,
    places: Places,
    form: Form,
    held: Mapping[tuple[str, str], Held],
) -> Outcome:
    """*outcome*, with the record where it belongs, which the device that sent the change is told."""
    record = outcome.record
    if record is None:
        return outcome
    if stored is None:
        moved = record.area if record.area != change.values[AREA] else ""
    else:
        moved = places.belongs(form, stored, change, record, held)
        if moved:
            record = replace(record, area=moved, rev=rev, revs={**record.revs, AREA: rev})
    if not moved:
        return outcome
    # The device may have let go of the record by now: what is merged it is told again, as everybody is.
    status = "merged" if outcome.status == "accepted" else outcome.status
    results = {**outcome.results, AREA: moved}
    return replace(outcome, status=status, record=record, written=outcome.written | {AREA}, results=results)


def _again(receipt: Receipt, counter: int) -> Receipt:
    return Receipt(counter, receipt.status, receipt.rev, receipt.lost, receipt.results, receipt.code)


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
