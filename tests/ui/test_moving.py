"""Movements by keyboard from the card, the story of a household with its undo, and who lived there on a day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QLabel, QLineEdit

from tests.ui.offices import LOWER, TOWN, UPPER, Desk
from tests.ui.test_registry import shown, street
from ui.forms.act import ActDialog
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import target_of
from ui.forms.references import RefEntry, Target
from ui.pages.life import WHO, LifePage
from ui.pages.person import PersonPage
from ui.pages.registry import RegistryPage
from ui.pages.registry_read import read_person

__all__ = ["street"]


def act(desk: Desk, page: PersonPage | RegistryPage, words: str) -> ActDialog:
    """Choose *words* from the menu of movements; the dialog that opens."""
    action = next(a for a in page.card.acts_menu.actions() if a.text().startswith(words))
    action.trigger()
    desk.settle()
    return page.findChildren(ActDialog)[-1]


def fields(dialog: ActDialog, kind: type) -> list:
    return [field for field in dialog._fields if isinstance(field, kind)]


def person(desk: Desk, key: str) -> tuple[PersonPage, list]:
    page = PersonPage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"id": key})
    desk.settle()
    return page, gone


def test_somebody_goes_away_by_keyboard_and_the_toast_takes_it_back(desk, street):
    page, _ = person(desk, street["wife"])
    said: list[tuple[str, Callable[[], object]]] = []
    page.said.connect(lambda text, undo: said.append((text, undo)))
    dialog = act(desk, page, "外出")
    day, place, reason = dialog._fields
    assert QApplication.focusWidget() is day or dialog.focusWidget() is day
    day.selectAll()
    desk.qtbot.keyClicks(day, "2026-3-5")
    desk.qtbot.keyClick(day, Qt.Key.Key_Return)
    assert dialog.focusWidget() is place
    place.setText("浙江")
    desk.qtbot.keyClick(place, Qt.Key.Key_Return)
    assert dialog.focusWidget() is reason
    desk.qtbot.keyClick(reason, Qt.Key.Key_Return)
    desk.settle()
    now = desk.get("resident", street["wife"])
    assert (now["presence"], now["presence_since"]) == ("away", "2026-03-05")
    text, undo = said[-1]
    assert text == "周玉兰 外出"
    undo()
    desk.settle()
    assert desk.get("resident", street["wife"])["presence"] is None


def test_what_the_rules_refuse_is_said_in_the_dialog_and_nothing_typed_is_lost(desk, street):
    page, _ = person(desk, street["wife"])
    dialog = act(desk, page, "死亡")
    dialog._fields[0].set_value("2099-01-01")
    dialog._fields[-1].setText("年老")
    dialog.do()
    desk.settle()
    assert "还没有到" in dialog.said.text()
    assert dialog._fields[-1].text() == "年老"
    assert dialog.act.isEnabled()
    desk.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert desk.get("resident", street["wife"])["presence"] is None


def test_somebody_moves_to_another_household_and_stays_registered(desk, street):
    other = desk.make("household", LOWER, head_name="罗春生")
    page, _ = person(desk, street["wife"])
    dialog = act(desk, page, "搬到另一户")
    [target] = fields(dialog, RefEntry)
    dialog.do()
    assert "选搬到哪一户" in dialog.said.text()
    target.take(target_of(desk.office, desk.office.store.get("household", other)))
    fields(dialog, ChoiceEntry)[0].set_value("8")
    dialog.findChild(QCheckBox).setChecked(True)
    dialog.do()
    desk.settle()
    now = desk.get("resident", street["wife"])
    assert (now["household"], now["registered_household"], now["presence"]) == (other, street["home"], "lodging")


def test_the_head_changes_with_everybodys_relation_in_sight(desk, street):
    page, _ = person(desk, street["wife"])
    dialog = act(desk, page, "变更户主")
    desk.settle()
    head, *relations = fields(dialog, ChoiceEntry)
    assert head.value() == street["wife"]
    assert [entry.value() for entry in relations] == ["1", "0"]
    dialog.do()
    desk.settle()
    home = desk.get("household", street["home"])
    assert (home["head"], home["head_name"]) == (street["wife"], "周玉兰")


def test_a_household_is_split_from_the_card(desk, street):
    page, _ = person(desk, street["wife"])
    dialog = act(desk, page, "分户")
    assert [tick.text()[:3] for tick in dialog.findChildren(QCheckBox) if tick.isChecked()] == ["周玉兰"]
    dialog.do()
    desk.settle()
    assert desk.get("resident", street["wife"])["household"] != street["home"]
    assert desk.office.store.count("household") == 2


def test_who_is_ticked_first_is_the_new_head_and_the_dialog_says_who(desk, street):
    son = desk.make("resident", name="李建军", household=street["home"], relation="2")
    page, _ = person(desk, street["head"])
    dialog = act(desk, page, "分户")
    ticks = {tick.text()[:3]: tick for tick in dialog.findChildren(QCheckBox)}
    assert not any(tick.isChecked() for tick in ticks.values())
    ticks["李建军"].setChecked(True)
    ticks["周玉兰"].setChecked(True)
    assert any("新户主：李建军" in label.text() for label in dialog.findChildren(QLabel))
    dialog.do()
    desk.settle()
    home = desk.get("resident", son)["household"]
    assert (desk.get("household", home)["head"], desk.get("resident", street["wife"])["household"]) == (son, home)


def test_an_address_that_was_typed_and_not_picked_is_asked_about_and_not_dropped(desk, street):
    page, _ = person(desk, street["wife"])
    dialog = act(desk, page, "分户")
    [place] = fields(dialog, RefEntry)
    # The cursor went on while the list was open: the text still stands there.
    place.set_target(Target("f" * 32, "老供销社\n后院"))
    assert place.unpicked() == ""
    place.set_target(None)
    place.setText("中排3-13")
    dialog.do()
    desk.settle()
    assert "“中排3-13”还没有选定" in dialog.said.text()
    assert place.text() == "中排3-13"
    assert desk.get("resident", street["wife"])["household"] == street["home"]
    desk.qtbot.keyClick(place, Qt.Key.Key_Return)
    desk.settle()
    place.take_offered()
    dialog.do()
    desk.settle()
    home = desk.get("resident", street["wife"])["household"]
    assert desk.get("household", home)["dwelling"] == street["other"]


def test_who_works_away_can_die_or_move_out_and_the_dead_do_not_come_back(desk, street):
    def offered(state: str) -> list[str]:
        desk.office.records.save("resident", {"presence": state}, record_id=street["wife"])
        page, _ = person(desk, street["wife"])
        texts = [action.text().rstrip("…") for action in page.card.acts_menu.actions()]
        return [text for text in texts if text in {"外出", "回来", "迁出本地", "出国出境", "死亡", "回到本地"}]

    assert offered("away") == ["回来", "迁出本地", "出国出境", "死亡"]
    assert offered("abroad") == ["回来", "迁出本地", "死亡"]
    assert offered("moved") == ["回到本地"]
    assert offered("dead") == []


def test_who_died_is_not_counted_and_is_not_shown_as_head(desk, street):
    desk.office.movements.turn([street["head"]], "death", "2026-03-05")
    page, _ = person(desk, street["wife"])
    assert any(label.text().endswith("李长顺户 1 人") for label in page.card.findChildren(QLabel))
    model = page.table.view.model()
    assert {model.index(row, 1).data() for row in range(model.rowCount())} == {"配偶", "死亡"}


def test_a_child_is_registered_from_the_household(desk, street):
    page, _ = person(desk, street["wife"])
    dialog = act(desk, page, "出生登记")
    name, *_ = fields(dialog, QLineEdit)
    name.setText("李可为")
    dialog.do()
    desk.settle()
    [child] = desk.office.store.select("resident", {"name": "李可为"})
    assert child.values["household"] == street["home"]


def test_the_story_shows_each_movement_and_takes_the_last_back(desk, street):
    movements = desk.office.movements
    movements.turn([street["wife"]], "away", "2026-03-05", place="浙江", reason="务工")
    movements.turn([street["wife"]], "return", "2026-06-05")
    page = LifePage(desk.office, desk.jobs)
    gone = shown(desk, page)
    page.opened({"form": "household", "id": street["home"]})
    desk.settle()
    rows = [page.story.view.model().index(row, 0).row() for row in range(page.story.view.model().rowCount())]
    assert len(rows) == 2
    assert [chapter.text for chapter in page._chapters] == ["户在人不在 → 户在人在", "去浙江；未登记 → 户在人不在"]
    assert page._newest() == {page._chapters[0].id}
    page.story.pressed_button.emit(page._chapters[0].id, "undo")
    desk.settle()
    assert desk.get("resident", street["wife"])["presence"] == "away"
    assert [chapter.void for chapter in page._chapters] == [True, False]
    page.story.opened.emit(page._chapters[0].id)
    assert gone[-1] == ("person", {"id": street["wife"]})


def test_a_movement_is_taken_back_by_keyboard_and_only_where_it_can_be(desk, street):
    movements = desk.office.movements
    movements.turn([street["wife"]], "away", "2026-03-05")
    movements.turn([street["wife"]], "return", "2026-06-05")
    page = LifePage(desk.office, desk.jobs)
    shown(desk, page)
    said: list[str] = []
    page.said.connect(lambda text, _undo: said.append(text))
    page.opened({"form": "household", "id": street["home"]})
    desk.settle()
    view = page.story.view
    view.setCurrentIndex(view.model().index(1, 0))
    desk.qtbot.keyClick(view, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    assert "先撤后面的" in said[-1]
    assert desk.get("resident", street["wife"])["presence"] == "present"
    view.setCurrentIndex(view.model().index(0, 0))
    desk.qtbot.keyClick(view, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    assert desk.get("resident", street["wife"])["presence"] == "away"


def test_who_lived_in_a_dwelling_on_a_day_is_a_key_away(desk, street):
    desk.office.movements.turn([street["wife"]], "move_out", "2026-06-05", place="外省")
    registry = RegistryPage(desk.office, desk.jobs)
    gone = shown(desk, registry)
    registry.opened({"form": "resident", "id": street["head"]})
    desk.settle()
    registry._who_lived()
    name, args = gone[-1]
    assert (name, args["tab"]) == ("life", "who")
    page = LifePage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"form": "dwelling", "id": street["dwelling"], "tab": WHO, "day": "2026-03-15"})
    desk.settle()
    assert sorted(person.name for person in page._people) == ["周玉兰", "李长顺"]
    page.day.set_value("2026-06-05")
    page.day.changed.emit("2026-06-05")
    desk.settle()
    assert [person.name for person in page._people] == ["李长顺"]
    assert page.said_day.text().startswith("2026-06-05 住着 1 人")


@pytest.mark.parametrize("roles", [("duty_officer",)])
def test_who_may_only_read_sees_the_story_and_no_act(open_desk, roles):
    writer = open_desk()
    home = writer.make("household", head_name="李长顺")
    key = writer.make("resident", name="李长顺", household=home)
    writer.office.session = writer.office.gate.session = type(writer.office.session)("du", "杜", roles, (UPPER,))
    page, gone = person(writer, key)
    texts = [action.text() for action in page.card.acts_menu.actions() if action.text()]
    assert texts == ["这个人的变动记录", "这一户的变动记录"]
    page.card.acts_menu.actions()[0].trigger()
    assert gone[-1] == ("life", {"form": "resident", "id": key})
    assert not page.findChildren(QDialog)


def test_the_menu_of_movements_opens_by_its_key_and_the_card_says_since_when(desk, street):
    desk.office.movements.turn([street["wife"]], "away", "2026-03-05")
    other = desk.make("household", LOWER, head_name="罗春生")
    desk.office.movements.move([street["head"]], other, "2026-05-05", stays_registered=True)
    page, _ = person(desk, street["wife"])
    assert any("户在人不在（2026-03-05 起）" in label.text() for label in page.card.findChildren(QLabel))
    desk.qtbot.keyClick(page, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.waitUntil(page.card.acts_menu.isVisible)
    page.card.acts_menu.close()
    moved, _ = person(desk, street["head"])
    assert moved.card.file.registered == "李长顺户"
    assert read_person(desk.office, "household", street["home"]).registered == "李长顺"


def test_what_happened_lately_in_a_village_is_one_list(desk, street):
    other = desk.make("household", LOWER, head_name="罗春生")
    desk.office.movements.turn([street["wife"]], "away", "2026-03-05")
    desk.office.movements.birth(other, "2026-05-05", {"name": "罗小小"})
    page = LifePage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({"area": UPPER})
    desk.settle()
    assert [chapter.name for chapter in page._chapters] == ["周玉兰"]
    page.opened({"area": TOWN})
    desk.settle()
    assert [chapter.name for chapter in page._chapters] == ["罗小小", "周玉兰"]
    assert "近期变动" in page.note.text()
