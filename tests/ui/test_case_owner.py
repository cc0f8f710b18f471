"""Whose turn it is stands on the page of a case, in words."""

from __future__ import annotations

from tests.ui.test_case_page import act, report, shown
from ui.pages.case_owner_card import whose_turn
from ui.pages.case_read import read_file


def turn(desk, event_id):
    return whose_turn(desk.office, read_file(desk.office, event_id))


def test_at_every_moment_the_page_says_who_must_act_and_what(desk):
    event_id = report(desk)
    assert turn(desk, event_id) == ("现在该 受理员、值班员等", "甄别受理")
    act(desk, event_id, "accept")
    assert turn(desk, event_id) == ("现在该 分流员", "交办")
    act(desk, event_id, "assign", lead_unit="村建办")
    assert turn(desk, event_id) == ("现在该 村建办", "签收")
    act(desk, event_id, "acknowledge")
    assert turn(desk, event_id) == ("现在该 村建办（林小禾）", "反馈结果")
    act(desk, event_id, "extend_request", days=2, reason="等材料")
    assert turn(desk, event_id) == ("村建办", "申请延期，等批准")


def test_who_handled_is_not_named_where_others_verify(desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit="村建办")
    act(desk, event_id, "acknowledge")
    act(desk, event_id, "feed_back", result="修好了")
    who, what = turn(desk, event_id)
    assert what == "核查通过"
    assert "林小禾" not in who


def test_where_nobody_has_to_act_nothing_is_said(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "reject", reason="重复")
    assert turn(desk, event_id) == ("", "")
    assert shown(qtbot, desk, event_id).owner_card.isHidden()
