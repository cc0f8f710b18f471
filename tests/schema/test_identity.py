"""Identity numbers: the vectors of the standard and of the test region, and every single slip of a finger."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema import identity
from app.schema.dates import CHINA
from app.schema.identity import check_character, read_identity, told_apart
from app.schema.values import BadValue

# GB 11643-1999 gives the first two as examples; area 990000 is not assigned to anybody.
VALID = {
    "11010519491231002X": ("1949-12-31", "2"),
    "440524188001010014": ("1880-01-01", "1"),
    "990000199001010017": ("1990-01-01", "1"),
    "990000199001010025": ("1990-01-01", "2"),
    "990000200002290036": ("2000-02-29", "1"),
    "990000202402290042": ("2024-02-29", "2"),
    "990000198506150117": ("1985-06-15", "1"),
    "990000201003070224": ("2010-03-07", "2"),
}
WRONG = {
    "110105194912310020": "id_check_wrong",
    "110105194902310026": "id_date_wrong",  # 31 February, its check character is right
    "110105209912310029": "id_birth_in_future",
    "440524188001010022": "id_date_wrong",  # as old as the example, but nobody's
    "11010519491231002": "id_length_wrong",
    "1101051949123100200": "id_length_wrong",
    "11010519491231OO2X": "id_characters_wrong",
    "X1010519491231002X": "id_characters_wrong",
    "110105********002X": "id_characters_wrong",
    "110105490231002": "id_date_wrong",  # fifteen digits are held against the calendar, too
    "1.10105E+17": "id_digits_lost",
    "1.1010519491231e+17": "id_digits_lost",
    "无": "id_length_wrong",
}
WAYS = [
    "11010519491231002x",
    " 110105 19491231 002X ",
    "１１０１０５１９４９１２３１００２Ｘ",
    "110105-19491231-002X",
    "'11010519491231002X",
    "11010519491231002×",
    "11010519491231002Х",  # the Cyrillic letter
    "110105\u300019491231\u200b002X\n",
]


@pytest.mark.parametrize("number", VALID)
def test_a_valid_number_tells_birth_and_sex(number):
    found = read_identity(number)
    assert (found.number, found.birth_date, found.sex, found.upgraded) == (number, *VALID[number], False)


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_number_is_refused_for_its_own_reason(number):
    with pytest.raises(BadValue) as told:
        read_identity(number)
    assert told.value.code == WRONG[number]
    assert told.value.message.endswith("。")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_a_number_is_one_number(way):
    assert read_identity(way).number == "11010519491231002X"


def test_fifteen_digits_are_brought_to_eighteen():
    found = read_identity("110105491231002")
    assert (found.number, found.upgraded) == ("11010519491231002X", True)


@pytest.mark.parametrize("number", ["11010519491231002X", "990000199001010017"])
def test_every_wrong_digit_and_every_swap_of_neighbours_is_found(number):
    single = [
        number[:at] + digit + number[at + 1 :] for at in range(17) for digit in "0123456789" if digit != number[at]
    ]
    swapped = [
        number[:at] + number[at + 1] + number[at] + number[at + 2 :] for at in range(16) if number[at] != number[at + 1]
    ]
    for slip in [*single, *swapped]:
        assert check_character(slip[:17]) != slip[17], slip
        with pytest.raises(BadValue):
            read_identity(slip)


def test_a_child_born_today_in_china_has_a_number(monkeypatch):
    class OneInTheMorning(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            # In Greenwich it is still the day before.
            return datetime.datetime(2026, 9, 18, 1, 0, tzinfo=CHINA).astimezone(tz)

    first = "99000020260918001"
    monkeypatch.setattr(identity.datetime, "datetime", OneInTheMorning)
    assert read_identity(first + check_character(first)).birth_date == "2026-09-18"


def test_nobody_is_older_than_130_or_born_tomorrow():
    today = datetime.date(2026, 9, 18)

    def made(birth):
        first = f"990000{birth}001"
        return first + check_character(first)

    assert read_identity(made("18960101"), today).birth_date == "1896-01-01"
    with pytest.raises(BadValue, match="id_date_wrong"):
        read_identity(made("18951231"), today)
    with pytest.raises(BadValue, match="id_birth_in_future"):
        read_identity(made("20260919"), today)


@given(st.text(max_size=24) | st.text("0123456789Xx -", min_size=14, max_size=22))
def test_anything_at_all_is_a_number_or_is_refused(text):
    try:
        found = read_identity(text)
    except BadValue:
        return
    assert read_identity(found.number) == identity.Identity(found.number, found.birth_date, found.sex)
    assert len(found.number) == 18
    assert found.number.isascii()


def test_another_sex_or_birth_date_than_the_number_says_is_told():
    number = "990000198506150117"
    assert told_apart(number, "1", "1985-06-15") == []
    assert told_apart(number, None, None) == []
    assert told_apart(number, "9", None) == []
    assert [field for field, _ in told_apart(number, "2", "1985-06-16")] == ["sex", "birth_date"]
    assert told_apart(None, "2", "1985-06-16") == []
