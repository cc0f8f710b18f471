"""Papers that are no citizen's identity card, and regions that may not be one."""

from __future__ import annotations

import pytest

from app.schema.credentials import check_document, kind_of, read_document
from app.schema.identity import check_character, read_identity
from app.schema.regions import region_known
from app.schema.values import BadValue


def numbered(first17: str) -> str:
    """*first17* with its check character."""
    return first17 + check_character(first17)


RIGHT = [
    ("414", "E12345678"),
    ("414", "ｅ１２３４ ５６７８"),
    ("511", "01234567"),
    ("511", "0123456701"),
    ("516", "H12345678"),
    ("516", "m1234567801"),
    ("553", "USA110074010101"),
    ("553", numbered("91184019900101001")),
    ("111", numbered("81000019900101001")),
    ("990", "随便什么 7号"),
    (None, "ABC"),
]
WRONG = [
    ("414", "E1", "document_414_wrong"),
    ("414", "护照号", "document_414_wrong"),
    ("511", "1234567", "document_511_wrong"),
    ("516", "K12345678", "document_516_wrong"),
    ("553", "USA11007401010", "document_foreign_wrong"),
    ("553", numbered("91184019900101001")[:-1] + "?", "id_characters_wrong"),
    ("111", "123", "id_length_wrong"),
]


@pytest.mark.parametrize(("kind", "number"), RIGHT)
def test_a_paper_of_its_kind_is_taken(kind, number):
    check_document(kind, read_document(number))


@pytest.mark.parametrize(("kind", "number", "code"), WRONG)
def test_a_number_that_no_such_paper_has_is_refused(kind, number, code):
    with pytest.raises(BadValue) as told:
        check_document(kind, read_document(number))
    assert told.value.code == code
    assert told.value.message.endswith("。")


@pytest.mark.parametrize("first17", ["81000019900101001", "82000019900101001", "83000019900101001"])
def test_the_residence_permits_of_hong_kong_macau_and_taiwan_are_numbers_like_any(first17):
    number = numbered(first17)
    assert read_identity(number).birth_date == "1990-01-01"
    assert region_known(number)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", numbered("91184019900101001")])
def test_a_known_region_is_known(number):
    assert region_known(number)


@pytest.mark.parametrize("number", ["990000199001010017", "000000", "160105", "110000", "530001"[:2] + "0001"])
def test_an_unknown_region_is_told_and_does_not_refuse(number):
    assert not region_known(number)
    assert read_identity("990000199001010017").number


def test_the_regions_of_ones_own_areas_are_known():
    assert region_known("990001199001010010", ["990001101000"])


@pytest.mark.parametrize(
    ("number", "kind"),
    [("H12345678", "516"), ("E12345678", "414"), ("EA1234567", "414"), ("USA110074010101", "553"), ("12345678", None)],
)
def test_a_paper_is_known_by_its_number_where_that_is_plain(number, kind):
    assert kind_of(number) == kind
