"""Receipts: what the county accepted becomes agreed, what it refused goes to people, the unsent rest is laid on top again."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import msgpack

from app.schema.digest import record_hash
from app.schema.erasing import RESIDENT
from app.schema.form import Form
from app.schema.record import AREA, DELETED, Change, Receipt
from app.schema.values import Value
from app.store.belonging import Belonging
from app.store.rows import REFUSED, STUB, Agreed, Row, lay
from app.store.saving import UNSENT
from app.store.totals import Totals


class Answering(Belonging):
    """The county's answers to this device's changes."""

    def receipts(self, number: int, receipts: Sequence[Receipt]) -> None:
        """Take the county's answers to the changes of frame *number*.

        What was accepted becomes agreed, what was refused goes to *needs attention*, the unsent rest is laid on top again.
        """
        self.answered([(number, receipts)])

    def answered(self, frames: Iterable[tuple[int, Sequence[Receipt]]]) -> None:
        """Take the answers to several *frames*, one after the other as ``receipts`` does, in one transaction: all of them or none."""
        with self._store.transaction():
            for number, receipts in frames:
                self._verdicts(number, receipts)

    def _verdicts(self, number: int, receipts: Sequence[Receipt]) -> None:
        answered = {receipt.counter: receipt for receipt in receipts}
        changes = self._outbox.by_counter(answered)
        by_form: dict[str, dict[str, list[Change]]] = {}
        for counter in sorted(changes):
            change = changes[counter]
            by_form.setdefault(change.form, {}).setdefault(change.id, []).append(change)
        self._outbox.remove(counter for counter in changes if answered[counter].final)
        self._wait([counter for counter in changes if not answered[counter].final])
        self._remember(changes.values(), answered)
        self._go_on(changes.values(), answered)
        shown: dict[str, list[str]] = {}
        for form, per_record in by_form.items():
            different = self._answered(form, per_record, answered)
            if different:
                shown[form] = different
        if not self._conn.execute("SELECT 1 FROM outbox WHERE frame = ? LIMIT 1", (number,)).fetchone():
            self._conn.execute("DELETE FROM frame WHERE number = ?", (number,))
        if shown:
            self._store.settled(shown)
        # Also of who was erased before this was answered: what is forgotten must not come back by the journal.
        people = {c.id for c in changes.values() if c.form == RESIDENT and answered[c.counter].final}
        if people:
            self._store.sync.forget({RESIDENT: people})

    def _wait(self, counters: Sequence[int]) -> None:
        self._outbox.wait(counters)
        since = self._store.now_ms()
        self._conn.executemany(
            "INSERT OR IGNORE INTO waiting (counter, since) VALUES (?, ?)", [(counter, since) for counter in counters]
        )

    def _remember(self, changes: Collection[Change], answered: Mapping[int, Receipt]) -> None:
        kinds = {"accepted": "own", "merged": "own", "conflict": "lost", "refused": "refused", "waiting": "own"}
        answered_at = self._store.now_ms()
        final = [answered[change.counter] for change in changes if answered[change.counter].final]
        # What is said of one change holds for those behind it too: of those that made nothing, or count nowhere yet, it says nothing.
        made = [change for change in changes if change.creates and self._store.forms[change.form].immutable]
        times = ((change.id, answered[change.counter]) for change in made)
        self._store.query.keep_received((key, told.taken) for key, told in times if told.taken and told.rev)
        by_counter = {change.counter: change for change in changes}
        self._conn.executemany(
            "UPDATE history SET rev = ?, kind = ?, answered = ?, lost = ?, bases = ? WHERE counter = ? AND kind = 'own'",
            [
                (
                    receipt.rev,
                    kinds[receipt.status],
                    answered_at,
                    msgpack.packb(receipt.lost) if receipt.lost else None,
                    _quarrelled(by_counter[receipt.counter], receipt),
                    receipt.counter,
                )
                for receipt in final
            ],
        )
        self._conn.executemany(
            "INSERT OR REPLACE INTO attention (counter, form, id, body, code, time, done) VALUES (?, ?, ?, ?, ?, ?, 0)",
            [
                (c.counter, c.form, c.id, msgpack.packb(c.values), answered[c.counter].code, c.time)
                for c in changes
                if answered[c.counter].status == "refused"
            ],
        )

    def _go_on(self, changes: Collection[Change], answered: Mapping[int, Receipt]) -> None:
        """What was saved on top of an unsent change follows what the county made of it, if that is what was saved.

        So a device that begins a new incarnation has no quarrel with itself. Frames that are written down keep their bytes.
        """
        left = self._outbox.of({change.id for change in changes})
        moved: dict[int, Change] = {}
        for change in sorted(changes, key=lambda change: change.counter):
            receipt = answered[change.counter]
            if receipt.status in {"refused", "waiting"}:
                continue
            for later in left.get(change.id, ()):
                if later.counter > change.counter:
                    kept = {name for name in later.bases if name not in receipt.lost and name not in receipt.results}
                    same = {name for name in kept if _shared(change, later, name)}
                    bases = {**moved.get(later.counter, later).bases, **dict.fromkeys(same, receipt.rev)}
                    moved[later.counter] = replace(later, bases=bases)
        self._outbox.rebase(moved.values())

    def _answered(
        self, name: str, per_record: Mapping[str, Sequence[Change]], answered: Mapping[int, Receipt]
    ) -> list[str]:
        """Settle the records of one form; return the ids of those that people see changed by it."""
        form = self._store.forms[name]
        rows = self._rows.get(name, per_record)
        beneath = self._rows.agreed(per_record)
        left = self._outbox.of(per_record)
        same: list[Row] = []
        different: list[Row] = []
        totals = Totals(self._conn)
        keep: dict[str, Agreed] = {}
        stubs: list[Row] = []
        leave: list[Row] = []
        holds = functools.cache(lambda area: self._holds(area, form.stream))
        for record_id, changes in per_record.items():
            row = rows.get(record_id)
            if row is None:
                continue
            if row.standing == STUB:
                # It was handed over while this was on its way: what was taken is at its new place, and nothing of it here.
                row.pending = len(left.get(record_id, ()))
                stubs.append(row)
                self._handed(changes, answered)
                continue
            if record_id not in beneath and record_id not in left and len(changes) == 1:
                receipt = answered[changes[0].counter]
                if _as_it_was_sent(form, row, changes[0], receipt) and holds(row.area):
                    _settle_new(row, changes[0], receipt)
                    totals.moved(("", form.stream), None, (row.area, form.stream), row.hash)
                    same.append(row)
                    continue
            agreed = beneath.get(record_id) or Agreed()
            was_at = agreed.area
            code = ""
            for change in changes:
                receipt = answered[change.counter]
                if receipt.status == "refused":
                    code = code or receipt.code
                    if change.creates and not agreed.area:
                        row.standing = REFUSED
                elif receipt.final and (agreed.area or change.creates):
                    _accept(form, row, agreed, change, receipt)
            unsent = left.get(record_id, [])
            if agreed.area and not holds(agreed.area):
                # Taken where this device doesn't reach any more, or moved there by this very change.
                totals.moved((was_at, form.stream), row.hash, (was_at, form.stream), None)
                leave.append(replace(row, area=agreed.area, deleted=agreed.deleted, pending=len(unsent), standing=""))
                continue
            new_hash = agreed.hash(name, record_id)
            totals.moved((was_at, form.stream), row.hash, (agreed.area, form.stream), new_hash)
            before = row
            if not agreed.area and not any(change.creates for change in unsent):
                self._only_here(row, unsent, code)
                same.append(row)
                continue
            row = lay(form, row, agreed, unsent)
            row.hash = new_hash
            if unsent and agreed.area:
                keep[record_id] = agreed
            unchanged = (row.values, row.extra, row.area, row.deleted) == (
                before.values,
                before.extra,
                before.area,
                before.deleted,
            )
            (same if unchanged else different).append(row)
        self._rows.settle(name, same + stubs)
        self._rows.put(name, different)
        self._rows.drop_agreed(record_id for record_id in per_record if record_id not in keep)
        self._store.stubs.answered(name, stubs)
        self._hand_over(name, leave)
        self._rows.keep_agreed(name, keep)
        totals.write()
        # Steps fold in the county's order, so a rev alone can change what is derived.
        folded = [row.id for row in same] if form.immutable else []
        return [row.id for row in different] + folded

    def _handed(self, changes: Sequence[Change], answered: Mapping[int, Receipt]) -> None:
        """Remember which changes to a record of somebody else's the county took: only the journal has what they say."""
        took = [(change, answered[change.counter]) for change in changes if answered[change.counter].rev]
        self._store.stubs.remember(
            (
                c.counter, c.form, c.id, receipt.rev, self._store.now_ms(),
                msgpack.packb(receipt.lost) if receipt.lost else None, _quarrelled(c, receipt),
            )
            for c, receipt in took
        )  # fmt: skip

    def _hand_over(self, name: str, rows: Sequence[Row]) -> None:
        withdrawn = [row for row in rows if self._class_withdrawn(row.area)]
        self._store.stubs.leave(name, withdrawn, None)
        others = [row for row in rows if row not in withdrawn]
        self._store.stubs.leave(name, others, {row.area: self._words(row.area) for row in others})

    def _only_here(self, row: Row, unsent: Sequence[Change], code: str) -> None:
        """The county doesn't have the record, and nothing on its way makes it there.

        A refused new record stays visible as "only on this machine", with what was saved upon it: that would wait for ever, so
        it goes to *needs attention* too. Otherwise this device has lost a record that it once had (it was set back): an
        accepted edit stays as it is seen until the record comes whole.
        """
        withdrawn = self._outbox.withdraw(row.id) if row.standing == REFUSED else []
        self._remember(
            withdrawn,
            {c.counter: Receipt(c.counter, "refused", code=code or "sync.record_missing") for c in withdrawn},
        )
        row.pending, row.hash = len(unsent) - len(withdrawn), None


