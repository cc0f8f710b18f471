"""Paints every cell of a record table: ground, row bar, check mark, words, chip, button."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView

from ui import icons, theme
from ui.fonts import readable
from ui.lists.columns import Cell, Column, Group, Mark, chip, short_time
from ui.lists.model import RecordModel
from ui.pieces.chips import paint_chip

PAD = 8
EDGE = 12


class RecordDelegate(QStyledItemDelegate):
    """One delegate for all columns; *checks* leaves room for a check box before the first column."""

    def __init__(self, view: QTableView, model: RecordModel, checks: bool) -> None:
        super().__init__(view)
        self._view, self._model, self._checks = view, model, checks
        self.hovered = -1

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look = theme.current()
        row = self._model.row(index.row())
        rect = option.rect
        painter.save()
        painter.setClipRect(rect)
        if isinstance(row, Group):
            self._paint_group(painter, rect, row)
        else:
            current = self._view.currentIndex().row() == index.row()
            picked = self._model.record_id(index.row()) in self._model.checked if row is not None else False
            ground = "sel" if current else "hover" if picked or self.hovered == index.row() else "surface"
            painter.fillRect(rect, look.colour(ground))
            first = index.column() == 0
            if first and current:
                painter.fillRect(
                    QRect(rect.left(), rect.top(), look.px("row-bar"), rect.height()), look.colour("primary")
                )
            if first and self._checks:
                paint_check(painter, self.check_rect(rect), picked)
            if row is None:
                self._paint_waiting(painter, rect)
            else:
                column = self._model.columns[index.column()]
                self._paint_value(painter, self.inner(rect, first), column, row.get(column.key), current or picked)
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), look.colour("line"))
        painter.restore()

    def inner(self, rect: QRect, first: bool) -> QRect:
        """Where the value of a cell stands inside *rect*."""
        left = PAD
        if first:
            left = EDGE + (theme.current().px("check") + 14 if self._checks else 0)
        return rect.adjusted(left, 0, -PAD, -1)

    def check_rect(self, rect: QRect) -> QRect:
        """Where the check box of a row stands, in its first cell *rect*."""
        side = theme.current().px("check")
        return QRect(rect.left() + EDGE, rect.top() + (rect.height() - side) // 2, side, side)

    def button_rect(self, rect: QRect, column: Column, words: str) -> QRect:
        """Where the button of a cell stands."""
        look = theme.current()
        width = QFontMetrics(look.font("fs-13")).horizontalAdvance(words) + 24
        height = look.px("button-small")
        left = rect.right() - width - PAD + 1 if column.align == "right" else rect.left() + PAD
        return QRect(left, rect.top() + (rect.height() - height) // 2, width, height)

    def _paint_value(self, painter: QPainter, rect: QRect, column: Column, value: object, on_selected: bool) -> None:
        if column.role == "chip":
            if said := chip(value):
                paint_chip(painter, rect, said, on_selected)
        elif column.role == "mark":
            paint_mark(painter, rect, value)
        elif column.role == "button":
            if value:
                self._paint_button(painter, rect.adjusted(-PAD, 0, PAD, 0), column, str(value))
        elif column.role == "choice" and not isinstance(value, Cell):
            self._paint_choice(painter, rect.adjusted(-PAD, 0, PAD, 0), str(value or ""))
        else:
            text = short_time(value) if column.role == "date" and isinstance(value, str) else value
            cell = text if isinstance(text, Cell) else Cell("—" if text is None or text == "" else str(text))
            self._paint_words(painter, rect, column, cell)

    def _paint_words(self, painter: QPainter, rect: QRect, column: Column, cell: Cell) -> None:
        look = theme.current()
        align = {"left": Qt.AlignmentFlag.AlignLeft, "right": Qt.AlignmentFlag.AlignRight}.get(
            column.align, Qt.AlignmentFlag.AlignHCenter
        )
        if cell.icon:
            side = look.px("icon")
            icons.paint(painter, QRect(rect.left(), rect.top(), side, rect.height()), cell.icon, cell.tone or "text-2")
            rect = rect.adjusted(side + 4, 0, 0, 0)
        painter.setFont(look.font("fs", cell.strong or column.strong))
        painter.setPen(look.colour(cell.tone or ("text-3" if cell.text == "—" else column.tone)))
        shown = painter.fontMetrics().elidedText(readable(cell.text), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | align, shown)
        if cell.note:
            left = painter.fontMetrics().horizontalAdvance(shown) + 6
            rest = rect.adjusted(left, 0, 0, 0)
            painter.setFont(look.font("fs"))
            painter.setPen(look.colour("text-3"))
            note = painter.fontMetrics().elidedText(f"· {cell.note}", Qt.TextElideMode.ElideRight, max(rest.width(), 0))
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, note)

    def _paint_button(self, painter: QPainter, rect: QRect, column: Column, words: str) -> None:
        look = theme.current()
        spot = self.button_rect(rect, column, words)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("line-2")))
        painter.setBrush(look.colour("surface"))
        painter.drawRoundedRect(spot.adjusted(0, 0, -1, -1), look.px("radius"), look.px("radius"))
        painter.setFont(look.font("fs-13"))
        painter.setPen(look.colour("text"))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, words)

    def choice_rect(self, rect: QRect) -> QRect:
        """Where the frame of a choice stands."""
        height = theme.current().px("button-small")
        return QRect(rect.left() + 4, rect.top() + (rect.height() - height) // 2, rect.width() - 8, height)

    def _paint_choice(self, painter: QPainter, rect: QRect, words: str) -> None:
        look = theme.current()
        spot, side = self.choice_rect(rect), look.px("chip-icon")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("line-2")))
        painter.setBrush(look.colour("surface"))
        painter.drawRoundedRect(spot.adjusted(0, 0, -1, -1), look.px("radius"), look.px("radius"))
        icons.paint(painter, QRect(spot.right() - side - 6, spot.top(), side, spot.height()), "chevron-down", "text-2")
        painter.setFont(look.font("fs-13"))
        painter.setPen(look.colour("text"))
        room = spot.adjusted(8, 0, -side - 10, 0)
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_group(self, painter: QPainter, rect: QRect, group: Group) -> None:
        # Every cell paints its part of one line that begins at the table's left edge.
        look = theme.current()
        painter.fillRect(rect, look.colour("surface-2"))
        painter.setFont(look.font("fs-13"))
        painter.setPen(look.colour("text-2"))
        whole = QRect(
            EDGE - self._view.horizontalHeader().offset(), rect.top(), self._view.viewport().width(), rect.height()
        )
        painter.drawText(whole, Qt.AlignmentFlag.AlignVCenter, group.text)

    def _paint_waiting(self, painter: QPainter, rect: QRect) -> None:
        look = theme.current()
        painter.fillRect(
            QRect(rect.left() + PAD, rect.center().y() - 4, min(rect.width() // 2, 80), 8), look.colour("strip")
        )


def paint_mark(painter: QPainter, rect: QRect, value: object) -> None:
    """Paint the icon of a `Mark` at the left of *rect*; anything else paints nothing."""
    if isinstance(value, Mark):
        side = theme.current().px("chip-icon") + 2
        spot = QRect(rect.left(), rect.top(), side, rect.height())
        icons.paint(painter, spot, value.state.icon, "text-3" if value.state.tone == "grey" else value.state.tone)


def paint_check(painter: QPainter, spot: QRect, on: bool, half: bool = False) -> None:
    """Paint a check box, as the style sheet draws those of forms."""
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    filled = on or half
    painter.setPen(QPen(look.colour("primary" if filled else "input-line")))
    painter.setBrush(look.colour("primary" if filled else "surface"))
    painter.drawRoundedRect(spot.adjusted(0, 0, -1, -1), 4, 4)
    if filled:
        icons.paint(painter, spot.adjusted(1, 1, -1, -1), "minus" if half and not on else "check", "on-primary")
