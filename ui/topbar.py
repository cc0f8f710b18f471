"""The bar at the top: area switch, search field, sync chip, who I am."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from app.messages import sentence
from ui import icons, theme
from ui.pieces.buttons import Button
from ui.pieces.chips import Pill, State, sync_state
from ui.pieces.keys import KeyCap


@dataclass(frozen=True)
class Found:
    """One thing that Ctrl+K found: opens *page* with *args*, or does *on*."""

    title: str
    note: str = ""
    icon: str = "search"
    page: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    on: Callable[[], object] | None = None


# find(text, show): look for text and call show with what was found, now or later.
Find = Callable[[str, Callable[[Sequence[Found]], None]], object]


class TopBar(QFrame):
    """Signals ``area_picked(code)``, ``chosen(Found)``, ``searched(text)`` (Enter, no choice), ``sync_clicked``,
    ``clock_clicked(words)`` where this machine's clock is wrong.
    """

    area_picked = Signal(str)
    chosen = Signal(object)
    searched = Signal(str)
    sync_clicked = Signal()
    clock_clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("top-bar")
        self._areas = QMenu(self)
        self._user_menu = QMenu(self)
        self.area = Button("", kind="quiet", icon="map-pin", tip="切换镇、村", menu=self._areas)
        self.search = SearchEverywhere()
        self.sync = Pill(sync_state("offline"), tip="看同步")
        self.sync.clicked.connect(self.sync_clicked)
        self.clock = Pill(State(sentence("clock.short"), "orange", "clock"))
        self.clock.clicked.connect(lambda: self.clock_clicked.emit(self.clock.toolTip()))
        self.clock.hide()
        self.user = Button("", kind="quiet", icon="user-circle", menu=self._user_menu)
        self.search.chosen.connect(self.chosen)
        self.search.searched.connect(self.searched)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(12, 0, 8, 0)
        self._line.setSpacing(8)
        self._line.addWidget(self.area)
        self._line.addWidget(self.search, 1)
        self._line.addStretch(0)
        self._line.addWidget(self.clock)
        self._line.addWidget(self.sync)
        self._line.addWidget(self.user)
        self._fit()

    def show_areas(self, areas: Sequence[tuple[str, str]], now: str) -> None:
        """Offer *areas* as (code, words); *now* is the code of the one in force."""
        self._areas.clear()
        for code, text in areas:
            action = self._areas.addAction(text)
            action.setCheckable(True)
            action.setChecked(code == now)
            action.triggered.connect(lambda _checked=False, code=code: self.area_picked.emit(code))
            if code == now:
                self.area.set_words(text)

    def show_user(self, text: str, actions: Sequence[tuple[str, Callable[[], object]]] = ()) -> None:
        """Show who works here (林小禾 · 受理员) and what the menu offers."""
        self.user.set_words(text)
        self._user_menu.clear()
        for words, on in actions:
            self._user_menu.addAction(words).triggered.connect(lambda _checked=False, on=on: on())

    def show_sync(self, kind: str, figure: str = "") -> None:
        """Show the state of the exchange: synced, exchanged, waiting, offline, syncing or asking, with its figure."""
        self.sync.say(sync_state(kind, figure))

    def show_clock(self, words: str) -> None:
        """Say that this machine's clock is wrong, *words* being all of it; nothing where they are empty."""
        self.clock.setToolTip(words)
        self.clock.setVisible(bool(words))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        look = theme.current()
        self.setFixedHeight(look.px("top-bar"))
        self.search.setMaximumWidth(look.px("search-width"))


