"""The kinds a field can be of, by the names under which forms declare them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from app.schema.credentials import read_document
from app.schema.credit_code import read_credit_code
from app.schema.dates import read_date, read_time, spoken_date
from app.schema.division_code import read_division
from app.schema.identity import identity_number
from app.schema.kind import Kind
from app.schema.number_kinds import Integer, Money, Number
from app.schema.outline import read_outline, spell, spoken
from app.schema.phone import read_phone, read_phones
from app.schema.values import BadValue, Value, person_name, plain, tight

if TYPE_CHECKING:
    from app.schema.codes import CodeList

__all__ = [
    "KINDS", "Address", "Choice", "CreditCode", "Date", "Division", "Document", "Geometry", "IdentityNumber", "Integer", "Kind", "LongText",
    "Money", "Name", "Number", "Phone", "Ref", "Text", "Time", "YesNo",
]  # fmt: skip


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
        return identity_number(str(raw))

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
class Division(Kind):
    """The code of a division of 6, 9 or 12 digits (GB/T 2260, GB/T 10114); what looks unlikely, ``division_code.doubts`` tells."""

    name: ClassVar[str] = "division"

    def check(self, raw: object) -> Value:
        if raw is None or not plain(str(raw)):
            return None
        return read_division(str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw))


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
        Division,
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
