"""The tree of places: villages, grids, buildings and dwellings, each level read when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from app.services.registry import Place
from ui import icons, theme

_ROLE = Qt.ItemDataRole.UserRole + 1
_ICONS = {
    "county": "map",
    "township": "building-community",
    "village": "home-heart",
    "community": "building-community",
    "grid": "layout-grid",
    "building": "building",
    "dwelling": "home",
    "no_grid": "home-question",
    "no_building": "home-question",
    "unplaced": "user-question",
}
# children(place, show): show([Place…]) later, on the GUI thread.
Children = Callable[[Place, Callable[[Sequence[Place]], None]], object]


class PlaceTree(QTreeView):
    """``PlaceTree(children)``. Signal ``picked(Place)`` when another place becomes the current one."""

    picked = Signal(object)

    def __init__(self, children: Children) -> None:
        super().__init__()
        self._children = children
        self._items: dict[str, QStandardItem] = {}
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(theme.current().grown(14))
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("辖区")
        self.expanded.connect(self._on_expanded)
        self._quiet = False
        self.selectionModel().currentChanged.connect(self._on_current)

    def show_roots(self, places: Sequence[Place]) -> None:
        """Begin anew with the topmost *places*."""
        self._items.clear()
        self._model.clear()
        for place in places:
            self._add(self._model.invisibleRootItem(), place)

    def current(self) -> Place | None:
        """The current place."""
        return self.currentIndex().data(_ROLE) if self.currentIndex().isValid() else None

    def way(self) -> list[Place]:
        """The places from the top down to the current one."""
        found, index = [], self.currentIndex()
        while index.isValid():
            found.insert(0, index.data(_ROLE))
            index = index.parent()
        return found

    def go_to(self, key: str, *, quiet: bool = False) -> bool:
        """Make the place *key* the current one if it is here; *quiet* tells nobody."""
        item = self._items.get(key)
        if item is None:
            return False
        self._quiet = quiet
        self.setCurrentIndex(item.index())
        self._quiet = False
        self.scrollTo(item.index())
        return True

    def open_way(self, way: Sequence[tuple[Place, Sequence[Place]]]) -> None:
        """Fill and open each place of *way*, which leads from the top downwards."""
        for place, children in way:
            item = self._items.get(place.key)
            if item is None:
                return
            self._fill(item, children)
            self.expand(item.index())

    def loaded(self) -> list[str]:
        """The keys of the places that are open now, from the top down."""
        return [key for key, item in self._items.items() if self.isExpanded(item.index())]

    def _add(self, parent: QStandardItem, place: Place) -> None:
        item = QStandardItem(place.name)
        item.setData(place, _ROLE)
        item.setToolTip(place.name)
        if place.kind not in ("dwelling", "unplaced"):
            # A child that waits: with it the arrow shows, and opening reads the real ones.
            waiting = QStandardItem("正在读取…")
            waiting.setEnabled(False)
            item.appendRow(waiting)
        parent.appendRow(item)
        self._items[place.key] = item

    def _on_expanded(self, index: QModelIndex) -> None:
        item = self._model.itemFromIndex(index)
        place: Place = item.data(_ROLE)
        if self._waits(item):
            self._children(place, lambda found: self._on_children(place.key, found))

    def _on_children(self, key: str, found: Sequence[Place]) -> None:
        item = self._items.get(key)
        if item is not None:
            self._fill(item, found)

    def _fill(self, item: QStandardItem, children: Sequence[Place]) -> None:
        if not self._waits(item):
            return
        item.removeRows(0, item.rowCount())
        for child in children:
            self._add(item, child)

    def _waits(self, item: QStandardItem) -> bool:
        return item.rowCount() == 1 and item.child(0).data(_ROLE) is None

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        place = now.data(_ROLE)
        if place is not None and not self._quiet:
            self.picked.emit(place)


def figure(place: Place) -> str:
    """The count behind a place's name."""
    tally = place.tally
    if place.kind == "dwelling":
        # One household is what a dwelling has; its name needs the room more.
        return f"{tally.households} 户" if tally.dwellings and tally.households != 1 else ""
    if place.kind == "building":
        return f"{tally.households} 户"
    if place.kind in ("no_grid", "no_building"):
        return f"{tally.dwellings} 处"
    return (
        f"{tally.residents:,}" + (" 人" if place.kind in ("township", "county", "unplaced") else "")
        if tally.residents
        else ""
    )


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(60, theme.current().px("tree-row"))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look = theme.current()
        place: Place | None = index.data(_ROLE)
        picked = bool(option.state & QStyle.StateFlag.State_Selected)
        rect = option.rect
        painter.save()
        if picked:
            painter.fillRect(rect, look.colour("sel"))
        ink = "primary-text" if picked else "text"
        side = look.px("icon")
        if place is not None:
            spot = QRect(rect.left() + 2, rect.top() + (rect.height() - side) // 2, side, side)
            icons.paint(painter, spot, _ICONS.get(place.kind, "map-pin"), "primary-text" if picked else "text-2")
        room = rect.adjusted(side + 8, 0, -8, 0)
        said = figure(place) if place is not None else ""
        painter.setFont(look.font("fs-13"))
        taken = painter.fontMetrics().horizontalAdvance(said)
        painter.setPen(look.colour("primary-text" if picked else "text-3"))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, said)
        painter.setFont(look.font("fs"))
        painter.setPen(look.colour(ink if place is not None else "text-3"))
        room.setRight(room.right() - taken - 8)
        # The end tells one house from the next: the row of houses, the entrance and the room.
        words = painter.fontMetrics().elidedText(
            str(index.data() or ""), Qt.TextElideMode.ElideLeft, max(room.width(), 0)
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()
