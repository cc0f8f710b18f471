"""Files on a stick: read whole, written whole, named so that a person can tell them apart."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

from app.errors import KnownError
from app.schema.dates import CHINA

SUFFIX = ".xzt"


def read_whole(path: Path, most: int) -> bytes:
    """What is in *path*; KnownError("bundle.unreadable", "bundle.too_large")."""
    try:
        size = path.stat().st_size
        if size > most:
            raise KnownError("bundle.too_large", size=size >> 20)
        return path.read_bytes()
    except OSError as bad:
        raise KnownError("bundle.unreadable", path=path) from bad


def write_whole(path: Path, content: bytes) -> None:
    """Put *content* into *path*, on the disk itself when this returns; a half-written file never has the name.

    KnownError("bundle.unwritable"): a stick that is full, locked or was drawn out.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if part.read_bytes() != content:
            raise OSError("read back otherwise")
        part.replace(path)
    except OSError as bad:
        part.unlink(missing_ok=True)
        raise KnownError("bundle.unwritable", path=path) from bad


def named(path: Path, kind: str, whose: str, at: int) -> Path:
    """*path*; where it is a folder, a file in it that says what it is, whose, and when it was made (ms since 1970 UTC)."""
    if not path.is_dir():
        return path
    when = dt.datetime.fromtimestamp(at / 1000, CHINA)
    whose = re.sub(r"[^\w-]+", "", whose)
    return path / f"乡治通-{kind}-{whose or '本机'}-{when:%m%d-%H%M%S}{SUFFIX}"
