"""Codes of divisions: lengths, nesting, levels, and what is only unlikely."""

from __future__ import annotations

import pytest

from app.schema.division_code import doubts, level, read_division
from app.schema.kinds import KINDS
from app.schema.values import BadValue


@pytest.mark.parametrize(
    ("raw", "code", "deep"),
    [
        ("530000", "530000", "province"),
        ("532300", "532300", "prefecture"),
        ("532328", "532328", "county"),
        ("429004", "429004", "county"),
        ("５３２３２８101", "532328101", "township"),
        (" 532328 101 201 ", "532328101201", "village"),
        ("532328101000", "532328101000", "township"),
        ("532328000000", "532328000000", "county"),
    ],
)
def test_a_code_is_read_and_says_how_deep_it_goes(raw, code, deep):
    assert (read_division(raw), level(code)) == (code, deep)
    assert KINDS["division"]().check(raw) == code


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("5323", "division_length"),
        ("53232810", "division_length"),
        ("53232810120a", "division_length"),
        ("003228", "division_gap"),
        ("532300101", "division_gap"),
        ("532328000201", "division_gap"),
    ],
)
def test_what_cannot_be_a_code_is_refused(raw, fault):
    with pytest.raises(BadValue) as bad:
        read_division(raw)
    assert bad.value.code == fault


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("532328101201", []),
        ("990101101201", []),
        ("470101101201", ["division_province"]),
        ("538028", ["division_prefecture", "division_county"]),
        ("532328701", ["division_township"]),
        ("532328101499", ["division_village"]),
        ("532328101599", ["division_village"]),
        ("532329", ["division_county"]),
        ("512329", []),
    ],
)
def test_what_is_unlikely_is_a_reason_to_look_again(code, named):
    assert [fault.code for fault in doubts(code, ["532328", "532301"])] == named
    assert doubts(code, [], own=[code]) == []


def test_a_number_of_a_workbook_and_an_empty_cell_are_read():
    kind = KINDS["division"]()
    assert kind.check(532328.0) == "532328"
    assert kind.check("") is kind.check(None) is None
