"""A device out of use: asking its county once more when somebody signs in, and emptying it where that was ordered."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.store import retirement

if TYPE_CHECKING:
    import requests

    from app.services.office import Office
    from app.store.keys import Ring
    from app.store.retirement import Wiped


def asked_again(home: Path, user: str, key: bytes, ring: Ring | None = None) -> Office:
    """The office of a device that is locked, where its county takes it back; KnownError("sync.locked", "sync.wiped") otherwise."""
    import requests

    from app.command.one_at_a_time import only_one
    from app.services.office import office_with_key
    from sync.client import exchange

    office = office_with_key(home, user, key, even_locked=True)
    with contextlib.ExitStack() as stack:
        stack.callback(office.close)
        with only_one(home / "sync.lock"), requests.Session() as http:
            # Its first word is enough: the rest comes when the window is open.
            exchange(office.store, http, tries=1, stopped=lambda: not retirement.locked(office.store))
            wipe_if_ordered(office, home, http, ring)
        if retirement.locked(office.store):
            raise KnownError("sync.locked")
        stack.pop_all()
    return office


def wipe_if_ordered(office: Office, home: Path, http: requests.Session, ring: Ring | None) -> None:
    """Empty the device where its county ordered it, and raise KnownError("sync.wiped") then.

    KnownError("sync.cannot_seal") where something is unsent and the county's key was never learned: then nothing is destroyed.
    """
    from sync.client.retiring import WIPE, wipe
    from sync.leaving import seal

    if retirement.locked(office.store) != WIPE:
        return
    try:
        done = wipe(office.store, home, http, seal=seal, ring=ring, say=lambda wiped_now: str(wiped(wiped_now)))
    except KnownError as bad:
        if bad.code == "bundle.no_keys":
            raise KnownError("sync.cannot_seal") from bad
        raise
    raise wiped(done)


def wiped(note: Wiped) -> KnownError:
    """What is said of a device that was emptied."""
    day = time.strftime("%Y-%m-%d", time.localtime(note.at / 1000))
    if note.file:
        held = ((note.changes, "{} 条"), (note.files, "照片、文件 {} 个"), (note.drafts, "草稿 {} 份"))
        told = "、".join(words.format(f"{count:,}") for count, words in held if count)
        return KnownError("sync.wiped" if told else "sync.wiped_log", day=day, held=told, file=note.file)
    return KnownError("sync.wiped_empty", day=day)


def refuse_wiped(home: Path) -> None:
    """KnownError("sync.wiped") for a home that was emptied; what another process held open then is removed now."""
    from app.store.keys import KeySlots

    found = retirement.note(home)
    if found is not None and not KeySlots(home).users():
        retirement.remove_data(home)
        raise wiped(found)
