"""The registry as a clerk uses it: finding a person, seeing the household, registering one of four."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.services.registry import Place
from app.store.saving import Edit
from tests.ui.conftest import commit
from tests.ui.offices import UPPER, Desk
from ui.forms.reason import ReasonDialog
from ui.page import Page
from ui.pages.person import PersonPage
from ui.pages.registry import RegistryPage
from ui.pages.registry_read import PAGE, read_children, read_households, read_roots, where_words
from ui.pages.registry_record import RecordPage
from ui.pages.registry_tree import figure


@pytest.fixture
def street(desk: Desk) -> dict[str, str]:
    """A grid with a building of two dwellings, a household of two in the first; one person without a household."""
    grid = desk.make("grid", name="第三网格")
    building = desk.make("building", name="上寨三组中排", grid=grid)
    dwelling = desk.make("dwelling", address="上寨村上寨三组中排3-12号", building=building, grid=grid)
    other = desk.make("dwelling", address="上寨村上寨三组中排3-13号", building=building, grid=grid)
    home = desk.make("household", head_name="李长顺", number="5300012", dwelling=dwelling)
    head = desk.make(
        "resident", name="李长顺", household=home, relation="0", phone="19912340012", id_number="11010519491231002X"
    )
    wife = desk.make("resident", name="周玉兰", household=home, relation="1")
    loose = desk.make("resident", name="罗春生")
    return {
        "grid": grid,
        "building": building,
        "dwelling": dwelling,
        "other": other,
        "home": home,
        "head": head,
        "wife": wife,
        "loose": loose,
    }


def shown(desk: Desk, page: Page) -> list[tuple[str, dict]]:
    """Show *page*; the list fills with where it wants to go."""
    desk.qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    desk.settle()
    gone: list[tuple[str, dict]] = []
    page.go.connect(lambda name, args: gone.append((name, args)))
    return gone


def test_the_tree_leads_from_the_township_to_the_dwelling(desk, street):
    (root, unplaced) = read_roots(desk.office)
    assert (root.name, unplaced.tally.residents) == ("云岭镇", 1)
    villages = read_children(desk.office, root)
    assert [village.name for village in villages] == ["上寨村", "下寨村"]
    (grid,) = read_children(desk.office, villages[0])
    (building,) = read_children(desk.office, grid)
    assert [dwelling.name for dwelling in read_children(desk.office, building)] == ["3-12号", "3-13号"]
    assert building.tally.residents == 2


def test_a_dwelling_of_one_household_leaves_its_line_to_its_name(desk, street):
    building = read_children(
        desk.office, read_children(desk.office, read_children(desk.office, read_roots(desk.office)[0])[0])[0]
    )[0]
    one, empty = read_children(desk.office, building)
    assert (one.tally.households, figure(one), figure(empty)) == (1, "", "0 户")
    desk.make("household", head_name="罗春生", dwelling=street["dwelling"])
    assert figure(read_children(desk.office, building)[0]) == "2 户"


def test_dwellings_that_no_grid_or_building_holds_are_not_lost(desk, street):
    desk.make("dwelling", address="上寨村后山1号")
    desk.make("dwelling", address="上寨村后山2号", grid=street["grid"])
    village = read_children(desk.office, read_roots(desk.office)[0])[0]
    grid, loose = read_children(desk.office, village)
    assert [place.name for place in read_children(desk.office, loose)] == ["上寨村后山1号"]
    assert [place.name for place in read_children(desk.office, read_children(desk.office, grid)[-1])] == [
        "上寨村后山2号"
    ]


def test_who_has_no_household_is_listed(desk, street):
    found = read_households(desk.office, read_roots(desk.office)[-1])
    assert [row.cells[0] for row in found.rows] == ["罗春生"]


def test_a_dwelling_that_is_called_by_its_room_says_its_village_at_the_township_and_its_building_in_the_village(
    desk, street
):
    room = desk.make("dwelling", address="101", room="101", building=street["building"], grid=street["grid"])
    desk.make("household", head_name="普文军", number="5300013", dwelling=room)
    township = read_roots(desk.office)[0]
    village = read_children(desk.office, township)[0]
    grid = read_children(desk.office, village)[0]
    building = read_children(desk.office, grid)[0]
    said = [[row.cells[2] for row in read_households(desk.office, place).rows] for place in (township, grid, building)]
    assert said == [
        ["上寨村 上寨三组中排3-12号", "上寨村 101"],
        ["上寨三组中排3-12号", "上寨三组中排101"],
        ["上寨村上寨三组中排3-12号", "101"],
    ]


def test_initials_and_last_digits_jump_to_the_person(desk, street):
    page = RegistryPage(desk.office, desk.jobs)
    shown(desk, page)
    page.search.setFocus()
    desk.qtbot.keyClicks(page.search, "lcs 0012")
    desk.qtbot.waitUntil(lambda: page.families.current_row().id == street["head"], timeout=60_000)
    desk.settle()
    assert page.card.file.record.id == street["head"]
    assert page.tree.current().key == street["building"]
    assert "已定位" in page.hit_line.said.text()


def test_the_card_masks_numbers_and_shows_visits(desk, street):
    desk.make(
        "visit",
        visit_date="2026-09-12",
        visitor="普云芳",
        household=street["home"],
        household_name="李长顺",
        purpose="daily",
        content="看望",
    )
    page = RegistryPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "resident", "id": street["head"]})
    desk.settle()
    assert page.card.file.record.id == street["head"]
    assert [words for _, words, _, _ in page.card.file.dealings] == ["走访 · 日常 · 普云芳"]
    texts = [label.text() for label in page.card.findChildren(type(page.card.title))]
    assert "199****0012" in texts
    assert not any("19912340012" in text for text in texts)


def test_the_households_are_read_on_as_one_scrolls_and_not_before(desk):
    number = 2 * PAGE + 50
    desk.office.store.save([Edit("household", None, UPPER, {"number": f"{n:05}"}) for n in range(number)], "test")
    page = RegistryPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({})
    desk.settle()
    families, bar = page.families.families, page.families.verticalScrollBar()
    assert families.total == number
    assert len(families.rows) == PAGE, "nobody has scrolled"
    for least in (2 * PAGE, number):
        bar.setValue(bar.maximum())
        desk.settle()
        assert len(families.rows) == least
    assert [row.cells[1] for row in families.rows] == [f"{n:05}" for n in range(number)]


def test_f2_opens_the_record_for_change(desk, street):
    page = RegistryPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"form": "resident", "id": street["wife"]})
    desk.settle()
    page.activateWindow()
    page.families.setFocus()
    desk.qtbot.waitUntil(page.families.hasFocus)
    desk.qtbot.keyClick(page.families, Qt.Key.Key_F2)
    assert gone[-1] == ("record", {"form": "resident", "id": street["wife"]})


def test_a_household_of_two_is_registered_one_after_the_other(desk, street):
    page = RecordPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"form": "household", "preset": {"dwelling": street["other"]}, "area": UPPER})
    desk.settle()
    assert page.form.value("dwelling") == street["other"]
    page.form.rows["head_name"].entry.setFocus()
    commit(page.form.rows["head_name"].entry, "张文贵")
    page.form.save()
    desk.settle()
    assert (page.form.value("name"), page.form.value("relation")) == ("张文贵", "0")
    page.again_button.click()
    desk.settle()
    commit(page.form.rows["name"].entry, "赵小妹")
    page.form.save()
    desk.settle()
    (home,) = desk.office.store.select("household", {"head_name": "张文贵"})
    people = desk.office.store.select("resident", {"household": home.id})
    assert sorted(str(person.values["name"]) for person in people) == ["张文贵", "赵小妹"]
    assert {person.area for person in people} == {UPPER}
    assert gone[-1] == ("back", {})


def test_the_number_of_a_new_person_tells_birth_date_and_sex(desk, street):
    page = RecordPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "resident", "area": UPPER})
    desk.settle()
    commit(page.form.rows["name"].entry, "张文贵")
    commit(page.form.rows["id_number"].entry, "990001199001010013")
    page.form.save()
    desk.settle()
    [person] = desk.office.store.select("resident", {"name": "张文贵"})
    assert (person.values["birth_date"], person.values["sex"]) == ("1990-01-01", "1")


def test_a_wrong_number_is_kept_to_be_verified_by_one_key(desk, street):
    page = RecordPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "resident", "area": UPPER})
    desk.settle()
    commit(page.form.rows["name"].entry, "张文贵")
    commit(page.form.rows["id_number"].entry, "990001199001010010")
    assert not page.doubt_button.isVisible()
    page.form.save()
    desk.settle()
    assert page.doubt_button.isVisible()
    page.doubt_button.click()
    desk.settle()
    [person] = desk.office.store.select("resident", {"name": "张文贵"})
    assert (person.values["id_number"], person.values["id_written"]) == (None, "990001199001010010")
    assert "校验码" in person.values["verify_note"]


def test_a_right_number_stays_where_a_wrong_one_was_typed_over_it(desk, street):
    page = RecordPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "resident", "id": street["head"]})
    desk.settle()
    page.form.set_value("id_number", "11010519491231002")
    page.form.save()
    desk.settle()
    page.doubt_button.click()
    desk.settle()
    head = desk.get("resident", street["head"])
    assert (head["id_number"], head["id_written"]) == ("11010519491231002X", "11010519491231002")


def test_a_dwelling_is_registered_from_the_page_of_the_registry(desk, street):
    page = RegistryPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({})
    desk.settle()
    next(on for words, _keys, on in page.actions if words == "新增房屋")()
    assert gone[-1][1]["form"] == "dwelling"
    record = RecordPage(desk.office, desk.jobs)
    shown(desk, record)
    record.opened({"form": "dwelling", "area": UPPER})
    desk.settle()
    commit(record.form.rows["address"].entry, "上寨村新村路8号")
    record.form.save()
    desk.settle()
    [home] = desk.office.store.select("dwelling", {"address": "上寨村新村路8号"})
    assert home.area == UPPER


@pytest.fixture
def neighbours(desk, street):
    """A second household, and the page of somebody new in it whose number is that of a person of the first."""
    home = desk.make("household", head_name="何秀珍", dwelling=street["other"])
    page = RecordPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"form": "resident", "preset": {"household": home, "presence": "present"}})
    desk.settle()
    commit(page.form.rows["name"].entry, "李长顺")
    commit(page.form.rows["id_number"].entry, "11010519491231002x")
    commit(page.form.rows["remark"].entry, "腿脚不便")
    page.form.save()
    desk.settle()
    return page, gone, home


def test_a_number_that_somebody_has_is_never_a_second_person_in_silence(desk, street, neighbours):
    page, gone, _home = neighbours
    assert desk.office.store.count("resident") == 3
    assert page.known.isVisible()
    assert page.known.person.id == street["head"]
    assert "李长顺" in page.known.said.text()
    assert "另定户主" in page.known.said.text()
    page.known.look_button.click()
    assert gone[-1] == ("person", {"id": street["head"]})
    # It was a slip: who types on is asked no more.
    page.form.rows["id_number"].entry.clear()
    commit(page.form.rows["id_number"].entry, "110105194912310011")
    assert not page.known.isVisible()
    page.form.save()
    desk.settle()
    assert desk.office.store.count("resident") == 4


def test_who_is_registered_already_is_brought_here_with_what_was_typed(desk, street, neighbours):
    page, gone, home = neighbours
    said = []
    page.said.connect(lambda text, undo: said.append((text, undo)))
    commit(page.form.rows["phone"].entry, "19912340099")
    page.known.bring_button.click()
    desk.settle()
    person = desk.office.store.get("resident", street["head"]).values
    assert (person["household"], person["remark"], person["phone"]) == (home, "腿脚不便", "19912340012")
    assert desk.office.store.count("resident") == 3
    assert gone[-1][0] == "back"
    assert said[-1][0].endswith("已移到这一户；联系电话与登记的不同，照登记的没有改")
    said[-1][1]()
    desk.settle()
    assert desk.office.store.get("resident", street["head"]).values["household"] == street["home"]


def test_what_could_not_be_filled_in_after_he_came_stays_and_is_written_at_the_next_press(
    desk, street, neighbours, monkeypatch
):
    page, gone, home = neighbours
    came = len(gone)

    def full(*_args, **_kwargs):
        raise RuntimeError("values of 李长顺: 腿脚不便")

    monkeypatch.setattr(desk.office.records, "save", full)
    page.known.bring_button.click()
    desk.settle()
    assert desk.get("resident", street["head"])["household"] == home
    assert page.known.said.text().startswith("他已移到这一户")
    assert "values of" not in page.known.said.text(), "words of our own faults may hold people's data"
    assert page.form.rows["remark"].value() == "腿脚不便"
    assert gone[came:] == []
    monkeypatch.undo()
    page.known.bring_button.click()
    desk.settle()
    assert desk.get("resident", street["head"])["remark"] == "腿脚不便"
    assert gone[-1][0] == "back"


def test_what_is_wrong_in_the_form_is_said_before_anybody_moves(desk, street, neighbours):
    page, _gone, home = neighbours
    commit(page.form.rows["phone"].entry, "12")
    page.known.bring_button.click()
    desk.settle()
    assert desk.get("resident", street["head"])["household"] == street["home"] != home
    assert "电话" in page.known.said.text()


def test_both_are_kept_and_the_new_number_waits_to_be_verified(desk, street, neighbours):
    page, _gone, home = neighbours
    assert page.doubt_button.isVisible()
    page.doubt_button.click()
    desk.settle()
    [new] = desk.office.store.select("resident", {"household": home})
    assert (new.values["id_written"], new.values.get("id_number")) == ("11010519491231002X", None)
    assert "已登记" in new.values["verify_note"]


def test_a_deleted_person_comes_back_with_undo(desk, street):
    page = RecordPage(desk.office, desk.jobs)
    shown(desk, page)
    undone = []
    page.said.connect(lambda _text, undo: undone.append(undo))
    page.opened({"form": "resident", "id": street["wife"]})
    desk.settle()
    page._ask_delete()
    dialog = page.findChild(ReasonDialog)
    commit(dialog.reason, "重复登记")
    dialog.act.click()
    desk.settle()
    assert desk.office.store.get("resident", street["wife"]).deleted
    undone[-1]()
    desk.settle()
    assert not desk.office.store.get("resident", street["wife"]).deleted


def test_a_reader_is_offered_nothing_he_may_not_do(open_desk):
    desk = open_desk("adviser")
    page = RegistryPage(desk.office, desk.jobs)
    shown(desk, page)
    assert page.actions == []
    assert page._first_steps() == []


def test_a_person_page_shows_the_household(desk, street):
    page = PersonPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"id": street["wife"]})
    desk.settle()
    assert page.title.text() == "周玉兰"
    assert page.table.model.total() == 2


def test_a_change_elsewhere_keeps_the_place_and_the_row(desk, street):
    page = RegistryPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "resident", "id": street["wife"]})
    desk.settle()
    desk.make("building", name="上寨三组后排", grid=street["grid"])
    page.refresh(["building"])
    desk.settle()
    assert page.tree.current().key == street["building"]
    assert page.families.current_row().id == street["wife"]


def test_who_comes_back_from_another_page_sees_what_was_saved_there(desk, street):
    page = RegistryPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "household", "id": street["home"]})
    desk.settle()
    desk.make("resident", name="李可欣", household=street["home"], relation="4")
    page.opened({})
    desk.settle()
    assert [member.cells[0] for member in page.families.current_home().members] == ["李长顺", "周玉兰", "李可欣"]


def test_esc_leaves_the_record_and_keeps_what_was_typed(desk, street):
    page = RecordPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"form": "resident", "preset": {"household": street["home"]}})
    desk.settle()
    commit(page.form.rows["name"].entry, "李可欣")
    assert page.escape()
    desk.settle()
    assert gone[-1] == ("back", {})
    page.opened({"form": "resident", "preset": {"household": street["home"]}})
    desk.settle()
    assert page.form.value("name") == "李可欣"


def test_the_way_to_a_person_says_nothing_twice():
    def at(kind, name):
        return Place(kind, name, name, UPPER)

    village, grid = at("village", "上寨村"), at("grid", "第三网格")
    house = [village, grid, at("building", "三组坡上路52号"), at("dwelling", "上寨村三组坡上路52号")]
    assert where_words(house) == "上寨村 › 第三网格 › 三组坡上路52号"
    block = [village, grid, at("building", "希望小区1栋"), at("dwelling", "上寨村希望小区1栋2单元301")]
    assert where_words(block) == "上寨村 › 第三网格 › 希望小区1栋 › 2单元301"
    assert where_words([village, grid, at("dwelling", "上寨村")]) == "上寨村 › 第三网格 › 上寨村"
    assert where_words([]) == ""
