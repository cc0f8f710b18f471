"""The page of all events: tabs by what waits, filters, the table, and beside it the case or what is done with the marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget

from app.services.case_lists import EVENT, MOST_FOUND, CaseFilter, Found
from app.store.listing import Listing
from ui import theme
from ui.forms.reason import ask_reason
from ui.jobs import Jobs, Worker
from ui.lists import BatchAction, Column, Order, RecordTable
from ui.page import Page
from ui.pages.case_read import read_file
from ui.pages.event_batch import BatchPanel
from ui.pages.event_panel import EventPanel
from ui.pages.event_read import (
    FIELDS,
    ORDERS,
    SPANS,
    TABS,
    TIMES,
    EventChoices,
    class_tree,
    read_choices,
    read_rows,
    span_of,
    times_tree,
)  # fmt: skip
from ui.pages.event_times import SpanDialog
from ui.pages.exporting import AskPath, Exporting, ask_save_path
from ui.pages.standing_words import MARK
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.dates import china_today
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton, SearchField, TreeFilter
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office

_STATES = ("draft", "closed", "archived", "not_accepted", "merged", "void")
_WORDS = dict(TABS)


class EventsPage(Page):
    """Every case of the areas held. ``opened``: {"tab": key}, {"text": words}, {"area": code} and the rest of a ``CaseFilter``."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: Callable[[Sequence[str]], Worker] | None = None,
        urgent: Callable[[], object] = lambda: None,
        *,
        ask_path: AskPath = ask_save_path,
    ) -> None:
        super().__init__("事件", dense=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._tab, self._order = "mine", ""
        self._filter = CaseFilter()
        self._before_words = ""
        self._shown = ""
        self._fresh = True
        self._turn = 0
        self._listing = Listing(b"")
        self._kept: dict[str, CaseFilter] = {}
        self._columns_known = False
        self._menu = QMenu()
        self.exporting = Exporting(self, office, worker, ask_path)
        self._may_export = worker is not None and office.gate.decide("export", EVENT, None, own=True).allowed
        self._may_import = worker is not None and office.gate.decide("import", EVENT, None).allowed
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
        self.batch = BatchPanel(office, jobs)
        self.batch.ended.connect(self._on_batch_ended)
        self.batch.closed.connect(self._on_batch_closed)
        self._side = QStackedWidget()
        self._side.addWidget(self.panel)
        self._side.addWidget(self.batch)
        split.addWidget(self._side)
        split.setStretchFactor(0, 1)
        split.setSizes([theme.current().grown(860), theme.current().grown(300)])
        self.add(split, 1)
        self._menu.aboutToShow.connect(self._fill_menu)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        found: list[tuple[str, str, Callable[[], object]]] = [("保存当前筛选", "", self.keep)]
        if self._may_export:
            found.append(("导出 Excel", "", self.export))
        if self._may_import:
            found.append(("导入工单（12345 等）", "", lambda: self.go.emit("orders", {})))
        return [*found, *((f"筛选：{name}", "", partial(self.use, one)) for name, one in self._kept.items())]

    def opened(self, args: Mapping[str, Any]) -> None:
        asked = {name: value or "" for name, value in args.items() if name in CaseFilter.__dataclass_fields__}
        if asked:
            self._filter = replace(CaseFilter(), **asked)
            self._show_filter()
        if tab := args.get("tab"):
            self._tab = str(tab)
            self.tabs.pick(self._tab)
        self._fresh = True
        self._read_choices()
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def escape(self) -> bool:
        if self.batch.running:
            self.batch.stop()
            return True
        if self.batch.form is not None:
            self.batch.form.leave()
            return True
        if self.table.marked():
            self._on_batch_closed()
            return True
        return False

    def use(self, filter: CaseFilter) -> None:  # noqa: A002
        """Filter by *filter*."""
        self._filter = filter
        self.table.model.clear_checked()
        self._show_filter()
        self._read_choices()
        self._load()

    def keep(self) -> None:
        """Ask for a name and keep the filter by it."""
        held = self._filter

        def kept(name: str) -> None:
            self._jobs.run(
                lambda: self._office.case_lists.keep(name, held),
                lambda _done: (self.said.emit(f"已保存筛选“{name}”", None), self._read_choices()),
            )

        ask_reason(self, "保存当前筛选", "起个名字，以后从“常用筛选”里一点就是。", "保存", kept, what="名字")

    def export(self) -> None:
        """Write the list as it stands into a workbook: its rows in their order, the columns that are wanted."""
        marked = self.table.marked()
        listing = self._listing
        fields = [FIELDS[key] for key in self.table.chosen_columns() if key in FIELDS]

        def ask(ids: Sequence[str]) -> None:
            self.exporting.ask(EVENT, f"事件_{_WORDS[self._tab]}", ids, fields)

        if marked:
            ask(marked)
        else:
            # A long list is read to its end first, in the lane.
            self._jobs.run(lambda: listing.page(0, len(listing)), ask)

    # -- what stands on the page ------------------------------------------------------------------------------------------------

    def _list(self) -> Card:
        card = Card(flush=True)
        card.setMinimumWidth(560)  # a title can be read beside state, number and due time
        self.search = SearchField("编号、标题、地点", 180)
        self.search.searched.connect(self._on_text)
        codes, rules = self._office.forms.codes, self._office.cases.rules
        self.times = TreeFilter("时间", times_tree())
        self.times.picked.connect(self._on_time)
        self.kinds = TreeFilter("类别", class_tree(codes["event_class"]))
        self.kinds.picked.connect(lambda key: self._set(category=str(key or "")))
        self.areas = FilterButton("村（社区）", [])
        self.areas.picked.connect(lambda key: self._set(area=str(key or ""), grid=""))
        self.grids = FilterButton("网格", [])
        self.grids.picked.connect(lambda key: self._set(grid=str(key or "")))
        self.units = FilterButton("承办单位", [])
        self.units.picked.connect(lambda key: self._set(unit=str(key or "")))
        self.states = FilterButton("状态", [(code, state.label) for code, state in rules.states.items()])
        self.states.picked.connect(lambda key: self._set(state=str(key or "")))
        batch = [BatchAction("一起办", self._on_batch, "Ctrl+J")]
        if self._may_export:
            batch.append(BatchAction("导出", lambda _ids: self.export()))
        self.table = RecordTable(
            [
                Column("state", "状态", 134, role="chip"),
                Column("number", "编号", 146, tone="text-2", spare=1),
                Column("title", "标题", stretch=True),
                Column("kind", "类别", 84, tone="text-2", spare=3),
                Column("village", "村", 80, tone="text-2", spare=4),
                Column("unit", "承办单位", 116, tone="text-2", spare=2),
                Column("owner", "该谁办", 116, tone="text-2", hidden=True, spare=5),
                Column("due", "到期", 116, role="date"),
                Column("urgency", "紧急程度", 80, tone="text-2", sortable=False, hidden=True, spare=6),
                Column("reported", "上报时间", 116, tone="text-2", hidden=True, spare=7),
                Column("found", "发现时间", 116, tone="text-2", hidden=True, spare=8),
                Column("closed", "办结时间", 116, tone="text-2", hidden=True, spare=9),
                Column("last", "最近办理", 116, tone="text-2", hidden=True, spare=10),
                MARK,
            ],
            lambda offset, limit, _order: read_rows(self._office, self._listing, offset, limit),
            run=self._jobs.run,
            unit="件",
            batch=batch,
            hints=[("Return", "打开"), ("Space", "选"), ("Ctrl+A", "全选")],
            empty=EmptyState(
                "clipboard-list",
                "这里没有事件",
                "换一个页签或去掉筛选；新的来电、巡查发现在这里登记。",
                Button("登记事件", lambda: self.go.emit("event_new", {})),
            ),
        )
        self.table.model.arrived.connect(self._on_arrived)
        self.table.columns_chosen.connect(self._on_columns)
        kept = IconButton("filter", "常用筛选", menu=self._menu)
        columns = IconButton("columns-3", "选列", menu=self.table.columns_menu())
        things: list[Any] = [
            self.search,
            self.times,
            self.kinds,
            self.areas,
            self.grids,
            self.units,
            self.states,
            None,
            kept,
        ]
        if self._may_export:
            things.append(IconButton("file-export", "导出 Excel", self.export))
        if self._may_import:
            things.append(IconButton("file-import", "导入工单（12345 热线等）", lambda: self.go.emit("orders", {})))
        line = card.add_line(*things, columns)
        line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        self.grids.hide()
        self.states.hide()
        self.search.left_down.connect(self.table.view.setFocus)
        self.table.opened.connect(lambda record_id: self.go.emit("case", {"id": record_id}))
        self.table.current_changed.connect(self._on_current)
        self.table.sorted_by.connect(self._on_order)
        self.table.marks_changed.connect(self._on_marks)
        self.table.typed.connect(lambda text: (self.search.setFocus(), self.search.setText(self.search.text() + text)))
        card.add(self.table, 1)
        return card

    def _read_choices(self) -> None:
        area = self._filter.area
        self._jobs.run(lambda: read_choices(self._office, area), self._on_choices)

    def _on_choices(self, choices: EventChoices) -> None:
        self.areas.show_choices(choices.areas)
        self.grids.show_choices(choices.grids)
        self.grids.setVisible(bool(choices.grids))
        self.units.show_choices([(unit, unit) for unit in choices.units])
        self._kept = dict(choices.kept)
        if not self._columns_known:
            self._columns_known = True
            self.table.show_columns(choices.columns)

    def _show_filter(self) -> None:
        """Let the buttons say what the filter is; each tells `_set` what it holds already."""
        held = self._filter
        self.search.blockSignals(True)
        self.search.setText(held.text)
        self.search.blockSignals(False)
        for button, value in (
            (self.kinds, held.category),
            (self.areas, held.area),
            (self.grids, held.grid),
            (self.units, held.unit),
            (self.states, held.state),
            (self.times, self._time_key(held)),
        ):
            button.blockSignals(True)
            button.pick(value or None)
            button.blockSignals(False)

    def _time_key(self, held: CaseFilter) -> object:
        """The choice that stands for the filter's time: a span of today, or one that was typed."""
        if not held.time:
            return None
        today = china_today()
        name = next((key for key, _words in SPANS if span_of(key, today) == (held.since, held.until)), "own")
        return held.time, name

    def _fill_menu(self) -> None:
        self._menu.clear()
        for name, held in self._kept.items():
            self._menu.addAction(name).triggered.connect(lambda _on=False, held=held: self.use(held))
        if self._kept:
            self._menu.addSeparator()
        add = self._menu.addAction("保存当前筛选…")
        add.setEnabled(not self._filter.empty)
        add.triggered.connect(lambda _on=False: self.keep())
        if self._kept:
            gone = self._menu.addMenu("删去")
            for name in self._kept:
                gone.addAction(name).triggered.connect(lambda _on=False, name=name: self._forget(name))
        clear = self._menu.addAction("去掉全部筛选")
        clear.setEnabled(not self._filter.empty)
        clear.triggered.connect(lambda _on=False: self.use(CaseFilter()))

    def _forget(self, name: str) -> None:
        held, lists = self._kept[name], self._office.case_lists

        def again() -> None:
            self._jobs.run(lambda: lists.keep(name, held), lambda _done: self._read_choices())

        self._jobs.run(
            lambda: lists.filters.forget(name),
            lambda _done: (self.said.emit(f"已删去筛选“{name}”", again), self._read_choices()),
        )

    def _on_columns(self, shown: dict[str, bool]) -> None:
        self._jobs.run(lambda: self._office.case_lists.columns.keep("shown", shown))

    # -- the list ---------------------------------------------------------------------------------------------------------------

    def _set(self, **picked: Any) -> None:
        now = replace(self._filter, **picked)
        if now == self._filter:
            return
        moved = now.area != self._filter.area
        self._filter = now
        # What no longer shows must not be done along with the rest.
        self.table.model.clear_checked()
        if moved:
            self.grids.pick(None)
            self._read_choices()
        self._load()

    def _on_time(self, key: Any) -> None:
        if key is None:
            self._set(time="", since="", until="")
            return
        name, span = key
        if span != "own":
            since, until = span_of(span, china_today())
            self._set(time=name, since=since, until=until)
            return
        label = dict(TIMES)[name]
        before = self._filter
        dialog = SpanDialog(
            self,
            f"{label}时间",
            lambda since, until: (self._set(time=name, since=since, until=until), self._show_filter()),
            before.since if before.time == name else "",
            before.until if before.time == name else "",
        )
        dialog.rejected.connect(self._show_filter)
        dialog.open()

    def _on_tab(self, key: str) -> None:
        self._tab = key
        self._before_words = ""
        self.states.setVisible(key == "all")
        if key != "all" and self._filter.state:
            self.states.pick(None)
            return
        self.table.model.clear_checked()
        self._load()

    def _on_text(self, text: str) -> None:
        text = text.strip()
        if not text and self._before_words:
            # The words had led elsewhere; without them the clerk is back where she was.
            back, self._before_words = self._before_words, ""
            self._filter = replace(self._filter, text="")
            self.tabs.pick(back)
            return
        self._set(text=text)

    def _on_order(self, order: Order | None) -> None:
        self._order = f"{'-' if order.down else ''}{ORDERS[order.key]}" if order and order.key in ORDERS else ""
        self._load()

    def _load(self) -> None:
        self._turn += 1
        turn, tab, held, order = self._turn, self._tab, self._filter, self._order
        self._jobs.run(
            lambda: self._office.case_lists.listed(tab, held, order), then=lambda found: self._show(turn, found)
        )

    def _show(self, turn: int, found: Found) -> None:
        if turn != self._turn:
            return
        self.tabs.show_counts(found.counts)
        if self._filter.text and not len(found.listing) and found.counts.get("all"):
            # Nobody knows in which tab a case stands: where its words are found elsewhere, they are shown there.
            before, there = self._tab, found.counts["all"]
            self.tabs.pick("all")
            self._before_words = before
            self.said.emit(f"“{_WORDS[before]}”里没有，在“全部”里找到 {there} 件", None)
            return
        self._listing = found.listing
        total = len(found.listing)
        self.table.show_rows(total, note=f"只列最符合的 {MOST_FOUND:,} 件，再打几个字或加上筛选" if found.cut else "")
        if self._fresh and total:
            # An empty list takes no focus: it is given once there are rows.
            self._fresh = False
            self.table.view.setFocus()
        if not total:
            self._shown = ""
            self.panel.show_nothing()
        elif self.table.view.currentIndex().row() < 0:
            self.table.go_to(0)
        else:
            self._on_current(self.table.current())

    def _on_current(self, record_id: object) -> None:
        if record_id:
            self._jobs.run(lambda: read_file(self._office, str(record_id)), then=self._on_file)

    def _on_arrived(self) -> None:
        # Of a row on its way nothing could be shown when it became the current one.
        current = self.table.current()
        if current and current != self._shown:
            self._on_current(current)

    def _on_file(self, file: Any) -> None:
        if file.case.event.id == self.table.current():
            self._shown = file.case.event.id
            self.panel.show_case(file)

    # -- many at once -----------------------------------------------------------------------------------------------------------

    def _on_marks(self) -> None:
        marked = self.table.marked()
        if self.batch.running:
            return
        self._side.setCurrentWidget(self.batch if marked else self.panel)
        if marked:
            self.batch.show_marked(marked)

    def _on_batch(self, _ids: list[Any]) -> None:
        self.batch.begin()

    def _on_batch_ended(self, said: str) -> None:
        self.table.model.blockSignals(True)
        self.table.model.checked.clear()
        self.table.model.blockSignals(False)
        self.said.emit(said, None)
        self._urgent()
        self._load()

    def _on_batch_closed(self) -> None:
        self.table.model.clear_checked()
        self._side.setCurrentWidget(self.panel)
        self.table.view.setFocus()
