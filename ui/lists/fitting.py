"""Columns that give way: in a narrow place the least wanted hide, so that the main one stays readable."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QTableView, QTreeView

from ui import theme

_MAIN = 150


class FittingColumns(QObject):
    """Watches *view*: *widths* in px at normal size, 0 for the column that stretches; *leaving* names who goes first.

    What somebody hid himself stays hidden.
    """

    def __init__(
        self, view: QTableView | QTreeView, widths: Sequence[int], leaving: Sequence[int], extra: int = 0
    ) -> None:
        super().__init__(view)
        self._view, self._widths, self._leaving, self._extra = view, tuple(widths), tuple(leaving), extra
        self._hidden: set[int] = set()
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return False

    def fit(self) -> None:
        """Hide and show again for the width there is."""
        look, view = theme.current(), self._view
        kept = [
            number for number in range(len(self._widths)) if number in self._hidden or not view.isColumnHidden(number)
        ]
        need = sum(look.grown(self._widths[number] or _MAIN) for number in kept) + look.grown(self._extra)
        gone: set[int] = set()
        for number in self._leaving:
            if need <= view.viewport().width():
                break
            if number in kept:
                gone.add(number)
                need -= look.grown(self._widths[number] or _MAIN)
        before, self._hidden = self._hidden, gone
        for number in before - gone:
            view.setColumnHidden(number, False)
        for number in gone - before:
            view.setColumnHidden(number, True)
