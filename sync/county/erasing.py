"""A person who was pseudonymised: what else the county holds of him, and the lines of history that said who he was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgpack
import sqlalchemy as sa

from app.schema.erasing import (
    CALLED,
    INTO,
    MARK,
    NAMING,
    QUARREL,
    RESIDENT,
    bare,
    blanked,
    called_before,
    erases,
    is_pseudonym,
    naming,
    pseudonym,
    too_late,
    uncalled,
    unseen,
    wordless,
)
from app.schema.form import Forms
from app.schema.record import DELETED, Change, Receipt, Record
from app.schema.values import Value
from sync.county.database import among, parts
from sync.county.records import Held, Records
from sync.county.tables import ASIDE, FILE, HISTORY, LEFT, THROWN
from sync.merge import Context, Outcome, Writer, content_hash

if TYPE_CHECKING:
    from sync.county.writing import Books, Writes


@dataclass(frozen=True, slots=True)
class Gone:
    """A person who was pseudonymised: ``before`` is his record as it was, ``on`` the day, ``user`` who did it."""

    before: Record
    on: Value
    user: str


@dataclass(frozen=True, slots=True)
class Bared:
    """What goes from one record that names him: its new ``values``."""

    held: Held
    values: Mapping[str, Value]
    user: str


@dataclass
class Trace:
    """Where in history he is named: for each record the fields that go, None for everything but what is kept."""

    fields: dict[str, tuple[str, tuple[str, ...] | None]] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    """Records that were called by somebody, and their forms."""

    def add(self, record: Record, words: Sequence[str] | None) -> None:
        self.fields[record.id] = record.form, None if words is None else tuple(words)


def bared(conn: sa.Connection, records: Records, forms: Forms, gone: Sequence[Gone], trace: Trace) -> Iterator[Bared]:
    """Every other record that says who these people were, with what becomes of it; *trace* learns where history does."""
    people = {one.before.id: one for one in gone}
    for gone_now in gone:
        trace.add(gone_now.before, None)
    # Where somebody wrote the name again without knowing, as after a restore, it goes again.
    for person, held in records.get(conn, RESIDENT, list(people)).items():
        if values := bare(held.record):
            yield Bared(held, {**values, MARK: people[person].on}, people[person].user)
    waiting = list(people)
    whose = {person: person for person in people}
    while waiting:
        # Registrations that went into his, and those that went into them.
        found = [held for held in records.naming(conn, RESIDENT, INTO, waiting) if held.record.id not in whose]
        waiting = []
        for held in found:
            person = whose[str(held.record.values[INTO])]
            whose[held.record.id] = person
            waiting.append(held.record.id)
            trace.add(held.record, None)
            if values := bare(held.record, person):
                yield Bared(held, {**values, MARK: people[person].on}, people[person].user)
    named: dict[str, str] = dict(whose)
    for kind in naming(forms):
        for held in records.naming(conn, kind.form, kind.ref, list(whose)):
            record = held.record
            person = whose[str(record.values[kind.ref])]
            named[record.id] = person
            trace.add(record, kind.words)
            values = wordless(forms[kind.form], kind.words, record, person)
            if kind.deleted and not record.deleted:
                values[DELETED] = True
            if values:
                yield Bared(held, values, people[person].user)
    yield from _homes(conn, records, gone, trace)
    for form in (form for form in forms.values() if form.system):
        for held in records.naming(conn, form.name, "record", list(named)):
            trace.add(held.record, QUARREL)
            values = {name: None for name in QUARREL if held.record.values.get(name) is not None}
            if held.record.values.get("status") == "open":
                values["status"] = "decided"
            if values:
                yield Bared(held, values, people[named[str(held.record.values["record"])]].user)


def _homes(conn: sa.Connection, records: Records, gone: Sequence[Gone], trace: Trace) -> Iterator[Bared]:
    """The household that was called by his name, and the dwelling that bears his number as its owner's."""
    heads = {
        str(one.before.values["household"]): one
        for one in gone
        if one.before.values.get("household") and one.before.values.get("relation") == "0"
    }
    for record_id, held in records.get(conn, "household", list(heads)).items():
        one = heads[record_id]
        called = held.record.values.get("head_name")
        if called == one.before.values.get("name") and not is_pseudonym(called):
            trace.called[record_id] = "household"
            yield Bared(held, {"head_name": pseudonym(one.before.id)}, one.user)
    numbers = {str(one.before.values["id_number"]): one for one in gone if one.before.values.get("id_number")}
    for held in records.naming(conn, "dwelling", "owner_id", list(numbers)):
        one = numbers[str(held.record.values["owner_id"])]
        trace.called[held.record.id] = "dwelling"
        yield Bared(held, {"owner": pseudonym(one.before.id), "owner_id": None, "owner_phone": None}, one.user)


