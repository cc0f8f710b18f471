"""Code lists: found by label, alias or code, shown by label, and kept when this installation doesn't know the code."""

from __future__ import annotations

import pytest

from app.paths import resource
from app.schema.codes import load_codes
from app.schema.values import comparable

LISTS = load_codes(resource("codes"))


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_is_found_by_code_label_and_alias(name):
    held = LISTS[name]
    assert held.title
    assert held.source
    assert held.items
    for item in held.items:
        assert held.match(item.code) == item.code
        assert held.match(f" {item.label} ") == item.code
        assert held.label(item.code) == item.label
        for alias in item.aliases:
            assert held.match(alias) == item.code, alias


@pytest.mark.parametrize("name", LISTS)
def test_no_spelling_means_two_things(name):
    spellings = {}
    for item in LISTS[name].items:
        for spelling in {comparable(text) for text in (item.code, item.label, *item.aliases)}:
            assert spellings.setdefault(spelling, item.code) == item.code, spelling


@pytest.mark.parametrize("name", LISTS)
def test_a_parent_is_an_entry_of_the_list(name):
    codes = {item.code for item in LISTS[name].items}
    assert len(codes) == len(LISTS[name].items)
    assert {item.parent for item in LISTS[name].items} - {""} <= codes


def test_a_code_that_only_a_newer_list_knows_is_shown_as_it_is():
    assert LISTS["sex"].label("8") == "8"
    assert LISTS["sex"].match("8") is None


def test_sexes_are_those_of_the_standard():
    assert {item.code: item.label for item in LISTS["sex"].items} == {"0": "未知", "1": "男", "2": "女", "9": "未说明"}


def test_an_edited_list_in_a_folder_of_its_own_is_read(tmp_path):
    (tmp_path / "seat.toml").write_text(
        'title = "座位"\nitems = [{ code = "a", label = "前排", aliases = ["第一排"], standard = "01", parent = "" }]\n',
        encoding="utf-8",
    )
    found = load_codes(tmp_path)["seat"]
    assert (found.match("第一 排"), found.label("a"), found.items[0].standard_code) == ("a", "前排", "01")
