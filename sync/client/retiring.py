"""What a device does that its county revoked: it locks, and where that was ordered seals what is unsent and destroys its keys."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import requests

from app.errors import KnownError
from app.store import retirement
from app.store.keys import KeySlots, Ring
from app.store.retirement import Wiped
from app.store.store import Store
from sync.client.link import CONNECT_SECONDS, STALL_SECONDS, Cut, checked, network

REVOKED, WIPE = "sync.revoked", "sync.wipe"
Seal = Callable[[Store], bytes]
"""Gives everything without a final receipt, sealed for the county alone."""
_TRIES = 3


def heard(store: Store, error: KnownError | None) -> None:
    """What an exchange came to: a county that refuses the device locks it; one that answers it again releases it, at its first word."""
    if error is not None and error.code in {REVOKED, WIPE}:
        retirement.lock(store, error.code)


def wipe(
    store: Store,
    home: Path,
    http: requests.Session,
    *,
    seal: Seal,
    ring: Ring | None = None,
    say: Callable[[Wiped], str],
    now: Callable[[], float] = time.time,
) -> Wiped:
    """Do what the county ordered; the store is closed afterwards, and nothing but a note and the sealed changes remains.

    First the unsent is sealed and on the disk, then the key slots are destroyed, then the county is told, then the data goes.
    *say* puts the note in words. A KnownError of *seal* leaves everything as it was, and locked.
    """
    retirement.lock(store, WIPE)
    state, changes = store.sync.state, store.sync.waiting().total
    name, digest = "", ""
    if changes:
        content = seal(store)
        name, digest = f"unsent-{state.device[:12]}.xzt", hashlib.sha256(content).hexdigest()
        retirement.keep_sealed(home, name, content)
    done = Wiped(int(now() * 1000), state.county, state.device, changes, name)
    retirement.leave_note(home, done, say(done))
    KeySlots(home).destroy(ring)
    if _confirmed(http, state.url, state.token, state.ca, changes, digest):
        done = Wiped(done.at, done.county, done.device, done.changes, done.file, confirmed=True)
        retirement.leave_note(home, done, say(done))
    store.close()
    retirement.remove_data(home)
    return done


def _confirmed(http: requests.Session, url: str, token: str, ca: str, changes: int, digest: str) -> bool:
    """Tell the county that the keys are gone; the line may be bad, and then it is not told: nobody could tell it later."""
    for _ in range(_TRIES):
        try:
            with network():
                answer = http.post(
                    f"{checked(url)}/v1/wiped",
                    json={"changes": changes, "hash": digest},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=(CONNECT_SECONDS, STALL_SECONDS),
                    verify=ca or True,
                    allow_redirects=False,
                )
                return bool(answer.status_code == requests.codes.ok)
        except (Cut, KnownError):
            continue
    return False
