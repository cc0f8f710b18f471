"""Logging in faster and changing the password: both prove the present password first."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keyring.errors import KeyringError

from app.errors import KnownError
from app.services.office import unlock
from app.store.keys import KEYRING, SERVICE, Cost, KeySlots, Ring, keeps_secrets

if TYPE_CHECKING:
    from app.services.office import Office

SHORTEST_PASSWORD, SHORTEST_PIN = 8, 4


def pin_state(office: Office, ring: Ring) -> tuple[bool, bool]:
    """(whether this computer has a keyring that keeps secrets, whether this user has a PIN)."""
    has = KEYRING in KeySlots(office.store.folder).ways(office.session.user)
    return keeps_secrets(ring), has


def set_pin(office: Office, password: str, pin: str, ring: Ring, cost: Cost | None = None) -> None:
    """Let this user log in here with *pin*; KnownError("accounts.wrong_password", "accounts.no_keyring", "settings.pin_short")."""
    if len(pin) < SHORTEST_PIN or not pin.isdigit():
        raise KnownError("settings.pin_short", least=SHORTEST_PIN)
    folder, user = office.store.folder, office.session.user
    _, key = unlock(folder, user, password, cost=cost)
    KeySlots(folder, cost=cost).add_keyring(user, pin, key, ring)


def remove_pin(office: Office, ring: Ring) -> None:
    """Log in with the password only."""
    user = office.session.user
    KeySlots(office.store.folder).remove(user, KEYRING)
    # Without its slot the secret opens nothing; a keyring that doesn't give it up does no harm.
    with contextlib.suppress(KeyringError):
        ring.delete_password(SERVICE, user)


def change_password(office: Office, old: str, new: str, again: str, cost: Cost | None = None) -> None:
    """Change the password on this device; KnownError("accounts.wrong_password", "settings.…")."""
    if new != again:
        raise KnownError("settings.not_the_same")
    if len(new) < SHORTEST_PASSWORD or new == old:
        raise KnownError("settings.password_short", least=SHORTEST_PASSWORD)
    folder, user = office.store.folder, office.session.user
    _, key = unlock(folder, user, old, cost=cost)
    KeySlots(folder, cost=cost).add_password(user, new, key)
