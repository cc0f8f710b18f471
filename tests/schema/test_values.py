"""Text and names as they are kept: invisible letters gone, one kind of dot, rare characters whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema.values import BadValue, comparable, narrow, person_name, plain, tight

NAMES = {
    "张 三": "张三",
    "张\u3000三": "张三",
    " 张三 ": "张三",
    "张\u200b三\ufeff": "张三",
    "张三\n": "张三",
    "阿卜杜拉•买买提": "阿卜杜拉·买买提",
    "阿卜杜拉・买买提": "阿卜杜拉·买买提",
    "阿卜杜拉．买买提": "阿卜杜拉·买买提",
    "阿卜杜拉.买买提": "阿卜杜拉·买买提",
    "阿卜杜拉 · 买买提": "阿卜杜拉·买买提",
    "阿卜杜拉‧买买提・吐尔逊": "阿卜杜拉·买买提·吐尔逊",
    "John  Smith": "John Smith",
    "J. Smith": "J. Smith",
    "𠮷田": "𠮷田",
    "㛃 𬭎": "㛃𬭎",
    "王〇": "王〇",
    "葛\U000e0100城": "葛\U000e0100城",  # a variant selector is part of the letter
    "": "",
}


@pytest.mark.parametrize("way", NAMES)
def test_a_name_has_one_spelling(way):
    assert person_name(way) == NAMES[way]
    assert person_name(NAMES[way]) == NAMES[way]


def test_a_rare_character_counts_as_one_letter_and_stays():
    assert len(person_name("𠮷 𬭎")) == 2


def test_lines_stay_lines_and_lose_their_edges():
    assert plain(" 一\t二 \r\n\u3000三\r四\x00") == "一 二\n三\n四"


def test_full_width_is_narrowed_and_chinese_signs_that_have_no_narrow_twin_stay():
    assert narrow("Ａ１：（）") == "A1:()"
    assert tight("３ 号 楼 。") == "3号楼。"


def test_headings_compare_without_width_case_and_space():
    assert comparable(" 身份证号（ＩＤ） ") == comparable("身份证号(id)")
    assert comparable("㎡") == comparable("m2")


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once(text):
    for clean in (plain, narrow, tight, person_name):
        assert clean(clean(text)) == clean(text)


@given(st.text(max_size=40))
def test_nothing_invisible_is_left(text):
    cleaned = plain(text)
    assert not set(cleaned) & set("\u200b\u200e\ufeff\u00ad\x00\x1f\x7f\r")
    assert cleaned == cleaned.strip()


def test_a_bad_value_carries_the_sentence_to_show():
    bad = BadValue("too_long", max=5, count=7)
    assert bad.message == "字数太多：最多 5 个字，现在 7 个。"
