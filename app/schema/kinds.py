"""The kinds a field can be of: how each is checked, kept, shown, masked and written to a cell."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from app.schema.credentials import read_document
from app.schema.credit_code import read_credit_code
from app.schema.dates import read_date, read_time, spoken_date
from app.schema.identity import read_identity
from app.schema.outline import read_outline, spell, spoken
from app.schema.phone import read_phone, read_phones
from app.schema.values import BadValue, Value, narrow, person_name, plain, tight

if TYPE_CHECKING:
    from app.schema.codes import CodeList

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# Whole numbers beyond it are not exact in every program that a value passes through (Excel, JSON).
_MOST = 2**53
_LARGEST = 1e300


@dataclass(frozen=True)
class Kind:
    """Text, and the base of all others. ``column`` is the storage class: text, integer or real."""

    name: ClassVar[str] = "text"
    column: ClassVar[str] = "text"
    max: int = 200

    def check(self, raw: object) -> Value:
        """Return *raw* in its canonical form, None for empty; raise BadValue."""
        if raw is None:
            return None
        text = self._read(str(raw) if not isinstance(raw, float) or not raw.is_integer() else str(int(raw)))
        if len(text) > self.max:
            raise BadValue("too_long", max=self.max, count=len(text))
        return text or None

    def _read(self, text: str) -> str:
        return plain(text).replace("\n", " ")

    def show(self, value: Value) -> str:
        """*value* as people read it; empty for None."""
        return "" if value is None else str(value)

    def mask(self, value: Value) -> str:
        """*value* as lists and prints show it to whom it doesn't concern."""
        return self.show(value)

    @property
    def converts(self) -> bool:
        """Whether a column holds something else than the value."""
        return type(self).load is not Kind.load or type(self).dump is not Kind.dump

    def load(self, stored: Value) -> Value:
        """The value for what a database column holds."""
        return stored

    def dump(self, value: Value) -> Value:
        """What a database column holds for *value*."""
        return value

    def cell(self, value: Value) -> Value:
        """*value* as an Excel cell holds it."""
        return self.show(value) or None


@dataclass(frozen=True)
class Text(Kind):
    """One line of text."""


@dataclass(frozen=True)
class LongText(Kind):
    """Text of several lines."""

    name: ClassVar[str] = "longtext"
    max: int = 20_000

    def _read(self, text: str) -> str:
        return plain(text)


@dataclass(frozen=True)
class Name(Kind):
    """A person's name."""

    name: ClassVar[str] = "name"
    max: int = 50

    def _read(self, text: str) -> str:
        return person_name(text)

    def mask(self, value: Value) -> str:
        text = self.show(value)
        return text[:1] + "*" * min(len(text) - 1, 2) if text else ""


@dataclass(frozen=True)
class Address(Kind):
    """A place in words: half-width, without spaces."""

    name: ClassVar[str] = "address"

    def _read(self, text: str) -> str:
        return tight(text)

    def mask(self, value: Value) -> str:
        return re.sub(r"\d", "*", self.show(value))


@dataclass(frozen=True)
class Phone(Kind):
    """A telephone number."""

    name: ClassVar[str] = "phone"

    def check(self, raw: object) -> Value:
        if raw is None or not plain(str(raw)):
            return None
        number = read_phone(raw)
        if number != raw and len(read_phones(raw)) > 1:
            raise BadValue("phone_many", first=number)  # the second would be lost without a word
        return number

    def mask(self, value: Value) -> str:
        text = self.show(value)
        # An eight-digit number without area code would keep a single secret digit if its head were shown.
        head = text[:3] if len(text) > 9 else ""
        return f"{head}****{text[-4:]}" if len(text) > 7 else "*" * len(text)


@dataclass(frozen=True)
class IdentityNumber(Kind):
    """A citizen identity number (GB 11643-1999)."""

    name: ClassVar[str] = "identity"

    def check(self, raw: object) -> Value:
        if raw is None or not plain(str(raw)):
            return None
        return read_identity(str(raw)).number

    def mask(self, value: Value) -> str:
        text = self.show(value)
        return f"{text[:6]}********{text[14:]}" if len(text) == 18 else "*" * len(text)


@dataclass(frozen=True)
class CreditCode(Kind):
    """A unified social credit code (GB 32100-2015)."""

    name: ClassVar[str] = "credit_code"

    def check(self, raw: object) -> Value:
        if raw is None or not plain(str(raw)):
            return None
        return read_credit_code(str(raw))


