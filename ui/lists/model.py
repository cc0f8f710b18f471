"""The rows of a record table: fetched by blocks when they are looked at, forgotten when far away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import shiboken6
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from ui.lists.columns import Column, Fetch, Group, Mark, Order, Row, shown

BLOCK = 100
_KEPT_BLOCKS = 40
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

# run(work, then): call work somewhere, hand its result to then on the GUI thread; `Jobs.run` fits.
Run = Callable[[Callable[[], Any], Callable[[Any], None]], object]


class RecordModel(QAbstractTableModel):
    """Rows by *fetch(offset, limit, order)*. Without *run* it fetches at once; with it rows arrive later.

    Signal ``checked_changed`` when the check marks change; marks belong to the record's *id_key*, not to its place.
    """

    checked_changed = Signal()
    arrived = Signal()

    def __init__(
        self, columns: Sequence[Column], fetch: Fetch, total: int = 0, run: Run | None = None, id_key: str = "id"
    ) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.order: Order | None = None
        self.checked: dict[Any, None] = {}
        self._fetch, self._run, self._total, self._id_key = fetch, run, total, id_key
        self._blocks: OrderedDict[int, Sequence[Row | Group]] = OrderedDict()
        self._asked: set[int] = set()
        self._turn = 0
        self.at_once = run is None

    def show(self, total: int, fetch: Fetch | None = None) -> None:
        """Begin anew with *total* rows, for another filter or after a change."""
        self.beginResetModel()
        self._fetch = fetch or self._fetch
        self._total = total
        self._forget()
        self.endResetModel()

    def refresh(self) -> None:
        """Fetch again what is seen; total, order and marks stay."""
        self._forget()
        if self._total:
            self.dataChanged.emit(self.index(0, 0), self.index(self._total - 1, len(self.columns) - 1))

    def total(self) -> int:
        """How many rows there are."""
        return self._total

    def row(self, number: int) -> Row | Group | None:
        """The row *number*, fetched now if need be; None while it is on its way or beyond the end."""
        if not 0 <= number < self._total:
            return None
        block = number // BLOCK
        if block in self._blocks:
            self._blocks.move_to_end(block)
        else:
            self._ask(block)
        rows = self._blocks.get(block, ())
        place = number - block * BLOCK
        return rows[place] if place < len(rows) else None

    def held(self, number: int) -> Row | Group | None:
        """The row *number* if it is here already; asks for nothing."""
        rows = self._blocks.get(number // BLOCK, ())
        return rows[number % BLOCK] if number % BLOCK < len(rows) else None

    def record(self, number: int) -> Row | None:
        """The record at row *number*; None for a group line or a row on its way."""
        row = self.row(number)
        return None if isinstance(row, Group) else row

    def record_id(self, number: int) -> Any:
        """The id of the record at row *number*, or None."""
        row = self.record(number)
        return row.get(self._id_key) if row is not None else None

    def loaded(self) -> list[tuple[int, Row]]:
        """The records held now, with their row numbers; fetches nothing."""
        return [
            (block * BLOCK + place, row)
            for block, rows in sorted(self._blocks.items())
            for place, row in enumerate(rows)
            if not isinstance(row, Group)
        ]

    def set_checked(self, ids: Sequence[Any], on: bool) -> None:
        """Mark or unmark the records *ids*."""
        for key in ids:
            if on:
                self.checked[key] = None
            else:
                self.checked.pop(key, None)
        self._repaint_marks()

    def clear_checked(self) -> None:
        """Unmark all."""
        self.checked.clear()
        self._repaint_marks()

    def check_all(self, limit: int = 10_000) -> None:
        """Mark every record of the list, the first *limit* at most; in the lane where there is one."""
        fetch, order, count, turn = self._fetch, self.order, min(self._total, limit), self._turn

        def gather() -> list[Any]:
            starts = range(0, count, 1000)
            rows = [row for start in starts for row in fetch(start, min(1000, count - start), order)]
            return [row[self._id_key] for row in rows if not isinstance(row, Group)]

        def mark(ids: list[Any]) -> None:
            if shiboken6.isValid(self) and turn == self._turn:
                self.set_checked(ids, on=True)

        if self._run is None:
            mark(gather())
        else:
            self._run(gather, mark)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(self.columns) or not self.columns[column].sortable:
            return
        self.beginResetModel()
        self.order = Order(self.columns[column].key, order == Qt.SortOrder.DescendingOrder)
        self._forget()
        self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole:
            held = self.held(index.row())
            value = None if held is None or isinstance(held, Group) else held.get(self.columns[index.column()].key)
            return value.tip or None if isinstance(value, Mark) else None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self.row(index.row())
        if isinstance(row, Group):
            return row.text if index.column() == 0 else ""
        column = self.columns[index.column()]
        return "" if row is None else shown(column, row.get(column.key))

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        return None

    def _ask(self, block: int) -> None:
        if block in self._asked:
            return
        offset, limit, order, turn = block * BLOCK, min(BLOCK, self._total - block * BLOCK), self.order, self._turn
        if self._run is None:
            self._keep(block, self._fetch(offset, limit, order))
            return
        self._asked.add(block)
        fetch = self._fetch
        self._run(lambda: fetch(offset, limit, order), lambda rows: self._on_arrived(turn, block, rows))

    def _on_arrived(self, turn: int, block: int, rows: Sequence[Row | Group]) -> None:
        # Asked for before the last sort or filter, or by a page that is gone.
        if not shiboken6.isValid(self) or turn != self._turn:
            return
        self._asked.discard(block)
        self._keep(block, rows)
        first = block * BLOCK
        last = min(first + len(rows), self._total) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        self.arrived.emit()

    def _keep(self, block: int, rows: Sequence[Row | Group]) -> None:
        self._blocks[block] = rows
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)

    def _forget(self) -> None:
        self._turn += 1
        self._blocks.clear()
        self._asked.clear()

    def _repaint_marks(self) -> None:
        if self._total:
            self.dataChanged.emit(self.index(0, 0), self.index(self._total - 1, 0), [Qt.ItemDataRole.CheckStateRole])
        self.checked_changed.emit()
