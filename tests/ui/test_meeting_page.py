"""A recorder goes through the list of a clearing meeting by keyboard, and nothing that he typed is lost."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import Qt

from app.errors import KnownError
from tests.ui.conftest import commit
from tests.ui.offices import LOWER, TOWN, UPPER
from tests.ui.test_case_page import act, report
from ui.lists import Group
from ui.pages.desk import DeskPage
from ui.pages.meeting import MeetingPage
from ui.pages.meetings import MeetingsPage
from ui.pages.patrons import PatronsPage
from ui.pages.receptions import ReceptionsPage
from ui.pieces.buttons import Button


@pytest.fixture
def held(desk):
    """Two open cases and a meeting; the desk, the meeting and the cases."""
    cases = []
    for title, area in (("路灯不亮", UPPER), ("水管漏水", LOWER)):
        made = desk.office.cases.report({"title": title, "place": "村口"}, area=area).record.id
        desk.office.cases.act(made, "accept", {})
        cases.append(made)
    return desk, desk.make("meeting", TOWN, kind="clear", date="2026-09-18", place="镇三楼"), cases


def opened(desk, qtbot, meeting):
    page = MeetingPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({"id": meeting})
    desk.settle()
    return page


def titles(page):
    return [row["title"].text for row in page._file.rows if isinstance(row, dict)]


def button(page, text):
    return next(one for one in page.findChildren(Button) if one.words() == text and one.isVisible())


def decided(desk, meeting, case):
    item = next(line.item for line in desk.office.meetings.sheet(meeting).lines if line.item.values["about"] == case)
    return {name: item.values[name] for name in ("decision", "owner", "due")}


def test_one_key_prepares_the_list_and_enter_goes_from_matter_to_matter(qtbot, held):
    desk, meeting, (lamp, pipe) = held
    page = opened(desk, qtbot, meeting)
    qtbot.keyClick(page, Qt.Key.Key_F6)
    desk.settle()
    assert titles(page) == ["路灯不亮", "水管漏水"]
    qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    assert page.panel.decision.hasFocus()
    commit(page.panel.decision, "本周修好")
    qtbot.keyClick(page.panel.decision, Qt.Key.Key_Return)
    commit(page.panel.owner, "电站")
    qtbot.keyClick(page.panel.owner, Qt.Key.Key_Return)
    page.panel.due.setText("2026-09-25")
    qtbot.keyClick(page.panel.due, Qt.Key.Key_Return)
    # At once the cursor stands in the next one, and stays there when the save has come back.
    assert page.panel.line.title == "水管漏水"
    commit(page.panel.decision, "换")
    desk.settle()
    assert page.panel.decision.hasFocus()
    commit(page.panel.decision, "新管")
    qtbot.keyClick(page.panel.decision, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    assert decided(desk, meeting, lamp) == {"decision": "本周修好", "owner": "电站", "due": "2026-09-25"}
    assert decided(desk, meeting, pipe)["decision"] == "换新管"
    assert page._file.sheet.left == 0


def test_a_press_makes_the_decision_a_step_of_the_case(qtbot, held):
    desk, meeting, (lamp, _pipe) = held
    page = opened(desk, qtbot, meeting)
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "明天办好")
    button(page, "记下并催办").click()
    desk.settle()
    steps = desk.office.cases.case(lamp).steps
    assert [(step.action, step.values.get("text")) for step in steps][-1] == ("remind", "明天办好")
    assert page.panel.line.title == "水管漏水"
    page.table.go_to(page._row_of(page._file.sheet.lines[0].item.id))
    desk.settle()
    assert "记下并催办" not in [one.words() for one in page.findChildren(Button) if one.isVisible()]


def test_what_was_typed_is_kept_when_another_matter_is_chosen_or_the_page_is_left(qtbot, held):
    desk, meeting, (lamp, pipe) = held
    page = opened(desk, qtbot, meeting)
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "先断电")
    qtbot.keyClick(page.table.view, Qt.Key.Key_Down)
    desk.settle()
    assert page.panel.line.title == "水管漏水"
    commit(page.panel.decision, "先关阀")
    page.leaving()
    desk.settle()
    assert [decided(desk, meeting, one)["decision"] for one in (lamp, pipe)] == ["先断电", "先关阀"]


def test_what_could_not_be_kept_stands_on_the_screen_again(qtbot, held, monkeypatch):
    desk, meeting, _cases = held
    page = opened(desk, qtbot, meeting)
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "先断电")
    page.panel.owner.setText("很" * 100)
    page._decide("")
    desk.settle()
    assert (page.panel.line.title, page.panel.decision.toPlainText()) == ("路灯不亮", "先断电")
    assert page.panel.faults.text()
    # Nor is it said to be kept where it was to become a step as well.
    page._decide("remind")
    desk.settle()
    assert (page.panel.decision.toPlainText(), page.panel.dirty()) == ("先断电", True)
    page.panel.due.setText("下个月吧")
    page._decide("")
    assert page.panel.line.title == "路灯不亮"
    assert "看不出是哪一天" in page.panel.faults.text()
    page.panel.due.setText("")
    page.panel.owner.setText("电站")

    def full(*_args, **_kwargs):
        raise KnownError("store.no_space")

    monkeypatch.setattr(desk.office.meetings, "decide", full)
    page._decide("")
    desk.settle()
    assert (page.panel.decision.toPlainText(), page.panel.owner.text()) == ("先断电", "电站")
    assert page.panel.dirty()
    assert [error.code for error in desk.failures] == ["store.no_space"]
    desk.failures.clear()


def test_a_due_day_under_the_cursor_is_kept_and_one_that_cannot_be_read_stays_and_is_said(qtbot, held):
    desk, meeting, (lamp, _pipe) = held
    page = opened(desk, qtbot, meeting)
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "本周修好")
    page.panel.due.setFocus()
    commit(page.panel.due, "2026-09-25")
    page.leaving()  # by a key: the cursor is in the field still
    desk.settle()
    assert decided(desk, meeting, lamp)["due"] == "2026-09-25"
    page.panel.due.selectAll()
    commit(page.panel.due, "下个月吧")
    assert page.panel.dirty()
    page.table.go_to(page._row_of(page._file.sheet.lines[1].item.id))
    desk.settle()
    assert page.panel.line.title == "水管漏水"
    assert "“下个月吧”看不出是哪一天" in said[-1]
    assert decided(desk, meeting, lamp) == {"decision": "本周修好", "owner": None, "due": "2026-09-25"}
    page.table.go_to(page._row_of(page._file.sheet.lines[0].item.id))
    desk.settle()
    assert page.panel.due.text() == "下个月吧"
    assert page.panel.due.property("wrong")
    page.panel.due.setText("2026-10-09")
    page._decide("")
    desk.settle()
    assert decided(desk, meeting, lamp)["due"] == "2026-10-09"


def test_a_due_day_in_the_past_is_said_at_once_and_the_other_words_are_kept(qtbot, held):
    desk, meeting, (lamp, _pipe) = held
    page = opened(desk, qtbot, meeting)
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "本周修好")
    commit(page.panel.due, "2026-01-05")
    page._decide("")
    desk.settle()
    assert "过去" in page.panel.faults.text()
    page.leaving()
    desk.settle()
    assert "已经过去了，没有记下；其余的已记下" in said[-1]
    assert decided(desk, meeting, lamp) == {"decision": "本周修好", "owner": None, "due": None}


def test_words_refused_after_another_meeting_came_stand_there_when_one_is_back(qtbot, held):
    desk, meeting, (lamp, _pipe) = held
    other = desk.make("meeting", TOWN, kind="clear", date="2026-10-18", place="镇三楼")
    page = opened(desk, qtbot, meeting)
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "先断电")
    page.panel.owner.setText("很" * 100)
    page.opened({"id": other})
    desk.settle()
    assert page._file.sheet.meeting.id == other, "the old sheet is not put into the new meeting"
    assert "打的字还在" in said[-1]
    page.opened({"id": meeting})
    desk.settle()
    assert (page.panel.line.title, page.panel.decision.toPlainText()) == ("路灯不亮", "先断电")
    assert page.panel.dirty()
    page.panel.owner.setText("电站")
    page.opened({"id": other})
    desk.settle()
    assert decided(desk, meeting, lamp) == {"decision": "先断电", "owner": "电站", "due": None}
    assert (page._file.sheet.meeting.id, page.panel.line) == (other, None)


class Late:
    """The lane, whose answers wait until they are let go."""

    def __init__(self, jobs):
        self.jobs, self.held = jobs, []

    def run(self, work, then, failed=None):
        self.jobs.run(work, lambda found: self.held.append(lambda: then(found)), failed)


@pytest.mark.parametrize("typed", ["", "会后再说"])
def test_a_late_answer_of_a_save_leaves_the_meeting_that_is_open_alone(qtbot, held, monkeypatch, typed):
    desk, meeting, (lamp, _pipe) = held
    other = desk.make("meeting", TOWN, kind="clear", date="2026-10-18", place="镇三楼")
    desk.office.meetings.prepare(other)
    page = opened(desk, qtbot, meeting)
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "先断电")
    late = Late(desk.jobs)
    with monkeypatch.context() as patch:
        patch.setattr(page, "_jobs", late)
        page._save("", onward=False)
    page.opened({"id": other})
    desk.settle()
    if typed:
        commit(page.panel.decision, typed)
    (answer,) = late.held
    answer()
    assert {row.item.values["meeting"] for row in page._file.sheet.lines} == {other}
    assert page.panel.line.item.values["meeting"] == other
    assert page.panel.decision.toPlainText() == typed
    assert decided(desk, meeting, lamp)["decision"] == "先断电"


def test_what_could_not_be_kept_waits_while_the_next_is_typed(qtbot, held):
    desk, meeting, (lamp, pipe) = held
    page = opened(desk, qtbot, meeting)
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "先断电")
    page.panel.owner.setText("很" * 100)
    page._decide("")
    commit(page.panel.decision, "先关阀")
    desk.settle()
    assert (page.panel.line.title, page.panel.decision.toPlainText()) == ("水管漏水", "先关阀")
    page.table.go_to(page._row_of(page._file.sheet.lines[0].item.id))
    desk.settle()
    assert page.panel.decision.toPlainText() == "先断电"
    page.panel.owner.setText("电站")
    page.leaving()
    desk.settle()
    assert [decided(desk, meeting, one)["decision"] for one in (lamp, pipe)] == ["先断电", "先关阀"]


def test_words_about_a_matter_that_was_taken_off_the_list_stay_where_they_can_be_read(qtbot, held):
    desk, meeting, (lamp, _pipe) = held
    page = opened(desk, qtbot, meeting)
    page.prepare()
    desk.settle()
    commit(page.panel.decision, "先断电")
    item = page.panel.line.item.id
    assert (page.panel.line.title, lamp) == ("路灯不亮", page.panel.line.item.values["about"])
    desk.office.records.delete("meeting_item", item, "不用上会")
    page._decide("remind")
    desk.settle()
    assert page.panel.decision.toPlainText() == "先断电"
    assert [error.code for error in desk.failures] == ["meeting.no_item"]
    desk.failures.clear()


def test_a_word_on_an_old_decision_that_is_refused_is_said(qtbot, held, monkeypatch):
    desk, meeting, (lamp, _pipe) = held
    desk.office.meetings.prepare(meeting)
    item = next(line.item.id for line in desk.office.meetings.sheet(meeting).lines if line.item.values["about"] == lamp)
    desk.office.meetings.decide(item, {"decision": "本周修好"})
    page = opened(desk, qtbot, desk.make("meeting", TOWN, kind="clear", date="2026-10-18", place="镇三楼"))
    page.prepare()
    desk.settle()
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    look_back = desk.office.meetings.look_back
    monkeypatch.setattr(
        desk.office.meetings, "look_back", lambda key, _result, note, seen: look_back(key, "谁知道", note, seen)
    )
    button(page, "已落实").click()
    desk.settle()
    assert "没有记下" in said[-1]
    assert not desk.get("meeting_item", item)["result"]


def test_the_next_meeting_shows_first_what_was_decided_and_asks_whether_it_was_done(qtbot, held):
    desk, meeting, (lamp, _pipe) = held
    desk.office.meetings.prepare(meeting)
    item = next(line.item.id for line in desk.office.meetings.sheet(meeting).lines if line.item.values["about"] == lamp)
    desk.office.meetings.decide(item, {"decision": "本周修好", "owner": "电站", "due": "2026-09-20"})
    page = opened(desk, qtbot, desk.make("meeting", TOWN, kind="clear", date="2026-10-18", place="镇三楼"))
    page.prepare()
    desk.settle()
    assert titles(page)[0] == "路灯不亮"
    button(page, "部分落实").click()
    desk.settle()
    assert desk.get("meeting_item", item)["result"] == "partly"
    row = next(row for row in page._file.rows if isinstance(row, dict))
    assert row["state"].text == "部分落实", "the row says what the panel says"


def test_a_new_meeting_goes_on_to_its_list(qtbot, held):
    desk, meeting, _cases = held
    page = MeetingsPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({})
    desk.settle()
    page.new()
    desk.settle()
    assert page.entry.value("place") == "镇三楼"
    went = []
    page.go.connect(lambda name, args: went.append((name, args["id"])))
    page.entry.save()
    desk.settle()
    [new] = {one.id for one in desk.office.meetings.all()} - {meeting}
    assert went == [("meeting", new)]
    page._edit(meeting)
    assert went[1:] == [("meeting", meeting)]


def test_a_visitor_is_taken_in_under_the_reception_day(qtbot, desk):
    day = desk.make("reception_day", TOWN, date="2026-09-18", leader="杨书记", place="接访大厅")
    values = {"title": "修路补偿", "place": "村口", "source_form": "reception_day", "source_id": day}
    case = desk.office.cases.report(values, area=UPPER).record.id
    page = MeetingsPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.show()
    page.opened({"form": "reception_day", "id": day})
    desk.settle()
    went = []
    page.go.connect(lambda name, args: went.append((name, args)))
    button(page, "修路补偿").click()
    button(page, "登记来访").click()
    taken = {"channel": "visit_in", "source_form": "reception_day", "source_id": day}
    assert went == [("case", {"id": case}), ("event_new", {"values": taken})]


def test_patron_cases_stand_by_leader_and_a_press_begins_the_review(qtbot, held):
    desk, _meeting, (lamp, pipe) = held
    for case, patron in ((lamp, "杨书记"), (pipe, "李镇长")):
        desk.office.cases.act(case, "name_patron", {"patron": patron, "review_on": "2026-01-01T10:00:00+08:00"})
    page = PatronsPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({})
    desk.settle()
    rows = page._fetch(0, 9, None)
    assert [rows[0].text, rows[2].text] == ["李镇长 1 件", "杨书记 1 件"]
    assert rows[1]["state"].text == "该复查"
    assert "2 件到了复查日期" in page.note.text()
    went = []
    page.go.connect(lambda name, args: went.append((name, args)))
    page.table.pressed_button.emit(pipe, "act")
    assert went == [("case", {"id": pipe, "action": "patron_review"})]


def test_minutes_and_the_patrons_ledger_are_written_beside_the_window(qtbot, held, tmp_path):
    desk, meeting, (lamp, _pipe) = held
    desk.office.cases.act(lamp, "name_patron", {"patron": "杨书记"})
    page = opened(desk, qtbot, meeting)
    minutes, ledger = tmp_path / "会议记录.pdf", tmp_path / "包案.docx"
    page.papers.make(meeting, "meeting_minutes", str(minutes))
    qtbot.waitUntil(lambda: page.papers.worker is None, timeout=60_000)
    patrons = PatronsPage(desk.office, desk.jobs, desk.worker, ask_path=lambda *_asked: str(ledger))
    qtbot.addWidget(patrons)
    patrons._print()
    qtbot.waitUntil(lambda: patrons.out.worker is None, timeout=60_000)
    assert minutes.read_bytes().startswith(b"%PDF")
    assert ledger.read_bytes().startswith(b"PK")


def test_reception_days_stand_by_month_with_who_came_and_the_desk_says_the_next(qtbot, desk):
    today = desk.office.receptions.today()
    past, coming = today - dt.timedelta(days=40), today + dt.timedelta(days=5)
    before = desk.make("reception_day", TOWN, date=past.isoformat(), leader="段宏远", place="接访大厅")
    after = desk.make("reception_day", TOWN, date=coming.isoformat(), leader="李雪梅", place="接访大厅")
    case = report(desk, "修路补偿", **desk.office.receptions.taking(before))
    page = ReceptionsPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1166, 700)
    page.show()
    page.opened({})
    desk.settle()
    rows = [row for row in page._rows if not isinstance(row, Group)]
    assert [(row["id"], row["state"].text) for row in rows] == [(before, "已过"), (after, "未到")]
    assert (rows[0]["came"], rows[0]["open"].text) == ("1", "1")
    assert page.table.current() == after
    went = []
    page.go.connect(lambda name, args: went.append((name, args)))
    qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    assert went == [("meetings", {"form": "reception_day", "id": after})]
    act(desk, case, "void", reason="登记错了")
    page.refresh(["event"])
    desk.settle()
    assert [row["open"].text for row in page._rows if not isinstance(row, Group)] == ["—", "—"]
    first = DeskPage(desk.office, desk.jobs)
    qtbot.addWidget(first)
    first.resize(1190, 720)
    first.show()
    first.opened({})
    desk.settle()
    assert first.receptions.words() == f"{coming.month}月{coming.day}日李雪梅接访"
    assert first.receptions.isVisible()