def _as_it_was_sent(form: Form, row: Row, change: Change, receipt: Receipt) -> bool:
    """Whether a new record was taken just as it was sent and as it is seen: so nearly all are, and need no look field by field."""
    if receipt.status != "accepted" or receipt.lost or receipt.results or not change.creates:
        return False
    if row.rev or row.standing or row.deleted or row.extra or row.hash or row.area != change.values[AREA]:
        return False
    said = _said(change)
    return said.keys() <= form.blank.keys() and row.values == {**row.values, **form.blank, **said}


def _settle_new(row: Row, change: Change, receipt: Receipt) -> None:
    row.rev, row.revs, row.pending = receipt.rev, {"": receipt.rev}, 0
    row.hash = record_hash(row.form, row.id, row.area, False, _said(change))


def _said(change: Change) -> dict[str, Value]:
    return {name: value for name, value in change.values.items() if name != AREA}


def _accept(form: Form, row: Row, agreed: Agreed, change: Change, receipt: Receipt) -> None:
    """Make agreed what the county accepted of *change*, unless something newer is agreed already."""
    new = not agreed.area
    for name, value in change.values.items():
        if name in receipt.lost:
            continue
        if new or receipt.rev > row.rev_of(name):
            agreed.set(form, name, receipt.results.get(name, value))
            if not new:
                row.revs[name] = receipt.rev
    for name, value in receipt.results.items():
        # A receipt that comes again may be older than what came down meanwhile.
        if name not in change.values and (new or receipt.rev > row.rev_of(name)):
            agreed.set(form, name, value)
            row.revs[name] = receipt.rev
    if new:
        row.revs = {"": receipt.rev}
        agreed.area = agreed.area or change.area
    row.rev = max(row.rev, receipt.rev)


def _quarrelled(change: Change, receipt: Receipt) -> bytes | None:
    """What *change* was based on, where it met another's: should the county be set back, that is how it knows them apart."""
    return msgpack.packb(dict(change.bases)) if receipt.status in {"merged", "conflict"} else None


def _shared(change: Change, later: Change, name: str) -> bool:
    """Whether *later* changed field *name* on top of *change*, and is based on what that was based on."""
    if change.creates:
        return later.bases[name] <= UNSENT
    return name in change.values and name != DELETED and later.bases[name] == change.bases.get(name, 0)
