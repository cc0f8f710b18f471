"""The problem list: what is wrong in people's data, each line leading to its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import icons, theme

_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Problem:
    """One fault: *where* (row or section), *field*, the sentence that says what to do, and what to jump to."""

    where: str
    field: str
    message: str
    key: object = None


class ProblemList(QListView):
    """``ProblemList([Problem("第 36 行", "身份号码", "末位校验码不对，应为“5”", 36)])``.

    Signal ``chosen(key)`` on click, Enter, or F8 (next one). Hide it when there is nothing to say.
    """

    chosen = Signal(object)

    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        super().__init__()
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.clicked.connect(self._on_chosen)
        self.activated.connect(self._on_chosen)
        QShortcut(QKeySequence("F8"), self, activated=self.next)
        self.show_problems(problems)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show other problems."""
        self._model.clear()
        for problem in problems:
            item = QStandardItem(f"{problem.where} {problem.field} {problem.message}".strip())
            item.setData(problem, _ROLE)
            item.setToolTip(problem.message)
            self._model.appendRow(item)

    def next(self) -> None:
        """Jump to the next problem, after the last to the first."""
        if self._model.rowCount():
            row = (self.currentIndex().row() + 1) % self._model.rowCount()
            self.setCurrentIndex(self._model.index(row, 0))
            self._on_chosen(self.currentIndex())

    def _on_chosen(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(_ROLE).key)


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(100, theme.current().px("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        look = theme.current()
        problem: Problem = index.data(_ROLE)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(option.rect, look.colour("sel" if selected else "surface"))
        if selected:
            painter.fillRect(
                QRect(option.rect.left(), option.rect.top(), 3, option.rect.height()), look.colour("primary")
            )
        left = option.rect.left() + 12
        side = look.px("chip-icon")
        top = option.rect.top() + (option.rect.height() - side) // 2
        icons.paint(painter, QRect(left, top, side, side), "alert-triangle", "orange")
        left += side + 8
        for text, token, bold in (
            (problem.where, "text-3", False),
            (problem.field, "text", True),
            (problem.message, "text-2", False),
        ):
            if not text:
                continue
            painter.setFont(look.font("fs", bold))
            painter.setPen(look.colour(token))
            space = option.rect.right() - 12 - left
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(space, 0))
            spot = QRect(left, option.rect.top(), space, option.rect.height())
            painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter, shown)
            left += painter.fontMetrics().horizontalAdvance(shown) + 12
        painter.setPen(look.colour("line"))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        painter.restore()
