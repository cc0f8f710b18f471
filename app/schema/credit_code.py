"""The unified social credit code of an organisation (GB 32100-2015): reading and both check characters."""

from __future__ import annotations

import re

from app.schema.values import BadValue, tight

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
# GB 11714: the nine characters in the middle are an organisation code with a check character of its own.
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_INNER_CHECKS = "0X987654321"
_BODIES = re.compile(r"1[1239]|2[19]|3[1-59]|4[19]|5[1-59]|6[129]|7[129]|8[19]|9[123]|A[19]|N[1239]|Y1")


def check_sign(first17: str) -> str:
    """The 18th character by GB 32100-2015."""
    return (_SIGNS + "0")[31 - sum(_SIGNS.index(sign) * w for sign, w in zip(first17, _WEIGHTS, strict=True)) % 31]


def inner_check(first8: str) -> str:
    """The ninth character of an organisation code by GB 11714."""
    return _INNER_CHECKS[sum(int(sign, 36) * w for sign, w in zip(first8, _INNER_WEIGHTS, strict=True)) % 11]


def read_credit_code(raw: str) -> str:
    """Return *raw* in capitals without spaces; raise BadValue saying what is wrong."""
    text = tight(raw).lstrip("'’‘`").replace("-", "").upper()
    if re.fullmatch(r"\d(\.\d+)?E\+?\d\d", text):
        raise BadValue("credit_digits_lost")
    if len(text) != 18:
        raise BadValue("credit_length_wrong", count=len(text))
    odd = next((sign for sign in text if sign not in _SIGNS), "")
    if odd:
        raise BadValue("credit_characters_wrong", sign=odd)
    if not _BODIES.match(text) or not text[2:8].isdigit():
        raise BadValue("credit_begin_wrong", begin=text[:8])
    if text[16] != inner_check(text[8:16]) or text[17] != check_sign(text[:17]):
        raise BadValue("credit_check_wrong")
    return text
