"""The table view: keyboard and mouse over a record model."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ui import icons, theme
from ui.lists.columns import Group
from ui.lists.delegate import EDGE, PAD, RecordDelegate, paint_check
from ui.lists.fitting import give_way
from ui.lists.model import RecordModel

_SHIFT = Qt.KeyboardModifier.ShiftModifier


class RecordView(QTableView):
    """Rows of one height. Arrows, Page, Home and End move; Space and Shift with arrows mark, Ctrl+A all; Enter opens; typing is passed on.

    Signals ``opened(id)``, ``pressed_button(id, column key)``, ``current_changed(id)``, ``typed(text)``.
    """

    opened = Signal(object)
    pressed_button = Signal(object, str)
    current_changed = Signal(object)
    typed = Signal(str)

    def __init__(self, model: RecordModel, checks: bool) -> None:
        super().__init__()
        self._rows, self._checks, self._grouped = model, checks, False
        self._given_way: set[int] = set()
        self._chosen: dict[int, bool] = {}
        self.delegate = RecordDelegate(self, model, checks)
        self.setHorizontalHeader(RecordHeader(model, checks, self))
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setAccessibleName("列表")
        if not model.at_once:
            model.arrived.connect(self.fit_groups)
        self.fit()

    def fit(self) -> None:
        """Take heights and widths of the look in force."""
        look = theme.current()
        header = self.horizontalHeader()
        self.verticalHeader().setMinimumSectionSize(look.px("group-row"))
        self.verticalHeader().setDefaultSectionSize(look.px("row"))
        header.setFixedHeight(look.px("table-header"))
        for number, column in enumerate(self._rows.columns):
            way = QHeaderView.ResizeMode.Stretch if column.stretch else QHeaderView.ResizeMode.Interactive
            header.setSectionResizeMode(number, way)
            if not column.stretch:
                header.resizeSection(number, look.grown(column.width))
            self.setColumnHidden(number, not self._chosen.get(number, not column.hidden))
        self._given_way.clear()
        self._give_way()

    def choose(self, number: int, *, shown: bool) -> None:
        """Show or hide a column because somebody wants it so: it stays so in another look."""
        self._chosen[number] = shown
        self.setColumnHidden(number, not shown)
        self._give_way()

    def chosen(self, number: int) -> bool:
        """Whether the column is wanted, if only there is room for it."""
        return self._chosen.get(number, not self._rows.columns[number].hidden)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_way()

    def _give_way(self) -> None:
        given = {number for number in self._given_way if self.chosen(number)}
        self._given_way = give_way(self, self._rows.columns, given)

    def fit_groups(self) -> None:
        """Give group lines their lower height. Only lists up to 500 rows may have some: the longer stay virtual."""
        look = theme.current()
        if self._grouped:
            self.verticalHeader().setDefaultSectionSize(look.px("row"))  # also puts back every single row
            self._grouped = False
        if self._rows.total() > 500:
            return
        for number in range(self._rows.total()):
            row = self._rows.row(number) if self._rows.at_once else self._rows.held(number)
            if isinstance(row, Group):
                self.setRowHeight(number, look.px("group-row"))
                self._grouped = True

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        ends = {
            QAbstractItemView.CursorAction.MoveHome: 0,
            QAbstractItemView.CursorAction.MoveEnd: self._rows.total() - 1,
        }
        found = super().moveCursor(action, modifiers)
        if action in ends:
            found = self._rows.index(ends[action], max(self.currentIndex().column(), 0))
        here = self.currentIndex().row()
        step = -1 if found.row() < here or action == QAbstractItemView.CursorAction.MoveEnd else 1
        for way in (step, -step):  # a group line is stepped over
            row = found.row()
            while 0 <= row < self._rows.total():
                if not isinstance(self._rows.row(row), Group):
                    return self._rows.index(row, found.column())
                row += way
        return found

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        if current.row() != previous.row() and current.isValid():
            self.current_changed.emit(self._rows.record_id(current.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.matches(QKeySequence.StandardKey.SelectAll) and self._checks:
            self._rows.check_all()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            if (key := self._rows.record_id(row)) is not None:
                self.opened.emit(key)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._checks and event.modifiers() == _SHIFT:
            self._mark_on(row, -1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Space and self._checks and row >= 0:
            self._toggle(row)
        elif event.key() == Qt.Key.Key_Escape and self._rows.checked:
            self._rows.clear_checked()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        # Qt would match row by row and fetch all of them: the page's filter field searches instead.
        if search.strip():
            self.typed.emit(search)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        index = self.indexAt(point)
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and self._pressed(index, point):
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or self._on_mark(index, event.position().toPoint()):
            return
        if (key := self._rows.record_id(index.row())) is not None:
            self.opened.emit(key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.indexAt(event.position().toPoint()).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.fit()
            self.fit_groups()

    def _hover(self, row: int) -> None:
        if row != self.delegate.hovered:
            self.delegate.hovered = row
            self.viewport().update()

    def _pressed(self, index: QModelIndex, point: QPoint) -> bool:
        if self._rows.record(index.row()) is None:
            return True
        if self._on_mark(index, point):
            self.setCurrentIndex(index)
            self._toggle(index.row())
            return True
        column = self._rows.columns[index.column()]
        said = str(self._rows.data(index) or "")
        if column.role == "choice":
            self.setCurrentIndex(index)
            self.pressed_button.emit(self._rows.record_id(index.row()), column.key)
            return True
        if (
            column.role == "button"
            and said
            and self.delegate.button_rect(self.visualRect(index), column, said).contains(point)
        ):
            self.setCurrentIndex(index)
            self.pressed_button.emit(self._rows.record_id(index.row()), column.key)
            return True
        return False

    def _on_mark(self, index: QModelIndex, point: QPoint) -> bool:
        first = index.column() == 0
        room = EDGE + theme.current().px("check") + 6
        return self._checks and first and point.x() - self.visualRect(index).left() <= room

    def _mark_on(self, row: int, step: int) -> None:
        """Mark the current record and the next one, and go there."""
        keys = [key for key in (self._rows.record_id(row), self._rows.record_id(row + step)) if key is not None]
        self._rows.set_checked(keys, on=True)
        if self._rows.record(row + step) is not None:
            self.setCurrentIndex(self._rows.index(row + step, max(self.currentIndex().column(), 0)))
        self.viewport().update()

    def _toggle(self, row: int) -> None:
        key = self._rows.record_id(row)
        if key is not None:
            self._rows.set_checked([key], key not in self._rows.checked)
            self.viewport().update()


class RecordHeader(QHeaderView):
    """The header: words over their columns, the sorted one with its arrow, a check box that marks all."""

    def __init__(self, model: RecordModel, checks: bool, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._rows, self._checks = model, checks
        self.setSectionsClickable(True)
        self.setSectionsMovable(False)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(24)
        model.checked_changed.connect(self.viewport().update)

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        look = theme.current()
        column = self._rows.columns[logical]
        painter.save()
        painter.fillRect(rect, look.colour("surface-2"))
        first = logical == 0
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        if first:
            inner.setLeft(rect.left() + EDGE + (look.px("check") + 14 if self._checks else 0))
        if first and self._checks:
            count = len(self._rows.checked)
            paint_check(painter, self._mark(rect), count > 0 and count >= self._rows.total(), count > 0)
        painter.setFont(look.font("fs-13"))
        painter.setPen(look.colour("text-2"))
        right = column.align == "right"
        sorted_here = self._rows.order is not None and self._rows.order.key == column.key
        words = painter.fontMetrics().elidedText(column.title, Qt.TextElideMode.ElideRight, inner.width())
        width = painter.fontMetrics().horizontalAdvance(words)
        side = look.grown(14)
        left = inner.right() - width - (side + 2 if sorted_here else 0) + 1 if right else inner.left()
        painter.drawText(QRect(left, rect.top(), width + 4, rect.height()), Qt.AlignmentFlag.AlignVCenter, words)
        if sorted_here:
            name = "arrow-down" if self._rows.order and self._rows.order.down else "arrow-up"
            icons.paint(painter, QRect(left + width + 3, rect.top(), side, rect.height()), name, "text-2")
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), look.colour("line"))
        painter.restore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        logical = self.logicalIndexAt(point)
        if logical >= 0 and self._checks and logical == 0:
            rect = QRect(self.sectionViewportPosition(logical), 0, self.sectionSize(logical), self.height())
            if self._mark(rect).adjusted(-6, -6, 6, 6).contains(point):
                self._rows.clear_checked() if self._rows.checked else self._rows.check_all()
                return
        super().mouseReleaseEvent(event)

    def _mark(self, rect: QRect) -> QRect:
        side = theme.current().px("check")
        return QRect(rect.left() + EDGE, rect.top() + (rect.height() - side) // 2, side, side)
