"""Figures of the week: a few big numbers with their words below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.pieces.card import empty
from ui.pieces.text import words


@dataclass(frozen=True)
class Figure:
    """A number as it is read, what it counts, and a tone where it needs eyes."""

    value: str
    label: str
    tone: str = ""


class Figures(QWidget):
    """``Figures([Figure("37", "上报"), Figure("2", "超期未结", "red")])``."""

    def __init__(self, figures: Sequence[Figure] = ()) -> None:
        super().__init__()
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(12)
        self.show_figures(figures)

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show other figures."""
        empty(self._line)
        for figure in figures:
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(words(figure.value, "20", figure.tone, strong=True))
            column.addWidget(words(figure.label, "12", "text-3"))
            self._line.addLayout(column, 1)
