"""Which version of the wire this device speaks with its county: the newest that both know."""

from __future__ import annotations

from app.errors import KnownError
from app.store.store import Store
from sync.wire import VERSION, Head

_SPOKEN = "sync.version"


def spoken(store: Store) -> int:
    """The version that the next hello says; 0 in the store stands for the newest."""
    return min(store.meta.integer(_SPOKEN) or VERSION, VERSION)


def step_back(store: Store, refused: KnownError) -> bool:
    """The county refused a hello: whether it was for its version, and an older one, spoken from now on, may do.

    KnownError("sync.program_old") where the county takes no version that this program knows. A county of version 1 doesn't say
    which versions it takes.
    """
    if refused.code != "sync.version_unknown":
        return False
    newest, least = refused.params.get("version", 1), refused.params.get("least", 1)
    if not isinstance(newest, int) or not isinstance(least, int):
        return False
    if least > VERSION:
        raise KnownError("sync.program_old") from refused
    if not least <= newest < spoken(store):
        return False
    _speak(store, newest)
    return True


def heard(store: Store, head: Head) -> None:
    """A county that says it knows more than was spoken was brought up to date."""
    if head.most > spoken(store):
        _speak(store, 0 if head.most >= VERSION else head.most)


def _speak(store: Store, version: int) -> None:
    with store.transaction():
        store.meta.set(_SPOKEN, version)
