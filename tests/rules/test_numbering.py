"""How case numbers are written, and how many a device gets at once."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.rules.numbering import Numbering
from app.rules.reading import Sheet

DAY = 24 * 3600 * 1000
BLOCK = "width = 5\n[block]\ndays = 30\nleast = 20\nmost = 500\n"


def read(text):
    return Numbering.load(Sheet("numbers.toml", text))


def test_a_number_says_township_year_and_serial_and_is_read_again():
    series = Numbering.load().series("990001101000", 2026)
    assert series.number(123) == "101〔2026〕00123"
    assert series.number(100_001) == "101〔2026〕100001"
    for serial in (1, 99_999, 100_001):
        assert series.serial(series.number(serial)) == serial
    assert [series.serial(text) for text in ("101〔2025〕00001", "101〔2026〕1", "2026-ABCDEF-0001", "")] == [
        0,
        0,
        0,
        0,
    ]


def test_a_township_may_have_a_name_of_its_own_and_a_format_may_end_with_words():
    made = read(f'format = "{{row}}综治〔{{year}}〕第{{serial}}号"\n{BLOCK}[rows]\n"990001101000" = "云岭"')
    series = made.series("990001101000", 2026)
    assert series.number(7) == "云岭综治〔2026〕第00007号"
    assert series.serial("云岭综治〔2026〕第00007号") == 7


@pytest.mark.parametrize(
    "text",
    ["{row}{serial}{year}", "{year}-{serial}",
     "{row}-{year}-{serial}9", "{row}-{serial:04}-{year}", "{row}-{year}-{serial}-{x}", "{", "{row}〔{year}〕"],
)  # fmt: skip
def test_a_format_in_which_two_numbers_could_be_taken_for_one_is_refused(text):
    with pytest.raises(KnownError, match="format"):
        read(f'format = "{text}"\n{BLOCK}')


@pytest.mark.parametrize("rows", ['"1" = "12"', '"1" = "甲"\n"2" = "甲"', '"1" = ""'])
def test_names_of_rows_differ_and_are_no_digits(rows):
    with pytest.raises(KnownError):
        read(f'format = "{{row}}-{{year}}-{{serial}}"\n{BLOCK}[rows]\n{rows}')


def test_a_block_lasts_about_a_month_by_how_quickly_the_last_one_went():
    made = Numbering()
    assert [made.size(*used) for used in ((0, 0), (20, 30 * DAY), (20, 10 * DAY), (20, 0), (200, 400 * DAY))] == [
        20,
        20,
        60,
        500,
        20,
    ]
