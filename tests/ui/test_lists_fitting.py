"""Columns give way in a narrow place and come back in a wide one."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from ui.lists import Column, RecordTable
from ui.lists.fitting import FittingColumns


def table_of(qtbot, width: int) -> tuple[RecordTable, FittingColumns]:
    columns = [
        Column("day", "日期", 100),
        Column("title", "标题", stretch=True),
        Column("who", "谁", 100),
        Column("note", "注", 100),
    ]
    table = RecordTable(columns, lambda _offset, _limit, _order: [{"id": 1, "title": "走访"}], 1)
    fitting = FittingColumns(table.view, [100, 0, 100, 100], [3, 2])
    qtbot.addWidget(table)
    table.resize(width, 300)
    table.show()
    QApplication.processEvents()
    return table, fitting


def test_the_least_wanted_column_leaves_first_and_comes_back(qapp, qtbot):
    table, _ = table_of(qtbot, 400)
    assert [table.view.isColumnHidden(number) for number in range(4)] == [False, False, False, True]
    table.resize(800, 300)
    QApplication.processEvents()
    assert not any(table.view.isColumnHidden(number) for number in range(4))


def test_what_somebody_hid_stays_hidden(qapp, qtbot):
    table, _ = table_of(qtbot, 800)
    table.view.setColumnHidden(2, True)
    table.resize(330, 300)
    QApplication.processEvents()
    table.resize(800, 300)
    QApplication.processEvents()
    assert [table.view.isColumnHidden(number) for number in range(4)] == [False, False, True, False]
