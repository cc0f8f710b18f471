"""The middle of the map's page: what is being done above, the canvas with its zoom buttons, or that nothing is on it yet."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout

from ui.map.canvas import MapCanvas
from ui.pages.map_strip import MapStrip
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState

_EMPTY = "导入网格范围（GeoJSON），或在左边选一个网格自己勾绘。房屋登记了经纬度也会显示在这里。"


class MapMiddle(Card):
    """``canvas``, ``strip`` and ``empty``, which offers *bring_in* where there is one."""

    def __init__(self, bring_in: Callable[[], object] | None) -> None:
        super().__init__(flush=True)
        self.canvas, self.strip = MapCanvas(), MapStrip()
        offers = [Button("导入网格范围", bring_in, icon="file-import")] if bring_in is not None else []
        self.empty = EmptyState("map-2", "地图上还没有内容", _EMPTY, *offers)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.canvas)
        self._pages.addWidget(self.empty)
        self.add(self.strip)
        self.add(self._pages, 1)
        self._zoom = QFrame(self.canvas)
        self._zoom.setObjectName("card")
        line = QVBoxLayout(self._zoom)
        line.setContentsMargins(2, 2, 2, 2)
        line.setSpacing(0)
        for icon, said, on in (
            ("plus", "放大（+）", lambda: self.canvas.step(1)),
            ("minus", "缩小（-）", lambda: self.canvas.step(-1)),
            ("focus-2", "看全（Home）", lambda: self.canvas.look_at(self.canvas.focus_key)),
        ):
            button = IconButton(icon, said, on)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            line.addWidget(button)

    def show_canvas(self, *, there: bool = True) -> None:
        """Show the canvas, or, where nothing is *there*, what to do about it."""
        self._pages.setCurrentWidget(self.canvas if there else self.empty)

    def measure(self) -> None:
        """Put the zoom buttons into their corner, as large as they are now."""
        self._zoom.adjustSize()
        self._zoom.move(12, 12)
