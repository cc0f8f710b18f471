"""The page of a case: what comes next is done from the keyboard, and what is missing is said."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QScrollArea

from app.errors import KnownError
from app.store.saving import Edit
from tests.services.conftest import colleague
from tests.ui.offices import UPPER
from ui.pages.case import CasePage
from ui.pages.case_form import EventFormPage
from ui.pages.case_read import read_file
from ui.pages.case_search import CaseEntry
from ui.pages.conflict import ConflictPage
from ui.pages.conflict_read import read_quarrels, step_words
from ui.pages.event_list import EventsPage

CTRL = Qt.KeyboardModifier.ControlModifier


def report(desk, title="路灯不亮", area=UPPER, **values):
    outcome = desk.office.cases.report({"title": title, "place": "村口", **values}, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def act(desk, event_id, action, **values):
    outcome = desk.office.cases.act(event_id, action, values)
    assert outcome.ok, outcome.faults


def shown(qtbot, desk, event_id, **args):
    page = CasePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1190, 720)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.opened({"id": event_id, **args})
    desk.settle()
    desk.settle()
    return page


def test_the_usual_next_action_is_the_primary_one_and_its_form_does_it(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="accept")
    assert page._form.action.code == "accept"
    page._form.submit()
    desk.settle()
    values = desk.get("event", event_id)
    assert values["state"] == "accepted"
    assert values["case_no"]


def test_ctrl_enter_begins_the_usual_action_and_ctrl_enter_does_it(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id)
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    desk.settle()
    assert page._form is not None
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    desk.settle()
    assert desk.get("event", event_id)["state"] == "accepted"


def test_of_the_case_before_nothing_can_be_seen_or_done_until_the_next_one_is_there(qtbot, desk):
    first, second = report(desk, "路灯不亮"), report(desk, "井盖松动")
    page = shown(qtbot, desk, first)
    page.opened({"id": second})
    assert "路灯不亮" not in page.title.text()
    assert not page.next_card.isVisible()
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    assert page._form is None
    desk.settle()
    desk.settle()
    assert page.title.text() == "井盖松动"
    assert page.next_card.isVisible()
    assert page.next_card.holds_focus()


def test_only_the_usual_step_is_done_with_ctrl_enter(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit="镇村建办")
    act(desk, event_id, "acknowledge")
    act(desk, event_id, "feed_back", result="换了灯泡")
    page = shown(qtbot, desk, event_id)
    assert "verify_pass" not in [action.code for action in page._file.actions]
    assert "换一位核查人" in page._file.barred
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    desk.settle()
    assert page._form is None


def test_with_a_reporter_among_the_people_the_cursor_is_on_the_next_step(qtbot, desk):
    page = shown(qtbot, desk, report(desk, reporter="张文贵", reporter_phone="19900000001"))
    assert page.next_card.holds_focus()


def test_a_case_is_shown_from_its_head(qtbot, desk):
    page = CasePage(desk.office, desk.jobs)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(page)
    qtbot.addWidget(area)
    area.resize(1190, 400)
    with qtbot.waitActive(area):
        area.show()
        area.activateWindow()
    for title in ("路灯不亮", "井盖松动"):
        page.opened({"id": report(desk, title)})
        desk.settle()
        desk.settle()
        bar = area.verticalScrollBar()
        qtbot.waitUntil(lambda bar=bar: bar.maximum() > 0 and bar.value() == 0)
        bar.setValue(bar.maximum())


def test_a_cursor_elsewhere_stays_there_when_something_comes_in(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id)
    page.back_button.setFocus()
    page.refresh(("event",))
    desk.settle()
    desk.settle()
    assert page.back_button.hasFocus()


def test_ctrl_n_takes_the_next_matter_from_the_page_of_a_case(qtbot, desk):
    page = shown(qtbot, desk, report(desk))
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page, Qt.Key.Key_N, CTRL)
    assert went.args[0] == "event_new"


def test_what_is_missing_is_said_and_nothing_is_saved(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="reject")
    page._form.submit()
    desk.settle()
    assert desk.get("event", event_id)["state"] == "reported"
    assert "原因" in page._form._faults.text()
    assert page._form.confirm.isEnabled()


def test_leaving_a_form_with_escape_keeps_what_was_typed(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="reject")
    page._form.fields["reason"].setPlainText("不归镇里管")
    assert page.escape()
    page.opened({"id": event_id, "action": "reject"})
    desk.settle()
    desk.settle()
    assert page._form.fields["reason"].toPlainText() == "不归镇里管"


def test_what_comes_in_under_an_open_action_is_told_and_what_was_typed_stays(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="reject")
    form = page._form
    form.fields["reason"].setPlainText("不归镇里管")
    page.refresh(())
    desk.settle()
    assert page.came.isHidden(), "nothing came, nothing is said"
    act(desk, event_id, "accept")
    page.refresh(())
    desk.settle()
    assert page._form is form
    assert form.fields["reason"].toPlainText() == "不归镇里管"
    assert "刚办了“甄别受理”" in page.came.text()
    assert "按 Esc 看下一步" in page.came.text()
    assert page.timeline.model().rowCount() == 2, "what is around the form is as it is now"
    assert page.due_card.isHidden()


def test_an_open_action_that_somebody_did_meanwhile_says_that_it_is_done(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="accept")
    act(desk, event_id, "accept")
    page.refresh(())
    desk.settle()
    assert "“甄别受理”现在办不了" in page.came.text()
    assert page.escape()
    assert "accept" not in [action.code for action in page._file.actions]


def test_a_changed_event_is_told_above_an_open_action_and_the_action_still_goes(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="accept")
    desk.office.records.save("event", {"place": "村尾"}, record_id=event_id)
    page.refresh(("event",))
    desk.settle()
    assert "别处刚改了" in page.came.text()
    assert "看过再提交" in page.came.text()
    assert page.came.isVisible()
    page._form.submit()
    desk.settle()
    assert desk.get("event", event_id)["state"] == "accepted"


def test_enter_goes_to_the_next_field_of_an_action(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    page = shown(qtbot, desk, event_id, action="assign")
    fields = [field for field in page._form.fields.values() if isinstance(field, QLineEdit)]
    fields[0].setFocus()
    qtbot.keyClick(fields[0], Qt.Key.Key_Return)
    assert page.focusWidget() is fields[1]
    fields[0].setFocus()
    qtbot.keyClick(fields[0], Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert page.focusWidget() is fields[1], "the Enter beside the figures is Enter, too"


def test_what_goes_wrong_beside_an_open_action_is_said(qtbot, desk, monkeypatch):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="accept")

    def full(*_args, **_kwargs):
        raise KnownError("store.no_space")

    monkeypatch.setattr(desk.office.reminders, "see", full)
    monkeypatch.setattr(desk.office.cases, "case", full)
    page.refresh(())
    page.opened({"id": event_id})
    desk.settle()
    assert [error.code for error in desk.failures] == ["store.no_space"] * 3
    desk.failures.clear()


def test_the_panel_of_a_list_reads_only_what_it_shows(qtbot, desk, monkeypatch):
    event_id, other = report(desk), report(desk, "灯杆歪了")
    for one in (event_id, other):
        act(desk, one, "accept")
    page = shown(qtbot, desk, event_id, action="merge")
    assert isinstance(page._form.fields["master"], CaseEntry)
    reads = []
    monkeypatch.setattr(desk.office.case_lists, "listed", lambda *_asked: reads.append("others"))
    monkeypatch.setattr(desk.office.taking, "people", lambda _event: reads.append("people"))
    file = read_file(desk.office, event_id, whole=False)
    assert reads == []
    assert "merge" in [action.code for action in file.actions]


def test_a_contested_step_says_so_in_words(desk):
    event_id = report(desk)
    act(desk, event_id, "accept", case_no="2026-0001")
    store = desk.office.store
    late = {
        "event": event_id,
        "action": "reject",
        "at": "2026-09-18T10:00:00+08:00",
        "by": "段宏远",
        "opinion": "不归镇里管",
    }
    store.save([Edit("event_step", None, UPPER, late)], "duan")
    file = read_file(desk.office, event_id)
    contested = [step for step in file.steps if "有争议" in step.title]
    assert len(contested) == 1
    assert "没有改变状态" in contested[0].text
    assert file.case.state.state == "accepted"


def test_a_step_says_how_long_it_puts_off_until_when_it_rests_and_what_it_was_merged_into(desk):
    event_id, other = report(desk), report(desk, "灯杆歪了")
    for action, values in (
        ("accept", {}),
        ("assign", {"lead_unit": "镇村建办"}),
        ("acknowledge", {}),
        ("extend_request", {"days": 3, "reason": "雨没停"}),
    ):
        act(desk, event_id, action, **values)
    # Nobody says yes to himself; the page tells who may.
    assert "自己申请的不能自己批" in read_file(desk.office, event_id).barred
    granted = {"days": 2, "day_unit": "自然日", "approved_by": "谭主任"}
    assert colleague(desk.office, "tan").cases.act(event_id, "extend_grant", granted).ok
    for action, values in (("suspend", {"reason": "等资金", "resume_on": "2099-12-01T23:59:00+08:00"}),):
        act(desk, event_id, action, **values)
    act(desk, other, "merge", master=event_id)
    told = {step.title: step.text for step in read_file(desk.office, event_id).steps}
    assert "延期 3 个工作日" in told["申请延期"]
    assert "延期 2 个自然日" in told["批准延期"]
    assert "计划恢复 2099年12月1日 23:59" in told["挂账"]
    assert "并入 路灯不亮" in read_file(desk.office, other).steps[0].text


def test_of_two_who_assigned_a_case_at_once_the_choice_says_to_whom_and_is_carried_out(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit="镇村建办")
    late = {"event": event_id, "action": "assign", "at": "2099-09-18T10:00:00+08:00", "by": "段宏远"}
    desk.office.store.save([Edit("event_step", None, UPPER, {**late, "lead_unit": "镇执法队"})], "duan")
    (quarrel,) = read_quarrels(desk.office)
    said = [step_words(desk.office, side) for side in (quarrel.conflict.mine, quarrel.conflict.theirs)]
    assert min(said) == "不再办这一步，事件停在“待签收”，主办 镇村建办"
    assert max(said).startswith("照办这一步：交办，主办 镇执法队，按“改派”办。之后事件是“待签收”，")
    page = ConflictPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": quarrel.conflict.id})
    desk.settle()
    page._fields["@step"].choose("mine" if "action" in quarrel.conflict.mine else "theirs")
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    event = desk.get("event", event_id)
    assert (event["lead_unit"], event["state"], event["contested"]) == ("镇执法队", "assigned", 0)
    told = read_file(desk.office, event_id).steps[0].text
    assert "“交办”（段宏远）算数，按“改派”办了" in told


def test_of_a_case_in_mediation_ctrl_enter_opens_its_mediation_and_it_is_not_handed_over_again(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    act(desk, event_id, "to_mediation", reason="双方同意")
    page = shown(qtbot, desk, event_id)
    offered = {action.code for action in page._file.actions}
    assert "to_mediation" not in offered
    assert "feed_back" in offered
    assert page.focusWidget().words() == "看调解登记"
    [mediation] = desk.office.store.select("mediation", {"event": event_id})
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    assert went.args == ["mediation_case", {"id": mediation.id}]
    assert page._form is None


def test_a_merged_case_leads_to_its_master_and_its_reporter_is_told_once_that_is_closed(qtbot, desk):
    event_id, other = report(desk), report(desk, "灯杆歪了")
    act(desk, event_id, "accept")
    act(desk, other, "merge", master=event_id)
    page = shown(qtbot, desk, other)
    assert {action.code for action in page._file.actions} == {"split_off"}
    case = desk.office.cases.case(other)
    assert "办结了才告知" in desk.office.cases.why_not(case, "tell_reporter")
    assert page.focusWidget().words() == "看并入的那件"
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert went.args == ["case", {"id": event_id}]
    for action, values in (
        ("assign", {"lead_unit": "镇村建办"}),
        ("acknowledge", {}),
        ("feed_back", {"result": "修好了"}),
        ("close_direct", {"reason": "当事人在场"}),
    ):
        act(desk, event_id, action, **values)
    assert "tell_reporter" in {action.code for action in read_file(desk.office, other).actions}
    act(desk, other, "tell_reporter", told="修好了")
    assert "tell_reporter" not in {action.code for action in read_file(desk.office, other).actions}


def test_a_contested_step_that_cannot_count_is_shown_and_not_offered(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    late = {"event": event_id, "action": "accept", "at": "2099-09-18T10:00:00+08:00", "by": "段宏远"}
    desk.office.store.save([Edit("event_step", None, UPPER, {**late, "level": "township"})], "duan")
    (quarrel,) = read_quarrels(desk.office)
    page = ConflictPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": quarrel.conflict.id})
    desk.settle()
    cards = page._fields["@step"].cards
    barred = "mine" if "action" in quarrel.conflict.mine else "theirs"
    assert {side: card.isEnabled() for side, card in cards.items()} == {side: side != barred for side in cards}
    assert any("现在是“待交办”" in label.text() for label in page.findChildren(QLabel))
    # By keys: its number does nothing, the other is taken and saved.
    for key in (Qt.Key.Key_1, Qt.Key.Key_2):
        qtbot.keyClick(page, key)
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    event = desk.get("event", event_id)
    assert (event["state"], event["contested"]) == ("accepted", 0)
    assert read_quarrels(desk.office) == []


def test_the_facts_of_an_event_are_mended_and_its_steps_stay(qtbot, desk):
    event_id = report(desk)
    page = EventFormPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": event_id})
    desk.settle()
    page.form.set_value("place", "下寨桥")
    with qtbot.waitSignal(page.go) as went:
        page.form.save()
    event = desk.office.store.get("event", event_id)
    assert (event.values["place"], event.values["state"]) == ("下寨桥", "reported")
    assert went.args == ["back", {}]


def test_enter_on_the_list_opens_the_case(qtbot, desk):
    event_id = report(desk)
    page = EventsPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    page.opened({"tab": "open"})
    desk.settle()
    desk.settle()
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    assert went.args == ["case", {"id": event_id}]
    assert page.table.current() == event_id


def test_the_reporters_phone_is_masked_until_a_reason_is_given(qtbot, desk):
    event_id = report(desk, reporter="张文贵", reporter_phone="19900000001")
    file = read_file(desk.office, event_id)
    assert file.phone == "199****0001"
    assert not any("19900000001" in value for _label, value in file.facts)


def test_a_long_text_field_of_an_action_keeps_its_lines(qtbot, desk):
    event_id = report(desk)
    page = shown(qtbot, desk, event_id, action="reject")
    entry = page._form.fields["reason"]
    assert isinstance(entry, QPlainTextEdit)
    entry.setFocus()
    qtbot.keyClicks(entry, "a")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    qtbot.keyClicks(entry, "b")
    assert page._form.values()["reason"] == "a\nb"


def test_in_a_narrow_list_spare_columns_give_way_to_the_title(qtbot, desk):
    report(desk)
    page = EventsPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1500, 600)
    page.show()
    page.opened({"tab": "open"})
    desk.settle()
    names = [column.key for column in page.table.model.columns]
    village = names.index("village")
    assert not page.table.view.isColumnHidden(village)
    page.resize(820, 600)
    assert page.table.view.isColumnHidden(village)
    assert page.table.view.columnWidth(names.index("title")) >= 200
    page.resize(1500, 600)
    assert not page.table.view.isColumnHidden(village)


def test_at_150_percent_a_case_with_links_is_no_wider_than_its_window(qtbot, desk):
    ids = [
        report(desk, f"上寨村三组菜市场占道经营{number}", reporter="张文贵", reporter_phone="19900000001")
        for number in "一二三"
    ]
    for other in ids[1:]:
        desk.office.links.add(ids[0], "same", other)
    page = shown(qtbot, desk, ids[0])
    assert page.links_card.note.text() == "2 件"
    page.resize(859, 460)
    desk.settle()
    qtbot.waitUntil(lambda: page.minimumSizeHint().width() <= 859)


def test_everything_of_a_case_stands_on_one_screen(qtbot, desk):
    event_id = report(
        desk, detail="一周来每天下午停水两三个小时，高处几户整天没水，请镇里帮忙催修。", reporter="张文贵"
    )
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit="村建办", assist_units="派出所")
    act(desk, event_id, "acknowledge")
    page = shown(qtbot, desk, event_id)
    # What a screen of 1366 x 768 leaves beside navigation and top bar.
    assert page.layout().heightForWidth(1190) <= 720


def test_the_case_to_merge_into_is_found_by_words_or_number_and_stays_when_the_form_is_left(qtbot, desk):
    event_id, other, closed = report(desk), report(desk, "村口灯杆歪了"), report(desk, "村口灯杆倒了")
    act(desk, event_id, "accept")
    act(desk, other, "accept", case_no="101〔2026〕00077")
    act(desk, closed, "void", reason="登记错了")
    page = shown(qtbot, desk, event_id, action="merge")
    entry = page._form.fields["master"]
    for typed, found in (("灯杆", [other]), ("00077", [other]), ("", [other])):
        hits = []
        page._find_cases(typed, hits.extend)
        desk.settle()
        assert [one.id for one in hits] == found
    entry.setFocus()
    qtbot.keyClick(entry, Qt.Key.Key_Down)
    desk.settle()
    qtbot.waitUntil(entry.offers)
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert entry.value() == other
    page._form.leave()
    page._begin(next(action for action in page._file.actions if action.code == "merge"))
    desk.settle()
    entry = page._form.fields["master"]
    assert (entry.value(), entry.text()) == (other, "村口灯杆歪了")
    page._form.submit()
    desk.settle()
    assert desk.get("event", event_id)["state"] == "merged"


def test_to_whom_a_case_goes_is_asked_only_where_a_grid_member_may_have_it(qtbot, desk):
    admitted = min(desk.office.cases.rules.admissions[0].classes)
    for category, offered, begun in (("hazard_road", ["unit"], "unit"), (admitted, ["unit", "grid_member"], None)):
        event_id = report(desk, category=category)
        act(desk, event_id, "accept")
        page = shown(qtbot, desk, event_id, action="assign")
        box = page._form.fields["lead_role"]
        assert [box.itemData(row) for row in range(box.count()) if box.itemData(row)] == offered
        assert page._form.values().get("lead_role") == begun


def test_a_photo_is_handed_in_with_a_step_kept_while_the_form_is_left_and_named_in_the_same_save(qtbot, desk, tmp_path):
    event_id = report(desk)
    for action, values in (("accept", {}), ("assign", {"lead_unit": "村电站"}), ("acknowledge", {})):
        act(desk, event_id, action, **values)
    path = tmp_path / "灯亮了.jpg"
    Image.new("RGB", (3000, 2000), "red").save(path, "JPEG")
    page = shown(qtbot, desk, event_id, action="feed_back")
    assert page._form.files.files.isHidden()
    page._form.files.take_paths([path])
    page._form.submit()
    assert "照片还在处理" in page._form._faults.text()
    # It is still being made small when the form is left.
    page._form.leave()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    desk.settle()
    assert desk.office.attachments.of("event", event_id) == []
    page._begin(next(action for action in page._file.actions if action.code == "feed_back"))
    desk.settle()
    desk.settle()
    # While those of before are being read nothing is handed in without them.
    files = page._step_files.begin(page._file.case.event, "feed_back")
    qtbot.addWidget(files)
    assert files.coming()
    desk.settle()
    assert not files.coming()
    assert [one.name for one in page._form.files.staged()] == ["灯亮了.jpg"]
    page._form.submit()
    desk.settle()
    assert desk.office.attachments.of("event", event_id) == []
    page._form.fields["result"].setPlainText("换了灯泡")
    page._form.submit()
    desk.settle()
    desk.settle()
    [one] = desk.office.attachments.of("event", event_id)
    step = desk.office.cases.case(event_id).steps[-1]
    assert (step.action, one.step, one.name) == ("feed_back", step.id, "灯亮了.jpg")
    assert "附件 灯亮了.jpg" in page._file.steps[0].text
    assert page._step_files._held == {}


def test_where_a_file_is_gone_neither_step_nor_file_is_saved(desk, tmp_path):
    event_id = report(desk)
    path = tmp_path / "灯亮.jpg"
    Image.new("RGB", (30, 20), "red").save(path, "JPEG")
    staged = desk.office.attachments.stage("event", event_id, path)
    desk.office.attachments.unstage([staged])
    before = len(desk.office.cases.case(event_id).steps)
    with pytest.raises(KnownError, match="灯亮"):
        desk.office.doing.act(event_id, "accept", {}, [staged])
    assert len(desk.office.cases.case(event_id).steps) == before


def test_after_a_step_that_leaves_nothing_to_do_the_cursor_is_on_what_was_done(qtbot, desk):
    event_id = report(desk)
    act(desk, event_id, "accept")
    act(desk, event_id, "assign", lead_unit="村电站")
    act(desk, event_id, "acknowledge")
    office = colleague(desk.office, "zhao", roles=("lead_handler",), unit="村电站")
    page = CasePage(office, desk.jobs)
    qtbot.addWidget(page)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.opened({"id": event_id})
    desk.settle()
    page._begin(next(one for one in page._file.actions if one.code == "feed_back"))
    desk.settle()
    page._form.fields["result"].setPlainText("换好了")
    page._form.submit()
    for _ in range(3):
        desk.settle()
    assert desk.get("event", event_id)["state"] == "feedback"
    assert page.focusWidget() is page.timeline
