"""The rows of a sheet with something to be said of them: what it is, what the sheet has there, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from ui import theme
from ui.lists import Cell, Column, RecordTable
from ui.pages.import_pieces import Lines, Pieces
from ui.pages.import_read import Preview, problem_key
from ui.pieces.empty import EmptyState
from ui.pieces.text import words

_SHEET, _DO = 1, 6
_ROOM = 11
"""Rows of height from which there is room for the sheet's own lines below the list."""


class ProblemRows(QWidget):
    """``show_preview(Preview)``; ``decided()``: what was chosen, as the file of choices has it."""

    def __init__(self) -> None:
        super().__init__()
        self._problems, self._lines = Pieces(), Lines()
        self._heads: list[str] = []
        self._targets: list[str] = []
        self._chosen: dict[tuple[Any, ...], str] = {}
        self.table = RecordTable(
            [
                Column("row", "行", 48, "right", tone="text-2", sortable=False),
                Column("sheet", "工作表", 72, tone="text-2", sortable=False),
                Column("name", "姓名", 76, strong=True, sortable=False),
                Column("field", "列", 88, tone="text-2", sortable=False, spare=2),
                Column("value", "表里的值", 150, sortable=False, spare=1),
                Column("message", "问题", stretch=True, sortable=False, least=150),
                Column("do", "怎么办", 148, role="choice", sortable=False),
            ],
            self._fetch,
            unit="处",
            hints=[("F8", "下一处"), ("空格", "改处理办法")],
            empty=EmptyState("check", "没有发现问题", "每一行都能导入。"),
        )
        self.text = words("", tone="text-2", wrap=True)
        self.text.setContentsMargins(12, 6, 12, 6)
        self.source = _SourceLines()
        self.table.current_changed.connect(self._on_current)
        self.table.pressed_button.connect(lambda _key, _column: self.ask())
        QShortcut(QKeySequence(Qt.Key.Key_Space), self.table.view, self.ask, context=Qt.ShortcutContext.WidgetShortcut)
        self._next = QShortcut(QKeySequence("F8"), self, self.next)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.table, 1)
        body.addWidget(self.text)
        body.addWidget(self.source)

    def show_preview(self, preview: Preview) -> None:
        """Show what was found; what was chosen before stays where the same row has the same fault still."""
        self._problems, self._lines = preview.problems, preview.lines
        imported = [column for column in preview.columns if column.target]
        self._heads = [column.heading for column in imported]
        self._targets = [str(column.target) for column in imported]
        there = set(self._problems.keys) if self._chosen else set()
        self._chosen = {key: do for key, do in self._chosen.items() if key in there}
        self.table.view.setColumnHidden(_SHEET, len(preview.read_sheets) < 2)
        more = int(preview.shown["more_problems"])
        self.table.show_rows(len(self._problems), note=f"另有 {more:,} 处写在改错表里" if more else "")
        self.text.setText("")
        self.source.hide()
        if self._problems:
            self.table.go_to(0)
            self._on_current(0)

    def forget(self) -> None:
        """Another file: nothing of what was chosen counts any more."""
        self._chosen.clear()

    def decided(self) -> list[dict[str, Any]]:
        """What somebody chose, a line a row, as ``township import --choices`` takes it."""
        return [{"sheet": sheet, "row": row, "do": do} for (sheet, row, *_), do in self._chosen.items() if do]

    def next(self) -> None:
        """Go to the next row that something is to be said of."""
        if self._problems:
            self.table.go_to((self.table.view.currentIndex().row() + 1) % len(self._problems))

    def ask(self) -> None:
        """Offer what can be done about the current row, and about all others like it."""
        item = self._current()
        if item is None or len(item["dos"]) < 2:
            return
        menu = QMenu(self)
        alike = [key for key in self._problems.keys if key[2:4] == problem_key(item)[2:4]]
        for do, named in item["dos"]:
            action = menu.addAction(named, lambda do=do: self.choose([problem_key(item)], do))
            action.setCheckable(True)
            action.setChecked(self._chosen.get(problem_key(item), "") == do)
        if len(alike) > 1:
            menu.addSeparator()
            for do, named in item["dos"]:
                menu.addAction(f"相同的 {len(alike)} 处都{named}", lambda do=do: self.choose(alike, do))
        view = self.table.view
        spot = view.visualRect(view.model().index(view.currentIndex().row(), _DO))
        menu.popup(view.viewport().mapToGlobal(QPoint(spot.left(), spot.bottom())))

    def choose(self, keys: Sequence[tuple[Any, ...]], do: str) -> None:
        """Decide *do* for the findings with *keys* (``problem_key``); "" is what happens unasked."""
        self._chosen.update(dict.fromkeys(keys, do))
        self.table.refresh()

    def _current(self) -> Mapping[str, Any] | None:
        key = self.table.current()
        return self._problems[key] if isinstance(key, int) and key < len(self._problems) else None

    def _fetch(self, offset: int, limit: int, _order: object) -> list[dict[str, Any]]:
        part = enumerate(self._problems[offset : offset + limit], offset)
        return [{**item, "id": place, "do": self._do(item)} for place, item in part]

    def _do(self, item: Mapping[str, Any]) -> str | Cell:
        names = dict(item["dos"])
        named = names[self._chosen.get(problem_key(item), "")]
        return named if len(names) > 1 else Cell(named, tone="text-2")

    def _on_current(self, _key: object) -> None:
        item = self._current()
        if item is None:
            return
        several = not self.table.view.isColumnHidden(_SHEET)
        self.text.setText(f"{item['sheet'] + ' ' if several else ''}第 {item['row']} 行：{item['message']}")
        near = {row: self._lines.get(item["sheet"], row) for row in (item["row"] - 1, item["row"], item["row"] + 1)}
        wrong = self._targets.index(item["target"]) if item["target"] in self._targets else -1
        # Where the list itself has hardly room, its lines go before those of the sheet.
        room = self.height() >= _ROOM * theme.current().px("row")
        lines = {row: cells for row, cells in near.items() if cells} if room else {}
        self.source.show_lines(self._heads, lines, item["row"], wrong)


class _SourceLines(QTableWidget):
    """The row at fault between its neighbours, as the sheet has them; numbers are covered."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hide()

    def show_lines(self, heads: Sequence[str], lines: Mapping[int, Sequence[str]], row: int, wrong: int) -> None:
        """Show *lines* by their numbers; the cell *wrong* of line *row* is marked, -1 marks none."""
        look = theme.current()
        self.setColumnCount(len(heads))
        self.setRowCount(len(lines))
        self.setHorizontalHeaderLabels(list(heads))
        self.setVerticalHeaderLabels([str(number) for number in lines])
        for place, (number, cells) in enumerate(lines.items()):
            self.setRowHeight(place, look.px("button-small"))
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if number == row:
                    item.setForeground(look.colour("orange" if column == wrong else "text"))
                    item.setFont(look.font("fs-13", bold=column == wrong))
                else:
                    item.setForeground(look.colour("text-2"))
                    item.setFont(look.font("fs-13"))
                self.setItem(place, column, item)
        self.resizeColumnsToContents()
        self.setVisible(bool(lines))
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(
            self.horizontalHeader().sizeHint().height() + len(lines) * look.px("button-small") + bar + 4
        )
        if wrong >= 0 and lines:
            self.scrollToItem(self.item(list(lines).index(row) if row in lines else 0, wrong))
