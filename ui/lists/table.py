"""The record table as pages use it: view, footer with counts, selection bar with batch actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from ui import theme
from ui.lists.columns import Column, Fetch, Row, shown
from ui.lists.model import RecordModel, Run
from ui.lists.view import RecordView
from ui.pieces.buttons import Button
from ui.pieces.empty import EmptyState
from ui.pieces.keys import KeyHint
from ui.pieces.text import Elided, words


@dataclass(frozen=True)
class BatchAction:
    """Something done to all marked records: *on(ids)*."""

    text: str
    on: Callable[[list[Any]], object]
    keys: str = ""


class RecordTable(QWidget):
    """``RecordTable(columns, fetch, total, batch=[BatchAction("导出", …)], run=jobs.run)``.

    Signals ``opened(id)`` (Enter, double click), ``current_changed(id)``, ``pressed_button(id, column key)``,
    ``typed(text)`` (letters typed in the list: put them into the filter field), ``sorted_by(Order)``.
    ``marks_changed``, ``columns_chosen({key: shown})`` (by the menu; ``show_columns`` brings them back).
    With *batch* each row has a check box. *hints* are (keys, text) for the footer; *empty* stands where no rows are.
    """

    opened = Signal(object)
    current_changed = Signal(object)
    pressed_button = Signal(object, str)
    typed = Signal(str)
    sorted_by = Signal(object)
    marks_changed = Signal()
    columns_chosen = Signal(dict)

    def __init__(
        self,
        columns: Sequence[Column],
        fetch: Fetch,
        total: int = 0,
        *,
        batch: Sequence[BatchAction] = (),
        run: Run | None = None,
        id_key: str = "id",
        unit: str = "条",
        hints: Sequence[tuple[str, str]] = (),
        empty: EmptyState | None = None,
        footer: bool = True,
        header: bool = True,
    ) -> None:
        super().__init__()
        self.model = RecordModel(columns, fetch, total, run, id_key)
        self.view = RecordView(self.model, bool(batch))
        self.view.horizontalHeader().setVisible(header)
        self._unit, self._note, self._whole, self._groups = unit, "", 0, 0
        self._focus_due = False
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.view)
        self._empty = empty or EmptyState("inbox", "这里还没有记录")
        self._pages.addWidget(self._empty)
        body.addWidget(self._pages, 1)
        self._bars = QStackedWidget()
        self._count = words("", "13", "text-2")
        self._picked = words("", strong=True)
        self._bars.addWidget(self._footer(hints))
        self._bars.addWidget(self._selection_bar(batch))
        if not footer and not batch:
            self._bars.hide()
        body.addWidget(self._bars)
        self.setFocusProxy(self.view)
        self._connect()
        self._show_counts()
        self.view.fit_groups()

    def show_rows(
        self, total: int, fetch: Fetch | None = None, note: str = "", whole: int = 0, groups: int = 0
    ) -> None:
        """Show *total* rows of *fetch* (the same as before if None); the current record stays current if still there.

        *note* stands behind the count: ``含办结 3``. *whole*: how many there are, where these are only the first of them.
        *groups*: so many of the rows are lines across, which aren't counted.
        """
        self._note, self._whole, self._groups = note, whole, groups
        row = self.view.currentIndex().row()
        self.model.show(total, fetch)
        self.view.fit_groups()
        if total and row >= 0:
            self.view.setCurrentIndex(self.model.index(min(row, total - 1), 0))
        self._show_counts()
        if total and self._focus_due:
            self._focus_due = False
            self.view.setFocus()

    def focus_with_rows(self) -> None:
        """Give the list the focus with the next rows that it shows: an empty list takes none."""
        self._focus_due = True

    def refresh(self) -> None:
        """Fetch again what is seen."""
        self.model.refresh()

    def current(self) -> Any:
        """The id of the current record, None where there is none."""
        return self.model.record_id(self.view.currentIndex().row())

    def current_row(self) -> Row | None:
        """The values of the current record."""
        return self.model.record(self.view.currentIndex().row())

    def go_to(self, row: int) -> None:
        """Make row number *row* the current one and bring it into view."""
        index = self.model.index(row, 0)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def marked(self) -> list[Any]:
        """The ids that are marked, in the order of marking."""
        return list(self.model.checked)

    def copy(self) -> str:
        """Copy the marked records (those held), else the current one, with their headings, as WPS pastes them."""
        columns = [column for number, column in enumerate(self.model.columns) if not self.view.isColumnHidden(number)]
        columns = [column for column in columns if column.role != "button"]
        chosen = set(self.model.checked)
        if chosen:
            rows = [row for number, row in self.model.loaded() if self.model.record_id(number) in chosen]
        else:
            rows = [row] if (row := self.current_row()) else []
        lines = ["\t".join(column.title for column in columns)]
        lines += ["\t".join(_flat(shown(column, row.get(column.key))) for column in columns) for row in rows]
        text = "\n".join(lines)
        QGuiApplication.clipboard().setText(text)
        return text

    def columns_menu(self) -> QMenu:
        """A menu to choose which columns show; also on a right click on the header."""
        menu = QMenu(self)
        for number, column in enumerate(self.model.columns):
            if not column.title:
                continue
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setEnabled(number > 0)
            action.triggered.connect(lambda on, number=number: self._choose(number, on))
        menu.aboutToShow.connect(lambda: self._tick_columns(menu))
        self._tick_columns(menu)
        return menu

    def show_columns(self, shown: Mapping[str, bool]) -> None:
        """Show and hide columns by their keys, as they were chosen before."""
        for number, column in enumerate(self.model.columns):
            if number and column.title and column.key in shown:
                self.view.choose(number, shown=shown[column.key])

    def chosen_columns(self) -> list[str]:
        """The keys of the columns that are wanted, also where there is no room for them now."""
        return [column.key for number, column in enumerate(self.model.columns) if self.view.chosen(number)]

    def _tick_columns(self, menu: QMenu) -> None:
        titled = [number for number, column in enumerate(self.model.columns) if column.title]
        for action, number in zip(menu.actions(), titled, strict=True):
            action.setChecked(self.view.chosen(number))

    def _choose(self, number: int, shown: bool) -> None:
        self.view.choose(number, shown=shown)
        self.columns_chosen.emit(
            {column.key: self.view.chosen(place) for place, column in enumerate(self.model.columns) if column.title}
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._bars.setFixedHeight(theme.current().px("footer"))

    def _connect(self) -> None:
        view, header = self.view, self.view.horizontalHeader()
        view.opened.connect(self.opened)
        view.current_changed.connect(self.current_changed)
        view.pressed_button.connect(self.pressed_button)
        view.typed.connect(self.typed)
        self.model.checked_changed.connect(self._show_counts)
        self.model.checked_changed.connect(self.marks_changed)
        header.sectionClicked.connect(self._on_header_clicked)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu)
        copying = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), view)
        copying.setContext(Qt.ShortcutContext.WidgetShortcut)
        copying.activated.connect(self.copy)

    def _on_header_clicked(self, number: int) -> None:
        column = self.model.columns[number]
        if not column.sortable:
            return
        before = self.model.order
        down = before is not None and before.key == column.key and not before.down
        self.model.sort(number, Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)
        self.view.fit_groups()
        self.sorted_by.emit(self.model.order)

    def _on_header_menu(self, point: QPoint) -> None:
        self.columns_menu().popup(self.view.horizontalHeader().mapToGlobal(point))

    def _footer(self, hints: Sequence[tuple[str, str]]) -> QFrame:
        bar, line = _bar("footer")
        line.addWidget(self._count)
        line.addStretch(1)
        for keys, text in hints:
            line.addWidget(KeyHint(keys, text))
        return bar

    def _selection_bar(self, batch: Sequence[BatchAction]) -> QFrame:
        bar, line = _bar("selection-bar")
        line.addWidget(self._picked)
        line.addSpacing(4)
        for action in batch:
            line.addWidget(Button(action.text, lambda on=action.on: on(self.marked()), small=True, keys=action.keys))
        self._count_in_bar = Elided("", "13", "text-2")
        self._count_in_bar.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self._count_in_bar, 1)
        line.addWidget(Button("取消选择", self.model.clear_checked, kind="quiet", small=True))
        line.addWidget(KeyHint("Esc", ""))
        return bar

    def _show_counts(self) -> None:
        total = self.model.total() - self._groups
        text = f"共 {max(total, self._whole):,} {self._unit}" + (
            f"，先列 {total:,} {self._unit}" if self._whole > total else ""
        )
        text += f"，{self._note}" if self._note else ""
        self._count.setText(text)
        self._count_in_bar.setText(text)
        marked = len(self.model.checked)
        self._picked.setText(f"已选 {marked:,} {self._unit}")
        self._bars.setCurrentIndex(1 if marked else 0)
        self._bars.setFixedHeight(theme.current().px("footer"))
        self._pages.setCurrentIndex(0 if total else 1)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _bar(name: str) -> tuple[QFrame, QHBoxLayout]:
    bar = QFrame()
    bar.setObjectName(name)
    line = QHBoxLayout(bar)
    line.setContentsMargins(12, 0, 12, 0)
    line.setSpacing(8)
    return bar, line
