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

_AT_ONCE = 500


def write_ledger(
    office: Office,
    form: str,
    out: Path,
    ids: Sequence[str],
    *,
    period: str = "",
    tick: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[int, tuple[str, ...]]:
    """Write the records *ids* of *form*, in their order, to *out* (.pdf or .docx); how many, and which characters no font draws.

    *tick* is called with (done, in all); what it raises ends the work, and no file is left. Raises Denied, KnownError("forms.card_only").
    """
    shape = office.forms[form]
    if shape.card_only:
        raise KnownError("forms.card_only", form=shape.title)
    office.gate.require("document", form, office.session.area, fields=f"{len(ids)}")
    first, *others = shape.list_columns
    heads = [shape.fields[first].label, "村", *(shape.fields[name].label for name in others)]
    rows = list(_rows(office, form, ids, tick))
    meta = LedgerMeta(unit=office.session.unit or None, period=period or None, filler=office.session.name or None)
    return len(rows), print_ledger(f"{shape.title}台账", heads, rows, out, meta)


def _rows(office: Office, form: str, ids: Sequence[str], tick: Callable[[int, int], None]) -> Iterator[list[str]]:
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
