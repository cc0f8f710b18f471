"""Codes of divisions: 6 digits to the county (GB/T 2260), 9 to the township, 12 to the village; what is wrong, and what is only unlikely."""

from __future__ import annotations

from collections.abc import Collection

from app.messages import sentence
from app.schema.regions import PROVINCES
from app.schema.values import BadValue, Fault, narrow, tight

LEVELS = ("province", "prefecture", "county", "township", "village")
_ENDS = (2, 4, 6, 9, 12)
_LENGTHS = (6, 9, 12)
_NOBODYS = "99"
"""No province has it: made-up counties, for trying the program."""
# Domain 2.5: the third and fourth digits 01-20 and 51-70 cities, 21-50 prefectures; 90 counties directly under a province.
_PREFECTURES = (*range(1, 71), 90)
# Which classes there are is verified, their numbers are not: what lies outside is a reason to look again, never to refuse.
_TOWNSHIPS = range(1, 600)
_VILLAGES = (*range(1, 499), *range(500, 599))


def read_division(raw: str) -> str:
    """*raw* as digits alone; BadValue where it can't be a division's code: another length, or something below nothing."""
    text = tight(narrow(raw))
    if not text.isascii() or not text.isdigit() or len(text) not in _LENGTHS:
        raise BadValue("division_length", count=len(text))
    parts = _parts(text)
    empty = [not int(part) for part in parts]
    # A county directly under its province has no prefecture; everything else lies in what is above it.
    if empty[0] or (empty[2] and not all(empty[3:])) or (len(parts) == 5 and empty[3] and not empty[4]):
        raise BadValue("division_gap", value=text)
    return text


def level(code: str) -> str:
    """How deep *code*, as ``read_division`` gives it, goes: one of ``LEVELS``."""
    held = [place for place, part in enumerate(_parts(code)) if int(part)]
    return LEVELS[max(held)]


def doubts(code: str, counties: Collection[str] = (), own: Collection[str] = ()) -> list[Fault]:
    """What is unlikely about *code*; *counties*: the six digits of those that are known, *own* codes that count as they are.

    Where *counties* knows none of a province, it says nothing about that province.
    """
    if code.startswith(_NOBODYS) or any(code[:6] == each[:6] for each in own):
        return []
    parts, found = _parts(code), []

    def say(name: str, **params: object) -> None:
        found.append(Fault("", name, sentence(f"check.{name}", value=code, **params)))

    if parts[0] not in PROVINCES:
        say("division_province", begin=parts[0])
    if int(parts[1]) and int(parts[1]) not in _PREFECTURES:
        say("division_prefecture", part=parts[1])
    known = {county[:6] for county in counties if county[:2] == code[:2]}
    if known and int(parts[2]) and code[:6] not in known:
        say("division_county", county=code[:6])
    if len(parts) > 3 and int(parts[3]) and int(parts[3]) not in _TOWNSHIPS:
        say("division_township", part=parts[3])
    if len(parts) > 4 and int(parts[4]) and int(parts[4]) not in _VILLAGES:
        say("division_village", part=parts[4])
    return found


def _parts(code: str) -> list[str]:
    starts = (0, *_ENDS)
    return [code[start:end] for start, end in zip(starts, _ENDS, strict=False) if end <= len(code)]
