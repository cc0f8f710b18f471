"""What a run of changes leaves in the county's books: lines of history, records, entries of the log, sums, and what is kept aside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack
import sqlalchemy as sa

from app.rules.case_engine import CaseRules
from app.schema.form import Forms
from app.schema.record import EPOCH_BITS, Change, Receipt, Record
from sync.county.database import Database
from sync.county.epochs import chained
from sync.county.erasing import Gone
from sync.county.following import Moved
from sync.county.records import Held, Records, Sums, hash_of
from sync.county.rights import Device
from sync.county.screening import plain
from sync.county.tables import ASIDE, ENTRY, HISTORY
from sync.county.vouching import Vouched
from sync.losers import Loser, conflict_change
from sync.merge import Context, content_hash, merge


@dataclass(frozen=True)
class Books:
    """A county's tables, and the forms and rules by which they are kept."""

    database: Database
    forms: Forms
    records: Records
    county: str
    rules: CaseRules = field(default_factory=CaseRules.load)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes: the device, in frame *number* of one of its incarnations. *now* in milliseconds since 1970 UTC.

    ``digest``: the frame's hash. ``vouched``: what it says of the other frames of that incarnation.
    """

    device: Device
    incarnation: str
    number: int
    now: int
    digest: bytes = b""
    vouched: Vouched = field(default_factory=Vouched)


class Writes:
    """What a run of changes leaves to be written; *rev* and *chain* are the last rev and its tag."""

    def __init__(self, books: Books, conn: sa.Connection, hand: Hand, rev: int, chain: bytes) -> None:
        self._books = books
        self._conn = conn
        self._hand = hand
        self.rev = rev
        self.chain = chain
        self.history: list[dict[str, Any]] = []
        self.moved: list[Moved] = []
        self.gone: list[Gone] = []
        self._touched: dict[tuple[str, str], Held] = {}
        self._entries: list[dict[str, Any]] = []
        self._aside: list[dict[str, Any]] = []
        self._sums = Sums()

    def note(
        self,
        held: dict[tuple[str, str], Held],
        change: Change,
        record: Record | None,
        receipt: Receipt,
        digest: bytes,
        body: list[Any],
        stored: Record | None,
        *,
        county: bool = False,
        was: int | None = None,
    ) -> None:
        """Note what *change* did: a line of history always, *record* and its entries where it became another.

        *county*: a change of the county's own. *was*: the lost rev of what a device brought back.
        """
        hand, code = self._hand, self._books.county
        # A clock that runs ahead must not win quarrels that come later either.
        time = min(change.time, hand.now)
        self.chain = chained(self.chain, digest)
        self.history.append(
            {
                "county": code,
                "rev": receipt.rev,
                "form": change.form,
                "id": change.id,
                "device": "" if county else hand.device.id,
                "incarnation": "" if county else hand.incarnation,
                "frame": 0 if county else hand.number,
                "counter": change.counter,
                "time": time,
                "account": change.user,
                "status": receipt.status,
                "hash": digest,
                "body": msgpack.packb(body),
                "chain": self.chain,
                "was": was,
                "taken": hand.now,
            }
        )
        if record is None:
            return
        key = change.form, change.id
        held[key] = self._touched[key] = Held(record, hash_of(record))
        entry = {
            "county": code,
            "rev": receipt.rev,
            "area": record.area,
            "stream": self._books.forms[change.form].stream,
            "form": change.form,
            "id": change.id,
            "gone": 0,
            "account": change.user,
            "time": time,
        }
        self._entries.append(entry)
        if stored is not None and stored.area != record.area:
            self._entries.append({**entry, "area": stored.area, "gone": 1})

    def keep_loser(
        self,
        held: dict[tuple[str, str], Held],
        change: Change,
        digest: bytes,
        loser: Loser,
        was: int | None = None,
    ) -> None:
        """Make the conflict record of *loser*, which *change* with content hash *digest* met, unless it is there."""
        books, device = self._books, self._hand.device.id
        form = books.forms[change.form]
        target = books.forms.conflict_form(form)
        made = conflict_change(target.name, form, change, loser, digest, device)
        if self.rev >> EPOCH_BITS > 1:
            # After a restore another device may have brought that record back before the change itself came again.
            if self._kept_already(held, made):
                return
            if self.there(held, made):
                # It met something else this time: that is kept as well.
                words = f"{made.values.get('mine')}\0{made.values.get('theirs')}".encode()
                digest = hashlib.blake2b(digest + words, digest_size=16).digest()
                made = conflict_change(target.name, form, change, loser, digest, device)
                if self.there(held, made):
                    return
        self.rev += 1
        record = merge(target, None, made, Context("", self.rev, self._hand.now)).record
        receipt = Receipt(0, "accepted", self.rev)
        body = [made.values, made.bases, [], {}]
        self.note(held, made, record, receipt, content_hash("", made), body, None, county=True, was=was)

    def there(self, held: Mapping[tuple[str, str], Held], made: Change) -> Record | None:
        """The record that *made* would make, if the county has it."""
        key = made.form, made.id
        item = held.get(key) or self._books.records.get(self._conn, made.form, [made.id]).get(made.id)
        return item.record if item else None

    def _kept_already(self, held: Mapping[tuple[str, str], Held], made: Change) -> bool:
        there = self.there(held, made)
        return there is not None and all(there.values.get(part) == made.values.get(part) for part in ("mine", "theirs"))

    def set_aside(self, change: Change, digest: bytes, code: str, offered: Sequence[object] = ()) -> None:
        """Keep the words of *change*, which was refused with *code*; see ``aside_row``."""
        self._aside.append(aside_row(self._books.county, self._hand, change, digest, code, offered))

    def flush(self, before: Mapping[tuple[str, str], Held]) -> None:
        """Write it all in bulk; *before*: the records that there were."""
        books, conn = self._books, self._conn
        by_form: dict[tuple[str, bool], list[Held]] = {}
        for key, item in self._touched.items():
            by_form.setdefault((key[0], key in before), []).append(item)
            self._sums.moved(books.forms[key[0]].stream, before.get(key), item)
        for (form, known), items in by_form.items():
            (books.records.put if known else books.records.add)(conn, form, items)
        books.database.add(conn, HISTORY, self.history)
        books.database.add(conn, ENTRY, self._entries)
        books.database.put(conn, ASIDE, self._aside)
        self._sums.write(conn, books.database, books.county)


def aside_row(
    county: str, hand: Hand, change: Change, digest: bytes, code: str, offered: Sequence[object] = ()
) -> dict[str, Any]:
    """*change* as it is kept aside. *offered*: what else an offer says, after a restore."""
    return {
        "county": county,
        "hash": digest,
        "device": hand.device.id,
        "counter": change.counter,
        "form": plain(change.form, 80),
        "id": change.id,
        "code": code,
        "at": hand.now,
        "body": msgpack.packb([change.values, change.bases, change.time, change.user, change.area, *offered]),
    }
