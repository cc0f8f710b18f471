"""What a clerk typed: its terms, the index query for them, and the plain rule that says whether a record fits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from app.store.search_keys import (
    DIGITS,
    FORM,
    INSIDE,
    PLACE,
    RUNS,
    SOUND_LENGTH,
    SYLLABLE_LENGTH,
    WHOLE,
    Document,
    area_token,
    begin_token,
    end_token,
    fold,
    fold_name,
    grams,
    is_letters,
    numeric,
    place,
    spellings,
)

RANKS = (0, 1, 2)
"""0: the whole name or number; 1: how a name begins or a number ends; 2: anything else that fits."""
_MOST_TERMS = 8
_MOST_GRAMS = 8
LEAST_DIGITS = 3
_LEAST_PLACE = 2


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, folded as a name, a number and a place are; all of a query's terms must fit."""

    name: str
    number: str
    place: str

    def rank(self, found: Document) -> int | None:
        """How well *found* fits this term, by ``RANKS``, or None. This is the rule, the index only speeds it up."""
        best: int | None = None
        for name in found.names if self.name else ():
            if self.name == name:
                return 0
            best = _better(best, 1 if name.startswith(self.name) else 2 if self.name in name else None)
            best = _better(best, self._sound_rank(name))
        for number in found.numbers if len(self.number) >= LEAST_DIGITS else ():
            if self.number == number:
                return 0
            best = _better(best, 1 if number.endswith(self.number) else 2 if self.number in number else None)
        if best is None and self._place_counts and any(self.place in text for text in found.places):
            return 2
        return best

    def _sound_rank(self, name: str) -> int | None:
        if not is_letters(self.name):
            return None
        best: int | None = None
        for start, letters in spellings(name):
            if is_letters(letters) and letters.startswith(self.name):
                best = _better(best, 2 if start else 0 if letters == self.name else 1)
        return best

    @property
    def _place_counts(self) -> bool:
        return len(self.place.replace("^", "")) >= _LEAST_PLACE

    def query(self, rank: int) -> str:
        """The index query for records that fit with *rank* or better; "" where none can."""
        if rank == 0:
            return _any([_all([WHOLE + text]) for text in dict.fromkeys((self.name, self.number)) if text])
        if rank == 1:
            ways = [_and([_all([begin_token(self.name)]), *self._further()])] if self.name else []
            if len(self.number) >= LEAST_DIGITS:
                longer = self._runs() if len(self.number) > RUNS[-1] else ()
                ways.append(_all([end_token(self.number), *longer]))
            return _any([self.query(0), *ways])
        return _any([*self._name_ways(), *self._number_ways(), *self._place_ways()])

    def _name_ways(self) -> Iterable[str]:
        if not self.name:
            return
        if is_letters(self.name):
            cut = self.name[:SOUND_LENGTH]
            yield _and([_all([begin_token(cut)]), *self._further()])
            yield _and([_all([INSIDE + cut]), *self._further()])
        if len(self.name) == 1:
            yield _all([INSIDE + self.name])
        else:
            yield _all([INSIDE + gram for gram in grams(self.name, 2)])

    def _further(self) -> list[str]:
        """What a sound that is longer than is indexed asks beside its begin: 王 and thousands of 春 begin with wangchun.

        Wherever its first syllables end, the next begins within the longest syllable, and the name's end is indexed from there.
        """
        if len(self.name) <= SOUND_LENGTH or not is_letters(self.name):
            return []
        first = max(1, len(self.name) - SOUND_LENGTH - SYLLABLE_LENGTH + 1)
        ends = (self.name[at : at + SOUND_LENGTH] for at in range(first, first + SYLLABLE_LENGTH))
        return [_any([_all([INSIDE + end]) for end in ends])]

    def _number_ways(self) -> Iterable[str]:
        if len(self.number) >= LEAST_DIGITS:
            yield _all(self._runs())

    def _runs(self) -> list[str]:
        size = max(run for run in RUNS if run <= len(self.number))
        found = list(grams(self.number, size))
        # All numbers begin alike, so the end tells most.
        return [DIGITS + gram for gram in [*found[:: -(size // 2)], found[0]][:3]]

    def _place_ways(self) -> Iterable[str]:
        if not self._place_counts:
            return
        found: dict[str, None] = {}
        for gram in grams(self.place, 3):
            for part in (gram,) if numeric(gram) else grams(gram, 2):
                found[PLACE + part] = None
        yield _all(found or [PLACE + self.place])


def terms(text: str) -> list[Term]:
    """The terms of what was typed, at most eight; empty where nothing can be looked for."""
    found: dict[Term, None] = {}
    for word in text.replace("\u3000", " ").split():
        term = Term(fold_name(word), fold(word), place(word))
        if term.number:
            found[term] = None
    return list(found)[:_MOST_TERMS]


def rank(asked: list[Term], found: Document) -> int | None:
    """How well *found* fits all terms *asked*: as well as the best of them; None where one doesn't fit."""
    ranks = [term.rank(found) for term in asked]
    held = [each for each in ranks if each is not None]
    return min(held) if held and len(held) == len(ranks) else None


def match(asked: list[Term], rank: int, only: Collection[str] | None, areas: Collection[str] | None) -> str:
    """The whole index query for records of *rank* or better; "" where none can fit."""
    loose = [term.query(RANKS[-1]) for term in asked]
    if not all(loose):
        return ""
    if rank == RANKS[-1]:
        ways = [_and(loose)]
    else:
        ways = [
            _and([sharp, *loose[:index], *loose[index + 1 :]])
            for index, sharp in enumerate(term.query(rank) for term in asked)
            if sharp
        ]
    parts = [_any(ways)]
    if only is not None:
        parts.append(_any([_all([FORM + name]) for name in sorted(only)]))
    marks = [area_token(prefix) for prefix in areas or ()]
    if marks and None not in marks:
        parts.append(_any([_all([mark]) for mark in sorted(filter(None, marks))]))
    return _and(parts) if all(parts) else ""


def _better(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def _all(tokens: Iterable[str]) -> str:
    held = list(dict.fromkeys(tokens))
    if len(held) > _MOST_GRAMS:
        # A pasted address needs no more to be narrow; the rule is checked on what comes back.
        step = len(held) / _MOST_GRAMS
        held = [held[int(index * step)] for index in range(_MOST_GRAMS)]
    return _and([f'"{token}"' for token in held])


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def _any(parts: list[str]) -> str:
    held = list(dict.fromkeys(part for part in parts if part))
    return "" if not held else held[0] if len(held) == 1 else f"({' OR '.join(held)})"
