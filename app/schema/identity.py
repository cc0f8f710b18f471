"""The citizen identity number (GB 11643-1999): reading, check character, and what it tells."""

from __future__ import annotations

import datetime
import operator
import re
from dataclasses import dataclass

from app.messages import sentence
from app.schema.dates import CHINA
from app.schema.values import BadValue, tight

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CODES = ord("0") * sum(_WEIGHTS)
_CHECKS = "10X98765432"
_CROSSES = str.maketrans({"x": "X", "×": "X", "✕": "X", "Х": "X", "х": "X", "╳": "X", "*": "X"})
_WHOLE = re.compile(r"[0-9]{17}[0-9X]")
OLDEST = 130
"""Years that nobody is older than."""
# The standard's second example is of 1880 and must stay readable.
_EXAMPLE = "440524188001010014"


@dataclass(frozen=True, slots=True)
class Identity:
    """A valid number and what it tells: birth date (ISO), sex (GB/T 2261.1), and whether it was upgraded from 15 digits."""

    number: str
    birth_date: str
    sex: str
    upgraded: bool = False


def told_apart(number: str | None, sex: object, birth_date: object) -> list[tuple[str, str]]:
    """(field, sentence) where *sex* or *birth_date* say another thing than *number* does; nothing of an unknown sex."""
    if not number:
        return []
    identity = read_identity(number)
    said = []
    if sex in ("1", "2") and sex != identity.sex:
        said.append(("sex", sentence("check.id_sex_differs", sex="男" if identity.sex == "1" else "女")))
    if birth_date and birth_date != identity.birth_date:
        said.append(("birth_date", sentence("check.id_birth_differs", date=identity.birth_date)))
    return said


def check_character(first17: str) -> str:
    """The 18th character by ISO 7064 MOD 11-2 (GB 11643-1999)."""
    if first17.isascii():
        # The codes of all digits at once: a county checks ten thousand numbers in an exchange.
        return _CHECKS[(sum(map(operator.mul, first17.encode(), _WEIGHTS)) - _CODES) % 11]
    return _CHECKS[sum(map(operator.mul, map(int, first17), _WEIGHTS)) % 11]


def read_identity(raw: str, today: datetime.date | None = None) -> Identity:
    """Read *raw* as people write it (spaces, groups, full width, ×); raise BadValue saying what is wrong.

    Fifteen digits of the old kind are upgraded with century 19.
    """
    text, birth, upgraded = _read(raw, today)
    return Identity(text, birth.isoformat(), "1" if int(text[16]) % 2 else "2", upgraded)


def identity_number(raw: str) -> str:
    """``read_identity(raw).number``, without a look at what it tells."""
    return _read(raw, None)[0]


def _read(raw: str, today: datetime.date | None) -> tuple[str, datetime.date, bool]:
    """The number, its birth date, and whether it was upgraded."""
    # As nearly all that were ever saved are, it needs no cleaning.
    text, upgraded = (raw, False) if _WHOLE.fullmatch(raw) else _cleaned(raw)
    today = today or datetime.datetime.now(CHINA).date()
    try:
        birth = datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise BadValue("id_date_wrong", date=f"{text[6:10]}年{text[10:12]}月{text[12:14]}日") from None
    if birth > today:
        raise BadValue("id_birth_in_future")
    if today.year - birth.year > OLDEST and text != _EXAMPLE:
        raise BadValue("id_date_wrong", date=f"{birth.year}年{birth.month}月{birth.day}日")
    if text[17] != check_character(text[:17]):
        raise BadValue("id_check_wrong")
    return text, birth, upgraded


def _cleaned(raw: str) -> tuple[str, bool]:
    """*raw* as 18 signs, and whether it was upgraded from 15."""
    text = tight(raw).lstrip("'’‘`").replace("-", "").translate(_CROSSES)
    if re.fullmatch(r"\d(\.\d+)?E\+?1[4-8]", text.upper()):
        raise BadValue("id_digits_lost")
    upgraded = False
    if re.fullmatch(r"\d{15}", text):
        text = text[:6] + "19" + text[6:]
        text += check_character(text)
        upgraded = True
    if len(text) != 18:
        raise BadValue("id_length_wrong", count=len(text))
    if not re.fullmatch(r"\d{17}[\dX]", text, re.ASCII):
        raise BadValue("id_characters_wrong")
    return text, upgraded
