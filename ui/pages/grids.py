"""网格: the grids of the villages with their kinds and posts, how they change, and the sector grids over the same places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.schema.record import Record
from app.store.places import Tally
from ui import theme
from ui.lists import Cell, Column, Group, RecordTable
from ui.page import Page
from ui.pages.coverage import villages
from ui.pages.grid_acts import GridActs
from ui.pages.grids_read import GridLine, GridSheet, SectorLine, read_grids, read_sectors, read_sheet
from ui.pages.sectors import SectorCard
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.chips import Chip, State
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Facts
from ui.pieces.filters import FilterButton
from ui.pieces.tabs import Tabs
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

GRIDS, SECTORS = "grids", "sectors"
_GROUPED, _VILLAGES = 500, 40


class GridsPage(Page):
    """``opened``: {"id": id of a grid}, {"area": code}, {"tab": "sectors"}."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("网格", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._area, self._wanted, self._sector_id, self._past, self._turn = "", "", "", False, 0
        self._lines: list[GridLine] = []
        self._sectors: list[SectorLine] = []
        self._villages: list[tuple[str, str]] = []
        self._sheet: GridSheet | None = None
        self.acts = GridActs(office, jobs, self, self.said.emit, self._load)
        self.tabs = Tabs([(GRIDS, "网格", None), (SECTORS, "行业网格", None)])
        self.tabs.picked.connect(lambda _key: self._load())
        self.add_beside(self.tabs)
        self.areas = FilterButton("村（社区）", [])
        self.areas.picked.connect(self._on_area)
        self.add_quiet(self.areas)
        self.shown = FilterButton("在用的", [("past", "连停用的")])
        self.shown.picked.connect(self._on_past)
        self.add_quiet(self.shown)
        self._may_draw = office.gate.decide("create", "grid", None, own=True).allowed
        if self._may_draw:
            self._draw_button = self.set_primary("新划网格", self.draw, icon="plus")
        self.list = RecordTable(
            [
                Column("name", "网格", stretch=True, least=120, strong=True, sortable=False),
                Column("kind", "类型", 92, role="chip", sortable=False, spare=1),
                Column("households", "户", 56, "right", tone="text-2", sortable=False),
                Column("residents", "人", 64, "right", tone="text-2", sortable=False, spare=2),
            ],
            lambda _offset, _limit, _order: [],
            footer=False,
            empty=EmptyState("layout-grid", "还没有网格", "先按村（社区）划出网格，再把楼栋、房屋划进去。"),
        )
        self.list.current_changed.connect(self._on_current)
        self.sector_list = RecordTable(
            [
                Column("name", "行业网格", stretch=True, least=120, strong=True, sortable=False),
                Column("kind", "条线", 92, role="chip", sortable=False),
                Column("places", "范围", 64, "right", tone="text-2", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="个行业网格",
            empty=EmptyState("sitemap", "还没有行业网格", "应急、消防、河湖长等条线在同样的地方另立的一棵树。"),
        )
        self.sector_list.current_changed.connect(self._on_sector)
        left = Card(flush=True)
        self._left = QStackedWidget()
        self._left.addWidget(self.list)
        self._left.addWidget(self.sector_list)
        left.add(self._left, 1)
        self.sheet = Card(flush=False)
        self.posts = RecordTable(
            [
                Column("post", "岗位", 176, sortable=False),
                Column("name", "姓名", stretch=True, least=96, strong=True, sortable=False),
                Column("phone", "电话", 116, tone="text-2", sortable=False, spare=1),
                Column("unit", "所在单位", 108, tone="text-2", sortable=False, spare=2),
                Column("days", "任期", 208, tone="text-2", sortable=False),
                Column("act", "", 72, "right", "button", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="个岗位",
            empty=EmptyState(
                "user-star", "还没有登记岗位", "网格长、网格员、楼栋长、联户代表等，从哪天到哪天，记在这里。"
            ),
        )
        self.posts.pressed_button.connect(lambda key, _column: self._end_post(str(key)))
        self._posts_card = Card("岗位", flush=True)
        self._posts_card.add(self.posts, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.sheet)
        column.addWidget(self._posts_card, 1)
        self.sector = SectorCard(office, jobs, self)
        self.sector.changed.connect(self._load)
        self.sector.said.connect(self.said)
        self._right = QStackedWidget()
        self._right.addWidget(right)
        self._right.addWidget(self.sector)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(left)
        split.addWidget(self._right)
        split.setStretchFactor(1, 1)
        split.setSizes([theme.current().grown(400), theme.current().grown(740)])
        self.add(split, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [*super().actions, ("覆盖检查", "", lambda: self.go.emit("coverage", {}))]

    def opened(self, args: Mapping[str, Any]) -> None:
        self._wanted = str(args.get("id") or self._wanted)
        tab = str(args.get("tab") or (GRIDS if args.get("id") else self.tabs.now()))
        area, wanted, office = str(args.get("area") or self._area), self._wanted, self._office

        def read() -> tuple[list[tuple[str, str]], str]:
            held = villages(office)
            grid = office.store.get("grid", wanted) if wanted else None
            if len(held) <= _VILLAGES:
                return held, area
            # Of a whole county one village at a time: the one asked for, or the first.
            return held, grid.area if grid is not None else area or held[0][0]

        self._jobs.run(read, lambda found: self._on_villages(*found, tab))
        self.list.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or {"grid", "grid_post", "dwelling", "sector_grid", "sector_place"} & set(changed):
            self._load()

    # -- the list ---------------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        self._turn += 1
        turn, area, past, office = self._turn, self._area, self._past, self._office
        sectors = self.tabs.now() == SECTORS
        self._right.setCurrentIndex(1 if sectors else 0)
        self._left.setCurrentIndex(1 if sectors else 0)
        for widget in (self.areas, self.shown):
            widget.setVisible(not sectors)
        if self._may_draw:
            self._draw_button.set_words("新增行业网格" if sectors else "新划网格")
        if sectors:
            self._jobs.run(lambda: read_sectors(office), lambda found: self._on_sectors(turn, found))
        else:
            self._jobs.run(lambda: read_grids(office, area, past=past), lambda found: self._on_grids(turn, found))

    def _on_grids(self, turn: int, lines: list[GridLine]) -> None:
        if turn != self._turn:
            return
        self._lines = lines
        rows: list[Any] = []
        village = None
        for line in lines:
            if line.village != village and len(lines) <= _GROUPED:
                village = line.village
                rows.append(Group(village))
            rows.append(self._grid_row(line))
        self.list.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        wanted = self._wanted or (lines[0].record.id if lines else "")
        at = next((n for n, row in enumerate(rows) if not isinstance(row, Group) and row["id"] == wanted), -1)
        if at < 0:
            at = next((n for n, row in enumerate(rows) if not isinstance(row, Group)), -1)
        if at >= 0:
            self.list.go_to(at)
            self._on_current(rows[at]["id"])
        else:
            self._show_nothing()

    def _grid_row(self, line: GridLine) -> dict[str, Any]:
        form, values = self._office.forms["grid"], line.record.values
        name = "　" * line.depth + str(values.get("name") or "")
        ended = bool(values.get("valid_to"))
        kind = form.show("grid_kind", values.get("grid_kind"))
        return {
            "id": line.record.id,
            "name": Cell(name, tone="text-3" if ended else "", strong=not ended),
            "kind": State("已停用", "grey", "archive")
            if ended
            else State(kind or "网格", "blue" if line.depth == 0 else "grey"),
            "households": f"{line.tally.households:,}" if line.tally.households else "",
            "residents": f"{line.tally.residents:,}" if line.tally.residents else "",
        }

    def _on_sectors(self, turn: int, lines: list[SectorLine]) -> None:
        if turn != self._turn:
            return
        self._sectors = lines
        form = self._office.forms["sector_grid"]
        rows = [
            {
                "id": line.record.id,
                "name": "　" * line.depth + str(line.record.values.get("name") or ""),
                "kind": State(form.show("sector", line.record.values.get("sector")), "blue"),
                "places": f"{line.places} 处" if line.places else "",
            }
            for line in lines
        ]
        self.sector_list.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        if rows:
            at = next((n for n, row in enumerate(rows) if row["id"] == self._sector_id), 0)
            self.sector_list.go_to(at)
            self.sector_list.view.setFocus()
            self._on_sector(rows[at]["id"])
        else:
            self.sector.show_sector(None)

    def _on_current(self, key: object) -> None:
        if key:
            self._wanted = str(key)
            wanted = self._wanted
            self._jobs.run(lambda: read_sheet(self._office, wanted), self._on_sheet)

    def _on_sector(self, key: object) -> None:
        found = next((line for line in self._sectors if line.record.id == key), None)
        self._sector_id = str(key or "")
        self.sector.show_sector(found.record if found else None)

    def _on_villages(self, found: list[tuple[str, str]], area: str, tab: str) -> None:
        self._villages = found
        self.areas.show_choices(found)
        wanted = self._wanted
        self.areas.pick(area or None)
        self._wanted = wanted
        if tab != self.tabs.now():
            self.tabs.pick(tab)
        else:
            self._load()

    def _on_area(self, key: object) -> None:
        self._area, self._wanted = str(key or ""), ""
        self._load()

    def _on_past(self, key: object) -> None:
        self._past = key == "past"
        self._load()

    # -- the sheet --------------------------------------------------------------------------------------------------------------

    def _show_nothing(self) -> None:
        self._sheet = None
        self.sheet.clear()
        self.sheet.add(words("没有选中网格", tone="text-3"))
        self.posts.show_rows(0, lambda _offset, _limit, _order: [])

    def _on_sheet(self, sheet: GridSheet) -> None:
        if sheet.record.id != self._wanted:
            return
        self._sheet = sheet
        record, form = sheet.record, self._office.forms["grid"]
        values = record.values
        self.sheet.clear()
        chip = Chip(
            State("已停用", "grey", "archive")
            if values.get("valid_to")
            else State(form.show("grid_kind", values.get("grid_kind")) or "网格", "blue")
        )
        acts = [chip, Elided(str(values.get("name") or ""), "16", strong=True), None]
        line = self.sheet.add_line(*acts, *self._buttons(record))
        line.setSpacing(8)
        self.sheet.add(Facts(self._facts(sheet), columns=2, label_width=84))
        today = [post for post in sheet.posts if not post.values.get("valid_to")]
        self._posts_card.note.setText(f"现任 {len(today)} 个" if sheet.posts else "")
        rows = [self._post(post) for post in sheet.posts]
        self.posts.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])

    def _facts(self, sheet: GridSheet) -> list[tuple[str, str]]:
        values, tally = sheet.record.values, sheet.tally
        began, ended = str(values.get("valid_from") or ""), str(values.get("valid_to") or "")
        facts = [
            ("编号", str(values.get("code") or "")),
            ("规模", size_text(sheet.buildings, tally)),
            ("启用", f"{began} 至 {ended}" if ended else began),
            ("挂钩领导", str(values.get("linked_leader") or "")),
            ("联系单位", str(values.get("linked_unit") or "")),
            ("行业网格", "、".join(sheet.sectors)),
        ]
        more = [
            ("上级网格", sheet.upper),
            ("由来", f"从{sheet.came_of}分出" if sheet.came_of else ""),
            ("去向", f"并入{sheet.went_into}" if sheet.went_into else ""),
        ]
        return facts + [pair for pair in more if pair[1]]

    def _buttons(self, record: Record) -> list[Button]:
        story = QMenu(self)
        story.addAction("变动记录", lambda: self._go_life("story"))
        story.addAction("当时住在这里的人", lambda: self._go_life("who"))
        story.addAction("在基础数据里看", lambda: self.go.emit("registry", {"form": "grid", "id": record.id}))
        found = [Button("查看", menu=story, small=True, kind="quiet")]
        if not self._office.gate.decide("edit", "grid", record.area, own=True).allowed:
            return found
        if not record.values.get("valid_to"):
            change = QMenu(self)
            change.addAction("修改网格…", lambda: self.go.emit("record", {"form": "grid", "id": record.id}))
            change.addAction("划出新网格…", self.split)
            change.addAction("并入另一网格…", self.merge)
            change.addAction("移交给别的村（社区）…", self.hand_over)
            found += [Button("任职…", self.appoint, small=True), Button("调整网格", menu=change, small=True)]
        return found

    def _post(self, post: Record) -> dict[str, Any]:
        form, values = self._office.forms["grid_post"], post.values
        ended = bool(values.get("valid_to"))
        tone = "text-3" if ended else ""
        may = not ended and self._office.gate.decide("edit", "grid_post", post.area, own=True).allowed
        return {
            "id": post.id,
            "post": Cell(form.show("post", values.get("post")), tone=tone),
            "name": Cell(str(values.get("name") or ""), tone=tone, strong=not ended),
            "phone": form.show("phone", values.get("phone"), masked=True),
            "unit": str(values.get("unit") or ""),
            "days": f"{values.get('valid_from') or ''} 至{' ' + str(values['valid_to']) if ended else '今'}",
            "act": "离任" if may else "",
        }

    # -- acts -------------------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Ask for a new grid, or a new sector grid where those are shown."""
        if self.tabs.now() == SECTORS:
            self.go.emit("record", {"form": "sector_grid", "area": self._office.session.area})
            return
        uppers = [(line.record.id, str(line.record.values.get("name") or "")) for line in self._lines if not line.depth]
        self.acts.draw(self._villages, self._area, uppers)

    def split(self) -> None:
        """Ask what of the grid goes into a new one."""
        if (sheet := self._sheet) is not None:
            grid = sheet.record
            self._jobs.run(
                lambda: self._office.grids.pieces(grid.id), lambda found: self.acts.split(grid, found[0], found[1])
            )

    def merge(self) -> None:
        """Ask into which grid of the village this one goes."""
        if (sheet := self._sheet) is not None:
            others = [
                (line.record.id, str(line.record.values.get("name") or ""))
                for line in self._lines
                if line.record.area == sheet.record.area
                and line.record.id != sheet.record.id
                and not line.record.values.get("valid_to")
            ]
            self.acts.merge(sheet.record, others)

    def hand_over(self) -> None:
        """Ask to which village the grid goes."""
        if (sheet := self._sheet) is not None:
            self.acts.hand_over(sheet.record, self._villages)

    def appoint(self) -> None:
        """Ask who gets which post."""
        if (sheet := self._sheet) is not None:
            self.acts.appoint(sheet.record, sheet.posts)

    def _end_post(self, key: str) -> None:
        sheet = self._sheet
        post = next((one for one in sheet.posts if one.id == key), None) if sheet is not None else None
        if post is not None:
            self.acts.end_post(post)

    def _go_life(self, tab: str) -> None:
        if self._sheet is not None:
            self.go.emit("life", {"form": "grid", "id": self._sheet.record.id, "tab": tab})


def size_text(buildings: int, tally: Tally) -> str:
    """How much a grid holds, in one line."""
    return f"{buildings} 栋 · {tally.dwellings:,} 处房屋 · {tally.households:,} 户 · {tally.residents:,} 人"
