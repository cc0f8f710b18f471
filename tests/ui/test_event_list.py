"""The list of cases: tabs with counts, filters, words that lead where a case stands, columns kept, many done at once."""

from __future__ import annotations

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit

from tests.ui.offices import LOWER, UPPER
from tests.ui.test_case_page import act, report
from ui.forms.reason import ReasonDialog
from ui.pages.event_list import EventsPage
from ui.pages.event_times import SpanDialog
from ui.pieces.buttons import Button


def shown(qtbot, desk, width=1190, **args):
    page = EventsPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.resize(width, 720)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.opened(args)
    settled(desk)
    return page


def settled(desk):
    for _ in range(3):
        desk.settle()


def titles(page):
    page.table.view.viewport().repaint()
    return [str(row["title"]).split(" · ")[0] for _, row in page.table.model.loaded()]


def accepted(desk, count):
    """So many cases of one class that wait to be assigned."""
    ids = [report(desk, f"第{number}件", category="hazard_road") for number in range(count)]
    for one in ids:
        act(desk, one, "accept")
    return ids


def test_tabs_count_and_filters_go_together(qtbot, desk):
    report(desk, category="facility_light")
    report(desk, "井盖破损", category="hazard_road", area=LOWER)
    page = shown(qtbot, desk, tab="open")
    assert page.tabs._tabs["open"].count == 2
    assert page.tabs._tabs["late"].count == 0
    page.filters.kinds.pick("hazard")
    settled(desk)
    assert titles(page) == ["井盖破损"]
    page.filters.areas.pick(UPPER)
    settled(desk)
    assert page.table.model.total() == 0
    assert page.tabs._tabs["open"].count == 0


def test_words_lead_to_the_tab_where_the_case_stands_and_back(qtbot, desk):
    event_id = report(desk, "桥栏松动")
    report(desk, "路灯不亮")
    act(desk, event_id, "reject", reason="重复")
    page = shown(qtbot, desk, tab="open")
    page.filters.search.setText("桥栏")
    page.filters.search._search()
    settled(desk)
    assert page.tabs.now() == "all"
    assert titles(page) == ["桥栏松动"]
    page.filters.search.clear()
    page.filters.search._search()
    settled(desk)
    assert page.tabs.now() == "open"
    assert titles(page) == ["路灯不亮"]


def test_who_chooses_a_tab_himself_sees_it_also_where_the_words_stand_elsewhere(qtbot, desk):
    report(desk, "路灯不亮")
    page = shown(qtbot, desk, tab="open")
    page.filters.search.setText("路灯")
    page.filters.search._search()
    settled(desk)
    page.tabs.pick("late")
    settled(desk)
    assert page.tabs.now() == "late"
    assert titles(page) == []


def test_a_click_on_a_head_sorts_the_whole_list(qtbot, desk):
    for title in ("乙", "甲", "丙"):
        report(desk, title)
    page = shown(qtbot, desk, tab="all")
    column = [one.key for one in page.table.model.columns].index("title")
    page.table.view.horizontalHeader().sectionClicked.emit(column)
    settled(desk)
    up = titles(page)
    page.table.view.horizontalHeader().sectionClicked.emit(column)
    settled(desk)
    assert (up, titles(page)) == (sorted(up), sorted(up, reverse=True))


def test_columns_that_were_chosen_are_there_the_next_time(qtbot, desk):
    report(desk)
    page = shown(qtbot, desk, width=1900, tab="open")
    names = [column.key for column in page.table.model.columns]
    menu = page.table.columns_menu()
    next(one for one in menu.actions() if one.text() == "该谁办").trigger()
    next(one for one in menu.actions() if one.text() == "村").trigger()
    settled(desk)
    again = shown(qtbot, desk, width=1900, tab="open")
    assert not again.table.view.isColumnHidden(names.index("owner"))
    assert again.table.view.isColumnHidden(names.index("village"))
    assert again.table.model.loaded()[0][1]["owner"] == "受理员、值班员等"


