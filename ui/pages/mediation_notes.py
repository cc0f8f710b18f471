"""The notes as they are read across a table: time, speaker, words, large and calm."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme
from ui.pages.mediation_transcript import Said
from ui.pieces.chips import State, chip_width, paint_chip

_TONES = {"事实": ("grey", "flag"), "方案": ("blue", "bulb"), "同意": ("green", "check")}
_Index = QModelIndex | QPersistentModelIndex


class Notes(QListView):
    """``Notes()``; `show_lines` keeps the last line in view."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = _Lines(self)
        self.setModel(self._lines)
        self.setItemDelegate(_Delegate(self))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("笔录")

    def show_lines(self, lines: Sequence[Said]) -> None:
        """Show *lines*; the newest is in view."""
        self._lines.show(lines)
        self.scrollToBottom()

    def current(self) -> int | None:
        """The number of the line picked with the mouse or arrows; None where none is."""
        picked = self.selectionModel().selectedIndexes()
        return picked[0].row() if picked else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.scheduleDelayedItemsLayout()


class _Lines(QAbstractListModel):
    def __init__(self, parent: QListView) -> None:
        super().__init__(parent)
        self._items: tuple[Said, ...] = ()

    def show(self, lines: Sequence[Said]) -> None:
        self.beginResetModel()
        self._items = tuple(lines)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self._items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return line.text()
        return line if role == Qt.ItemDataRole.UserRole else None


class _Delegate(QStyledItemDelegate):
    """Paints one thing said: time and speaker at the left, the words in the middle, its mark at the right."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        look = theme.current()
        line: Said = index.data(Qt.ItemDataRole.UserRole)
        width = self._view.viewport().width()
        words = self._words_rect(QRect(0, 0, width, 100_000), line)
        metrics = QFontMetrics(look.font("fs-calm"))
        tall = metrics.boundingRect(words, Qt.TextFlag.TextWordWrap, line.words).height()
        return QSize(width, max(tall, look.grown(44)) + look.grown(22))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        look = theme.current()
        line: Said = index.data(Qt.ItemDataRole.UserRole)
        rect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, look.colour("sel"))
        top = rect.top() + look.grown(10)
        painter.setFont(look.font("fs"))
        painter.setPen(look.colour("text-3"))
        painter.drawText(
            rect.left() + look.grown(20), top, look.grown(50), look.grown(26), Qt.AlignmentFlag.AlignVCenter, line.time
        )
        painter.setFont(look.font("fs-16", True))
        painter.setPen(look.colour("text"))
        left, wide = rect.left() + look.grown(70), look.grown(88)
        painter.drawText(left, top, wide, look.grown(26), Qt.AlignmentFlag.AlignVCenter, line.who)
        painter.setFont(look.font("fs-12"))
        painter.setPen(look.colour("text-3"))
        painter.drawText(left, top + look.grown(26), wide, look.grown(18), Qt.AlignmentFlag.AlignVCenter, line.role)
        painter.setFont(look.font("fs-calm"))
        painter.setPen(look.colour("text"))
        words = self._words_rect(rect, line)
        painter.drawText(words.adjusted(0, look.grown(9), 0, 0), Qt.TextFlag.TextWordWrap, line.words)
        if line.mark:
            said = State(line.mark, *_TONES.get(line.mark, ("grey", "")))
            wide = chip_width(said)
            spot = QRect(rect.right() - look.grown(20) - wide, top, wide, look.px("chip"))
            paint_chip(painter, spot, said, bool(option.state & QStyle.StateFlag.State_Selected))
        painter.setPen(look.colour("line"))
        painter.drawLine(rect.left() + look.grown(20), rect.bottom(), rect.right() - look.grown(20), rect.bottom())
        painter.restore()

    @staticmethod
    def _words_rect(rect: QRect, line: Said) -> QRect:
        look = theme.current()
        left = look.grown(162) if line.who else look.grown(70)
        return rect.adjusted(left, 0, -look.grown(84 if line.mark else 24), 0)
