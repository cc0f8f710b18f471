"""Each kind of field: one spelling in, the same value out of a column, words for people, stars for the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema.codes import Code, CodeList
from app.schema.kinds import (
    KINDS,
    Address,
    Choice,
    CreditCode,
    Date,
    Document,
    Geometry,
    IdentityNumber,
    Integer,
    LongText,
    Money,
    Name,
    Number,
    Phone,
    Ref,
    Text,
    Time,
    YesNo,
)
from app.schema.values import BadValue

SEXES = CodeList(
    "sex",
    "性别",
    "GB/T 2261.1",
    (
        Code("0", "未知的性别"),
        Code("1", "男", ("男性", "M")),
        Code("2", "女", ("女性", "F")),
        Code("9", "未说明的性别"),
    ),
)
CASES = [
    (Text(), " 一\n二 ", "一 二"),
    (Text(), 12.0, "12"),
    (Text(), 12.5, "12.5"),
    (Text(), "0012", "0012"),
    (LongText(), "一 \r\n二", "一\n二"),
    (Name(), "张 三", "张三"),
    (Address(), "岭上 １ 号", "岭上1号"),
    (Phone(), "139 0000 0001", "13900000001"),
    (IdentityNumber(), "11010519491231002x", "11010519491231002X"),
    (CreditCode(), "91350100 m000100y43", "91350100M000100Y43"),
    (Document(), " e 1234-5678 ", "E1234-5678"),
    (Document(), 12345678.0, "12345678"),
    (Date(), "1987.3.5", "1987-03-05"),
    (Time(), "2026-9-18 9:05", "2026-09-18T09:05:00+08:00"),
    (Integer(), "１，２００", 1200),
    (Integer(), 12.0, 12),
    (Integer(), "-3", -3),
    (Integer(), 2**53 - 1, 2**53 - 1),
    (Number(), "12.50", 12.5),
    (Number(), 3, 3.0),
    (Number(), "-0", 0.0),
    (Money(), "3,200.50 元", 320_050),
    (Money(), "￥１，２００", 120_000),
    (Money(), 3200.5, 320_050),
    (Money(), 320_050, 320_050),
    (Money(), "1.15", 115),
    (Money(), 1e16 / 1000, 10**15),
    (YesNo(), "是", True),
    (YesNo(), " 否 ", False),
    (YesNo(), True, True),
    (YesNo(), 0, False),
    (YesNo(), 1.0, True),
    (YesNo(), "√", True),
    (Choice(codes=SEXES), "男", "1"),
    (Choice(codes=SEXES), " 女 性", "2"),
    (Choice(codes=SEXES), "m", "1"),
    (Choice(codes=SEXES), 1.0, "1"),
    (Choice(codes=SEXES), 9, "9"),
    (Choice(codes=SEXES), "２", "2"),
    (Ref(form="grid"), "0190A000-0000-7000-8000-00000000000F", "0190a000000070008000" + "00000000000f"),
]
REFUSED = [
    (Text(max=3), "一二三四", "too_long"),
    (Phone(), "12", "phone_wrong"),
    (Phone(), "13900000001/13900000002", "phone_many"),
    (IdentityNumber(), "12", "id_length_wrong"),
    (CreditCode(), "12", "credit_length_wrong"),
    (Document(), "1" * 41, "too_long"),
    (Date(), "明天", "date_wrong"),
    (Time(), "明天", "time_wrong"),
    (Integer(), "十二", "number_wrong"),
    (Integer(), 12.5, "number_wrong"),
    (Integer(min=0), -1, "number_small"),
    (Integer(max=5), 6, "number_large"),
    (Integer(), 2**53 + 1, "number_large"),
    (Integer(), -(2**70), "number_small"),
    (Integer(), float("inf"), "number_wrong"),
    (Number(), float("nan"), "number_wrong"),
    (Number(), float("inf"), "number_wrong"),
    (Number(), "1e5", "number_wrong"),
    (Number(min=73, max=136), "12", "number_small"),
    (Number(min=73, max=136), "137", "number_large"),
    (Money(), "三千", "number_wrong"),
    (Money(), True, "number_wrong"),
    (Money(), 2**70, "number_large"),
    (Money(), float("nan"), "number_wrong"),
    (Money(), float("inf"), "number_wrong"),
    (YesNo(), "也许", "yes_no_wrong"),
    (Choice(codes=SEXES), "3", "choice_unknown"),
    (Ref(form="grid"), "第一网格", "reference_wrong"),
    (Geometry(), "村东头", "outline_wrong"),
]
EACH = [
    Choice(codes=SEXES) if kind is Choice else Ref(form="grid") if kind is Ref else kind() for kind in KINDS.values()
]


@pytest.mark.parametrize(("kind", "raw", "kept"), CASES)
def test_what_people_write_has_one_canonical_value(kind, raw, kept):
    assert repr(kind.check(raw)) == repr(kept)
    assert repr(kind.check(kept)) == repr(kept)
    assert repr(kind.load(kind.dump(kept))) == repr(kept)


@pytest.mark.parametrize(("kind", "raw", "code"), REFUSED)
def test_what_a_kind_cannot_take_is_refused_in_words(kind, raw, code):
    with pytest.raises(BadValue) as told:
        kind.check(raw)
    assert told.value.code == code
    assert told.value.message.endswith("。")


@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.name)
@pytest.mark.parametrize("empty", [None, "", "  ", "\u3000\n"])
def test_empty_is_none_for_every_kind(kind, empty):
    assert kind.check(empty) is None
    assert (kind.show(None), kind.mask(None), kind.cell(None), kind.dump(None), kind.load(None)) == (
        "", "", None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.name)
@given(raw=st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30))
def test_whatever_comes_is_refused_or_stays_what_it_became(kind, raw):
    try:
        value = kind.check(raw)
    except BadValue:
        return
    assert repr(kind.check(value)) == repr(value)
    assert isinstance(kind.show(value), str)
    assert value is None or isinstance(value, {"text": str, "integer": int, "real": float}[kind.column])


def test_money_is_shown_in_yuan_and_goes_to_a_cell_as_yuan():
    assert Money().show(320_050) == "3,200.50"
    assert Money().check(Money().show(320_050)) == 320_050
    assert Money().cell(320_050) == 3200.5


@pytest.mark.parametrize(
    ("kind", "value", "shown", "masked"),
    [
        (Name(), "张三", "张三", "张*"),
        (Name(), "欧阳文贵", "欧阳文贵", "欧**"),
        (Phone(), "13900000001", "13900000001", "139****0001"),
        (Phone(), "0591-88886666", "0591-88886666", "059****6666"),
        (Phone(), "88886666", "88886666", "****6666"),
        (Phone(), "8888666", "8888666", "*******"),
        (IdentityNumber(), "11010519491231002X", "11010519491231002X", "110105********002X"),
        (Address(), "岭上12号", "岭上12号", "岭上**号"),
        (Document(), "E12345678", "E12345678", "E1*****78"),
        (Document(), "990000199001010010", "990000199001010010", "9900**********0010"),
        (Date(), "1987-03-05", "1987-03-05", "1987-03-05"),
        (Time(), "2026-09-18T09:05:00+08:00", "2026-09-18 09:05", "2026-09-18 09:05"),
        (YesNo(), False, "否", "否"),
        (Number(), 119.296494, "119.296494", "119.296494"),
        (Choice(codes=SEXES), "1", "男", "男"),
        (Choice(codes=SEXES), "7", "7", "7"),
    ],
)
def test_values_are_shown_whole_and_masked(kind, value, shown, masked):
    assert (kind.show(value), kind.mask(value)) == (shown, masked)


@pytest.mark.parametrize("number", ["88886666", "888-86666", "0591-88886666", "13900000001", "4000000001"])
def test_a_masked_phone_leaves_at_least_three_digits_to_guess(number):
    phone = Phone().check(number)
    shown = Phone().mask(phone)
    assert sum(letter.isdigit() for letter in phone) - sum(letter.isdigit() for letter in shown) >= 3
    assert phone not in shown
