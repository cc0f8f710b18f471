"""One cell of a sheet read as the value of one field, with the liberties that clerks take."""

from __future__ import annotations

import datetime

from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, is_blank, text_of
from app.exchange.roster.people import read_number
from app.schema.kinds import Choice, Date, IdentityNumber, Integer, Kind, Money, Number, Phone, Time, YesNo
from app.schema.values import BadValue, Value


def read_cell(kind: Kind, cell: Cell, words: Words, today: datetime.date) -> Value:
    """The value of *cell* for a field of *kind*, None for empty; BadValue says what is wrong."""
    if is_blank(cell):
        return None
    if isinstance(kind, IdentityNumber):
        identity = read_number(cell, today)
        return identity.number if identity else None
    if isinstance(kind, Phone):
        return None if words.says_nothing(text_of(cell)) else kind.check(cell)
    if isinstance(kind, Date | Time):
        if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime) and isinstance(kind, Time):
            return kind.check(cell.isoformat())
        return kind.check(cell)
    if isinstance(kind, Integer | Number | Money):
        # A whole number of an .xls comes as int, which Money would take for fen.
        return kind.check(float(cell) if isinstance(cell, int | float) else words.without_unit(text_of(cell)))
    if isinstance(kind, Choice | YesNo):
        return kind.check(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else text_of(cell))
    return kind.check(text_of(cell))


def kept_text(kind: Kind, text: str) -> str:
    """*text* as a field of *kind* keeps it, empty for nothing; what doesn't fit at all is cut to what does."""
    try:
        return str(kind.check(text) or "")
    except BadValue:
        longest = getattr(kind, "max", None)
        return str(kind.check(text[: int(longest)] if longest else "") or "")


def cell_text(kind: Kind, value: Value) -> str:
    """*value* as an export writes it, so that a cell nobody touched is known again."""
    if isinstance(kind, Time) and value is not None:
        text = str(value)[:19].replace("T", " ")
        return text.removesuffix(":00") if text.count(":") == 2 else text
    return text_of(kind.cell(value))
