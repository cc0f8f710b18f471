"""Papers other than the citizen identity number: what a number of each kind (GA/T 517) looks like."""

from __future__ import annotations

import re

from app.schema.identity import read_identity
from app.schema.values import BadValue, tight

CITIZEN, TEMPORARY, PASSPORT, TAIWAN, HONG_KONG_MACAU, FOREIGN_RESIDENT = "111", "112", "414", "511", "516", "553"
"""Codes of GA/T 517 that have a rule here; papers of other kinds are taken as they are written."""

_MOST = 40
_SHAPES = {
    PASSPORT: re.compile(r"[A-Z0-9]{5,17}", re.ASCII),
    TAIWAN: re.compile(r"\d{8}|\d{10}", re.ASCII),
    HONG_KONG_MACAU: re.compile(r"[HM]\d{8}(\d{2})?", re.ASCII),
}
# The card before 2023: country in letters, place, date of birth, two digits.
_OLD_FOREIGN = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)


def read_document(raw: str) -> str:
    """Return the number of a paper in capitals, half-width and without spaces; raise BadValue("too_long")."""
    text = tight(raw).lstrip("'’‘`").upper()
    if len(text) > _MOST:
        raise BadValue("too_long", max=_MOST, count=len(text))
    return text


def kind_of(number: str) -> str | None:
    """The paper that *number*, as ``read_document`` gives it, is plainly of; None where it may be any."""
    if _SHAPES[HONG_KONG_MACAU].fullmatch(number):
        return HONG_KONG_MACAU
    if _OLD_FOREIGN.fullmatch(number):
        return FOREIGN_RESIDENT
    letters = sum(sign.isalpha() for sign in number)
    return PASSPORT if 1 <= letters <= 3 and number[0].isalpha() and _SHAPES[PASSPORT].fullmatch(number) else None


def check_document(kind: str | None, number: str) -> None:
    """Raise BadValue where *number* can't be that of a paper of *kind*, a code of GA/T 517."""
    if kind in (CITIZEN, TEMPORARY):
        read_identity(number)
    elif kind == FOREIGN_RESIDENT:
        if _OLD_FOREIGN.fullmatch(number):
            return
        # Since 2023: 9, two digits of the place, three of the country, then as a citizen's number, with the same check.
        if not number.startswith("9"):
            raise BadValue("document_foreign_wrong")
        read_identity(number)
    elif kind in _SHAPES and not _SHAPES[kind].fullmatch(number):
        raise BadValue(f"document_{kind}_wrong")
