"""What the exchange and the store tell each other: areas, frames, digests, past exchanges, refused changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.schema import digest
from app.schema.record import first_rev

Stream = tuple[str, str]
"""An area's code and a class."""


@dataclass(frozen=True, slots=True)
class Area:
    """A division: 12-digit code, name, level (county, township, village), code of its parent."""

    code: str
    name: str
    level: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class SyncState:
    """What this device knows of itself and its county; ``token`` is the county's bearer token, ``begun`` the tag of its epoch, in hex."""

    device: str = ""
    incarnation: str = ""
    county: str = ""
    url: str = ""
    token: str = ""
    ca: str = ""
    epoch: int = 0
    begun: str = ""
    offset_ms: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame written down: its bytes never change. ``tries`` counts the failures to send it."""

    number: int
    incarnation: str
    content: bytes
    counters: tuple[int, ...]
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Recovery:
    """A county was restored and began *epoch*: what this device holds at revs beyond ``common`` is offered to it.

    ``begun``: the tag of the epoch's beginning, ``tag``: that of ``common``. ``after``: form and id of the last record whose offers
    were answered. ``end``: where the revs end that may be lost; reckoned from the epoch where it isn't given.
    """

    epoch: int
    begun: bytes
    common: int
    tag: bytes
    after: tuple[str, str]
    end: int = 0

    def __post_init__(self) -> None:
        if not self.end:
            object.__setattr__(self, "end", first_rev(self.epoch))

    def is_lost(self, rev: int) -> bool:
        """Whether *rev* is of the past that the county has lost."""
        return self.common < rev < self.end


@dataclass(frozen=True, slots=True)
class StreamDigest:
    """How many agreed records a stream holds, and the order-free sum of their hashes."""

    records: int = 0
    total: bytes = digest.ZERO


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the list of past exchanges."""

    at: int
    road: str
    sent: int
    received: int
    bytes_up: int
    bytes_down: int
    seconds: float
    result: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attention:
    """A refused change that a person should look at."""

    counter: int
    form: str
    id: str
    values: Mapping[str, Any]
    code: str
    time: int
