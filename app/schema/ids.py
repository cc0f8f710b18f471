"""Record ids: UUID version 7 (RFC 9562), made on the device."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable


class IdMaker:
    """Makes UUIDv7 ids whose random part is drawn once and counted up, so that a frame of them compresses."""

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # The highest of the 62 bits is left free: counting up must never begin anew within one millisecond.
        self._tail = secrets.randbits(61)
        self._last = 0

    def __call__(self) -> str:
        """A new id of 32 hex digits, greater than all that this maker made before."""
        with self._lock:
            now = max(self._clock() // 1_000_000, self._last)
            self._last = now
            self._tail += 1
            tail = self._tail & ((1 << 62) - 1)
        number = (now & ((1 << 48) - 1)) << 80 | 0x7 << 76 | 0b10 << 62 | tail
        return f"{number:032x}"


def companion(record_id: str, form: str) -> str:
    """The id of the one record of *form* that belongs to the record *record_id*: two devices that make it apart make the same one.

    It has the time of its owner and is a UUIDv7 in form.
    """
    digest = int.from_bytes(hashlib.blake2b(f"{form} {record_id}".encode(), digest_size=10).digest(), "big")
    number = (
        int(record_id[:12], 16) << 80 | 0x7 << 76 | (digest >> 62 & 0xFFF) << 64 | 0b10 << 62 | digest & (1 << 62) - 1
    )
    return f"{number:032x}"
