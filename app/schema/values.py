"""What a field's value may be, and the faults that checking one can find."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.messages import sentence

Value = str | int | float | bool | None

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\x00-\x08\x0b-\x1f\x7f]")
# Most text needs no cleaning at all; one search says so.
_UNCLEAN = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\x00-\x20\x7f-\xa0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
_LOOSE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\x00-\x20\x7f-\xa0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\uff01-\uff5e]"
)
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_DOTS = re.compile("[\u2022\u2027\u22c5\u2219\u30fb\uff65\u00b7\u0387\u16eb\u2024\uff0e\u02d9\u318d\u2e31\u2e33]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HAN = r"\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_POINT = re.compile(rf"(?<=[{_HAN}])\.(?=[{_HAN}])")
_HAN_NAME = re.compile("[\u4e00-\u9fff]+")
_HAN_GAP = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field of people's data; *message* is a Chinese sentence that says what to do."""

    field: str
    code: str
    message: str


class BadValue(Exception):  # noqa: N818 - it carries a fault in data, it is no error of ours
    """A raw value that a kind can't take; *code* names a sentence in resources/messages/check.toml."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.message = sentence(f"check.{code}", **params)
        super().__init__(code)


def plain(text: str) -> str:
    """*text* without invisible characters, outer spaces and odd spaces; inner line breaks stay."""
    if not _UNCLEAN.search(text):
        return text
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()


def narrow(text: str) -> str:
    """*text* with full-width letters, digits and signs made half-width."""
    return text.translate(_WIDE)


def tight(text: str) -> str:
    """*text* narrow and without any space: what two spellings of one number or address have in common."""
    if not _LOOSE.search(text):
        return text
    return re.sub(r"\s+", "", narrow(plain(text)))


def person_name(text: str) -> str:
    """A name as it is kept: one kind of middle dot, no space between two Chinese characters."""
    if _HAN_NAME.fullmatch(text):
        return text  # as most are
    name = _DOTS.sub("·", plain(text).replace("\n", " "))
    name = re.sub(r"\s*·\s*", "·", _HAN_POINT.sub("·", name))
    return _HAN_GAP.sub("", _SPACES.sub(" ", name))


def comparable(text: str) -> str:
    """*text* as it is compared when headings and labels are matched: narrow, tight, lower case."""
    return unicodedata.normalize("NFKC", tight(text)).casefold()
