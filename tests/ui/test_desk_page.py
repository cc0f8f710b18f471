"""The desk: a line of text becomes an event, and what waits stands in the order of its due times."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import Qt

from app.schema.dates import CHINA
from tests.services.conftest import colleague
from tests.ui.conftest import commit
from tests.ui.offices import LOWER, UPPER
from ui.lists import Group
from ui.pages.case_words import group_of, late_by, left_until, spoken_found, spoken_time
from ui.pages.desk import DeskPage
from ui.pages.desk_quick import Place, read_line
from ui.pages.desk_tasks import read_desk, short_names
from ui.pieces.buttons import Button

NOW = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)
PLACES = (
    Place("上寨村", UPPER, "上寨村"),
    Place("下寨村", LOWER, "下寨村"),
    Place("第三网格", UPPER, "上寨村", "a" * 32),
    Place("第三网格", LOWER, "下寨村", "b" * 32),
)


def shown(qtbot, desk, urgent=lambda: None):
    page = DeskPage(desk.office, desk.jobs, urgent)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()
    return page


def test_a_line_names_grid_class_caller_and_phone(desk):
    quick = read_line("上寨三网格 路灯不亮 张文贵来电 19900000001", PLACES, desk.office.forms.codes)
    assert (quick.area, quick.grid, quick.category) == (UPPER, "a" * 32, "facility_light")
    assert (quick.reporter, quick.phone) == ("张文贵", "19900000001")
    assert quick.title == "上寨三网格 路灯不亮 张文贵来电"
    assert [said.text for said in quick.words][-1] == "199****0001"


def test_the_village_that_is_named_decides_whose_grid_it_is(desk):
    assert read_line("下寨村第三网格积水", PLACES, desk.office.forms.codes).grid == "b" * 32


def test_nothing_is_invented_where_nothing_is_recognised(desk):
    quick = read_line("有人来问事", PLACES, desk.office.forms.codes)
    assert quick.values() == {"title": "有人来问事"}


def test_urgent_words_make_it_urgent(desk):
    assert read_line("上寨村 房子起火", PLACES, desk.office.forms.codes).urgency == "critical"


def test_enter_registers_the_line_as_a_reported_event(qtbot, desk):
    urgent = []
    page = shown(qtbot, desk, lambda: urgent.append(1))
    commit(page.entry, "下寨村 路灯不亮 李长顺来电 19900000012")
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)
    desk.settle()
    [event] = desk.office.store.select("event")
    assert event.area == LOWER
    assert event.values["reporter_phone"] == "19900000012"
    assert event.values["state"] == "reported"
    assert page.entry.text() == ""
    assert urgent == [1]


def test_a_second_enter_does_not_register_twice(qtbot, desk):
    page = shown(qtbot, desk)
    commit(page.entry, "上寨村 路灯不亮")
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)
    desk.settle()
    assert desk.office.store.count("event") == 1


def test_enter_stays_on_the_desk_with_the_line_ready_for_the_next_call(qtbot, desk):
    page = shown(qtbot, desk)
    with qtbot.waitActive(page):
        page.activateWindow()
    page.entry.setFocus()
    went = []
    page.go.connect(lambda name, _args: went.append(name))
    commit(page.entry, "上寨村 路灯不亮")
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)
    desk.settle()
    assert went == []
    assert page.entry.hasFocus()
    assert not page.entry.isReadOnly()


def test_tab_opens_the_form_with_what_was_recognised(qtbot, desk):
    page = shown(qtbot, desk)
    commit(page.entry, "下寨村 路灯不亮")
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page.entry, Qt.Key.Key_Tab)
    name, args = went.args
    assert name == "event_new"
    assert args["area"] == LOWER
    assert args["values"]["category"] == "facility_light"
    assert page.entry.text() == "", "left standing it would be registered twice"


def test_a_line_that_nobody_ended_outlasts_a_lock_and_one_that_was_registered_does_not(qtbot, desk):
    page = shown(qtbot, desk)
    commit(page.entry, "上寨村 路灯不亮")
    page.leaving()
    desk.settle()
    page = shown(qtbot, desk)
    desk.settle()
    assert page.entry.text() == "上寨村 路灯不亮"
    page.opened({})
    desk.settle()
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)
    desk.settle()
    assert desk.office.store.count("event") == 1
    page.leaving()
    desk.settle()
    page = shown(qtbot, desk)
    desk.settle()
    assert page.entry.text() == ""
    assert desk.office.store.drafts() == []


def test_what_was_registered_waits_on_the_desk_for_its_next_action(qtbot, desk):
    event = desk.office.cases.report({"title": "路灯不亮", "place": "村口"}, area=UPPER).record
    page = shown(qtbot, desk)
    found = read_desk(desk.office)
    rows = [row for row in found.rows if not isinstance(row, Group)]
    assert [row["id"] for row in rows] == [f"case:{event.id}:accept"]
    with qtbot.waitSignal(page.go) as went:
        page.table.pressed_button.emit(rows[0]["id"], "act")
    assert went.args == ["case", {"id": event.id, "action": "accept"}]


def test_work_is_grouped_by_when_it_falls_due():
    assert [group_of(due, NOW) for due in ("2026-09-18T08:00:00+08:00", "2026-09-18", "2026-09-21", "2026-09-22", None)] == [
        "超期", "今天到期", "三天内", "以后", "以后",
    ]  # fmt: skip


def test_due_times_are_said_as_people_say_them():
    assert spoken_time("2026-09-17T10:00:00+08:00", NOW) == "昨天 10:00"
    assert spoken_time("2027-01-05", NOW) == "2027年1月5日"
    assert late_by("2026-09-18T08:00:00+08:00", NOW) == "超 2 小时"
    assert late_by("2026-09-18T17:30:00+08:00", NOW) == ""
    assert left_until("2026-09-18T17:30:00+08:00", NOW) == "6 小时 48 分"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("上寨村一组 路灯不亮", "上寨村一组"),
        ("上寨 12组3号门口 积水", "上寨村12组3号门口"),
        ("路灯不亮，上寨村第二村民小组", "上寨村第二村民小组"),
        ("上寨村两家人吵架", "上寨村"),
        ("上寨村一家三口没水喝", "上寨村"),
    ],
)
def test_where_in_the_village_it_is_stays_in_the_place(desk, line, place):
    quick = read_line(line, PLACES, desk.office.forms.codes)
    assert (quick.place, quick.grid) == (place, "")
    assert place in [one.text for one in quick.words]


def test_the_names_of_parties_are_shortened_where_others_may_look():
    assert short_names("张文贵与李长顺相邻通行纠纷", ["张文贵", "李长顺"]) == "张某与李某相邻通行纠纷"


def test_a_request_and_a_part_to_assist_in_say_what_answers_them(desk):
    office = desk.office
    event = office.cases.report({"title": "路灯不亮", "place": "村口"}, area=UPPER).record.id
    unit = office.session.unit
    for action, values in (
        ("accept", {}), ("assign", {"lead_unit": "村电站", "assist_units": unit}), ("acknowledge", {}),
    ):  # fmt: skip
        assert office.cases.act(event, action, values).ok
    assert acts(office) == [(f"case:{event}:assist_feed_back", "协办反馈", False)]
    assert office.cases.act(event, "extend_request", {"days": 2, "reason": "等材料"}).ok
    # He asked himself: another says yes to it.
    assert acts(office) == [(f"case:{event}:assist_feed_back", "协办反馈", True)]
    assert acts(colleague(office, "tan")) == [(f"case:{event}:extend_grant", "批准延期", True)]
    assert colleague(office, "tan").cases.act(event, "extend_grant", {"days": 2}).ok
    assert office.cases.act(event, "transfer_out", {"receiver": "县住建局", "follow_up": True}).ok
    assert acts(office) == [(f"case:{event}:feed_back", "反馈结果", False)]


def test_a_case_in_mediation_is_looked_at_and_not_answered_from_the_desk(desk):
    office = desk.office
    event = office.cases.report({"title": "邻里噪声", "place": "村口"}, area=UPPER).record.id
    for action, values in (("accept", {}), ("to_mediation", {"reason": "双方同意"})):
        assert office.cases.act(event, action, values).ok
    assert acts(office)[0][:2] == (f"case:{event}:", "看进展")


def acts(office):
    """(id, what the row offers, whether it says that something is asked for) of each row on the desk."""
    rows = [row for row in read_desk(office).rows if not isinstance(row, Group)]
    return [(row["id"], row["act"], "申请延期" in row["title"].note) for row in rows]


@pytest.mark.parametrize(("role", "may"), [("director", False), ("lead_handler", False), ("grid_member", True)])
def test_who_may_not_register_is_given_no_line_to_write_in(qtbot, open_desk, role, may):
    page = shown(qtbot, open_desk(role))
    assert page.entry.isVisible() == may
    buttons = [one.words() for one in page.findChildren(Button) if one.isVisible()]
    assert any(words.startswith("登记事件") for words in buttons) == may


def test_a_desk_without_rights_to_mediation_shows_none(open_desk):
    desk = open_desk("grid_member")
    assert read_desk(desk.office).tasks == 0


def test_a_desk_with_more_than_it_lists_counts_them_all(desk, monkeypatch):
    from ui.pages import desk_tasks

    for number in range(4):
        assert desk.office.cases.report({"title": f"第{number}件", "place": "村口"}, area=UPPER).ok
    monkeypatch.setattr(desk_tasks, "_LISTED", 3)
    found = desk_tasks.read_desk(desk.office)
    groups = [str(row.text) for row in found.rows if isinstance(row, Group)]
    assert found.tasks == 4
    assert len(found.rows) - len(groups) == 3
    assert any("先列 3 件，其余在“事件”里" in text for text in groups)
    assert desk_tasks.read_counts(desk.office).events == 4


def test_a_day_that_a_ledger_gave_is_said_without_a_clock():
    now = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)
    assert spoken_found("2026-09-18T00:00:00+08:00", now) == "今天"
    assert spoken_found("2026-09-18T00:10:00+08:00", now) == "今天 00:10"
    assert spoken_found("2026-09-17T09:30:00+08:00", now) == "昨天 09:30"
    assert spoken_found("", now) == ""
