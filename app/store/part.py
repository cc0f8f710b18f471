"""What the parts of the store's exchange side have in common: the store they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.store.store import Store


class Part:
    """One part of ``Agreement``; every method of a part that writes is one transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn
        self._rows = store.rows
        self._outbox = store.outbox