@dataclass(frozen=True)
class Document(Kind):
    """The number of any paper, or a citizen's number as it was written; ``schema.credentials`` tells what is right for which."""

    name: ClassVar[str] = "document"

    def check(self, raw: object) -> Value:
        if raw is None or not plain(str(raw)):
            return None
        return read_document(str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw)) or None

    def mask(self, value: Value) -> str:
        text = self.show(value)
        shown = min(4, len(text) // 4)
        return text[:shown] + "*" * (len(text) - 2 * shown) + text[len(text) - shown :]


@dataclass(frozen=True)
class Date(Kind):
    """A calendar day, kept as ``YYYY-MM-DD``."""

    name: ClassVar[str] = "date"

    def check(self, raw: object) -> Value:
        return None if raw is None or not str(raw).strip() else read_date(raw)

    def show(self, value: Value) -> str:
        return "" if value is None else str(value)

    def spoken(self, value: Value) -> str:
        """``2026年9月18日``."""
        return "" if value is None else spoken_date(str(value))


@dataclass(frozen=True)
class Time(Kind):
    """A moment, kept as ``YYYY-MM-DDTHH:MM:SS+08:00``."""

    name: ClassVar[str] = "time"

    def check(self, raw: object) -> Value:
        return None if raw is None or not str(raw).strip() else read_time(raw)

    def show(self, value: Value) -> str:
        return "" if value is None else str(value)[:16].replace("T", " ")


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number."""

    name: ClassVar[str] = "integer"
    column: ClassVar[str] = "integer"
    min: int | None = None
    max: int = _MOST

    def check(self, raw: object) -> Value:
        # An int stays one on its way: as a float, one above the limit would be rounded onto it.
        number = int(raw) if isinstance(raw, int) else _number(raw)
        if number is None:
            return None
        if number != int(number):
            raise BadValue("number_wrong", value=str(raw))
        return int(_between(number, -_MOST if self.min is None else self.min, self.max))

    def cell(self, value: Value) -> Value:
        return value


@dataclass(frozen=True)
class Number(Kind):
    """A decimal number, such as an area in m² or a longitude in degrees."""

    name: ClassVar[str] = "number"
    column: ClassVar[str] = "real"
    min: float | None = None
    max: float | None = None  # type: ignore[assignment]

    def check(self, raw: object) -> Value:
        number = _number(raw)
        # Adding nothing makes -0.0 the one zero that there is.
        return None if number is None else float(_between(number, self.min, self.max)) + 0.0

    def show(self, value: Value) -> str:
        return "" if value is None else f"{value:.10g}"

    def cell(self, value: Value) -> Value:
        return value


@dataclass(frozen=True)
class Money(Kind):
    """An amount in yuan, kept in fen."""

    name: ClassVar[str] = "money"
    column: ClassVar[str] = "integer"

    def check(self, raw: object) -> Value:
        """Take yuan as people write them ("3,200.50 元"); an int is fen already."""
        if isinstance(raw, int) and not isinstance(raw, bool):
            return int(_between(raw, -_MOST, _MOST))
        number = _number(raw if isinstance(raw, float) else re.sub(r"[,，元¥￥]", "", "" if raw is None else str(raw)))
        return None if number is None else int(_between(round(number * 100), -_MOST, _MOST))

    def show(self, value: Value) -> str:
        return "" if value is None else f"{int(value) / 100:,.2f}"

    def cell(self, value: Value) -> Value:
        return None if value is None else int(value) / 100


@dataclass(frozen=True)
class YesNo(Kind):
    """Yes or no."""

    name: ClassVar[str] = "yesno"
    column: ClassVar[str] = "integer"

    def check(self, raw: object) -> Value:
        text = "" if raw is None else tight(str(raw)).lower()
        if not text:
            return None
        if text in {"是", "有", "1", "1.0", "true", "yes", "y", "√", "✓"}:
            return True
        if text in {"否", "无", "没有", "不是", "0", "0.0", "false", "no", "n", "×"}:
            return False
        raise BadValue("yes_no_wrong", value=str(raw))

    def show(self, value: Value) -> str:
        return "" if value is None else "是" if value else "否"

    def load(self, stored: Value) -> Value:
        return None if stored is None else bool(stored)

    def dump(self, value: Value) -> Value:
        return None if value is None else int(bool(value))


@dataclass(frozen=True)
class Choice(Kind):
    """A code out of a code list."""

    name: ClassVar[str] = "choice"
    codes: CodeList | None = None

    def check(self, raw: object) -> Value:
        if raw is None or not plain(str(raw)):
            return None
        if self.codes is None:
            return plain(str(raw))
        code = self.codes.match(str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw))
        if code is None:
            raise BadValue("choice_unknown", value=str(raw), title=self.codes.title)
        return code

    def show(self, value: Value) -> str:
        if value is None:
            return ""
        return self.codes.label(str(value)) if self.codes else str(value)


@dataclass(frozen=True)
class Ref(Kind):
    """The id of a record of another form."""

    name: ClassVar[str] = "ref"
    form: str = ""

    def check(self, raw: object) -> Value:
        text = "" if raw is None else tight(str(raw)).replace("-", "").lower()
        if not text:
            return None
        if not re.fullmatch(r"[0-9a-f]{32}", text):
            raise BadValue("reference_wrong")
        return text


@dataclass(frozen=True)
class Geometry(Kind):
    """The outline of a place, kept as GeoJSON in the one spelling of ``app.schema.outline``.

    Whether it crosses itself is not asked here: that needs a geometry library, and ``app.rules.geometry`` has one.
    """

    name: ClassVar[str] = "geometry"

    def check(self, raw: object) -> Value:
        return None if raw is None or (isinstance(raw, str) and not plain(raw)) else spell(read_outline(raw))

    def show(self, value: Value) -> str:
        if value is None:
            return ""
        try:
            return spoken(read_outline(value))
        except BadValue:
            # A newer program may keep what this one can't read.
            return "（看不懂的范围）"

    def mask(self, value: Value) -> str:
        return self.show(value)

    def cell(self, value: Value) -> Value:
        return value


def _number(raw: object) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, int | float):
        if isinstance(raw, float) and not math.isfinite(raw):
            raise BadValue("number_wrong", value=str(raw))
        return float(_between(raw, -_LARGEST, _LARGEST))
    text = narrow(plain(str(raw))).replace(",", "").replace(" ", "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadValue("number_wrong", value=str(raw))
    return _between(float(text), -_LARGEST, _LARGEST)


def _between(number: float, low: float | None, high: float | None) -> float:
    if low is not None and number < low:
        raise BadValue("number_small", min=low)
    if high is not None and number > high:
        raise BadValue("number_large", max=high)
    return number


KINDS: dict[str, type[Kind]] = {
    kind.name: kind
    for kind in (
        Text,
        LongText,
        Name,
        Address,
        Phone,
        IdentityNumber,
        CreditCode,
        Document,
        Date,
        Time,
        Integer,
        Number,
        Money,
        YesNo,
        Choice,
        Ref,
        Geometry,
    )
}
