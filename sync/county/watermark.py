"""How far a county had come when it last ran, kept beside its database: one that was set back since is noticed as it starts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import sqlalchemy as sa

from sync.county.county import County
from sync.county.epochs import tag_at, write_begin

_FILE = "{code}.standing"


class Watermark:
    """The mark of *county*, in its folder of files; a county that keeps none has none. Its methods block."""

    def __init__(self, county: County) -> None:
        self._county = county

    def begin(self) -> bool:
        """Begin a new epoch if the database doesn't have what was marked; return whether it did.

        Otherwise only a device that knows more would show it: until one comes, the county gives the lost revs to others.
        """
        county = self._county
        if self._path is None:
            return False
        held = _read(self._path)
        if held is None:
            self.write()
            return False
        with county.database.write(county.code) as (conn, epoch, rev):
            back = _set_back(conn, county.code, epoch, *held)
            if back:
                made = max(epoch, held[0]) + 1
                write_begin(conn, county.code, made, tag_at(conn, county.code, rev), county.now_ms())
                county.audit(conn, "restored", epoch=made, ended=rev)
        self.write()
        return back

    def write(self) -> None:
        """Mark where the county stands."""
        county, path = self._county, self._path
        if path is None:
            return
        with county.database.snapshot() as conn:
            epoch, rev = county.standing(conn)
            tag = tag_at(conn, county.code, rev)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.write_text(json.dumps([epoch, rev, tag.hex()]), encoding="ascii")
        beside.replace(path)

    @property
    def _path(self) -> Path | None:
        files = self._county.files
        return files.folder / _FILE.format(code=self._county.code) if files else None


def _read(path: Path) -> tuple[int, int, bytes] | None:
    """What was marked; None for nothing, or for what isn't a mark."""
    try:
        epoch, rev, tag = json.loads(path.read_text(encoding="ascii"))
        return int(epoch), int(rev), bytes.fromhex(tag)
    except (OSError, ValueError, TypeError):
        return None


def _set_back(conn: sa.Connection, county: str, now: int, epoch: int, rev: int, tag: bytes) -> bool:
    """Whether a county in epoch *now* has lost what stood at *rev* of *epoch*; one in a later epoch was noticed already."""
    return now < epoch or (now == epoch and tag_at(conn, county, rev) != tag)
