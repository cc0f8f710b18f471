"""Telephone numbers as clerks write them."""

from __future__ import annotations

import pytest

from app.schema.phone import read_phone, read_phones
from app.schema.values import BadValue

WAYS = {
    "13900000001": "13900000001",
    "139 0000 0001": "13900000001",
    "1390000 1111": "13900001111",
    "139-0000-0001": "13900000001",
    "139—0000—0001": "13900000001",
    "139\u20110000\u20130001": "13900000001",
    "１３９０００００００１": "13900000001",
    "+86 139 0000 0001": "13900000001",
    "86-13900000001": "13900000001",
    "'13900000001": "13900000001",
    "13900000001.0": "13900000001",
    "13900000001/13900000002": "13900000001",
    "13900000001、13900000002": "13900000001",
    "13900000001或13900000002": "13900000001",
    "13900000001 13900000002": "13900000001",
    "13900000001\n13900000002": "13900000001",
    "0591-88886666": "0591-88886666",
    "0591—88886666": "0591-88886666",
    "059188886666": "0591-88886666",
    "(0591)88886666": "0591-88886666",
    "（0591） 8888 6666": "0591-88886666",
    "01088886666": "010-88886666",
    "02188886666": "021-88886666",
    "0591-88886666-8001": "0591-88886666-8001",
    "8888666": "8888666",
    "88886666": "88886666",
    "400-000-0001": "4000000001",
    "12345": "12345",
    "１２３４５": "12345",
    "110": "110",
    "10086": "10086",
    "95598": "95598",
    "96110": "96110",
}
WRONG = {
    "1390000000": "phone_wrong",
    "139000000011": "phone_wrong",
    "12900000001": "phone_wrong",
    "无": "phone_wrong",
    "１２３": "phone_wrong",
    "٠١٢٣٤٥٦٧٨٩٠": "phone_wrong",
    "1.39E+10": "phone_digits_lost",
    "1.39e10": "phone_digits_lost",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_becomes_one(way):
    assert read_phone(way) == WAYS[way]
    assert read_phone(WAYS[way]) == WAYS[way]


@pytest.mark.parametrize("raw", [13900000001, 13900000001.0])
def test_a_number_cell_is_a_phone_too(raw):
    assert read_phone(raw) == "13900000001"


@pytest.mark.parametrize("way", WRONG)
def test_what_is_no_phone_is_refused_in_words(way):
    with pytest.raises(BadValue) as told:
        read_phone(way)
    assert told.value.code == WRONG[way]
    assert told.value.message.endswith("。")


def test_every_number_of_one_cell_is_read():
    assert read_phones("13900000001 / 0591 88886666、12345，139 0000 0001") == ["13900000001", "0591-88886666", "12345"]
    assert read_phones("13900000001") == ["13900000001"]
    with pytest.raises(BadValue):
        read_phones("13900000001/1390000")
