"""Addresses by their initials and figures."""

from __future__ import annotations

import pytest

from app.services.addresses import AddressBook, found_by_initials, is_initials

PLACES = [
    ("a", "上寨村上寨三组中排3-12号"),
    ("b", "上寨村一组1号"),
    ("c", "下寨村长乐路12幢1单元302室"),
    ("d", "下寨村重阳路112幢A座"),
    ("e", "（旧）上寨 一组2号"),
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("szc", ["b", "a"]),
        ("szszz", ["a"]),
        ("szcsz3", ["a"]),
        ("szc312", ["a"]),
        ("szc 3-12", ["a"]),
        ("szy", ["e"]),
        ("clL", ["c"]),
        ("zlL", ["c"]),
        ("xzc12", ["c"]),
        ("xzc112", ["d"]),
        ("12z", ["c"]),
        ("aZ", ["d"]),
        ("qqq", []),
        ("szc9", []),
    ],
)
def test_an_address_is_found_by_initials_in_any_reading_and_by_the_begin_of_its_numbers(typed, found):
    assert found_by_initials(typed, PLACES, 20) == found
    assert AddressBook(PLACES).find(typed, 20) == found


def test_no_more_are_told_than_wanted():
    assert found_by_initials("s", PLACES, 1) == ["b"]
    assert found_by_initials("s", [], 1) == []
    assert AddressBook(PLACES).find("s", 1) == ["b"]
    assert AddressBook([]).find("s", 1) == []


def test_a_book_never_reads_on_from_one_address_into_the_next():
    assert AddressBook([("a", "上寨"), ("b", "村一组")]).find("szc", 5) == []
    assert AddressBook([("a", "上寨村"), ("b", "3号")]).find("szc3", 5) == []


def test_figures_alone_and_chinese_are_no_initials():
    assert is_initials("szc3")
    assert not is_initials("312")
    assert not is_initials("上寨sz")
