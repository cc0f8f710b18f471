"""The card beside the map: the place that is looked at, or the dwelling that was clicked, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.schema.record import Record
from ui.pages.map_read import HomeFile, PlaceFile
from ui.pieces.buttons import Button
from ui.pieces.facts import Fact, Facts
from ui.pieces.text import Elided, words

_KINDS = {"county": "县", "township": "乡镇", "village": "村（社区）", "grid": "网格"}


class MapCard(QScrollArea):
    """Signals: ``draw(grid)``, ``remove(grid)``, ``opened(form, id)``, ``dwelling(id)``, ``place(dwelling)``, ``take(dwelling)``."""

    draw = Signal(str)
    remove = Signal(str)
    opened = Signal(str, str)
    dwelling = Signal(str)
    place = Signal(str)
    take = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QVBoxLayout()
        self._begin()

    def show_place(self, file: PlaceFile) -> None:
        """Show a division or a grid."""
        self._begin()
        self._head(file.name, _KINDS.get(file.kind, ""))
        # A number has nowhere to break: where there is no room for it, its tooltip has it whole.
        self._body.addWidget(
            Facts([(label, Elided(value) if value.isdigit() else value) for label, value in file.facts])
        )
        if file.kind == "grid":
            if file.may_draw:
                said = "修改范围" if file.drawn else "勾绘范围"
                self._button(Button(said, lambda: self.draw.emit(file.key), icon="polygon", keys="Ctrl+E"))
                if file.drawn:
                    self._button(Button("去掉范围", lambda: self.remove.emit(file.key), kind="quiet", icon="trash"))
            self._button(
                Button("打开网格", lambda: self.opened.emit("grid", file.key), kind="quiet", icon="layout-grid")
            )
        self._body.addStretch(1)

    def show_dwellings(self, homes: Sequence[Record], total: int) -> None:
        """Show the dwellings at one point, to choose one."""
        self._begin()
        self._head(f"这里有 {total} 处房屋", "")
        for home in homes:
            address = str(home.values.get("address") or "（没有地址）")
            self._button(Button(address, lambda home=home: self.dwelling.emit(home.id), kind="link"))
        if total > len(homes):
            self._body.addWidget(words(f"另有 {total - len(homes)} 处，请放大地图。", "13", "text-3", wrap=True))
        self._body.addStretch(1)

    def show_home(self, file: HomeFile) -> None:
        """Show a dwelling and who lives there."""
        self._begin()
        values, home = file.record.values, file.record.id
        self._head(str(values.get("address") or "（没有地址）"), "房屋")
        facts: list[Fact | tuple[str, str | QWidget | None]] = [("登记网格", file.entered or "没有填")]
        if file.stray is not None:
            facts.append(Fact("位置在", file.found or "网格范围之外", "orange", strong=True))
        lon, lat = values.get("lon"), values.get("lat")
        facts.append(
            ("经纬度", f"{lon:.6f}，{lat:.6f}" if isinstance(lon, float) and isinstance(lat, float) else "没有填")
        )
        self._body.addWidget(Facts(facts))
        if file.may_edit:
            if file.stray is not None and file.found:
                self._button(Button(f"网格改为{file.found}", lambda: self.take.emit(home), icon="check"))
            self._button(
                Button("改正位置" if lon else "点出位置", lambda: self.place.emit(home), kind="quiet", icon="map-pin")
            )
        self._button(Button("打开房屋", lambda: self.opened.emit("dwelling", home), kind="quiet", icon="home"))
        self._families(file)
        self._body.addStretch(1)

    def _families(self, file: HomeFile) -> None:
        self._body.addSpacing(6)
        said = f"住户 {len(file.families)} 户" if file.families else "没有登记住户"
        self._body.addWidget(words(said, "13", "text-3"))
        for family in file.families:
            name = str(family.household.values.get("head_name") or "（没有户主）")
            text = f"{name}　{len(family.members)} 人"
            self._button(
                Button(
                    text, lambda one=family: self.opened.emit("household", one.household.id), kind="link", icon="users"
                )
            )

    def _begin(self) -> None:
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._body = QVBoxLayout(inner)
        self._body.setContentsMargins(12, 10, 12, 12)
        self._body.setSpacing(8)
        self.setWidget(inner)

    def _head(self, name: str, kind: str) -> None:
        if kind:
            self._body.addWidget(words(kind, "12", "text-3"))
        self._body.addWidget(words(name, "16", strong=True, wrap=True))

    def _button(self, button: Button) -> None:
        self._body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
