"""Units typed into an action: found by a few letters, asked about where nobody knows them; limits that a day ends."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.ui.test_case_page import CTRL, act, report, shown
from ui.pages.case_units import UnitEntry


def dispatched(desk, title, unit):
    event_id = report(desk, title)
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit=unit)
    return event_id


def assigning(qtbot, desk):
    """The page of a case that is to be dispatched, its form open, where two units led cases before."""
    dispatched(desk, "路灯不亮", "镇村建办")
    dispatched(desk, "井盖松动", "镇执法队")
    event_id = report(desk, "占道经营")
    act(desk, event_id, "accept")
    page = shown(qtbot, desk, event_id, action="assign")
    desk.settle()
    return event_id, page


def test_enter_takes_the_unit_whose_initials_were_typed(qtbot, desk):
    event_id, page = assigning(qtbot, desk)
    entry = page._form.fields["lead_unit"]
    assert isinstance(entry, UnitEntry)
    entry.setFocus()
    qtbot.keyClicks(entry, "zzf")
    qtbot.waitUntil(entry.offers)
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert entry.text() == "镇执法队"
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    desk.settle()
    assert desk.get("event", event_id)["lead_unit"] == "镇执法队"


def test_of_several_units_the_one_being_typed_is_completed(qtbot, desk):
    _event_id, page = assigning(qtbot, desk)
    entry = page._form.fields["assist_units"]
    entry.setFocus()
    entry.setText("镇村建办、")
    qtbot.keyClicks(entry, "zf")
    qtbot.waitUntil(entry.offers)
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert entry.text() == "镇村建办、镇执法队"
    assert entry.unknown() == ()


def test_a_unit_that_nobody_knows_is_asked_about_once_and_then_taken(qtbot, desk):
    event_id, page = assigning(qtbot, desk)
    form = page._form
    form.fields["lead_unit"].setText("镇村")
    form.submit()
    desk.settle()
    assert desk.get("event", event_id)["state"] == "accepted"
    assert "没有用过“镇村”" in form._faults.text()
    form.submit()
    desk.settle()
    assert desk.get("event", event_id)["lead_unit"] == "镇村"


def test_a_limit_that_is_over_is_refused_and_one_of_a_day_lasts_until_its_end(qtbot, desk):
    event_id, page = assigning(qtbot, desk)
    form = page._form
    form.fields["lead_unit"].setText("镇村建办")
    form.fields["due_at"].setText("2020-01-05")
    form.submit()
    desk.settle()
    assert "已经过去了" in form._faults.text()
    assert desk.get("event", event_id)["state"] == "accepted"
    form.fields["due_at"].setText("2099-01-05")
    form.submit()
    desk.settle()
    assert desk.get("event", event_id)["due_at"] == "2099-01-05T23:59:00+08:00"


def test_the_only_unit_that_still_assists_stands_in_the_form(qtbot, desk):
    event_id = dispatched(desk, "路灯不亮", "镇村建办")
    act(desk, event_id, "acknowledge")
    act(desk, event_id, "add_assist", assist_units="镇执法队")
    page = shown(qtbot, desk, event_id, action="assist_feed_back")
    desk.settle()
    assert page._form.fields["assist_unit"].text() == "镇执法队"


def test_the_committee_that_the_form_proposes_to_a_user_without_a_unit_is_not_asked_about(qtbot, desk):
    dispatched(desk, "路灯不亮", "镇村建办")
    event_id = report(desk, "两家争地界")
    act(desk, event_id, "accept")
    page = shown(qtbot, desk, event_id, action="to_mediation")
    desk.settle()
    page._form.fields["lead_unit"].setText("人民调解委员会")
    page._form.submit()
    desk.settle()
    assert desk.get("event", event_id)["lead_unit"] == "人民调解委员会"
