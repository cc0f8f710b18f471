"""The changes of one frame: judged and merged one after the other, written in bulk, and change by change where that fails."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import msgpack
import sqlalchemy as sa

from app.schema.erasing import MARK, erases, names_again
from app.schema.form import Form
from app.schema.record import AREA, Change, Receipt, Record
from sync.county.database import among, parts
from sync.county.epochs import tag_at
from sync.county.erasing import Gone, Trace, asked, back, bare_outcome, named_again, note_bared, refusal, scrub
from sync.county.following import Moved, Places, followers
from sync.county.numbered import Numbered
from sync.county.records import Held
from sync.county.rights import Rights
from sync.county.soundness import sound_only
from sync.county.tables import ASIDE, COUNTY, HISTORY
from sync.county.vouching import vouched_for
from sync.county.writing import Books, Hand, Writes, aside_row
from sync.merge import Context, Outcome, Writer, content_hash, contested, create, merge

_log = logging.getLogger(__name__)
# The connection or the whole database is at fault, not the change: the frame is tried again, nothing is set aside.
NOT_ITS_FAULT = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


class Batch:
    """The changes of one frame, inside its transaction."""

    def __init__(
        self,
        books: Books,
        rights: Rights,
        hand: Hand,
        conn: sa.Connection,
        rev: int,
    ) -> None:
        self._at = books
        self._rights = rights
        self._hand = hand
        self._conn = conn
        self._rev = rev
        self._chain = tag_at(conn, books.county, rev)
        # The frames that are this machine's: this one, those that it can vouch for, and what it brought back after a restore, under 0.
        self._own = {0, hand.number}
        # The records that more than one change is about: only they meet what was written in this very frame.
        self._twice: Collection[str] = ()

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
            self._set_aside(change, content_hash(self._hand.device.id, change))
            return Receipt(change.counter, "refused", code="sync.set_aside")

    def _set_aside(self, change: Change, digest: bytes, offered: Sequence[object] = ()) -> None:
        row = aside_row(self._at.county, self._hand, change, digest, "sync.set_aside", offered)
        with self._conn.begin_nested():
            self._at.database.put(self._conn, ASIDE, [row])

    def _writes(self) -> Writes:
        return Writes(self._at, self._conn, self._hand, self._rev, self._chain)

    def _flush(self, writes: Writes, before: Mapping[tuple[str, str], Held]) -> None:
        writes.flush(before)
        self._rev, self._chain = writes.rev, writes.chain

    def _run(self, changes: Sequence[Change]) -> list[Receipt]:
        hashes = [content_hash(self._hand.device.id, change) for change in changes]
        old = self._answered_before(hashes)
        fresh = [change for change, digest in zip(changes, hashes, strict=True) if digest not in old]
        held = self._held(fresh)
        before = dict(held)
        places = Places(self._conn, self._at.records, self._at.forms, self._at.rules, self._at.county, fresh, held)
        writers = self._writers(fresh, held, {receipt.rev for receipt in old.values()})
        numbered = Numbered(self._conn, self._at.records, fresh)
        self._twice = {record_id for record_id, count in Counter(c.id for c in fresh).items() if count > 1}
        writes = self._writes()
        receipts = []
        for change, digest in zip(changes, hashes, strict=True):
            if digest in old:
                receipts.append(_again(old[digest], change.counter))
            else:
                receipts.append(self._one(change, digest, held, places, writers, writes, numbered))
        self._flush(writes, before)
        self._follow(writes.moved)
        self._erase([*writes.gone, *named_again(self._conn, self._at.records, fresh)])
        return receipts

    def _one(
        self,
        change: Change,
        digest: bytes,
        held: dict[tuple[str, str], Held],
        places: Places,
        writers: dict[int, Writer],
        writes: Writes,
        numbered: Numbered,
    ) -> Receipt:
        key = change.form, change.id
        stored = held[key].record if key in held else None
        been = places.been(stored, change) if change.form in self._at.forms else frozenset()
        code = self._rights.refusal(self._hand.device, change, stored, been)
        hand, rev = self._hand, writes.rev + 1
        if not code and places.circle(change, held):
            code = "sync.merged_otherwise"
        # A new record meets nobody: nearly all of a long frame is new, and needs no more than its number.
        context = None
        if stored is not None:
            context = Context(hand.device.id, rev, hand.now, writers, hand.incarnation, frames=self._own)
            code = code or refusal(stored, change, writers, context)
        if code == "sync.erased":
            # What was refused so that nobody keeps it isn't kept here either.
            writes.set_aside(replace(change, values=dict.fromkeys(change.values)), digest, code)
            return Receipt(change.counter, "refused", code=code)
        if code:
            writes.set_aside(change, digest, code)
            return Receipt(change.counter, "refused", code=code)
        form = self._at.forms[change.form]
        if stored is None and AREA in change.values and places.missing(change, held):
            return Receipt(change.counter, "waiting", code="sync.parent_missing")
        placed = places.placed(form, change, held) if stored is None and change.creates else change
        outcome = merge(form, stored, placed, context) if context else create(form, placed, rev)
        if outcome.status == "waiting":
            return Receipt(change.counter, "waiting", code="sync.record_missing")
        if outcome.status == "refused" or outcome.record is None:
            writes.set_aside(change, digest, outcome.code)
            return Receipt(change.counter, "refused", code=outcome.code)
        writes.rev = rev
        outcome = _settled(outcome, stored, change, rev, places, form, held)
        if stored is None:
            outcome = numbered.distinct(outcome, change.user)
        if stored is not None and erases(change):
            outcome = bare_outcome(outcome, rev)
            writes.gone.append(Gone(stored, change.values[MARK], change.user))
        elif stored is not None and names_again(stored, change):
            outcome = back(outcome, rev)
        taken = hand.now if stored is None and form.immutable else 0
        receipt = Receipt(change.counter, outcome.status, rev, outcome.lost, outcome.results, taken=taken)
        body = [change.values, change.bases, outcome.lost, outcome.results]
        writes.note(held, change, outcome.record if outcome.written else None, receipt, digest, body, stored)
        if stored is not None and outcome.record is not None and stored.area != outcome.record.area:
            writes.moved.append(Moved(form.name, change.id, stored.area, outcome.record.area, change.user))
            places.moved(writes.moved[-1])
        if change.id in self._twice:
            writers[rev] = Writer(
                hand.device.id,
                change.counter,
                min(change.time, hand.now),
                change.user,
                {**change.values, **outcome.results},
                hand.incarnation,
                frozenset(outcome.results),
                hand.number,
            )
        for loser in outcome.losers:
            # The quarrel is with whoever holds the record now.
            there = replace(change, area=outcome.record.area) if outcome.record else change
            writes.keep_loser(held, there, digest, loser)
        return receipt

    def _follow(self, moved: Sequence[Moved]) -> None:
        """What hangs on records that moved, and was left behind, goes along: changes of the county's own."""
        while moved:
            writes, before = self._writes(), {}
            held: dict[tuple[str, str], Held] = {}
            for item, left in followers(self._conn, self._at.records, self._at.forms, self._at.rules, moved):
                old = left.record
                if (old.form, old.id) in before:
                    continue
                before[old.form, old.id] = left
                writes.rev += 1
                record = replace(old, area=item.after, rev=writes.rev, revs={**old.revs, AREA: writes.rev})
                values, bases = {AREA: item.after}, {AREA: old.rev_of(AREA)}
                made = Change(old.form, old.id, old.area, values, bases, self._hand.now, 0, item.user)
                receipt = Receipt(0, "accepted", writes.rev)
                body = [values, bases, [], {}]
                writes.note(held, made, record, receipt, content_hash("", made), body, old, county=True)
                writes.moved.append(Moved(old.form, old.id, old.area, item.after, item.user))
            self._flush(writes, before)
            moved = writes.moved

    def _erase(self, gone: Sequence[Gone]) -> None:
        """What else says who these people were goes as well, and out of the history."""
        if gone:
            writes, trace = self._writes(), Trace()
            self._flush(writes, note_bared(writes, self._conn, self._at, self._hand.now, gone, trace))
            scrub(self._conn, self._at.county, trace, self._rev + 1)

    # -- what must be known before ----------------------------------------------------------------

    def _answered_before(self, hashes: Sequence[bytes]) -> dict[bytes, Receipt]:
        found: dict[bytes, Receipt] = {}
        county = self._at.county
        for some in parts(hashes):
            wanted = (HISTORY.c.hash, HISTORY.c.rev, HISTORY.c.status, HISTORY.c.body, HISTORY.c.incarnation)
            query = sa.select(*wanted, HISTORY.c.form, HISTORY.c.taken)
            others = []
            for row in self._conn.execute(
                query.where(HISTORY.c.county == county, among(self._conn, HISTORY.c.hash, some))
            ):
                said, bases, lost, results = msgpack.unpackb(row.body)
                made = AREA in said and not bases.get(AREA)
                kept = made and row.form in self._at.forms and self._at.forms[row.form].immutable
                taken = (row.taken or 0) if kept else 0
                found[row.hash] = Receipt(0, row.status, row.rev, tuple(lost), results, taken=taken)
                if row.incarnation != self._hand.incarnation:
                    others.append(row.rev)
            if others:
                # Who claims a change goes on from it: what this incarnation bases on it is no quarrel with itself.
                mine = {"incarnation": self._hand.incarnation, "frame": self._hand.number}
                claimed = sa.update(HISTORY).where(HISTORY.c.county == county, HISTORY.c.rev.in_(others))
                self._conn.execute(claimed.where(HISTORY.c.device == self._hand.device.id), mine)
            # What a supervisor let in is judged anew; so is what was set aside while its device was out of use, if it is in use again.
            refused = sa.select(ASIDE.c.hash, ASIDE.c.code).where(
                ASIDE.c.county == county,
                among(self._conn, ASIDE.c.hash, some),
                sa.or_(ASIDE.c.decided.is_(None), ASIDE.c.decided.not_in(("accepted", "taken"))),
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

    def _writers(
        self, changes: Sequence[Change], held: Mapping[tuple[str, str], Held], answered: Collection[int]
    ) -> dict[int, Writer]:
        """The writers that the merge of *changes* asks for; *answered*: the revs of what came before and is in this frame again."""
        hand = self._hand
        wanted: set[int] = set()
        for change in changes:
            if item := held.get((change.form, change.id)):
                wanted |= asked(item.record, change)
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
                    row.frame,
                )
        self._own |= self._vouched_for(found.values())
        # What comes again in this very frame is its writer's, whichever frame brought it first.
        again = {rev: writer for rev, writer in found.items() if rev in answered and writer.device == hand.device.id}
        found.update({rev: replace(writer, frame=hand.number) for rev, writer in again.items()})
        return found

    def _vouched_for(self, writers: Iterable[Writer]) -> set[int]:
        """The frames, beside this one, in which *writers* are this very machine."""
        hand, county = self._hand, self._at.county
        name = hand.device.id, hand.incarnation
        asked_of = {writer.frame for writer in writers if (writer.device, writer.incarnation) == name} - self._own
        mine = hand.number, hand.digest
        return vouched_for(self._conn, county, *name, hand.vouched, mine, asked_of) if asked_of else set()


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
    return replace(receipt, counter=counter)
