"""What lies under the map on this device: a picture, sealed as attached files are, or the path of a tile file. It never travels."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.sealed import SealBrokenError, Sealer

if TYPE_CHECKING:
    from app.store.store import Store

FOLDER = "underlay"
_PURPOSE = "underlay"
_META = "map.underlay"
_PIECE = 1 << 20


class Underlay:
    """One at a time; laying another takes the first away."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._folder = store.folder / FOLDER
        self._sealer = Sealer(key, _PURPOSE)

    def held(self) -> dict[str, Any]:
        """What was laid: {"picture": file, "name", "width", "height", "ties"} or {"tiles": path, "name"}; empty for nothing."""
        return dict(self._store.meta.get(_META, {}))

    def lay_picture(self, content: bytes, facts: dict[str, Any]) -> None:
        """Seal a picture and remember *facts* about it. KnownError("store.no_space"); then what was there stays."""
        name = secrets.token_hex(16)
        path = self._folder / name
        try:
            self._folder.mkdir(exist_ok=True)
            with self._sealer.writer(path) as writer:
                for start in range(0, len(content), _PIECE):
                    writer.write(content[start : start + _PIECE])
                writer.flush()
        except OSError as bad:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise KnownError("store.no_space") from bad
        self._remember({**facts, "picture": name})

    def lay_tiles(self, path: Path) -> None:
        """Remember a tile file; it stays where it is."""
        self._remember({"tiles": str(path), "name": path.name})

    def tie(self, ties: list[list[float]]) -> None:
        """Remember by which points the picture is placed."""
        self._remember({**self.held(), "ties": ties})

    def picture(self) -> bytes:
        """The picture's content; KnownError("map.picture_gone") where it can't be opened any more."""
        try:
            with self._sealer.reader(self._folder / str(self.held().get("picture", ""))) as reader:
                return reader.read()
        except (OSError, SealBrokenError) as bad:
            raise KnownError("map.picture_gone") from bad

    def take_away(self) -> None:
        """Nothing lies under the map any more; the picture is deleted."""
        self._remember({})

    def _remember(self, facts: dict[str, Any]) -> None:
        with self._store.transaction():
            self._store.meta.set(_META, facts)
        # After the commit: a crash leaves a file too many, and the next change sweeps it up.
        kept = facts.get("picture")
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name != kept:
                    os.unlink(path)  # noqa: PTH108 - a folder of ours; missing is as good
