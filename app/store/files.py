"""Files of this device: what each waits for, to be sent or to be fetched; ``Contents`` has them on the disk."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.schema.ddl import table_name
from app.sealed import Reader, SealBrokenError
from app.store.contents import Contents
from app.store.rows import REFUSED, STUB

if TYPE_CHECKING:
    from app.store.store import Store

FOLDER = "files"
_NONE, _TO_SEND, _SENT, _REFUSED = 0, 1, 2, 3
_DAY_MS = 86_400_000
_SOON_MS = 60_000
"""Within it the record that names a new file is saved."""
_KEEP_DAYS = 90
"""So long a file that the county doesn't have is kept though nothing names it."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """What this device knows of one file. ``small``: a thumbnail. ``sending``: none, waiting, sent or refused (``code`` why)."""

    sha256: str
    size: int
    small: bool
    here: bool
    wanted: bool
    sending: str
    url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class FilesWaiting:
    """How many files wait to be sent, how many bytes they are, and how many are to be fetched because somebody asked.

    ``small``: the small pictures among those to be sent, which nobody added by hand.
    """

    to_send: int = 0
    bytes: int = 0
    to_fetch: int = 0
    small: int = 0

    @property
    def total(self) -> int:
        """Both ways together."""
        return self.to_send + self.to_fetch


_SENDING = ("none", "waiting", "sent", "refused")
_COLUMNS = "sha256, size, small, here, wanted, sending, url, code"


