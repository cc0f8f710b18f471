"""What a hello may say at all, before anything is done about it: a forged one costs the county nothing."""

from __future__ import annotations

from sync.wire import MARK_SIZE, Hello

MOST_NUMBERS = 20_000
"""Frames that one hello may ask after or give up, and streams that it may name."""
_LONGEST = 64
_MOST_ROWS = 100
"""Years and rows of case numbers, and rules that can't be read, that one hello may name."""
_MOST = 1 << 62


def fault(hello: Hello) -> str:
    """Why *hello* can't be a device's: texts that no device has, numbers beyond those that the tables hold. Empty where it can."""
    if not (0 < len(hello.incarnation) <= _LONGEST and hello.incarnation.isascii() and hello.incarnation.isprintable()):
        return "sync.garbage"
    if max(len(hello.asked), len(hello.void), len(hello.behind), len(hello.have), len(hello.made)) > MOST_NUMBERS:
        return "sync.too_large"
    rows = [*hello.numbers[1:]] if hello.numbers else []
    if any(len(held) > _MOST_ROWS for held in (*rows, hello.rules[2] if hello.rules else ())):
        return "sync.too_large"
    revs = [rev for rev, _ in hello.cursors.values()] + [rev for *_, rev in hello.behind]
    if any(len(mark) != MARK_SIZE for _, mark in hello.made):
        return "sync.garbage"
    numbers = [
        *hello.asked,
        *hello.void,
        *(number for number, _ in hello.made),
        *(number for pair in hello.have for number in pair),
        hello.epoch,
        hello.resume[1],
    ]
    return "" if all(0 <= number < _MOST for number in (*revs, *numbers)) else "sync.garbage"


def plain(text: str, most: int) -> str:
    """At most *most* letters of *text*, without what a database can't hold."""
    return text.replace("\0", "")[:most]
