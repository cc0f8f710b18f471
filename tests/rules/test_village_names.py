"""The village that the words of a place name."""

from __future__ import annotations

import pytest

from app.rules.village_names import village_in

CODES = {
    "云岭镇": "990001101000", "河湾村": "990001101201", "上寨村": "990001101202", "小上寨村": "990001101203", "云岭社区": "990001101001",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("云岭镇河湾村三组", "河湾村"),
        ("云岭社区花园小区", "云岭社区"),
        ("小上寨村桥头", "小上寨村"),
        ("云岭镇政府门口", None),
        ("河湾村到上寨村的路上", None),
        ("", None),
    ],
)
def test_a_village_is_named_by_its_whole_name_and_alone(words, name):
    assert village_in(words, CODES) == (CODES[name] if name else None)