def test_a_span_of_days_is_asked_for_and_taken_the_right_way_round_only(qtbot, desk):
    report(desk)
    page = shown(qtbot, desk, tab="all")
    page.filters.times.pick(("reported", "own"))
    dialog = next(one for one in page.findChildren(QDialog) if isinstance(one, SpanDialog))
    dialog.since.setText("2026-09-20")
    dialog.until.setText("2026-09-01")
    dialog.take()
    assert dialog.isVisible()
    dialog.until.setText("2020-01-02")
    dialog.since.setText("2020-01-01")
    dialog.take()
    settled(desk)
    assert (page.filters.now.time, page.filters.now.since, page.filters.now.until) == (
        "reported",
        "2020-01-01",
        "2020-01-02",
    )
    assert page.table.model.total() == 0
    page.filters.times.pick(None)
    settled(desk)
    assert page.table.model.total() == 1


def marked(qtbot, desk, page, keys):
    view = page.table.view
    view.setFocus()
    page.table.go_to(0)
    for key, how in keys:
        qtbot.keyClick(view, key, how)
    settled(desk)


SHIFT, CTRL, PLAIN = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.NoModifier,
)


def test_cases_are_marked_by_space_by_shift_and_arrows_and_all_of_them(qtbot, desk):
    for number in range(4):
        report(desk, f"第{number}件")
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_Space, PLAIN)])
    assert len(page.table.marked()) == 1
    assert page._side.currentWidget() is page.batch
    marked(qtbot, desk, page, [(Qt.Key.Key_Down, SHIFT), (Qt.Key.Key_Down, SHIFT)])
    assert len(page.table.marked()) == 3
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    assert len(page.table.marked()) == 4
    marked(qtbot, desk, page, [(Qt.Key.Key_Escape, PLAIN)])
    assert page._side.currentWidget() is page.panel


def begun(page, desk, code):
    offers = desk.office.batch.offers(page.table.marked())
    offer = next(offer for offer in offers if offer.action.code == code)
    page.batch._show_form(offer)
    return page.batch.form


def run(page, desk, code, **values):
    form = begun(page, desk, code)
    for name, value in values.items():
        entry = form.fields[name]
        entry.setText(value) if isinstance(entry, QLineEdit) else entry.setPlainText(value)
    form.submit()
    if "lead_unit" in values:
        form.submit()  # the first time it asked about a unit that nobody knows
    for _ in range(12):
        desk.settle()


def test_ten_alike_are_dispatched_with_one_form_and_what_does_not_fit_is_told(qtbot, desk):
    ids = [report(desk, f"第{number}件", category="hazard_road") for number in range(3)]
    for one in ids[:2]:
        act(desk, one, "accept")
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    run(page, desk, "assign", lead_unit="村建办")
    assert [desk.get("event", one)["state"] for one in ids] == ["assigned", "assigned", "reported"]
    assert {desk.get("event", one)["class_now"] for one in ids} == {"hazard_road"}, "what is empty is each case's own"
    assert said[-1] == "已交办 2 件，1 件没有办"
    steps = desk.office.store.select("event_step", {"action": "assign"})
    assert sorted(step.values["event"] for step in steps) == sorted(ids[:2])
    shown_words = " ".join(label.text() for label in page.batch.findChildren(type(page.batch._far)))
    assert "现在是“待甄别”" in shown_words
    assert page.table.marked() == []


def test_ctrl_j_pressed_before_the_actions_are_read_reaches_the_first_of_them(qtbot, desk):
    for number in range(2):
        report(desk, f"第{number}件")
    page = shown(qtbot, desk, tab="open")
    page.table.view.setFocus()
    # At the moment in which they are marked: nothing has been read of them yet.
    page.table.marks_changed.connect(lambda: qtbot.keyClick(page.table.view, Qt.Key.Key_J, CTRL))
    qtbot.keyClick(page.table.view, Qt.Key.Key_A, CTRL)
    for _ in range(3):
        desk.settle()
    focus = page.window().focusWidget()
    assert focus is not None
    assert page.batch.isAncestorOf(focus)
    assert focus.accessibleName() == "甄别受理 2 件"


