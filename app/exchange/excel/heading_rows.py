"""Which rows are the headings of a sheet, and what they say over each column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.exchange.excel.headings import Catalog, Match
from app.exchange.excel.workbook import Sheet, is_blank, lent_cells, text_of
from app.schema.values import comparable

_LOOK = 40
"""Rows from the top among which the headings are looked for."""
_LONGEST_HEADING = 30
_NEAR = 0.6

Headings = list[tuple[str, str]]


def find_headings(
    sheet: Sheet, catalogs: Sequence[Catalog], by_hand: Mapping[str, str]
) -> tuple[Catalog, int, int, Headings, list[Match]] | None:
    """The catalogue, first and last row from 0, (group, heading) of each column and what they mean; None where no row fits."""
    found: list[tuple[int, Catalog, int, int, Headings, list[Match]]] = []
    for index, row in enumerate(sheet.rows[:_LOOK]):
        filled = [text_of(cell) for cell in row if not is_blank(cell)]
        if not filled or sum(len(comparable(text)) <= _LONGEST_HEADING for text in filled) < len(filled):
            continue
        top, bottom = _block(sheet, index)
        headings = _headings(sheet, top, bottom)
        for catalog in catalogs:
            matches = catalog.columns(headings, by_hand)
            targets = {match.target for match in matches if match.target}
            alone = len(targets) < 2 and len([h for _, h in headings if h]) > 1
            if not catalog.understands(targets) or (alone and not any(match.how == "hand" for match in matches)):
                continue
            score = 4 * len(targets) + sum(match.how == "exact" for match in matches)
            found.append((score, catalog, top, bottom, headings, matches))
    if not found:
        return None
    # A table further down may have more columns; the first that comes near it is where the people begin.
    enough = _NEAR * max(item[0] for item in found)
    first = min(item[2] for item in found if item[0] >= enough)
    return max((item for item in found if item[2] == first), key=lambda item: item[0])[1:]


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
    lent = lent_cells(sheet.merges, top, bottom)
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
