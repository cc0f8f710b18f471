"""A choice typed by its begin, its pinyin initials or picked from the list that drops down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit

from ui import icons
from ui.forms.typed import rank
from ui.pieces.proposals import Proposals


class ChoiceEntry(QLineEdit):
    """``ChoiceEntry([("daily", "日常走访"), …])``. Signals ``changed`` when another key stands, ``chosen`` when one was
    taken from the list.

    Typing narrows the list (zcf finds 政策法规), Enter and leaving take the first that fits, F4 and Down open the whole
    list. What fits nothing stays as it was typed and is the value, so that the form's check can say what is wrong.
    """

    changed = Signal()
    chosen = Signal()

    def __init__(self, choices: Sequence[tuple[str, str]], hint: str = "") -> None:
        super().__init__()
        self._choices = tuple(choices)
        self._value: object = None
        self.setPlaceholderText(hint or "输入或选择")
        self._list = Proposals(self, self._on_activated, 12)
        arrow = QAction(icons.icon("chevron-down"), "全部选项（F4）", self)
        arrow.triggered.connect(self.open_list)
        self.addAction(arrow, QLineEdit.ActionPosition.TrailingPosition)
        self.textEdited.connect(self._on_edited)
        self.editingFinished.connect(self.settle)

    def value(self) -> object:
        """The key that stands there; what was typed where it fits nothing; None when empty."""
        return self._value

    def set_value(self, value: object) -> None:
        """Show the choice with the key *value*."""
        self._value = value
        self.setText("" if value is None else next((words for key, words in self._choices if key == value), str(value)))
        self.setCursorPosition(0)

    def show_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer other choices; the value stays."""
        self._choices = tuple(choices)
        self.set_value(self._value)

    def rank_choices(self, number: Callable[[str], int]) -> None:
        """Offer those with the lower *number* of their key first, else in the order as it was; what is typed stays."""
        self._choices = tuple(sorted(self._choices, key=lambda choice: number(choice[0])))

    def fitting(self, typed: str) -> list[tuple[str, str]]:
        """The choices that *typed* may mean, the best first."""
        ranked = [
            (held, number)
            for number, (_, words) in enumerate(self._choices)
            if (held := rank(typed, words)) is not None
        ]
        return [self._choices[number] for _, number in sorted(ranked)]

    def open_list(self) -> None:
        """Show all choices."""
        self._list.show_words([words for _, words in self._choices])
        self._list.complete()
        now = next((number for number, (key, _) in enumerate(self._choices) if key == self._value), -1)
        if now >= 0:
            self._list.popup().setCurrentIndex(self._list.completionModel().index(now, 0))

    def settle(self) -> None:
        """Take what was typed."""
        if self._list.popup().isVisible() and self._list.popup().currentIndex().isValid():
            self._on_picked(self._list.popup().currentIndex())
            return
        self._list.popup().hide()
        typed = self.text().strip()
        held = next((words for key, words in self._choices if key == self._value), None)
        if typed == (held or self._value or ""):
            return
        found = self.fitting(typed) if typed else []
        self._take(found[0][0] if found else typed or None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        picked = self._list.popup().currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._list.popup().isVisible() and picked.isValid():
            # The list gives its keys to the field first: there Enter would only end the typing, and a second one go on.
            self._on_activated(picked)
            return
        if not self._list.popup().isVisible() and (
            event.key() == Qt.Key.Key_F4 or (event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and plain)
        ):
            self.open_list()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.isReadOnly():
            self.open_list()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def _on_edited(self, typed: str) -> None:
        found = [words for _, words in self.fitting(typed)]
        self._list.show_words(found)
        if found and typed.strip():
            self._list.complete()
            self._list.popup().setCurrentIndex(self._list.completionModel().index(0, 0))
        else:
            self._list.popup().hide()

    def _on_activated(self, index: QModelIndex) -> None:
        self._on_picked(index)
        QTimer.singleShot(0, self, self.chosen.emit)

    def _on_picked(self, index: QModelIndex) -> None:
        words = index.data()
        self._list.popup().hide()
        self._take(next((key for key, said in self._choices if said == words), words))

    def _take(self, value: object) -> None:
        different = value != self._value
        self.set_value(value)
        if different:
            self.changed.emit()
