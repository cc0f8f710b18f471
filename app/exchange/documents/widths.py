"""Column widths of a table from its contents."""

from __future__ import annotations

from app.exchange.documents.blocks import SIZES, Table
from app.exchange.documents.layout import POINT, longest_whole, text_width

PADDING = 1.0  # millimetres between a cell's rule and its text, left and right

_READ = 400  # rows that decide; a ledger of thousands is of one kind throughout
_MOST = 80.0  # a column asks for so many characters at most: beyond, it wraps whatever it gets
_CROWDED = 0.75  # of the width, taken by words that must not be broken
_SMALLER = ("五号", "小五", "六号")


def fitting_size(table: Table, width: float) -> str:
    """The table's type size, or a smaller one where the words alone would fill the width and long texts wrap badly."""
    sizes = [table.size, *(name for name in _SMALLER if SIZES[name] < SIZES[table.size])]
    for share, names in ((_CROWDED, [name for name in sizes if SIZES[name] >= SIZES["小五"]]), (1.0, sizes)):
        for name in names:
            if sum(_narrowest(table, SIZES[name])) <= width * share:
                return name
    return sizes[-1]


def column_widths(table: Table, width: float, size: float) -> list[float]:
    """Widths in millimetres that sum to *width*: each column can hold its longest word, the rest goes by need."""
    if all(column.share is not None for column in table.columns):
        whole = sum(column.share or 0 for column in table.columns)
        return [width * (column.share or 0) / whole for column in table.columns]
    least = _narrowest(table, size)
    if sum(least) >= width:
        return [part * width / sum(least) for part in least]
    wish = [max(need, low) for need, low in zip(_wishes(table, size), least, strict=True)]
    if sum(wish) <= width:
        # All fits on one line each: the white space goes to the columns with much to say.
        spare = width - sum(wish)
        return [part + spare * part / sum(wish) for part in wish]
    spare = width - sum(least)
    asked = sum(wish) - sum(least)
    return [low + spare * (part - low) / asked for low, part in zip(least, wish, strict=True)]


def _cells(table: Table, place: int) -> list[str]:
    return [row[place] for row in table.rows[:_READ]]


def _narrowest(table: Table, size: float) -> list[float]:
    em = size * POINT
    least: list[float] = []
    for place, column in enumerate(table.columns):
        # A heading wraps to two lines before it widens its column.
        head = min(text_width(column.label, size) / 2 + em / 2, 4 * em)
        word = min(max((_whole(cell, size) for cell in _cells(table, place)), default=0.0), 11 * em)
        least.append(max(head, word, 2 * em) + 2 * PADDING + 0.2)
    return least


def _whole(cell: str, size: float) -> float:
    # A name or a short answer (已整改) is read as one word.
    return text_width(cell, size) if len(cell) <= 4 else longest_whole(cell, size)


def _wishes(table: Table, size: float) -> list[float]:
    em = size * POINT
    wishes: list[float] = []
    for place, column in enumerate(table.columns):
        lengths = [text_width(cell, size) for cell in _cells(table, place)]
        longest = max(lengths, default=0.0)
        wishes.append(max(min(longest, _MOST * em), text_width(column.label, size)) + 2 * PADDING + 0.2)
    return wishes