def scrub(conn: sa.Connection, county: str, trace: Trace, before: int) -> None:
    """Take what went out of the history up to the rev *before*, and of what was set aside or left by an emptied device.

    Hashes and tags stay: a change that comes again is known by them, and the past is the same past.
    """
    scrub_called(conn, county, trace.called)
    for some in parts(sorted(trace.fields)):
        query = sa.select(HISTORY.c.rev, HISTORY.c.id, HISTORY.c.body).where(
            HISTORY.c.county == county, among(conn, HISTORY.c.id, some), HISTORY.c.rev < before
        )
        for rev, record_id, body in conn.execute(query).all():
            values, bases, lost, results = msgpack.unpackb(body)
            clean = [_clean(trace, record_id, values), bases, lost, _clean(trace, record_id, results)]
            if clean[0] != values or clean[3] != results:
                conn.execute(
                    sa.update(HISTORY).where(HISTORY.c.county == county, HISTORY.c.rev == rev),
                    {"body": msgpack.packb(clean)},
                )
        those = [ASIDE.c.county == county, among(conn, ASIDE.c.id, some)]
        for key, record_id, body in conn.execute(sa.select(ASIDE.c.hash, ASIDE.c.id, ASIDE.c.body).where(*those)).all():
            values, *rest = msgpack.unpackb(body)
            conn.execute(
                sa.update(ASIDE).where(ASIDE.c.county == county, ASIDE.c.hash == key),
                {"body": msgpack.packb([_clean(trace, record_id, values), *rest])},
            )
        conn.execute(sa.delete(LEFT).where(LEFT.c.county == county, among(conn, LEFT.c.id, some)))


def scrub_called(conn: sa.Connection, county: str, called: Mapping[str, str]) -> None:
    """Take the name by which these records were called before the pseudonym out of their history."""
    for some in parts(sorted(called)):
        query = sa.select(HISTORY.c.rev, HISTORY.c.id, HISTORY.c.body).where(
            HISTORY.c.county == county, among(conn, HISTORY.c.id, some)
        )
        lines: dict[str, list[tuple[int, list[Any]]]] = {}
        for rev, record_id, body in conn.execute(query.order_by(HISTORY.c.rev)):
            lines.setdefault(record_id, []).append((rev, msgpack.unpackb(body)))
        for record_id, held in lines.items():
            form = called[record_id]
            name = called_before(form, [part for _, body in held for part in (body[0], body[3])])
            for rev, (values, bases, lost, results) in held if name is not None else ():
                clean = [uncalled(form, name, values), bases, lost, uncalled(form, name, results)]
                if clean[0] is not values or clean[3] is not results:
                    conn.execute(
                        sa.update(HISTORY).where(HISTORY.c.county == county, HISTORY.c.rev == rev),
                        {"body": msgpack.packb(clean)},
                    )


def _clean(trace: Trace, record_id: str, values: Mapping[str, Value]) -> dict[str, Value]:
    form, words = trace.fields[record_id]
    clean = blanked(form, None if words is None else dict.fromkeys(words), values)
    # What stands in a name's place already is no name.
    return {name: value if is_pseudonym(value) else clean[name] for name, value in values.items()}


def refusal(stored: Record, change: Change, writers: Mapping[int, Writer], context: Context) -> str:
    """Why *change* may not be made where a person is pseudonymised; empty where it may. *context* says whose it is."""
    if too_late(stored, change):
        writer = writers.get(stored.rev_of(MARK))
        # Who did it himself has seen it: his next word is no stranger's.
        known = writer is not None and context.same_hand(writer)
        return "" if known and writer and writer.counter < change.counter else "sync.erased"
    if erases(change):
        for rev in unseen(stored, change):
            other = writers.get(rev)
            if other is None or not context.same_hand(other):
                # Like a deletion it judges the whole person: it must not take what nobody had looked at.
                return "sync.changed_since"
    return ""


def asked(stored: Record, change: Change) -> set[int]:
    """The revs whose writers ``refusal`` will ask for."""
    if change.form != RESIDENT:
        return set()
    mark = {stored.rev_of(MARK)} if stored.values.get(MARK) else set()
    return mark | (unseen(stored, change) if erases(change) else set())


