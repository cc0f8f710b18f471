"""Case numbers as data: how a township's row is written, and how many of its numbers a device gets at once."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import KnownError
from app.paths import resource
from app.rules.reading import Sheet, read_table

_PARTS = {"row", "year", "serial"}
_DAY_MS = 24 * 3600 * 1000
_TOWNSHIP = slice(6, 9)


@dataclass(frozen=True, slots=True)
class Series:
    """A row of numbers of one year: what stands before and after the serial, and its least digits.

    Two numbers are alike only where all of it is: so a row is told by what is written, whatever it was reckoned from.
    """

    year: int
    before: str
    after: str
    width: int

    def number(self, serial: int) -> str:
        """The number as it is printed."""
        return f"{self.before}{serial:0{self.width}}{self.after}"

    def serial(self, number: str) -> int:
        """The serial of *number*; 0 for one of another row."""
        middle = number[len(self.before) : len(number) - len(self.after)]
        digits = middle.isascii() and middle.isdecimal()
        return int(middle) if digits and self.number(int(middle)) == number else 0


@dataclass(frozen=True)
class Numbering:
    """``numbers.toml``: the way a number is written, and the size of blocks."""

    format: str = "{row}〔{year}〕{serial}"
    width: int = 5
    days: int = 30
    least: int = 20
    most: int = 500
    rows: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | Sheet | None = None) -> Numbering:
        """The table at *path* (default: resources/rules/numbers.toml); KnownError by name of what is wrong."""
        root = read_table(path or resource("rules", "numbers.toml"))
        root.only("format", "width", "block", "rows")
        block = root.table("block")
        block.only("days", "least", "most")
        rows = root.table("rows")
        made = cls(
            root.text("format"),
            root.whole("width"),
            block.whole("days"),
            block.whole("least"),
            block.whole("most"),
            {code: rows.text(code) for code in rows},
        )
        if not _readable(made.format):
            raise root.fault("value_wrong", key="format", wanted="含 {row}、{year}、{serial} 的写法，流水前后不挨数字")
        if not 1 <= made.width <= 9:
            raise root.fault("value_wrong", key="width", wanted="1 到 9 的整数")
        if not (made.days > 0 and 1 <= made.least <= made.most <= 5000):
            raise block.fault("value_wrong", key="least", wanted="1 以上、不大于 most 的整数（most 不大于 5000）")
        for code, words in made.rows.items():
            # Digits alone could be another township's.
            if not words.strip() or words.isdecimal() or len(words) > 12:
                raise rows.fault("value_wrong", key=code, wanted="1 到 12 个字、不全是数字的代号")
        if len(set(made.rows.values())) < len(made.rows):
            raise KnownError("rules.rows_alike", file=root.file)
        return made

    def series(self, area: str, year: int) -> Series:
        """The row of the township (or county) *area* in *year*. Two townships of one name have one row together."""
        row = self.rows.get(area) or area[_TOWNSHIP]
        before, _, after = self.format.partition("{serial}")
        return Series(year, before.format(row=row, year=year), after.format(row=row, year=year), self.width)

    def size(self, before: int, age_ms: int) -> int:
        """How many numbers a device gets that got *before* of them *age_ms* ago; 0 for the first time."""
        wanted = before * self.days * _DAY_MS // max(age_ms, _DAY_MS)
        return min(max(wanted, self.least), self.most)


def _readable(text: str) -> bool:
    """Whether the number can be taken apart again, so that no two rows can ever meet."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return False
    names = [name for _, name, _, _ in parts if name is not None]
    if sorted(names) != sorted(_PARTS) or any(spec or conversion for _, _, spec, conversion in parts):
        return False
    before, _, after = text.partition("{serial}")
    beside = before[-1:], after[:1]
    # A row may end with a digit, and a year does: neither may touch the serial.
    return not any(sign.isdecimal() or sign in {"}", "{"} for sign in beside) and "\n" not in text and len(text) <= 40
