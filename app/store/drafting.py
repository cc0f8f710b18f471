"""What is being typed, kept beside the records: outside outbox and history, so that a crash costs no words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgpack

from app.store.reading import Reading


class Drafting(Reading, ABC):
    """The drafts of a store, by their keys."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All of what is written in it, or nothing."""

    @abstractmethod
    def now_ms(self) -> int:
        """The time in milliseconds since 1970 UTC."""

    def keep_draft(self, key: str, form: str, record_id: str | None, values: Mapping[str, object]) -> None:
        """Overwrite the draft *key*: text being typed, outside outbox and history."""
        with self.transaction():
            self.conn.execute(
                "INSERT OR REPLACE INTO draft (key, form, id, body, time) VALUES (?, ?, ?, ?, ?)",
                (key, form, record_id or "", msgpack.packb(dict(values)), self.now_ms()),
            )

    def draft(self, key: str) -> dict[str, Any] | None:
        """The values of draft *key*, or None."""
        row = self.conn.execute("SELECT body FROM draft WHERE key = ?", (key,)).fetchone()
        return msgpack.unpackb(row[0]) if row else None

    def drafts(self) -> list[tuple[str, str, str, int]]:
        """(key, form, id, time) of every draft, newest first."""
        return [tuple(row) for row in self.conn.execute("SELECT key, form, id, time FROM draft ORDER BY time DESC")]

    def drop_draft(self, key: str) -> None:
        """Forget draft *key*: it was saved, or is no longer wanted."""
        with self.transaction():
            self.conn.execute("DELETE FROM draft WHERE key = ?", (key,))
