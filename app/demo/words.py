"""The words of the demo: resources/demo/*.toml, and names made of them."""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Mapping
from typing import Any

from app.paths import resource

MALE, FEMALE = "1", "2"
_RARE_EVERY = 300


@functools.cache
def words(name: str) -> Mapping[str, Any]:
    """The file resources/demo/*name*.toml."""
    return tomllib.loads(resource("demo", f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def _surnames() -> tuple[tuple[str, ...], tuple[int, ...]]:
    table: Mapping[str, int] = words("names")["surnames"]
    total = 0
    sums = []
    for weight in table.values():
        total += weight
        sums.append(total)
    return tuple(table), tuple(sums)


def surname(chance: random.Random) -> str:
    """A surname, the common ones more often."""
    names, sums = _surnames()
    return chance.choices(names, cum_weights=sums)[0]


def given_name(chance: random.Random, sex: str, born: int) -> str:
    """A given name as people of *sex* born in year *born* have them; a rare character now and then."""
    table = words("names")
    pool = next(part for part in table["given"] if born < part["until"])
    which = "male" if sex == MALE else "female"
    if chance.random() < 1 / _RARE_EVERY:
        return str(chance.choice(table["rare"]["characters"]))
    second: str = chance.choice(pool[f"{which}_second"])
    return second if chance.random() < 0.18 else str(chance.choice(pool[which])) + second


def dotted_name(chance: random.Random, sex: str, father: str = "") -> str:
    """A name of the kind 阿依古丽·买买提; with *father* its second part is his own name."""
    table = words("names")["dotted"]
    own = chance.choice(table["male" if sex == MALE else "female"])
    return f"{own}·{father.partition('·')[0] if father else chance.choice(table['male'])}"


def numeral(number: int) -> str:
    """1 to 99 as villager groups and grids are counted: 一, 十二, 二十."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[ones] if ones or not tens else "")
