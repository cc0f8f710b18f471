"""Care tags in the window: on the card of a person, behind a button, for who has the right."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from tests.ui.offices import UPPER
from tests.ui.test_registry import shown
from ui.pages.care_strip import CareStrip
from ui.pages.person import PersonPage
from ui.pages.registry_record import RecordPage
from ui.pieces.buttons import Button

TAG = {
    "kind": "living_alone", "purpose": "每周上门送餐", "basis": "consent", "basis_note": "同意书甲字7号", "since": "2026-09-18",
    "review_on": "2027-03-18", "expires_on": "2027-09-18",
}  # fmt: skip


def said(page):
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def opened(desk, who):
    page = PersonPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"id": who})
    desk.settle()
    return page, gone


def test_the_card_shows_tags_only_after_the_button_and_the_look_is_logged(desk):
    desk.office.store.clock._now = lambda: 1_789_696_800.0
    who = desk.make("resident", name="李长顺")
    assert desk.office.care.register(who, dict(TAG)).ok
    page, gone = opened(desk, who)
    (strip,) = page.findChildren(CareStrip)
    assert "独居" not in said(page)
    strip.look.click()
    desk.settle()
    assert "独居老人" in said(page)
    assert "每周上门送餐" in said(page)
    reads = [line for line in desk.office.store.audit.lines(100) if (line.form, line.action) == ("care_tag", "read")]
    assert [line.record for line in reads] == [who]
    [button] = [b for b in strip.findChildren(Button) if b.words() == "登记关爱标签"]
    button.click()
    assert gone[-1] == ("record", {"form": "care_tag", "preset": {"resident": who}, "area": UPPER})


def test_without_the_right_the_card_says_nothing_of_them(open_desk):
    desk = open_desk("registrar", "director", "grid_leader")
    who = desk.make("resident", name="李长顺")
    page, _gone = opened(desk, who)
    assert page.findChildren(CareStrip) == []
    assert "关爱" not in said(page)


def test_a_tag_is_registered_in_the_area_of_its_person(desk):
    who = desk.make("resident", name="李长顺")
    page = RecordPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "care_tag", "preset": {"resident": who}, "area": UPPER})
    desk.settle()
    for name, value in TAG.items():
        page.form.rows[name].show_value(value, {})
        page.form.rows[name].changed.emit()
    page.form.save()
    desk.settle()
    [tag] = desk.office.store.select("care_tag")
    assert (tag.area, tag.values["resident"], tag.values["kind"]) == (UPPER, who, "living_alone")
