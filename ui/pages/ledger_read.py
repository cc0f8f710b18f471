"""What the ledger pages read and write in the lane: rows by filter, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.schema.form import Form
from app.schema.kinds import Choice, Date, Integer, Money, Number, Ref
from app.schema.record import Record
from ui.forms.opening import read_targets
from ui.forms.references import Target
from ui.lists import Column, Order
from ui.lists.columns import short_time
from ui.pages.standing_words import MARK, mark
from ui.pieces.dates import china_today

if TYPE_CHECKING:
    from app.services.office import Office

_MOST_FOUND = 500


@dataclass(frozen=True)
class Wanted:
    """A ledger as it is filtered: *where* maps fields to codes, *area* is a division's code or "" for all held."""

    form: str
    text: str = ""
    area: str = ""
    where: tuple[tuple[str, object], ...] = ()


def columns(form: Form) -> list[Column]:
    """The columns of the ledger's list, the village behind the first."""
    found = [_column(form, name) for name in form.list_columns]
    if not any(column.stretch for column in found) and found:
        widest = max(range(len(found)), key=lambda at: found[at].width)
        found[widest] = replace(found[widest], stretch=True)
    found.insert(1, Column("@village", "村", 88, tone="text-2", sortable=False))
    found.append(MARK)
    # The later ones go first, what the record is called never.
    kept = {found[0].key, form.title_field, MARK.key}
    return [c if c.stretch or c.key in kept else replace(c, spare=number) for number, c in enumerate(found)]


def choice_filters(form: Form) -> list[tuple[str, str, list[tuple[object, str]]]]:
    """(field, label, choices) of the code lists among the list's columns: what one filters by."""
    found: list[tuple[str, str, list[tuple[object, str]]]] = []
    for name in form.list_columns:
        kind = form.fields[name].kind
        if isinstance(kind, Choice) and kind.codes is not None:
            found.append((name, form.fields[name].label, [(code.code, code.label) for code in kind.codes.items]))
    return found[:3]


def count(office: Office, wanted: Wanted) -> int:
    """How many records the filter leaves."""
    office.gate.require("read", wanted.form, wanted.area or None, own=True)
    if wanted.text:
        return len(_found(office, wanted))
    return office.store.count(wanted.form, dict(wanted.where), area=_area(office, wanted))


def rows(office: Office, wanted: Wanted, offset: int, limit: int, order: Order | None) -> list[dict[str, Any]]:
    """A page of the filtered ledger as the list shows it."""
    return [row for _record, row in _page(office, wanted, offset, limit, order)]


def ids(office: Office, wanted: Wanted) -> list[str]:
    """The records of the filtered ledger, in the order of the list."""
    office.gate.require("document", wanted.form, wanted.area or office.session.area)
    day = _day(office.forms[wanted.form])
    if wanted.text:
        return [record.id for record in _sorted(_found(office, wanted), Order(day, down=True))]
    found = office.store.columns(wanted.form, ["id", day], dict(wanted.where), area=_area(office, wanted))
    newest = sorted(found, key=lambda row: str(row[0]))
    return [str(key) for key, _day in sorted(newest, key=lambda row: str(row[1] or ""), reverse=True)]


def delete_all(office: Office, form: str, ids: Sequence[str], reason: str, seen: Mapping[str, int]) -> None:
    """Delete each record for *reason*, as it was *seen* (rev by id) in the list."""
    for record_id in ids:
        office.records.delete(form, record_id, reason, seen=seen.get(record_id))


def revive_all(office: Office, form: str, ids: Sequence[str]) -> None:
    """Take the deletions back."""
    for record_id in ids:
        office.records.revive(form, record_id)


def visit_of(office: Office, household: str) -> dict[str, Any]:
    """What a visit to *household* begins with."""
    home = office.records.get("household", household)
    values: dict[str, Any] = {"household": household, "household_name": home.values.get("head_name")}
    dwelling = office.store.get("dwelling", str(home.values.get("dwelling"))) if home.values.get("dwelling") else None
    if dwelling is not None:
        values["grid"] = dwelling.values.get("grid")
    return {name: value for name, value in values.items() if value is not None}


