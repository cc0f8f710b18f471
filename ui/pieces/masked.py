"""Masked values: shown as stars until the eye is pressed, which the service logs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.pieces.buttons import IconButton
from ui.pieces.text import words

SHOWN_SECONDS = 30


class Masked(QWidget):
    """``Masked("990001********1234", reveal=lambda: office….whole(…))``.

    *reveal* returns the whole value, or None where it may not be seen; after 30 s the stars return by themselves.
    """

    def __init__(
        self, masked: str, reveal: Callable[[], str | None] | None = None, tip: str = "看完整号码，会记入日志"
    ) -> None:
        super().__init__()
        self._masked, self._reveal = masked, reveal
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        self.text = words(masked or "—")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.eye = IconButton("eye", tip, self.toggle, small=True)
        self.eye.setFixedHeight(self.text.sizeHint().height())
        if not masked or reveal is None:
            self.eye.hide()
        line.addWidget(self.text)
        line.addWidget(self.eye)
        line.addStretch(1)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_SECONDS * 1000)
        self._timer.timeout.connect(self.cover)

    def toggle(self) -> None:
        """Show the whole value, or cover it again."""
        if self.text.text() != self._masked:
            self.cover()
            return
        whole = self._reveal() if self._reveal else None
        if whole is not None:
            self.uncover(whole)

    def uncover(self, whole: str) -> None:
        """Show *whole* for 30 s: for a reveal that answers later and returned None."""
        self.text.setText(whole)
        self.eye.set_icon("eye-off")
        self._timer.start()

    def cover(self) -> None:
        """Put the stars back."""
        self._timer.stop()
        self.text.setText(self._masked)
        self.eye.set_icon("eye")