class Files:
    """Content by its SHA-256; every method that writes the table is one transaction of its own."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._contents = Contents(store.folder / FOLDER, key)

    # -- content ------------------------------------------------------------------------------------------------------------------

    def keep(self, content: Iterable[bytes], *, small: bool = False) -> Kept:
        """Seal *content*, flush it to the disk and note that it is to be sent; the same content again changes nothing.

        Call it before the record that names it is saved: then a crash leaves a file too many, which is swept up, never one too
        few. KnownError("store.no_space"); then nothing of it is kept.
        """
        made, sha256, size = self._contents.put(content)
        # Also what was sent before is offered once more: so long it is not swept up, and the county says at once that it has it.
        self._here(made, sha256, size, small=small, sending=_TO_SEND)
        found = self.get(sha256)
        if found is None:
            raise KnownError("files.missing")
        return found

    def take(self, sha256: str, content: bytes, *, small: bool = False) -> bool:
        """Keep what the county gave at once; False where it isn't what it should be."""
        if hashlib.sha256(content).hexdigest() != sha256:
            return False
        made, _, size = self._contents.put([content])
        self._contents.drop_part(sha256)
        self._here(made, sha256, size, small=small)
        return True

    def _here(self, made: Path, sha256: str, size: int, *, small: bool, sending: int = _SENT) -> None:
        """Give *made* its name and note that it is here: to be sent, or come from the county (what is still to be sent stays so).

        Both under the store's write lock: a sweep beside it takes the old file with the old row, or finds the new ones.
        """
        stays = (
            "excluded.sending"
            if sending == _TO_SEND
            else "CASE WHEN sending = 0 THEN excluded.sending ELSE sending END"
        )
        with self._store.transaction():
            self._contents.settle(made, sha256)
            self._execute(
                "INSERT INTO file (sha256, size, small, here, wanted, sending, url, code, at) VALUES (?,?,?,1,0,?,'','',?)"
                " ON CONFLICT (sha256) DO UPDATE SET here = 1, wanted = 0, code = '', size = excluded.size,"
                f" at = excluded.at, sending = {stays}",
                (sha256, size, int(small), sending, self._store.now_ms()),
            )

    def get(self, sha256: str) -> Kept | None:
        """What is known of one file."""
        rows = self._read("WHERE sha256 = ?", (sha256,))
        return rows[0] if rows else None

    def many(self, wanted: Iterable[str]) -> dict[str, Kept]:
        """What is known of these files."""
        shas, found = list(dict.fromkeys(wanted)), {}
        for start in range(0, len(shas), _CHUNK):
            part = shas[start : start + _CHUNK]
            found.update({one.sha256: one for one in self._read(f"WHERE sha256 IN ({_marks(part)})", part)})
        return found

    @contextlib.contextmanager
    def reading(self, sha256: str, *, want: bool = True) -> Iterator[Reader]:
        """The content, to be read; KnownError("files.missing") where it isn't here, ("files.damaged") where it was altered.

        What is missing or damaged is wanted from the county from now on; not so with *want* false, which notes nothing.
        """

        def failed(code: str) -> KnownError:
            if want:
                self.lost(sha256)
            return KnownError(code)

        try:
            reader = self._contents.reader(sha256)
        except FileNotFoundError as bad:
            raise failed("files.missing") from bad
        except SealBrokenError as bad:
            raise failed("files.damaged") from bad
        with reader:
            try:
                yield reader
            except SealBrokenError as bad:
                raise failed("files.damaged") from bad

    def read(self, sha256: str) -> bytes:
        """The content, whole; as ``reading`` but for small files."""
        with self.reading(sha256) as reader:
            return reader.read()

    def lost(self, sha256: str) -> None:
        """The content isn't here any more, or is damaged: the county is asked for it."""
        with self._store.transaction():
            self._execute("UPDATE file SET here = 0, wanted = 1, sending = ? WHERE sha256 = ?", (_NONE, sha256))

    # -- up -----------------------------------------------------------------------------------------------------------------------

    def to_send(self, limit: int = 500) -> list[Kept]:
        """What the county may be offered: here, not there, and named by a record that the county has. Thumbnails, then the oldest.

        Also what nothing here names any more: its record may have been handed over before the file was sent.
        """
        named = " UNION ".join(
            f"SELECT {column} FROM {table_name(form.name)} WHERE rev > 0 AND deleted = 0 AND standing = ''"
            f" AND {column} IN (SELECT sha256 FROM file WHERE sending = {_TO_SEND})"
            for form in self._store.forms.attachments
            for column in ("sha256", "thumb")
        )
        if not named:
            return []
        return self._read(
            f"WHERE here = 1 AND sending = ? AND (sha256 IN ({named}) OR (at < ? AND sha256 NOT IN ({self._named('sha256', 'thumb', deleted=True)})))"
            " ORDER BY small DESC, at, sha256 LIMIT ?",
            (_TO_SEND, self._store.now_ms() - _SOON_MS, limit),
        )

    def waiting(self) -> FilesWaiting:
        """What waits, either way: also files whose record isn't at the county yet, but not those of refused or deleted records."""
        live = f"standing NOT IN ('{REFUSED}', '{STUB}') AND deleted = 0"
        named = " UNION ".join(
            f"SELECT {column} FROM {table_name(form.name)} WHERE {live} AND {column} IN (SELECT sha256 FROM file WHERE sending = 1 OR wanted = 1)"
            for form in self._store.forms.attachments
            for column in ("sha256", "thumb")
        )
        if not named:
            return FilesWaiting()
        row = self._store.conn.execute(
            "SELECT count(*) FILTER (WHERE here = 1 AND sending = 1),"
            " coalesce(sum(size) FILTER (WHERE here = 1 AND sending = 1), 0), count(*) FILTER (WHERE here = 0 AND wanted = 1),"
            " count(*) FILTER (WHERE here = 1 AND sending = 1 AND small = 1)"
            f" FROM file WHERE (sending = 1 OR wanted = 1) AND sha256 IN ({named})"
        ).fetchone()
        return FilesWaiting(*row)

    def later(self, shas: Iterable[str]) -> None:
        """The county doesn't wait for these now: they go behind all others."""
        self._mark(shas, f"at = {self._store.now_ms()}")

    def any(self) -> bool:
        """Whether this device has, or ever sent, any file at all."""
        return self._store.conn.execute("SELECT 1 FROM file LIMIT 1").fetchone() is not None

    def upload_at(self, sha256: str, url: str) -> None:
        """The upload that the county opened for it, to go on with after a cut; empty: none."""
        with self._store.transaction():
            self._execute("UPDATE file SET url = ? WHERE sha256 = ?", (url, sha256))

    def sent(self, shas: Iterable[str]) -> None:
        """The county holds these."""
        self._mark(shas, f"sending = {_SENT}, url = '', code = ''")

    def refused(self, sha256: str, code: str) -> None:
        """The county will not take it; *code* says why."""
        with self._store.transaction():
            self._execute("UPDATE file SET sending = ?, url = '', code = ? WHERE sha256 = ?", (_REFUSED, code, sha256))

    def send_again(self, shas: Iterable[str] | None = None) -> None:
        """The county has lost these (None: its whole folder): what is here is offered once more."""
        where = f"sending = {_TO_SEND}, url = ''"
        if shas is None:
            with self._store.transaction():
                self._execute(f"UPDATE file SET {where} WHERE here = 1 AND sending = ?", (_SENT,))
        else:
            self._mark(shas, where, f"AND here = 1 AND sending = {_SENT}")

    # -- down ---------------------------------------------------------------------------------------------------------------------

    def want(self, sha256: str, size: int) -> bool:
        """Somebody wants to see it: fetched with the next exchange. Return whether it is here already."""
        known = self.get(sha256)
        if known and known.here and self._contents.path(sha256).exists():
            return True
        with self._store.transaction():
            self._execute(
                "INSERT INTO file (sha256, size, small, here, wanted, sending, url, code, at) VALUES (?,?,0,0,1,0,'','',?)"
                " ON CONFLICT (sha256) DO UPDATE SET wanted = 1, here = 0, code = ''",
                (sha256, size, self._store.now_ms()),
            )
        return False

    def wanted(self, limit: int = 100) -> list[Kept]:
        """Originals that somebody asked for and that may be seen here, in the order of asking."""
        named = self._named("sha256")
        return self._read(
            f"WHERE wanted = 1 AND here = 0 AND sha256 IN ({named}) ORDER BY at, sha256 LIMIT ?", (limit,)
        ) if named else []  # fmt: skip

    def missing_thumbs(self, limit: int = 1000) -> list[tuple[str, int]]:
        """(SHA-256, size) of thumbnails that records at the county name and that aren't here, newest record first."""
        parts = [
            f"SELECT thumb, thumb_size, id FROM {table_name(form.name)} WHERE rev > 0 AND deleted = 0 AND standing = ''"
            " AND thumb IS NOT NULL AND thumb NOT IN (SELECT sha256 FROM file WHERE here = 1)"
            for form in self._store.forms.attachments
        ]
        if not parts:
            return []
        found: dict[str, int] = {}
        query = f"SELECT thumb, thumb_size FROM ({' UNION ALL '.join(parts)}) ORDER BY id DESC LIMIT ?"
        for sha256, size in self._store.conn.execute(query, (limit,)):
            found.setdefault(sha256, size or 0)
        return list(found.items())

    def offset(self, sha256: str) -> int:
        """How many bytes of a file that is being fetched are here."""
        return self._contents.offset(sha256)

    def receive(self, sha256: str, content: Iterable[bytes]) -> int:
        """Append what came to a file that is being fetched; return how many bytes are here, also after a cut (which goes on).

        KnownError("store.no_space").
        """
        return self._contents.receive(sha256, content)

    def received(self, sha256: str, size: int, *, small: bool = False) -> bool:
        """Everything came: keep it if it is what it should be; False throws it away, to be fetched anew."""
        if not self._contents.right(sha256, size):
            self._contents.drop_part(sha256)
            return False
        self._here(self._contents.part(sha256), sha256, size, small=small)
        return True

    def not_to_be_had(self, sha256: str, code: str) -> None:
        """The county can't give it; it isn't asked for again before somebody wants it once more."""
        with self._store.transaction():
            self._execute("UPDATE file SET wanted = 0, code = ? WHERE sha256 = ?", (code, sha256))

    # -- order --------------------------------------------------------------------------------------------------------------------

    def sweep(self) -> int:
        """Remove what no record here names any more (a right withdrawn, a save that never came); return how many.

        What the county doesn't have stays for 90 days: its record may be about to be saved, or to come back with a right.
        """
        named = self._named("sha256", "thumb", deleted=True)
        old = self._store.now_ms() - _DAY_MS
        where = f"sha256 NOT IN ({named})" if named else "1 = 1"
        with self._store.transaction():
            rows = self._store.conn.execute(f"SELECT sha256, sending, at FROM file WHERE {where}").fetchall()
            limits = {_SENT: self._store.now_ms() + 1, _TO_SEND: old - (_KEEP_DAYS - 1) * _DAY_MS}
            gone = [sha256 for sha256, sending, at in rows if at < limits.get(sending, old)]
            self._store.conn.executemany("DELETE FROM file WHERE sha256 = ?", [(sha256,) for sha256 in gone])
            for sha256 in gone:
                self._contents.drop(sha256)
        known = [sha256 for (sha256,) in self._store.conn.execute("SELECT sha256 FROM file")]
        self._contents.forget_strays(known, old / 1000)
        self._forget_absent()
        return len(gone)

    def forget(self, shas: Iterable[str]) -> None:
        """Remove at once what was taken in for a record that will never be: only what no record here names."""
        wanted = list(dict.fromkeys(shas))
        named = self._named("sha256", "thumb", deleted=True)
        if not wanted or not named:
            return
        with self._store.transaction():
            rows = self._store.conn.execute(
                f"SELECT sha256 FROM file WHERE sha256 IN ({_marks(wanted)}) AND sha256 NOT IN ({named})", wanted
            ).fetchall()
            self._store.conn.executemany("DELETE FROM file WHERE sha256 = ?", rows)
            for (sha256,) in rows:
                self._contents.drop(sha256)

    def _forget_absent(self) -> None:
        """A backup doesn't hold what the county has: after it was brought back, rows must not promise what isn't there."""
        rows = self._store.conn.execute("SELECT sha256 FROM file WHERE here = 1").fetchall()
        absent = [(sha,) for sha in self._contents.absent(sha for (sha,) in rows)]
        if absent:
            with self._store.transaction():
                self._store.conn.executemany(
                    f"UPDATE file SET here = 0, sending = {_NONE}, code = 'files.missing' WHERE sha256 = ?", absent
                )

    def unsent(self) -> list[Kept]:
        """What exists nowhere else: here, and not at the county, also what it would not take."""
        return self._read("WHERE here = 1 AND sending IN (?, ?) ORDER BY small DESC, at, sha256", (_TO_SEND, _REFUSED))

    def unsent_paths(self) -> list[Path]:
        """The sealed files of ``unsent``: a backup must hold them."""
        return [path for one in self.unsent() if (path := self._contents.path(one.sha256)).exists()]

    def _named(self, *columns: str, deleted: bool = False) -> str:
        """A query for what live records here name."""
        live = f"standing != '{STUB}'" + ("" if deleted else " AND deleted = 0")
        return " UNION ".join(
            f"SELECT {column} FROM {table_name(form.name)} WHERE {live} AND {column} IS NOT NULL"
            for form in self._store.forms.attachments
            for column in columns
        )

    def _mark(self, shas: Iterable[str], sets: str, tail: str = "") -> None:
        with self._store.transaction():
            self._store.conn.executemany(f"UPDATE file SET {sets} WHERE sha256 = ? {tail}", [(sha,) for sha in shas])

    def _execute(self, query: str, params: Iterable[Any]) -> None:
        self._store.conn.execute(query, tuple(params))

    def _read(self, tail: str, params: Iterable[Any]) -> list[Kept]:
        rows = self._store.conn.execute(f"SELECT {_COLUMNS} FROM file {tail}", tuple(params))
        return [
            Kept(sha, size, bool(small), bool(here), bool(wanted), _SENDING[sending], url or "", code or "")
            for sha, size, small, here, wanted, sending, url, code in rows
        ]


def _marks(items: list[str]) -> str:
    return ",".join("?" * len(items))
