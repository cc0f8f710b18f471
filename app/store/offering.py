"""A restored county: what this device still knows of the past, what it brings back, and how its revs become the county's again."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgpack

from app.schema.form import Form
from app.schema.record import AREA, DELETED, Change, Offer, Receipt
from app.schema.values import Value
from app.store.exchange_values import Recovery
from app.store.handed import HANDED, Handed, based
from app.store.outbox import URGENT
from app.store.rows import STUB, Agreed, Row

_MARKS, _RECOVERY, _LOST = "marks", "recovery", "lost_revs"
_NEWEST, _STEPS = 8, 4
"""Marks kept: the newest, and so many for each doubling of the distance from them."""
_SPANS = 20
_LOOK = 2000
"""Unsent changes looked at; a frame holds no more."""
_YEAR_2100 = 4_102_444_800_000


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of history at a lost rev; ``counter`` 0 for what others wrote, ``bases`` where it met another's change."""

    counter: int
    time: int
    user: str
    values: Mapping[str, Value]
    lost: tuple[str, ...] | None = None
    bases: Mapping[str, int] = field(default_factory=dict)


class Offering(Handed):
    """Marks of the common past, and the way back to a county that was set back."""

    # -- the common past ---------------------------------------------------------------------------------------------------------

    def marks(self) -> list[tuple[int, bytes]]:
        """(rev, tag) of cursors that this device had, oldest first: one of them the restored county still knows."""
        return [(rev, bytes.fromhex(tag)) for rev, tag in self._store.meta.get(_MARKS, [])]

    def mark(self, tags: Iterable[str]) -> None:
        """Remember cursors ("rev:tag"); the caller holds the transaction."""
        held = dict(self._store.meta.get(_MARKS, []))
        for text in tags:
            rev, _, tag = text.partition(":")
            if tag:
                held[int(rev)] = tag
        self._store.meta.set(_MARKS, _thinned(sorted(held.items())))

    # -- the way back ------------------------------------------------------------------------------------------------------------

    @property
    def recovery(self) -> Recovery | None:
        """How far this device is in bringing back what its county lost; None: nothing was lost."""
        held = self._store.meta.get(_RECOVERY)
        if held is None:
            return None
        epoch, begun, common, tag, form, record_id = held
        return Recovery(epoch, bytes.fromhex(begun), common, bytes.fromhex(tag), (form, record_id))

    def begin_recovery(self, epoch: int, begun: bytes, common: int) -> None:
        """The county was restored, is in *epoch* now, and of this device's past it knows what lies up to *common*.

        Whatever is unsent is framed anew once this is over: the bytes of the old frames speak of lost revs.
        """
        marks = dict(self.marks())
        for (held,) in self._conn.execute("SELECT value FROM meta WHERE key LIKE 'tag.%'").fetchall():
            rev, _, text = json.loads(held).partition(":")
            if text:
                marks.setdefault(int(rev), bytes.fromhex(text))
        tag = marks.get(common, b"")
        with self._store.transaction():
            self._store.meta.set(_RECOVERY, [epoch, begun.hex(), common, tag.hex(), "", ""])
            self.begin_incarnation()

    def offers(self, most: int, after: tuple[str, str]) -> tuple[list[Offer], tuple[str, str]]:
        """Offers of the records behind *after*, about *most*, and where they end; none when everything was offered.

        In the order of forms, urgent ones first, and of ids; then what this device wrote in records that it handed over.
        """
        state = self.recovery
        found: list[Offer] = []
        if state is None:
            return found, after
        order = self._order()
        if after[0] == HANDED:
            order = []
        for name in order[order.index(after[0]) if after[0] in order else 0 :]:
            record_id = after[1] if name == after[0] else ""
            while rows := self._rows.read(
                name, "WHERE id > ? AND rev > ? ORDER BY id LIMIT ?", (record_id, state.common, max(most, 1))
            ):
                for row, mine in self._of_rows(self._store.forms[name], rows, state):
                    if found and len(found) + len(mine) > most:
                        return found, after
                    found += mine
                    after, record_id = (name, row.id), row.id
        more, end = self._handed_offers(state, max(most - len(found), 1), after[1] if after[0] == HANDED else "")
        if more and not (found and len(found) + len(more) > most):
            found, after = found + more, (HANDED, end)
        return found, after

    def _order(self) -> list[str]:
        forms = list(self._store.forms.values())
        return [form.name for form in sorted(forms, key=lambda form: form.stream != "urgent")]

    def _of_rows(self, form: Form, rows: Sequence[Row], state: Recovery) -> Iterable[tuple[Row, list[Offer]]]:
        beneath = self._rows.agreed(row.id for row in rows if row.pending)
        lines = self._lines([row.id for row in rows], state)
        read_to = min((rev for held in self._cursors() for rev in held), default=0)
        for row in rows:
            agreed = beneath.get(row.id) or Agreed.of(form, row)
            yield row, _offers(form, row, agreed, lines.get(row.id, {}), state, read_to)

    def _cursors(self) -> Iterable[tuple[int]]:
        rows: list[tuple[int]] = self._conn.execute("SELECT rev FROM cursor").fetchall()
        return rows

    def _lines(self, ids: Sequence[str], state: Recovery) -> dict[str, dict[int, _Line]]:
        """For each record, what its history says of the lost revs."""
        found: dict[str, dict[int, _Line]] = {}
        for record_id in ids:
            for rev, counter, kind, moment, user, body, lost, bases in self._conn.execute(
                "SELECT rev, counter, kind, time, user, body, lost, bases FROM history WHERE id = ? AND rev > ? AND rev < ?",
                (record_id, state.common, state.end),
            ):
                own = counter if kind in {"own", "lost"} and counter else 0
                names = tuple(msgpack.unpackb(lost)) if lost else None if kind == "lost" else ()
                held = found.setdefault(record_id, {})
                if own or rev not in held:
                    told = msgpack.unpackb(bases) if bases else {}
                    held[rev] = _Line(own, moment, user, msgpack.unpackb(body), names, told)
        return found

    def urgent_ready(self) -> bool:
        """Whether something urgent waits that need not wait until everything was offered."""
        changes = self._outbox.next(_LOOK, URGENT)
        return bool(changes) and self._clear(changes)

    def clear_of_loss(self, counters: Collection[int]) -> bool:
        """Whether these unsent changes may go before everything was offered."""
        return self._clear(self._outbox.by_counter(counters).values())

    def _clear(self, changes: Iterable[Change]) -> bool:
        """Neither is one of *changes* based on a lost rev, nor would its receipt cover a value that wasn't offered yet."""
        state = self.recovery
        if state is None:
            return True
        by_form: dict[str, set[str]] = {}
        for change in changes:
            if any(state.is_lost(base) for base in change.bases.values()):
                return False
            by_form.setdefault(change.form, set()).add(change.id)
        rows = (row for name, ids in by_form.items() for row in self._rows.get(name, ids).values())
        return not any(state.is_lost(rev) for row in rows for rev in row.revs.values())

    def offered(self, offers: Sequence[Offer], receipts: Sequence[Receipt], after: tuple[str, str]) -> None:
        """The county has *offers*: what stands there gets its rev there, what doesn't falls back to the common past.

        The bases of unsent changes go along, so that a change made on what stands follows it, and any other one meets the merge.
        """
        with self._store.transaction():
            state = self.recovery
            if state is None:
                return
            by_record: dict[str, dict[str, dict[tuple[str, int], int]]] = {}
            newest: dict[str, int] = {}
            for offer, receipt in zip(offers, receipts, strict=True):
                per_form = by_record.setdefault(offer.change.form, {})
                per_form.setdefault(offer.change.id, {}).update(_renumbered(offer, receipt, state.common))
                newest[offer.change.id] = max(newest.get(offer.change.id, 0), receipt.rev)
                if receipt.rev:
                    # What it was based on speaks of lost revs; whom it quarrelled with, the county knows by now.
                    for table in ("history", "handed"):
                        self._conn.execute(
                            f"UPDATE {table} SET rev = ?, bases = NULL WHERE id = ? AND rev = ?",
                            (receipt.rev, offer.change.id, offer.was),
                        )
            for name, records in by_record.items():
                rows = self._rows.get(name, records)
                for row in rows.values():
                    _renumber(self._store.forms[name], row, records[row.id], newest[row.id])
                self._rows.settle(name, list(rows.values()))
                self._rebase(records, state)
            self._store.meta.set(_RECOVERY, [state.epoch, state.begun.hex(), state.common, state.tag.hex(), *after])

    def _rebase(self, records: Mapping[str, Mapping[tuple[str, int], int]], state: Recovery) -> None:
        changed: list[Change] = []
        for record_id, changes in self._outbox.of(records).items():
            for change in changes:
                new = {
                    name: records[record_id].get((name, base), state.common) if state.is_lost(base) else base
                    for name, base in change.bases.items()
                }
                if new != change.bases:
                    changed.append(replace(change, bases=new))
        self._outbox.rebase(changed)

    def end_recovery(self) -> None:
        """Everything was offered: cursors fall back to the common past, and from there all of it comes as ever."""
        with self._store.transaction():
            state = self.recovery
            if state is None:
                return
            self._conn.execute("UPDATE cursor SET rev = min(rev, ?)", (state.common,))
            for (stream,) in self._conn.execute("SELECT DISTINCT stream FROM cursor").fetchall():
                self._store.meta.set(f"tag.{stream}", f"{state.common}:{state.tag.hex()}")
            past = [(rev, tag.hex()) for rev, tag in self.marks() if rev <= state.common]
            self._store.meta.set(_MARKS, past)
            self._set_state(epoch=state.epoch, begun=state.begun.hex())
            spans = [*self._store.meta.get(_LOST, []), [state.common, state.end]]
            self._store.meta.set(_LOST, spans[-_SPANS:])
            self._sweep(state)
            if self._conn.execute("SELECT 1 FROM frame LIMIT 1").fetchone():
                # Framed meanwhile for a bundle: its bytes speak of lost revs.
                self.begin_incarnation()
            self._store.meta.set(_RECOVERY, None)

    def _sweep(self, state: Recovery) -> None:
        """No unsent change stays based on a lost rev."""
        changed = []
        for change in self._outbox.all():
            lost = [name for name, base in change.bases.items() if state.is_lost(base)]
            if lost:
                row = self._rows.get(change.form, [change.id]).get(change.id)
                bases = {name: self._meant(row, name, base, [state]) for name, base in change.bases.items()}
                changed.append(replace(change, bases=bases))
        self._outbox.rebase(changed)

    def seen(self, row: Row | None, seen: Mapping[str, int]) -> Mapping[str, int]:
        """*seen*, the revs that were on a screen, without those that a restored county no longer means by them."""
        if row is None or not seen or not (spans := self._store.meta.get(_LOST)):
            return seen
        states = [Recovery(0, b"", common, b"", ("", ""), end) for common, end in spans]
        return {name: self._meant(row, name, rev, states) for name, rev in seen.items()}

    @staticmethod
    def _meant(row: Row | None, name: str, rev: int, spans: Sequence[Recovery]) -> int:
        # A rev that the county still has was found common by its content, and the row bears it.
        if row is not None and row.rev_of(name) == rev:
            return rev
        return min([rev, *(span.common for span in spans if span.is_lost(rev))])


