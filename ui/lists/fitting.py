"""Columns that give way: in a narrow place the least wanted hide, so that the main one stays readable."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtWidgets import QTableView, QTreeView

from ui import theme
from ui.lists.columns import Column


def give_way(view: QTableView | QTreeView, columns: Sequence[Column], given: Collection[int]) -> set[int]:
    """Hide columns with a ``spare`` while the stretching one has less than its ``least``; the numbers of those hidden.

    *given* are those hidden last time: they come back first. What somebody hid himself stays hidden.
    """
    if not any(column.spare for column in columns):
        return set()
    for number in given:
        view.setColumnHidden(number, False)
    look = theme.current()
    shown = [number for number in range(len(columns)) if not view.isColumnHidden(number)]
    need = sum(look.grown(columns[n].least) if columns[n].stretch else view.columnWidth(n) for n in shown)
    gone: set[int] = set()
    for number in sorted(shown, key=lambda number: -columns[number].spare):
        if need <= view.viewport().width() or not columns[number].spare:
            break
        need -= view.columnWidth(number)
        view.setColumnHidden(number, True)
        gone.add(number)
    return gone
