"""The registry: places at the left, their households in the middle, the person at the right, and finding anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget

from app.services.registry import Place
from app.store.search import Hit
from ui import theme
from ui.page import Page
from ui.pages.paper_dialog import MakeWorker, Papers
from ui.pages.person_card import PersonCard, care_args
from ui.pages.registry_families import FamilyView
from ui.pages.registry_foot import RegistryFoot
from ui.pages.registry_hits import HitLine
from ui.pages.registry_open import read_open
from ui.pages.registry_read import (
    FORMS,
    Found,
    Households,
    Row,
    read_children,
    read_households,
    read_person,
    read_way,
)
from ui.pages.registry_tree import PlaceTree
from ui.pieces.breadcrumb import Breadcrumb
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.filters import SearchField

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class RegistryPage(Page):
    """基础数据. ``opened``: {"find": text}, {"form": "resident", "id": id} goes there."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker | None = None) -> None:
        super().__init__("基础数据", dense=True)
        self.papers = Papers(self, office, worker, lambda told: self.said.emit(told, None)) if worker else None
        self._office, self._jobs = office, jobs
        self._place: Place | None = None
        self._only = ""
        self._turn = 0
        self._first = True
        self._wanted = ("", "")
        self.families = FamilyView()
        self.crumbs = Breadcrumb()
        self.crumbs.went.connect(lambda key: self.tree.go_to(str(key)))
        self.add_beside(self.crumbs)
        self._add_actions()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(self._left())
        split.addWidget(self._middle())
        self.card = PersonCard(office, jobs)
        self.card.edit.connect(lambda form, record_id: self.go.emit("record", {"form": form, "id": record_id}))
        self.card.add_member.connect(self._new_member)
        self.card.register_care.connect(lambda who, area: self.go.emit("record", care_args(who, area)))
        self.card.visit.connect(lambda home: self.go.emit("visits", {"household": home}))
        self.card.go_to.connect(self._on_dealing)
        self.card.story.connect(lambda form, key: self.go.emit("life", {"form": form, "id": key}))
        self.card.acted.connect(self._on_acted)
        split.addWidget(self.card)
        split.setStretchFactor(1, 1)
        self._split = split
        self._measured_narrow = False
        self._measure()
        self.add(split, 1)
        self._key("F2", self._edit)
        self._key("F3", self._go_on_with_household)
        self._load_roots()

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        more: list[tuple[str, str, Callable[[], object]]] = [("整户录入", "F3", self._go_on_with_household)]
        more += [("新增居民", "", lambda: self._new_member("")), ("从 Excel 导入住户", "", self._import)]
        if self._may("create", "dwelling"):
            more.append(("新增房屋", "", self._new_dwelling))
        return [*super().actions, *(more if self._may("create", "resident") else [])]

    def opened(self, args: Mapping[str, Any]) -> None:
        first, self._first = self._first, False
        if not first:
            self.refresh(())  # what was saved on another page shows when one comes back
        if args.get("id"):
            self._go_to_hit(Hit(str(args.get("form") or "resident"), str(args["id"]), "", "", 1.0))
        elif args.get("find"):
            self.search.setText(str(args["find"]))
        (self.search if first or args.get("find") else self.families).setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if changed and not set(changed) & {*FORMS, "visit", "event"}:
            return
        row = self.families.current_row()
        if row is not None:
            self._wanted = (
                (row.id, "") if row.form == "household" else ((self.families.current_home() or row).id, row.id)
            )
        if not changed or set(changed) & {"grid", "building", "dwelling"}:
            self._load_roots()
        elif self._place is not None:
            self._load(self._place, self._only)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()

    def _measure(self) -> None:
        """The widths of the look in force; places have short names, the tree keeps its px while there is room."""
        look = theme.current()
        self._foot.setFixedHeight(look.px("footer"))
        width = self._split.width() if self._split.isVisible() else 1154
        person, tree = look.grown(276) + 24, max(look.grown(180), 220) if self.narrow() else 238
        self._split.setSizes([tree, max(width - tree - person, 160), person])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.narrow() != self._measured_narrow:
            self._measured_narrow = self.narrow()
            self._measure()

    # -- building ---------------------------------------------------------------------------------------------------------------

    def _add_actions(self) -> None:
        if self._may("import", "resident"):
            self.add_quiet(Button("从 Excel 导入", self._import, icon="file-import"))
        # What is wanted a few times a day stands behind one button; each has its words in Ctrl+K, too.
        self.more = QMenu()
        if self._may("read", "resident"):
            self._more("居民名单", lambda: self.go.emit("people", {}))
            self._more("网格与岗位", lambda: self.go.emit("grids", {}), "Ctrl+G")
            self._more("单位与场所", lambda: self.go.emit("organizations", {}))
            self._more("覆盖检查", lambda: self.go.emit("coverage", {}))
            self._more("近期变动", self._lately)
            self._more("当时住在这里的人", self._who_lived, "Ctrl+L")
            self._more("比对查重", lambda: self.go.emit("duplicates", {}))
        if self.papers is not None and self._may("document", "resident"):
            self._more("打印选中的人或户", self._print_chosen, "Ctrl+P")
            self._more("打印这处房屋或网格", self._print_place)
        if self._office.leaving.may():
            self._more("离开满期去标识", lambda: self.go.emit("leaving", {}))
        if self._may("create", "dwelling"):
            self._more("新增房屋", self._new_dwelling)
        if self._may("create", "resident"):
            self._more("新增居民", lambda: self._new_member(self._home_id()), "Ctrl+Shift+N")
        if not self.more.isEmpty():
            self.add_quiet(Button("更多", menu=self.more))
        if self._may("create", "household"):
            self.set_primary("新增住户", self._new_household, icon="plus")

    def _more(self, text: str, on: Callable[[], object], keys: str = "") -> None:
        """One more thing behind 更多; its *keys* work while the page shows."""
        action = self.more.addAction(text)
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)
        action.triggered.connect(lambda _on=False: on())

    def _print_chosen(self) -> None:
        if self.papers is not None and self.card.file is not None:
            self.papers.ask(self.card.file.record)
        else:
            self.said.emit("先在中间的表里选一户或一个人，再打印。", None)

    def _print_place(self) -> None:
        place, papers = self._place, self.papers
        if papers is None or place is None or place.kind not in ("dwelling", "grid"):
            self.said.emit("先在左边选一处房屋或一个网格，再打印。", None)
            return
        self._jobs.run(lambda: self._office.records.get(place.kind, place.key), papers.ask)

    def _left(self) -> Card:
        card = Card("辖区", flush=True, actions=[IconButton("map-2", "在地图上看", self._on_map, small=True)])
        self.tree = PlaceTree(lambda place, show: self._jobs.run(lambda: read_children(self._office, place), show))
        self.tree.picked.connect(self._load)
        card.add(self.tree, 1)
        card.setMinimumWidth(160)
        return card

    def _middle(self) -> Card:
        card = Card(flush=True)
        self.search = SearchField("姓名、拼音首字母、号码末几位、地址", 300)
        self.search.searched.connect(self._on_searched)
        self.hit_line = HitLine()
        self.hit_line.went.connect(self._go_to_hit)
        self.hit_line.left.connect(self.families.setFocus)
        self.search.left_down.connect(self.hit_line.next)
        self.search.returnPressed.connect(self.families.setFocus)
        line = card.add_line(self.search, None)
        line.setContentsMargins(12, 8, 12, 8)
        card.add(self.hit_line)
        card.add_rule()
        self.families.current_changed.connect(self._on_row)
        self.families.opened.connect(self._on_opened_row)
        self.families.typed.connect(lambda text: (self.search.setFocus(), self.search.setText(text)))
        self._empty = EmptyState("home", "这里还没有住户", "从 Excel 导入花名册，或逐户登记。", *self._first_steps())
        self.pages = QStackedWidget()
        self.pages.addWidget(self.families)
        self.pages.addWidget(self._empty)
        card.add(self.pages, 1)
        self._foot = RegistryFoot()
        self.count = self._foot.count
        card.add(self._foot)
        return card

    def _first_steps(self) -> list[Button]:
        steps = []
        if self._may("import", "resident"):
            steps.append(Button("从 Excel 导入", self._import, icon="file-import"))
        if self._may("create", "household"):
            steps.append(Button("新增住户", self._new_household))
        return steps

    def _key(self, keys: str, on: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(on)

    # -- places and households --------------------------------------------------------------------------------------------------

    def _load_roots(self) -> None:
        open_keys = self.tree.loaded()
        here = self._place.key if self._place else ""
        self._jobs.run(lambda: read_open(self._office, open_keys), lambda found: self._on_roots(*found, here))

    def _on_roots(self, roots: Sequence[Place], way: Sequence[tuple[Place, Sequence[Place]]], here: str) -> None:
        self.tree.show_roots(roots)
        self.tree.open_way(way)
        if here and self.tree.go_to(here, quiet=True):
            self._load(self.tree.current() or roots[0], self._only)
        elif roots and self._place is None:
            self.tree.go_to(roots[0].key)

    def _load(self, place: Place, only: str = "") -> None:
        self._place, self._only = place, only
        self._turn += 1
        turn = self._turn
        self.crumbs.show_steps([(step.name, step.key) for step in self.tree.way()])
        self._jobs.run(
            lambda: read_households(self._office, place, 0, only), lambda found: self._on_households(turn, found)
        )

    def _on_households(self, turn: int, found: Households) -> None:
        if turn != self._turn:
            return
        place = self._place

        def more(offset: int, show: Callable[[Households], None]) -> None:
            if place is not None:
                self._jobs.run(lambda: read_households(self._office, place, offset), show)

        self.families.families.show(found, None if self._only else more)
        self.pages.setCurrentIndex(0 if found.rows else 1)
        unit = "人" if place is not None and place.kind == "unplaced" else "户"
        self.count.setText(f"{found.total:,} {unit}" + (f" {found.note}" if found.note else ""))
        household, resident = self._wanted
        self._wanted = ("", "")
        if (household or resident) and self.families.go_to(household, resident):
            return
        if found.rows:
            self.families.setCurrentIndex(self.families.families.index(0, 0))
        else:
            self.card.show_nothing()

    def _on_row(self, row: Row | None) -> None:
        if row is None:
            self.card.show_nothing()
            return
        form, record_id = row.form, row.id
        if form == "household" and row.members and row.members[0].cells[1] == "户主":
            form, record_id = "resident", row.members[0].id
        self._jobs.run(lambda: read_person(self._office, form, record_id), lambda file: self._on_person(row, file))

    def _on_person(self, row: Row, file: Any) -> None:
        now = self.families.current_row()
        if now is not None and now.id == row.id:
            self.card.show_file(file)

    def _on_opened_row(self, row: Row | None) -> None:
        if row is not None and row.form == "resident":
            self.go.emit("person", {"id": row.id})
        elif row is not None:
            self.go.emit("record", {"form": "household", "id": row.id})

    # -- finding ----------------------------------------------------------------------------------------------------------------

    def _on_searched(self, text: str) -> None:
        if not text:
            self.hit_line.show_hits((), "")
            return
        self._jobs.run(lambda: self._office.registry.find(text, forms=FORMS), lambda hits: self._on_hits(text, hits))

    def _on_hits(self, text: str, hits: Sequence[Hit]) -> None:
        if text == self.search.text().strip():
            self.hit_line.show_hits(hits, text)

    def _go_to_hit(self, hit: Hit) -> None:
        self._jobs.run(lambda: read_way(self._office, hit), self._on_found)

    def _on_found(self, found: Found) -> None:
        self.tree.open_way(found.way)
        if found.place is None:
            return
        self._wanted = (found.household, found.resident)
        self.tree.go_to(found.place.key, quiet=True)
        # A whole village is read page by page: a household without a dwelling is shown alone.
        wide = found.place.kind in ("county", "township", "village", "community", "grid")
        self._load(found.place, found.household if wide or found.alone else "")

    # -- doing ------------------------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        row = self.families.current_row()
        if row is not None:
            self.go.emit("record", {"form": row.form, "id": row.id})

    def _home_id(self) -> str:
        home = self.families.current_home()
        return home.id if home is not None and home.form == "household" else ""

    def _new_household(self) -> None:
        place = self._place
        preset = {"dwelling": place.key} if place is not None and place.kind == "dwelling" else {}
        self.go.emit("household_entry", {**preset, "area": self._village()})

    def _go_on_with_household(self) -> None:
        home = self.families.current_home()
        if home is not None and home.form == "household" and self._may("create", "resident"):
            self.go.emit("household_entry", {"household": home.id})

    def _new_dwelling(self) -> None:
        place = self._place
        preset = {place.kind: place.key} if place is not None and place.kind in ("building", "grid") else {}
        self.go.emit("record", {"form": "dwelling", "preset": preset, "area": self._village()})

    def _new_member(self, household: str) -> None:
        preset = {"household": household} if household else {}
        self.go.emit("record", {"form": "resident", "preset": preset, "area": "" if household else self._village()})

    def _on_map(self) -> None:
        """The map at the place that is looked at, else at the nearest above it that lies on a map."""
        on_map = ("county", "township", "village", "community", "grid", "dwelling")
        place = next((step for step in reversed(self.tree.way()) if step.kind in on_map), None)
        if place is None:
            self.go.emit("map", {})
        else:
            self.go.emit("map", {"dwelling" if place.kind == "dwelling" else "grid": place.key})

    def _village(self) -> str:
        known = next((p for p in reversed(self.tree.way()) if p.kind in ("village", "community")), None)
        return known.area if known is not None else ""

    def _import(self) -> None:
        self.go.emit("import", {"form": "resident", "area": self._village()})

    def _lately(self) -> None:
        """What moved lately in the village or township that is chosen."""
        area = self._place.area if self._place is not None else ""
        self.go.emit("life", {"area": area or self._office.session.area})

    def _who_lived(self) -> None:
        """Who lived in the place that is chosen, on a day; of a village, in the household that is current."""
        place = self._place
        if place is not None and place.kind in ("grid", "building", "dwelling"):
            self.go.emit("life", {"form": place.kind, "id": place.key, "tab": "who"})
        elif home := self._home_id():
            self.go.emit("life", {"form": "household", "id": home, "tab": "who"})

    def _on_acted(self, text: str, undo: object) -> None:
        self.said.emit(text, undo)
        self.refresh(("resident", "household"))

    def _on_dealing(self, kind: str, record_id: str) -> None:
        if kind == "event":
            self.go.emit("case", {"id": record_id})
        else:
            self.go.emit("visits", {"id": record_id})

    def _may(self, action: str, form: str) -> bool:
        return self._office.gate.decide(action, form, None, own=True).allowed
