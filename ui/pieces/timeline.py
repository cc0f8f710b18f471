"""The timeline: steps of a case, the newest standing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import icons, theme

_LEFT, _PAD = 20, 8
_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Step:
    """One step: what was done, by whom, when, in which words; *links* are (icon, text, key); *now* marks the last."""

    title: str
    who: str = ""
    time: str = ""
    text: str = ""
    links: tuple[tuple[str, str, object], ...] = ()
    now: bool = False
    tone: str = ""
    key: object = None


class Timeline(QListView):
    """``Timeline([Step("交办", "综治中心 · 林小禾", "9月16日 14:30", "主办镇村建办…")])``.

    Signals ``opened(key)`` on Enter or double click, ``link_opened(key)`` on a click on one of a step's links.
    """

    opened = Signal(object)
    link_opened = Signal(object)

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        super().__init__()
        self._steps = _Steps(self)
        self._delegate = _Delegate(self)
        self.setModel(self._steps)
        self.setItemDelegate(self._delegate)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.activated.connect(lambda index: self.opened.emit(self._steps.step(index).key))
        self.show_steps(steps)

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show other steps."""
        self._steps.show(steps)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.scheduleDelayedItemsLayout()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            key = self._delegate.link_at(self.visualRect(index), self._steps.step(index), event.position().toPoint())
            if key is not None:
                self.link_opened.emit(key)
                return
        super().mousePressEvent(event)


class _Steps(QAbstractListModel):
    def __init__(self, parent: QListView) -> None:
        super().__init__(parent)
        self._items: tuple[Step, ...] = ()

    def show(self, steps: Sequence[Step]) -> None:
        self.beginResetModel()
        self._items = tuple(steps)
        self.endResetModel()

    def step(self, index: QModelIndex) -> Step:
        return self._items[index.row()]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        step = self._items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return " ".join(part for part in (step.title, step.who, step.time, step.text) if part)
        return step if role == Qt.ItemDataRole.UserRole else None


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        look = theme.current()
        step: Step = index.data(Qt.ItemDataRole.UserRole)
        width = self._view.viewport().width()
        height = (
            look.grown(24) + self._text_height(step, width) + (look.grown(20) if step.links else 0) + look.grown(10)
        )
        return QSize(width, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        look = theme.current()
        step: Step = index.data(Qt.ItemDataRole.UserRole)
        rect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected and self._view.hasFocus():
            painter.fillRect(rect, look.colour("sel"))
        middle = rect.top() + look.grown(12)
        painter.setPen(look.colour("line-2"))
        top = rect.top() if index.row() else middle
        last = index.row() == index.model().rowCount() - 1
        painter.drawLine(4, top, 4, middle if last else rect.bottom() + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour(step.tone or ("primary" if step.now else "input-line")))
        painter.drawEllipse(QPoint(4, middle), 4, 4)
        self._paint_head(painter, step, rect)
        y = rect.top() + look.grown(24)
        if step.text:
            painter.setFont(look.font("fs-13"))
            painter.setPen(look.colour("text-2"))
            height = self._text_height(step, rect.width())
            painter.drawText(QRect(_LEFT, y, rect.width() - _LEFT - _PAD, height), Qt.TextFlag.TextWordWrap, step.text)
            y += height
        for spot, (icon, text, _key) in self._links(step, rect):
            side = look.px("chip-icon")
            icons.paint(painter, QRect(spot.left(), y + (spot.height() - side) // 2, side, side), icon, "primary-text")
            painter.setFont(look.font("fs-12"))
            painter.setPen(look.colour("primary-text"))
            painter.drawText(spot.adjusted(side + 3, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def link_at(self, rect: QRect, step: Step, point: QPoint) -> object:
        """The key of the link under *point*, None where there is none."""
        return next((key for spot, (_i, _t, key) in self._links(step, rect) if spot.contains(point)), None)

    def _paint_head(self, painter: QPainter, step: Step, rect: QRect) -> None:
        look = theme.current()
        line = QRect(_LEFT, rect.top(), rect.width() - _LEFT - _PAD, look.grown(24))
        painter.setFont(look.font("fs-12"))
        painter.setPen(look.colour("text-3"))
        time_width = painter.fontMetrics().horizontalAdvance(step.time)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, step.time)
        room = line.width() - time_width - 12
        for text, size, bold, token in ((step.title, "fs", True, "text"), (step.who, "fs-13", False, "text-2")):
            painter.setFont(look.font(size, bold))
            painter.setPen(look.colour(token))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
            taken = painter.fontMetrics().horizontalAdvance(shown) + 8
            line = line.adjusted(taken, 0, 0, 0)
            room -= taken

    def _links(self, step: Step, rect: QRect) -> list[tuple[QRect, tuple[str, str, object]]]:
        look = theme.current()
        metrics = QFontMetrics(look.font("fs-12"))
        y = rect.top() + look.grown(24) + self._text_height(step, rect.width())
        spots, left = [], _LEFT
        for link in step.links:
            width = look.px("chip-icon") + 3 + metrics.horizontalAdvance(link[1])
            spots.append((QRect(left, y, width, look.grown(20)), link))
            left += width + 12
        return spots

    def _text_height(self, step: Step, width: int) -> int:
        if not step.text:
            return 0
        metrics = QFontMetrics(theme.current().font("fs-13"))
        space = QRect(0, 0, max(width - _LEFT - _PAD, 40), 10_000)
        return metrics.boundingRect(space, Qt.TextFlag.TextWordWrap, step.text).height()
