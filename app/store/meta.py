"""Small facts about this store: counter, device, county, cursors' tags; JSON by key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.store.driver import Connection


class Meta:
    """The meta table as a mapping; always read from the database, since another process may have written."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def get(self, key: str, default: Any = None) -> Any:
        """The value of *key*."""
        row = self._conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def integer(self, key: str) -> int:
        """The number under *key*; 0 where there is none."""
        return int(self.get(key, 0))

    def set(self, key: str, value: Any) -> None:
        """Set *key* to something JSON can hold."""
        self._conn.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, json.dumps(value, ensure_ascii=False))
        )
