"""居民名单: everybody of the areas held in one long list, filtered by what a clerk picks, with filters kept by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.services.people import MOST_FOUND, Filter
from app.store.listing import ORDERS, Listing
from ui.jobs import Jobs, Worker
from ui.lists import Column, Order, RecordTable
from ui.page import Page
from ui.pages.exporting import AskPath, Exporting, ask_save_path
from ui.pages.kept_filters import KeptFilters
from ui.pages.people_read import FORM, PeopleChoices, read_choices, read_rows
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton, SearchField

if TYPE_CHECKING:
    from app.services.office import Office

AGES = (("0-5", "0～5 岁"), ("6-17", "6～17 岁"), ("18-59", "18～59 岁"), ("60-79", "60～79 岁"), ("80-", "80 岁以上"))
STATES = (("doubtful", "待核实"), ("unplaced", "未落户"))


class PeoplePage(Page):
    """``opened``: {"doubtful": True}, {"unplaced": True}, {"area": code}, {"text": words} begin with that filter."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: Callable[[Sequence[str]], Worker] | None = None,
        *,
        ask_path: AskPath = ask_save_path,
    ) -> None:
        super().__init__("居民名单", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._filter = Filter()
        self._order = ""
        self._turn = 0
        self._listing = Listing(b"")
        self.kept = KeptFilters(
            self,
            jobs,
            save=office.people.keep,
            remove=office.people.forget,
            read=self._read_choices,
            now=lambda: self._filter,
            use=self.use,
            nothing=Filter(),
        )
        self.kept_button = Button("常用筛选", icon="filter", menu=self.kept.menu)
        self.add_quiet(self.kept_button)
        self.exporting = Exporting(self, office, worker, ask_path)
        self.export_button = Button("导出", self.export, icon="file-export")
        if worker is None or not office.gate.decide("export", FORM, None, own=True).allowed:
            self.export_button.hide()
        else:
            self.add_quiet(self.export_button)
        codes = office.forms.codes
        self.search = SearchField("姓名、拼音首字母、号码末几位、地址", 240)
        self.search.searched.connect(lambda text: self._set(text=text))
        self.areas = FilterButton("村（社区）", [])
        self.areas.picked.connect(lambda key: self._set(area=str(key or ""), grid=""))
        self.grids = FilterButton("网格", [])
        self.grids.picked.connect(lambda key: self._set(grid=str(key or "")))
        self.presence = FilterButton("人户状态", [(item.code, item.label) for item in codes["presence"].items])
        self.presence.picked.connect(lambda key: self._set(presence=str(key or "")))
        self.sex = FilterButton("性别", [(item.code, item.label) for item in codes["sex"].items])
        self.sex.picked.connect(lambda key: self._set(sex=str(key or "")))
        self.ages = FilterButton("年龄", AGES)
        self.ages.picked.connect(lambda key: self._set(**ages_of(key)))
        self.states = FilterButton("要补的", STATES)
        self.states.picked.connect(lambda key: self._set(doubtful=key == "doubtful", unplaced=key == "unplaced"))
        self.table = RecordTable(
            [
                Column("name", "姓名", 120, strong=True),
                Column("sex", "性别", 48, sortable=False),
                Column("birth_date", "出生日期", 108),
                Column("age", "年龄", 52, "right", sortable=False),
                Column("id_number", "公民身份号码", 172, tone="text-2", sortable=False, spare=2),
                Column("phone", "联系电话", 116, tone="text-2", sortable=False, spare=3),
                Column("presence", "人户状态", 108, role="chip"),
                Column("address", "现住地址", stretch=True, tone="text-2", sortable=False, least=120),
                Column("area", "村", 84, tone="text-2", spare=1),
            ],
            lambda offset, limit, _order: read_rows(office, self._listing, offset, limit),
            run=jobs.run,
            unit="人",
            hints=[("Return", "打开"), ("Ctrl+C", "复制")],
            empty=EmptyState("users", "没有这样的居民", "换一个筛选，或去掉几个。"),
        )
        self.table.opened.connect(lambda record_id: self.go.emit("person", {"id": record_id}))
        self.table.sorted_by.connect(self._on_order)
        self.table.typed.connect(lambda text: (self.search.setFocus(), self.search.setText(self.search.text() + text)))
        self.search.left_down.connect(self.table.view.setFocus)
        card = Card(flush=True)
        columns = IconButton("columns-3", "选列", menu=self.table.columns_menu())
        line = card.add_line(
            self.search, self.areas, self.grids, self.presence, self.sex, self.ages, self.states, None, columns
        )
        line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        card.add(self.table, 1)
        self.add(card, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        keep: list[tuple[str, str, Callable[[], object]]] = [("保存当前筛选", "", self.kept.keep)]
        if not self.export_button.isHidden():
            keep.append(("导出 Excel", "", self.export))
        return [*keep, *self.kept.actions]

    def opened(self, args: Mapping[str, Any]) -> None:
        asked = {name: value for name, value in args.items() if name in Filter.__dataclass_fields__}
        if asked:
            self._filter = replace(Filter(), **asked)
            self._show_filter()
        self._read_choices()
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or FORM in changed:
            self._load()

    def use(self, filter: Filter) -> None:  # noqa: A002
        """Filter by *filter*."""
        self._filter = filter
        self._show_filter()
        self._read_choices()
        self._load()

    def export(self) -> None:
        """Ask for a reason, then write the list as it stands into a workbook."""
        self.exporting.ask(FORM, "居民名单", self._listing.page(0, len(self._listing)))

    # -- filters ----------------------------------------------------------------------------------------------------------------

    def _set(self, **picked: Any) -> None:
        now = replace(self._filter, **picked)
        if now == self._filter:
            return
        moved = now.area != self._filter.area
        self._filter = now
        if moved:
            self.grids.pick(None)
            self._read_choices()
        self._load()

    def _show_filter(self) -> None:
        """Let the buttons say what the filter is; each tells `_set` what it holds already."""
        held = self._filter
        self.search.blockSignals(True)
        self.search.setText(held.text)
        self.search.blockSignals(False)
        for button, value in (
            (self.areas, held.area),
            (self.presence, held.presence),
            (self.sex, held.sex),
            (self.ages, age_key(held)),
            (self.states, "doubtful" if held.doubtful else "unplaced" if held.unplaced else ""),
            (self.grids, held.grid),
        ):
            button.blockSignals(True)
            button.pick(value or None)
            button.blockSignals(False)

    def _read_choices(self) -> None:
        area = self._filter.area
        self._jobs.run(lambda: read_choices(self._office, area), self._on_choices)

    def _on_choices(self, choices: PeopleChoices) -> None:
        self.areas.show_choices(choices.areas)
        self.grids.show_choices(choices.grids)
        self.grids.refuse("" if choices.grids else "先选一个村（社区）")
        self.kept.kept = choices.kept

    # -- the list ---------------------------------------------------------------------------------------------------------------

    def _on_order(self, order: Order | None) -> None:
        key = f"{'-' if order.down else ''}{order.key}" if order is not None else ""
        self._order = key if key in ORDERS else ""
        self._load()

    def _load(self) -> None:
        self._turn += 1
        turn, held, order = self._turn, self._filter, self._order
        self._jobs.run(lambda: self._office.people.list(held, order), lambda found: self._show(turn, found))

    def _show(self, turn: int, found: Listing) -> None:
        if turn != self._turn:
            return
        self._listing = found
        cut = self._filter.text and len(found) >= MOST_FOUND
        self.table.show_rows(len(found), note=f"只列最符合的 {MOST_FOUND:,} 人" if cut else "")
        if len(found) and self.table.current() is None:
            self.table.go_to(0)


def ages_of(key: object) -> dict[str, int | None]:
    """The ages that a choice of ``AGES`` stands for."""
    low, _, high = str(key or "-").partition("-")
    return {"age_from": int(low) if low else None, "age_to": int(high) if high else None}


def age_key(held: Filter) -> str:
    """The choice of ``AGES`` that stands for a filter's ages; empty for none."""
    return next((key for key, _words in AGES if ages_of(key) == {"age_from": held.age_from, "age_to": held.age_to}), "")
