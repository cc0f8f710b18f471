"""The page of all events: tabs by what waits, filters, the table, and beside it the case or what is done with the marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget

from app.services.case_lists import EVENT, MOST_FOUND, CaseFilter, Found
from app.store.listing import Listing
from ui import theme
from ui.jobs import Jobs, Worker
from ui.lists import BatchAction, Column, Order, RecordTable
from ui.page import Page
from ui.pages.case_read import read_file
from ui.pages.case_strip import may_report
from ui.pages.event_batch import BatchPanel
from ui.pages.event_filters import EventFilters
from ui.pages.event_panel import EventPanel
from ui.pages.event_read import FIELDS, ORDERS, TABS, EventChoices, read_rows
from ui.pages.exporting import AskPath, Exporting, ask_save_path
from ui.pages.standing_words import MARK
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office

_WORDS = dict(TABS)
_ROOMY = 1000
"""Px at normal size of the page from which on every icon stands in the line of the filters."""


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
        self._before_words = ""
        self._shown = ""
        self._turn = 0
        self._stays = False
        self._listing = Listing(b"")
        self._columns_known = False
        self.filters = EventFilters(self, office, jobs)
        self.filters.changed.connect(self._on_filtered)
        self.filters.read_again.connect(self._on_choices)
        self.filters.search.searched.connect(self._on_text)
        self.exporting = Exporting(self, office, worker, ask_path)
        self._may_export = worker is not None and office.gate.decide("export", EVENT, None, own=True).allowed
        self._may_import = worker is not None and office.gate.decide("import", EVENT, None).allowed
        self.tabs = Tabs([(key, words, None) for key, words in TABS], "mine")
        self.tabs.picked.connect(self._on_tab)
        self.add_beside(self.tabs)
        self._may_report = may_report(office)
        if self._may_report:
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

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        found: list[tuple[str, str, Callable[[], object]]] = [("保存当前筛选", "", self.filters.kept.keep)]
        if self._may_export:
            found.append(("导出 Excel", "", self.export))
        if self._may_import:
            found.append(("导入工单（12345 等）", "", lambda: self.go.emit("orders", {})))
        return [*found, *self.filters.kept.actions]

    def opened(self, args: Mapping[str, Any]) -> None:
        before = self._tab, self.filters.now
        self._stays = False
        asked = {name: value or "" for name, value in args.items() if name in CaseFilter.__dataclass_fields__}
        if tab := str(args.get("tab") or ""):
            # The list is read once, below.
            self.tabs.blockSignals(True)
            self.tabs.pick(tab)
            self.tabs.blockSignals(False)
            self._enter(tab)
        wanted = replace(CaseFilter(), **asked) if asked else self.filters.now
        if tab:
            wanted = self._fitting(wanted)
        if asked or wanted != self.filters.now:
            self.filters.begin(wanted)
        if before != (self._tab, self.filters.now):
            self.table.model.clear_checked()
        self.table.focus_with_rows()
        self.filters.read()
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def leaving(self) -> None:
        self.batch.keep()

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
                "换一个页签或去掉筛选；新的来电、巡查发现在这里登记。"
                if self._may_report
                else "换一个页签或去掉筛选。",
                *([Button("登记事件", lambda: self.go.emit("event_new", {}))] if self._may_report else []),
            ),
        )
        self.table.model.arrived.connect(self._on_arrived)
        self.table.columns_chosen.connect(self._on_columns)
        things: list[Any] = [*self.filters.line, None, self.filters.button]
        self._spare: list[IconButton] = []
        if self._may_export:
            self._spare.append(IconButton("file-export", "导出 Excel", self.export))
        if self._may_import:
            self._spare.append(
                IconButton("file-import", "导入工单（12345 热线等）", lambda: self.go.emit("orders", {}))
            )
        things += [*self._spare, IconButton("columns-3", "选列", menu=self.table.columns_menu()), self._more()]
        self._line = card.add_line(*things)
        self._line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        search = self.filters.search
        search.left_down.connect(self.table.view.setFocus)
        self.table.opened.connect(lambda record_id: self.go.emit("case", {"id": record_id}))
        self.table.current_changed.connect(self._on_current)
        self.table.sorted_by.connect(self._on_order)
        self.table.marks_changed.connect(self._on_marks)
        self.table.typed.connect(lambda text: (search.setFocus(), search.setText(search.text() + text)))
        card.add(self.table, 1)
        return card

    def _more(self) -> IconButton:
        """What is seldom wanted; where there is little room, also what else would crowd the filters."""
        menu = QMenu()
        if self._office.gate.decide("read", EVENT, None).allowed:
            menu.addAction("重复事项").triggered.connect(lambda: self.go.emit("repeats", {}))
            menu.addAction("吹哨报到台账").triggered.connect(lambda: self.go.emit("whistles", {}))
        always = len(menu.actions())
        for button in self._spare:
            menu.addAction(button.toolTip()).triggered.connect(lambda _on=False, button=button: button.click())
        self._instead = menu.actions()[always:]
        self._dots = IconButton("dots", "重复事项、吹哨报到台账" if always else "更多", menu=menu)
        if not always:
            self._dots.hide()
        self._always = bool(always)
        return self._dots

    def _make_room(self) -> None:
        roomy = self.width() >= theme.current().grown(_ROOMY)
        self._line.setSpacing(8 if roomy else 4)
        edge = 12 if roomy else 8
        self._line.setContentsMargins(edge, 8, edge, 8)
        for button in self._spare:
            button.setVisible(roomy)
        for action in self._instead:
            action.setVisible(not roomy)
        self._dots.setVisible(self._always or (bool(self._spare) and not roomy))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _on_choices(self, choices: EventChoices) -> None:
        if not self._columns_known:
            self._columns_known = True
            self.table.show_columns(choices.columns)

    def _on_columns(self, shown: dict[str, bool]) -> None:
        self._jobs.run(lambda: self._office.case_lists.columns.keep("shown", shown))

    # -- the list ---------------------------------------------------------------------------------------------------------------

    def _on_filtered(self) -> None:
        # What no longer shows must not be done along with the rest.
        self.table.model.clear_checked()
        self._load()

    def _on_tab(self, key: str) -> None:
        # Who chooses a tab himself sees that tab, be it empty.
        self._stays = True
        self._enter(key)
        if (fitting := self._fitting(self.filters.now)) != self.filters.now:
            self.filters.begin(fitting)
        self._on_filtered()

    def _enter(self, tab: str) -> None:
        self._tab, self._before_words = tab, ""
        self.filters.states.setVisible(tab == "all")

    def _fitting(self, held: CaseFilter) -> CaseFilter:
        """*held* without a state where the tab says itself which there are."""
        return held if self._tab == "all" else replace(held, state="")

    def _on_text(self, text: str) -> None:
        self._stays = False
        text = text.strip()
        if not text and self._before_words:
            # The words had led elsewhere; without them the clerk is back where she was.
            back, self._before_words = self._before_words, ""
            self.filters.now = replace(self.filters.now, text="")
            self.tabs.pick(back)
            return
        self.filters.set(text=text)

    def _on_order(self, order: Order | None) -> None:
        self._order = f"{'-' if order.down else ''}{ORDERS[order.key]}" if order and order.key in ORDERS else ""
        self._load()

    def _load(self) -> None:
        self._turn += 1
        turn, tab, held, order = self._turn, self._tab, self.filters.now, self._order
        self._jobs.run(
            lambda: self._office.case_lists.listed(tab, held, order), then=lambda found: self._show(turn, found)
        )

    def _show(self, turn: int, found: Found) -> None:
        if turn != self._turn:
            return
        self.tabs.show_counts(found.counts)
        if self.filters.now.text and not self._stays and not len(found.listing) and found.counts.get("all"):
            # Nobody knows in which tab a case stands: where its words are found elsewhere, they are shown there.
            before, there = self._tab, found.counts["all"]
            self.tabs.pick("all")
            self._before_words = before
            self.said.emit(f"“{_WORDS[before]}”里没有，在“全部”里找到 {there} 件", None)
            return
        self._listing = found.listing
        total = len(found.listing)
        # What stood here and is done by now leaves its tab empty: nobody looked for it elsewhere.
        self._stays = self._stays or total > 0
        self.table.show_rows(total, note=f"只列最符合的 {MOST_FOUND:,} 件，再打几个字或加上筛选" if found.cut else "")
        if not total:
            self._shown = ""
            self.panel.show_nothing()
        elif self.table.view.currentIndex().row() < 0:
            self.table.go_to(0)
        else:
            self._on_current(self.table.current())

    def _on_current(self, record_id: object) -> None:
        if record_id:
            self._jobs.run(lambda: read_file(self._office, str(record_id), whole=False), then=self._on_file)

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
        else:
            self.batch.put_away()

    def _on_batch(self, _ids: list[Any]) -> None:
        self.batch.begin()

    def _on_batch_ended(self, said: str) -> None:
        self.table.model.clear_checked()
        self.said.emit(said, None)
        self._urgent()
        self._load()

    def _on_batch_closed(self) -> None:
        self.table.model.clear_checked()
        self._side.setCurrentWidget(self.panel)
        self.table.view.setFocus()
