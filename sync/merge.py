"""What becomes of a record when a change meets it: the county's rules, pure."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

import msgpack

from app.schema.form import Form
from app.schema.record import AREA, DELETED, Change, Record
from app.schema.values import Value
from sync.losers import KEPT, OPEN, Loser


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a rev: what the history keeps of the change that has it; ``combined`` are fields that the merge made of two.

    ``frame``: the number under which it came, within the incarnation.
    """

    device: str
    counter: int
    time: int
    user: str
    values: Mapping[str, Value] = field(default_factory=dict)
    incarnation: str = ""
    combined: frozenset[str] = frozenset()
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """What the merge must know beside the record.

    ``rev`` is the number that this change gets; ``writers`` holds at least the revs that ``contested`` names;
    ``arrival`` in milliseconds since 1970 UTC: no change counts as made later than that. ``counted``: a counter of this incarnation
    stands for one change, so that another one with the same is another machine's. ``frames``: those of this incarnation that are known
    to be this machine's, and no copy's (None: all).
    """

    device: str
    rev: int
    arrival: int
    writers: Mapping[int, Writer] = field(default_factory=dict)
    incarnation: str = ""
    counted: bool = True
    frames: Container[int] | None = None

    def same_hand(self, writer: Writer) -> bool:
        """Whether *writer* is this very device: what it wrote is no second opinion.

        Only within one incarnation: a device that was set back, or a clone, counts the same numbers anew and had not seen that. A clone
        that nobody knows of yet still says the old incarnation: then only what this machine can vouch for is its own.
        """
        if (writer.device, writer.incarnation) != (self.device, self.incarnation):
            return False
        return self.frames is None or writer.frame in self.frames


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did: the verdict, the record as it is now, and what must be kept of those who lost.

    ``written`` names the fields whose value or rev is new.
    """

    status: str
    record: Record | None
    code: str = ""
    written: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()
    results: Mapping[str, Value] = field(default_factory=dict)
    losers: tuple[Loser, ...] = ()


def content_hash(device: str, change: Change) -> bytes:
    """16 bytes over what makes a change this one: record, fields, values, device, counter and time."""
    held = [device, change.counter, change.time, change.form, change.id, change.area, sorted(change.values.items())]
    return hashlib.blake2b(msgpack.packb(held), digest_size=16).digest()


def contested(form: Form, stored: Record | None, change: Change) -> set[int]:
    """The revs whose writers ``merge`` will ask for; empty for a change that simply follows."""
    if stored is None:
        return set()
    found: set[int] = set()
    for unit in _units(form, change):
        base, now = _base(change, unit), _rev(stored, unit)
        if base < now:
            found |= {base, now}
    if stored.deleted and DELETED not in change.values:
        found.add(stored.rev_of(DELETED))
    if change.values.get(DELETED):
        found |= {rev for rev in stored.revs.values() if rev > change.bases.get(DELETED, 0)}
    return found - {0}


def merge(form: Form, stored: Record | None, change: Change, context: Context) -> Outcome:
    """Lay *change* on *stored*, field group by field group, by the rules of *form*."""
    if stored is None:
        return create(form, change, context.rev)
    if form.immutable and change.values.keys() != {AREA}:
        same = all(_value(stored, name) == value for name, value in change.values.items())
        return Outcome("accepted", stored) if same else Outcome("refused", stored, "sync.immutable")
    work = _Work(form, stored, change, context)
    for unit in _units(form, change):
        work.meet(unit)
    work.meet_deletion()
    return work.outcome()


def create(form: Form, change: Change, rev: int) -> Outcome:
    """``merge`` of a change whose record isn't there, which gets the number *rev*."""
    if not change.creates:
        return Outcome("waiting", None)
    known, said, fields = _kept_names(form, change), change.values, form.fields
    there = {name: said[name] for name in known if said[name] is not None}
    plain = there.keys() <= fields.keys()
    return Outcome(
        "accepted",
        Record(
            form.name,
            change.id,
            str(said[AREA]),
            there if plain else {name: value for name, value in there.items() if name in fields},
            rev,
            {"": rev},
            {} if plain else {name: value for name, value in there.items() if name not in fields},
            bool(said.get(DELETED)),
        ),
        written=frozenset({*known, AREA, DELETED}),
    )


