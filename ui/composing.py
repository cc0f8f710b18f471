"""No shortcut fires while an input method composes."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication, QInputMethodEvent


class Composing(QObject):
    """Watches the focused object of *app*: while it holds an unfinished word, keys are its own and no shortcut's.

    Only the focused object is filtered: a filter on the application would run Python for every event there is.
    """

    def __init__(self, app: QGuiApplication) -> None:
        super().__init__(app)
        self.active = False
        self._watched: QObject | None = None
        app.focusObjectChanged.connect(self._on_focus_changed)
        self._on_focus_changed(app.focusObject())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.InputMethod and isinstance(event, QInputMethodEvent):
            self.active = bool(event.preeditString())
        elif kind == QEvent.Type.ShortcutOverride and self.active:
            event.accept()
            return True
        return False

    def _on_focus_changed(self, focused: QObject | None) -> None:
        # The old one may be in its destructor: that is how it lost the focus.
        if self._watched is not None and shiboken6.isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = focused
        self.active = False
        if focused is not None:
            focused.installEventFilter(self)
