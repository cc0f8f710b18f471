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


def by_guess(book: Workbook, catalogs: Sequence[Catalog], sheet: str | None = None) -> Recognised | None:
    """Where no row has headings that anybody understands: the row that looks most like headings, to be matched by hand.

    None where no sheet has even that. The register itself is asked for first: what is refused whole stays refused.
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
        _refuse_register(book, layout, catalogs[0].words)
        return Recognised(book.name, (layout,), ())
    return None


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
