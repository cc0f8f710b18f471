"""What stands where in a sheet: heading rows, columns, rows of data, and the rows that are none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import KnownError
from app.exchange.excel.headings import Catalog, Match
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, Merge, Sheet, Workbook, is_blank, text_of
from app.schema.values import comparable

_LOOK = 40
"""Rows from the top among which the headings are looked for."""
_LONGEST_HEADING = 30
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the target it was taken for (None: not imported) and how that came."""

    index: int
    group: str
    heading: str
    target: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data. ``cells``: by target, with what merged cells lend; ``own``: the targets this row fills itself."""

    number: int
    cells: Mapping[str, Cell]
    own: frozenset[str]
    context: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Layout:
    """One sheet understood. Rows count as Excel shows them, from 1. ``preface`` holds the texts above the headings."""

    sheet: Sheet
    form: str
    heading_rows: tuple[int, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    ignored: tuple[tuple[int, str], ...]
    preface: tuple[str, ...]

    @property
    def by_target(self) -> dict[str, Column]:
        """The column of each target that the sheet brings."""
        return {column.target: column for column in self.columns if column.target}

    @property
    def not_collected(self) -> tuple[str, ...]:
        """The headings of columns that the product never keeps."""
        return tuple(column.heading for column in self.columns if column.how == "never")


@dataclass(frozen=True)
class Recognised:
    """A workbook understood: the sheets that hold rows, and those passed over, with the reason (empty, hidden, no_headings)."""

    file: str
    layouts: tuple[Layout, ...]
    passed_over: tuple[tuple[str, str], ...]


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
    found = _find_headings(sheet, catalogs, by_hand)
    if found is None:
        return None
    catalog, top, bottom, headings, matches = found
    columns = tuple(
        Column(index, group, heading, match.target, match.how)
        for index, ((group, heading), match) in enumerate(zip(headings, matches, strict=True))
        if heading
    )
    preface = tuple(text for row in sheet.rows[:top] for cell in row if (text := text_of(cell).strip()))
    rows, ignored = _sort_rows(sheet, catalog, columns, top, bottom)
    ignored = [
        (number, "preface") for number in range(1, top + 1) if any(not is_blank(c) for c in sheet.rows[number - 1])
    ] + ignored
    return Layout(sheet, catalog.form, tuple(range(top + 1, bottom + 2)), columns, tuple(rows), tuple(ignored), preface)


Headings = list[tuple[str, str]]


def _find_headings(
    sheet: Sheet, catalogs: Sequence[Catalog], by_hand: Mapping[str, str]
) -> tuple[Catalog, int, int, Headings, list[Match]] | None:
    best: tuple[int, Catalog, int, int, Headings, list[Match]] | None = None
    for index, row in enumerate(sheet.rows[:_LOOK]):
        filled = [text_of(cell) for cell in row if not is_blank(cell)]
        if not filled or sum(len(comparable(text)) <= _LONGEST_HEADING for text in filled) < len(filled):
            continue
        top, bottom = _block(sheet, index)
        headings = _headings(sheet, top, bottom)
        for catalog in catalogs:
            matches = catalog.columns(headings, by_hand)
            targets = {match.target for match in matches if match.target}
            if not targets & set(catalog.keys) or (len(targets) < 2 and len([h for _, h in headings if h]) > 1):
                continue
            score = 4 * len(targets) + sum(match.how == "exact" for match in matches)
            if best is None or score > best[0]:
                best = (score, catalog, top, bottom, headings, matches)
    return best[1:] if best else None


def _block(sheet: Sheet, index: int) -> tuple[int, int]:
    """The rows of the heading that row *index* belongs to: merged with it, or groups above it, or parts below it."""
    top = bottom = index
    while bottom + 1 < len(sheet.rows) and bottom - top < 2 and _parts_below(sheet, bottom):
        bottom += 1
    while top > 0 and bottom - top < 2 and _groups_above(sheet, top):
        top -= 1
    return top, bottom


def _parts_below(sheet: Sheet, row: int) -> bool:
    """Whether row + 1 holds the parts of headings that row *row* groups: cells merged over both, or across columns."""
    below = sheet.rows[row + 1]
    if not all(isinstance(cell, str) and len(comparable(cell)) <= 12 for cell in below if not is_blank(cell)):
        return False
    spans = [merge for merge in sheet.merges if merge.top <= row <= merge.bottom]
    if any(merge.bottom > row for merge in spans):
        return any(not is_blank(cell) for cell in below)
    across = [
        merge for merge in spans if merge.right > merge.left and merge.right - merge.left + 1 < len(below) / 2 + 1
    ]
    return bool(across) and all(
        any(not is_blank(below[column]) for column in range(merge.left, min(merge.right + 1, len(below))))
        for merge in across
    )


def _groups_above(sheet: Sheet, row: int) -> bool:
    above = sheet.rows[row - 1]
    filled = [text_of(cell) for cell in above if not is_blank(cell)]
    if any(len(comparable(text)) > 12 or re.search(r"[:：]|\d{4}", text) for text in filled):
        return False
    merged = any(merge.top <= row - 1 < row <= merge.bottom for merge in sheet.merges)
    return merged or len(filled) >= 2


def _headings(sheet: Sheet, top: int, bottom: int) -> Headings:
    """(group, heading) of each column of a heading block; the lowest filled cell is the heading."""
    width = max(len(row) for row in sheet.rows[top : bottom + 1])
    lent = _lent(sheet.merges, top, bottom)
    grid: list[list[str]] = []
    for number in range(top, bottom + 1):
        line = []
        for column in range(width):
            origin = lent.get((number, column), (number, column))
            source = sheet.rows[origin[0]]
            line.append(text_of(source[origin[1]]).strip() if origin[1] < len(source) else "")
        grid.append(line)
    for line in grid[:-1]:
        # A group that nobody merged stands over the first of its columns only.
        for column in range(1, width):
            if (
                not line[column]
                and grid[-1][column]
                and not is_blank(sheet.rows[bottom][column] if column < len(sheet.rows[bottom]) else None)
            ):
                line[column] = line[column - 1]
    found = []
    for column in range(width):
        parts = list(dict.fromkeys(part for line in grid if (part := line[column])))
        heading = parts[-1] if parts else ""
        found.append((parts[0] if len(parts) > 1 else "", heading.replace("\n", "")))
    return found


def _lent(
    merges: Sequence[Merge], first: int, last: int, *, down_only: bool = False
) -> dict[tuple[int, int], tuple[int, int]]:
    """For each covered cell of merges that touch rows *first* to *last*, the cell it shows."""
    table = {}
    for merge in merges:
        if merge.bottom < first or merge.top > last or (down_only and merge.top == merge.bottom):
            continue
        for row in range(max(merge.top, first), min(merge.bottom, last) + 1):
            for column in range(merge.left, merge.right + 1):
                if (row, column) != (merge.top, merge.left):
                    table[row, column] = (merge.top, merge.left)
    return table


def _sort_rows(
    sheet: Sheet, catalog: Catalog, columns: Sequence[Column], top: int, bottom: int
) -> tuple[list[Row], list[tuple[int, str]]]:
    words = catalog.words
    wanted = {column.index: column.target for column in columns if column.target}
    lent = _lent(sheet.merges, bottom + 1, len(sheet.rows), down_only=True)
    by_row: dict[int, list[tuple[int, tuple[int, int]]]] = {}
    for (number, column), origin in lent.items():
        by_row.setdefault(number, []).append((column, origin))
    across = {
        merge.top
        for merge in sheet.merges
        if merge.top == merge.bottom and merge.right - merge.left + 1 > max(3, len(columns) // 2)
    }
    heads = [
        {(c, comparable(text_of(cell))) for c, cell in enumerate(sheet.rows[n]) if not is_blank(cell)}
        for n in range(top, bottom + 1)
    ]
    titles = {comparable(text_of(cell)) for row in sheet.rows[:top] for cell in row if not is_blank(cell)}
    rows: list[Row] = []
    ignored: list[tuple[int, str]] = []
    kinds: dict[frozenset[str], frozenset[str]] = {}
    context: tuple[str, ...] = ()
    for number in range(bottom + 1, len(sheet.rows)):
        cells = sheet.rows[number]
        filled = [(column, cell) for column, cell in enumerate(cells) if not is_blank(cell)]
        why = _why_no_data(filled, number, across, heads, titles, words, wanted)
        if why:
            ignored.append((number + 1, why))
            if why == "section":
                context = tuple(text_of(cell) for _, cell in filled)
            continue
        values: dict[str, Cell] = {wanted[c]: cell for c, cell in filled if c in wanted}
        own = kinds.setdefault(filled_in, filled_in) if (filled_in := frozenset(values)) else filled_in
        if not own:
            ignored.append((number + 1, "nothing_wanted"))
            continue
        for column, (row, left) in by_row.get(number, ()):
            target = wanted.get(column)
            if target and target not in values and left < len(sheet.rows[row]) and not is_blank(sheet.rows[row][left]):
                values[target] = sheet.rows[row][left]
        broken = frozenset(wanted[c] for c in wanted if (number, c) in sheet.broken) if sheet.broken else _NONE
        rows.append(Row(number + 1, values, own, context, broken))
    return rows, ignored


def _why_no_data(
    filled: list[tuple[int, Cell]],
    number: int,
    across: set[int],
    heads: list[set[tuple[int, str]]],
    titles: set[str],
    words: Words,
    wanted: Mapping[int, str],
) -> str:
    """Why a row holds no data: blank, heading_again, total, footer, title, section; empty where it does."""
    if not filled:
        return "blank"
    first = comparable(text_of(filled[0][1]))
    texts = {(column, comparable(text_of(cell))) for column, cell in filled}
    if any(len(texts & head) * 2 > len(texts) and len(texts & head) >= min(2, len(head)) for head in heads):
        return "heading_again"
    if first in titles:
        return "title"
    counting = (
        first in words.totals
        or (len(first) <= 16 and first.endswith(words.totals))
        or first.startswith(("合计:", "总计:", "小计:"))
    )
    if counting or (len(filled) <= 4 and any(comparable(text_of(cell)) in words.totals for _, cell in filled)):
        return "total"
    if len(filled) <= 4 and first.startswith(words.footers) and len(first) > 1:
        return "footer"
    if number in across and len(filled) <= 2:
        return "section" if len(first) <= 20 else "footer"
    key = next((column for column, target in wanted.items() if target in {"resident.name", "dwelling.address"}), None)
    if len(filled) == 1 and len(wanted) > 2 and filled[0][0] != key:
        # One cell alone: the number of a line nobody filled in, or a word under the table.
        return "number_only" if first.isdigit() else "section" if len(first) <= 20 else "footer"
    return ""
