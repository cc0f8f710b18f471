"""The unified social credit code: the vectors of the field, and every slip of a finger in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema.credit_code import check_sign, inner_check, read_credit_code
from app.schema.values import BadValue

VALID = [
    "91350100M000100Y43",
    "91990000MA0000007X",
    "92990000MA0000023G",
    "93990000MA00000318",
    "54990000MF0000048A",
    "55990000MF00000562",
    "52990000MJ0000069U",
    "11990000MB0000078J",
]
WRONG = {
    "91310115MA1H8R7C6D": "credit_check_wrong",  # printed as an example somewhere; the check is 7
    "91350100M000100Y4": "credit_length_wrong",
    "91350100M000100YO3": "credit_characters_wrong",
    "91350100M000100Y4无": "credit_characters_wrong",
    "98350100M000100Y43": "credit_begin_wrong",
    "913501A0M000100Y43": "credit_begin_wrong",
    "9.135E+17": "credit_digits_lost",
}


@pytest.mark.parametrize("code", VALID)
def test_a_valid_code_is_taken_however_it_is_written(code):
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    for way in (code, code.lower(), f" {code[:8]} {code[8:16]}-{code[16:]}\n", wide, f"'{code}"):
        assert read_credit_code(way) == code


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_code_is_refused_for_its_own_reason(code):
    with pytest.raises(BadValue) as told:
        read_credit_code(code)
    assert told.value.code == WRONG[code]
    assert told.value.message.endswith("。")


def test_every_wrong_sign_is_found():
    code = VALID[0]
    for at in range(18):
        for sign in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if sign != code[at]:
                with pytest.raises(BadValue):
                    read_credit_code(code[:at] + sign + code[at + 1 :])


def test_the_middle_has_a_check_of_its_own():
    body = "91350100" + "M000100Y" + "5"
    with pytest.raises(BadValue, match="credit_check_wrong"):
        read_credit_code(body + check_sign(body))
    assert inner_check("M000100Y") == "4"


@given(st.text(max_size=20))
def test_anything_at_all_is_a_code_or_is_refused(text):
    try:
        found = read_credit_code(text)
    except BadValue:
        return
    assert read_credit_code(found) == found
