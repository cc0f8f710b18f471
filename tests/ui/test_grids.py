"""Grids on their page: the list with kinds, the sheet with posts, changes with a look before, sector grids, and the coverage check."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QLineEdit

from app.store.search import Hit
from tests.ui.offices import UPPER, Desk
from tests.ui.test_moving import fields
from tests.ui.test_registry import shown, street
from ui.forms.act import ActDialog
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import target_of
from ui.forms.references import RefEntry
from ui.pages.coverage import CoveragePage
from ui.pages.grids import SECTORS, GridsPage
from ui.pages.registry_read import read_children, read_households, read_person, read_roots, read_way

__all__ = ["street"]


@pytest.fixture
def page(desk: Desk, street: dict[str, str]) -> GridsPage:
    made = GridsPage(desk.office, desk.jobs)
    made.gone = shown(desk, made)
    made.opened({"id": street["grid"]})
    desk.settle()
    return made


def dialog(page: GridsPage) -> ActDialog:
    return page.findChildren(ActDialog)[-1]


def test_a_grid_is_drawn_and_shown(desk, page):
    page.draw()
    ask = dialog(page)
    name = fields(ask, QLineEdit)[0]
    ask.do()
    assert ask.said.text() == "请填网格名称、村（社区）和启用日期。"
    name.setText("第四网格")
    fields(ask, ChoiceEntry)[0].set_value(UPPER)
    ask.do()
    desk.settle()
    [made] = desk.office.store.select("grid", {"name": "第四网格"})
    assert made.values["code"] == f"{UPPER}001"
    assert {line.record.id for line in page._lines} >= {made.id}


def test_a_split_shows_what_moves_before_it_is_done(desk, page, street):
    page.split()
    desk.settle()
    ask = dialog(page)
    [tick] = ask.findChildren(QCheckBox)
    tick.setChecked(True)
    desk.settle()
    assert any("1 栋楼、2 处房屋、1 户、2 人" in label.text() for label in ask.findChildren(type(ask.said)))
    fields(ask, QLineEdit)[0].setText("第四网格")
    ask.do()
    desk.settle()
    assert "选中了整个网格" in ask.said.text()
    ask.reject()
    more = desk.make("dwelling", address="后山1号", grid=street["grid"])
    page.split()
    desk.settle()
    ask = dialog(page)
    next(t for t in ask.findChildren(QCheckBox) if t.text() == "后山1号").setChecked(True)
    fields(ask, QLineEdit)[0].setText("第四网格")
    ask.do()
    desk.settle()
    assert desk.get("grid", desk.get("dwelling", more)["grid"])["name"] == "第四网格"


def test_a_grid_is_merged_and_taken_back_by_the_toast(desk, page, street):
    other = desk.office.grids.draw(UPPER, {"name": "第四网格"}).id
    page.refresh(())
    desk.settle()
    said = []
    page.said.connect(lambda text, undo: said.append((text, undo)))
    page.merge()
    desk.settle()
    ask = dialog(page)
    fields(ask, ChoiceEntry)[0].set_value(other)
    ask.do()
    desk.settle()
    assert desk.get("grid", street["grid"])["successor"] == other
    assert all(line.record.id != street["grid"] for line in page._lines)
    said[-1][1]()
    desk.settle()
    assert desk.get("grid", street["grid"])["valid_to"] is None


def test_a_post_is_given_and_ended(desk, page, street):
    page.appoint()
    ask = dialog(page)
    post, name = fields(ask, ChoiceEntry)[0], fields(ask, QLineEdit)
    post.set_value("leader3")
    next(field for field in name if type(field) is QLineEdit).setText("罗春生")
    ask.do()
    desk.settle()
    assert desk.get("grid", street["grid"])["leader"] == "罗春生"
    [held] = page._sheet.posts
    page.posts.pressed_button.emit(held.id, "act")
    dialog(page).do()
    desk.settle()
    assert desk.get("grid", street["grid"])["leader"] is None
    assert desk.get("grid_post", held.id)["valid_to"]


def test_a_sector_grid_takes_places_in_and_out(desk, page, street):
    desk.make("sector_grid", name="上寨消防片", sector="fire")
    page.opened({"tab": SECTORS})
    desk.settle()
    ask = page.sector.include()
    grid = desk.office.store.get("grid", street["grid"])
    fields(ask, RefEntry)[0].take(target_of(desk.office, grid))
    ask.do()
    desk.settle()
    [(link, place)] = page.sector._places
    assert place.id == street["grid"]
    page.sector.table.pressed_button.emit(link.id, "act")
    desk.settle()
    assert page.sector._places == []


def test_the_coverage_check_leads_to_what_is_wrong(desk, street):
    lonely = desk.make("dwelling", address="无主屋")
    check = CoveragePage(desk.office, desk.jobs)
    gone = shown(desk, check)
    check.opened({"kind": "no_grid"})
    desk.settle()
    assert check._found["no_grid"].total == 1
    check.table.opened.emit(0)
    assert gone[-1] == ("record", {"form": "dwelling", "id": lonely})
    check.tabs.pick("unplaced")
    check.table.opened.emit(0)
    assert gone[-1] == ("registry", {"form": "resident", "id": street["loose"]})
    check.tabs.pick("grids")
    check.table.opened.emit(0)
    assert gone[-1] == ("grids", {"id": street["grid"]})


def test_the_coverage_check_opens_at_what_is_to_be_mended(desk, street):
    check = CoveragePage(desk.office, desk.jobs)
    shown(desk, check)
    check.opened({})
    desk.settle()
    assert not check._found["no_grid"].total
    assert check._found[check.tabs.now()].total
    check.tabs.pick("no_grid")
    check.tabs.picked.emit("no_grid")
    check.refresh(())
    desk.settle()
    assert check.tabs.now() == "no_grid"  # who looks at a kind stays there


def test_what_was_struck_off_stands_in_no_list_and_in_its_own_story(desk, street):
    other = desk.make("household", head_name="罗春生", dwelling=street["other"])
    desk.make("resident", name="罗春生", household=other, relation="0")
    desk.office.movements.join(other, street["home"], "2026-05-05")
    place = next(p for p in read_children(desk.office, read_roots(desk.office)[0]) if p.area == UPPER)
    assert [row.id for row in read_households(desk.office, place).rows] == [street["home"]]
    found = read_way(desk.office, Hit("household", other, "", "", 1.0))
    assert (found.household, found.alone) == (other, True)
    assert [family.household.id for family in desk.office.registry.families(dwelling=street["other"])] == []
    assert desk.office.registry.dwellings(street["building"])[1].tally.households == 0
    file = read_person(desk.office, "household", other)
    assert file.record.values["joined_into"] == street["home"]
