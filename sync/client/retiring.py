"""What a device does that its county revoked: it locks, and where that was ordered seals what is unsent and destroys its keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import requests

from app.errors import KnownError
from app.store import remains, retirement
from app.store.keys import KeySlots, Ring
from app.store.remains import Remains
from app.store.retirement import Wiped
from app.store.store import Store
from sync.client.link import CONNECT_SECONDS, STALL_SECONDS, Cut, checked, network

REVOKED, WIPE = "sync.revoked", "sync.wipe"
Seal = Callable[[Store, BinaryIO], None]
"""Writes everything that is only on this device, sealed for the county alone."""
_TRIES = 3
_SEALINGS = 3


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
    """Do what the county ordered; the store is closed afterwards, and nothing but a note and the sealed file remains.

    First what is only here is sealed and on the disk, then the key slots are destroyed, then the county is told, then the data goes.
    *say* puts the note in words. A KnownError of *seal* leaves everything as it was, and locked.
    """
    retirement.lock(store, WIPE)
    state = store.sync.state
    left, name, digest = _sealed(store, home, f"unsent-{state.device[:12]}.xzt", seal)
    done = Wiped(
        int(now() * 1000),
        state.county,
        state.device,
        left.changes,
        name,
        files=left.files,
        drafts=left.drafts + left.refused,
    )
    retirement.leave_note(home, done, say(done))
    KeySlots(home).destroy(ring)
    if _confirmed(http, state.url, state.token, state.ca, done, digest):
        done = replace(done, confirmed=True)
        retirement.leave_note(home, done, say(done))
    store.close()
    retirement.remove_data(home)
    return done


def _sealed(store: Store, home: Path, name: str, seal: Seal) -> tuple[Remains, str, str]:
    """What there was, the name of the sealed file and its SHA-256; both empty where nothing had to be sealed."""
    left, digest = remains.counted(store), ""
    if not left.anything and not left.log:
        return left, "", ""
    for _ in range(_SEALINGS):
        try:
            digest = retirement.keep_sealed(home, name, lambda file: seal(store, file))
        except KnownError:
            if left.anything:
                raise
            # The log alone tells of what the county has: an order isn't left undone for it.
            return left, "", ""
        before, left = left, remains.counted(store)
        if left == before:
            break
        # An open window kept what was being typed meanwhile.
    return left, name, digest


def _confirmed(http: requests.Session, url: str, token: str, ca: str, done: Wiped, digest: str) -> bool:
    """Tell the county that the keys are gone; the line may be bad, and then it is not told: nobody could tell it later."""
    for _ in range(_TRIES):
        try:
            with network():
                answer = http.post(
                    f"{checked(url)}/v1/wiped",
                    json={"changes": done.changes, "files": done.files, "drafts": done.drafts, "hash": digest},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=(CONNECT_SECONDS, STALL_SECONDS),
                    verify=ca or True,
                    allow_redirects=False,
                )
                return bool(answer.status_code == requests.codes.ok)
        except (Cut, KnownError):
            continue
    return False
