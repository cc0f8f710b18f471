"""What this device speaks with its county: the newest version that both know, and of frames no more than what the county reads."""

from __future__ import annotations

from app.errors import KnownError
from app.store.store import Store
from sync.wire import DERIVED, STREAMED, VERSION, Head, WireError, needed

_SPOKEN, _ABLE = "sync.version", "sync.capabilities"
_READING = (STREAMED, DERIVED)
"""The capabilities that a frame can need."""


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


def abilities(store: Store) -> list[str]:
    """The county's capabilities, as its last answer told them."""
    return list(store.meta.get(_ABLE, []))


def capable(store: Store, head: Head) -> None:
    """The county says what it can do: so it is until it says otherwise."""
    if list(head.capabilities) != abilities(store):
        with store.transaction():
            store.meta.set(_ABLE, list(head.capabilities))


def doubt(store: Store, refused: KnownError) -> None:
    """Where the county could not read what it was sent, its program may be an older one than it was: until its next answer it gets nothing special.

    What this device could not read itself says nothing of the county.
    """
    if refused.code == "sync.garbage" and not isinstance(refused, WireError):
        with store.transaction():
            store.meta.set(_ABLE, [name for name in abilities(store) if name not in _READING])


def give_up_unread(store: Store) -> None:
    """Give up each frame that needs what the county isn't known to read: its changes are framed anew."""
    held = abilities(store)
    if set(_READING) <= set(held):
        return
    for frame in store.sync.open_frames():
        if not needed(frame.content) <= set(held):
            store.sync.void(frame.number)


def _speak(store: Store, version: int) -> None:
    with store.transaction():
        store.meta.set(_SPOKEN, version)
