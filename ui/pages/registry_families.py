"""The households of a place with their members: a tree of two levels that reads on as one scrolls."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from ui import icons, theme
from ui.fonts import readable
from ui.lists.columns import Column, short_time
from ui.lists.delegate import paint_mark
from ui.lists.fitting import give_way
from ui.pages.registry_read import PAGE, Households, Row
from ui.pages.standing_words import MARK
from ui.pieces.chips import State, paint_chip

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
COLUMNS = (
    Column("head", "户主 / 成员", 124),
    Column("number", "户号", 88, spare=2),
    Column("home", "房屋", stretch=True, least=72),
    Column("people", "人数", 52, "right", spare=3),
    Column("presence", "在户情况", 112, spare=1),
    Column("contact", "联系人", 76, spare=5),
    Column("visited", "上次走访", 88, spare=4),
    MARK,
)
_HOME, _PEOPLE, _PRESENCE, _VISIT, _MARK = 2, 3, 4, 6, 7
_USUAL = "户在人在"

# more(offset, show): show(Households) later, on the GUI thread.
More = Callable[[int, Callable[[Households], None]], object]


class FamilyModel(QAbstractItemModel):
    """Rows and, below them, their members; the next page is asked for by `read_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.total = 0
        self._more: More | None = None
        self._asked = False
        self._turn = 0

    def show(self, found: Households, more: More | None = None) -> None:
        """Begin anew with *found*; *more* reads the pages after it."""
        self.beginResetModel()
        self._turn += 1
        self.rows, self.total, self._more, self._asked = list(found.rows), found.total, more, False
        self.endResetModel()

    def row_at(self, index: _Index) -> Row | None:
        """The household or person at *index*."""
        if not index.isValid():
            return None
        top = index.internalId()
        if not top:
            return self.rows[index.row()]
        return self.rows[top - 1].members[index.row()]

    def home_of(self, index: _Index) -> Row | None:
        """The top row that *index* is or belongs to."""
        if not index.isValid():
            return None
        return self.rows[index.internalId() - 1 if index.internalId() else index.row()]

    def index_of(self, household: str, resident: str = "") -> QModelIndex:
        """Where the household, or one of its members, stands; invalid where it isn't loaded."""
        for number, row in enumerate(self.rows):
            if row.id == resident:
                return self.index(number, 0)
            if row.id != household:
                continue
            top = self.index(number, 0)
            member = next((place for place, person in enumerate(row.members) if person.id == resident), -1)
            return self.index(member, 0, top) if member >= 0 else top
        return QModelIndex()

    def index(self, row: int, column: int, parent: _Index = _NOWHERE) -> QModelIndex:
        # The internal id is 0 for a top row, else the number of its household counted from 1.
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: _Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        top = index.internalId() if index.isValid() else 0
        return self.createIndex(top - 1, 0, 0) if top else QModelIndex()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        if not parent.isValid():
            return len(self.rows)
        return 0 if parent.internalId() or parent.column() else len(self.rows[parent.row()].members)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return len(COLUMNS)

    def hasChildren(self, parent: _Index = _NOWHERE) -> bool:
        return self.rowCount(parent) > 0

    def read_on(self) -> None:
        """Ask for the page after what is here, where there is one.

        Not by Qt's fetchMore: a tree calls that with each layout, and would read a whole township that nobody scrolls through.
        """
        if self._more is None or self._asked or len(self.rows) >= self.total:
            return
        self._asked, turn = True, self._turn
        self._more(len(self.rows), lambda found: self._on_more(turn, found))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row_at(index)
        if row is not None and row.mark is not None and index.column() == _MARK:
            told = {
                Qt.ItemDataRole.ToolTipRole: row.mark.tip,
                Qt.ItemDataRole.AccessibleTextRole: row.mark.state.text,
            }
            return told.get(Qt.ItemDataRole(role))
        if row is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        return row.cells[index.column()]

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = Qt.AlignmentFlag.AlignRight if section == _PEOPLE else Qt.AlignmentFlag.AlignLeft
            return right | Qt.AlignmentFlag.AlignVCenter
        return (
            COLUMNS[section].title if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole else None
        )

    def _on_more(self, turn: int, found: Households) -> None:
        if turn != self._turn:
            return
        self._asked = False
        if not found.rows:
            self.total = len(self.rows)
            return
        first = len(self.rows)
        self.beginInsertRows(QModelIndex(), first, first + len(found.rows) - 1)
        self.rows.extend(found.rows)
        self.endInsertRows()


class FamilyView(QTreeView):
    """Signals ``current_changed(Row)``, ``opened(Row)`` (double click, Enter on a person; Enter unfolds a household), ``typed(text)``."""

    current_changed = Signal(object)
    opened = Signal(object)
    typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.families = FamilyModel()
        self.setModel(self.families)
        self.setItemDelegate(_Delegate(self))
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("户和成员")
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._read_on())
        self.verticalScrollBar().rangeChanged.connect(lambda _least, _most: self._read_on())
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(24)
        self._given_way: set[int] = set()
        self.fit()
        self.selectionModel().currentChanged.connect(
            lambda now, _before: self.current_changed.emit(self.families.row_at(now))
        )
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(lambda index: self.opened.emit(self.families.row_at(index)))

    def fit(self) -> None:
        """Take the widths of the look in force."""
        look = theme.current()
        self.header().setFixedHeight(look.px("table-header"))
        for number, column in enumerate(COLUMNS):
            way = QHeaderView.ResizeMode.Stretch if column.stretch else QHeaderView.ResizeMode.Interactive
            self.header().setSectionResizeMode(number, way)
            if not column.stretch:
                self.setColumnHidden(number, False)  # a hidden one takes no width
                self.header().resizeSection(number, look.grown(column.width))
        self._given_way = give_way(self, COLUMNS, ())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._given_way = give_way(self, COLUMNS, self._given_way)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.fit()

    def current_row(self) -> Row | None:
        """The household or person that is current."""
        return self.families.row_at(self.currentIndex())

    def current_home(self) -> Row | None:
        """The household that is current or that the current person belongs to."""
        return self.families.home_of(self.currentIndex())

    def go_to(self, household: str, resident: str = "") -> bool:
        """Make the person, or the household, the current row; False where it isn't loaded."""
        index = self.families.index_of(household, resident)
        if not index.isValid():
            return False
        if index.parent().isValid():
            self.expand(index.parent())
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        top = index.isValid() and not index.parent().isValid()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            if top and self.families.hasChildren(index.siblingAtColumn(0)):
                self._toggle(index)
            else:
                self.opened.emit(self.families.row_at(index))
        elif event.key() == Qt.Key.Key_Right and top:
            self.expand(index.siblingAtColumn(0))
        elif event.key() == Qt.Key.Key_Left and index.isValid():
            if top:
                self.collapse(index.siblingAtColumn(0))
            else:
                self.setCurrentIndex(index.parent())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        if search.strip():
            self.typed.emit(search)

    def _read_on(self) -> None:
        """Within a screen of the end the next page is asked for."""
        bar = self.verticalScrollBar()
        if bar.maximum() - bar.value() <= self.viewport().height():
            self.families.read_on()

    def _on_clicked(self, index: QModelIndex) -> None:
        if not index.parent().isValid() and index.column() == 0:
            self._toggle(index)

    def _toggle(self, index: QModelIndex) -> None:
        first = index.siblingAtColumn(0)
        self.setExpanded(first, not self.isExpanded(first))


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: FamilyView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(40, theme.current().px("member-row" if index.parent().isValid() else "row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        look = theme.current()
        row = self._view.families.row_at(index)
        if row is None:
            return
        member = index.parent().isValid()
        rect, column = option.rect, index.column()
        picked = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        ground = "sel" if picked else "hover" if hovered else "surface-2" if member else "surface"
        painter.save()
        painter.fillRect(rect, look.colour(ground))
        if picked and column == 0:
            painter.fillRect(QRect(rect.left(), rect.top(), look.px("row-bar"), rect.height()), look.colour("primary"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), look.colour("line"))
        if column == _MARK:
            paint_mark(painter, rect.adjusted(8, 0, 0, 0), row.mark)
        elif row.form == "resident":
            self._paint_person(painter, rect, index, row, member=member)
        else:
            self._paint_home(painter, rect, index, row, picked=picked)
        painter.restore()

    def _paint_home(self, painter: QPainter, rect: QRect, index: _Index, row: Row, *, picked: bool) -> None:
        look, column, text = theme.current(), index.column(), row.cells[index.column()]
        room = rect.adjusted(8, 0, -8, 0)
        if column == 0:
            side = look.grown(14)
            if row.members:
                name = (
                    "chevron-down"
                    if self._view.isExpanded(self._view.families.index(index.row(), 0))
                    else "chevron-right"
                )
                icons.paint(
                    painter,
                    QRect(rect.left() + 12, rect.top() + (rect.height() - side) // 2, side, side),
                    name,
                    "text-2",
                )
            room.setLeft(rect.left() + 12 + side + 4)
        elif column == _PRESENCE and text and text != _USUAL:
            paint_chip(painter, room, State(text, "grey", "plane-departure" if "人不在" in text else ""), picked)
            return
        elif column == _VISIT and text:
            text = short_time(text)[5:]
        right = Qt.AlignmentFlag.AlignRight if column == _PEOPLE else Qt.AlignmentFlag.AlignLeft
        _words(
            painter,
            room,
            text or "—",
            "fs",
            "text" if column in (0, 2, 3, 4) and text else "text-2",
            right,
            strong=column == 0,
            # Neighbours' addresses differ at their end, those of two villages at their begin.
            cut=Qt.TextElideMode.ElideMiddle if column == _HOME else Qt.TextElideMode.ElideRight,
        )

    def _paint_person(self, painter: QPainter, rect: QRect, index: _Index, row: Row, *, member: bool) -> None:
        column, text = index.column(), row.cells[index.column()]
        left = Qt.AlignmentFlag.AlignLeft
        room = rect.adjusted(8, 0, -8, 0)
        if column == 0:
            room.setLeft(rect.left() + (36 if member else 12))
        if column in (_PRESENCE, _VISIT):
            # Numbers are wider than the columns of the households: they begin one column earlier, which is empty here.
            before = self._view.columnWidth(column - 1)
            room.setLeft(rect.left() - before + 8)
            if column == _PRESENCE:
                room.setLeft(rect.left() - before + 20)
            size = QFontMetrics(theme.current().font("fs-13" if member else "fs"))
            room.setLeft(min(room.left(), room.right() - size.horizontalAdvance(text)))
        if text:
            _words(painter, room, text, "fs-13" if member else "fs", "text" if column == 0 else "text-2", left)


def _words(
    painter: QPainter,
    room: QRect,
    text: str,
    size: str,
    token: str,
    align: Qt.AlignmentFlag,
    *,
    strong: bool = False,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    look = theme.current()
    painter.setFont(look.font(size, strong))
    painter.setPen(look.colour(token))
    shown = painter.fontMetrics().elidedText(readable(text), cut, max(room.width(), 0))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | align, shown)


__all__ = ["COLUMNS", "PAGE", "FamilyModel", "FamilyView"]
