"""Tabs of the title row: ways to look at one list, each with its count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from ui import theme

_PAD = 10


class Tabs(QWidget):
    """``Tabs([("mine", "我的", 12), ("all", "全部", None)])``. Signal ``picked(key)``; left and right arrows move."""

    picked = Signal(str)

    def __init__(self, tabs: Sequence[tuple[str, str, int | None]], now: str = "") -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        self._group = QButtonGroup(self)
        self._tabs: dict[str, _Tab] = {}
        for key, text, count in tabs:
            tab = _Tab(text, count)
            tab.clicked.connect(lambda _checked=False, key=key: self.pick(key))
            self._group.addButton(tab)
            self._tabs[key] = tab
            line.addWidget(tab)
        self._now = now or (tabs[0][0] if tabs else "")
        if self._now:
            self._tabs[self._now].setChecked(True)

    def now(self) -> str:
        """The key of the tab that is picked."""
        return self._now

    def pick(self, key: str) -> None:
        """Go to the tab *key*."""
        self._tabs[key].setChecked(True)
        if key != self._now:
            self._now = key
            self.picked.emit(key)

    def show_counts(self, counts: Mapping[str, int | None]) -> None:
        """Show other counts behind the words."""
        for key, count in counts.items():
            self._tabs[key].count = count
            self._tabs[key].updateGeometry()
            self._tabs[key].update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        keys = list(self._tabs)
        key = keys[(keys.index(self._now) + step) % len(keys)]
        self._tabs[key].setFocus()
        self.pick(key)


class _Tab(QAbstractButton):
    def __init__(self, text: str, count: int | None) -> None:
        super().__init__()
        self.setText(text)
        self.count = count
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(2 * _PAD + self._word_width() + self._count_width(), look.px("button"))

    def minimumSizeHint(self) -> QSize:
        # Where many stand in a narrow place they move together; their words stay whole.
        return QSize(self.sizeHint().width() - 2 * _PAD + 4, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "sel" if self.isChecked() else "hover" if self.underMouse() else ""
        painter.setPen(QPen(look.colour("focus"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(look.colour(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1) if self.hasFocus() else self.rect(), 6, 6)
        ink = "primary-text" if self.isChecked() else "text-2"
        painter.setPen(look.colour(ink))
        painter.setFont(look.font("fs", self.isChecked()))
        left = max(2, (self.width() - self._word_width() - self._count_width()) // 2)
        painter.drawText(QRect(left, 0, self._word_width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.count is not None:
            painter.setPen(look.colour("primary-text" if self.isChecked() else "text-3"))
            painter.setFont(look.font("fs-12", self.isChecked()))
            rest = QRect(left + self._word_width() + 4, 0, self._count_width(), self.height())
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, f"{self.count:,}")

    def _word_width(self) -> int:
        # Measured bold, so that nothing moves when another tab is picked.
        return QFontMetrics(theme.current().font("fs", True)).horizontalAdvance(self.text())

    def _count_width(self) -> int:
        if self.count is None:
            return 0
        return 4 + QFontMetrics(theme.current().font("fs-12", True)).horizontalAdvance(f"{self.count:,}")
