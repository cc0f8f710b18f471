"""The assistant's second step: what each column is taken for, what is to be said of the rows, who changes and who is missing."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from ui import theme
from ui.pages.import_columns import ColumnMatches
from ui.pages.import_people import AbsentRows, ChangedRows
from ui.pages.import_read import Preview
from ui.pages.import_rows import ProblemRows
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.figures import Figure, Figures
from ui.pieces.filters import FilterButton
from ui.pieces.tabs import Tabs
from ui.pieces.text import Elided, words

PROBLEMS, CHANGED, ABSENT = "problems", "changed", "absent"


def lay_out(step: QWidget, head: Card, figures: Figures, matches: QWidget, rows: QWidget) -> None:
    """Lay out a checking step: the file and the figures above, what was matched on the left, the rows on the right."""
    tiles = Card()
    tiles.add(figures)
    split = QSplitter(Qt.Orientation.Horizontal)
    split.setChildrenCollapsible(False)
    split.setHandleWidth(12)
    split.addWidget(matches)
    split.addWidget(rows)
    split.setSizes([theme.current().grown(450), theme.current().grown(700)])
    body = QVBoxLayout(step)
    body.setContentsMargins(0, 0, 0, 0)
    body.setSpacing(12)
    body.addWidget(head)
    body.addWidget(tiles)
    body.addWidget(split, 1)


class CheckStep(QWidget):
    """``show_preview(Preview)``. Signals ``sheet_picked``, ``matched(heading, target or "")``, ``report_wanted``, ``person_wanted(id)``,
    ``doubted(ids)``.
    """

    sheet_picked = Signal()
    matched = Signal(str, str)
    report_wanted = Signal()
    person_wanted = Signal(object)
    doubted = Signal(list)

    def __init__(self, *, may_edit: bool = False) -> None:
        super().__init__()
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
        lay_out(self, head, self.figures, self._matches(), self._rows(may_edit=may_edit))

    def sheet(self) -> str | None:
        """The sheet that was picked; None for all."""
        return str(self.sheets.value()) if self.sheets.value() else None

    def choices(self, columns: dict[str, str]) -> dict[str, Any]:
        """What was decided on this page, as ``township import --choices`` takes it; *columns*: what was matched by hand."""
        return {"columns": columns, "rows": self.problems.decided(), "remember": self.remember.isChecked()}

    def wait(self) -> None:
        """Say that the rows are being looked at anew."""
        self.rows_line.setText("正在重新核对…")

    def show_preview(self, preview: Preview) -> None:
        """Show what an import would do."""
        said = preview.said
        self.file_line.setText(preview.path.name)
        self.rows_line.setText(preview.rows_line)
        names = [sheet["name"] for sheet in preview.shown["sheets"] if sheet["state"] not in {"hidden", "empty"}]
        self.sheets.show_choices([(name, name) for name in names])
        self.sheets.setVisible(len(names) > 1)
        unit = "人" if preview.form == "resident" else "条"
        figures = [
            Figure(f"{said['created']:,}", f"新增（{unit}）"),
            Figure(f"{said['updated']:,}", "有变化"),
            Figure(f"{said['unchanged']:,}", "没有变化"),
        ]
        if preview.form == "resident":
            figures.append(Figure(f"{said['absent']:,}", "名册里没有的（不删除，列出待核）"))
        refused = preview.refused_rows
        figures.append(Figure(f"{refused:,}", "不导入（行），其余照常导入", "orange" if refused else ""))
        self.figures.show_figures(figures)
        columns = preview.columns
        self.columns.show_columns(columns, preview.targets)
        open_ones = sum(1 for column in columns if column.target is None and column.how == "none")
        self.columns_card.note.setText(f"{len(columns)} 列" + (f"，{open_ones} 列没认出" if open_ones else ""))
        self.problems.show_preview(preview)
        self.changed.show_changed(preview.changed, int(said["updated"]))
        self.absent.show_absent(preview.absent, int(said["absent"]))
        problems = len(preview.problems) + int(preview.shown["more_problems"])
        self.tabs.show_counts(
            {PROBLEMS: problems or None, CHANGED: said["updated"] or None, ABSENT: said["absent"] or None}
        )
        self.tabs.setVisible(preview.understood)
        self.report_button.setVisible(bool(problems or said["absent"]))

    def _matches(self) -> Card:
        self.remember = QCheckBox("记住这个对法")
        self.remember.setToolTip("下次导入同样标题的表，不用再对一遍")
        self.remember.setChecked(True)
        self.columns_card = Card("列的对应", flush=True, actions=[self.remember])
        self.columns = ColumnMatches()
        self.columns.matched.connect(self.matched)
        self.columns_card.add(self.columns, 1)
        return self.columns_card

    def _rows(self, *, may_edit: bool) -> Card:
        self.report_button = Button("存为改错表", self.report_wanted.emit, kind="link", icon="download", small=True)
        self.tabs = Tabs([(PROBLEMS, "有问题的行", None), (CHANGED, "有变化", None), (ABSENT, "名册里没有的", None)])
        self.rows_card = Card("", flush=True)
        line = self.rows_card.add_line(self.tabs, None, self.report_button)
        line.setContentsMargins(8, 6, 8, 0)
        self.problems, self.changed, self.absent = ProblemRows(), ChangedRows(), AbsentRows(may_edit=may_edit)
        self.changed.opened.connect(self.person_wanted)
        self.absent.opened.connect(self.person_wanted)
        self.absent.doubted.connect(self.doubted)
        self.lists = QStackedWidget()
        for widget in (self.problems, self.changed, self.absent):
            self.lists.addWidget(widget)
        self.tabs.picked.connect(lambda key: self.lists.setCurrentIndex((PROBLEMS, CHANGED, ABSENT).index(key)))
        self.rows_card.add(self.lists, 1)
        return self.rows_card
