"""Taking a case by keyboard alone: found while typing, kept as a draft, saved whole."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.services.case_taking import Again
from tests.ui.conftest import commit
from tests.ui.offices import LOWER, TOWN, UPPER
from ui.pages.intake import IntakePage
from ui.pages.intake_class import ClassIndex
from ui.pages.intake_read import read_when
from ui.pieces.buttons import Button
from ui.pieces.dates import china_today


class Typist:
    """Presses keys on a page as a clerk does, and counts those that are no data.

    Offscreen a list that went up stays the active window, and the focus with it: where the page put the cursor is noted here.
    """

    def __init__(self, qtbot, desk, page):
        self.qtbot, self.desk, self.page, self.keys, self.at = qtbot, desk, page, 0, page.fields.title
        go_to, people = page.fields.go_to, page.fields.people
        page.fields.go_to = lambda entry: (go_to(entry), self._note(entry))
        for one in (people.name, people.role, people.phone):
            set_focus = one.setFocus
            one.setFocus = lambda *reason, one=one, set_focus=set_focus: (set_focus(*reason), self._note(one))

    def _note(self, entry):
        self.at = entry

    def go(self, entry):
        """Put the cursor there by hand."""
        self.at = entry

    def entry(self):
        if not self.at.hasFocus():
            self.page.activateWindow()
            self.at.setFocus()
            self.qtbot.waitUntil(self.at.hasFocus)
        return self.at

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.keys += 1
        self.qtbot.keyClick(QApplication.activePopupWidget() or self.entry(), key, modifiers)
        QApplication.processEvents()
        self.desk.settle()
        QApplication.processEvents()

    def enter(self):
        self.press(Qt.Key.Key_Return)

    def type(self, text, *, found=False):
        """Data: each character is typed by nobody's count. *found*: the list with the hits is waited for."""
        entry = self.entry()
        if text.isascii():
            self.qtbot.keyClicks(entry, text)
        else:
            commit(entry, text)
        if found:
            self.qtbot.waitUntil(lambda: entry._list.popup().isVisible(), timeout=60_000)


@pytest.fixture
def page(qtbot, desk):
    page = IntakePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    page.activateWindow()
    page.opened({})
    desk.settle()
    return page


@pytest.fixture
def village(desk):
    grid = desk.make("grid", name="第三网格", code="990001101201003", member="王霞", member_phone="19900000009")
    home = desk.make("dwelling", address="上寨村一组3-12号", grid=grid)
    household = desk.make("household", dwelling=home, number="1")
    who = desk.make("resident", name="李长顺", phone="19900000012", household=household)
    return {"grid": grid, "home": home, "who": who}


def after_tab(entry):
    """Where Tab leads from *entry*."""
    following = entry.nextInFocusChain()
    while not (following.focusPolicy() & Qt.FocusPolicy.TabFocus and following.isVisible()):
        following = following.nextInFocusChain()
    return following


def photo(tmp_path, colour="red"):
    path = tmp_path / f"{colour}.jpg"
    Image.new("RGB", (640, 480), colour).save(path, "JPEG")
    return path


