"""A household is entered by keyboard: few strokes, nobody twice, nothing lost, all or nothing."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.schema.identity import check_character
from tests.ui.conftest import commit
from tests.ui.offices import UPPER
from ui.frame import make_window
from ui.jobs import Worker
from ui.pages.entry import EntryPage


def number(birth, sequence):
    first = f"990001{birth}{sequence:03}"
    return first + check_character(first)


HEAD, WIFE, SON, CHILD = (
    number("19650314", 11), number("19680520", 22), number("19901231", 33), number("20151009", 44),
)  # fmt: skip
ADDRESS = "上寨村三组中排3-12号"


class Clerk:
    """Types into whatever has the focus; counts strokes, and those of them that are the data itself."""

    def __init__(self, desk, window):
        self.desk, self.window = desk, window
        self.data = self.strokes = 0

    @property
    def overhead(self):
        return self.strokes - self.data

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        # A modifier is a finger, too.
        self.strokes += 1 + sum(
            bool(modifier & each) for each in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier)
        )
        QTest.keyClick(self._target(), key, modifier)
        self._settle()

    def enter(self):
        self.key(Qt.Key.Key_Return)

    def type(self, text):
        """Letters and figures: data, a stroke each."""
        self.strokes += len(text)
        self.data += len(text)
        for letter in text:
            QTest.keyClick(self._target(), letter)
        self._settle()

    def choose(self, letters):
        """Letters by which something is chosen are the way to the data and not the data."""
        self.strokes += len(letters)
        for letter in letters:
            QTest.keyClick(self._target(), letter)
        self._settle()

    def chinese(self, text):
        """Words by the input method: data."""
        commit(QApplication.focusWidget(), text)
        self._settle()

    def _settle(self):
        self.desk.settle()
        # The offscreen platform leaves a list that was put away the active window, and tells so late.
        for _ in range(3):
            QCoreApplication.processEvents()
            if QApplication.activePopupWidget() is None and QApplication.activeWindow() is not self.window:
                self.window.activateWindow()
                self.window.windowHandle().requestActivate()
        self.desk.settle()

    def _target(self):
        return QApplication.activePopupWidget() or QApplication.focusWidget() or self.window


@pytest.fixture
def window(desk, qapp):
    made, _frame = make_window(qapp, desk.office, desk.jobs, lambda tail: Worker([sys.executable, *tail]))
    made.resize(1366, 768)
    made.show()
    made.activateWindow()
    QTest.qWaitForWindowActive(made)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def page(desk, window):
    """The page for a new household of the upper village."""
    return opened(desk, window, area=UPPER)


def opened(desk, window, **args):
    window.go("household_entry", **args)
    desk.settle()
    found = window.current_page()
    assert isinstance(found, EntryPage)
    return found


def put(desk, page, row, **values):
    """Type into cells of a row as the input method does."""
    for name, value in values.items():
        cell = page.table.rows[row].cells[name]
        cell.setFocus(Qt.FocusReason.TabFocusReason)
        cell.selectAll()
        commit(cell, value)
    desk.settle()


def place(desk, page, address=ADDRESS):
    page.place.home.setFocus()
    commit(page.place.home, address)
    QTest.keyClick(page.place.home, Qt.Key.Key_Return)
    desk.settle()


def people(desk):
    """The people by name, in the order in which they were registered."""
    found = sorted(desk.office.store.select("resident"), key=lambda person: person.id)
    return {p.values["name"]: p.values for p in found}


def test_enter_takes_the_dwelling_that_is_chosen_among_several(desk, window):
    for door in (11, 12, 13):
        desk.make("dwelling", address=f"上寨村三组中排3-{door}号")
    page = opened(desk, window, area=UPPER)
    clerk = Clerk(desk, window)
    clerk.choose("szcsz3")
    desk.qtbot.waitUntil(lambda: not page.place.home._timer.isActive(), timeout=60_000)
    desk.settle()
    lines = QApplication.activePopupWidget().model()
    assert lines.rowCount() == 3  # initials are no address: nothing is offered to be added under them
    second = lines.index(1, 0).data()
    clerk.key(Qt.Key.Key_Down)
    clerk.enter()
    assert page.place.home.value()
    assert second.startswith(page.place.home.text())
    assert QApplication.activePopupWidget() is None
    # What was typed since the list came is looked for before anything is taken.
    page.place.home.setFocus()
    page.place.home.selectAll()
    clerk.choose("szcsz313")
    clerk.enter()
    assert page.place.home.text() == "上寨村三组中排3-13号"


def test_a_household_of_four_takes_few_strokes_beyond_its_data(desk, window):
    desk.make("dwelling", address=ADDRESS)
    window.go("registry")
    desk.settle()
    clerk = Clerk(desk, window)
    clerk.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert window.current_name() == "household_entry"
    clerk.choose("szcsz")
    clerk.enter()
    clerk.type("5300012")
    clerk.enter()
    clerk.enter()
    rows = [
        ("李长顺", "", HEAD, "13900000001"),
        ("周玉兰", "po", WIFE, "13900000002"),
        ("李建军", "zhangzi", SON, ""),
        ("李可欣", "sunn", CHILD, ""),
    ]
    for position, (name, relation, digits, phone) in enumerate(rows):
        clerk.chinese(name)
        clerk.enter()
        if relation:
            clerk.choose(relation)
            clerk.enter()
        clerk.type(digits)
        clerk.enter()
        clerk.type(phone)
        clerk.enter()
        if not position:
            clerk.enter()
            clerk.enter()
    clerk.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.current_name() == "registry"
    found = people(desk)
    assert list(found) == ["李长顺", "周玉兰", "李建军", "李可欣"]
    assert [p["id_number"] for p in found.values()] == [HEAD, WIFE, SON, CHILD]
    assert [p["relation"] for p in found.values()] == ["0", "1", "2", "4"]
    assert [p["relation_text"] for p in found.values()] == [None, None, "长子", "孙女"]
    assert [p["sex"] for p in found.values()] == ["1", "2", "1", "2"]
    assert [p["birth_date"] for p in found.values()] == ["1965-03-14", "1968-05-20", "1990-12-31", "2015-10-09"]
    assert [p["phone"] for p in found.values()] == ["13900000001", "13900000002", "13900000002", "13900000002"]
    assert {p["live_address"] for p in found.values()} == {ADDRESS}
    assert {p["hukou_address"] for p in found.values()} == {ADDRESS}
    [home] = desk.office.store.select("household")
    assert (home.values["number"], home.values["head_name"]) == ("5300012", "李长顺")
    # What was promised is 120; what it takes now shall not grow unseen.
    assert clerk.overhead <= 50


def test_the_dwelling_is_added_in_place_and_enter_takes_it(desk, page):
    grid = desk.make("grid", name="第三网格")
    place(desk, page)
    assert page.place.grid.value() == grid
    put(desk, page, 0, name="李长顺")
    page.save()
    desk.settle()
    [home] = desk.office.store.select("household")
    dwelling = desk.get("dwelling", home.values["dwelling"])
    assert (dwelling["address"], dwelling["grid"]) == (ADDRESS, grid)


def test_no_key_is_lost_while_the_page_opens(desk, window):
    desk.make("dwelling", address=ADDRESS)
    window.go("household_entry", area=UPPER)
    # The lane has not answered yet.
    page = window.current_page()
    commit(page.place.home, "上寨村三组")
    desk.settle()
    assert page.place.home.text() == "上寨村三组"
    QTest.keyClick(page.place.home, Qt.Key.Key_Down)
    desk.settle()
    assert [hit.title for hit in page.place.home._hits] == [ADDRESS, "上寨村三组"]


def test_who_lives_there_already_is_said_and_can_be_gone_on_with(desk, window, page):
    dwelling = desk.make("dwelling", address=ADDRESS)
    home = desk.make("household", head_name="李长顺", dwelling=dwelling)
    desk.make("resident", name="李长顺", relation="0", household=home, id_number=HEAD)
    place(desk, page)
    assert page.neighbours.isVisible()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6)
    desk.settle()
    assert page.sheet().household == home
    assert page.title.text() == "李长顺户"
    assert page.table.rows[0].cells["id_number"].text() == f"990001********{HEAD[-4:]}"


def test_sex_and_birth_date_follow_the_number_until_somebody_types_them(desk, page):
    put(desk, page, 0, name="李长顺", id_number=HEAD)
    row = page.table.rows[0]
    assert (row.value("sex"), row.value("birth_date")) == ("1", "1965-03-14")
    put(desk, page, 0, id_number=WIFE)
    assert (row.value("sex"), row.value("birth_date")) == ("2", "1968-05-20")
    put(desk, page, 0, birth_date="1968.5.21")
    put(desk, page, 0, id_number=HEAD)
    assert (row.value("sex"), row.value("birth_date")) == ("1", "1968-05-21")


def test_an_old_number_becomes_a_new_one_when_it_is_left(desk, page):
    put(desk, page, 0, name="李长顺", id_number="990001650314011")
    page.table.go_to(0, "phone")
    assert page.table.rows[0].value("id_number") == HEAD
    assert "15 位" in page.table.rows[0].said.text()


def test_a_wrong_number_is_told_at_once_and_one_key_keeps_it(desk, page):
    place(desk, page)
    wrong = HEAD[:-1] + ("0" if HEAD[-1] != "0" else "1")
    put(desk, page, 0, name="李长顺", id_number=wrong)
    page.table.go_to(0, "phone")
    row = page.table.rows[0]
    assert "校验码" in row.said.text()
    assert row.verify.isVisible()
    QTest.keyClick(row.cells["phone"], Qt.Key.Key_F8)
    assert row.line.verify
    assert "待核实" in row.said.text()
    page.save()
    desk.settle()
    person = people(desk)["李长顺"]
    assert (person["id_number"], person["id_written"]) == (None, wrong)


def test_a_passport_is_offered_to_be_kept_as_one(desk, page):
    put(desk, page, 0, name="John Smith", id_number="E12345678")
    page.table.go_to(0, "phone")
    row = page.table.rows[0]
    assert "普通护照" in row.said.text()
    assert row.verify.words() == "存为其他证件"
    QTest.keyClick(row.cells["phone"], Qt.Key.Key_F8)
    assert "存为普通护照号码" in row.said.text()


def test_the_phone_is_carried_on_only_where_enter_passes_it(desk, page):
    put(desk, page, 0, name="李长顺", phone="13900000001")
    put(desk, page, 1, name="周玉兰")
    page.table.go_to(1, "phone")
    cell = page.table.rows[1].cells["phone"]
    assert (cell.text(), cell.value()) == ("13900000001", None)
    page.table.go_to(1, "name")
    assert (cell.text(), cell.value()) == ("", None)
    page.table.go_to(1, "phone")
    QTest.keyClick(cell, Qt.Key.Key_Delete)
    QTest.keyClick(cell, Qt.Key.Key_Return)
    assert page.table.rows[1].value("phone") is None
    page.table.go_to(1, "phone")
    QTest.keyClick(cell, Qt.Key.Key_Return)
    assert page.table.rows[1].value("phone") == "13900000001"


def test_ditto_takes_the_cell_above_and_the_rest_of_the_row(desk, page):
    put(desk, page, 0, name="李长顺", phone="13900000001", birth_date="1965-03-14", hukou_address="上寨村1号")
    put(desk, page, 1, name="周玉兰")
    page.table.go_to(1, "birth_date")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    row = page.table.rows[1]
    assert (row.value("birth_date"), row.value("phone")) == ("1965-03-14", None)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_D, both)
    assert (row.value("name"), row.value("phone"), row.value("hukou_address")) == ("周玉兰", "13900000001", "上寨村1号")
    assert row.value("id_number") is None


def test_each_step_can_be_undone(desk, page):
    put(desk, page, 0, name="李长顺", id_number=HEAD)
    put(desk, page, 1, name="周玉兰")
    page.table.go_to(0)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert [line.says("name") for line in page.table.lines()] == ["周玉兰", None]
    assert page.table.undo()
    assert [line.says("name") for line in page.table.lines()] == ["李长顺", "周玉兰", None]
    assert page.table.rows[0].value("sex") == "1"
    while page.table.undo():
        pass
    assert all(line.blank for line in page.table.lines())


def test_the_same_person_is_offered_while_the_number_is_typed_and_comes_by_one_key(desk, window, page):
    other = desk.make("dwelling", address="上寨村一组1号")
    home = desk.make("household", head_name="李大山", dwelling=other)
    person = desk.make("resident", name="李长顺", relation="2", household=home, id_number=HEAD, phone="13900000001")
    place(desk, page)
    put(desk, page, 0, name="李常顺", id_number=HEAD)
    row = page.table.rows[0]
    assert "李大山户" in row.said.text()
    assert row.take.isVisible()
    page.save()
    desk.settle()
    assert desk.office.store.count("resident") == 1
    assert "什么都还没有存" in page.count.text()
    QTest.keyClick(row.cells["id_number"], Qt.Key.Key_F9)
    desk.settle()
    row = page.table.rows[0]
    assert (row.line.id, row.value("name"), row.value("relation")) == (person, "李长顺", "户主")
    assert row.cells["phone"].text() == "139****0001"
    page.table.undo()
    assert page.table.rows[0].value("name") == "李常顺"
    desk.settle()
    page.table.go_to(0, "id_number")
    QTest.keyClick(page.table.rows[0].cells["id_number"], Qt.Key.Key_F9)
    desk.settle()
    page.save()
    desk.settle()
    assert desk.office.store.count("resident") == 1
    [new] = [h for h in desk.office.store.select("household") if h.id != home]
    assert desk.get("resident", person)["household"] == new.id


CARD = "姓名：李长顺\n性别：男\n民族：汉\n出生：1965年3月14日\n住址：云岭县云岭镇上寨村三组12号\n公民身份号码：{}\n"


def test_a_card_that_is_pasted_is_split_into_its_cells(desk, page):
    QApplication.clipboard().setText(CARD.format(HEAD))
    page.table.go_to(0)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    row = page.table.rows[0]
    told = [row.value(name) for name in ("name", "id_number", "sex", "birth_date", "hukou_address")]
    assert told == ["李长顺", HEAD, "1", "1965-03-14", "云岭县云岭镇上寨村三组12号"]
    assert "汉" not in repr(page.sheet().packed())
    QApplication.clipboard().clear()


def test_a_reader_that_types_line_by_line_into_the_name_is_caught(desk, page):
    page.table.go_to(0)
    for line in CARD.format(HEAD).splitlines():
        commit(QApplication.focusWidget(), line)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: page.table.rows[0].value("name") == "李长顺", timeout=60_000)
    assert page.table.rows[0].value("id_number") == HEAD
    assert page.reader.isVisible()
    for part in ("周玉兰", "女", "汉", "19680520", "上寨村", WIFE):
        commit(QApplication.focusWidget(), part)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    desk.qtbot.waitUntil(lambda: page.table.rows[1].value("id_number") == WIFE, timeout=60_000)
    assert page.escape()
    assert not page.reader.isVisible()
    assert page.table.rows[1].value("name") == "周玉兰"


def test_a_card_goes_to_the_row_of_its_name(desk, page):
    put(desk, page, 0, name="李长顺", phone="13900000001")
    put(desk, page, 1, name="周玉兰")
    page.reader.open_up(CARD.format(HEAD))
    page.reader.take()
    assert [line.says("name") for line in page.table.lines()] == ["李长顺", "周玉兰", None]
    assert page.table.rows[0].value("id_number") == HEAD
    assert page.table.rows[0].value("phone") == "13900000001"


def test_faults_stand_at_their_cells_and_nothing_is_saved(desk, page):
    put(desk, page, 0, name="李长顺", phone="123")
    put(desk, page, 1, name="周玉兰", birth_date="农历五月初五")
    page.save()
    desk.settle()
    assert page.place.home.property("wrong") == "true"
    assert "还没有选房屋" in page.place.said.text()
    assert "联系电话" in page.table.rows[0].said.text()
    assert "农历" in page.table.rows[1].said.text()
    assert page.table.rows[0].cells["phone"].property("wrong") == "true"
    assert desk.office.store.count("resident") == 0
    put(desk, page, 0, phone="13900000001")
    assert page.table.rows[0].cells["phone"].property("wrong") != "true"


def test_what_was_typed_outlives_a_crash(desk, window, page):
    place(desk, page)
    put(desk, page, 0, name="李长顺", id_number=HEAD, phone="139000")
    put(desk, page, 1, name="周玉兰")
    page.keep()
    desk.settle()
    # Another page over the same store, as after the program was started again.
    again = EntryPage(desk.office, desk.jobs)
    desk.qtbot.addWidget(again)
    again.opened({})
    desk.settle()
    assert again.draft_line.isVisibleTo(again)
    assert [line.says("name") for line in again.table.lines()] == ["李长顺", "周玉兰", None]
    assert again.table.rows[0].value("phone") == "139000"
    assert again.place.home.text() == ADDRESS
    put(desk, again, 0, phone="13900000001")
    again.save()
    desk.settle()
    assert desk.office.store.draft("entry:new") is None
    # The first page still has its sheet: saved too it changes what is there, and doubles nobody.
    put(desk, page, 0, phone="13900000002")
    page.save()
    desk.settle()
    assert [desk.office.store.count(form) for form in ("household", "resident", "dwelling")] == [1, 2, 1]


def test_an_address_that_was_not_picked_is_kept_as_well(desk, window, page):
    page.place.home.setFocus()
    commit(page.place.home, "上寨村后山")
    put(desk, page, 0, name="李长顺")
    page.keep()
    desk.settle()
    again = EntryPage(desk.office, desk.jobs)
    desk.qtbot.addWidget(again)
    again.opened({})
    desk.settle()
    assert again.place.home.text() == "上寨村后山"
    again._discard()
    desk.settle()
    assert again.place.home.text() == ""
    assert all(line.blank for line in again.table.lines())


def test_one_household_after_the_other(desk, window, page):
    place(desk, page)
    put(desk, page, 0, name="李长顺")
    page.save_and_next()
    desk.settle()
    assert window.current_name() == "household_entry"
    assert page.place.home.text() == ""
    assert page.sheet().area == UPPER
    assert not page.draft_line.isVisible()
    assert all(line.blank for line in page.table.lines())
    assert desk.office.store.count("household") == 1


def test_a_household_that_stands_is_gone_on_with(desk, window):
    dwelling = desk.make("dwelling", address=ADDRESS)
    home = desk.make("household", head_name="李长顺", dwelling=dwelling, number="5300012")
    desk.make("resident", name="李长顺", relation="0", household=home, id_number=HEAD, phone="13900000001")
    page = opened(desk, window, household=home)
    assert page.place.number.value() == "5300012"
    page.keep()
    desk.settle()
    assert desk.office.store.drafts() == []  # nothing was typed
    put(desk, page, 0, phone="13900000009")
    put(desk, page, 1, name="周玉兰", relation="妻")
    page.table.go_to(0)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert len(page.table.rows) == 3  # who is registered is not deleted here
    page.save()
    desk.settle()
    found = people(desk)
    assert (found["李长顺"]["phone"], found["李长顺"]["id_number"]) == ("13900000009", HEAD)
    assert found["周玉兰"]["household"] == home


def test_what_comes_in_meanwhile_shows_and_what_is_typed_stays_on_its_base(desk, window):
    dwelling = desk.make("dwelling", address=ADDRESS)
    home = desk.make("household", head_name="李长顺", dwelling=dwelling)
    head = desk.make("resident", name="李长顺", relation="0", household=home)
    wife = desk.make("resident", name="周玉兰", relation="1", household=home)
    page = opened(desk, window, household=home)
    put(desk, page, 0, hukou_address="上寨村1号")
    desk.office.records.save("resident", {"name": "李长胜"}, record_id=head)
    desk.office.records.save("resident", {"name": "周玉蓝"}, record_id=wife)
    desk.make("resident", name="李可欣", relation="3", household=home)
    page.refresh(["resident"])
    desk.settle()
    assert page.table.rows[0].value("name") == "李长顺"
    assert "别处刚改过" in page.table.rows[0].said.text()
    assert [row.value("name") for row in page.table.rows[1:]] == ["周玉蓝", "李可欣", None]
    page.save()
    desk.settle()
    values = desk.get("resident", head)
    assert (values["name"], values["hukou_address"]) == ("李长胜", "上寨村1号")


def test_who_may_not_register_is_offered_nothing(open_desk, qapp):
    desk = open_desk("duty_officer")
    made, _frame = make_window(qapp, desk.office, desk.jobs, lambda tail: Worker([sys.executable, *tail]))
    desk.qtbot.addWidget(made)
    assert not made.has("household_entry")
    made.close()


def test_the_page_opens_from_everywhere_by_its_words(desk, window):
    assert [each.page for each in window._near("花名册")] == ["import"]
    [found] = [each for each in window._near("登记住") if each.title == "登记住户"]
    assert window._near("djzh")[0].page == found.page
    window._on_found(found)
    desk.settle()
    assert window.current_name() == "household_entry"


def test_a_new_visit_is_begun_from_everywhere(desk, window):
    [found] = [each for each in window._near("新增走访") if each.page == "visits"]
    window._on_found(found)
    desk.settle()
    assert window.current_name() == "visits"
    assert window.current_page().entry.isVisible()
    assert window._near("xzzf")[0].page == "visits"


def test_who_may_not_make_a_visit_finds_no_way_to_one(open_desk, qapp):
    desk = open_desk("lead_handler")
    made, _frame = make_window(qapp, desk.office, desk.jobs, lambda tail: Worker([sys.executable, *tail]))
    desk.qtbot.addWidget(made)
    assert not made._near("新增走访")
    made.close()
