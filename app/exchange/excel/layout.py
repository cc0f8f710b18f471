"""A sheet understood: its columns, its rows of data, and what was passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.exchange.excel.workbook import Cell, Sheet


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the target it was taken for (None: not imported) and how that came."""

    index: int
    group: str
    heading: str
    target: str | None
    how: str


class RowCells(Mapping[str, Cell]):
    """The cells of one row by target: a view of the sheet's own row, with what merged cells *lent* it laid under.

    A dictionary for each of 60,000 rows would take more memory than the cells themselves.
    """

    __slots__ = ("_cells", "_columns", "_lent", "_own")

    def __init__(
        self,
        cells: Sequence[Cell],
        columns: Mapping[str, int],
        own: frozenset[str],
        lent: Mapping[str, Cell] | None = None,
    ) -> None:
        self._cells = cells
        self._columns = columns
        self._own = own
        self._lent = lent or None

    def __getitem__(self, target: str) -> Cell:
        if target in self._own:
            return self._cells[self._columns[target]]
        if self._lent is None:
            raise KeyError(target)
        return self._lent[target]

    def __iter__(self) -> Iterator[str]:
        yield from (target for target in self._columns if target in self._own)
        yield from self._lent or ()

    def __len__(self) -> int:
        return len(self._own) + len(self._lent or ())

    def __contains__(self, target: object) -> bool:
        return target in self._own or bool(self._lent and target in self._lent)


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
    """A workbook understood: the sheets that hold rows, and those passed over, with the reason (empty, hidden, no_headings, forbidden)."""

    file: str
    layouts: tuple[Layout, ...]
    passed_over: tuple[tuple[str, str], ...]
