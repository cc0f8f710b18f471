"""The line of a session being typed, with the keys that are its own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from ui.pieces.keys import enter_alone


class SessionEntry(QPlainTextEdit):
    """The line being typed. Signals ``recorded`` (Enter), ``marked(number)`` (Ctrl+1, 2, 3), ``taken_back`` (Ctrl+Z)."""

    recorded = Signal()
    marked = Signal(int)
    taken_back = Signal()

    _MARKING: Sequence[Qt.Key] = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("calm", "true")
        self.setTabChangesFocus(True)
        self.setAccessibleName("正在说的话")
        self.setPlaceholderText("说一句记一句，按 Enter 记下")

    def event(self, event: QEvent) -> bool:
        # Here Ctrl+1 marks a sentence; elsewhere it opens the first page.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._mine(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if enter_alone(event):
            self.recorded.emit()
        elif self._mine(event):
            if event.key() in self._MARKING:
                self.marked.emit(self._MARKING.index(Qt.Key(event.key())))
            else:
                self.taken_back.emit()
        else:
            super().keyPressEvent(event)

    def _mine(self, event: QKeyEvent) -> bool:
        if event.modifiers() != Qt.KeyboardModifier.ControlModifier:
            return False
        # While there are words in the line, Ctrl+Z undoes typing as everywhere.
        return event.key() in self._MARKING or (event.key() == Qt.Key.Key_Z and not self.toPlainText())
