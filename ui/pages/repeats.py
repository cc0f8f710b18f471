"""重复事项: the places and matters that came back three times or more, and the cases of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter

from ui import theme
from ui.jobs import Jobs
from ui.lists import Column, Order, RecordTable
from ui.lists.columns import Row
from ui.pages.counted import CountedPage
from ui.pages.repeats_read import ALL, WAYS, cases_of, read_repeats
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState

if TYPE_CHECKING:
    from app.services.office import Office


class RepeatsPage(CountedPage):
    """The repetitions at the left; Enter goes over to the cases of one, and from there into a case."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        tabs = [(ALL, "全部"), *WAYS.items()]
        super().__init__("重复事项", jobs, lambda: read_repeats(office), tabs, ALL)
        self._office = office
        rules = office.repeats.rules
        self.set_title("重复事项", f"近 {rules.days} 天 {rules.count} 件以上的地点和事，不按人算")
        self._cases: Sequence[Row] = ()
        self._shown: object = None
        self.table = RecordTable(
            [
                Column("what", "地点和事", stretch=True, sortable=False),
                Column("count", "件", 48, "right", sortable=False),
                Column("open", "没办完", 64, "right", sortable=False),
                Column("last", "最近一件", 104, tone="text-2", sortable=False, spare=1),
            ],
            self._fetch,
            unit="处",
            hints=[("Return", "看这几件")],
            empty=EmptyState("repeat", "没有重复的地点和事", f"近 {rules.days} 天里没有哪处到 {rules.count} 件。"),
        )
        self.table.current_changed.connect(lambda _key: self._on_current())
        self.cases = RecordTable(
            [
                Column("state", "状态", 134, role="chip", sortable=False),
                Column("title", "标题", stretch=True, sortable=False),
                Column("unit", "承办单位", 116, tone="text-2", sortable=False, spare=1),
                Column("reported", "上报", 116, tone="text-2", sortable=False),
            ],
            self._fetch_cases,
            unit="件",
            hints=[("Return", "打开")],
            empty=EmptyState("clipboard-list", "选一处", "左边选一处，这里列出它的几件。"),
        )
        self.table.opened.connect(lambda _key: self._go_over())
        self.cases.opened.connect(lambda key: self.go.emit("case", {"id": str(key)}))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        for table in (self.table, self.cases):
            card = Card(flush=True)
            card.add(table, 1)
            split.addWidget(card)
        split.setSizes([theme.current().grown(560), theme.current().grown(600)])
        self.add(split, 1)

    def escape(self) -> bool:
        if self.cases.view.hasFocus():
            self.table.view.setFocus()
            return True
        return False

    def _show(self, found: Mapping[str, tuple[Row, ...]]) -> None:
        self._shown = None
        super()._show(found)

    def _show_tab(self) -> None:
        super()._show_tab()
        if self._rows and self.table.view.currentIndex().row() < 0:
            self.table.go_to(0)
        self._on_current()

    def _on_current(self) -> None:
        row = self.table.current_row()
        if row is None:
            self._shown, self._cases = None, ()
            self.cases.show_rows(0)
        elif self._shown != row["id"]:
            key = self._shown = row["id"]
            self._jobs.run(lambda: cases_of(self._office, row["events"]), lambda cases: self._show_cases(key, cases))

    def _show_cases(self, key: object, cases: Sequence[Row]) -> None:
        if key == self._shown:
            self._cases = cases
            self.cases.show_rows(len(cases))

    def _fetch_cases(self, offset: int, limit: int, _order: Order | None) -> Sequence[Row]:
        return self._cases[offset : offset + limit]

    def _go_over(self) -> None:
        self.cases.view.setFocus()
        if self._cases:
            self.cases.go_to(0)
