"""The calendar as a table that is edited into a file, and the catalogue; only who may configure edits."""

from __future__ import annotations

import datetime as dt

from app.rules.calendar import parse
from app.rules.calendar_sheet import CalendarSheet, Stretch
from ui.pages.rules import RulesPage


def shown(qtbot, desk, **options):
    page = RulesPage(desk.office, desk.jobs, **options)
    qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    page.opened({"year": 2026})
    desk.settle()
    return page


def test_a_stretch_is_added_by_keyboard_and_saved_as_a_file_that_the_county_takes(qtbot, desk, tmp_path):
    target = tmp_path / "calendar_2026.toml"
    page = shown(qtbot, desk, ask=lambda _parent, _name: str(target))
    count = len(page._sheet.stretches)
    page.more.click()
    dialog = page.dialog
    name, _kind, first, last = dialog._fields
    name.setText("赶街节")
    first.set_value("2026-11-02")
    last.set_value("2026-11-04")
    dialog.do()
    desk.settle()
    assert len(page._sheet.stretches) == count + 1
    assert "还没有生效" in page.said_line.text()
    page.file.click()
    desk.settle()
    sheet = CalendarSheet.read(2026, target.read_text(encoding="utf-8"))
    assert not sheet.calendar().is_workday(dt.date(2026, 11, 3))


def test_the_hours_of_a_day_are_edited_and_what_overlaps_is_refused(qtbot, desk):
    page = shown(qtbot, desk)
    page.hours.click()
    morning, afternoon, _source, _checked = page.dialog._fields
    morning.setText("08:00-12:00")
    afternoon.setText("11:30-17:00")
    page.dialog.do()
    desk.settle()
    assert "不重叠" in page.dialog.said.text()
    afternoon.setText("15:00-18:30")
    page.dialog.do()
    desk.settle()
    assert page._sheet.hours == ("08:00-12:00", "15:00-18:30")
    calendar = page._sheet.calendar()
    assert calendar.working_hours_between(parse("2026-09-21T00:00"), parse("2026-09-22T00:00")) == 7.5
    assert "还没有生效" in page.said_line.text()


def test_a_year_that_nobody_has_published_says_so_and_the_next_can_be_begun(qtbot, desk):
    page = shown(qtbot, desk)
    page.opened({"year": 2027})
    desk.settle()
    assert "还没有公布2027年放假安排" in page.said_line.text()
    page.opened({"year": 2028})
    desk.settle()
    page._take(page._held, page._sheet.with_stretch(Stretch("元旦", dt.date(2028, 1, 1), dt.date(2028, 1, 1))))
    assert not page._sheet.calendar().is_workday(dt.date(2028, 1, 1))


def test_what_overlaps_is_said_in_the_dialog_and_nothing_is_changed(qtbot, desk):
    page = shown(qtbot, desk)
    held = page._sheet
    page._edit(0)
    page.dialog._fields[3].set_value("2026-02-16")
    page.dialog.do()
    desk.settle()
    assert "重叠" in page.dialog.said.text()
    assert page._sheet == held
    page.dialog.reject()


def test_who_may_not_configure_sees_the_calendar_and_no_buttons(qtbot, open_desk):
    page = shown(qtbot, open_desk("registrar"))
    assert page._sheet is not None
    assert not page.more.isVisible()
    assert not page.file.isVisible()
    page._edit(0)
    assert page.dialog is None


def test_the_catalogue_is_searched_by_name_and_alias(qtbot, desk):
    page = shown(qtbot, desk)
    page.tabs.pick("classes")
    desk.settle()
    assert page.classes.isVisible()
    whole = page.classes.model.rowCount()
    page.search.setText("管涌")
    page._show()
    assert page.classes.model.rowCount() == 1
    assert whole > 150


def test_what_the_county_sent_shows_without_a_restart(qtbot, desk):
    page = shown(qtbot, desk)
    text = 'title = "事件类别"\nitems = [{ code = "flood", label = "汛情" }]'
    desk.jobs.run(lambda: desk.office.store.ruled.take(1, 0, [(1, "event_class", 0, text)]))
    desk.jobs.run(desk.office.renew_rules)
    desk.settle()
    page.tabs.pick("classes")
    page.refresh(())
    desk.settle()
    assert page.classes.model.rowCount() == 1
    assert desk.office.forms["event"].show("category", "flood") == "汛情"


def add(desk, page, name, first, last):
    page.more.click()
    field, _kind, begins, ends = page.dialog._fields
    field.setText(name)
    begins.set_value(first)
    ends.set_value(last)
    page.dialog.do()
    desk.settle()


def names(page):
    return [stretch.name for stretch in page._sheet.stretches]


def test_an_edited_year_stays_edited_when_another_is_looked_at_or_the_page_is_left(qtbot, desk):
    page = shown(qtbot, desk)
    add(desk, page, "赶街节", "2026-11-02", "2026-11-04")
    page.years.pick(2027)
    desk.settle()
    assert "赶街节" not in names(page)
    assert page.forget.isHidden()
    page.opened({"year": 2026})
    desk.settle()
    assert "赶街节" in names(page)
    assert "还没有生效" in page.said_line.text()
    again = shown(qtbot, desk)
    assert "赶街节" in names(again)
    # It stands until the county has put it, and what the county puts otherwise is said beside it.
    desk.jobs.run(lambda: desk.office.store.ruled.take(1, 0, [(1, "calendar_2026", 0, page._sheet.without(0).text())]))
    again.refresh(())
    desk.settle()
    assert "赶街节" in names(again)
    assert "县中心又下发了一份" in again.said_line.text()
    text = again._sheet.text()
    desk.jobs.run(lambda: desk.office.store.ruled.take(1, 1, [(2, "calendar_2026", 0, text)]))
    again.refresh(())
    desk.settle()
    assert "还没有生效" not in again.said_line.text()
    assert again.forget.isHidden()
    assert not desk.office.store.drafts()


def test_an_edit_that_nobody_wants_goes_and_the_calendar_in_force_shows(qtbot, desk):
    page = shown(qtbot, desk)
    before = page._sheet
    page.calendar.go_to(0)
    page.drop.click()
    desk.settle()
    edited = page._sheet
    assert edited != before
    said = []
    page.said.connect(lambda text, undo: said.append((text, undo)))
    page.forget.click()
    desk.settle()
    assert page._sheet == before
    assert not desk.office.store.drafts()
    [(text, undo)] = said
    assert "已放弃" in text
    undo()
    desk.settle()
    assert page._sheet == edited
    assert desk.office.store.drafts()


def test_a_stretch_that_was_struck_out_comes_back(qtbot, desk):
    page = shown(qtbot, desk)
    before, said = page._sheet, []
    page.said.connect(lambda text, undo: said.append((text, undo)))
    page.calendar.go_to(0)
    page.drop.click()
    [(text, undo)] = said
    assert before.stretches[0].name in text
    undo()
    desk.settle()
    assert page._sheet == before


def test_a_late_answer_neither_shows_another_year_nor_takes_an_edit_back(qtbot, desk):
    page = shown(qtbot, desk)
    page.years.pick(2027)
    page.opened({"year": 2026})
    assert page._sheet is None, "nothing is edited before the year is there"
    desk.settle()
    page.refresh(())
    page.calendar.go_to(0)
    held = page._sheet
    page.drop.click()
    desk.settle()
    assert (page._sheet.year, page._sheet) == (2026, held.without(0))
