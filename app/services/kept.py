"""What a user keeps for himself on this device: filters by name, columns chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.errors import KnownError

if TYPE_CHECKING:
    from app.services.session import Session
    from app.store.store import Store


class Kept:
    """Values by name in the order in which they were kept; each user has his own of each *room*."""

    def __init__(self, store: Store, session: Session, room: str) -> None:
        self._store = store
        self._session = session
        self._room = room

    def all(self) -> dict[str, Any]:
        """Everything that this user kept."""
        return dict(self._store.meta.get(self._room, {}).get(self._session.user, {}))

    def keep(self, name: str, value: Any) -> None:
        """Keep *value* as *name*; one of the same name is replaced. KnownError("ui.filter_unnamed") for no name."""
        name = name.strip()
        if not name:
            raise KnownError("ui.filter_unnamed")
        self._write({**self.all(), name: value})

    def forget(self, name: str) -> None:
        """Keep it no longer."""
        self._write({held: value for held, value in self.all().items() if held != name})

    def _write(self, values: dict[str, Any]) -> None:
        with self._store.transaction():
            everybody = self._store.meta.get(self._room, {})
            everybody[self._session.user] = values
            self._store.meta.set(self._room, everybody)
