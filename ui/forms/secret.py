"""A sensitive value in a form: stars until somebody types another, or may see it and gives the reason."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from app.schema.kinds import Kind
from app.schema.values import Value
from ui import icons

# reveal(show): show(whole value) when it may be seen; the asking for the reason is the page's.
Reveal = Callable[[Callable[[Value], None]], object]


class SecretEntry(QLineEdit):
    """``SecretEntry(kind, reveal)``. Signal ``changed``. The first key typed over the stars begins a new value."""

    changed = Signal()

    def __init__(self, kind: Kind, reveal: Reveal | None = None) -> None:
        super().__init__()
        self._kind, self._held, self._covered = kind, None, False
        self._eye = QAction(icons.icon("eye"), "看完整号码，会记入日志", self)
        self._can_reveal = reveal is not None
        if reveal is not None:
            self._eye.triggered.connect(lambda: reveal(self._uncover))
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._eye.setVisible(False)  # only after it was added does the line edit follow
        self.textEdited.connect(lambda _text: self.changed.emit())

    def value(self) -> object:
        """What was typed, or the value behind the stars."""
        return self._held if self._covered else self.text().strip() or None

    def set_value(self, value: object) -> None:
        """Hold *value*, covered."""
        self._held = value
        self._covered = value is not None
        self.setText(self._kind.mask(value) if self._covered else "")
        self._eye.setVisible(self._covered and self._can_reveal)

    def show_plain(self, value: object) -> None:
        """Show *value* as it is being typed, as a draft brings it back."""
        self._covered = False
        self.setText("" if value is None else str(value))

    def covered(self) -> bool:
        """Whether stars stand there."""
        return self._covered

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._covered and (
            (event.text().isprintable() and event.text()) or event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
        ):
            self._begin()
        super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        if self._covered and (event.commitString() or event.preeditString()):
            self._begin()
        super().inputMethodEvent(event)

    def _begin(self) -> None:
        self._covered = False
        self._eye.setVisible(False)
        self.clear()
        self.changed.emit()

    def _uncover(self, value: Value) -> None:
        if self._covered:
            self.setText(self._kind.show(value))
            self.setCursorPosition(0)
