"""What a record is found by: names with every reading of their characters, numbers and places, cut into tokens."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.schema.values import Value

# What stands close together repeats itself: the address of a household, a name just found. Larger caches were no faster and took 50 MB.
# The first character of a token says what it is. One column of plain tokens (detail=none) is a third of the size of
# columns, and an AND over classes needs no column filter.
WHOLE, BEGIN, END, INSIDE, DIGITS, PLACE, AREA, FORM = "=<>~#@%&"
LETTER_SIGNS = "!#$%&()*+,-./:;<=>?@[]^_`{|}~"
"""The ASCII signs that the tokenizer must take as letters."""

SOUND_LENGTH = 8
"""Letters of a sound that are indexed; longer ones are checked against the name itself."""
SYLLABLE_LENGTH = 6
"""Letters of the longest syllable (zhuang)."""
RUNS = (3, 4, 6)
"""How many digits in a row are indexed together."""
_NAME_BEGIN = 4
_ENDS = (3, 4, 5, 6)
_AREA_LENGTHS = (6, 9, 12)
_READINGS = 24
_SHORT = 30
"""Characters of what is cut by ready-made cuts; longer texts are few."""

_DROPPED = re.compile(r"[\s\"'\\^\x00-\x1f\x7f]+")
_NUMBER_BEGIN = re.compile(r"(?<![0-9])(?=[0-9])")
_NUMERIC = re.compile(r"[\^0-9]")
_NUMERIC_TRIPLE = re.compile(r"(?=([\^0-9]..|.[\^0-9].|..[\^0-9]))", re.DOTALL)
_LETTERS = re.compile(r"[a-z]+")


Searched = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One record as search sees it: folded names and numbers, and places with the begin of every number marked."""

    names: tuple[str, ...]
    numbers: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not (self.names or self.numbers or self.places)


def document(fields: Searched, values: Mapping[str, Value]) -> Document:
    """What *values* of a form are found by, whose ``searched`` fields are *fields*."""
    found: dict[str, list[str]] = {"name": [], "number": [], "text": []}
    for field, how in fields:
        value = values.get(field)
        if value is None:
            continue
        text = fold_name(str(value)) if how == "name" else place(str(value)) if how == "text" else fold(str(value))
        if text and text not in found[how]:
            found[how].append(text)
    return Document(tuple(found["name"]), tuple(found["number"]), tuple(found["text"]))


def fold(text: str) -> str:
    """*text* as it is compared: half-width, lower case, without spaces and quotes."""
    # Numbers are half of what is folded, and seldom twice the same.
    return text.lower() if text.isascii() and text.isalnum() else _folded(text)


@functools.lru_cache(maxsize=1_000)
def _folded(text: str) -> str:
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).casefold())


def fold_name(text: str) -> str:
    """A name as it is compared: folded, and without the dots inside."""
    return fold(text).replace("·", "").replace(".", "")


@functools.lru_cache(maxsize=1_000)
def place(text: str) -> str:
    """A place folded, with ^ before each number, so that 12幢 is no part of 112幢 but begins 12幢101室."""
    return _NUMBER_BEGIN.sub("^", fold(text))


@functools.cache
def _dictionary() -> Mapping[int, str]:
    """The readings of single characters; loaded when the first is asked for, so that a log-in needn't wait for it."""
    # As the library's manual has it: its phrases, which nobody needs here, take 45 MB and half of the time.
    for setting in ("PYPINYIN_NO_PHRASES", "PYPINYIN_NO_DICT_COPY"):
        os.environ.setdefault(setting, "1")
    from pypinyin.pinyin_dict import pinyin_dict

    found: Mapping[int, str] = pinyin_dict
    return found


def load_readings() -> None:
    """Load the readings now, in whatever thread has time, so that no record waits for them later."""
    _dictionary()


def readings_loaded() -> bool:
    """Whether that was done."""
    return _dictionary.cache_info().currsize > 0


@functools.cache
def readings(character: str) -> tuple[str, ...]:
    """Every reading of *character* in plain letters, ü as v; a character without one reads as itself."""
    found: dict[str, None] = {}
    for spoken in _dictionary().get(ord(character), "").split(","):
        bare = unicodedata.normalize("NFD", spoken).replace("u\u0308", "v")
        letters = "".join(letter for letter in bare if "a" <= letter <= "z")
        # The dictionary also knows interjections without a vowel (ng, hm), which nobody types for a name.
        if letters and re.search(r"[aeiouv]", letters):
            found[letters] = None
    return tuple(found) or (character,)


@functools.lru_cache(maxsize=300)
def sounds(name: str) -> tuple[tuple[str, ...], ...]:
    """The readings of *name*, each as its syllables; where they are too many, one character varies at a time."""
    each = [readings(character) for character in name]
    if _count(name) <= _READINGS:
        return tuple(itertools.product(*each))
    usual = tuple(choices[0] for choices in each)
    varied = {usual: None}
    for index, choices in enumerate(each):
        for choice in choices[1:]:
            varied[(*usual[:index], choice, *usual[index + 1 :])] = None
    return tuple(varied)


def _count(name: str) -> int:
    """How many readings *name* has."""
    return math.prod([len(readings(character)) for character in name])


def spellings(name: str) -> Iterator[tuple[int, str]]:
    """(position of its first character, letters) of every way to type *name* from some character to its end."""
    for syllables in sounds(name):
        for start in range(len(syllables)):
            rest = syllables[start:]
            yield start, "".join(rest)
            yield start, "".join(syllable[0] for syllable in rest)


