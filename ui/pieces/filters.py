"""The filter row above a list: a search field and buttons that drop their choices."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QMenu

from ui import icons, theme
from ui.pieces.buttons import Button


class SearchField(QLineEdit):
    """``SearchField("编号、标题、人、地点")``. Signal ``searched(text)`` 200 ms after the last key, at once on Enter.

    What an input method has not committed yet is not searched for. Down leaves to the list: signal ``left_down``.
    """

    searched = Signal(str)
    left_down = Signal()

    def __init__(self, hint: str, width: int = 190) -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self._width = width
        self.addAction(QAction(icons.icon("search", "text"), "", self), QLineEdit.ActionPosition.LeadingPosition)
        self._clear = QAction(icons.icon("x"), "清除（Esc）", self)
        self._clear.triggered.connect(self.clear)
        self.addAction(self._clear, QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setVisible(False)
        self._timer = QTimer(self, singleShot=True, interval=200)
        self._timer.timeout.connect(self._search)
        self.textChanged.connect(self._on_text_changed)
        self.returnPressed.connect(self._search)

    def sizeHint(self) -> QSize:
        return QSize(theme.current().grown(self._width), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().grown(min(self._width, 140)), super().sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.left_down.emit()
        else:
            super().keyPressEvent(event)

    def _on_text_changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._timer.start()

    def _search(self) -> None:
        self._timer.stop()
        self.searched.emit(self.text().strip())


class FilterButton(Button):
    """``FilterButton("类别", [("safety", "安全隐患"), …])``. Signal ``picked(key or None)``; None means all."""

    picked = Signal(object)

    def __init__(self, label: str, choices: Sequence[tuple[object, str]], now: object = None) -> None:
        self._label, self._choices, self._now = label, tuple(choices), now
        self._menu = QMenu()
        super().__init__(label, menu=self._menu)
        self._menu.aboutToShow.connect(self._fill)
        self.setToolTip("")
        self._show()

    def value(self) -> object:
        """The key that is picked, None for all."""
        return self._now

    def show_choices(self, choices: Sequence[tuple[object, str]]) -> None:
        """Offer other choices."""
        self._choices = tuple(choices)
        self._show()

    def pick(self, key: object) -> None:
        """Filter by *key*; None lifts the filter."""
        if key != self._now:
            self._now = key
            self._show()
            self.picked.emit(key)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The cross at the right end of a picked filter lifts it; the rest opens the choices.
        if self._now is not None and event.position().x() > self.width() - theme.current().grown(26):
            self.pick(None)
            return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._now is not None:
            self.pick(None)
        else:
            super().keyPressEvent(event)

    def _fill(self) -> None:
        self._menu.clear()
        for key, text in ((None, "全部"), *self._choices):
            action = self._menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(key == self._now)
            action.triggered.connect(lambda _checked=False, key=key: self.pick(key))

    def _show(self) -> None:
        shown = next((text for key, text in self._choices if key == self._now and key is not None), "")
        self._arrow_icon = "x" if shown else "chevron-down"
        self.set_words(shown or self._label)
        self.setAccessibleName(f"{self._label} {shown or '全部'}")
        self.set_kind("picked" if shown else "plain")


Branch = tuple[object, str, "Sequence[Branch]"]
"""(key, words, what lies below it); a key of None can't be picked itself."""


class TreeFilter(FilterButton):
    """``TreeFilter("类别", [("hazard", "安全隐患", [("hazard_road", "道路", [])]), …])``: choices below choices."""

    def __init__(self, label: str, tree: Sequence[Branch], now: object = None) -> None:
        self._tree = tuple(tree)
        super().__init__(label, _flat(tree), now)

    def _fill(self) -> None:
        self._menu.clear()
        self._offer(self._menu, None, "全部")
        self._branch(self._menu, self._tree)

    def _branch(self, menu: QMenu, tree: Sequence[Branch]) -> None:
        for key, text, below in tree:
            if not below:
                self._offer(menu, key, text)
                continue
            under = menu.addMenu(text)
            if key is not None:
                self._offer(under, key, f"{text}（全部）")
                under.addSeparator()
            self._branch(under, below)

    def _offer(self, menu: QMenu, key: object, text: str) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(key == self._now)
        action.triggered.connect(lambda _checked=False: self.pick(key))


def _flat(tree: Sequence[Branch]) -> list[tuple[object, str]]:
    return [each for key, text, below in tree for each in ((key, text), *_flat(below))]
