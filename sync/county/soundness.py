"""Whether what stands at the county still fits its own hash, and what the history says stood there instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgpack
import sqlalchemy as sa

from app.schema.form import Form, Forms
from app.schema.record import AREA, DELETED, Record
from app.schema.values import Value
from sync.county.records import Held, Records, hash_of
from sync.county.tables import HISTORY


def is_sound(held: Held) -> bool:
    """Whether the record's values still give the hash with which it counts."""
    return hash_of(held.record) == held.hash


def rebuilt(conn: sa.Connection, county: str, held: Held) -> Held | None:
    """*held* as its history tells it, where that fits the kept hash; None where it doesn't.

    Every change that took effect is in the history with its values, those that lost and those that the merge made.
    """
    told = _told(conn, county, held.record)
    made = Held(told, held.hash) if told else None
    return made if made and is_sound(made) else None


def _told(conn: sa.Connection, county: str, record: Record) -> Record | None:
    """*record* with what its history says of it; None where that says nothing."""
    query = sa.select(HISTORY.c.rev, HISTORY.c.body).where(HISTORY.c.county == county, HISTORY.c.id == record.id)
    values: dict[str, Value] = {}
    revs: dict[str, int] = {}
    for row in conn.execute(query.order_by(HISTORY.c.rev)):
        said, _, lost, results = msgpack.unpackb(row.body)
        took = {**{name: value for name, value in said.items() if name not in lost}, **results}
        values |= took
        revs = {**revs, **dict.fromkeys(took, row.rev)} if revs else {"": row.rev}
    if not revs:
        return None
    area, deleted = str(values.pop(AREA, record.area)), bool(values.pop(DELETED, False))
    there = {name: value for name, value in values.items() if value is not None}
    return replace(
        record,
        area=area,
        deleted=deleted,
        values={name: value for name, value in there.items() if name not in record.extra},
        extra={name: value for name, value in there.items() if name in record.extra},
        rev=record.rev or max(revs.values()),
        revs=record.revs or revs,
    )


def missing(conn: sa.Connection, records: Records, county: str, form: Form) -> list[Held]:
    """The records of *form* that the history knows and whose row is gone, as it tells them. No record ever loses its row."""
    query = sa.select(HISTORY.c.id).where(HISTORY.c.county == county, HISTORY.c.form == form.name).distinct()
    found = []
    for record_id in sorted(set(conn.scalars(query)) - set(records.all(conn, form.name))):
        told = _told(conn, county, Record(form.name, record_id, "", {}))
        if told is not None and told.area:
            known = {name: value for name, value in told.values.items() if name in form.fields}
            extra = {name: value for name, value in told.values.items() if name not in form.fields}
            whole = replace(told, values=known, extra=extra)
            found.append(Held(whole, hash_of(whole)))
    return found


def unsound(conn: sa.Connection, records: Records, forms: Forms) -> Iterator[Held]:
    """Every record at the county whose values don't fit its hash."""
    for form in forms:
        ids = list(records.all(conn, form))
        for held in records.get(conn, form, ids).values():
            if not is_sound(held):
                yield held


def sound_only(conn: sa.Connection, county: str, found: Mapping[str, Held]) -> tuple[dict[str, Held], list[str]]:
    """*found* by id, each as it should stand, and the ids of those that nobody can tell any more."""
    good: dict[str, Held] = {}
    bad: list[str] = []
    for record_id, held in found.items():
        right = held if is_sound(held) else rebuilt(conn, county, held)
        if right is None:
            bad.append(record_id)
        else:
            good[record_id] = right
    return good, bad


def mend(conn: sa.Connection, records: Records, county: str, form: str, ids: Sequence[str]) -> tuple[int, int]:
    """Put those records of *ids* that don't fit their hash back as their history tells; (how many were, how many are left)."""
    mended, left = 0, 0
    for held in records.get(conn, form, ids).values():
        if is_sound(held):
            continue
        right = rebuilt(conn, county, held)
        if right is None:
            left += 1
        else:
            records.put(conn, form, [right])
            mended += 1
    return mended, left
