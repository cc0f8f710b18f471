"""The assistant's second step: what each column is taken for, and what is to be said of the rows."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from ui import theme
from ui.lists import Column, RecordTable
from ui.pages.import_columns import ColumnMatches
from ui.pages.import_read import Preview
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.figures import Figure, Figures
from ui.pieces.filters import FilterButton
from ui.pieces.text import Elided, words

_SHEET = 1


class CheckStep(QWidget):
    """``show_preview(Preview)``. Signals ``sheet_picked``, ``matched(heading, target or "")``, ``report_wanted``."""

    sheet_picked = Signal()
    matched = Signal(str, str)
    report_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None
        self.file_line = Elided("", strong=True)
        self.rows_line = Elided("", tone="text-2")
        self.sheets = FilterButton("工作表", [])
        self.sheets.picked.connect(lambda _sheet: self.sheet_picked.emit())
        head = Card()
        line = head.add_line(
            self.file_line, self.sheets, self.rows_line, words("只在本机读取，尚未改动任何数据", "13", "text-3")
        )
        line.setStretch(2, 1)
        self.figures = Figures([])
        tiles = Card()
        tiles.add(self.figures)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(self._matches())
        split.addWidget(self._faults())
        split.setSizes([theme.current().grown(500), theme.current().grown(650)])
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(12)
        body.addWidget(head)
        body.addWidget(tiles)
        body.addWidget(split, 1)

    def sheet(self) -> str | None:
        """The sheet that was picked; None for all."""
        return str(self.sheets.value()) if self.sheets.value() else None

    def show_preview(self, preview: Preview) -> None:
        """Show what an import would do."""
        self._preview = preview
        plan = preview.plan
        self.file_line.setText(preview.path.name)
        self.rows_line.setText(preview.rows_line)
        sheets = [sheet.name for sheet in preview.book.sheets if not sheet.hidden]
        self.sheets.show_choices([(name, name) for name in sheets])
        self.sheets.setVisible(len(sheets) > 1)
        unit = "人" if preview.form == "resident" else "条"
        self.figures.show_figures(
            [
                Figure(f"{plan.created:,}", f"新增（{unit}）"),
                Figure(f"{plan.updated:,}", "有变化"),
                Figure(f"{plan.unchanged:,}", "没有变化"),
                Figure(f"{len(plan.absent):,}", "名册里没有的（不删除）"),
                Figure(f"{plan.refused_rows:,}", "有问题、不导入（行）", "orange" if plan.refused_rows else ""),
            ]
        )
        self.columns.show_columns(preview.columns, preview.targets)
        open_ones = sum(1 for column in preview.columns if column.target is None and column.how == "none")
        self.columns_card.note.setText(f"{len(preview.columns)} 列" + (f"，{open_ones} 列没认出" if open_ones else ""))
        rows = preview.problems
        self.problems_card.note.setText(str(len(rows)) if rows else "")
        self.problems.view.setColumnHidden(_SHEET, len(preview.found.layouts) < 2)
        self.problems.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        self.report_button.setVisible(bool(rows))
        self.problem_text.setText("")
        if rows:
            self.problems.go_to(0)

    def _matches(self) -> Card:
        self.columns_card = Card("列的对应", flush=True)
        self.columns = ColumnMatches()
        self.columns.matched.connect(self.matched)
        self.columns_card.add(self.columns, 1)
        return self.columns_card

    def _faults(self) -> Card:
        self.report_button = Button("存为改错表", self.report_wanted.emit, kind="link", icon="download", small=True)
        self.problems_card = Card("有问题的行", flush=True, actions=[self.report_button])
        self.problems = RecordTable(
            [
                Column("row", "行", 52, "right", tone="text-2", sortable=False),
                Column("sheet", "工作表", 76, tone="text-2", sortable=False),
                Column("verdict", "怎么办", 110, role="chip", sortable=False),
                Column("name", "姓名", 84, strong=True, sortable=False),
                Column("field", "列", 104, tone="text-2", sortable=False, spare=1),
                Column("message", "问题", stretch=True, sortable=False, least=160),
            ],
            lambda _offset, _limit, _order: [],
            unit="处",
            empty=EmptyState("check", "没有发现问题", "每一行都能导入。"),
        )
        self.problem_text = words("", tone="text-2", wrap=True)
        self.problem_text.setContentsMargins(12, 6, 12, 8)
        self.problems.current_changed.connect(self._on_problem)
        self.problems_card.add(self.problems, 1)
        self.problems_card.add(self.problem_text)
        return self.problems_card

    def _on_problem(self, key: object) -> None:
        rows = self._preview.problems if self._preview else ()
        if self._preview is not None and isinstance(key, int) and key < len(rows):
            row = rows[key]
            sheet = f"{row['sheet']} " if len(self._preview.found.layouts) > 1 else ""
            self.problem_text.setText(f"{sheet}第 {row['row']} 行：{row['message']}")