def bare_outcome(outcome: Outcome, rev: int) -> Outcome:
    """*outcome* of a change that pseudonymises, with whatever its device did not know of gone as well."""
    gone = bare(outcome.record) if outcome.record else {}
    if outcome.record is None or not gone:
        return outcome
    record = _changed(outcome.record, gone, rev)
    status = "merged" if outcome.status == "accepted" else outcome.status
    results = {**outcome.results, **gone}
    return replace(outcome, status=status, record=record, written=outcome.written | set(gone), results=results)


def back(outcome: Outcome, rev: int) -> Outcome:
    """*outcome* of a change that writes down again who an erased person is: the mark goes, for everybody."""
    if outcome.record is None:
        return outcome
    record = _changed(outcome.record, {MARK: None}, rev)
    status = "merged" if outcome.status == "accepted" else outcome.status
    results = {**outcome.results, MARK: None}
    return replace(outcome, status=status, record=record, written=outcome.written | {MARK}, results=results)


def gone_already(conn: sa.Connection, records: Records, people: Iterable[str]) -> list[Gone]:
    """Those of these residents who were pseudonymised before."""
    found = records.get(conn, RESIDENT, records.filled(conn, RESIDENT, MARK, list(people)))
    return [Gone(h.record, h.record.values[MARK], "") for h in found.values()]


def named_again(conn: sa.Connection, records: Records, fresh: Iterable[Change]) -> list[Gone]:
    """People whose name may have come back with a record from who did not know that it went."""
    refs = {one.form: one.ref for one in NAMING if one.form not in ("data_request", "care_tag")}
    wanted = {str(c.values[refs[c.form]]) for c in fresh if c.form in refs and c.values.get(refs[c.form])}
    wanted -= {c.id for c in fresh if erases(c)}
    return gone_already(conn, records, sorted(wanted)) if wanted else []


def note_bared(
    writes: Writes, conn: sa.Connection, books: Books, now: int, gone: Sequence[Gone], trace: Trace
) -> dict[tuple[str, str], Held]:
    """Note in *writes* what else says who *gone* were, as changes of the county's own; the records as they were before."""
    before: dict[tuple[str, str], Held] = {}
    held: dict[tuple[str, str], Held] = {}
    for one in bared(conn, books.records, books.forms, gone, trace):
        old = one.held.record
        if (old.form, old.id) in before:
            continue
        before[old.form, old.id] = one.held
        writes.rev += 1
        record = _changed(old, one.values, writes.rev)
        bases = {name: old.rev_of(name) for name in one.values}
        made = Change(old.form, old.id, old.area, one.values, bases, now, 0, one.user)
        body = [dict(one.values), bases, [], {}]
        receipt = Receipt(0, "accepted", writes.rev)
        writes.note(held, made, record, receipt, content_hash("", made), body, old, county=True)
    photos = [str(h.record.values[n]) for h in before.values() for n in ("sha256", "thumb") if h.record.values.get(n)]
    for some in parts(sorted(set(photos))):
        # What they show is thrown away once nothing else names it; see ``files.throw_away``.
        those = [FILE.c.county == books.county, among(conn, FILE.c.sha256, some)]
        conn.execute(sa.update(FILE).where(*those), {"lost": THROWN})
    return before


def called_by(conn: sa.Connection, records: Records, changes: Iterable[Change]) -> dict[str, str]:
    """Those homes among *changes* that bear a pseudonym, and their forms."""
    wanted: dict[str, list[str]] = {}
    for change in changes:
        if change.form in CALLED:
            wanted.setdefault(change.form, []).append(change.id)
    return {
        record_id: form
        for form, ids in wanted.items()
        for record_id, held in records.get(conn, form, ids).items()
        if is_pseudonym(held.record.values.get(CALLED[form][0]))
    }


def _changed(record: Record, values: Mapping[str, Value], rev: int) -> Record:
    """*record* with *values* at *rev*."""
    held, extra = dict(record.values), dict(record.extra)
    for name, value in values.items():
        if name == DELETED:
            continue
        part = extra if name in extra else held
        part[name] = value
        if value is None:
            del part[name]
    return replace(
        record,
        values=held,
        extra=extra,
        deleted=bool(values.get(DELETED, record.deleted)),
        rev=rev,
        revs={**record.revs, **dict.fromkeys(values, rev)},
    )
