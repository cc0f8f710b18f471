"""A reference to another record: typed like a search, picked from the hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from ui import icons
from ui.pieces.proposals import Proposals


@dataclass(frozen=True)
class Target:
    """A record that may be referred to: its id, its title and a few words that tell it from its namesakes."""

    id: str
    title: str
    note: str = ""
    area: str = ""

    @property
    def words(self) -> str:
        """Title and note in one line."""
        return f"{self.title}　{self.note}" if self.note else self.title


# find(text, show): show([Target…]) now or later, on the GUI thread.
Find = Callable[[str, Callable[[Sequence[Target]], None]], object]


class RefEntry(QLineEdit):
    """``RefEntry(find, "户主、户号")``. Signals ``changed``, ``picked(Target or None)``.

    Typing searches 200 ms after the last key; Enter takes the first hit; emptying it takes the reference away. A text
    that was not picked is no reference: leaving puts back what stood there.
    """

    changed = Signal()
    chosen = Signal()
    picked = Signal(object)

    def __init__(self, find: Find, hint: str = "") -> None:
        super().__init__()
        self._find, self._target, self._hits = find, None, ()
        self._turn, self._stood = 0, ""
        self.setPlaceholderText(hint or "输入后选择")
        self.addAction(QAction(icons.icon("search"), "", self), QLineEdit.ActionPosition.TrailingPosition)
        self._list = Proposals(self, self._on_activated)
        self._timer = QTimer(self, singleShot=True, interval=200)
        self._timer.timeout.connect(self.search)
        self.textEdited.connect(lambda _typed: self._timer.start())
        self.editingFinished.connect(self.settle)

    def value(self) -> str | None:
        """The id of the record referred to."""
        return self._target.id if self._target else None

    def target(self) -> Target | None:
        """The record referred to."""
        return self._target

    def unpicked(self) -> str:
        """What was typed and refers to nothing yet; empty where the field is empty or shows what it refers to."""
        return "" if self._target is not None and self.text() == self._stood else self.text().strip()

    def set_target(self, target: Target | None) -> None:
        """Show *target* without telling anybody."""
        self._target = target
        self.setText(target.title if target else "")
        # As the line shows it: a title of two lines reads otherwise there.
        self._stood = self.text()
        self.setToolTip(target.words if target else "")
        self.setCursorPosition(0)

    def take(self, target: Target | None) -> None:
        """Refer to *target*."""
        self._timer.stop()
        self._turn += 1
        self._list.popup().hide()
        before = self.value()
        self.set_target(target)
        if self.value() != before:
            self.changed.emit()
            self.picked.emit(target)

    def search(self) -> None:
        """Ask for what was typed."""
        self._turn += 1
        turn, typed = self._turn, self.text().strip()
        if typed:
            self._find(typed, lambda found: self._show(turn, found))

    def offers(self) -> bool:
        """Whether the list shows what is found for the text as it stands, with a line chosen."""
        popup = self._list.popup()
        return popup.isVisible() and popup.currentIndex().isValid() and not self._timer.isActive()

    def take_offered(self) -> None:
        """Take the line that is chosen in the list."""
        index = self._list.popup().currentIndex()
        self._list.popup().hide()
        self._on_activated(index)

    def settle(self) -> None:
        """Put back the title of what is referred to, or take the reference away where the field was emptied."""
        if self._list.popup().isVisible():
            return
        if not self.text().strip():
            self.take(None)
        elif self._target is None or self.text() != self._target.title:
            self.set_target(self._target)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_F4) and not self._list.popup().isVisible():
            self.search()
            return
        super().keyPressEvent(event)

    def _on_activated(self, index: QModelIndex) -> None:
        if index.row() < len(self._hits):
            self.take(self._hits[index.row()])
            QTimer.singleShot(0, self, self.chosen.emit)

    def _show(self, turn: int, found: Sequence[Target]) -> None:
        if turn != self._turn or not self.hasFocus():
            return
        self._hits = tuple(found)
        self._list.show_words([target.words for target in found] or ["没有找到，换几个字试试"])
        if found:
            self._list.popup().setSelectionMode(self._list.popup().SelectionMode.SingleSelection)
        self._list.complete()
        first = self._list.completionModel().index(0, 0)
        if found:
            self._list.popup().setCurrentIndex(first)
        else:
            self._list.popup().setSelectionMode(self._list.popup().SelectionMode.NoSelection)
