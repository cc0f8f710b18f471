"""Finding what the disk did to records at the county, and putting it back as the history tells it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from app.schema.digest import ZERO, add
from sync.county import soundness
from sync.county.county import County
from sync.county.records import Held
from sync.county.tables import STREAM


def unsound(county: County, *, mend: bool = False) -> dict[str, tuple[int, int]]:
    """Records whose values don't fit their hash, or whose row is gone, by form: (put back as the history tells, left as they are).

    With *mend* they are put back; then every stream's sum is made that of its records' hashes, where it isn't.
    """
    with county.database.snapshot() as conn:
        found = _unsound(county, conn)
    if not mend:
        return {form: (0, len(wrong) + len(gone)) for form, (wrong, gone) in found.items()}
    with county.database.write(county.code) as (conn, _epoch, _rev):
        wrong = _unsound(county, conn)
        done = {
            form: soundness.mend(conn, county.records, county.code, form, [held.record.id for held in those])
            for form, (those, _) in wrong.items()
        }
        gone = [(county.forms[form].stream, held) for form, (_, those) in wrong.items() for held in those]
        proven = _proven(county, conn, gone)
        for stream, held in gone:
            mended, left = done[held.record.form]
            good = (held.record.area, stream) in proven
            if good:
                county.records.put(conn, held.record.form, [held])
            done[held.record.form] = mended + good, left + (not good)
        summed = _sum_up(county, conn, {(held.record.area, stream) for stream, held in gone} - proven)
        if done or summed:
            count = sum(mended for mended, _ in done.values())
            county.audit(conn, "mend", mended=count, left=sum(left for _, left in done.values()), streams=summed)
    return done


def _proven(county: County, conn: sa.Connection, gone: Sequence[tuple[str, Held]]) -> set[tuple[str, str]]:
    """The streams whose kept sum is that of what is there together with what the history tells of the rows that are gone.

    A history that was cut short would tell half a record, and devices would take it for true.
    """
    sums = _sums(county, conn)
    for stream, held in gone:
        count, total = sums.get((held.record.area, stream), (0, ZERO))
        sums[held.record.area, stream] = count + 1, add(total, None, held.hash)
    kept = _kept(county, conn)
    return {key for key in sums if sums[key] == kept.get(key)}


def _unsound(county: County, conn: sa.Connection) -> dict[str, tuple[list[Held], list[Held]]]:
    """By form: records that don't fit their hash, and those whose row is gone."""
    found: dict[str, tuple[list[Held], list[Held]]] = {}
    for held in soundness.unsound(conn, county.records, county.forms):
        found.setdefault(held.record.form, ([], []))[0].append(held)
    for form in county.forms.values():
        gone = soundness.missing(conn, county.records, county.code, form)
        if gone:
            found.setdefault(form.name, ([], []))[1].extend(gone)
    return found


def _sums(county: County, conn: sa.Connection) -> dict[tuple[str, str], tuple[int, bytes]]:
    """What the kept hashes of its records come to in each stream."""
    sums: dict[tuple[str, str], tuple[int, bytes]] = {}
    for form in county.forms.values():
        for area, held in county.records.hashes_by_area(conn, form.name):
            count, total = sums.get((area, form.stream), (0, ZERO))
            sums[area, form.stream] = count + 1, add(total, None, held)
    return sums


def _kept(county: County, conn: sa.Connection) -> dict[tuple[str, str], tuple[int, bytes]]:
    """What is kept of each stream."""
    query = sa.select(STREAM).where(STREAM.c.county == county.code)
    return {(row.area, row.stream): (row.records, row.digest) for row in conn.execute(query)}


def _sum_up(county: County, conn: sa.Connection, but: set[tuple[str, str]]) -> int:
    """Make each stream's kept sum that of its records' hashes, *but* for some; how many it wasn't for."""
    sums, kept = _sums(county, conn), _kept(county, conn)
    wrong = {key: sums.get(key, (0, ZERO)) for key in kept.keys() | sums.keys() if key not in but}
    rows = [
        {"county": county.code, "area": area, "stream": stream, "records": count, "digest": total}
        for (area, stream), (count, total) in wrong.items()
        if kept.get((area, stream), (0, ZERO)) != (count, total)
    ]
    county.database.put(conn, STREAM, rows)
    return len(rows)
