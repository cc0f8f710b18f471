"""Reading a workbook: files into sheets of cells, or one clear sentence that says why not."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import python_calamine as calamine

from app.errors import KnownError
from app.exchange.excel import container

Cell = str | float | int | bool | datetime.date | datetime.datetime | datetime.time | None
"""A number is a number and a text a text: whether an identity number was stored as one of them decides its fate."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One merged area, all edges included, rows and columns from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; ``rows[0]`` is Excel's row 1. ``broken`` holds cells with an error or a formula that nobody computed."""

    name: str
    rows: Sequence[Sequence[Cell]]
    merges: tuple[Merge, ...] = ()
    hidden: bool = False
    broken: frozenset[tuple[int, int]] = frozenset()


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
    broken = container.broken_cells(path) if kind == "xlsx" else {}
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            sheets = tuple(
                _read_sheet(book, meta, broken.get(meta.name, frozenset()))
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


def _read_sheet(
    book: calamine.CalamineWorkbook, meta: calamine.SheetMetadata, broken: frozenset[tuple[int, int]]
) -> Sheet:
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
    return Sheet(meta.name, rows, merges, meta.visible != calamine.SheetVisibleEnum.Visible, broken)


def _cell(value: Cell | datetime.timedelta) -> Cell:
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, datetime.timedelta) else value


def _read_csv(path: Path) -> Sheet:
    text = container.decoded(path.read_bytes())
    if text is None or not text.strip():
        raise KnownError("import.nothing_in_it", file=path.name)
    sample = text[:20_000]
    # Counted rather than sniffed: csv.Sniffer takes a frequent Chinese character for a separator.
    separator = max(",\t;，", key=sample.count)
    rows = [[value or None for value in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]
    return Sheet(path.stem, rows)


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
