"""The rules and code lists that the county sent this device; what they mean is read elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.schema.ruled import Row, in_force, tag

if TYPE_CHECKING:
    from app.store.store import Store

_NUMBER, _UNREAD = "rules.number", "rules.unread"


class Ruled:
    """Every version that came, also those that this program can't read, and what stood before them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def number(self) -> str:
        """A word that changes whenever the rules do; empty before there are any."""
        return str(self._store.meta.get(_NUMBER, ""))

    def rows(self) -> list[Row]:
        """All versions held, by number."""
        found: list[Row] = self._store.conn.execute(
            "SELECT number, name, rev, text FROM rule ORDER BY number"
        ).fetchall()
        return found

    def standing(self) -> tuple[int, bytes, tuple[str, ...]]:
        """What the hello says: the newest number, the tag, and the names of what can't be read here."""
        held = self.rows()
        return (held[-1][0] if held else 0), tag(in_force(held)), tuple(sorted(self.unread()))

    def take(self, number: int, after: int, rows: Sequence[Row], *, late: bool = False) -> None:
        """Keep what the county sent: *rows* follow what was held up to *after*, or, where that is 0, are all there is.

        *late*: a file that was days on its way, and sets nothing back.
        """
        held = self.rows()
        newest = held[-1][0] if held else 0
        if (late and number <= newest) or (after and after != newest):
            return
        with self._store.transaction():
            if not after:
                self._store.conn.execute("DELETE FROM rule")
            self._store.conn.executemany(
                "INSERT OR REPLACE INTO rule (number, name, rev, text) VALUES (?, ?, ?, ?)",
                [tuple(row) for row in rows],
            )
            self._store.meta.set(_NUMBER, f"{number}:{tag(in_force(self.rows())).hex()}")

    def unread(self) -> Mapping[str, str]:
        """What this program couldn't read when it last tried, by name, with the sentence why."""
        found: Mapping[str, str] = self._store.meta.get(_UNREAD, {})
        return found

    def set_unread(self, unread: Mapping[str, str]) -> None:
        """Note it, for the county and for who looks after this device."""
        if dict(unread) != self.unread():
            with self._store.transaction():
                self._store.meta.set(_UNREAD, dict(unread))