def _offers(
    form: Form, row: Row, agreed: Agreed, lines: Mapping[int, _Line], state: Recovery, read_to: int
) -> list[Offer]:
    """The offers of one record, a lost rev each, in their order."""
    created = row.revs.get("", 0)
    stands: dict[int, dict[str, Value]] = {}
    values = {**{item.name: agreed.values.get(item.name) for item in form.stored}, **agreed.extra}
    for name, value in {**values, AREA: agreed.area, DELETED: agreed.deleted}.items():
        rev = row.rev_of(name)
        if state.is_lost(rev) and (rev != created or value not in (None, False)):
            stands.setdefault(rev, {})[name] = value
    if state.is_lost(created):
        # What makes the record must say where it is, also if it was moved since.
        stands.setdefault(created, {}).setdefault(AREA, agreed.area)
    found = []
    for rev in sorted({*stands, *(rev for rev, line in lines.items() if line.counter)}):
        held, line = stands.get(rev, {}), lines.get(rev)
        base = {} if rev == created else {AREA: 1}
        if line is None or not line.counter:
            change = Change(
                form.name, row.id, agreed.area, held, {name: base.get(name, 0) for name in held},
                (line.time if line else 0) or _made_at(row.id), 0, line.user if line else "",
            )  # fmt: skip
            found.append(Offer(change, rev))
            continue
        area = str(line.values.get(AREA, agreed.area))
        bases = {AREA: 0} if rev == created else {AREA: 1}
        change = based(
            Change(form.name, row.id, area, line.values, bases, line.time, line.counter, line.user), dict(line.bases)
        )
        away = [name for name in line.values if name not in held]
        # Where the losers' records were made at revs that were read, those records are offered themselves. Each has a rev of its own.
        unread = rev + len(away) > read_to
        lost = tuple(name for name in away if unread and (line.lost is None or name in line.lost))
        gone = tuple(name for name in away if name not in lost)
        results = {n: v for n, v in held.items() if n not in line.values or not _same(v, line.values[n])}
        found.append(Offer(change, rev, lost, gone, results))
    return found


