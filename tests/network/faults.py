"""What may go wrong with one request, as data: so that a seed says it all."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "refuse": "the connection ends before a byte came through",
    "cut_up": "cut after so many bytes up",
    "cut_down": "cut after so many bytes down",
    "cut_at": "cut so many seconds after the request began, wherever it is",
    "cut_between": "the county got all of it; cut so many seconds later, before a byte of the answer came through",
    "stall_up": "open, but after so many bytes up nothing moves; cut so many seconds later",
    "stall_down": "open, but after so many bytes down nothing moves; cut so many seconds later",
    "garbage_up": "one byte of what goes up is another",
    "garbage_down": "one byte of what comes down is another",
    "insert_down": "bytes that nobody sent, in the middle of the answer",
    "bad_gateway": "HTTP 502 by somebody on the way; the county heard nothing",
    "gateway_timeout": "HTTP 504 by somebody on the way; the county did it",
    "portal": "a log-in page with status 200; the county heard nothing",
    "late": "cut; the county gets the whole request after later ones have passed",
    "wait": "held until another request has passed, or so many seconds",
    "twice": "it passes, and the county gets it once more after later ones have passed",
}
WORSE_THAN_TLS = {"garbage_up", "garbage_down", "insert_down"}
"""What can't happen inside https: there it is a cut."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One of KINDS. *after* counts the bytes of its request one way, heads included; *seconds* may be 0."""

    kind: str
    after: int = 0
    seconds: float = 0.0

    @property
    def abrupt(self) -> bool:
        """Whether the end of the connection is a reset."""
        return self.after % 3 > 0


def draw(random, size=1_500, kinds=tuple(KINDS)):
    """A fault for a request of about *size* bytes: near its beginning or anywhere, in its time or after it."""
    after = random.randrange(random.choice([60, 400, size, size * 4]))
    return Fault(random.choice(kinds), after, random.choice([0, 0.001, 0.003, 0.01, 0.03]))
