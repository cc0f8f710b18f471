"""What stands where in a workbook: the sheets that an import understands."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from app.errors import KnownError
from app.exchange.excel.data_rows import sort_rows
from app.exchange.excel.heading_rows import find_headings
from app.exchange.excel.headings import Catalog
from app.exchange.excel.layout import Column, Layout, Recognised
from app.exchange.excel.stacked import as_first
from app.exchange.excel.workbook import Cell, Sheet, Workbook, is_blank, text_of

_DAY_0 = datetime.date(1904, 1, 1)
_GUESSED = 40
_LONGEST = 30
"""Rows from the top among which headings are guessed, and letters of the longest."""


def recognise(
    book: Workbook, catalogs: Sequence[Catalog], *, sheet: str | None = None, by_hand: Mapping[str, str] | None = None
) -> Recognised:
    """Find in *book* the sheets that one of *catalogs* understands, only *sheet* where one is named.

    Raises KnownError("import.no_sheet", "import.no_headings", "import.forbidden_register").
    """
    if sheet is not None and sheet not in {item.name for item in book.sheets}:
        raise KnownError("import.no_sheet", sheet=sheet, sheets="、".join(item.name for item in book.sheets))
    refused = catalogs[0].words.register((book.name,))
    if refused:
        raise KnownError("import.forbidden_register", file=book.name, word=refused)
    layouts: list[Layout] = []
    passed: list[tuple[str, str]] = []
    for item in book.sheets:
        if sheet is not None and item.name != sheet:
            continue
        if item.hidden and sheet is None:
            passed.append((item.name, "hidden"))
            continue
        if not any(not is_blank(cell) for row in item.rows for cell in row):
            passed.append((item.name, "empty"))
            continue
        layout = recognise_sheet(item, catalogs, by_hand or {})
        if layout is None:
            passed.append((item.name, "no_headings"))
            continue
        kind = catalogs[0].words.register((item.name, *layout.preface), (column.heading for column in layout.columns))
        if kind:
            passed.append((item.name, "forbidden"))
            refused = refused or kind
            continue
        layouts.append(layout)
    if not layouts and refused:
        raise KnownError("import.forbidden_register", file=book.name, word=refused)
    if not layouts:
        raise KnownError("import.no_headings", file=book.name)
    return Recognised(book.name, tuple(layouts), tuple(passed))


def by_guess(book: Workbook, catalogs: Sequence[Catalog], sheet: str | None = None) -> Recognised | None:
    """Where no row has headings that anybody understands: the row that looks most like headings, to be matched by hand.

    None where no sheet has even that.
    """
    for item in book.sheets:
        if (item.hidden and sheet is None) or (sheet is not None and item.name != sheet):
            continue
        texts = [[text_of(cell).strip() for cell in row if not is_blank(cell)] for row in item.rows[:_GUESSED]]
        fit = [
            (len(row), -place)
            for place, row in enumerate(texts)
            if len(row) > 1 and max(map(len, row)) <= _LONGEST and len(set(row)) == len(row)
        ]
        if not fit:
            continue
        top = -max(fit)[1]
        headings = [text_of(cell).strip() for cell in item.rows[top]]
        columns = tuple(Column(index, "", text, None, "none") for index, text in enumerate(headings) if text)
        preface = tuple(text for row in texts[:top] for text in row)
        layout = Layout(item, catalogs[0].form, (top + 1,), columns, (), (), preface)
        if catalogs[0].words.register((book.name, item.name, *preface), headings):
            continue
        return Recognised(book.name, (layout,), ())
    return None


def _from_1904(sheet: Sheet, columns: AbstractSet[int], bottom: int) -> Sheet:
    """*sheet* with days in place of the bare numbers of *columns* below row *bottom*; a year or 19870305 is no count of days."""

    def read(column: int, cell: Cell) -> Cell:
        if column in columns and isinstance(cell, float) and 1 <= cell < 80_000 and not 1900 <= cell < 2100:
            return _DAY_0 + datetime.timedelta(days=int(cell))
        return cell

    rows = [
        row if number <= bottom else tuple(read(column, cell) for column, cell in enumerate(row))
        for number, row in enumerate(sheet.rows)
    ]
    return replace(sheet, rows=rows)


def recognise_sheet(sheet: Sheet, catalogs: Sequence[Catalog], by_hand: Mapping[str, str]) -> Layout | None:
    """The layout of *sheet* under the catalogue that fits it best; None where no row has the headings of any."""
    found = find_headings(sheet, catalogs, by_hand)
    if found is None:
        return None
    catalog, top, bottom, headings, matches = found
    columns = tuple(
        Column(index, group, heading, match.target, match.how)
        for index, ((group, heading), match) in enumerate(zip(headings, matches, strict=True))
        if heading
    )
    sheet, columns = as_first(sheet, catalog, columns, bottom, by_hand)
    if sheet.from_1904:
        sheet = _from_1904(sheet, {c.index for c in columns if c.target in catalog.day_targets}, bottom)
    preface = tuple(text for row in sheet.rows[:top] for cell in row if (text := text_of(cell).strip()))
    rows, ignored = sort_rows(sheet, catalog, columns, top, bottom)
    ignored = [
        (number, "preface") for number in range(1, top + 1) if any(not is_blank(c) for c in sheet.rows[number - 1])
    ] + ignored
    return Layout(sheet, catalog.form, tuple(range(top + 1, bottom + 2)), columns, tuple(rows), tuple(ignored), preface)