@functools.lru_cache(maxsize=300)
def name_tokens(name: str) -> str:
    """The tokens of one folded name, one space between two."""
    if len(name) > _SHORT or _count(name) > _READINGS:
        return _spelled_tokens(name)
    _, _, inside = _said(name[1:])
    letters: set[str] = set().union(*_sounds_from(name))
    begins = {name[:length] for length in range(1, _NAME_BEGIN + 1)}.union(*map(_begins, letters))
    first = _marked(INSIDE, (name[:1], name[:2]) if len(name) > 1 else (name,))
    return " ".join(filter(None, (_marked(WHOLE, {name, *letters}), _marked(BEGIN, begins), first, inside)))


def _spelled_tokens(name: str) -> str:
    """``name_tokens`` of a long name, or of one of so many readings that its characters aren't free to take any of theirs."""
    whole, begins = {name}, {name[:length] for length in range(1, _NAME_BEGIN + 1)}
    inside = {*name, *grams(name, 2)}
    for start, letters in spellings(name):
        if _LETTERS.fullmatch(letters):
            (inside if start else begins).update(_begins(letters))
            whole |= set() if start else {letters}
    return " ".join((_marked(WHOLE, whole), _marked(BEGIN, begins), _marked(INSIDE, inside)))


@functools.lru_cache(maxsize=1_000)
def _said(text: str) -> tuple[set[str], set[str], str]:
    """The end of a name: how it may be typed, spelled out and by initials, and its tokens. Many names end alike."""
    if not text:
        return {""}, {""}, ""
    said, initials = _sounds_from(text)
    inside = {text[:1], text[:2]}.union(*map(_begins, said | initials))
    return said, initials, " ".join(filter(None, (_marked(INSIDE, inside), _said(text[1:])[2])))


def _sounds_from(text: str) -> tuple[set[str], set[str]]:
    """What ``spellings`` gives from the first character of *text* on, without what isn't letters: spelled out, and by initials."""
    rest, rest_initials, _ = _said(text[1:])
    readable = [each for each in readings(text[0]) if _LETTERS.fullmatch(each)]
    said = {each + letters for each in readable for letters in rest}
    return said, {each[0] + letters for each in readable for letters in rest_initials}


def number_tokens(number: str) -> str:
    """The tokens of one number: whole, its last digits, and every three, four and six in a row."""
    ends = [number[-end:] for end in _ENDS if end <= len(number)]
    return " ".join(filter(None, (WHOLE + number, _marked(END, ends), _marked(DIGITS, _pieces(number, *RUNS)))))


@functools.lru_cache(maxsize=300)
def place_tokens(text: str) -> str:
    """The tokens of one marked place: pairs, and triples where a number takes part."""
    return _marked(PLACE, [*_pieces(text, 2), *_NUMERIC_TRIPLE.findall(text)])


def _marked(mark: str, texts: Collection[str]) -> str:
    return mark + f" {mark}".join(texts) if texts else ""


def _pieces(text: str, *sizes: int) -> Sequence[str]:
    """``grams`` of each of *sizes*, without a loop of ours: a county's first copy has a hundred million of them."""
    if sizes[-1] < len(text) <= _SHORT:
        return _cutter(len(text), sizes)(text)
    return [gram for size in sizes for gram in grams(text, size)]


@functools.cache
def _cutter(length: int, sizes: tuple[int, ...]) -> Callable[[str], tuple[str, ...]]:
    return operator.itemgetter(*[slice(at, at + size) for size in sizes for at in range(length - size + 1)])


def _begins(letters: str) -> tuple[str, ...]:
    """How *letters* begin, up to what is indexed of a sound."""
    return _BEGINS[min(len(letters), SOUND_LENGTH)](letters)


_BEGINS: list[Callable[[str], tuple[str, ...]]] = [
    lambda _: (),
    lambda letters: (letters,),
    *(operator.itemgetter(*[slice(0, end) for end in range(1, length + 1)]) for length in range(2, SOUND_LENGTH + 1)),
]


def numeric(gram: str) -> bool:
    """Whether a number takes part in *gram*: pairs of digits are too common to narrow a search."""
    return _NUMERIC.search(gram) is not None


def grams(text: str, size: int) -> Iterator[str]:
    """Every *size* characters in a row of *text*."""
    return (text[at : at + size] for at in range(len(text) - size + 1))


def tokens(form: str, area: str, found: Document) -> str:
    """All tokens of one record, as the index takes them; one may stand there twice."""
    parts = [FORM + form, *[AREA + area[:length] for length in _AREA_LENGTHS if length <= len(area)]]
    parts += map(name_tokens, found.names)
    parts += map(number_tokens, found.numbers)
    parts += filter(None, map(place_tokens, found.places))
    return " ".join(parts)


def area_token(prefix: str) -> str | None:
    """The token of an area's *prefix*, or None where the prefix isn't a whole county, township or village."""
    return AREA + prefix if len(prefix) in _AREA_LENGTHS else None


def begin_token(text: str) -> str:
    """The token of names that begin with *text*; longer ones than are kept are cut."""
    return BEGIN + text[: SOUND_LENGTH if _LETTERS.fullmatch(text) else _NAME_BEGIN]


def end_token(digits: str) -> str:
    """The token of numbers that end with *digits*; longer ones than are kept are cut."""
    return END + digits[-_ENDS[-1] :]


def is_letters(text: str) -> bool:
    """Whether *text* can be a sound."""
    return _LETTERS.fullmatch(text) is not None


def join(parts: Iterable[str]) -> str:
    """Several folded strings in one column; folding leaves no line break inside."""
    return "\n".join(parts)


def split(column: str) -> tuple[str, ...]:
    """The inverse of ``join``."""
    return tuple(column.split("\n")) if column else ()
