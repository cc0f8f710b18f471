"""A ledger as a document to print and sign: the chosen records in the columns of its list, numbers masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.exchange.documents.ledger import LedgerMeta, print_ledger
from app.exchange.outgo import Titles
from app.schema.kinds import Ref

if TYPE_CHECKING:
    from app.services.office import Office

Tick = Callable[[int, int], None]
"""Hears (done, in all); what it raises ends the work, and no file is left."""
_AT_ONCE = 500


def untold(_done: int, _total: int) -> None:
    """Nobody wants to hear how far it is."""


def write_ledger(
    office: Office,
    form: str,
    out: Path,
    ids: Sequence[str],
    *,
    period: str = "",
    tick: Tick = untold,
) -> tuple[int, tuple[str, ...]]:
    """Write the records *ids* of *form*, in their order, to *out* (.pdf or .docx); how many, and which characters no font draws.

    Raises Denied, KnownError("forms.card_only") and what *tick* does.
    """
    shape = office.forms[form]
    if shape.card_only:
        raise KnownError("forms.card_only", form=shape.title)
    office.gate.require("document", form, office.session.area, fields=f"{len(ids)}")
    first, *others = shape.list_columns
    heads = [shape.fields[first].label, "村", *(shape.fields[name].label for name in others)]
    return write_rows(office, f"{shape.title}台账", heads, list(_rows(office, form, ids, tick)), out, period, tick)


def write_rows(
    office: Office,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    out: Path,
    period: str,
    tick: Tick,
) -> tuple[int, tuple[str, ...]]:
    """Write *rows* with the unit and the name of this session around them; *tick* is asked once more before there is a file."""
    meta = LedgerMeta(unit=office.session.unit or None, period=period or None, filler=office.session.name or None)
    odd = print_ledger(title, heads, rows, out, meta, lambda: tick(len(rows), len(rows)))
    return len(rows), odd


def _rows(office: Office, form: str, ids: Sequence[str], tick: Tick) -> Iterator[list[str]]:
    shape, titles = office.forms[form], Titles(office, masked=True)
    villages = {area["code"]: area["name"] for area in office.store.areas()}
    divisions, mine = office.gate.divisions(), office.session.areas
    for start in range(0, len(ids), _AT_ONCE):
        tick(start, len(ids))
        part = ids[start : start + _AT_ONCE]
        held = office.store.many(form, part)
        for key in part:
            record = held.get(key)
            if record is None or record.deleted or not divisions.any_covers(mine, record.area):
                continue
            cells = []
            for name in shape.list_columns:
                item, value = shape.fields[name], record.values.get(name)
                pointed = isinstance(item.kind, Ref) and value
                text = (
                    titles(item.kind.form, str(value))
                    if pointed and isinstance(item.kind, Ref)
                    else item.show(value, masked=True)
                )
                cells.append(text.replace("\n", " "))
            yield [cells[0], villages.get(record.area, ""), *cells[1:]]
    tick(len(ids), len(ids))
