"""The card of what hangs together with a case: joined by search, parted with a reason, merged from the same line."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from tests.ui.offices import TOWN
from tests.ui.test_case_page import act, report, shown
from ui.forms.opening import find_targets
from ui.pages.case_links_card import page_of, read_links
from ui.pieces.buttons import Button, IconButton


def said(card):
    return [label.text() for label in card.findChildren(QLabel)] + [b.words() for b in card.findChildren(Button)]


def join(desk, page, title, way):
    page.links_card.join.click()
    card = page.links_card
    card.way.setCurrentIndex(card.way.findData(way))
    card.entry.setText(title)
    card.entry.take(find_targets(desk.office, "event", title)[0])
    next(button for button in card.findChildren(Button) if button.words() == "确定").click()
    desk.settle()
    desk.settle()


def test_a_case_is_joined_by_search_and_parted_with_a_reason(qtbot, desk):
    event, other = report(desk), report(desk, "排水沟堵了")
    page = shown(qtbot, desk, event)
    assert "没有关联的事项。" in said(page.links_card)
    join(desk, page, "排水沟", "related")
    assert "排水沟堵了" in said(page.links_card)
    assert [line.title for line in read_links(desk.office, other).lines] == ["路灯不亮"]
    went = []
    page.go.connect(lambda name, args: went.append((name, args)))
    next(b for b in page.links_card.findChildren(Button) if b.words() == "排水沟堵了").click()
    assert went == [("case", {"id": other})]
    line = read_links(desk.office, event).lines[0]
    desk.office.links.undo(line.link, "看错了")
    page.links_card.show_case(event)
    desk.settle()
    assert not page.links_card.findChildren(IconButton)


def test_the_same_line_merges_and_the_master_shows_whom_to_tell(qtbot, desk):
    event, master = report(desk, reporter="王二"), report(desk, "村口路灯又不亮")
    page = shown(qtbot, desk, event)
    join(desk, page, "村口路灯", "merge")
    assert desk.get("event", event)["state"] == "merged"
    assert {"已并入", "村口路灯又不亮"} <= set(said(page.links_card))
    assert "merge" not in dict(read_links(desk.office, event).ways)
    line = read_links(desk.office, master).lines[0]
    assert (line.kind, line.note) == ("并案", "上报人 王二")
    act(desk, master, "accept")
    act(desk, master, "transfer_out", receiver="供电所")
    line = read_links(desk.office, master).lines[0]
    assert (line.note, line.tone) == ("上报人 王二，办结了，待告知上报人", "orange")


def test_escape_closes_the_line_before_it_leaves_the_page(qtbot, desk):
    page = shown(qtbot, desk, report(desk))
    page.links_card.join.click()
    assert page.escape()
    assert not page.escape()


def test_every_kind_of_record_has_a_page():
    assert page_of("visit", "a") == ("ledgers", {"form": "visit", "id": "a"})
    assert page_of("mediation", "a") == ("mediation_case", {"id": "a"})


def test_a_case_handed_over_shows_its_mediation_and_how_it_ended(qtbot, desk):
    event = report(desk, "院墙纠纷", category="dispute_neighbour")
    act(desk, event, "accept")
    act(desk, event, "to_mediation", lead_unit="调委会")
    line = read_links(desk.office, event).lines[0]
    assert (line.kind, line.form, line.chip, line.title) == ("转调解", "mediation", "正在调解", "人民调解：院墙纠纷")
    desk.office.records.save("mediation", {"outcome": "oral"}, record_id=line.record)
    assert read_links(desk.office, event).lines[0].chip == "达成口头协议"
    assert desk.get("event", event)["state"] == "feedback"


def test_the_mediator_begins_a_mediation_that_another_handed_over(qtbot, desk):
    office = desk.office
    event = report(desk, "院墙纠纷", category="dispute_neighbour")
    act(desk, event, "accept")
    attend, office.store.attend = office.store.attend, lambda edits: edits
    act(desk, event, "to_mediation", lead_unit="调委会")
    office.store.attend = attend
    page = shown(qtbot, desk, event)
    went = []
    page.go.connect(lambda name, args: went.append((name, args["id"])))
    next(b for b in page.links_card.findChildren(Button) if b.words() == "受理调解").click()
    desk.settle()
    (made,) = office.store.select("mediation")
    assert went == [("mediation_case", made.id)]


def test_what_a_meeting_decided_stands_on_the_case_with_the_way_to_the_meeting(qtbot, desk):
    event = report(desk)
    meeting = desk.make("meeting", TOWN, kind="clear", date="2026-09-18", place="镇三楼")
    desk.office.meetings.prepare(meeting)
    [line] = desk.office.meetings.sheet(meeting).lines
    page = shown(qtbot, desk, event)
    assert "会议议定" not in said(page.links_card)
    assert desk.office.meetings.decide(line.item.id, {"decision": "换灯", "owner": "村电站", "due": "2026-09-30"}).ok
    assert desk.office.meetings.look_back(line.item.id, "not_done").ok
    page.refresh(["meeting_item"])
    desk.settle()
    desk.settle()
    assert {"会议议定", "换灯；责任人：村电站；完成时限：2026-09-30。"} <= set(said(page.links_card))
    assert read_links(desk.office, event).lines[0].chip == "未落实"
    went = []
    page.go.connect(lambda name, args: went.append((name, args)))
    next(b for b in page.links_card.findChildren(Button) if b.words() == "清零会 2026-09-18").click()
    assert went == [("meeting", {"id": meeting})]
