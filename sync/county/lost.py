"""What the history says of one record of which a restored county lost changes: which of them it has again, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import msgpack

from app.schema.form import Form
from app.schema.record import AREA, DELETED, EPOCH_BITS, Offer, Record, first_rev
from app.schema.values import Value
from sync.merge import Writer

_KNOWN = first_rev(1)
"""A base below this says nothing of what was on the screen."""


@dataclass
class Past:
    """What the history says of one record: its rows by rev. ``common``: the last rev that county and device both know."""

    common: int
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

    def base(self, name: str) -> int:
        """The last rev of the common past that wrote field *name*: what the loser of a quarrel is shown beside."""
        revs = [rev for rev, row in self.rows.items() if rev <= self.common and name in msgpack.unpackb(row.body)[0]]
        return max(revs, default=0)

    def areas(self) -> set[str]:
        """The areas in which the record ever was."""
        found: set[str] = set()
        for row in self.rows.values():
            values, _, _, results = msgpack.unpackb(row.body)
            found |= {str(held[AREA]) for held in (values, results) if held.get(AREA)}
        return found

    def in_line(self, form: Form, offer: Offer, own: str, line: str, stored: Record | None) -> dict[int, Writer]:
        """The writers of the record as the lost past sees them: its own revs are one hand's, in their order there.

        So what came later there stands, what came earlier is history. Concurrent is what was written since the restore, and what of
        the lost past the author of *offer*, or of the later change, is known not to have seen. *own*: the device, if it is the author.
        """
        found: dict[int, Writer] = {}
        for rev, row in self.rows.items():
            writer = self.writer(rev)
            if writer is None:
                continue
            if rev <= self.common:
                writer = replace(writer, device=line, counter=0, incarnation=line)
            elif _in(row, offer) and not _another(row, offer) and not (row.device != own and _apart(form, row, offer)):
                writer = replace(writer, device=line, counter=row.was, incarnation=line)
            else:
                # Nobody's counter: this hand is another one, whoever's it is.
                writer = replace(writer, device=writer.device or "?")
            found[rev] = writer
        if stored is not None:
            # Older programs kept no history of what is common.
            for rev in {rev for rev in stored.revs.values() if rev <= self.common} - found.keys():
                found[rev] = Writer(line, 0, 0, "", {}, line)
        return found

    def seen(self, form: Form, offer: Offer, name: str, stored: Record | None) -> int:
        """The rev on which the author of *offer* is known to have based field *name*, if that stands; else 0."""
        base = offer.change.bases.get(name, 0)
        if stored is None or base < _KNOWN:
            return 0
        now = max(stored.rev_of(other) for other in form.unit_of.get(name, (name,)))
        row = self.rows.get(now)
        return now if row is not None and _in(row, offer) and row.was <= base else 0

    def cause(self, form: Form, offer: Offer, unit: tuple[str, ...], stored: Record | None) -> Any | None:
        """The later change of the lost past that made the quarrel which *offer* has with it about *unit*; None for any other."""
        if stored is None:
            return None
        now = stored.revs.values() if unit == (DELETED,) else [stored.rev_of(name) for name in unit]
        rows = [self.rows[rev] for rev in now if rev in self.rows]
        later = [
            row for row in rows if row.device and _in(row, offer) and row.was > offer.was and _apart(form, row, offer)
        ]
        return max(later, key=lambda row: row.was, default=None)


def _in(row: Any, offer: Offer) -> bool:
    """Whether *row* was brought back of the past in which *offer* was lost."""
    return row.was is not None and int(row.was) >> EPOCH_BITS == offer.was >> EPOCH_BITS


def _another(row: Any, offer: Offer) -> bool:
    """Whether *row* says something else of the very rev of *offer*: the county was set back twice, and gave it twice."""
    if row.was != offer.was:
        return False
    values, _, _, results = msgpack.unpackb(row.body)
    there = {**values, **results}
    return any(name in there and there[name] != value for name, value in offer.stands().items())


def _apart(form: Form, row: Any, offer: Offer) -> bool:
    """Whether the author of the later one of *row* and *offer* is known not to have seen the earlier one."""
    values, bases, _, results = msgpack.unpackb(row.body)
    wrote = {**values, **results}
    if row.was < offer.was:
        return _missed(form, offer.change.values, offer.change.bases, wrote, row.was)
    return bool(row.was > offer.was) and _missed(form, values, bases, offer.stands(), offer.was)


def _missed(form: Form, values: Any, bases: Any, wrote: Any, was: int) -> bool:
    """Whether whoever wrote *values* upon *bases* is known not to have seen what was written (*wrote*) at *was*."""
    known = {name: base for name, base in bases.items() if base >= _KNOWN}
    if not known:
        return False
    if DELETED in values:
        return was > int(known.get(DELETED, was))  # its base is that of the whole record
    units = {form.unit_of.get(name, (name,)) for name in wrote}
    shared = [base for name, base in known.items() if form.unit_of.get(name, (name,)) in units]
    if DELETED in wrote:
        shared.append(max(known.values()))
    return any(base < was for base in shared)


@dataclass(frozen=True)
class Row:
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
    taken: int | None

    @classmethod
    def like(cls, row: Any, **other: Any) -> Row:
        """*row*, read or not yet written, but for what is *other*."""
        return cls(**{item.name: getattr(row, item.name) for item in fields(cls)} | other)


def covers(row: Any, offer: Offer) -> bool:
    """Whether *row* has one of the values that *offer* says stand, so that both speak of one event."""
    values, _, _, results = msgpack.unpackb(row.body)
    there = {**values, **results}
    return any(name in there and there[name] == value for name, value in offer.stands().items())
