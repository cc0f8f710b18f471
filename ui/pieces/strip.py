"""What a record brings with it, below its form: a few lines of chips, links and buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.pieces.card import empty


class Strip(QWidget):
    """``clear()``, then ``add(widget)`` and ``add_line(*widgets)`` from above."""

    def __init__(self) -> None:
        super().__init__()
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(6)

    def clear(self) -> None:
        """Show nothing."""
        empty(self._body)

    def add(self, thing: QWidget) -> None:
        """Put *thing* below what is there."""
        self._body.addWidget(thing)

    def add_line(self, *things: QWidget) -> None:
        """Put *things* side by side below what is there."""
        line = QHBoxLayout()
        line.setSpacing(8)
        for thing in things:
            line.addWidget(thing)
        line.addStretch(1)
        self._body.addLayout(line)
