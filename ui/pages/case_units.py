"""Units typed into an action's form: those that led cases before are found by a few letters, an unknown one is asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from app.rules.case_fold import units
from ui.forms.typed import rank
from ui.pieces.proposals import Proposals

_LAST = re.compile(r"[^、，,;；]*$")


class UnitEntry(QLineEdit):
    """``UnitEntry(known)``: typing narrows the list, Enter or a click takes from it; other words stay as typed.

    *several*: parted by 、, the list is for the one being typed.
    """

    def __init__(self, known: Sequence[str], text: str = "", *, several: bool = False) -> None:
        super().__init__(text)
        self._known, self._several = tuple(known), several
        if several:
            self.setPlaceholderText("几个单位用、隔开")
        elif known:
            self.setPlaceholderText("打几个字或首字母")
        self._list = Proposals(self, self._take)
        self.textEdited.connect(lambda _text: self._offer())

    def unknown(self) -> tuple[str, ...]:
        """What stands there and led no case yet; nothing where no unit is known at all."""
        typed = units(self.text()) if self._several else (self.text().strip(),)
        return tuple(unit for unit in typed if unit and unit not in self._known) if self._known else ()

    def offers(self) -> bool:
        """Whether the list shows with a line chosen."""
        return self._list.popup().isVisible() and self._list.popup().currentIndex().isValid()

    def take_offered(self) -> None:
        """Take the line that is chosen in the list."""
        self._take(self._list.popup().currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_F4) and not self._list.popup().isVisible():
            self._offer()
            return
        super().keyPressEvent(event)

    def _typed(self) -> str:
        found = _LAST.search(self.text()) if self._several else None
        return (found.group() if found else self.text()).strip()

    def _offer(self) -> None:
        typed = self._typed()
        ranked = sorted(
            (held, number) for number, unit in enumerate(self._known) if (held := rank(typed, unit)) is not None
        )
        found = [self._known[number] for _, number in ranked]
        if not found or found == [typed]:
            self._list.popup().hide()
            return
        self._list.show_words(found)
        self._list.complete()
        self._list.popup().setCurrentIndex(self._list.completionModel().index(0, 0))

    def _take(self, index: QModelIndex) -> None:
        unit = index.data()
        self._list.popup().hide()
        if not unit:
            return
        before = _LAST.sub("", self.text()) if self._several else ""
        self.setText(f"{before}{unit}")
