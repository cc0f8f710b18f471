"""What due times say in the window: on the desk, in the navigation, on the page of the case; and a day that turns while it stands open."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtWidgets import QLabel

from app.schema.dates import CHINA
from tests.ui.offices import UPPER
from ui.frame import make_window
from ui.lists import Group
from ui.pages.case import CasePage
from ui.pages.desk import DeskPage


class Evening:
    """23:00 in China on the day after the test began; the machine sleeps through what is added."""

    def __init__(self):
        day = dt.datetime.now(CHINA).date() + dt.timedelta(days=1)
        self.at = dt.datetime.combine(day, dt.time(23), CHINA).timestamp()

    def __call__(self):
        return self.at

    def hours(self, count):
        self.at += 3600 * count


@pytest.fixture
def evening(desk):
    evening = Evening()
    # Asleep, the monotonic clock may stand still as well.
    desk.office.store.clock._now = evening
    desk.office.store.clock._monotonic = lambda: 0.0
    return evening


def urgent(desk, title="村口路灯不亮"):
    """Reported at 23:00, to be screened within two hours: by one o'clock in the night."""
    values = {"title": title, "detail": "村口", "urgency": "urgent", "category": "facility_light"}
    made = desk.office.cases.report(values, area=UPPER)
    assert made.ok, made.faults
    return made.record.id


def groups(page):
    return [row.text for row in page._desk.rows if isinstance(row, Group)]


def test_the_desk_rolls_over_at_midnight_and_when_something_falls_due_without_a_restart(qapp, qtbot, desk, evening):
    urgent(desk)
    window, frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.show()
    window.go("desk")
    desk.settle()
    page = window.current_page()
    assert isinstance(page, DeskPage)
    day = page._desk.now.date()
    assert groups(page) == ["三天内 1"]
    for later, shown in ((1.5, "今天到期 1"), (1.0, "超期 1")):
        evening.hours(later)
        frame.recount()
        desk.settle()
        desk.settle()
        assert groups(page) == [shown]
    assert page._desk.now.date() == day + dt.timedelta(days=1)
    item = window.navigation._items["desk"]
    assert (item.fresh, item.toolTip().endswith("1 条新提醒")) == (1, True)


def test_what_was_done_here_is_not_read_a_second_time_and_what_falls_due_is_told(
    qapp, qtbot, desk, evening, monkeypatch
):
    event = urgent(desk)
    window, frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.show()
    window.go("desk")
    desk.settle()
    told = []
    monkeypatch.setattr(window.current_page(), "refresh", told.append)
    evening.hours(2.5)
    frame.recount()
    desk.settle()
    assert told == [("event",)]
    assert desk.office.cases.act(event, "accept", {"level": "village"}).ok
    frame.recount()
    desk.settle()
    # Where an exchange brought it the window itself tells the page.
    evening.hours(200)
    frame.syncing(False, fresh=True)
    desk.settle()
    assert told == [("event",)]


def test_a_reminder_is_a_way_into_its_case_and_one_press_has_seen_them_all(qtbot, desk, evening):
    first, _second = urgent(desk), urgent(desk, "水管爆了")
    evening.hours(2.5)
    page = DeskPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()
    assert page.reminders.isVisible()
    assert page.reminders.note.text() == "2 条新的"
    with qtbot.waitSignal(page.go) as gone:
        page.reminders.picked.emit(first)
    assert gone.args == ["case", {"id": first}]
    page.reminders.all.click()
    desk.settle()
    assert not page.reminders.isVisible()
    assert desk.office.reminders.unseen() == 0


def test_who_opens_the_case_has_seen_it_and_reads_what_the_county_will_do(qtbot, desk, evening):
    event = urgent(desk)
    assert desk.office.cases.act(event, "accept", {"level": "village"}).ok
    evening.hours(3.5)
    assert desk.office.reminders.unseen() == 1
    page = CasePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": event})
    desk.settle()
    assert desk.office.reminders.unseen() == 0
    said = [label.text() for label in page.due_card.findChildren(QLabel)]
    # Two hours to assign; an hour and a half after that the county's reminder is owed, but no exchange has been.
    assert "超期，联网后自动催办（超期催办）。" in said
