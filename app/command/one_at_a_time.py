"""A lock file: one exchange at a time for each store, whichever process begins it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from app.errors import KnownError


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold *path* for the length of the block; KnownError("sync.running") where another process does.

    The lock is the operating system's: it goes with the process that holds it, however that ends.
    """
    with path.open("a+b") as file:
        try:
            _take(file.fileno())
        except OSError as bad:
            raise KnownError("sync.running") from bad
        try:
            yield
        finally:
            _give(file.fileno())


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _give(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
