"""The map: places at the left, grids and dwellings in the middle, the place looked at and what does not agree at the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from app.rules.mercator import plane
from app.services.registry import Place
from ui import theme
from ui.forms.reason import ask_reason
from ui.map.findings import Key
from ui.page import Page
from ui.pages.map_agreeing import MapAgreeing
from ui.pages.map_drawing import MapDrawing
from ui.pages.map_files import MapFiles, ask_file, ask_target
from ui.pages.map_ground import MapGround
from ui.pages.map_middle import MapMiddle
from ui.pages.map_placing import MapPlacing
from ui.pages.map_read import (
    CheckFile,
    MapFile,
    Read,
    make_map,
    read_check,
    read_ground,
    read_home,
    read_homes,
    read_place,
    read_way_to,
)
from ui.pages.map_side import MapSide
from ui.pages.registry_read import read_children, read_roots
from ui.pages.registry_tree import PlaceTree
from ui.pieces.breadcrumb import Breadcrumb
from ui.pieces.buttons import Button
from ui.pieces.card import Card

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_FORMS = {"grid", "grid_shape", "building", "dwelling"}
_ON_MAP = ("county", "township", "village", "community", "grid")


class MapPage(Page):
    """地图. ``opened``: {"grid": id} or {"dwelling": id} goes there, {"draw": grid id} begins to draw."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        *,
        pick: Callable[[QWidget], str] = ask_file,
        target: Callable[[QWidget], str] = ask_target,
    ) -> None:
        super().__init__("地图", dense=True)
        self._office, self._jobs = office, jobs
        self.files = MapFiles(office, jobs, self, self.go.emit, self.said.emit, pick, target)
        self._file: MapFile | None = None
        self._checked = False
        self._place: tuple[str, str] = ("", "")
        self._wanted: dict[str, str] = {}
        self._roots: list[Place] = []
        self._turn = 0
        self.middle = MapMiddle(self.files.bring_in if self._may("import", "grid_shape") else None)
        self.canvas, self.strip = self.middle.canvas, self.middle.strip
        self.drawing = MapDrawing(office, jobs, self.canvas, self.strip, self._on_drawn, self.said.emit)
        self.ground = MapGround(office, jobs, self.canvas, self.go.emit, self.said.emit, self._on_ground)
        self.placing = MapPlacing(office, jobs, self.middle, self.said.emit, self._has_place, self._load)
        self.crumbs = Breadcrumb()
        self.crumbs.went.connect(lambda key: self._go_to(str(key)))
        self.add_beside(self.crumbs)
        self._add_actions()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        self.side = MapSide()
        self.card, self.findings, self.tabs = self.side.card, self.side.findings, self.side.tabs
        self.agreeing = MapAgreeing(office, jobs, self.side, self.said.emit, self._load)
        for part in (self._left(), self.middle, self.side):
            split.addWidget(part)
        split.setStretchFactor(1, 1)
        self._split = split
        self._narrow_then: bool | None = None
        self.add(split, 1)
        self._connect()
        self._load()
        self.ground.load()

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        more: list[tuple[str, str, Callable[[], object]]] = [("地图：看全部", "", lambda: self._go_to(""))]
        if self._may("import", "grid_shape"):
            more.append(("导入网格范围（GeoJSON）", "", self.files.bring_in))
        if self._may("export", "grid_shape"):
            more.append(("导出网格范围（GeoJSON）", "", self.files.take_out))
        return [*super().actions, *more]

    def opened(self, args: Mapping[str, Any]) -> None:
        self._wanted = {key: str(value) for key, value in args.items() if value}
        if self._wanted.pop("underlay", ""):
            self.ground.load()
        if self._file is not None:
            self._load()
        self.canvas.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or set(changed) & _FORMS:
            self._load()

    def leaving(self) -> None:
        self.drawing.keep()

    def escape(self) -> bool:
        if self.placing.active:
            self.placing.end()
            return True
        if self.drawing.active:
            self.drawing.put_down()
            return True
        if self.canvas.focus_key:
            self._go_up()
            return True
        return False

    # -- building ---------------------------------------------------------------------------------------------------------------

    def _add_actions(self) -> None:
        if self._may("import", "grid_shape"):
            self.add_quiet(Button("导入", self.files.bring_in, icon="file-import", tip="从 GeoJSON 导入网格范围"))
        if self._may("export", "grid_shape"):
            self.add_quiet(
                Button("导出", self.files.take_out, kind="quiet", icon="file-export", tip="导出网格范围为 GeoJSON")
            )
        self.add_quiet(
            Button("底图", kind="quiet", icon="photo", menu=self.ground.menu, tip="放在网格下面，只留在本机")
        )

    def _left(self) -> Card:
        card = Card("辖区", flush=True)
        self.tree = PlaceTree(lambda place, show: self._jobs.run(lambda: read_children(self._office, place), show))
        card.add(self.tree, 1)
        card.setMinimumWidth(140)
        self._tree_card = card
        return card

    def _connect(self) -> None:
        self.tree.picked.connect(self._on_tree)
        self.canvas.picked.connect(self._go_to)
        self.canvas.went_up.connect(self._go_up)
        self.canvas.chosen.connect(self._on_chosen)
        self.canvas.entered.connect(lambda home: self._open("dwelling", home))
        self.canvas.dwellings_picked.connect(self._on_dwellings)
        self.findings.pointed.connect(self._on_finding)
        self.findings.opened.connect(self._on_finding_opened)
        self.card.draw.connect(self._draw)
        self.card.remove.connect(self._remove)
        self.card.opened.connect(self._open)
        self.card.dwelling.connect(self._show_home)
        self.card.place.connect(self.placing.begin)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.narrow() != self._narrow_then:
            self._narrow_then = self.narrow()
            self._measure()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()

    def _measure(self) -> None:
        look = theme.current()
        width = self._split.width() if self._split.isVisible() else 1154
        tree, side = (150, look.grown(200)) if self.narrow() else (look.grown(200), look.grown(268))
        # Where a name would have room for one letter, the crumbs and the map itself lead.
        self._tree_card.setVisible(not (self.narrow() and look.large))
        self._split.setSizes([tree, max(width - tree - side, 200), side])
        self.middle.measure()

    # -- the scene --------------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        self._turn += 1
        turn, held = self._turn, self._file if self._checked else None
        self._jobs.run(lambda: read_ground(self._office, held), lambda read: self._on_read(turn, read))
        if self.tree.current() is None:
            self._jobs.run(lambda: read_roots(self._office), self._on_roots)

    def _on_roots(self, roots: Sequence[Place]) -> None:
        self._roots = [place for place in roots if place.kind in _ON_MAP]
        self.tree.show_roots(self._roots)
        if not self._roots:
            return
        top = self._roots[0]
        self._jobs.run(lambda: read_children(self._office, top), lambda below: self.tree.open_way([(top, below)]))
        if not self._place[0] and not self._wanted:
            self.tree.go_to(top.key)

    def _on_read(self, turn: int, read: Read | None) -> None:
        if turn != self._turn:
            return
        if read is None:
            self._go_where_wanted()
        else:
            self._jobs.run(lambda: make_map(read), lambda file: self._on_file(turn, file))

    def _on_file(self, turn: int, file: MapFile) -> None:
        if turn != self._turn:
            return
        self._file, self._checked = file, False
        self.canvas.show_scene(file.scene)
        self._show_middle()
        self._jobs.run(lambda: read_check(self._office, file), lambda check: self._on_check(turn, check))
        self._go_where_wanted()

    def _go_where_wanted(self) -> None:
        wanted, self._wanted = self._wanted, {}
        if wanted.get("draw"):
            self._go_to(wanted["draw"])
            self._draw(wanted["draw"])
        elif wanted.get("grid"):
            self._go_to(wanted["grid"])
        elif wanted.get("dwelling"):
            self._show_home(wanted["dwelling"])
        elif self.canvas.picked_dwelling and self._place[0] == "dwelling":
            self._show_home(self.canvas.picked_dwelling, move=False)
        elif self._place[0] in _ON_MAP:
            self._show_place(*self._place)

    def _on_check(self, turn: int, check: CheckFile) -> None:
        if turn != self._turn:
            return
        self._checked = True
        self.canvas.show_scene(check.scene)
        self.agreeing.show(check)
        if self._place[0] == "dwelling":
            self._show_home(self._place[1], move=False)

    def _on_ground(self) -> None:
        """Another underlay: with nothing else on the map, it is what one looks at."""
        self._show_middle()
        bounds = self.canvas.beneath.bounds() if self.canvas.beneath is not None else None
        if self.canvas.scene.empty and bounds is not None:
            self.canvas.fit(bounds)

    def _show_middle(self) -> None:
        nothing = self.canvas.scene.empty and self.canvas.beneath is None and not self.drawing.active
        self.middle.show_canvas(there=not nothing)

    # -- places -----------------------------------------------------------------------------------------------------------------

    def _on_tree(self, place: Place) -> None:
        if place.kind == "dwelling":
            self._show_home(place.key)
        elif place.kind == "building":
            self._jobs.run(lambda: self._of_building(place.key), self._on_dwellings)
        elif place.kind in _ON_MAP:
            self._show(place.kind, place.key)

    def _of_building(self, key: str) -> list[str]:
        return [home.key for home in self._office.registry.dwellings(key)]

    def _go_to(self, key: str) -> None:
        """Go to a division or a grid, and open the tree as far."""
        if not key:
            # All that is held: the topmost place of the tree, where there is one alone.
            roots = [place.key for place in self._roots]
            if len(roots) != 1 or self.canvas.focus_key == roots[0]:
                self.canvas.look_at("")
                return
            key = roots[0]
        self._show(self._kind(key), key)
        scene = self.canvas.scene
        self._jobs.run(
            lambda: read_way_to(self._office, scene.way(key)[:-1]),
            lambda way: (self.tree.open_way(way.steps), self.tree.go_to(key, quiet=True)),
        )

    def _show(self, kind: str, key: str) -> None:
        self.canvas.picked_dwelling = ""
        self.canvas.look_at(key)
        self._show_place(kind, key)

    def _show_place(self, kind: str, key: str) -> None:
        self._place = (kind, key)
        scene = self.canvas.scene
        held = self._held()
        way = [one for one in scene.way(key) if one in scene.names and (one in held or one == key)]
        self.crumbs.show_steps([(scene.names[one], one) for one in way])
        self.tabs.pick("place")
        self._jobs.run(lambda: read_place(self._office, kind, key), lambda file: self._on_place(file, key))

    def _on_place(self, file: Any, key: str) -> None:
        if self._place[1] == key:
            self.card.show_place(file)

    def _go_up(self) -> None:
        scene = self.canvas.scene
        if self._place[0] == "dwelling":
            self.canvas.picked_dwelling = ""
            self._go_to(self.canvas.focus_key)
            return
        above = scene.parents.get(self.canvas.focus_key, "")
        self._go_to(above if above in self._held() else "")

    def _held(self) -> set[str]:
        return self._file.held(self._office) if self._file else set()

    def _kind(self, key: str) -> str:
        return self._file.kind(key) if self._file else "grid"

    def _on_chosen(self, key: str) -> None:
        self._jobs.run(lambda: read_place(self._office, self._kind(key), key), self.card.show_place)
        self.tabs.pick("place")

    # -- dwellings --------------------------------------------------------------------------------------------------------------

    def _on_dwellings(self, ids: Sequence[str]) -> None:
        if len(ids) == 1:
            self._show_home(ids[0])
        elif ids:
            self.tabs.pick("place")
            self._jobs.run(
                lambda: read_homes(self._office, ids), lambda homes: self.card.show_dwellings(homes, len(ids))
            )

    def _show_home(self, dwelling: str, *, move: bool = True) -> None:
        self._place = ("dwelling", dwelling)
        if move:
            self.canvas.point_at(dwelling)
        if move:
            self.tabs.pick("place")
        findings = self.agreeing.findings
        self._jobs.run(
            lambda: read_home(self._office, dwelling, findings),
            lambda file: self.card.show_home(file) if self._place[1] == dwelling else None,
        )

    def _open(self, form: str, record_id: str) -> None:
        if form == "household":
            self.go.emit("registry", {"form": form, "id": record_id})
        else:
            self.go.emit("record", {"form": form, "id": record_id})

    def _has_place(self, dwelling: str) -> bool:
        return self._file is not None and dwelling in self._file.ground.dwellings.ids

    # -- what does not agree ----------------------------------------------------------------------------------------------------

    def _on_finding(self, key: Key) -> None:
        kind, record_id, lon, lat = key
        if kind == "dwelling":
            self._show_home(record_id)
            self.tabs.pick("check")
        elif kind == "undrawn":
            self._show("grid", record_id)
            self.tabs.pick("check")
        elif kind != "more":
            self.canvas.go_to(*plane(lon, lat), zoom=16.0)

    def _on_finding_opened(self, key: Key) -> None:
        if key[0] == "dwelling":
            self.go.emit("record", {"form": "dwelling", "id": key[1]})
        elif key[0] == "undrawn":
            self._draw(key[1])

    # -- outlines ---------------------------------------------------------------------------------------------------------------

    def _draw(self, grid: str) -> None:
        self.middle.show_canvas()
        self.drawing.begin(grid)

    def _on_drawn(self, grid: str) -> None:
        self._place = ("grid", grid)
        self._load()

    def _remove(self, grid: str) -> None:
        name = self.canvas.scene.names.get(grid, "")
        ask_reason(
            self,
            f"去掉“{name}”的范围",
            "网格和房屋的登记不受影响；以后再勾绘即可恢复。",
            "去掉范围",
            lambda reason: self._jobs.run(
                lambda: self._office.maps.remove(grid, reason), lambda _done: self._on_drawn(grid)
            ),
            ("画错了", "网格已调整"),
        )

    def _may(self, action: str, form: str) -> bool:
        return self._office.gate.decide(action, form, None, own=True).allowed
