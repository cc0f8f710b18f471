"""Column widths of a table from its contents."""

from __future__ import annotations

from app.exchange.documents.blocks import SIZES, Table
from app.exchange.documents.layout import POINT, longest_whole, text_width

PADDING = 1.2  # millimetres between a cell's rule and its text, left and right

_READ = 400  # rows that decide; a ledger of thousands is of one kind throughout
_MOST = 24.0  # a column may ask for so many characters before it wraps
_SMALLER = ("五号", "小五", "六号")


def fitting_size(table: Table, width: float) -> str:
    """The table's type size, or a smaller one where no column could hold its longest word."""
    wanted = SIZES[table.size]
    for name in (table.size, *(name for name in _SMALLER if SIZES[name] < wanted)):
        if sum(_narrowest(table, SIZES[name])) <= width:
            return name
    return _SMALLER[-1]


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
        word = min(max((longest_whole(cell, size) for cell in _cells(table, place)), default=0.0), 11 * em)
        least.append(max(head, word, 2 * em) + 2 * PADDING + 0.2)
    return least


def _wishes(table: Table, size: float) -> list[float]:
    em = size * POINT
    wishes: list[float] = []
    for place, column in enumerate(table.columns):
        lengths = [text_width(cell, size) for cell in _cells(table, place)]
        longest = max(lengths, default=0.0)
        # Very long texts ask for more, but not in proportion: they wrap.
        need = min(longest, _MOST * em) + max(0.0, min(longest, 200 * em) - _MOST * em) * 0.1
        wishes.append(max(need, text_width(column.label, size)) + 2 * PADDING + 0.2)
    return wishes
