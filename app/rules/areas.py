"""Which area lies in which: by the parents that the county gave, else by the prefix of the 12-digit division codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Digits that a code of each level fills: province, prefecture, county, township. What follows is zeros.
_LEVELS = (2, 4, 6, 9)
_WHOLE = 12


def prefix(held: str) -> str:
    """The digits that every area within *held* begins with: 9 of a township, 6 of a county, all of a grid's."""
    if len(held) == _WHOLE:
        for digits in _LEVELS:
            if not held[digits:].strip("0"):
                return held[:digits]
    return held


def covers(held: str, area: str) -> bool:
    """Whether *area* is *held* or lies within it. An empty code covers nothing and lies nowhere."""
    return bool(held) and bool(area) and area.startswith(prefix(held))


def any_covers(held: Iterable[str], area: str) -> bool:
    """Whether one of the areas *held* covers *area*."""
    return any(covers(code, area) for code in held)


@dataclass(frozen=True)
class Divisions:
    """The divisions of one county; ``parents``: the code above each, where that is known.

    A village that was given to another township keeps its code: there its parent speaks, and not the digits that it begins with.
    """

    parents: Mapping[str, str] = field(default_factory=dict)

    def covers(self, held: str, area: str) -> bool:
        """Whether *area* is *held* or lies within it."""
        code = area
        for _ in range(_WHOLE):
            if code == held:
                return bool(held)
            above = self.parents.get(code)
            if not above:
                return covers(held, code)
            code = above
        return False  # a circle lies nowhere

    def any_covers(self, held: Iterable[str], area: str) -> bool:
        """Whether one of the areas *held* covers *area*."""
        return any(self.covers(code, area) for code in held)

    def strangers(self, held: Iterable[str]) -> list[str]:
        """The areas within *held* that no prefix of theirs would tell."""
        codes = list(held)
        return [code for code in self.parents if self.any_covers(codes, code) and not any_covers(codes, code)]


BY_PREFIX = Divisions()
"""Where nothing is known but the codes."""
