"""The page of the exchange and the page where a person decides."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea

from app.store.agreement import Exchange
from app.store.saving import Edit
from tests.ui.conftest import commit
from tests.ui.offices import UPPER
from ui.forms.choices import ChoiceEntry
from ui.pages.conflict import ConflictPage
from ui.pages.conflict_diff import marked
from ui.pages.sync import SyncPage
from ui.pages.sync_read import read_sync
from ui.pages.sync_words import result, size, took

CTRL = Qt.KeyboardModifier.ControlModifier
NUMBER = "440524188001010014"


@pytest.fixture
def quarrel(desk):
    """Two people wrote the detail of one event differently; the county kept 段宏远's."""
    event = desk.office.cases.report(
        {"title": "路灯不亮", "place": "村口", "detail": "一盏不亮。"}, area=UPPER
    ).record.id
    values = {
        "record_form": "event",
        "record": event,
        "field": "detail",
        "label": "事件：情况",
        "base": json.dumps("一盏不亮。", ensure_ascii=False),
        "mine": json.dumps("三盏不亮。", ensure_ascii=False),
        "theirs": json.dumps("一盏不亮，已报电管站。", ensure_ascii=False),
        "who": "lin",
        "other": "duan",
        "device": desk.office.store.sync.state.device or "here",
        "at": "2026-09-17T16:20:00+08:00",
        "status": "open",
    }
    saved = desk.office.store.save([Edit("conflict", None, UPPER, values)], "county")
    return saved.ids[0], event


def opened(qtbot, desk, conflict):
    page = ConflictPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1190, 720)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.opened({"id": conflict})
    desk.settle()
    return page


def test_one_key_takes_mine_and_ctrl_enter_saves_it(qtbot, desk, quarrel):
    conflict, event = quarrel
    page = opened(qtbot, desk, conflict)
    assert not page.save.isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_2)
    assert page.save.isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    desk.settle()
    assert desk.get("event", event)["detail"] == "三盏不亮。"
    kept = desk.get("conflict", conflict)
    assert kept["status"] == "decided"
    assert json.loads(kept["theirs"]) == "一盏不亮，已报电管站。"


def test_who_decides_at_the_side_that_stands_sees_it_there_and_the_decision_goes_at_once(qtbot, desk, quarrel):
    conflict, _event = quarrel
    store = desk.office.store
    turned = {"who": "duan", "other": desk.office.session.user}
    store.save([Edit("conflict", conflict, UPPER, turned)], "county")
    sent = []
    page = ConflictPage(desk.office, desk.jobs, lambda: sent.append(1))
    qtbot.addWidget(page)
    page.opened({"id": conflict})
    desk.settle()
    heads = [label.text() for label in page.findChildren(QLabel) if "县里现用" in label.text()]
    assert [head[:2] for head in heads] == ["我的"]
    page._fields["detail"].choose("mine")
    page.save.click()
    desk.settle()
    assert sent == [1]


def test_what_was_written_is_there_again_after_a_look_at_the_record_or_a_lock_and_saved_leaves_no_draft(
    qtbot, desk, quarrel
):
    conflict, _event = quarrel
    page = opened(qtbot, desk, conflict)
    page._fields["detail"].final.setPlainText("东段三米二，西段一米")
    assert page._beat.isActive(), "kept a second later, too"
    page.leaving()
    desk.settle()
    page.opened({"id": conflict})
    desk.settle()
    assert page._fields["detail"].text() == "东段三米二，西段一米"
    page = opened(qtbot, desk, conflict)
    assert page._fields["detail"].text() == "东段三米二，西段一米"
    assert page.save.isEnabled()
    page._fields["detail"].choose("mine")
    page.leaving()
    page = opened(qtbot, desk, conflict)
    assert page._fields["detail"].side() == "mine"
    page.save.click()
    desk.settle()
    desk.settle()
    assert desk.office.store.drafts() == []


def test_a_third_text_written_by_hand_is_what_stands(qtbot, desk, quarrel):
    conflict, event = quarrel
    page = opened(qtbot, desk, conflict)
    field = page._fields["detail"]
    field.choose("mine")
    field.final.clear()
    commit(field.final, "三盏不亮，已报电管站。")
    assert field.side() == ""
    page.save.click()
    desk.settle()
    assert desk.get("event", event)["detail"] == "三盏不亮，已报电管站。"


def test_taking_theirs_says_that_nothing_is_left_to_decide(qtbot, desk, quarrel):
    conflict, _event = quarrel
    page = opened(qtbot, desk, conflict)
    qtbot.keyClick(page, Qt.Key.Key_3)
    page.save.click()
    desk.settle()
    desk.settle()
    assert desk.office.conflicts.open() == []
    assert not page.save.isVisible()


def test_what_differs_is_underlined_not_only_coloured():
    text = marked("三盏不亮<b>", "一盏不亮", "#fff3bf", "#000000")
    assert "text-decoration:underline" in text
    assert "<b>" not in text
    assert text.endswith("</span>")
    assert "盏不亮" in text


