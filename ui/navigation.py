"""The navigation at the left: the rooms of the house, with counts of what waits for me."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui import icons, theme
from ui.pieces.keys import with_keys


@dataclass(frozen=True)
class Place:
    """One entry: the page's name, its words, its Tabler icon, its pinyin initials. *last* stands at the bottom."""

    name: str
    text: str
    icon: str
    initials: str = ""
    last: bool = False


PLACES = (
    Place("desk", "工作台", "home", "gzt"),
    Place("registry", "基础数据", "address-book", "jcsj"),
    Place("events", "事件", "clipboard-list", "sj"),
    Place("mediation", "矛盾调解", "users", "mdtj"),
    Place("visits", "走访巡查", "walk", "zfxc"),
    Place("ledgers", "台账", "notebook", "tz"),
    Place("duty", "值班零报", "sun", "zblb"),
    Place("meetings", "会议研判", "messages", "hyyp"),
    Place("reports", "统计报表", "chart-bar", "tjbb"),
    Place("sync", "同步", "refresh", "tb"),
    Place("settings", "设置", "settings", "sz", last=True),
)


@dataclass(frozen=True)
class Door:
    """Something that stands on a page and is looked for by its own words: the words, the page, their pinyin initials.

    *makes*: the form of which it begins a record there; offered to who may make one.
    """

    text: str
    page: str
    initials: str
    icon: str = "bolt"
    makes: str = ""


DOORS = (
    Door("用 U 盘收发", "sync", "upsf", "device-usb"),
    Door("登记住户", "household_entry", "djzh", "home-plus"),
    Door("从 Excel 导入花名册", "import", "cexceldrhmc", "file-import"),
    Door("居民名单", "people", "jmmd", "list-details"),
    Door("新增走访", "visits", "xzzf", "walk", makes="visit"),
    Door("网格与岗位", "grids", "wgygw", "layout-grid"),
    Door("覆盖检查", "coverage", "fgjc", "circle-check"),
    Door("单位与场所", "organizations", "dwycs", "building-store"),
    Door("领导包案", "patrons", "ldba", "user-star"),
    Door("重复事项", "repeats", "cfsx", "repeat"),
    Door("吹哨报到台账", "whistles", "csbdtz", "speakerphone"),
    Door("领导接访", "receptions", "ldjf", "calendar-event"),
    Door("定期清零会", "meetings", "dqqlh", "messages"),
    Door("比对查重", "duplicates", "bdcc", "users"),
    Door("离开满期去标识", "leaving", "lkmqqbs", "user-off"),
    Door("登记个人信息申请", "data_request", "djgrxxsq", "file-text"),
)


