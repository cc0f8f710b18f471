"""Locks the window when nobody has touched it for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

MINUTES = 15
_TOUCHES = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)


class Idle(QObject):
    """``Idle(window.windowHandle())``. Signal ``passed`` once *minutes* went by without a touch.

    Only the native window is watched: a filter on the application would run Python for every event there is.
    """

    passed = Signal()

    def __init__(self, watched: QWindow, minutes: float = MINUTES, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(watched)
        self._now, self._limit = now, minutes * 60
        self._touched = now()
        self._told = False
        watched.installEventFilter(self)
        # What an input method commits comes past the native window.
        QGuiApplication.inputMethod().cursorRectangleChanged.connect(self.touch)
        self._beat = QTimer(self, interval=15_000)
        self._beat.timeout.connect(self.look)
        self._beat.start()

    def touch(self) -> None:
        """Somebody is there."""
        self._touched = self._now()
        self._told = False

    def look(self) -> None:
        """Tell, once, when nobody has been there for long enough."""
        if not self._told and self._now() - self._touched >= self._limit:
            self._told = True
            self.passed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self.touch()
        return False