class _Work:
    """One change on its way through its field groups."""

    def __init__(self, form: Form, stored: Record, change: Change, context: Context) -> None:
        self.form, self.stored, self.change, self.context = form, stored, change, context
        self.time = min(change.time, context.arrival)
        self.new: dict[str, Value] = {}
        self.written: set[str] = set()
        self.lost: list[str] = []
        self.results: dict[str, Value] = {}
        self.losers: list[Loser] = []
        self.superseded = False

    def meet(self, unit: tuple[str, ...]) -> None:
        """Decide for one field, or for one group of fields that only make sense together."""
        mine = {name: self.change.values[name] for name in unit if name in self.change.values}
        theirs = {name: _value(self.stored, name) for name in mine}
        now = _rev(self.stored, unit)
        follows = _base(self.change, unit) >= now
        if not follows and mine == theirs and all(type(mine[name]) is type(theirs[name]) for name in mine):
            return
        writer = self.context.writers.get(now)
        own = self._same_hand(writer)
        if follows:
            # Also where the value is there already: the device's own earlier change, which this one undid, may come after it.
            self._take(unit, mine)
        elif own and writer and writer.counter < self.change.counter and not writer.combined & mine.keys():
            # What a device itself wrote before is no second opinion: order inside one device is its counter's.
            self._take(unit, mine)
        elif own and writer and writer.counter >= self.change.counter:
            self.superseded = True
            self.lost += mine
        elif unit == (DELETED,):
            self._meet_other_deletion(mine, theirs, writer)
        else:
            self._decide(unit, mine, theirs, writer)

    def meet_deletion(self) -> None:
        """An edit and a deletion made apart: deleted it stays, and the edit is kept for people to see."""
        if self.change.values.get(DELETED):
            edits = self._edits_unseen()
            if edits:
                self._keep((DELETED,), {}, edits[0], {DELETED: True}, edits[1], self.change.user, OPEN)
        elif self.stored.deleted and DELETED not in self.change.values:
            writer = self.context.writers.get(self.stored.rev_of(DELETED))
            if not self._same_hand(writer):
                mine = {name: value for name, value in self.change.values.items() if name not in self.lost}
                other = writer.user if writer else ""
                self._keep((DELETED,), {}, mine, {DELETED: True}, self.change.user, other, OPEN)

    def _same_hand(self, writer: Writer | None) -> bool:
        """Whether *writer* is this very device; two changes of one number are two machines'."""
        if writer is None or (self.context.counted and writer.counter == self.change.counter):
            return False
        return self.context.same_hand(writer)

    def outcome(self) -> Outcome:
        """The record with everything taken, and the verdict."""
        if any(loser.status == OPEN for loser in self.losers):
            status = "conflict"
        else:
            status = "merged" if self.losers or self.lost or self.results else "accepted"
        return Outcome(
            status, self._record(), "", frozenset(self.written), tuple(self.lost), self.results, tuple(self.losers)
        )

    def _record(self) -> Record:
        if not self.written:
            return self.stored
        values, extra = dict(self.stored.values), dict(self.stored.extra)
        for name, value in self.new.items():
            if not name.startswith("@"):
                held = values if name in self.form.fields else extra
                held[name] = value
                if value is None:
                    del held[name]
        rev = self.context.rev
        return replace(
            self.stored,
            area=str(self.new.get(AREA, self.stored.area)),
            deleted=bool(self.new.get(DELETED, self.stored.deleted)),
            values=values,
            extra=extra,
            rev=rev,
            revs={**self.stored.revs, **dict.fromkeys(self.written, rev)},
        )

    def _take(self, unit: tuple[str, ...], values: Mapping[str, Value]) -> None:
        self.new.update(values)
        # The whole group gets the rev: who changes one part of it has judged the others too.
        self.written.update(unit)

    def _decide(
        self, unit: tuple[str, ...], mine: dict[str, Value], theirs: dict[str, Value], writer: Writer | None
    ) -> None:
        rule = conflict_rule(self.form, unit)
        other = writer.user if writer else ""
        base = self._base_values(unit, mine)
        if rule in {"max", "min", "append"}:
            made = {name: _combined(rule, theirs[name], mine[name]) for name in mine}
            if made != theirs:
                self._take(unit, made)
            self.results.update({name: value for name, value in made.items() if value != mine[name]})
        elif rule == "last" and (writer is None or self._later_than(writer)):
            self._take(unit, mine)
            self._keep(unit, base, theirs, mine, other, self.change.user, KEPT)
        else:
            self.lost += mine
            self._keep(unit, base, mine, theirs, self.change.user, other, KEPT if rule == "last" else OPEN)

    def _meet_other_deletion(self, mine: dict[str, Value], theirs: dict[str, Value], writer: Writer | None) -> None:
        """Deleted here, brought back there: only a person who saw the deletion may undo it."""
        other = writer.user if writer else ""
        if mine[DELETED]:
            self._take((DELETED,), mine)
            self._keep((DELETED,), {}, theirs, mine, other, self.change.user, OPEN)
        else:
            self.lost.append(DELETED)
            self._keep((DELETED,), {}, mine, theirs, self.change.user, other, OPEN)

    def _edits_unseen(self) -> tuple[dict[str, Value], str] | None:
        """What other devices wrote that the one who deletes had not seen, and who wrote it last."""
        seen = self.change.bases.get(DELETED, 0)
        found: dict[str, Value] = {}
        who = ""
        for rev in sorted({rev for rev in self.stored.revs.values() if rev > seen}):
            writer = self.context.writers.get(rev)
            if writer is None or self._same_hand(writer):
                continue
            names = [name for name, held in self.stored.revs.items() if held == rev and name in writer.values]
            found.update({name: _value(self.stored, name) for name in names if name != DELETED})
            who = writer.user
        return (found, who) if found else None

    def _base_values(self, unit: tuple[str, ...], names: Mapping[str, Value]) -> dict[str, Value]:
        writer = self.context.writers.get(_base(self.change, unit))
        return {name: writer.values.get(name) if writer else None for name in names}

    def _later_than(self, writer: Writer) -> bool:
        mine = (self.time, self.context.device, self.change.counter)
        return mine > (writer.time, writer.device, writer.counter)

    def _keep(
        self,
        unit: tuple[str, ...],
        base: Mapping[str, Value],
        mine: Mapping[str, Value],
        theirs: Mapping[str, Value],
        who: str,
        other: str,
        status: str,
    ) -> None:
        if not self.form.system:  # a quarrel about a quarrel stays in the history
            self.losers.append(Loser(unit, base, mine, theirs, who, other, status))