def test_a_case_that_is_phoned_in_takes_at_most_25_keys_beside_its_data(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    clerk.type("路灯不亮")
    clerk.enter()
    clerk.type("ldzm", found=True)
    clerk.enter()
    clerk.type("szcyz312", found=True)
    clerk.enter()
    clerk.enter()
    clerk.enter()
    clerk.type("三天了，晚上看不见路")
    clerk.press(Qt.Key.Key_Tab)
    clerk.go(after_tab(page.fields.detail))
    assert clerk.at is page.fields.channel
    clerk.enter()
    clerk.enter()
    clerk.type("lcs", found=True)
    clerk.enter()
    clerk.type("19900000012")
    with qtbot.waitSignal(page.go, timeout=60_000) as went:
        clerk.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    [event] = desk.office.store.select("event")
    values = event.values
    assert went.args == ["case", {"id": event.id}]
    assert (values["title"], values["category"], values["channel"]) == ("路灯不亮", "facility_light", "phone")
    assert (values["dwelling"], values["grid"], event.area) == (village["home"], village["grid"], UPPER)
    assert (values["reporter"], values["reporter_phone"]) == ("李长顺", "19900000012")
    assert values["state"] == "reported"
    [person] = desk.office.taking.people(event)
    assert (person.values["role"], person.values["resident"]) == ("reporter", village["who"])
    # One more opens the page: Ctrl+N.
    assert clerk.keys + 1 <= 25
    assert clerk.keys == 10


def test_enter_never_takes_a_hit_of_half_a_word(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    clerk.go(page.fields.place)
    clerk.type("szc", found=True)
    clerk.type("yz312")
    clerk.enter()
    assert page.sheet().values["dwelling"] == village["home"]
    assert page.focusWidget() is page.fields.area


def test_words_that_name_no_place_stay_as_they_were_typed(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    clerk.type("桥栏松动")
    clerk.go(page.fields.place)
    clerk.type("老磨房上首的桥")
    clerk.enter()
    assert page.focusWidget() is page.fields.area
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    assert (event.values["place"], event.values.get("dwelling"), event.area) == ("老磨房上首的桥", None, TOWN)


def test_enter_before_the_hits_goes_on_and_the_first_hit_is_taken_when_it_comes(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    clerk.go(page.fields.place)
    for _again in range(2):
        page.fields.place.clear()
        clerk.go(page.fields.place)
        qtbot.keyClicks(page.fields.place, "szcyz312")
        qtbot.keyClick(page.fields.place, Qt.Key.Key_Return)
        assert page.focusWidget() is page.fields.area, "what is typed next belongs there"
        desk.settle()
        assert page.sheet().values["dwelling"] == village["home"]


def test_a_save_right_after_enter_waits_for_what_it_takes(qtbot, desk, village, page):
    commit(page.fields.title, "桥栏松动")
    clerk = Typist(qtbot, desk, page)
    clerk.go(page.fields.place)
    qtbot.keyClicks(page.fields.place, "szcyz312")
    qtbot.keyClick(page.fields.place, Qt.Key.Key_Return)
    page.save()
    qtbot.waitUntil(lambda: bool(desk.office.store.select("event")), timeout=60_000)
    desk.settle()
    [event] = desk.office.store.select("event")
    assert event.values["dwelling"] == village["home"]


def test_words_that_fit_several_houses_are_none_of_them_and_say_their_village(qtbot, desk, village, page):
    desk.make("dwelling", address="上寨村一组3-14号", grid=village["grid"])
    clerk = Typist(qtbot, desk, page)
    clerk.go(page.fields.place)
    clerk.type("上寨村一组", found=True)
    clerk.enter()
    assert page.sheet().values["place"] == "上寨村一组"
    assert "dwelling" not in page.sheet().values
    assert page.sheet().area == UPPER
    clerk.go(page.fields.place)
    page.fields.place.clear()
    clerk.type("上寨村一组3-14", found=True)
    clerk.enter()
    assert page.sheet().values["place"] == "上寨村一组3-14号", "the only one that fits is meant"


def test_one_enter_takes_a_name_that_nobody_on_record_has(qtbot, desk, page):
    clerk = Typist(qtbot, desk, page)
    clerk.go(page.fields.people.name)
    clerk.type("王老栓", found=True)
    clerk.enter()
    assert page.fields.people.name.words() == "王老栓"
    assert page.focusWidget() is page.fields.people.role


def test_what_is_typed_before_the_page_is_read_is_the_title_of_a_new_one(qtbot, desk, page):
    page.opened({})
    assert not page.fields.place.isEnabled()
    qtbot.keyClicks(page.fields.title, "A1")
    desk.settle()
    assert page.fields.title.text() == "A1"
    assert page.fields.place.isEnabled()
    qtbot.keyClicks(page.focusWidget(), "2")
    assert page.fields.title.text() == "A12"
    page.leaving()
    desk.settle()
    page.opened({})
    qtbot.keyClicks(page.fields.title, "B1")
    desk.settle()
    desk.settle()
    assert page.sheet().values["title"] == "B1", "the draft waits, and is not written over"
    page.leaving()
    desk.settle()
    assert len(desk.office.store.drafts()) == 2


def test_a_page_that_is_opened_twice_keeps_what_was_typed_between(qtbot, desk, page):
    page.opened({"new": True})
    # The first answer is there, the second isn't.
    desk.jobs.run(lambda: None, then=lambda _done: page.fields.title.setText("井盖松动"))
    desk.jobs.run(lambda: None, then=lambda _done: None)
    page.opened({"new": True})
    desk.settle()
    assert page.fields.title.text() == "井盖松动"
    assert page.sheet().values["title"] == "井盖松动"


def test_who_has_gone_on_while_it_was_saved_is_not_called_back(qtbot, desk, page):
    page.fields.title.setText("井盖松动")
    went, said = [], []
    page.go.connect(lambda name, _args: went.append(name))
    page.said.connect(lambda text, _undo: said.append(text))
    page.save()
    page.leaving()
    page.hide()
    desk.settle()
    assert desk.office.store.count("event") == 1
    assert went == []
    assert said == ["已登记：井盖松动"]


def test_while_it_is_saved_nothing_more_can_be_typed(qtbot, desk, page):
    commit(page.fields.title, "桥栏松动")
    page.save()
    assert not page.fields.title.isEnabled()
    desk.settle()
    assert page.fields.title.isEnabled()
    assert len(desk.office.store.select("event")) == 1


def test_a_fault_is_said_until_its_field_is_changed(qtbot, desk, page):
    page.save()
    desk.settle()
    assert page.fields.rows["title"].wrong()
    assert page.told.isVisible()
    qtbot.keyClicks(page.fields.title, "A")
    assert not page.fields.rows["title"].wrong()
    assert not page.told.isVisible()


def test_an_event_nobody_placed_belongs_to_the_township_and_a_village_chosen_counts(qtbot, desk, page):
    assert page.fields.area.value() == TOWN
    commit(page.fields.title, "桥栏松动")
    commit(page.fields.place, "下寨桥")
    page.fields.area.set_value(LOWER)
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    assert (event.area, event.values["state"]) == (LOWER, "reported")


def test_a_grid_sets_where_the_case_belongs(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    clerk.go(page.fields.place)
    clerk.type("上寨三网格", found=True)
    clerk.enter()
    assert page.fields.area.value() == UPPER
    assert page.sheet().values["grid"] == village["grid"]
    clerk.go(page.fields.place)
    page.fields.place.selectAll()
    clerk.type("别处")
    assert "grid" not in page.sheet().values


def test_entered_for_a_member_who_phoned_in_his_name_phone_and_grid_are_filled(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    clerk.type("路面塌陷")
    clerk.go(page.fields.member)
    clerk.type("wx")
    clerk.enter()
    assert page.fields.phone.text() == ""
    assert "199****0009" in page.fields.phone.placeholderText()
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    values = event.values
    assert (values["entered_for"], values["reporter"], values["reporter_phone"]) == ("王霞", "王霞", "19900000009")
    assert (values["channel"], values["grid"], event.area) == ("entered", village["grid"], UPPER)
    assert desk.office.cases.case(event.id).state.entered_for == "王霞"


def test_the_members_of_the_places_grid_and_village_are_offered_first(qtbot, desk):
    for code, name, area, member in (
        ("001", "第一网格", UPPER, "张一"), ("002", "第二网格", LOWER, "张二"), ("003", "第三网格", LOWER, "张三"),
    ):  # fmt: skip
        desk.make("grid", name=name, code=f"{area}{code}", member=member, area=area)
    page = IntakePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()

    def offered():
        return [words[:2] for _, words in page.fields.member.fitting("z")]

    assert offered() == ["张一", "张二", "张三"]
    page.fields.place.show_words("下寨村河边")
    page.where._say_village()
    assert offered() == ["张二", "张三", "张一"]
    page.fields.area.set_value(UPPER)
    page.fields.area.changed.emit()
    assert offered() == ["张一", "张二", "张三"]


def test_several_people_with_their_roles_and_the_same_one_only_once(qtbot, desk, village, page):
    clerk = Typist(qtbot, desk, page)
    people = page.fields.people
    clerk.go(people.name)
    clerk.type("0012", found=True)
    clerk.enter()
    clerk.type("shr")
    clerk.enter()
    clerk.enter()
    clerk.type("王五")
    clerk.enter()
    clerk.type("zr")
    clerk.enter()
    clerk.type("19900000077")
    clerk.enter()
    held = [(one.role, one.name, bool(one.resident), one.phone) for one in people.people()]
    assert held == [("victim", "李长顺", True, ""), ("witness", "王五", False, "19900000077")]
    clerk.type("lcs", found=True)
    clerk.enter()
    clerk.enter()
    clerk.enter()
    assert "已在涉事人员里" in people.said.text()
    assert people.name.words() == "李长顺"


def test_who_is_typed_and_not_added_is_still_in_the_case(qtbot, desk, page):
    clerk = Typist(qtbot, desk, page)
    clerk.type("打架")
    commit(page.fields.people.name, "赵六")
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    assert [p.values["name"] for p in desk.office.taking.people(event)] == ["赵六"]


def test_photos_come_by_file_folder_clipboard_and_drop_and_are_saved_with_the_case(qtbot, desk, page, tmp_path):
    clerk = Typist(qtbot, desk, page)
    clerk.type("边坡滑落")
    files = page.fields.files
    folder = tmp_path / "照片"
    folder.mkdir()
    photo(folder, "green")
    (folder / "notes.xyz").write_bytes(b"?")
    files.take_paths([photo(tmp_path), folder])
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.blue)
    QApplication.clipboard().setImage(image)
    clerk.go(page.fields.title)
    clerk.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(photo(tmp_path, "white")))])
    assert files.take_mime(mime)
    desk.settle()
    desk.settle()
    assert page.fields.title.text() == "边坡滑落"
    assert {one.name for one in files.staged()} == {"red.jpg", "green.jpg", "粘贴的照片1", "white.jpg"}
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    held = desk.office.attachments.of("event", event.id)
    assert sorted(one.name for one in held) == ["green.jpg", "red.jpg", "white.jpg", "粘贴的照片1"]
    assert all(one.media_type == "image/jpeg" for one in held)


def test_a_picture_on_its_way_is_told_and_the_cursor_stays_with_the_photos(qtbot, desk, page):
    picture = QImage(640, 480, QImage.Format.Format_RGB32)
    picture.fill(0xFF3366)
    QApplication.clipboard().setImage(picture)
    files = page.fields.files
    files.files.begin()
    assert files.paste()
    assert files.note.text() == "正在处理 1 份"
    desk.settle()
    assert files.note.text() == "1 份"
    assert files.files.isAncestorOf(page.focusWidget())


def test_words_in_the_clipboard_go_into_the_field_also_where_a_picture_of_them_comes_along(qtbot, desk, page):
    # As a spreadsheet copies a cell.
    image = QImage(32, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    mime = QMimeData()
    mime.setText("copied")
    mime.setImageData(image)
    QApplication.clipboard().setMimeData(mime)
    Typist(qtbot, desk, page).press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert page.fields.title.text() == "copied"
    assert page.fields.files.staged() == ()


def test_a_file_that_cannot_be_taken_is_told_and_holds_up_no_other(desk, page, tmp_path):
    bad = tmp_path / "broken.jpg"
    bad.write_bytes(b"\xff\xd8\xff broken")
    page.fields.files.take_paths([bad, photo(tmp_path)])
    desk.settle()
    desk.settle()
    assert [one.name for one in page.fields.files.staged()] == ["red.jpg"]
    assert "broken.jpg" in page.fields.files.said.text()


def test_what_was_typed_comes_back_as_it_was_with_its_photos(qtbot, desk, village, page, tmp_path):
    clerk = Typist(qtbot, desk, page)
    clerk.type("路灯不亮")
    clerk.go(page.fields.place)
    clerk.type("szcyz312", found=True)
    clerk.enter()
    commit(page.fields.people.name, "王五")
    page.fields.files.take_paths([photo(tmp_path)])
    desk.settle()
    desk.settle()
    before = page.sheet()
    page.leaving()
    desk.settle()
    again = IntakePage(desk.office, desk.jobs)
    qtbot.addWidget(again)
    again.show()
    again.opened({})
    desk.settle()
    desk.settle()
    assert again.sheet() == before
    assert not again.drafts.isHidden()
    [staged] = again.fields.files.staged()
    again.discard()
    desk.settle()
    assert desk.office.store.files.many([staged.sha256, str(staged.values["thumb"])]) == {}
    assert again.sheet().values.get("title") is None
    assert desk.office.store.drafts() == []


def test_a_line_from_the_desk_does_not_cost_the_draft_that_was_there(qtbot, desk, page):
    clerk = Typist(qtbot, desk, page)
    clerk.type("第一件")
    page.leaving()
    desk.settle()
    page.opened({"values": {"title": "第二件", "category": "facility_light", "place": "村口"}, "area": LOWER})
    desk.settle()
    assert page.fields.title.text() == "第二件"
    assert page.fields.area.value() == LOWER
    assert "1 份没登记完" in page.drafts.said.text()
    page.keep()
    desk.settle()
    assert len(desk.office.store.drafts()) == 2
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    assert (event.values["title"], event.area) == ("第二件", LOWER)
    page.opened({})
    desk.settle()
    assert page.fields.title.text() == "第一件"


def test_solved_on_the_spot_asks_how_and_closes_the_case(qtbot, desk, page):
    clerk = Typist(qtbot, desk, page)
    clerk.type("井盖移位")
    clerk.go(page.fields.solved)
    clerk.press(Qt.Key.Key_Space)
    page.save()
    assert "怎么解决" in page.told.text()
    assert page.focusWidget() is page.fields.result
    assert page.fields.result.property("wrong") == "true"
    commit(page.fields.result, "当场盖好")
    page.save()
    desk.settle()
    assert "照片、见证人" in page.told.text()
    assert page.focusWidget() is page.fields.witness
    assert not page.fields.result.property("wrong")
    assert page.fields.witness.property("wrong") == "true"
    page.fields.witness.setText("李大爷")
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    assert event.values["state"] == "closed"


def test_a_class_that_must_be_reported_offers_no_solving_on_the_spot(qtbot, desk, page):
    page.fields.solved.setChecked(True)
    page.fields.category.set_value("tip_off")
    page.fields.category.changed.emit()
    assert not page.fields.solved.isEnabled()
    assert not page.fields.solved.isChecked()
    assert page.fields.not_solved.text()


def test_what_is_missing_is_said_below_its_field_and_nothing_is_saved(qtbot, desk, page):
    commit(page.fields.phone, "12")
    page.save()
    desk.settle()
    assert page.fields.rows["title"].wrong()
    assert page.fields.rows["reporter_phone"].wrong()
    assert page.focusWidget() is page.fields.title
    assert desk.office.store.count("event") == 0


def test_a_helper_who_reads_no_registry_and_no_cases_takes_one_and_waits_for_the_next(qtbot, open_desk):
    desk = open_desk("helper")
    page = IntakePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()
    assert page.fields.channel.value() == "patrol"
    commit(page.fields.title, "路灯不亮")
    commit(page.fields.place, "村口")
    with qtbot.assertNotEmitted(page.go):
        page.save()
        desk.settle()
        desk.settle()
    assert desk.office.store.count("event") == 1
    assert page.fields.title.text() == ""


def test_a_matter_that_may_be_known_already_shows_itself(qtbot, desk, page):
    desk.office.taking._repeated = lambda values, _area: (
        [Again("e" * 32, "村口路灯不亮", "3 天前")] if values.get("place") == "村口" else []
    )
    commit(page.fields.title, "路灯又坏了")
    commit(page.fields.place, "村口")
    page._look_again()
    desk.settle()
    [button] = [b for b in page.fields.hint.findChildren(Button) if b.words() == "村口路灯不亮"]
    with qtbot.waitSignal(page.go) as went:
        button.click()
    assert went.args == ["case", {"id": "e" * 32}]


# -- the class ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("路灯", "facility_light"), ("ldzm", "facility_light"), ("塌方", "hazard_road_collapse"),
        ("lmtx", "hazard_road_collapse"), ("lumian", "hazard_road_collapse"), ("讨薪", "dispute_labour_wages"),
        ("安全隐患", "hazard"),
    ],
)  # fmt: skip
def test_a_class_is_found_by_label_alias_initials_and_sound(desk, typed, wanted):
    index = ClassIndex(desk.office.forms.codes["event_class"])
    assert index.find(typed)[0][0] == wanted


def test_a_class_shows_what_lies_above_it_and_those_used_last_stand_on_top(desk):
    index = ClassIndex(desk.office.forms.codes["event_class"])
    assert dict(index.choices)["hazard_road_collapse"] == "安全隐患 › 道路隐患 › 路面塌陷"
    assert [code for code, _ in index.all(("hazard_fire", "facility_light"))[:2]] == ["hazard_fire", "facility_light"]
    assert len(index.all(("hazard_fire",))) == len(index.choices)


def test_a_class_is_found_in_the_tree_by_arrows(qtbot, desk, page):
    page.fields.category.setFocus()
    qtbot.keyClick(page.fields.category, Qt.Key.Key_F4)
    tree = page.fields.category.tree
    top = tree.tree.topLevelItem(2)
    tree.tree.setCurrentItem(top)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Right)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Down)
    wanted = tree.tree.currentItem()
    assert wanted.parent() is top
    qtbot.keyClick(tree.tree, Qt.Key.Key_Return)
    assert page.fields.category.value() == wanted.data(0, Qt.ItemDataRole.UserRole)
    assert "›" in page.fields.category.text()


