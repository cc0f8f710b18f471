"""Persons on a page: a chip with name and a few words, its card on hover or Space."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from ui.pieces.chips import Pill, State
from ui.pieces.facts import Facts
from ui.pieces.text import words

Lines = Sequence[tuple[str, str]]


class PersonChip(Pill):
    """``PersonChip("李长顺", "男 61", card=lambda: [("现住地址", "…")])``. Signal ``clicked`` opens the person.

    *card* is asked only when the pointer rests on the chip or Space is pressed; it gives label and value pairs.
    """

    def __init__(self, name: str, note: str = "", card: Callable[[], Lines] | None = None, icon: str = "user") -> None:
        super().__init__(State(f"{name} {note}".strip(), "plain", icon), "person-chip")
        self._name, self._card = name, card
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setToolTip(name)
        self._popup: QWidget | None = None
        self._rest = QTimer(self, singleShot=True, interval=500)
        self._rest.timeout.connect(self.show_card)

    def show_card(self) -> None:
        """Open the card below the chip."""
        if self._card is None or self._popup is not None:
            return
        self._popup = person_card(self._name, self._card(), self)
        self._popup.move(self.mapToGlobal(QPoint(0, self.height() + 4)))
        self._popup.show()

    def hide_card(self) -> None:
        """Close the card again."""
        self._rest.stop()
        if self._popup is not None:
            self._popup.deleteLater()
            self._popup = None

    def enterEvent(self, event: QEnterEvent) -> None:
        self._rest.start()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.hide_card()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._card is not None:
            self.hide_card() if self._popup else self.show_card()
        elif event.key() == Qt.Key.Key_Escape and self._popup:
            self.hide_card()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


def person_card(name: str, lines: Lines, parent: QWidget) -> QFrame:
    """The card itself, a small window without a frame."""
    card = QFrame(parent, Qt.WindowType.ToolTip)
    card.setObjectName("popup")
    body = QVBoxLayout(card)
    body.setContentsMargins(12, 10, 12, 10)
    body.addWidget(words(name, "16", strong=True))
    facts = Facts(list(lines))
    facts.setMinimumWidth(240)
    body.addWidget(facts)
    return card
