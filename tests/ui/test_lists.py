"""The record table: fetches what is seen, is worked by keyboard, keeps marks by record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from ui.lists import BatchAction, Cell, Column, Group, Order, RecordTable

COLUMNS = [
    Column("state", "状态", 100, role="chip"),
    Column("title", "标题", stretch=True),
    Column("due", "到期", 120, role="date"),
    Column("act", "", 90, "right", "button", sortable=False),
]


class Source:
    """Made-up rows that remember what was asked of them."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.asked: list[tuple[int, int, Order | None]] = []

    def fetch(self, offset: int, limit: int, order: Order | None) -> Sequence[dict[str, object]]:
        self.asked.append((offset, limit, order))
        numbers = range(offset, min(offset + limit, self.total))
        if order is not None and order.down:
            numbers = range(self.total - 1 - offset, max(-1, self.total - 1 - offset - limit), -1)
        return [
            {"id": n, "state": "处置中", "title": f"事件 {n}", "due": "2026-09-21T12:00", "act": "催办"}
            for n in numbers
        ]


@pytest.fixture
def source() -> Source:
    return Source(100_000)


@pytest.fixture
def table(source: Source, qtbot) -> RecordTable:
    table = RecordTable(COLUMNS, source.fetch, source.total, batch=[BatchAction("导出", lambda _ids: None)], unit="件")
    table.resize(900, 600)
    qtbot.addWidget(table)
    with qtbot.waitExposed(table):
        table.show()
    return table


def test_only_what_is_seen_is_fetched(table: RecordTable, source: Source) -> None:
    table.grab()
    assert {offset for offset, _, _ in source.asked} == {0}


def test_the_end_key_reaches_the_last_row_and_fetches_only_there(table: RecordTable, source: Source, qtbot) -> None:
    table.go_to(0)
    qtbot.keyClick(table.view, Qt.Key.Key_End)
    table.grab()
    assert table.current() == 99_999
    assert {offset for offset, _, _ in source.asked} <= {0, 99_900}
    qtbot.keyClick(table.view, Qt.Key.Key_Home)
    assert table.current() == 0


def test_arrows_enter_and_space_work_a_row(table: RecordTable, qtbot) -> None:
    opened: list[int] = []
    table.opened.connect(opened.append)
    table.go_to(0)
    qtbot.keyClick(table.view, Qt.Key.Key_Down)
    qtbot.keyClick(table.view, Qt.Key.Key_Return)
    qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert opened == [1]
    assert table.marked() == [1]
    qtbot.keyClick(table.view, Qt.Key.Key_Escape)
    assert table.marked() == []


def test_typing_in_the_list_goes_to_the_filter_and_fetches_nothing(table: RecordTable, source: Source, qtbot) -> None:
    typed: list[str] = []
    table.typed.connect(typed.append)
    table.go_to(0)
    before = len(source.asked)
    qtbot.keyClicks(table.view, "lcs")
    assert "".join(typed)[0] == "l"
    assert len(source.asked) == before


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_round(table: RecordTable, source: Source, qtbot) -> None:
    header = table.view.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(1) + 40, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert table.model.order == Order("title", False)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert table.model.order == Order("title", True)
    assert table.model.record_id(0) == 99_999


def test_the_footer_says_how_many_there_are_where_only_the_first_are_listed(table: RecordTable) -> None:
    table.show_rows(500, whole=2_500)
    assert table._count.text() == "共 2,500 件，先列 500 件"
    table.show_rows(500, whole=500, note="含办结 3")
    assert table._count.text() == "共 500 件，含办结 3"
    table.show_rows(7)
    assert table._count.text() == "共 7 件"


def test_marks_stay_with_their_records_when_the_order_changes(table: RecordTable) -> None:
    table.model.set_checked([3, 5], True)
    table.model.sort(1, Qt.SortOrder.DescendingOrder)
    assert table.marked() == [3, 5]


def test_the_selection_bar_takes_the_footers_place_and_acts_on_the_marked(source: Source, qtbot) -> None:
    done: list[list[int]] = []
    table = RecordTable(COLUMNS, source.fetch, source.total, batch=[BatchAction("导出", done.append)])
    qtbot.addWidget(table)
    table.show()
    height = table._bars.height()
    table.model.set_checked([7, 8], True)
    assert table._bars.currentIndex() == 1
    assert table._bars.height() == height
    from ui.pieces.buttons import Button

    next(button for button in table.findChildren(Button) if button.words() == "导出").click()
    assert done == [[7, 8]]


def test_marking_all_takes_at_most_ten_thousand(table: RecordTable, qtbot) -> None:
    qtbot.keyClick(table.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(table.marked()) == 10_000


def test_what_is_copied_pastes_as_a_table(table: RecordTable) -> None:
    table.model.record(0)
    table.model.set_checked([0, 1], True)
    text = table.copy()
    assert text.splitlines() == ["状态\t标题\t到期", "处置中\t事件 0\t9月21日 12:00", "处置中\t事件 1\t9月21日 12:00"]
    assert QApplication.clipboard().text() == text


def test_a_click_on_a_rows_button_names_the_record_and_the_column(table: RecordTable, qtbot) -> None:
    pressed: list[tuple[int, str]] = []
    table.pressed_button.connect(lambda key, column: pressed.append((key, column)))
    rect = table.view.visualRect(table.model.index(2, 3))
    spot = table.view.delegate.button_rect(rect, COLUMNS[3], "催办").center()
    qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert pressed == [(2, "act")]


def test_group_lines_are_stepped_over(qtbot) -> None:
    rows = [Group("超期 1"), {"id": 1, "title": Cell("石桥村", "主办")}, Group("今天 1"), {"id": 2, "title": "下寨村"}]
    table = RecordTable(COLUMNS, lambda offset, limit, _order: rows[offset : offset + limit], 4)
    qtbot.addWidget(table)
    table.show()
    table.go_to(1)
    qtbot.keyClick(table.view, Qt.Key.Key_Down)
    assert table.current() == 2
    qtbot.keyClick(table.view, Qt.Key.Key_Home)
    assert table.current() == 1


def test_rows_that_arrive_late_are_shown_and_stale_ones_dropped(source: Source, qtbot) -> None:
    waiting: list[tuple[Callable[[], object], Callable[[object], None]]] = []
    table = RecordTable(COLUMNS, source.fetch, 500, run=lambda work, then: waiting.append((work, then)))
    qtbot.addWidget(table)
    assert table.model.record(0) is None
    stale = waiting.pop(0)
    table.model.sort(1, Qt.SortOrder.DescendingOrder)
    assert table.model.record(0) is None
    stale[1](stale[0]())
    assert table.model.record(0) is None
    work, then = waiting.pop(0)
    then(work())
    assert table.model.record(0) is not None
    assert table.model.record(0)["id"] == 99_999


def test_marking_all_goes_through_the_lane_where_there_is_one(source: Source, qtbot) -> None:
    waiting: list[tuple[Callable[[], object], Callable[[object], None]]] = []
    table = RecordTable(COLUMNS, source.fetch, 500, run=lambda work, then: waiting.append((work, then)))
    qtbot.addWidget(table)
    before = len(source.asked)
    table.model.check_all()
    assert len(source.asked) == before
    work, then = waiting.pop()
    then(work())
    assert len(table.marked()) == 500


def test_an_empty_list_says_so(qtbot) -> None:
    table = RecordTable(COLUMNS, lambda _offset, _limit, _order: [], 0)
    qtbot.addWidget(table)
    table.show()
    assert table._empty.isVisible()
    table.show_rows(1, lambda _offset, _limit, _order: [{"id": 1}])
    assert table.view.isVisible()