def test_a_time_is_read_as_a_clerk_types_it():
    today = china_today()
    assert read_when("", today) == ""
    assert read_when("14:30", today) == f"{today.isoformat()}T14:30:00+08:00"
    assert read_when("今天 9:00", today) == f"{today.isoformat()}T09:00:00+08:00"
    assert read_when("中午", today) == "中午"


def test_another_flow_is_chosen_kept_with_the_draft_and_saved(qtbot, desk, page):
    page.fields.title.setText("老旧管网")
    page.fields.category.set_value("facility_light")
    page.fields.category.changed.emit()
    assert page.fields.profile.words() == "流程：七环节闭环"
    assert after_tab(page.fields.category) is page.fields.profile
    page.fields.solved.setChecked(True)
    [line] = [one for one in page.fields.profile._menu.actions() if one.text() == "领导包案"]
    line.trigger()
    assert page.fields.profile.words() == "流程：领导包案（自选）"
    assert not page.fields.solved.isEnabled()
    assert not page.fields.solved.isChecked()
    page.keep()
    page.opened({})
    desk.settle()
    assert page.fields.profile.words() == "流程：领导包案（自选）"
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    assert event.values["profile"] == "patron_case"


def test_the_flow_of_the_class_is_not_chosen_and_who_may_not_change_it_has_no_choice(qtbot, open_desk):
    desk = open_desk("grid_member")
    page = IntakePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"values": {"title": "坑塘没护栏", "category": "hazard_road"}})
    desk.settle()
    assert page.fields.profile.words() == "流程：隐患整改"
    assert not page.fields.profile.isEnabled()
    assert "profile" not in page.sheet().values
