"""Records as a workbook that people read and that comes in again unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from app.exchange.excel.headings import RECORD_ID
from app.exchange.excel.workbook import Cell
from app.exchange.excel.writing import new_book
from app.exchange.roster.cells import cell_text
from app.schema.form import Field, Form
from app.schema.kinds import Integer, Money, Number, Ref
from app.schema.record import Record

TitleOf = Callable[[str, str], str]
"""(form, id) -> what the record pointed to is called, masked or not as the export is."""


def write_export(
    form: Form,
    records: Iterable[Record],
    out: Path,
    *,
    masked: bool,
    note: str,
    title_of: TitleOf,
    only: Sequence[str] = (),
) -> int:
    """Write *records* to *out* under *note*, one a row; returns how many. Raises KnownError("import.cannot_write").

    *only*: the names of the fields to be written, in their order; all where none is named.
    """
    chosen = [form.fields[name] for name in only if name in form.fields] or list(form.fields.values())
    fields = [item for item in chosen if not item.retired]
    count = 0
    with new_book(out, large=True) as book:
        sheet = book.sheet(form.title)
        for index, item in enumerate(fields):
            sheet.set_column(index, index, item.width or _width(item))
        sheet.set_column(len(fields), len(fields), 34)
        sheet.freeze_panes(2, 1)
        book.put(sheet, 0, 0, note, "title")
        for index, heading in enumerate([*(item.label for item in fields), RECORD_ID]):
            book.put(sheet, 1, index, heading, "heading")
        for record in records:
            row = count + 2
            for index, item in enumerate(fields):
                book.put(sheet, row, index, _cell(item, record, title_of, masked=masked))
            book.put(sheet, row, len(fields), record.id)
            count += 1
        sheet.autofilter(1, 0, count + 1, len(fields))
    return count


def _cell(item: Field, record: Record, title_of: TitleOf, *, masked: bool) -> Cell:
    value = record.values.get(item.name)
    if value is None:
        return None
    if isinstance(item.kind, Ref):
        return title_of(item.kind.form, str(value)) or None
    if masked and item.sensitive:
        return item.kind.mask(value) or None
    if isinstance(item.kind, Integer | Number | Money):
        return item.kind.cell(value)
    return cell_text(item.kind, value) or None


def _width(item: Field) -> int:
    return {
        "identity": 21,
        "credit_code": 21,
        "document": 21,
        "phone": 15,
        "date": 12,
        "time": 17,
        "address": 34,
        "longtext": 40,
        "ref": 24,
        "yesno": 8,
        "number": 11,
    }.get(item.kind.name, max(10, 2 * len(item.label) + 2))
