"""Tables below each other on one sheet whose columns stand in another order: laid out like the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.exchange.excel.headings import Catalog
from app.exchange.excel.layout import Column
from app.exchange.excel.workbook import Cell, Merge, Sheet, is_blank, text_of
from app.schema.values import comparable


def as_first(
    sheet: Sheet, catalog: Catalog, columns: Sequence[Column], bottom: int, by_hand: Mapping[str, str]
) -> tuple[Sheet, tuple[Column, ...]]:
    """*sheet* with the rows of later tables in the order of *columns*, and the columns with those that only later tables have.

    *bottom*: the last heading row of the first table, from 0. Rows keep their numbers.
    """
    first = {column.target: column.index for column in columns if column.target}
    heads = {column.heading for column in columns}
    width = max((len(row) for row in sheet.rows), default=0)
    found = list(columns)
    rows: list[Sequence[Cell]] = []
    moves: dict[int, int] = {}
    moved: list[tuple[int, dict[int, int]]] = []
    for number, row in enumerate(sheet.rows):
        if number > bottom and sum(1 for cell in row if isinstance(cell, str) and cell.strip() in heads) > 1:
            later = _headings(catalog, row, by_hand)
            if later is not None and any(first.get(str(column.target)) != column.index for column in later):
                for column in later:
                    if column.target not in first:
                        first[str(column.target)] = width
                        found.append(replace(column, index=width))
                        width += 1
                moves = {column.index: first[str(column.target)] for column in later}
                moved.append((number, moves))
                # As headings they have served; moved they would be nobody's.
                rows.append(())
                continue
            if later is not None:
                moves = {}
                moved.append((number, moves))
        rows.append(_moved(row, moves, width) if moves else row)
    if not moved:
        return sheet, tuple(columns)
    merges = tuple(_merge(merge, moved) for merge in sheet.merges)
    broken = frozenset((row, _place(row, column, moved)) for row, column in sheet.broken)
    return replace(sheet, rows=rows, merges=merges, broken=broken), tuple(found)


def _headings(catalog: Catalog, row: Sequence[Cell], by_hand: Mapping[str, str]) -> list[Column] | None:
    """The columns that *row* names where it is a row of headings; None where it isn't."""
    texts = [text_of(cell).strip() for cell in row]
    filled = [text for text in texts if text]
    if any(len(comparable(text)) > 30 for text in filled) or len(set(filled)) < len(filled):
        return None
    matches = catalog.columns([("", text) for text in texts], by_hand)
    columns = [
        Column(index, "", text, match.target, match.how)
        for index, (text, match) in enumerate(zip(texts, matches, strict=True))
        if match.target
    ]
    understood = catalog.understands({str(column.target) for column in columns})
    return columns if understood and len(columns) > 2 and 2 * len(columns) >= len(filled) else None


def _moved(row: Sequence[Cell], moves: Mapping[int, int], width: int) -> Sequence[Cell]:
    if all(is_blank(cell) for cell in row):
        return row
    if sum(1 for cell in row if not is_blank(cell)) == 1:
        # A line across the table, a sum, a footer: it stands where it stood.
        return row
    cells: list[Cell] = [None] * width
    for index, cell in enumerate(row):
        if index in moves:
            cells[moves[index]] = cell
    return tuple(cells)


def _place(row: int, column: int, moved: Sequence[tuple[int, Mapping[int, int]]]) -> int:
    moves: Mapping[int, int] = next((moves for number, moves in reversed(moved) if row > number), {})
    return moves.get(column, column)


def _merge(merge: Merge, moved: Sequence[tuple[int, Mapping[int, int]]]) -> Merge:
    if merge.left != merge.right:
        return merge
    column = _place(merge.top, merge.left, moved)
    return replace(merge, left=column, right=column)
