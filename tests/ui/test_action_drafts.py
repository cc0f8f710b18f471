"""What is typed into the form of an action outlasts the page, a second press, an answer that comes late, a lock and a slow photo."""

from __future__ import annotations

import threading

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, Qt

from tests.ui.test_case_page import CTRL, act, report, shown
from ui.pages.case import CasePage


@pytest.fixture
def held_lane(desk):
    """Makes the lane wait until it is let go, as a slow disk does."""
    gates = []

    def hold():
        gate = threading.Event()
        gates.append(gate)
        desk.jobs.run(gate.wait)
        return gate.set

    yield hold
    for gate in gates:
        gate.set()


def being_handled(desk, folder):
    """A case whose unit has taken it, and a photo of what it did."""
    event_id = report(desk)
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit="镇村建办")
    act(desk, event_id, "acknowledge")
    photo = folder / "灯亮了.jpg"
    Image.new("RGB", (30, 20), "red").save(photo, "JPEG")
    return event_id, photo


def again(qtbot, desk, event_id, action):
    """The page as it is made after the next log-in."""
    page = CasePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": event_id, "action": action})
    desk.settle()
    desk.settle()
    return page


def test_a_lock_leaves_what_was_typed_and_picked_to_the_next_log_in_and_doing_it_leaves_no_draft(qtbot, desk, tmp_path):
    event_id, photo = being_handled(desk, tmp_path)
    page = shown(qtbot, desk, event_id, action="feed_back")
    assert desk.office.store.drafts() == []
    page._form.fields["result"].setPlainText("换了灯泡，试过亮了")
    page._form.files.take_paths([photo])
    desk.settle()
    desk.settle()
    page.leaving()
    desk.settle()

    page = again(qtbot, desk, event_id, "feed_back")
    assert page._form.fields["result"].toPlainText() == "换了灯泡，试过亮了"
    assert [one.name for one in page._form.files.staged()] == ["灯亮了.jpg"]
    page._form.submit()
    desk.settle()
    desk.settle()
    assert desk.get("event", event_id)["state"] == "feedback"
    assert [one.name for one in desk.office.attachments.of("event", event_id)] == ["灯亮了.jpg"]
    assert desk.office.store.drafts() == []


def test_what_is_being_typed_is_kept_each_second(qtbot, desk):
    page = shown(qtbot, desk, report(desk), action="reject")
    page._form.fields["reason"].setPlainText("不归镇里管")
    assert page._beat.isActive()
    assert page._beat.interval() <= 1000
    page._beat.timeout.emit()
    desk.settle()
    [(key, *_)] = desk.office.store.drafts()
    assert desk.office.store.draft(key)["values"]["reason"] == "不归镇里管"
    page.escape()
    page._beat.timeout.emit()
    assert not page._beat.isActive()


def test_who_has_left_a_form_hears_that_it_was_not_done(qtbot, desk, held_lane):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="reject")
    said = []
    page.said.connect(lambda text, _undo: said.append(text))
    go_on = held_lane()
    page._form.submit()
    page.escape()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    go_on()
    desk.settle()
    assert desk.get("event", event_id)["state"] == "reported"
    assert len(said) == 1
    assert "没有办成" in said[0]


def test_an_answer_that_comes_late_leaves_the_form_that_is_open_by_then(qtbot, desk, held_lane):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="accept")
    go_on = held_lane()
    page._form.submit()
    page.escape()
    page._begin(next(one for one in page._file.actions if one.code == "reject"))
    go_on()
    desk.settle()
    form = page._form
    form.fields["reason"].setPlainText("不归镇里管")
    desk.settle()
    assert page._form is form
    assert desk.get("event", event_id)["state"] == "accepted"
    assert form.fields["reason"].toPlainText() == "不归镇里管"
    assert "刚办了“甄别受理”" in page.came.text()


def test_what_came_in_before_a_form_was_there_does_not_take_it_away(qtbot, desk, held_lane):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id)
    go_on = held_lane()
    page._begin(next(one for one in page._file.actions if one.code == "reject"))
    page.refresh(())
    go_on()
    desk.settle()
    desk.settle()
    assert page._form is not None
    assert page._form.action.code == "reject"


def test_a_key_pressed_twice_opens_one_form_and_does_nothing(qtbot, desk, held_lane):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id)
    opened = []
    page._drafts.begun = lambda *_args: opened.append("form")
    go_on = held_lane()
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    go_on()
    desk.settle()
    assert opened == ["form"]
    assert desk.get("event", event_id)["state"] == "reported"


def test_a_slow_photo_comes_to_the_form_that_was_opened_again_and_is_waited_for(qtbot, desk, tmp_path, held_lane):
    event_id, photo = being_handled(desk, tmp_path)
    page = shown(qtbot, desk, event_id, action="feed_back")
    go_on = held_lane()
    page._form.files.take_paths([photo])
    page.escape()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    page._begin(next(one for one in page._file.actions if one.code == "feed_back"))
    waited = []
    page._drafts.begun = lambda *_args: waited.append(page._step_files._last[event_id, "feed_back"].coming())
    go_on()
    desk.settle()
    desk.settle()
    assert waited == [True]
    assert [one.name for one in page._form.files.staged()] == ["灯亮了.jpg"]
    assert not page._form.files.coming()


def test_that_a_photo_could_not_be_taken_in_is_said_though_its_form_was_left(qtbot, desk, tmp_path):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="accept")
    page._form.files.take_paths([tmp_path / "没有.jpg"])
    page.escape()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    desk.settle()
    desk.settle()
    assert len(desk.failures) == 1
    desk.failures.clear()
