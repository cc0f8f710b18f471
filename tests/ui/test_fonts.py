"""Rare characters in the window: drawn where a font has them, else their code point stands behind them."""

from __future__ import annotations

from ui import fonts
from ui.fonts import drawn, rare_words, readable, unprinted_words
from ui.pieces.text import words


def test_usual_characters_are_drawn_and_stay_as_they_are(qapp):
    assert all(drawn(char) for char in "李长顺㐂·")
    assert readable("阿依古丽·买买提") == "阿依古丽·买买提"
    assert rare_words("阿依古丽·买买提") == ""


def test_a_private_character_of_an_old_system_is_told(qapp):
    assert "U+E863" in rare_words("张\ue863")
    assert "旧系统" in rare_words("张\ue863")


def test_what_no_font_draws_is_shown_with_its_code_point(qapp, monkeypatch):
    monkeypatch.setattr(fonts, "drawn", lambda char: char != "𪚥")
    assert readable("罗小𪚥") == "罗小𪚥（U+2A6A5）"
    assert words("罗小𪚥").text() == "罗小𪚥（U+2A6A5）"
    assert "U+2A6A5" in rare_words("罗小𪚥")
    assert "打印前会提醒" in rare_words("罗小𪚥")


def test_a_noncharacter_is_drawn_by_nobody(qapp):
    assert not drawn("\U000fffff")


def test_what_could_not_be_printed_is_named_behind_saved():
    assert unprinted_words(()) == ""
    assert unprinted_words(("𪚥",)) == "；没有字体能印的字印成了编号：𪚥（U+2A6A5）"