class Navigation(QWidget):
    """``Navigation(PLACES)``. Signal ``picked(name)``; collapses to icons with `collapse`."""

    picked = Signal(str)
    collapsed_changed = Signal(bool)

    def __init__(self, places: Sequence[Place] = PLACES) -> None:
        super().__init__()
        self.setObjectName("navigation")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.collapsed = False
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 8)
        whole.setSpacing(0)
        self.brand = _Brand()
        whole.addWidget(self.brand)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(8, 8, 8, 0)
        self._column.setSpacing(2)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        whole.addWidget(scroll, 1)
        self.brand.clicked.connect(self.toggle)
        folding = QShortcut(QKeySequence("Ctrl+B"), self)
        folding.activated.connect(self.toggle)
        self._items: dict[str, _Item] = {}
        number = 0
        for place in places:
            if place.last:
                self._column.addStretch(1)
            else:
                number += 1
            item = _Item(place, f"Ctrl+{number}" if not place.last and number <= 9 else "")
            item.clicked.connect(lambda _checked=False, name=place.name: self.picked.emit(name))
            self._items[place.name] = item
            self._column.addWidget(item)
        self._fit()

    def show_current(self, name: str) -> None:
        """Mark the entry *name*; an unknown name marks none."""
        for key, item in self._items.items():
            item.setChecked(key == name)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show what waits for me behind the names; 0 shows nothing. Names left out keep their count."""
        for name, count in counts.items():
            self._items[name].count = count
            self._items[name].update()

    def show_fresh(self, name: str, count: int) -> None:
        """Show beside the count of *name* how many reminders are new; 0 shows nothing."""
        if name in self._items:
            self._items[name].show_fresh(count)

    def collapse(self, collapsed: bool) -> None:
        """Show icons alone, or words too."""
        if collapsed != self.collapsed:
            self.collapsed = collapsed
            self._fit()
            self.collapsed_changed.emit(collapsed)

    def toggle(self) -> None:
        """Collapse, or open again."""
        self.collapse(not self.collapsed)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        look = theme.current()
        self.setFixedWidth(look.px("nav-collapsed") if self.collapsed else look.px("nav-width"))
        self.brand.setFixedHeight(look.px("top-bar"))
        for item in (self.brand, *self._items.values()):
            item.collapsed = self.collapsed
            item.updateGeometry()
            item.update()
        self.brand.setToolTip(with_keys("展开导航" if self.collapsed else "收起导航", "Ctrl+B"))


class _Brand(QAbstractButton):
    def __init__(self) -> None:
        super().__init__()
        self.collapsed = False
        self.setAccessibleName("收起或展开导航")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(36, theme.current().px("top-bar"))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = 22
        box = QRect((self.width() - side) // 2 if self.collapsed else 16, (self.height() - side) // 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("primary"))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(look.colour("on-primary"))
        font = look.font("fs-12", True)
        font.setPixelSize(13)
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "乡")
        if not self.collapsed:
            painter.setFont(look.font("fs-16", True))
            painter.setPen(look.colour("text"))
            painter.drawText(self.rect().adjusted(46, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, "乡治通")
            if self.underMouse() or self.hasFocus():
                spot = QRect(self.width() - 32, (self.height() - 16) // 2, 16, 16)
                icons.paint(painter, spot, "layout-sidebar-left-collapse", "text-3")


class _Item(QAbstractButton):
    def __init__(self, place: Place, keys: str) -> None:
        super().__init__()
        self._place, self._tip = place, with_keys(place.text, keys)
        self.count = self.fresh = 0
        self.collapsed = False
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setText(place.text)
        self.setToolTip(self._tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_fresh(self, count: int) -> None:
        """So many reminders are new."""
        self.fresh = count
        told = f"{count} 条新提醒" if count else ""
        self.setToolTip(f"{self._tip} · {told}" if told else self._tip)
        self.setAccessibleDescription(told)
        self.update()

    def nextCheckState(self) -> None:
        """The window decides which entry is marked."""

    def sizeHint(self) -> QSize:
        return QSize(36, theme.current().px("nav-item"))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        here = self.isChecked()
        framed = self.hasFocus()
        ground = look.colour("surface" if here else "hover") if here or self.underMouse() else Qt.BrushStyle.NoBrush
        painter.setPen(QPen(look.colour("focus"), 2) if framed else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1) if framed else self.rect(), 6, 6)
        if here:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("primary"))
            painter.drawRoundedRect(QRect(0, self.height() // 4, 3, self.height() // 2), 1.5, 1.5)
        ink = "primary-text" if here else "text-2"
        side = look.px("icon-nav") if not self.collapsed else 20
        left = (self.width() - side) // 2 if self.collapsed else 8
        icons.paint(painter, QRect(left, (self.height() - side) // 2, side, side), self._place.icon, ink)
        if self.collapsed:
            if self.count:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.colour("primary"))
                painter.drawEllipse(QRect(self.width() - 10, 5, 6, 6))
            return
        painter.setPen(look.colour(ink))
        painter.setFont(look.font("fs", here))
        painter.drawText(self.rect().adjusted(8 + side + 10, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        right = self.width() - 8
        painter.setFont(look.font("fs-12", here))
        if self.count:
            painter.setPen(look.colour("primary-text" if here else "text-3"))
            right = self._figure(painter, self.count, right) - 8
        if self.fresh:
            painter.setPen(look.colour("orange"))
            left = self._figure(painter, self.fresh, right)
            icons.paint(painter, QRect(left - 16, (self.height() - 14) // 2, 14, 14), "bell", "orange")

    def _figure(self, painter: QPainter, count: int, right: int) -> int:
        """Write *count* so that it ends at *right*; where it begins."""
        figure = str(count) if count < 1000 else "999+"
        width = QFontMetrics(painter.font()).horizontalAdvance(figure)
        painter.drawText(QRect(right - width, 0, width + 4, self.height()), Qt.AlignmentFlag.AlignVCenter, figure)
        return right - width
