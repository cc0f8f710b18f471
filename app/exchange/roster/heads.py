"""Heads of households who stand in columns of their own, beside those of the members."""

from __future__ import annotations

from app.exchange.excel.layout import Row
from app.exchange.excel.workbook import Cell, is_blank
from app.exchange.roster.households import HEAD_NAME, HEAD_NUMBER, Household
from app.exchange.roster.people import Person, PersonReader
from app.schema.values import comparable

HEAD_PHONE = "head.phone"
_OWN = {"resident.name", "resident.id_number", "resident.relation"}


def speaks_of_the_head(row: Row) -> bool:
    """Whether a row has nothing of a member, and the head's own number."""
    return not row.own & _OWN and HEAD_NUMBER in row.cells and HEAD_NAME in row.cells


def as_head(row: Row) -> Row:
    """The row as if the head stood in it like a member."""
    cells: dict[str, Cell] = {name: cell for name, cell in row.cells.items() if not name.startswith("head.")}
    cells |= {
        "resident.name": row.cells.get(HEAD_NAME),
        "resident.id_number": row.cells.get(HEAD_NUMBER),
        "resident.phone": row.cells.get(HEAD_PHONE),
        "resident.relation": "户主",
    }
    kept = {name: cell for name, cell in cells.items() if not is_blank(cell)}
    return Row(row.number, kept, row.own | kept.keys(), row.context, row.broken)


def add_missing(home: Household, reader: PersonReader) -> Person | None:
    """The head of *home*, put before its people where the columns beside them have him and no row of theirs does."""
    if home.head_row is None or not home.head_name:
        return None
    head = reader.read(home.sheet, as_head(home.head_row))
    for person in home.people:
        same_name = comparable(person.name) == comparable(home.head_name)
        if person.says_head or same_name or (head.number and person.number == head.number):
            return None
    home.people.insert(0, head)
    return head
