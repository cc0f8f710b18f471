"""Numbers of grids: the village's 12 digits and 3 more, a micro grid's 2 on top; a number that was given up is never used again (domain 2.6)."""

from __future__ import annotations

import re
from collections.abc import Collection

_CODE = re.compile(r"\d{15}(\d{2})?")
_RANGES = {"dedicated": range(501, 900)}
_GENERAL = range(1, 500)


def formed(code: str) -> bool:
    """Whether *code* can be a grid's number at all: 15 digits, a micro grid's 17."""
    return bool(_CODE.fullmatch(code))


def fits(code: str, area: str) -> bool:
    """Whether *code* is a grid's number in the village *area*."""
    return formed(code) and code.startswith(area)


def next_code(area: str, kind: str, used: Collection[str], upper: str = "") -> str:
    """The next free number in *area* for a grid of *kind*; a micro grid's follows the number of the grid *upper*. Empty where none is left.

    *used*: every number that ever was. 001 to 499 for ordinary grids, 501 to 899 for dedicated ones.
    """
    taken = set(used)
    if kind == "micro" and len(upper) == 15:
        return next((code for n in range(1, 100) if (code := f"{upper}{n:02}") not in taken), "")
    numbers = [int(code[12:15]) for code in taken if code.startswith(area) and len(code) == 15 and code.isdigit()]
    allowed = _RANGES.get(kind, _GENERAL)
    # After the last rather than into a hole: a hole may be a number that was given up before anybody kept records.
    first = max((n for n in numbers if n in allowed), default=allowed.start - 1) + 1
    return f"{area}{first:03}" if first in allowed else ""
