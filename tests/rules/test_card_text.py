"""What readers of identity cards type, in the layouts that they come with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.card_text import Card, begins_card, looks_like_card, read_card, read_cards

CARD = Card("李长顺", "1", "1985-06-15", "云岭县云岭镇上寨村三组12号", "990000198506150117")
LAYOUTS = {
    "lines with labels": (
        "姓名：李长顺\n性别：男\n民族：汉\n出生：1985年6月15日\n住址：云岭县云岭镇上寨村三组12号\n"
        "公民身份号码：990000198506150117\n签发机关：云岭县公安局\n有效期限：2010.01.01-2030.01.01\n"
    ),
    "lines, labels with spaces inside": (
        "姓 名 李长顺\r\n性 别 男 民 族 汉\r\n出 生 1985 年 6 月 15 日\r\n住 址 云岭县云岭镇上寨村\r\n三组12号\r\n"
        "公民身份号码 990000198506150117\r\n"
    ),
    "one line with labels": (
        "姓名:李长顺 性别:男 民族:汉 出生日期:19850615 住址:云岭县云岭镇上寨村三组12号 身份证号码:990000198506150117"
    ),
    "labels run together": (
        "姓名李长顺性别男民族汉出生1985年6月15日住址云岭县云岭镇上寨村三组12号公民身份号码990000198506150117"
    ),
    "tabs alone": (
        "李长顺\t男\t汉\t19850615\t云岭县云岭镇上寨村三组12号\t990000198506150117\t云岭县公安局\t20100101\t20300101"
    ),
    "lines alone": (
        "李长顺\n男\n汉族\n1985-06-15\n云岭县云岭镇上寨村三组12号\n990000198506150117\n云岭县公安局\n2010.01.01-长期\n"
    ),
    "commas": "李长顺,男,汉,1985-06-15,云岭县云岭镇上寨村三组12号,990000198506150117",
    "bars": "李长顺|男|汉|19850615|云岭县云岭镇上寨村三组12号|990000198506150117|",
    "number first": "990000198506150117\t李长顺\t男\t汉\t1985年06月15日\t云岭县云岭镇上寨村三组12号",
    "full width, grouped": (
        "姓名　李长顺\n性别　男\n出生　１９８５年６月１５日\n住址　云岭县云岭镇上寨村三组１２号\n"
        "公民身份号码　９９００００ １９８５０６１５ ０１１７"
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_card_is_split_into_its_fields(layout):
    assert looks_like_card(LAYOUTS[layout])
    assert read_card(LAYOUTS[layout]) == CARD


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ethnicity_and_issuer_are_not_kept(layout):
    card = read_card(LAYOUTS[layout])
    assert "汉" not in f"{card.name}{card.address}"
    assert "公安" not in f"{card.name}{card.address}"


def test_a_name_with_a_dot_and_an_x_at_the_end_are_read():
    card = read_card("姓名:阿依古丽‧买买提\n性别:女\n公民身份号码:11010519491231002x")
    assert card == Card("阿依古丽·买买提", "2", "", "", "11010519491231002X")


def test_a_name_that_is_a_people_too_stays_a_name():
    assert read_card("白\t水\t女\t990000199001010025") is None
    assert read_card("白土家\t女\t白\t19900101\t990000199001010025").name == "白土家"


def test_a_wrong_number_comes_as_it_was_read():
    assert read_card("姓名:李长顺 身份证号:990000198506150118").id_number == "990000198506150118"


def test_several_cards_come_one_after_the_other():
    two = LAYOUTS["lines with labels"] + "姓名：周玉兰\n性别：女\n公民身份号码：990000199001010025\n"
    assert [card.name for card in read_cards(two)] == ["李长顺", "周玉兰"]
    rows = LAYOUTS["tabs alone"] + "\n周玉兰\t女\t彝\t19900101\t云岭县\t990000199001010025\n"
    assert [card.name for card in read_cards(rows)] == ["李长顺", "周玉兰"]


@pytest.mark.parametrize("text", ["李长顺", "990000198506150117", "", "上寨村三组12号 李家", "姓名", "13900000001"])
def test_one_field_alone_is_no_card(text):
    assert not looks_like_card(text)
    assert read_card(text) is None


def test_a_reader_that_types_its_labels_is_known_by_the_first():
    assert begins_card("姓名:李长顺")
    assert begins_card("姓 名 李")
    assert not begins_card("李长顺")


@given(st.text(max_size=60) | st.text("姓名性别男女民族出生住址公身份号码1990:\t\n ", max_size=60))
def test_anything_at_all_is_a_card_or_none(text):
    looks_like_card(text)
    assert all(card.name and card.id_number for card in read_cards(text))
