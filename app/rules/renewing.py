"""Rules that many hold and that a county changes: in one step for all who hold them, and not under the hands of who reckons by them."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

T = TypeVar("T")


def renew(held: Any, new: Any) -> None:
    """Make *held*, a value that many have, be what *new* is: nobody who has it must be asked to fetch another."""
    # One step: whoever takes it ``still`` beside gets all of the one or all of the other, and nothing reckoned from other values.
    object.__setattr__(held, "__dict__", dict(vars(new)))


def still(held: T) -> T:
    """*held* as it is now: for what has to be reckoned by the same rules from its beginning to its end."""
    return copy.copy(held)