def _same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def _made_at(record_id: str) -> int:
    """When a UUIDv7 was made, in milliseconds since 1970 UTC; 0 for any other id, or one of no time that can be."""
    moment = int(record_id[:12], 16)
    return moment if record_id[12] == "7" and moment < _YEAR_2100 else 0


def _renumbered(offer: Offer, receipt: Receipt, common: int) -> dict[tuple[str, int], int]:
    """(field, lost rev) -> the rev under which the county has the same value; the common past where it hasn't."""
    found = {}
    for name in ("", *offer.stands()):
        stands = bool(receipt.rev) and name not in receipt.lost
        found[name, offer.was] = int(str(receipt.results.get(name, receipt.rev))) if stands else common
    return found


def _renumber(form: Form, row: Row, mapping: Mapping[tuple[str, int], int], newest: int) -> None:
    if row.standing == STUB:
        row.revs = {AREA: mapping.get((AREA, row.rev_of(AREA)), row.rev_of(AREA))}
        return
    created = row.revs.get("", 0)
    names = {item.name for item in form.stored} | set(row.extra) | set(row.revs) | {AREA, DELETED}
    new = {"": mapping.get(("", created), created)}
    for name in names - {""}:
        rev = row.rev_of(name)
        if rev == created and (name, rev) not in mapping:
            continue  # empty since it was made
        held = mapping.get((name, rev), rev)
        if held != new[""]:
            new[name] = held
    row.revs = new
    # As after a receipt: also where nothing of it stood. Should the county be set back again, it is offered again.
    row.rev = max(*new.values(), newest)


def _thinned(marks: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The newest of *marks*, ever fewer the older they are, and always the first."""
    newest = marks[-1][0] if marks else 0
    kept: dict[int, tuple[int, str]] = {}
    for rev, tag in marks[:-_NEWEST]:
        distance = newest - rev
        bits = distance.bit_length()
        kept.setdefault(bits * _STEPS + (distance >> max(bits - 3, 0)) % _STEPS, (rev, tag))
    return sorted({*marks[:1], *kept.values(), *marks[-_NEWEST:]})
