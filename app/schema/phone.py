"""Telephone numbers as clerks write them: mobile, landline, service numbers, one or several in one place."""

from __future__ import annotations

import re

from app.schema.values import BadValue, narrow, plain

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?", re.ASCII)
_LOCAL = re.compile(r"[2-9]\d{6,7}|[48]00\d{7}", re.ASCII)
# Numbers of emergency and public services: 110, 12345, 10086, 95598, 96110.
_SHORT = re.compile(r"11\d|12[02]|1[02]\d{3}|9[56]\d{3,4}", re.ASCII)
_BETWEEN = re.compile(r"[/、,，;；\n\t|]|或|和|(?<=\d{11})\s+(?=\d)|(?<=\d{7})\s+(?=[01])")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\uff0d]+")


def read_phone(raw: object) -> str:
    """Return the first number in one spelling; raise BadValue("phone_wrong" or "phone_digits_lost")."""
    if isinstance(raw, str) and _MOBILE.fullmatch(raw):
        return raw  # as nearly all that were ever saved are
    return _one(_written(raw)[0])


def read_phones(raw: object) -> list[str]:
    """Every number of *raw*, each once, in their order; raise BadValue where one of them is none."""
    return list(dict.fromkeys(_one(part) for part in _written(raw) if re.search(r"\w", part)))


def _written(raw: object) -> list[str]:
    text = narrow(plain(str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw)))
    text = re.sub(r"^(\d+)\.0+$", r"\1", _DASHES.sub("-", text))
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", text.upper()):
        raise BadValue("phone_digits_lost")
    together = re.sub(r"\s", "", text)
    # Grouped 7 and 4: the gap is inside the number and not between two.
    return [together] if _MOBILE.fullmatch(together) else _BETWEEN.split(text)


def _one(text: str) -> str:
    kept = re.sub(r"[\s.()（）]", "", text).lstrip("'’`")
    kept = kept.removeprefix("+86")
    digits = kept.replace("-", "")
    if digits.startswith("86") and _MOBILE.fullmatch(digits[2:]):
        digits = digits[2:]
    if _MOBILE.fullmatch(digits):
        return digits
    if _LANDLINE.fullmatch(kept):
        return _landline(kept)
    if _LANDLINE.fullmatch(digits):
        return _landline(digits)
    if _LOCAL.fullmatch(digits) or _SHORT.fullmatch(digits):
        return digits
    raise BadValue("phone_wrong", count=len(digits))


def _landline(number: str) -> str:
    if "-" in number:
        return number
    # 010 and 02x are the only three-digit area codes of the national numbering plan.
    cut = 3 if number[1] in "12" else 4
    return f"{number[:cut]}-{number[cut:]}"
