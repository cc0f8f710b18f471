"""Columns give way in a narrow place and come back in a wide one."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from ui import theme
from ui.lists import Column, RecordTable


def table_of(qtbot, width: int) -> RecordTable:
    columns = [
        Column("day", "日期", 100),
        Column("title", "标题", stretch=True, least=150),
        Column("who", "谁", 100, spare=1),
        Column("note", "注", 100, spare=2),
    ]
    table = RecordTable(columns, lambda _offset, _limit, _order: [{"id": 1, "title": "走访"}], 1)
    qtbot.addWidget(table)
    table.resize(width, 300)
    table.show()
    QApplication.processEvents()
    return table


def hidden(table: RecordTable) -> list[bool]:
    return [table.view.isColumnHidden(number) for number in range(4)]


def test_the_least_wanted_column_leaves_first_and_comes_back(qapp, qtbot):
    table = table_of(qtbot, 400)
    assert hidden(table) == [False, False, False, True]
    table.resize(800, 300)
    QApplication.processEvents()
    assert not any(hidden(table))


def test_what_somebody_hid_stays_hidden(qapp, qtbot):
    table = table_of(qtbot, 800)
    table.view.setColumnHidden(2, True)
    table.resize(330, 300)
    QApplication.processEvents()
    table.resize(800, 300)
    QApplication.processEvents()
    assert hidden(table) == [False, False, True, False]


def test_columns_grow_with_the_reading_size_and_give_way_again(qapp, qtbot):
    table = table_of(qtbot, 480)
    assert not any(hidden(table))
    theme.apply(qapp, "light", large=True)
    try:
        QApplication.processEvents()
        assert hidden(table) == [False, False, False, True]
        assert table.view.columnWidth(0) == theme.current().grown(100)
    finally:
        theme.apply(qapp)
