"""Which rows under the headings hold data, and why the others don't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.exchange.excel.headings import Catalog
from app.exchange.excel.layout import Column, Row, RowCells
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, Sheet, is_blank, lent_cells, text_of
from app.schema.values import comparable

_NONE: frozenset[str] = frozenset()


def sort_rows(
    sheet: Sheet, catalog: Catalog, columns: Sequence[Column], top: int, bottom: int
) -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows of data below the headings, and the others (from 1) with the reason why they are none."""
    words = catalog.words
    wanted = {column.index: column.target for column in columns if column.target}
    places = {target: index for index, target in wanted.items()}
    lent = lent_cells(sheet.merges, bottom + 1, len(sheet.rows), down_only=True)
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
        filled_in = frozenset(wanted[c] for c, _ in filled if c in wanted)
        own = kinds.setdefault(filled_in, filled_in)
        if not own:
            ignored.append((number + 1, "nothing_wanted"))
            continue
        under: dict[str, Cell] = {}
        for column, (row, left) in by_row.get(number, ()):
            target = wanted.get(column)
            if target and target not in own and left < len(sheet.rows[row]) and not is_blank(sheet.rows[row][left]):
                under[target] = sheet.rows[row][left]
        broken = frozenset(wanted[c] for c in wanted if (number, c) in sheet.broken) if sheet.broken else _NONE
        rows.append(Row(number + 1, RowCells(cells, places, own, under), own, context, broken))
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
