"""The catalogue of classes: three levels, every word names one class, and every code that ever was."""

from __future__ import annotations

from collections import Counter

from app.paths import resource
from app.rules.code_lists import read_codes
from app.rules.ruling import check_text, shipped_text
from app.schema.codes import CodeList, load_codes
from app.schema.values import comparable

SHIPPED = load_codes(resource("codes"))


def test_the_catalogue_has_three_levels_and_each_word_names_one_class():
    codes = SHIPPED["event_class"]
    assert codes.changeable
    depths = Counter(len(codes.path(item.code)) for item in codes.items)
    assert depths[1] >= 8
    assert depths[2] >= 35
    assert depths[3] >= 100
    assert set(depths) == {1, 2, 3}
    said = Counter(comparable(word) for item in codes.items for word in (item.label, *item.aliases))
    assert [word for word, count in said.items() if count > 1] == []
    # Limits go by the beginning of the code.
    assert all(item.code.startswith(f"{item.parent}_") for item in codes.items if item.parent)
    assert codes.within("hazard_road_collapse", "hazard")
    assert not codes.within("hazard_road_collapse", "appeal")


def test_every_list_that_may_be_changed_can_be_sent_as_it_is():
    for name, codes in SHIPPED.items():
        if codes.changeable:
            check_text(name, shipped_text(name))
            assert read_codes(resource("codes", f"{name}.toml"), codes).items == codes.items


def test_a_list_that_follows_another_is_it_for_whoever_holds_it():
    one = CodeList("x", "甲", "", SHIPPED["sex"].items)
    assert one.match("男") == "1"
    assert one.label("1") == "男"
    one.follow(SHIPPED["channel"])
    assert one.items == SHIPPED["channel"].items
    assert one.match("男") is None
    assert one.label("1") == "1"