def test_the_page_tells_lanes_exchanges_and_conflicts_in_plain_words(qtbot, desk, quarrel):
    desk.office.store.sync.log(Exchange(1_789_000_000_000, "network", 14, 86, 3_120, 11_570, 2.9, "ok"))
    asked = []
    page = SyncPage(desk.office, desk.jobs, lambda: asked.append(1), desk.worker)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()
    # Who comes for what waits for him stands on it, also after the card was shown anew.
    for _ in range(2):
        assert page.focusWidget().words() == "去处理"
        page.refresh(())
        desk.settle()
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert went.args == ["conflict", {"id": quarrel[0]}]
    view = read_sync(desk.office)
    assert view.waiting.urgent == 3
    assert page.waiting_card.note.text().startswith(f"{view.waiting.total} 条")
    assert page.asking_card.note.text() == "1"
    # Whose record it is comes first; "事件：情况" alone could be any.
    assert any(label.text().startswith("路灯不亮 · 事件") for label in page.asking_card.findChildren(QLabel))
    assert page.table.model.record(0)["took"] == "3 秒"
    # A desk that no county knows can't exchange, and says why.
    assert not page._now_button.isEnabled()


def test_left_low_the_page_opens_at_its_head_again_where_what_waits_has_the_cursor(qtbot, desk, quarrel):
    # Below it lies what else could get the cursor.
    desk.make("resident", name="张文贵", id_number=NUMBER), desk.came("resident", name="张文桂", id_number=NUMBER)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    page = SyncPage(desk.office, desk.jobs, lambda: None, desk.worker)
    scroll.setWidget(page)
    qtbot.addWidget(scroll)
    scroll.resize(1190, 300)
    with qtbot.waitActive(scroll):
        scroll.show()
        scroll.activateWindow()
    page.opened({})
    desk.settle()
    scroll.verticalScrollBar().setValue(200)
    assert scroll.verticalScrollBar().value() == 200
    page.opened({})
    desk.settle()
    assert scroll.verticalScrollBar().value() == 0
    assert page.focusWidget().words() == "去处理"
    # And who has scrolled down isn't taken elsewhere whenever something was exchanged.
    for at in (0, 100, 200, 300, 400):
        scroll.verticalScrollBar().setValue(at)
        page.refresh(())
        desk.settle()
        assert scroll.verticalScrollBar().value() == at
    assert page.focusWidget().words() == "去处理"


def test_a_failed_exchange_is_no_alarm():
    line = Exchange(0, "network", 0, 0, 0, 0, 31.0, "sync.unreachable", "…")
    assert result(line).tone == "grey"


def test_sizes_and_times_are_said_as_people_read_them():
    assert [size(n) for n in (0, 900, 11_570, 4_300_000)] == ["0 B", "900 B", "11.3 KB", "4.1 MB"]
    assert [took(s) for s in (0.2, 2.9, 242)] == ["不到 1 秒", "3 秒", "4 分 02 秒"]


def test_two_numbers_stay_masked_until_a_reason_is_logged_and_stars_are_never_saved(qtbot, desk):
    person = desk.make("resident", name="张文贵", phone="19900000001")
    values = {
        "record_form": "resident",
        "record": person,
        "field": "phone",
        "label": "居民：联系电话",
        "mine": json.dumps("19900000002"),
        "theirs": json.dumps("19900000001"),
        "who": "lin",
        "other": "duan",
        "device": "here",
        "at": "2026-09-17T16:20:00+08:00",
        "status": "open",
    }
    conflict = desk.office.store.save([Edit("conflict", None, UPPER, values)], "county").ids[0]
    page = opened(qtbot, desk, conflict)
    field = page._fields["phone"]
    assert field._texts["mine"] == "199****0002"
    assert not field.final.isVisible()
    field.choose("mine")
    page.save.click()
    desk.settle()
    assert desk.get("resident", person)["phone"] == "19900000002"


def test_a_third_value_is_typed_in_the_fields_own_widget_and_the_record_is_named(qtbot, desk):
    person = desk.make("resident", name="张文贵", presence="present")
    values = {
        "record_form": "resident",
        "record": person,
        "field": "presence",
        "label": "居民：在户情况",
        "base": json.dumps("present"),
        "mine": json.dumps("present"),
        "theirs": json.dumps("present"),
        "who": "lin",
        "other": "duan",
        "device": "here",
        "at": "2026-09-17T16:20:00+08:00",
        "status": "open",
    }
    conflict = desk.office.store.save([Edit("conflict", None, UPPER, values)], "county").ids[0]
    page = opened(qtbot, desk, conflict)
    field = page._fields["presence"]
    assert isinstance(field.entry, ChoiceEntry)
    assert not page.save.isEnabled()
    other = next(code.code for code in desk.office.forms["resident"].fields["presence"].kind.codes.items[::-1])
    field.entry.set_value(other)
    field.entry.changed.emit()
    assert field.side() == ""
    page.save.click()
    desk.settle()
    assert desk.get("resident", person)["presence"] == other
