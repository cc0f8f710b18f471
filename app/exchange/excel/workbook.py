"""Reading a workbook: files into sheets of cells, or one clear sentence that says why not."""

from __future__ import annotations

import csv
import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import python_calamine as calamine

from app.errors import KnownError
from app.exchange.excel import container

Cell = str | float | int | bool | datetime.date | datetime.datetime | datetime.time | None
"""A number is a number and a text a text: whether an identity number was stored as one of them decides its fate."""

_SEPARATOR = re.compile("\ufeff?sep=(.)\r?\n")
"""The line by which Excel itself says what parts the cells of a .csv."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One merged area, all edges included, rows and columns from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; ``rows[0]`` is Excel's row 1. ``broken`` holds cells with an error or a formula that nobody computed.

    ``hidden_rows``: those that Excel doesn't show, from 0, filtered ones among them; they are data like the others.
    ``from_1904``: numbers that stand for days count from 1904-01-01, as workbooks made on a Macintosh have them.
    """

    name: str
    rows: Sequence[Sequence[Cell]]
    merges: tuple[Merge, ...] = ()
    hidden: bool = False
    broken: frozenset[tuple[int, int]] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    from_1904: bool = False


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets of one file, in their order."""

    name: str
    sheets: tuple[Sheet, ...]


def read_workbook(path: Path) -> Workbook:
    """Read .xlsx, .xls, .xlsb, .ods or .csv; KnownError("import.…") in words where it can't be read rightly."""
    kind = container.examine(path)
    if kind == "csv":
        return Workbook(path.name, (_read_csv(path),))
    unseen = container.unseen(path) if kind == "xlsx" else {}
    try:
        # By content: a name may say .xls where the file is an .xlsx.
        with path.open("rb") as stream, calamine.CalamineWorkbook.from_filelike(stream) as book:
            sheets = tuple(
                _read_sheet(book, meta, unseen.get(meta.name, container.Unseen()))
                for meta in book.sheets_metadata
                if meta.typ == calamine.SheetTypeEnum.WorkSheet
            )
    except calamine.PasswordError as bad:
        raise KnownError("import.password", file=path.name) from bad
    except (calamine.CalamineError, OSError) as bad:
        raise KnownError("import.damaged", file=path.name) from bad
    if not any(sheet.rows for sheet in sheets):
        raise KnownError("import.nothing_in_it", file=path.name)
    return Workbook(path.name, sheets)


def _read_sheet(book: calamine.CalamineWorkbook, meta: calamine.SheetMetadata, unseen: container.Unseen) -> Sheet:
    sheet = book.get_sheet_by_name(meta.name)
    # A roster says 第一网格 and 户在人在 ten thousand times; once is enough to keep.
    known: dict[str, str] = {}
    rows: list[tuple[Cell, ...]] = []
    last_row, last_column = sheet.end or (-1, -1)
    # Row by row: the reader's cells and a list of all of them at once would be in memory together.
    for raw_row in sheet.iter_rows():
        cells = tuple(
            known.setdefault(value, value) if isinstance(value := _cell(raw), str) else value for raw in raw_row
        )
        # The iterator leaves out empty columns at the left.
        margin = (None,) * (last_column + 1 - len(cells))
        rows.append(margin + cells if any(cell is not None for cell in cells) else ())
    rows[:0] = [()] * (last_row + 1 - len(rows))
    while rows and not rows[-1]:
        rows.pop()
    merges = tuple(Merge(top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ())
    hidden = meta.visible != calamine.SheetVisibleEnum.Visible
    return Sheet(meta.name, rows, merges, hidden, unseen.broken, unseen.hidden_rows, unseen.from_1904)


def _cell(value: Cell | datetime.timedelta) -> Cell:
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, datetime.timedelta) else value


def _read_csv(path: Path) -> Sheet:
    codec = container.encoding_of(path)
    if codec is None:
        raise KnownError("import.nothing_in_it", file=path.name)
    with path.open(encoding=codec, newline="") as stream:
        sample = stream.read(20_000)
        stream.seek(0)
        named = _SEPARATOR.match(sample)
        # Counted rather than sniffed: csv.Sniffer takes a frequent Chinese character for a separator.
        separator = named[1] if named else max(",\t;，|", key=sample.count)
        try:
            rows = [tuple(_plain(value) for value in row) for row in csv.reader(stream, delimiter=separator)]
        except csv.Error as bad:
            raise KnownError("import.damaged", file=path.name) from bad
    if named:
        rows[0] = ()
    if not any(cell for row in rows for cell in row):
        raise KnownError("import.nothing_in_it", file=path.name)
    return Sheet(path.stem, rows)


def _plain(value: str) -> str | None:
    """A cell of a .csv without the ="…" by which programs keep Excel from taking a number for one."""
    if value.startswith('="') and value.endswith('"') and len(value) > 2:
        value = value[2:-1]
    return value or None


def is_blank(value: Cell) -> bool:
    """Whether a cell holds nothing that one could see."""
    return value is None or (isinstance(value, str) and not value.strip(" \t\r\n\u00a0\u3000\u200b\ufeff"))


def text_of(value: Cell) -> str:
    """A cell as text, whole numbers without a decimal point, days as 2026-09-18; empty for an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def lent_cells(
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
