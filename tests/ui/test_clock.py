"""A machine whose clock is wrong: the bar at the top says so in plain words, and what is proposed as today isn't."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from app.schema.dates import china_time
from app.store.clock import DAY_MS
from app.store.exchange_values import Exchange
from ui.frame import make_window
from ui.pages.sync_words import moment
from ui.pieces import dates


@pytest.fixture(autouse=True)
def right_again():
    yield
    dates.correct_by(0)


def test_a_wrong_clock_is_told_beside_the_sync_chip_with_what_to_do(qapp, qtbot, desk):
    window, frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    desk.settle()
    assert not window.top.clock.isVisible()
    sync = desk.office.store.sync
    shown = int(desk.office.store.clock.read().shows)
    desk.jobs.run(lambda: sync.county_clock(shown + 17 * 365 * DAY_MS, shown))
    frame.recount()
    desk.settle()
    assert window.top.clock.isVisible()
    assert "慢了 17 年" in window.top.clock.toolTip()
    with qtbot.waitSignal(window.top.clock_clicked) as told:
        window.top.clock.click()
    assert "请在系统设置里校准" in told.args[0]
    assert dates.china_today().isoformat() == china_time(shown + 17 * 365 * DAY_MS)[:10]
    desk.jobs.run(lambda: sync.county_clock(shown, shown))
    frame.recount()
    desk.settle()
    assert not window.top.clock.isVisible()


def test_the_desk_says_when_the_last_exchange_was_though_it_brought_nothing(qapp, qtbot, desk):
    window, frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.show()
    window.go("desk")
    desk.settle()

    def said() -> list[str]:
        return [label.text() for label in window.current_page().sync_card.findChildren(QLabel)]

    assert "还没有同步过" in said()
    at = desk.office.store.now_ms()
    desk.jobs.run(lambda: desk.office.store.sync.log(Exchange(at, "net", 0, 0, 10, 10, 0.1, "ok")))
    desk.settle()
    frame.syncing(False, offline=False)
    desk.settle()
    assert "还没有同步过" not in said()
    assert any(f"{moment(at):%H:%M}" in text for text in said())