def test_a_tab_that_a_run_has_emptied_stays_and_so_does_what_was_done(qtbot, desk):
    ids = [report(desk, f"第{number}件路灯") for number in range(2)]
    for one in ids:
        act(desk, one, "accept")
    page = shown(qtbot, desk, tab="mine")
    page.filters.search.setText("路灯")
    qtbot.waitUntil(lambda: page.filters.now.text == "路灯", timeout=60_000)
    desk.settle()
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    run(page, desk, "assign", lead_unit="村建办")
    assert said == ["已交办 2 件"]
    assert page._tab == "mine"
    assert page._side.currentWidget() is page.batch
    assert "已交办 2 件" in [label.text() for label in page.batch.findChildren(type(page.batch._far))]


def test_who_may_not_register_is_not_offered_it(qtbot, open_desk):
    page = shown(qtbot, open_desk("lead_handler"))
    assert not [one for one in page.findChildren(Button) if "登记事件" in one.accessibleName() + one.words()]


def test_nothing_is_done_while_the_form_lacks_something(qtbot, desk):
    ids = [report(desk, f"第{number}件") for number in range(2)]
    for one in ids:
        act(desk, one, "accept")
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    run(page, desk, "assign")
    assert {desk.get("event", one)["state"] for one in ids} == {"accepted"}
    assert "主办单位" in page.batch.form._faults.text()


def test_escape_goes_back_step_by_step_and_marks_end_with_the_filter(qtbot, desk):
    report(desk)
    report(desk, "井盖破损")
    page = shown(qtbot, desk, tab="open")
    assert not page.escape()
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    qtbot.keyClick(page.table.view, Qt.Key.Key_J, CTRL)
    assert page.batch.isAncestorOf(page.focusWidget())
    begun(page, desk, "accept")
    assert page.escape()
    settled(desk)
    assert page.batch.form is None
    assert page.escape()
    assert page.table.marked() == []
    assert page._side.currentWidget() is page.panel
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    page.filters.search.setText("井盖")
    page.filters.search._search()
    settled(desk)
    assert page.table.marked() == [], "what no longer shows is not done along"


def test_an_open_form_stays_while_more_are_marked_and_what_was_typed_is_there_again(qtbot, desk):
    ids = accepted(desk, 3)
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_Space, PLAIN)])
    form = begun(page, desk, "assign")
    form.fields["lead_unit"].setText("村建办")
    marked(qtbot, desk, page, [(Qt.Key.Key_Down, SHIFT)])
    assert page.batch.form is form
    assert form.isVisible()
    assert "交办 2 件" in [label.text() for label in page.batch.findChildren(QLabel) if label.isVisible()]
    # Esc, another action, all unmarked: the unit is typed once.
    assert page.escape()
    settled(desk)
    assert begun(page, desk, "assign").fields["lead_unit"].text() == "村建办"
    begun(page, desk, "supervise")
    assert begun(page, desk, "assign").fields["lead_unit"].text() == "村建办"
    page.table.model.clear_checked()
    assert not page.escape(), "a form that nobody sees holds no Esc"
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    assert page.batch.form is None
    again = begun(page, desk, "assign")
    assert again.fields["lead_unit"].text() == "村建办"
    again.submit()  # which asks about a unit that nobody knows
    again.submit()
    for _ in range(12):
        desk.settle()
    assert [desk.get("event", one)["lead_unit"] for one in ids] == ["村建办"] * 3
    # What was done is no beginning for others.
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    assert "lead_unit" not in page.batch._typed.get("assign", {})


