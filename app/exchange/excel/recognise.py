"""What stands where in a workbook: the sheets that an import understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.errors import KnownError
from app.exchange.excel.data_rows import sort_rows
from app.exchange.excel.heading_rows import find_headings
from app.exchange.excel.headings import Catalog
from app.exchange.excel.layout import Column, Layout, Recognised
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Sheet, Workbook, is_blank, text_of
from app.schema.values import comparable


def recognise(
    book: Workbook, catalogs: Sequence[Catalog], *, sheet: str | None = None, by_hand: Mapping[str, str] | None = None
) -> Recognised:
    """Find in *book* the sheets that one of *catalogs* understands, only *sheet* where one is named.

    Raises KnownError("import.no_sheet", "import.no_headings", "import.forbidden_register").
    """
    if sheet is not None and sheet not in {item.name for item in book.sheets}:
        raise KnownError("import.no_sheet", sheet=sheet, sheets="、".join(item.name for item in book.sheets))
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
        _refuse_register(book, layout, catalogs[0].words)
        layouts.append(layout)
    if not layouts:
        raise KnownError("import.no_headings", file=book.name)
    return Recognised(book.name, tuple(layouts), tuple(passed))


def _refuse_register(book: Workbook, layout: Layout, words: Words) -> None:
    said = [comparable(text) for text in (book.name, layout.sheet.name, *layout.preface)]
    for word in words.registers:
        if any(word in text for text in said):
            raise KnownError("import.forbidden_register", file=book.name, word=word)


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
    preface = tuple(text for row in sheet.rows[:top] for cell in row if (text := text_of(cell).strip()))
    rows, ignored = sort_rows(sheet, catalog, columns, top, bottom)
    ignored = [
        (number, "preface") for number in range(1, top + 1) if any(not is_blank(c) for c in sheet.rows[number - 1])
    ] + ignored
    return Layout(sheet, catalog.form, tuple(range(top + 1, bottom + 2)), columns, tuple(rows), tuple(ignored), preface)
