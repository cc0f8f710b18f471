"""A record in a form: typing as a clerk does, drafts, and saves that overwrite nothing unseen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.schema.record import Delta
from tests.ui.conftest import commit
from tests.ui.offices import LOWER, UPPER, Desk
from ui.forms.choices import ChoiceEntry
from ui.forms.editor import RecordForm
from ui.forms.reason import ReasonDialog
from ui.forms.typed import rank


@pytest.mark.parametrize(
    ("typed", "held"),
    [("rcz", 2), ("rczf", 2), ("richang", 2), ("走访", 3), ("日常", 1), ("日常走访", 0), ("zf", 3), ("xyz", None)],
)
def test_a_word_is_meant_by_its_begin_its_initials_or_a_part(typed, held):
    assert rank(typed, "日常走访") == held


def opened(desk: Desk, *args, **kwargs) -> RecordForm:
    form = RecordForm(desk.office, desk.jobs, *args, **kwargs)
    desk.qtbot.addWidget(form)
    form.resize(800, 600)
    form.show()
    desk.settle()
    form.begin()
    return form


def press(desk: Desk, form: RecordForm, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    desk.qtbot.keyClick(form.window().focusWidget() or form, key, modifier)


def put(desk: Desk, form: RecordForm, text: str) -> None:
    """Type into the field that has the focus, Chinese as an input method commits it."""
    widget = form.window().focusWidget()
    if text.isascii():
        desk.qtbot.keyClicks(widget, text)
    else:
        if isinstance(widget, QLineEdit) and widget.hasSelectedText():
            widget.clear()
        commit(widget, text)


def test_a_visit_is_typed_with_the_keyboard_alone(desk):
    form = opened(desk, "visit", area=UPPER)
    saved = []
    form.saved.connect(saved.append)
    put(desk, form, "9.18")
    press(desk, form, Qt.Key.Key_Return)
    put(desk, form, "李秀芬")
    for name, typed in (("household_name", "李长顺"), ("purpose", "zdbf")):
        form.rows[name].entry.setFocus()
        form.rows[name].entry.selectAll()
        put(desk, form, typed)
    form.rows["content"].entry.setFocus()
    put(desk, form, "屋顶漏雨，已联系村里。")
    press(desk, form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    form.save()
    desk.settle()
    assert len(saved) == 1
    held = desk.get("visit", saved[0].id)
    assert held["visit_date"].endswith("-09-18")
    assert held["visitor"] == "李秀芬"
    assert held["purpose"] == "help"
    assert saved[0].area == UPPER
    assert desk.office.store.drafts() == []


def test_what_is_missing_is_said_below_its_field_and_nothing_is_saved(desk):
    form = opened(desk, "visit", area=UPPER)
    form.save()
    desk.settle()
    assert "还没有填" in form.rows["visitor"].problem()
    assert form.rows["visitor"].said.isVisibleTo(form)
    assert form.window().focusWidget() is form.rows["visit_date"].entry
    assert desk.office.store.count("visit") == 0


def test_a_choice_that_fits_nothing_is_kept_as_typed_and_said(desk):
    form = opened(desk, "visit", area=UPPER)
    entry = form.rows["purpose"].entry
    entry.setFocus()
    entry.clear()
    commit(entry, "随便看看")
    form.save()
    assert "随便看看" in form.rows["purpose"].problem()
    assert entry.text() == "随便看看"


def test_an_unreadable_date_is_said_not_dropped(desk):
    form = opened(desk, "visit", area=UPPER)
    put(desk, form, "99.99")
    form.save()
    assert "99.99" in form.rows["visit_date"].problem()


def test_a_new_record_must_say_its_village_where_there_are_several(desk):
    form = opened(desk, "grid")
    form.set_value("name", "第一网格")
    form.save()
    assert form._area_row.problem()
    form._area_row.entry.set_value(LOWER)
    form.save()
    desk.settle()
    assert [record.area for record in desk.office.store.select("grid")] == [LOWER]


def test_only_what_was_changed_is_sent(desk):
    person = desk.make("resident", name="李长顺", occupation="务农")
    before = len(desk.office.store.outbox.of([person])[person])
    form = opened(desk, "resident", record_id=person)
    entry = form.rows["occupation"].entry
    entry.setFocus()
    entry.selectAll()
    commit(entry, "务工")
    form.save()
    desk.settle()
    changes = desk.office.store.outbox.of([person])[person][before:]
    assert [dict(change.values) for change in changes] == [{"occupation": "务工"}]


def test_typing_a_number_fills_birth_date_and_sex(desk):
    form = opened(desk, "resident", area=UPPER)
    form.set_value("name", "李长顺")
    form.rows["id_number"].entry.setFocus()
    put(desk, form, "11010519491231002X")
    form.save()
    desk.settle()
    person = desk.office.store.select("resident")[0]
    assert (person.values["birth_date"], person.values["sex"]) == ("1949-12-31", "2")


def test_a_draft_is_kept_while_typing_and_comes_back(desk):
    form = opened(desk, "visit", area=UPPER)
    form.rows["visitor"].entry.setFocus()
    put(desk, form, "李秀芬")
    form.keep()
    desk.settle()
    form.close()
    again = opened(desk, "visit", area=UPPER)
    assert again.value("visitor") == "李秀芬"
    assert again.draft_line.isVisibleTo(again)
    again.discard()
    desk.settle()
    assert again.value("visitor") is None
    assert desk.office.store.drafts() == []


def test_leaving_with_the_text_unsaved_keeps_it(desk):
    form = opened(desk, "visit", area=UPPER)
    form.rows["visitor"].entry.setFocus()
    put(desk, form, "李秀芬")
    form.leave()
    desk.settle()
    assert desk.office.store.draft("form:visit:new")["visitor"] == "李秀芬"


def test_a_pull_that_lands_while_the_form_is_open_is_not_overwritten_unseen(desk):
    store, person = desk.office.store, desk.office.store.new_id()
    values = {"name": "李长顺", "phone": "19912340001", "occupation": "务农"}
    store.sync.deltas([Delta("resident", person, UPPER, 5, values, {"": 5}, whole=True)], {})
    base = store.get("resident", person).rev_of("occupation")
    form = opened(desk, "resident", record_id=person)
    entry = form.rows["occupation"].entry
    entry.setFocus()
    entry.selectAll()
    commit(entry, "务工")
    store.sync.deltas(
        [
            Delta(
                "resident",
                person,
                UPPER,
                9,
                {"occupation": "经商", "phone": "19912340002"},
                {"occupation": 9, "phone": 9},
            )
        ],
        {},
    )
    form.refresh(["resident"])
    desk.settle()
    assert "经商" in form.rows["occupation"].said.text()
    assert form.rows["phone"].value() == "19912340002"
    form.save()
    desk.settle()
    change = store.outbox.of([person])[person][-1]
    assert change.values == {"occupation": "务工"}
    assert change.bases["occupation"] == base


def test_stars_are_saved_back_as_the_number_they_stand_for(desk):
    person = desk.make("resident", name="李长顺", phone="19912340001")
    form = opened(desk, "resident", record_id=person)
    assert form.rows["phone"].entry.text() == "199****0001"
    form.set_value("name", "李长顺子")
    form.save()
    desk.settle()
    assert desk.get("resident", person)["phone"] == "19912340001"


def test_the_first_key_over_the_stars_begins_a_new_number(desk):
    person = desk.make("resident", name="李长顺", phone="19912340001")
    form = opened(desk, "resident", record_id=person)
    form.rows["phone"].entry.setFocus()
    put(desk, form, "19912340009")
    form.save()
    desk.settle()
    assert desk.get("resident", person)["phone"] == "19912340009"


def test_seeing_a_whole_number_asks_for_a_reason_that_goes_into_the_audit(desk):
    person = desk.make("resident", name="李长顺", phone="19912340001")
    form = opened(desk, "resident", record_id=person)
    form.rows["phone"].entry._eye.trigger()
    dialog = form.findChild(ReasonDialog)
    assert not dialog.act.isEnabled()
    commit(dialog.reason, "核对电话")
    dialog.act.click()
    desk.settle()
    assert form.rows["phone"].entry.text() == "19912340001"
    assert desk.office.store.audit.lines(1)[0].reason == "核对电话"


def test_who_may_not_reveal_sees_no_eye(open_desk):
    desk = open_desk("registrar")
    person = desk.make("resident", name="李长顺", phone="19912340001")
    form = opened(desk, "resident", record_id=person)
    assert not form.rows["phone"].entry._eye.isVisible()


def test_a_household_is_found_by_initials_and_brings_its_village(desk):
    home = desk.make("household", LOWER, head_name="李长顺", number="5300012")
    form = opened(desk, "visit")
    entry = form.rows["household"].entry
    form.activateWindow()
    entry.setFocus()
    desk.qtbot.waitUntil(entry.hasFocus)
    desk.qtbot.keyClicks(entry, "lcs")
    desk.qtbot.waitUntil(lambda: bool(entry._hits), timeout=60_000)
    entry.take(entry._hits[0])
    assert form.value("household") == home
    assert form._area_row.value() == LOWER


def test_the_list_of_a_choice_narrows_by_initials_and_enter_takes_it(qapp, qtbot):
    entry = ChoiceEntry([("a", "政策宣传"), ("b", "日常走访"), ("c", "矛盾排查")])
    qtbot.addWidget(entry)
    entry.show()
    entry.setFocus()
    qtbot.keyClicks(entry, "mdp")
    entry._list.popup().hide()
    entry.settle()
    assert entry.value() == "c"
    assert entry.text() == "矛盾排查"


def test_enter_in_the_list_of_a_choice_takes_it_and_goes_on(desk):
    form = opened(desk, "visit", area=UPPER)
    form.activateWindow()
    entry = form.rows["purpose"].entry
    entry.setFocus()
    desk.qtbot.waitUntil(entry.hasFocus)
    entry.selectAll()
    desk.qtbot.keyClicks(entry, "zc")
    desk.qtbot.keyClick(entry._list.popup(), Qt.Key.Key_Return)
    desk.qtbot.waitUntil(form.rows["content"].entry.hasFocus)
    assert entry.value() == "policy"
