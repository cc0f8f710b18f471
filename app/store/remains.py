"""What a store holds that is nowhere else and is no unsent change: text being typed, what was refused, the log, unsent files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgpack

from app.store.agreement import Attention
from app.store.files import Kept

if TYPE_CHECKING:
    from app.store.store import Store

_LINES = 1000
"""Lines of the log in one piece."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Text being typed; ``time`` is when it was last kept, in milliseconds since 1970 UTC."""

    key: str
    form: str
    record: str
    time: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remains:
    """How much there is of each, and beside them the unsent changes. ``log`` counts lines, which tell what the county has from elsewhere."""

    changes: int
    files: int
    drafts: int
    refused: int
    log: int
    at: int
    """What was typed last: the time of the newest draft, in milliseconds since 1970 UTC."""

    @property
    def anything(self) -> bool:
        """Whether there is anything that a person made."""
        return bool(self.changes or self.files or self.drafts or self.refused)


def counted(store: Store) -> Remains:
    """How much there is."""
    drafts, at = store.conn.execute("SELECT count(*), coalesce(max(time), 0) FROM draft").fetchone()
    (refused,) = store.conn.execute("SELECT count(*) FROM attention WHERE done = 0").fetchone()
    (log,) = store.conn.execute("SELECT count(*) FROM audit").fetchone()
    return Remains(store.sync.waiting().total, len(store.files.unsent()), drafts, refused, log, at)


def drafts(store: Store) -> Iterator[Draft]:
    """What is being typed, oldest first."""
    for key, form, record, time in reversed(store.drafts()):
        values = store.draft(key)
        if values is not None:
            yield Draft(key, form, record, time, values)


def refused(store: Store) -> list[Attention]:
    """What the county did not take and no person has settled yet."""
    return store.sync.attention()


def unsent_files(store: Store) -> list[Kept]:
    """Files that are here and not at the county, also those it refused."""
    return store.files.unsent()


def log(store: Store) -> Iterator[list[list[Any]]]:
    """The lines of the log with their chain, in order, some at a time."""
    after = 0
    while True:
        rows = store.conn.execute(
            "SELECT seq, time, user, role, action, form, record, area, fields, reason, result, chain FROM audit"
            " WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, _LINES),
        ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield [list(row) for row in rows]


def packed(values: object) -> bytes:
    """*values* as they are kept: msgpack."""
    return bytes(msgpack.packb(values))
