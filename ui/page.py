"""The base of every page: a title row with one primary action, and room for the content."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from ui import theme
from ui.pieces.buttons import Button, IconButton
from ui.pieces.text import Elided

_NARROW = 900
_SHORT = 16
"""Characters: the longest number that a case has."""


class Page(QWidget):
    """A page: built in ``__init__`` of a subclass with `set_primary`, `add_quiet`, `add`.

    The window then calls `opened(args)` each time ``window.go(name, **args)`` leads here; `refresh(changed)` when
    records changed while the page shows (*changed*: form names, or empty for all); `leaving()` before another page
    comes: keep drafts there. Ask for another page by the signal ``go(name, args)``; say what was done by
    ``said(text, undo or None)``. *dense* keeps the lower margin small, so that 15 rows of a list show at 768 px.
    """

    go = Signal(str, dict)
    said = Signal(str, object)
    title_changed = Signal(str)

    def __init__(self, title: str = "", note: str = "", *, back: bool = False, dense: bool = False) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        look = theme.current()
        self._edge = look.px("margin")
        self._sides: list[tuple[QWidget, int, int]] = []
        whole = QVBoxLayout(self)
        whole.setContentsMargins(self._edge, 0, self._edge, self._edge // 2 if dense else self._edge)
        whole.setSpacing(0)
        self._row = QWidget()
        self._row.setMinimumHeight(look.px("title-row"))
        self.title_row = QHBoxLayout(self._row)
        self.title_row.setContentsMargins(0, 0, 0, 0)
        self.title_row.setSpacing(12)
        self.back_button = IconButton("arrow-left", "返回", lambda: self.go.emit("back", {}), keys="Alt+Left")
        # Never shown before it has a parent: that would open a window of its own for a moment and take the focus.
        if not back:
            self.back_button.hide()
        self.title = Elided(title, "20", strong=True)
        self.note = Elided(note, tone="text-3")
        self._beside = QHBoxLayout()
        self._beside.setSpacing(8)
        self._quiet = QHBoxLayout()
        self._quiet.setSpacing(8)
        self._primary: Button | None = None
        self.title_row.addWidget(self.back_button)
        self.title_row.addWidget(self.title)
        self.title_row.addLayout(self._beside)
        self.title_row.addWidget(self.note, 1)
        self.title_row.addLayout(self._quiet)
        whole.addWidget(self._row)
        self.content = QVBoxLayout()
        self.content.setContentsMargins(0, 0, 0, 0)
        self.content.setSpacing(look.px("gap"))
        whole.addLayout(self.content, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """What Ctrl+K offers on this page: (words, keys, what it does). Override to add to the primary action."""
        if self._primary is None:
            return ()
        return ((self._primary.words(), "", self._primary.click),)

    def set_title(self, title: str, note: str = "") -> None:
        """Name the page; *note* stands quietly behind."""
        self.title.setText(title)
        self.note.setText(note)
        # A number behind a long title is read whole; words give way.
        self.note.setMinimumWidth(self.note.sizeHint().width() if len(note) <= _SHORT else 0)
        self.title_changed.emit(title)

    def set_primary(
        self, text: str, on: Callable[[], object], *, icon: str = "", keys: str = "Ctrl+N", tip: str = ""
    ) -> Button:
        """The page's one filled button, at the right end of the title row."""
        if self._primary is not None:
            self._primary.deleteLater()
        self._primary = Button(text, on, kind="primary", icon=icon, keys=keys, tip=tip)
        self.title_row.addWidget(self._primary)
        return self._primary

    def add_quiet(self, button: QWidget) -> QWidget:
        """A quiet action before the primary one."""
        self._quiet.addWidget(button)
        return button

    def add_beside(self, thing: QWidget) -> QWidget:
        """Tabs, chips or a breadcrumb beside the title."""
        self._beside.addWidget(thing)
        return thing

    def add(self, thing: QWidget, stretch: int = 0) -> None:
        """Put *thing* below what is there."""
        self.content.addWidget(thing, stretch)

    def add_side(self, thing: QWidget, normal: int, slim: int) -> None:
        """A column at the side is *normal* px wide, *slim* in a small window.

        It keeps its px in large type, too: what stands beside it should have the room.
        """
        self._sides.append((thing, normal, slim))
        thing.setFixedWidth(slim)

    def to_top(self) -> None:
        """Show the head of the page, where the window scrolls it."""
        if bar := self._bar():
            bar.setValue(0)

    @contextlib.contextmanager
    def keeping_place(self) -> Iterator[None]:
        """What is thrown away in the block, or gets the cursor, leaves the page where it stood: Qt scrolls to whatever the cursor jumps to."""
        bar = self._bar()
        at = bar.value() if bar else 0
        yield
        if bar:
            bar.setValue(at)

    def _bar(self) -> QScrollBar | None:
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        return around.verticalScrollBar() if around is not None else None

    def narrow(self) -> bool:
        """Whether the page has little room, as in a small window or on a screen whose everything is enlarged."""
        # The page itself may be wider than its window: that is what is to be mended.
        around = self.parentWidget()
        return min(self.width(), around.width() if around else self.width()) < _NARROW

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for thing, normal, slim in self._sides:
            thing.setFixedWidth(slim if self.narrow() else normal)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._row.setMinimumHeight(theme.current().px("title-row"))

    def opened(self, args: Mapping[str, Any]) -> None:
        """The page comes to the front with *args*."""

    def refresh(self, changed: Sequence[str]) -> None:
        """Records of the forms *changed* are no longer as they were; empty means any."""

    def leaving(self) -> None:
        """Another page comes to the front."""

    def escape(self) -> bool:
        """Esc was pressed and nobody took it: close what is open and say True; else the window goes back."""
        return False