class SearchEverywhere(QLineEdit):
    """The search field of Ctrl+K, with what it found below it while one types."""

    chosen = Signal(object)
    searched = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("top-search")
        self.setPlaceholderText("搜人、事件、页面、操作")
        self.setMinimumWidth(140)
        self.setAccessibleName("搜索")
        self.addAction(QAction(icons.icon("search"), "", self), QLineEdit.ActionPosition.LeadingPosition)
        self.find: Find | None = None
        self.here: Callable[[str], Sequence[Found]] = lambda _text: ()
        self._cap = KeyCap("Ctrl+K")
        self._cap.setParent(self)
        self._cap.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._list: _Results | None = None
        self._asked = 0
        # Whether an answer is still to come, and whether Enter waits for it.
        self._awaited = self._going = False
        self._timer = QTimer(self, singleShot=True, interval=120)
        self._timer.timeout.connect(self._ask)
        self.textEdited.connect(self._on_text)
        self.textChanged.connect(self._show_cap)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        open_list = self._list is not None and self._list.isVisible()
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and open_list:
            self._list.step(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter(open_list)
        else:
            super().keyPressEvent(event)

    def escape(self) -> bool:
        """Give up the search; whether there was one. Esc is a shortcut of the window and doesn't come as a key."""
        if not self.hasFocus() or not self.text():
            return False
        self._close()
        self.clear()
        return True

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        self._close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self._cap.sizeHint()
        self._cap.setGeometry(
            self.width() - size.width() - 8, (self.height() - size.height()) // 2, size.width(), size.height()
        )
        self._show_cap(self.text())

    def _show_cap(self, text: str) -> None:
        """The cap stands beside the hint, never on it; what is typed has the whole field."""
        self._cap.setVisible(not text)
        self.setTextMargins(0, 0, 0 if text else self._cap.sizeHint().width() + 4, 0)

    def show_found(self, found: Sequence[Found]) -> None:
        """Show *found* below the field."""
        if self._list is None:
            self._list = _Results(self.window())
            self._list.chosen.connect(self._choose)
            self._list.destroyed.connect(lambda: setattr(self, "_list", None))
        self._list.show_found(found)
        if found and self.hasFocus():
            self._list.place(self.mapTo(self.window(), QPoint(0, self.height() + 4)), self.width())
        else:
            self._list.hide()

    def _enter(self, open_list: bool) -> None:
        """Take what is found for just what stands there, also where it isn't found yet; a second Enter doesn't wait."""
        late = self._timer.isActive() or self._awaited
        if self._going or not late or (open_list and not self._timer.isActive()):
            self._choose(self._list.now() if open_list and self._list is not None else None)
            return
        self._going = True
        if self._timer.isActive():
            self._timer.stop()
            self._ask()

    def _on_text(self, text: str) -> None:
        self._going = False
        self._timer.start() if text.strip() else self._close()

    def _ask(self) -> None:
        self._asked += 1
        turn = self._asked
        text = self.text().strip()
        if not text:
            return
        near = list(self.here(text))
        self._awaited = self.find is not None
        self.show_found(near)
        if self.find is not None:
            self.find(text, lambda found: self._on_found([*found, *near]) if turn == self._asked else None)
        else:
            self._on_found(near)

    def _on_found(self, found: Sequence[Found]) -> None:
        self._awaited = False
        if self._going:
            self._choose(found[0] if found else None)
        else:
            self.show_found(found)

    def _choose(self, found: Found | None) -> None:
        text = self.text().strip()
        self._close()
        if found is not None:
            self.clear()
            self.chosen.emit(found)
        elif text:
            self.searched.emit(text)

    def _close(self) -> None:
        self._timer.stop()
        self._asked += 1
        self._going = self._awaited = False
        if self._list is not None:
            self._list.hide()


class _Results(QFrame):
    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popup")
        body = QVBoxLayout(self)
        body.setContentsMargins(4, 4, 4, 4)
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        body.addWidget(self._list)
        self.hide()

    def show_found(self, found: Sequence[Found]) -> None:
        self._list.clear()
        for thing in found:
            item = QListWidgetItem(icons.icon(thing.icon), thing.title + (f"    {thing.note}" if thing.note else ""))
            item.setData(Qt.ItemDataRole.UserRole, thing)
            self._list.addItem(item)
        self._list.setCurrentRow(0)

    def place(self, point: QPoint, width: int) -> None:
        row = max(self._list.sizeHintForRow(0), theme.current().px("tree-row"))
        for number in range(self._list.count()):
            self._list.item(number).setSizeHint(self._list.item(number).sizeHint().expandedTo(QSize(10, row)))
        height = min(self._list.count(), 10) * row + 12
        self.setGeometry(point.x(), point.y(), width, height)
        self.show()
        self.raise_()

    def step(self, by: int) -> None:
        self._list.setCurrentRow((self._list.currentRow() + by) % max(self._list.count(), 1))

    def now(self) -> Found | None:
        item = self._list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else None
