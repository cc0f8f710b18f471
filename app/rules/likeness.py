"""When two registrations look like one person: the same number, or the same name and birth date and a near address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_ADDRESSES = ("live_address", "hukou_address")
_SHORTEST = 4
"""An address of fewer letters says too little to lie in another."""
_TYPO = 2
"""Numbers that differ in so many places at most are taken for one that was written wrongly."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared of one registration: its values, its village, its dwelling (None: not known)."""

    values: Mapping[str, object]
    area: str
    dwelling: str | None = None

    def text(self, name: str) -> str:
        """The field *name*, empty where nothing is written."""
        return str(self.values.get(name) or "")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two registrations look like one: a message code below ``duplicates``; ``order`` 0 is the surest; ``differ``: digits that differ."""

    code: str
    order: int
    differ: int = 0


def likeness(one: Person, other: Person) -> Likeness | None:
    """Why these may be one person, or None. Name and birth date are compared as they are kept: in one spelling."""
    numbers = one.text("id_number"), other.text("id_number")
    if numbers[0] and numbers[0] == numbers[1]:
        return Likeness("number", 0)
    if not one.text("birth_date") or any(one.text(name) != other.text(name) for name in ("name", "birth_date")):
        return None
    together = _together(one, other)
    if all(numbers):
        differ = sum(a != b for a, b in zip(*numbers, strict=False)) + abs(len(numbers[0]) - len(numbers[1]))
        if differ <= _TYPO:
            return Likeness("typo", 2, differ)
        # Two good numbers are two persons, unless they are registered in one home.
        return Likeness("other_number", 4) if together else None
    if together:
        return Likeness("home", 1)
    if _addresses_meet(one, other):
        return Likeness("address", 2)
    return Likeness("village", 3) if one.area == other.area else None


def _together(one: Person, other: Person) -> bool:
    household = one.text("household")
    return bool(household and household == other.text("household")) or (
        one.dwelling is not None and one.dwelling == other.dwelling
    )


def _addresses_meet(one: Person, other: Person) -> bool:
    """Whether an address of one is one of the other, or its end: clerks leave out township and village as they like."""
    for mine in _ADDRESSES:
        for theirs in _ADDRESSES:
            a, b = _plain(one.text(mine)), _plain(other.text(theirs))
            if min(len(a), len(b)) >= _SHORTEST and (a.endswith(b) or b.endswith(a)):
                return True
    return False


def _plain(address: str) -> str:
    return "".join(letter for letter in address if letter.isalnum())