def test_what_was_typed_for_many_outlasts_a_lock_and_no_draft_outlasts_the_deed(qtbot, desk):
    ids = accepted(desk, 2)
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    form = begun(page, desk, "assign")
    page.leaving()
    settled(desk)
    assert desk.office.store.drafts() == [], "nothing was typed"
    form.fields["lead_unit"].setText("村建办")
    page.leaving()
    settled(desk)
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    again = begun(page, desk, "assign")
    assert again.fields["lead_unit"].text() == "村建办"
    again.submit()  # which asks about a unit that nobody knows
    again.submit()
    for _ in range(12):
        desk.settle()
    assert [desk.get("event", one)["lead_unit"] for one in ids] == ["村建办"] * 2
    assert desk.office.store.drafts() == []


def test_cases_marked_under_the_press_are_shown_before_anything_is_done(qtbot, desk):
    ids = [report(desk, f"第{number}件") for number in range(2)]
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_Space, PLAIN)])
    form = begun(page, desk, "accept")
    page.table.model.set_checked(ids, on=True)
    form.submit()
    settled(desk)
    assert {desk.get("event", one)["state"] for one in ids} == {"reported"}
    assert page.batch.form is form
    assert form.confirm.isEnabled()


def test_marks_end_where_another_list_is_opened_and_stay_where_the_same_is(qtbot, desk):
    report(desk)
    report(desk, "井盖破损")
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    page.opened({"tab": "open"})
    settled(desk)
    assert len(page.table.marked()) == 2
    page.opened({"text": "井盖"})
    settled(desk)
    assert titles(page) == ["井盖破损"]
    assert page.table.marked() == []
    assert page._side.currentWidget() is page.panel


def test_a_list_opened_with_another_tab_is_read_once(qtbot, desk, monkeypatch):
    report(desk)
    page = shown(qtbot, desk, tab="open")
    reads, lists = [], desk.office.case_lists
    monkeypatch.setattr(
        lists, "listed", lambda *asked, listed=lists.listed: (reads.append(asked[0]), listed(*asked))[1]
    )
    page.opened({"tab": "all"})
    settled(desk)
    assert reads == ["all"]
    assert page.tabs.now() == "all"
    assert page.filters.states.isVisible()


def test_a_run_that_is_stopped_says_what_is_untouched_and_leaves_nothing_half(qtbot, desk):
    ids = [report(desk, f"第{number}件") for number in range(3)]
    page = shown(qtbot, desk, tab="open")
    marked(qtbot, desk, page, [(Qt.Key.Key_A, CTRL)])
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    form = begun(page, desk, "accept")
    office, done = desk.office.batch, []

    def slow(event_id, action, values, act=office.act):
        found = act(event_id, action, values)
        done.append(event_id)
        page.batch.stop()
        return found

    office.act = slow
    form.submit()
    for _ in range(6):
        desk.settle()
    states = [desk.get("event", one)["state"] for one in ids]
    assert sorted(states) == ["accepted", "reported", "reported"]
    assert said[-1] == "已甄别受理 1 件，停下时还剩 2 件没动"
    assert desk.get("event", done[0])["case_no"]


@pytest.mark.parametrize("only_marked", [False, True])
def test_the_list_is_exported_with_its_columns_and_rows_as_they_stand(qtbot, desk, tmp_path, only_marked):
    report(desk, "=1+1", reporter="张文贵", reporter_phone="19900000001")
    report(desk, "路灯不亮")
    out = tmp_path / "事件.xlsx"
    page = shown(qtbot, desk, tab="open")
    page.exporting._ask_path = lambda *_asked: str(out)
    if only_marked:
        marked(qtbot, desk, page, [(Qt.Key.Key_Space, PLAIN)])
    page.export()
    settled(desk)
    dialog = next(one for one in page.findChildren(QDialog) if isinstance(one, ReasonDialog))
    dialog.reason.setText("存档")
    with qtbot.waitSignal(page.said, timeout=60_000):
        dialog._act()
    sheet = openpyxl.load_workbook(out).active
    heads = [cell.value for cell in sheet[2]]
    assert heads[:4] == ["状态", "编号", "标题", "类别（受理后）"]
    assert "联系电话" not in heads
    assert sheet.max_row == (3 if only_marked else 4)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
