"""The list of what does not agree on the map: two lines each, by keyboard and mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import icons, theme

_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
Key = tuple[str, str, float, float]
"""What it is about: a kind, a record id, and the degrees of its place."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what is not right, and where it leads."""

    icon: str
    title: str
    words: str
    key: Key


class FindingList(QListView):
    """Signal ``pointed(key)`` when another line becomes the current one or F8 goes on, ``opened(key)`` on Enter or a double click."""

    pointed = Signal(tuple)
    opened = Signal(tuple)

    def __init__(self) -> None:
        super().__init__()
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("核对结果")
        self.clicked.connect(lambda index: self.pointed.emit(index.data(_ROLE).key))
        self.activated.connect(lambda index: self.opened.emit(index.data(_ROLE).key))
        QShortcut(QKeySequence("F8"), self, activated=self.next)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show these in place of what was shown; the current line stays where it is still there."""
        here = self.currentIndex().data(_ROLE) if self.currentIndex().isValid() else None
        self._model.clear()
        for finding in findings:
            item = QStandardItem(f"{finding.title}：{finding.words}")
            item.setData(finding, _ROLE)
            item.setToolTip(f"{finding.title}\n{finding.words}")
            self._model.appendRow(item)
        row = next((at for at, one in enumerate(findings) if here is not None and one.key[:2] == here.key[:2]), -1)
        if row >= 0:
            self.setCurrentIndex(self._model.index(row, 0))

    def next(self) -> None:
        """Go on to the next one, after the last to the first."""
        if self._model.rowCount():
            row = (self.currentIndex().row() + 1) % self._model.rowCount()
            self.setCurrentIndex(self._model.index(row, 0))
            self.pointed.emit(self.currentIndex().data(_ROLE).key)


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, round(theme.current().px("row") * 1.45))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme.current()
        finding: Finding = index.data(_ROLE)
        picked = bool(option.state & QStyle.StateFlag.State_Selected)
        rect = option.rect
        painter.save()
        painter.fillRect(rect, look.colour("sel" if picked else "surface"))
        if picked:
            painter.fillRect(QRect(rect.left(), rect.top(), look.px("row-bar"), rect.height()), look.colour("primary"))
        side = look.px("icon")
        left = rect.left() + 12
        half = rect.height() // 2
        icons.paint(painter, QRect(left, rect.top() + half - side - 1, side, side), finding.icon, "orange")
        room = rect.adjusted(12 + side + 8, 5, -10, -5)
        for size, token, words, where in (
            ("fs", "text", finding.title, QRect(room.left(), room.top(), room.width(), room.height() // 2)),
            ("fs-13", "text-2", finding.words, QRect(room.left(), room.center().y(), room.width(), room.height() // 2)),
        ):
            painter.setFont(look.font(size))
            painter.setPen(look.colour(token))
            cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, cut)
        painter.setPen(look.colour("line"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()
