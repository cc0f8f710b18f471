"""The few people of the demo whom the manual and the pictures name."""

from __future__ import annotations

import datetime as dt

from app.demo.households import Person
from app.demo.numbers import identity_ending
from app.demo.words import FEMALE, MALE

_ROW = "上寨三组中排"


def known_household(village: str, building: str, room: str, today: dt.date) -> list[Person]:
    """The household that lives there by name, its head first; empty for every other dwelling."""
    if village == "上寨村" and building == _ROW and room == "3-11号":
        return _zhang(today.year)
    if village == "上寨村" and building == _ROW and room == "3-12号":
        return _li(today.year)
    if village == "大坪村" and building == "大坪一组前排" and room == "2-11号":
        return [_person("罗春生", MALE, dt.date(today.year - 66, 10, 5), "0", "户主", "1234", "19900000064")]
    return []


def _zhang(year: int) -> list[Person]:
    return [
        _person("张文贵", MALE, dt.date(year - 58, 4, 2), "0", "户主", "1117", "19900000001"),
        _person("何秀珍", FEMALE, dt.date(year - 57, 7, 21), "1", "妻", "1128", ""),
    ]


def _li(year: int) -> list[Person]:
    return [
        _person("李长顺", MALE, dt.date(year - 61, 3, 14), "0", "户主", "1234", "19900000012"),
        _person("周玉兰", FEMALE, dt.date(year - 58, 5, 6), "1", "妻", "1246", "19900000013"),
        _person("李建军", MALE, dt.date(year - 34, 2, 11), "2", "长子", "1218", "19900000014"),
        _person("陈敏", FEMALE, dt.date(year - 33, 8, 30), "3", "儿媳", "1227", "19900000015"),
        _person("李可欣", FEMALE, dt.date(year - 7, 1, 19), "4", "孙女", "1243", ""),
    ]


def _person(name: str, sex: str, birth: dt.date, relation: str, word: str, ending: str, phone: str) -> Person:
    return Person(name, sex, birth, relation, word, identity_ending(birth, ending), phone)
