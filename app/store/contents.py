"""The folder of a device's files: content sealed under the store's key by a keyed hash, whole, or growing while it is fetched."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from app.errors import KnownError
from app.sealed import Changed, Reader, SealBrokenError, Sealer, Writer

_PURPOSE = "files"
_PIECE = 1 << 20


class Contents:
    """Content by its SHA-256, on the disk only: what a file waits for stands in the table of ``Files``."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._sealer = Sealer(key, _PURPOSE)

    def path(self, sha256: str) -> Path:
        """Where the content is, or would be."""
        return self._folder / self._sealer.name(sha256)

    def put(self, content: Iterable[bytes]) -> tuple[Path, str, int]:
        """Seal *content*, flushed to the disk under a name of chance; that path, its SHA-256 and size.

        KnownError("store.no_space"); then nothing of it is kept.
        """
        made = self._folder / f"new-{secrets.token_hex(8)}"
        digest = hashlib.sha256()
        try:
            self._folder.mkdir(exist_ok=True)
            with self._sealer.writer(made) as writer:
                for piece in content:
                    digest.update(piece)
                    writer.write(piece)
                writer.flush()
                size = writer.size
        except BaseException as bad:
            with contextlib.suppress(OSError):
                made.unlink(missing_ok=True)
            if isinstance(bad, OSError):
                raise KnownError("store.no_space") from bad
            raise
        return made, digest.hexdigest(), size

    def settle(self, made: Path, sha256: str) -> None:
        """Give *made* the name of its content; on the disk when it returns."""
        made.replace(self.path(sha256))
        _flush_folder(self._folder)

    def reader(self, sha256: str) -> Reader:
        """The content, to be read. Raises FileNotFoundError, SealBrokenError."""
        return self._sealer.reader(self.path(sha256))

    def drop(self, sha256: str) -> None:
        """Remove it, also what came of it so far."""
        self.path(sha256).unlink(missing_ok=True)
        self.drop_part(sha256)

    # -- what is being fetched ----------------------------------------------------------------------------------------------------

    def part(self, sha256: str) -> Path:
        """Where the content grows until it is whole."""
        return self._folder / f"{self._sealer.name(sha256)}.part"

    def drop_part(self, sha256: str) -> None:
        """Forget what came so far."""
        self.part(sha256).unlink(missing_ok=True)

    def offset(self, sha256: str) -> int:
        """How many bytes of it are here."""
        return self._sealer.size(self.part(sha256))

    def receive(self, sha256: str, content: Iterable[bytes]) -> int:
        """Append what came; return how many bytes are here, also after a cut (which goes on). KnownError("store.no_space")."""
        self._folder.mkdir(exist_ok=True)
        try:
            with self._writer(sha256) as writer:
                try:
                    for piece in content:
                        writer.write(piece)
                finally:
                    writer.flush()
                return writer.size
        except OSError as bad:
            raise KnownError("store.no_space") from bad

    def right(self, sha256: str, size: int) -> bool:
        """Whether what came is what it should be."""
        try:
            with self._sealer.reader(self.part(sha256)) as reader:
                return reader.size == size and reader.sha256() == sha256
        except (OSError, SealBrokenError):
            return False

    def _writer(self, sha256: str) -> Writer:
        path = self.part(sha256)
        try:
            return self._sealer.writer(path)
        except (SealBrokenError, Changed):
            path.unlink(missing_ok=True)
            return self._sealer.writer(path)

    # -- order --------------------------------------------------------------------------------------------------------------------

    def absent(self, shas: Iterable[str]) -> list[str]:
        """Those of *shas* whose content isn't here."""
        there = {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()
        return [sha256 for sha256 in shas if self._sealer.name(sha256) not in there]

    def forget_strays(self, known: Collection[str], before: float) -> None:
        """Remove what is older than *before* (seconds since 1970 UTC) and none of *known*: a crash left it."""
        if not self._folder.is_dir():
            return
        names = {self._sealer.name(sha256) for sha256 in known}
        for path in self._folder.iterdir():
            # A fetched thumbnail has no row before it is whole: its part is kept for a day as well.
            if path.name.partition(".")[0] not in names and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def pieces_of(path: Path) -> Iterator[bytes]:
    """The content of a file in clear, a megabyte at a time."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