def visit_with_targets(office: Office, household: str) -> tuple[dict[str, Any], dict[str, Target]]:
    """``visit_of`` and the records that its values refer to."""
    values = visit_of(office, household)
    return values, read_targets(office, {("grid", str(values["grid"]))} if "grid" in values else ())


def _page(
    office: Office, wanted: Wanted, offset: int, limit: int, order: Order | None
) -> list[tuple[Record, dict[str, Any]]]:
    form = office.forms[wanted.form]
    if wanted.text:
        held = _sorted(_found(office, wanted), order or Order(_day(form), down=True))[offset : offset + limit]
    else:
        first = f"-{_day(form)}" if order is None else ("-" if order.down else "") + order.key
        held = office.store.select(
            wanted.form, dict(wanted.where), area=_area(office, wanted), order=[first, "id"], limit=limit, offset=offset
        )
    names = {area["code"]: area["name"] for area in office.store.areas()}
    refs = {name for name, _target in form.references if name in form.list_columns}
    targets = read_targets(
        office,
        {
            (kind.form, str(r.values[n]))
            for r in held
            for n in refs
            if r.values.get(n) and isinstance(kind := form.fields[n].kind, Ref)
        },
    )
    stand, now = office.standings.many(wanted.form, [record.id for record in held]), office.cases.now()
    return [
        (record, {**_row(form, record, names, targets), MARK.key: mark(stand.get(record.id), now)}) for record in held
    ]


def _row(form: Form, record: Record, names: Mapping[str, str], targets: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": record.id, "@rev": record.rev, "@village": names.get(record.area, "")}
    for name in form.list_columns:
        item, value = form.fields[name], record.values.get(name)
        if isinstance(item.kind, Ref):
            row[name] = targets[str(value)].title if value in targets else ""
        elif isinstance(item.kind, Date):
            row[name] = short_day(value)
        else:
            row[name] = item.show(value, masked=True).replace("\n", " ")
    return row


def _found(office: Office, wanted: Wanted) -> list[Record]:
    hits = office.registry.find(wanted.text, forms=[wanted.form], limit=_MOST_FOUND)
    held = office.store.many(wanted.form, [hit.id for hit in hits])
    where, divisions = dict(wanted.where), office.gate.divisions()
    return [
        record
        for hit in hits
        if (record := held.get(hit.id)) is not None
        and (not wanted.area or divisions.covers(wanted.area, record.area))
        and all(record.values.get(name) == value for name, value in where.items())
    ]


def _sorted(records: Sequence[Record], order: Order) -> list[Record]:
    return sorted(
        records,
        key=lambda r: (r.values.get(order.key) is not None, str(r.values.get(order.key) or "")),
        reverse=order.down,
    )


def _area(office: Office, wanted: Wanted) -> str | list[str]:
    return wanted.area or list(office.session.areas)


def _day(form: Form) -> str:
    """The field by which the ledger runs: the first date of its list, or of the form."""
    names = (*form.list_columns, *form.fields)
    return next((name for name in names if isinstance(form.fields[name].kind, Date)), form.title_field)


def _column(form: Form, name: str) -> Column:
    item = form.fields[name]
    kind = item.kind
    if isinstance(kind, Date):
        return Column(name, item.label, 122, tone="text-2")
    if isinstance(kind, Choice):
        chip = kind.codes is not None and kind.codes.name.endswith(("_result", "_state"))
        return Column(name, item.label, 112, role="chip" if chip else "text", tone="text-2")
    if isinstance(kind, Integer | Money | Number):
        return Column(name, item.label, 84, "right", tone="text-2")
    wide = name in (form.title_field, "content", "place") or getattr(kind, "max", 0) > 200
    main = "content" if "content" in form.list_columns else form.title_field
    return Column(name, item.label, item.width or (180 if wide else 96), stretch=name == main)


def short_day(iso: object) -> str:
    """``9月18日`` of this year, ``2025年9月18日`` of another."""
    if not iso:
        return ""
    words = short_time(str(iso)[:10])
    return words.partition("年")[2] if str(iso)[:4] == str(china_today().year) else words
