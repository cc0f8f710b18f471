"""Rare characters: kept, written out where nothing draws them, private ones told."""

from __future__ import annotations

import pytest

from app.schema.glyphs import private_signs, rare_signs, written_out
from app.schema.kinds import Name

RARE = ["㐂", "𠮷", "𪚥", "𫝀", "𫠠", "𬸪", "\U0002ceb0", "\U0002ebe0", "\U00030000", "\U00031350"]


@pytest.mark.parametrize("sign", RARE)
def test_a_rare_character_is_kept_as_it_is(sign):
    assert Name().check(f"张 {sign}") == f"张{sign}"


@pytest.mark.parametrize("dot", "·•‧⋅∙・･．᛫․˙ㆍ⸱")
def test_every_middle_dot_is_the_one(dot):
    assert Name().check(f"阿依古丽 {dot} 买买提") == "阿依古丽·买买提"


def test_a_name_in_letters_keeps_its_spaces():
    assert Name().check("  John   Smith ") == "John Smith"


def test_what_no_font_has_is_written_with_its_code_point():
    drawn = "张三".__contains__
    assert written_out("张𪚥三", drawn) == "张𪚥（U+2A6A5）三"
    assert written_out("张三", drawn) == "张三"
    assert rare_signs("张𪚥𪚥 a", drawn) == ("𪚥",)


def test_private_characters_of_old_systems_are_told():
    assert private_signs("张\ue863\ue863\U000f0001三") == ("\ue863", "\U000f0001")
    assert private_signs("张三𪚥") == ()
