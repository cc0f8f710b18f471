"""The outline of a place in a form: said in words; it is drawn on the map, never typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal

from app.schema.kinds import Kind
from ui.pieces.text import Elided


class OutlineEntry(Elided):
    """Holds the outline as it is kept, and shows how large it is."""

    changed = Signal()

    def __init__(self, kind: Kind) -> None:
        super().__init__("")
        self._kind, self._value = kind, None

    def value(self) -> object:
        """The outline as it was given; None where there is none."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Show *value*."""
        self._value = value or None
        self.setText(self._kind.show(value) if value else "还没有勾绘")
