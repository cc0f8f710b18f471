"""The card of who was called to the spot: an arrival and a word about it are one press and a form away."""

from __future__ import annotations

from tests.ui.test_case_page import act, report, shown
from ui.pieces.buttons import Button


def press(card, words, place=0):
    [one for one in card.findChildren(Button) if one.words() == words][place].click()


def test_an_arrival_is_registered_and_judged_from_the_card(qtbot, desk):
    event = report(desk)
    act(desk, event, "accept")
    act(desk, event, "assign", lead_unit="村电站")
    act(desk, event, "acknowledge")
    page = shown(qtbot, desk, event)
    assert not page.whistle_card.isVisible()
    act(desk, event, "whistle", units="派出所、供电所", reason="线断了")
    page.refresh(["event_step"])
    desk.settle()
    assert page.whistle_card.isVisible()
    press(page.whistle_card, "登记到场", 1)
    desk.settle()
    assert page._form.values()["called_unit"] == "供电所"
    page._form.submit()
    desk.settle()
    desk.settle()
    press(page.whistle_card, "评价")
    desk.settle()
    assert page._form.values()["evaluation"] == "on_time"
    page._form.submit()
    desk.settle()
    desk.settle()
    told = {step.title: step.text for step in page._file.steps}
    assert "吹哨单位 派出所、供电所" in told["吹哨报到"]
    assert "到场单位 供电所" in told["登记到场"]
    assert "单位 供电所，评价 及时" in told["评价报到"]
    [whistle] = desk.office.cases.case(event).state.whistles
    assert [(unit.unit, unit.evaluation, unit.arrived_at is not None) for unit in whistle.units] == [
        ("派出所", "", False),
        ("供电所", "on_time", True),
    ]
