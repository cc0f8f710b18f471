"""The page of all events: tabs by what waits, filters, the table, and the case at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter

from ui import theme
from ui.jobs import Jobs
from ui.lists import Column, Order, RecordTable
from ui.page import Page
from ui.pages.case_read import TABS, CaseList, read_file, read_list
from ui.pages.event_panel import EventPanel
from ui.pages.standing_words import MARK
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office


class EventsPage(Page):
    """Every case of the areas held."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("事件", dense=True)
        self._office, self._jobs = office, jobs
        self._tab, self._text, self._order = "mine", "", None
        self._filters: dict[str, Any] = {}
        self._turn = 0
        self.tabs = Tabs([(key, words, None) for key, words in TABS], "mine")
        self.tabs.picked.connect(self._on_tab)
        self.add_beside(self.tabs)
        self.set_primary("登记事件", lambda: self.go.emit("event_new", {}), icon="plus")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(self._list())
        self.panel = EventPanel(office.cases.rules)
        self.panel.wanted.connect(
            lambda record_id, action: self.go.emit("case", {"id": record_id, **({"action": action} if action else {})})
        )
        split.addWidget(self.panel)
        split.setStretchFactor(0, 1)
        split.setSizes([theme.current().grown(860), theme.current().grown(300)])
        self.add(split, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        if tab := args.get("tab"):
            self.tabs.pick(str(tab))
        if "area" in args:
            self._filters["area"] = args["area"] or None
            self._areas.pick(args["area"] or None)
        if "text" in args:
            self.search.setText(str(args["text"]))
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def _list(self) -> Card:
        card = Card(flush=True)
        card.setMinimumWidth(560)  # a title can be read beside state, number and due time
        self.search = SearchField("编号、标题、地点", 200)
        self.search.searched.connect(self._on_text)
        codes = self._office.forms.codes["event_class"].items
        kinds = FilterButton("类别", [(item.code, item.label) for item in codes if not item.parent])
        kinds.picked.connect(lambda key: self._on_filter("category", key))
        self._areas = FilterButton("村（社区）", [])
        self._areas.picked.connect(lambda key: self._on_filter("area", key))
        self._units = FilterButton("承办单位", [])
        self._units.picked.connect(lambda key: self._on_filter("unit", key))
        self.table = RecordTable(
            [
                Column("state", "状态", 108, role="chip"),
                Column("number", "编号", 148, tone="text-2", spare=1),
                Column("title", "标题", stretch=True),
                Column("kind", "类别", 84, tone="text-2", spare=3),
                Column("village", "村", 80, tone="text-2", sortable=False, spare=4),
                Column("unit", "承办单位", 116, tone="text-2", spare=2),
                Column("due", "到期", 116, role="date"),
                MARK,
            ],
            lambda _offset, _limit, _order: (),
            unit="件",
            hints=[("Return", "打开")],
            empty=EmptyState(
                "clipboard-list",
                "这里没有事件",
                "换一个页签或去掉筛选；新的来电、巡查发现在这里登记。",
                Button("登记事件", lambda: self.go.emit("event_new", {})),
            ),
        )
        columns = IconButton("columns-3", "选列", menu=self.table.columns_menu())
        line = card.add_line(self.search, kinds, self._areas, self._units, None, columns)
        line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        self.search.left_down.connect(self.table.view.setFocus)
        self.table.opened.connect(lambda record_id: self.go.emit("case", {"id": record_id}))
        self.table.current_changed.connect(self._on_current)
        self.table.sorted_by.connect(self._on_order)
        self.table.typed.connect(lambda text: (self.search.setFocus(), self.search.setText(self.search.text() + text)))
        card.add(self.table, 1)
        self._jobs.run(self._office.store.areas, then=self._on_areas)
        return card

    def _on_areas(self, areas: Sequence[Mapping[str, str]]) -> None:
        self._areas.show_choices([(a["code"], a["name"]) for a in areas if a["level"] not in ("county", "township")])

    def _load(self) -> None:
        self._turn += 1
        turn, tab, text, order, filters = self._turn, self._tab, self._text, self._order, dict(self._filters)
        self._jobs.run(
            lambda: read_list(self._office, tab, filters, text, order), then=lambda found: self._show(turn, found)
        )

    def _show(self, turn: int, found: CaseList) -> None:
        if turn != self._turn:
            return
        rows = found.rows
        self.tabs.show_counts(found.counts)
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        units = sorted({str(row["unit"]) for row in rows if row["unit"]})
        if not self._filters.get("unit"):
            self._units.show_choices([(unit, unit) for unit in units])
        if rows and self.table.current() is None:
            self.table.go_to(0)
        elif rows:
            self._on_current(self.table.current())
        else:
            self.panel.show_nothing()

    def _on_current(self, record_id: object) -> None:
        if record_id:
            self._jobs.run(lambda: read_file(self._office, str(record_id)), then=self._on_file)

    def _on_file(self, file: Any) -> None:
        if file.case.event.id == self.table.current():
            self.panel.show_case(file)

    def _on_tab(self, key: str) -> None:
        self._tab = key
        self._load()

    def _on_text(self, text: str) -> None:
        self._text = text.strip()
        self._load()

    def _on_filter(self, name: str, key: object) -> None:
        self._filters[name] = key
        self._load()

    def _on_order(self, order: Order | None) -> None:
        self._order = order
        self._load()
