"""What devices bring back to a county that was restored: each lost rev's fields take their place again, once, in any order."""

from __future__ import annotations

import enum
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgpack
import sqlalchemy as sa

from app.schema.erasing import NAMING, RESIDENT
from app.schema.form import Form
from app.schema.record import AREA, EPOCH_BITS, Change, Offer, Receipt, Record
from app.schema.values import Value
from sync.county.batch import NOT_ITS_FAULT, Batch
from sync.county.database import parts
from sync.county.erasing import called_by, gone_already, scrub_called
from sync.county.following import Moved
from sync.county.lost import Past, Row, covers
from sync.county.numbered import Numbered
from sync.county.readable import unreadable
from sync.county.records import Held
from sync.county.rights import Rights
from sync.county.tables import HISTORY
from sync.county.writing import Books, Hand, Writes
from sync.losers import KEPT, OPEN, Loser, conflict_change
from sync.merge import Context, conflict_rule, content_hash, merge

_log = logging.getLogger(__name__)


class Trust(enum.Enum):
    """What becomes of an offer by itself: all that may be, only what the county has already, or, decided by a person, anything."""

    USUAL = enum.auto()
    LATE = enum.auto()
    DECIDED = enum.auto()


class Bringing(Batch):
    """The offers of one message, inside its transaction; *common*: the last rev that county and device both know."""

    def __init__(
        self,
        books: Books,
        rights: Rights,
        hand: Hand,
        conn: sa.Connection,
        rev: int,
        common: int,
        trust: Trust = Trust.USUAL,
    ) -> None:
        super().__init__(books, rights, hand, conn, rev)
        self._common = common
        self._trust = trust
        self.pulled: list[str] = []
        """Records that came from elsewhere into the device's area on its word alone."""
        self._streams = set(rights.streams(hand.device))
        self._past: dict[str, Past] = {}
        self._numbered = Numbered(conn, books.records, ())

    def bring_back(self, offers: Sequence[Offer]) -> list[Receipt]:
        """A receipt for each offer; whatever is wrong with one of them, the others are not held up."""
        try:
            with self._conn.begin_nested():
                receipts = self._all(offers)
        except NOT_ITS_FAULT:
            raise
        except Exception as bad:  # noqa: BLE001 - the county's edge: one bad offer must not hold up the others
            _log.warning("offers taken one by one: %s", type(bad).__name__)
            receipts = [self._by_itself(place, offer) for place, offer in enumerate(offers, 1)]
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
            self._set_aside(offer.change, self._digest(offer), self._offered(offer))
            return Receipt(place, "refused", code="sync.set_aside")

    def _all(self, offers: Sequence[Offer]) -> list[Receipt]:
        changes = [offer.change for offer in offers if offer.change.form in self._at.forms]
        held = self._held(changes)
        before = dict(held)
        self._past = self._pasts(changes)
        self._numbered = Numbered(self._conn, self._at.records, changes)
        writes = self._writes()
        found = [self._bring(offer, held, writes) for offer in offers]
        for offer, what in zip(offers, found, strict=True):
            if isinstance(what, str) and not self._says_nothing(offer, held):
                writes.set_aside(offer.change, self._digest(offer), what, self._offered(offer))
        receipts = [
            Receipt(place, "refused", code=what)
            if isinstance(what, str)
            else _receipt(place, offer, what, held.get((offer.change.form, offer.change.id)))
            for place, (offer, what) in enumerate(zip(offers, found, strict=True), 1)
        ]
        self._flush(writes, before)
        self._follow(writes.moved)
        self._erase_again(changes)
        return receipts

    def _erase_again(self, changes: Sequence[Change]) -> None:
        """Who was pseudonymised in the lost past is so again, whatever a backup, or a device that was behind, knew of him."""
        records = self._at.records
        named = {one.form: one.ref for one in NAMING}
        people = {change.id for change in changes if change.form == RESIDENT}
        people |= {str(c.values[named[c.form]]) for c in changes if c.form in named and c.values.get(named[c.form])}
        self._erase(gone_already(self._conn, records, sorted(people)))
        # Homes that were called by him come with their new name; by whom they were called the backup still knows.
        scrub_called(self._conn, self._at.county, called_by(self._conn, records, changes))

    def _says_nothing(self, offer: Offer, held: dict[tuple[str, str], Held]) -> bool:
        """Where a record went that the county doesn't have, or knows to have been there: who wrote that says so, or said so, too."""
        change, stands = offer.change, offer.stands()
        if change.counter or stands.keys() != {AREA}:
            return False
        return (change.form, change.id) not in held or stands[AREA] in self._past[change.id].areas()

    def _digest(self, offer: Offer) -> bytes:
        return content_hash(self._hand.device.id if offer.change.counter else f"was {offer.was}", offer.change)

    def _offered(self, offer: Offer) -> list[object]:
        return [offer.was, self._common, list(offer.lost), list(offer.gone), dict(offer.results)]

    def _pasts(self, changes: Sequence[Change]) -> dict[str, Past]:
        found: dict[str, Past] = {change.id: Past(self._common) for change in changes}
        for some in parts(sorted(found)):
            query = sa.select(HISTORY).where(HISTORY.c.county == self._at.county, HISTORY.c.id.in_(some))
            for row in self._conn.execute(query):
                found[row.id].rows[row.rev] = row
        return found

    def _bring(self, offer: Offer, held: dict[tuple[str, str], Held], writes: Writes) -> int | str:
        """Let *offer* take its place; the rev of the history that speaks of it, or why it is to be kept aside."""
        change = offer.change
        if change.form not in self._at.forms:
            return "sync.form_unknown"
        form, past = self._at.forms[change.form], self._past[change.id]
        if unreadable(form, {**change.values, **offer.stands()}):
            # No county ever took that: one who decides can't let it in either.
            return "sync.set_aside"
        stored = held[change.form, change.id].record if (change.form, change.id) in held else None
        digest = self._digest(offer)
        if not self._inside(form, offer, stored) or (stored is None and not change.creates):
            return "sync.outside"
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
        if self._trust is Trust.LATE and (twin is None or fresh):
            return "sync.offered_late"
        if twin is None or fresh:
            rev = self._place(offer, fresh, digest, bool(change.counter) and twin is None, held, writes)
        if change.counter and offer.lost:
            self._keep_again(offer, digest, held, writes)
        return rev

    def _inside(self, form: Form, offer: Offer, stored: Record | None) -> bool:
        """Whether the device may speak of this record: where it is, where it was, or where its lost move brings it.

        The last is its word alone, and the record's id, which nobody guesses: so it takes the right to edit there, and is noted.
        """
        change, to = offer.change, str(offer.stands().get(AREA, ""))
        if self._trust is Trust.DECIDED:
            return True
        if stored is None:
            return self._reaches(form, change.area) or self._reaches(form, to)
        if self._reaches(form, stored.area):
            return True
        if self._reaches(form, change.area) and change.area in self._past[change.id].areas():
            return True
        follows = form.immutable or form.system or self._rights.may(self._hand.device, form, "edit", to)
        if self._reaches(form, to) and follows:
            self.pulled.append(change.id)
            return True
        return False

    def _reaches(self, form: Form, area: str) -> bool:
        return (area, form.stream) in self._streams

    def _twin(self, offer: Offer, digest: bytes, past: Past) -> Any | None:
        """The row of history that speaks of the same event; one of nobody's becomes the device's own where it says so."""
        change = offer.change
        rows = list(past.rows.values())
        for row in rows:
            if change.counter and row.hash == digest:
                return row
        held = None if change.counter else past.rows.get(offer.was)
        if held is not None and held.was is None and covers(held, offer):
            return held
        for row in past.brought(offer.was):
            if covers(row, offer) or not offer.stands():
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
        own: dict[str, Any] = {
            "device": self._hand.device.id,
            "incarnation": self._hand.incarnation,
            "counter": change.counter,
            "time": min(change.time, self._hand.now),
            "account": change.user,
            "hash": digest,
            "body": msgpack.packb(body),
        }
        where = HISTORY.c.county == self._at.county, HISTORY.c.rev == row.rev
        self._conn.execute(sa.update(HISTORY).where(*where), own)
        # What the same hand wrote next is no quarrel with it.
        self._past[change.id].rows[row.rev] = Row.like(row, **own)

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
        based = {name: past.seen(form, offer, name, stored) or past.base(name) for name in fresh}
        if AREA in fresh:
            based[AREA] = 0 if stored is None else max(based[AREA], 1)
        mine = replace(change, values=fresh, bases=based, counter=offer.was)
        author = self._hand.device.id if change.counter else ""
        writers = past.in_line(form, offer, author, line, stored)
        context = Context(line, rev, self._hand.now, writers, line, counted=False)
        outcome = merge(form, stored, mine, context)
        if stored is None:
            outcome = self._numbered.distinct(outcome, change.user)
        writes.rev = rev
        record = outcome.record if outcome.written else None
        lost = [*outcome.lost, *(name for name in (*offer.lost, *offer.gone) if name not in fresh)]
        whole = {**change.values, **offer.results} if own else fresh
        bases = {name: change.bases.get(name, 0) if own else 0 for name in whole}
        body = [whole, bases, [name for name in lost if name in whole], dict(outcome.results)]
        status = "merged" if lost or outcome.status == "refused" else outcome.status
        receipt = Receipt(0, status, rev)
        made = replace(change, values=whole, counter=change.counter if own else 0)
        writes.note(held, made, record, receipt, digest, body, stored, county=not own, was=offer.was)
        if stored is not None and record is not None and stored.area != record.area:
            writes.moved.append(Moved(form.name, change.id, stored.area, record.area, change.user))
        self._learn(writes)
        for loser in outcome.losers:
            # The same record as was lost with the quarrel: it was made when the later change of the two came.
            if (cause := past.cause(form, offer, loser.unit, stored)) is not None:
                said = replace(change, time=cause.time, values=msgpack.unpackb(cause.body)[0])
                writes.keep_loser(held, said, cause.hash, loser)
            else:
                writes.keep_loser(held, change, digest, loser)
            self._learn(writes)
        return rev

    def _learn(self, writes: Writes) -> None:
        """What was just written is past to the offers that follow."""
        row = Row(**writes.history[-1])
        self._past.setdefault(row.id, Past(self._common)).rows[row.rev] = row

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
            made = conflict_change(target.name, form, change, loser, digest, self._hand.device.id)
            if writes.there(held, made) is None:
                writes.keep_loser(held, change, digest, loser, offer.was)
                self._learn(writes)


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
