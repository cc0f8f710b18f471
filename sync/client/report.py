"""How an exchange goes and went, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import KnownError
from app.store.outbox import Waiting


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exchange is: changes answered, records received, bytes each way so far, changes still left.

    ``expected``: bytes that are likely still to go, both ways, as far as anybody can say; 0 where nobody can.
    """

    up: int
    down: int
    bytes_up: int
    bytes_down: int
    left: int
    expected: int = 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went one way: changes or records, and bytes of the body."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """How an exchange went; ``error`` is why it ended early, and everything that got through is kept all the same.

    ``mended``: records in which this device had silently become another than the county, put right.
    """

    ok: bool
    up: Traffic
    down: Traffic
    requests: int
    seconds: float
    left: Waiting
    conflicts: int
    refused: int
    in_agreement: bool
    error: KnownError | None = None
    mended: int = 0
    halted: str = ""
    """Why it ended before its end though nothing went wrong: a pause, the day's budget."""


@dataclass
class Tally:
    """What an exchange has done so far; its requests count here."""

    up: int = 0
    down: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    bytes_due: int = 0
    requests: int = 0
    offered: int = 0
    mended: int = 0

    @property
    def done(self) -> int:
        """Grows whenever something came through."""
        return self.up + self.down + self.mended + self.offered
