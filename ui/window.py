"""The frame of the window: navigation, top bar and the stack of pages; it only places pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QMouseEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.composing import Composing
from ui.jobs import spoken
from ui.navigation import DOORS, PLACES, Door, Navigation, Place
from ui.page import Page
from ui.pieces.filters import SearchField
from ui.pieces.toast import Toast
from ui.topbar import Found, TopBar

_NARROW = 1000


@dataclass(frozen=True)
class _Visit:
    name: str
    args: dict[str, Any]


@dataclass
class _Room:
    make: Callable[[], Page]
    place: str
    page: Page | None = None
    scroll: QScrollArea | None = None


class Window(QMainWindow):
    """``Window(app)``; then ``add_page("case", make_case, place="events")`` and ``go("desk")``.

    *make* is called when the page is first wanted. *place* is the navigation entry it belongs to (its own name if not
    given). Signals: ``refresh_asked`` (F5: sync now), ``help_asked(page name)`` (F1), ``area_picked(code)``,
    ``searched(text)``, ``went(page name)``, ``closing`` (drain jobs there), ``looked(theme name, large)``.
    """

    refresh_asked = Signal()
    help_asked = Signal(str)
    area_picked = Signal(str)
    searched = Signal(str)
    went = Signal(str)
    closing = Signal()
    looked = Signal(str, bool)

    def __init__(self, app: QApplication, places: Sequence[Place] = PLACES) -> None:
        super().__init__()
        self._app = app
        self._rooms: dict[str, _Room] = {}
        self._back: list[_Visit] = []
        self._forward: list[_Visit] = []
        self._now: _Visit | None = None
        self._places = tuple(places)
        self.doors: Sequence[Door] = DOORS
        self._folded_by_hand: bool | None = None
        self.composing = Composing(app)
        self.navigation = Navigation(places)
        self.top = TopBar()
        self.stack = QStackedWidget()
        self._build()
        self.toast = Toast(self.stack)
        self._connect(places)
        self.setWindowTitle("乡治通")
        self.resize(1366, 768)
        self.setMinimumSize(640, 420)

    def add_page(self, name: str, make: Callable[[], Page], place: str = "") -> None:
        """Tell how to make the page *name*; it is made when first wanted."""
        self._rooms[name] = _Room(make, place or name)

    def has(self, name: str) -> bool:
        """Whether there is a page *name*."""
        return name in self._rooms

    def go(self, name: str, /, **args: Any) -> None:
        """Open the page *name* with *args*; ``back`` and ``forward`` walk the way that was gone."""
        if name in ("back", "forward"):
            self._walk(self._back if name == "back" else self._forward)
            return
        if self._now is not None and self._now != _Visit(name, args):
            self._back.append(self._now)
            self._forward.clear()
        self._open(_Visit(name, args))

    def current_name(self) -> str:
        """The name of the page that shows, "" before the first."""
        return self._now.name if self._now else ""

    def current_page(self) -> Page | None:
        """The page that shows."""
        return self._rooms[self._now.name].page if self._now else None

    def page(self, name: str) -> Page:
        """The page *name*, made now if need be."""
        room = self._rooms[name]
        if room.page is None:
            room.page = room.make()
            room.page.go.connect(lambda name, args: self.go(name, **args))
            room.page.said.connect(self.toast.say)
            room.scroll = QScrollArea()
            room.scroll.setObjectName("page-scroll")
            room.scroll.setFrameShape(QFrame.Shape.NoFrame)
            room.scroll.setWidgetResizable(True)
            room.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            room.scroll.setWidget(room.page)
            self.stack.addWidget(room.scroll)
        return room.page

    def refresh(self, changed: Sequence[str] = ()) -> None:
        """Tell the page that shows that records changed; the others are told when they open."""
        if page := self.current_page():
            page.refresh(changed)

    def look(self, name: str | None = None, large: bool | None = None) -> None:
        """Change theme (light, dark, contrast) or reading size at once."""
        now = theme.current()
        look = theme.apply(self._app, name or now.name, now.large if large is None else large)
        self._fold_if_narrow()
        self.looked.emit(look.name, look.large)

    def say(self, text: str, undo: Callable[[], object] | None = None) -> None:
        """Say what was done, with the way back."""
        self.toast.say(text, undo)

    def tell(self, error: Exception) -> None:
        """Say why something was not done; the slot for ``jobs.failed``. Our own faults keep their details."""
        self.toast.say(spoken(error))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold_if_narrow()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton):
            self.go("back" if event.button() == Qt.MouseButton.BackButton else "forward")
        super().mousePressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if page := self.current_page():
            page.leaving()
        self.closing.emit()
        super().closeEvent(event)

    def _build(self) -> None:
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.navigation)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.top)
        right.addWidget(self.stack, 1)
        line.addLayout(right, 1)
        self.setCentralWidget(whole)

    def _near(self, text: str) -> list[Found]:
        """Actions of the page and places whose words or initials hold *text*."""
        page, wanted = self.current_page(), text.lower().replace(" ", "")
        found = [
            Found(words, "操作" + (f"，{keys}" if keys else ""), "bolt", on=on)
            for words, keys, on in (page.actions if page else ())
            if wanted in words.lower().replace(" ", "")
        ]
        found += [
            Found(door.text, "页面", door.icon, door.page, {"new": True} if door.makes else {})
            for door in self.doors
            if self.has(door.page)
            and (wanted in door.text.lower().replace(" ", "") or (len(wanted) > 1 and door.initials.startswith(wanted)))
        ]
        return found + [
            Found(place.text, "页面", place.icon, place.name)
            for place in self._places
            if wanted in place.text or (len(wanted) > 1 and place.initials.startswith(wanted))
        ]

    def _connect(self, places: Sequence[Place]) -> None:
        self.navigation.picked.connect(self._on_place)
        self.navigation.brand.clicked.connect(self._on_folded)
        self.top.search.here = self._near
        self.top.area_picked.connect(self.area_picked)
        self.top.searched.connect(self.searched)
        self.top.chosen.connect(self._on_found)
        self.top.sync_clicked.connect(lambda: self.go("sync"))
        self._shortcut("Ctrl+K", self._search)
        self._shortcut("F5", self.refresh_asked.emit)
        self._shortcut("F1", lambda: self.help_asked.emit(self.current_name()))
        self._shortcut("Escape", self._escape)
        self._shortcut("Alt+Right", lambda: self.go("forward"))
        names = [place.name for place in places if not place.last]
        for number, name in enumerate(names[:9], start=1):
            self._shortcut(f"Ctrl+{number}", lambda name=name: self.go(name))

    def _shortcut(self, keys: str, on: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(on)

    def _open(self, visit: _Visit) -> None:
        if self._now is not None and (old := self.current_page()):
            old.leaving()
        page = self.page(visit.name)
        room = self._rooms[visit.name]
        self._now = visit
        if room.scroll is not None:
            self.stack.setCurrentWidget(room.scroll)
        self.navigation.show_current(room.place)
        page.opened(visit.args)
        # Later: what the old page throws away gives its focus to anybody.
        QTimer.singleShot(0, self, lambda: self._focus(page))
        self.went.emit(visit.name)

    def _focus(self, page: Page) -> None:
        """See that the keys go to *page*: to what had the focus there, else to its list, else to its first field."""
        if page is not self.current_page() or not self.isActiveWindow() or QApplication.activePopupWidget():
            return
        now = QApplication.focusWidget()
        if now is not None and page.isAncestorOf(now) and now.isVisible() and now is not page.back_button:
            return
        last = page.focusWidget()
        if last is None or last is page.back_button or not last.isVisible() or not last.isEnabled():
            last = next((view for view in page.findChildren(QAbstractItemView) if view.isVisible()), None)
        if last is None:
            others = (one for one in page.findChildren(QWidget) if one is not page.back_button)
            last = next((o for o in others if o.isVisible() and o.focusPolicy() & Qt.FocusPolicy.TabFocus), None)
        if last is not None:
            last.setFocus(Qt.FocusReason.OtherFocusReason)

    def _walk(self, way: list[_Visit]) -> None:
        if not way or self._now is None:
            return
        visit = way.pop()
        (self._forward if way is self._back else self._back).append(self._now)
        self._open(visit)

    def _escape(self) -> None:
        # What opened last closes first: a list of suggestions or a calendar, not the form below it.
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
            return
        if self.top.search.escape():
            return
        # Esc doesn't come as a key to the field that says it clears it.
        held = QApplication.focusWidget()
        if isinstance(held, SearchField) and held.text():
            held.clear()
            return
        page = self.current_page()
        if page is not None and not page.escape() and page.back_button.isVisible():
            self.go("back")

    def _search(self) -> None:
        self.top.search.setFocus()
        self.top.search.selectAll()

    def _on_found(self, found: Found) -> None:
        if found.on is not None:
            found.on()
        elif found.page:
            self.go(found.page, **found.args)

    def _on_place(self, name: str) -> None:
        self.go(name)

    def _on_folded(self) -> None:
        self._folded_by_hand = self.navigation.collapsed

    def _fold_if_narrow(self) -> None:
        narrow = self.width() < theme.current().grown(_NARROW)
        self.navigation.collapse(narrow if self._folded_by_hand is None else narrow or self._folded_by_hand)