# -- fields and groups ------------------------------------------------------------------------


def _kept_names(form: Form, change: Change) -> list[str]:
    """The fields that travel: what is reckoned on each device is not among them."""
    derived = form.derived
    return [name for name in change.values if name[:1] != "@" and name not in derived]


def _units(form: Form, change: Change) -> list[tuple[str, ...]]:
    names = [*_kept_names(form, change), *(name for name in (AREA, DELETED) if name in change.values)]
    return list(dict.fromkeys(form.unit_of.get(name, (name,)) for name in names))


def _value(record: Record, name: str) -> Value:
    if name == AREA:
        return record.area
    if name == DELETED:
        return record.deleted
    return record.values.get(name, record.extra.get(name))


def _base(change: Change, unit: tuple[str, ...]) -> int:
    # Who saw one part of a group old has not seen the group as it is: after a restore its parts may be known by different revs.
    return min(change.bases.get(name, 0) for name in unit if name in change.values)


def _rev(record: Record, unit: tuple[str, ...]) -> int:
    return max(record.rev_of(name) for name in unit)


def conflict_rule(form: Form, unit: tuple[str, ...]) -> str:
    """How the fields of *unit* are merged where two wrote them apart."""
    rules = [form.fields[name].merge for name in unit if name in form.fields]
    return "ask" if "ask" in rules else rules[0] if rules else "last"


def _combined(rule: str, theirs: Value, mine: Value) -> Value:
    if theirs is None or mine is None:
        return mine if theirs is None else theirs
    if rule == "append":
        old = str(theirs).split("\n")
        return "\n".join([*old, *(line for line in str(mine).split("\n") if line not in old)])
    pick = max if rule == "max" else min
    return pick(theirs, mine)
