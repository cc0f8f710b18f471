"""Key slots: the store's random key, wrapped once for each user and way of logging in.

A password slot wraps it under Argon2id of the password. A keyring slot, for a user who opts in, wraps it under a secret in the operating
system's keyring together with Argon2id of a short PIN: stolen files are useless without the keyring, and the keyring without the PIN.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import keyring.errors
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import KnownError

PASSWORD, KEYRING = "password", "keyring"
SERVICE = "xiangzhitong"
_FREE_TRIES = 3
_LONGEST_WAIT = 900


class Ring(Protocol):
    """What we need of an operating system's keyring."""

    def get_password(self, service: str, name: str) -> str | None: ...
    def set_password(self, service: str, name: str, secret: str) -> None: ...
    def delete_password(self, service: str, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Cost:
    """Argon2id's cost: memory in KiB, passes, lanes (RFC 9106; 64 MiB and 3 passes take about a quarter second)."""

    memory: int = 65_536
    passes: int = 3
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class _Slot:
    user: str
    kind: str
    salt: str
    sealed: str
    memory: int
    passes: int
    lanes: int


class KeySlots:
    """The file of key slots, and the growing delay after wrong passwords."""

    def __init__(self, folder: Path, *, cost: Cost | None = None, now: Callable[[], float] = time.time) -> None:
        self._path = folder / "keys.json"
        self._tries_path = folder / "tries.json"
        self._cost = cost or Cost()
        self._now = now

    def users(self) -> list[str]:
        """The users who can log in on this device, in the order in which they came."""
        return list(dict.fromkeys(slot.user for slot in self._slots()))

    def ways(self, user: str) -> list[str]:
        """How *user* can log in: "password", "keyring"."""
        return [slot.kind for slot in self._slots() if slot.user == user]

    def add_password(self, user: str, password: str, key: bytes) -> None:
        """Let *user* open the store with *password*; an earlier password slot is replaced."""
        self._add(user, PASSWORD, password.encode(), b"", key)

    def add_keyring(self, user: str, pin: str, key: bytes, ring: Ring) -> None:
        """Let *user* open the store with a short *pin* on this machine; needs a keyring that keeps secrets."""
        if not keeps_secrets(ring):
            raise KnownError("accounts.no_keyring")
        secret = secrets.token_hex(32)
        ring.set_password(SERVICE, user, secret)
        self._add(user, KEYRING, pin.encode(), secret.encode(), key)

    def remove(self, user: str, kind: str | None = None) -> None:
        """Take away *user*'s slots, or only those of one kind."""
        self._write([slot for slot in self._slots() if slot.user != user or (kind and slot.kind != kind)])

    def destroy(self, ring: Ring | None = None) -> None:
        """Make the key unknowable for good: every slot is overwritten on the disk and removed, and its secret in *ring* too.

        The store on the disk is noise from then on, whoever copies it. A disk that moves what it overwrites (as flash does)
        may keep the old bytes, which are wrapped under the passwords still.
        """
        users = [user for user in self.users() if KEYRING in self.ways(user)]
        for path in (self._path, self._path.with_suffix(".new"), self._tries_path):
            _shred(path)
        for user in users:
            with contextlib.suppress(keyring.errors.KeyringError, OSError, RuntimeError):
                if ring is not None:
                    ring.delete_password(SERVICE, user)

    def open(self, user: str, password: str, *, ring: Ring | None = None) -> bytes:
        """Return the store's key; KnownError("accounts.wrong_password", "accounts.wait", "accounts.unknown_user").

        From the fourth wrong password in a row each next try must wait twice as long, at most 15 minutes.
        """
        slots = [slot for slot in self._slots() if slot.user == user]
        if not slots:
            raise KnownError("accounts.unknown_user", user=user)
        self._refuse_early(user)
        for slot in slots:
            extra = b""
            if slot.kind == KEYRING:
                held = ring.get_password(SERVICE, user) if ring else None
                if held is None:
                    continue
                extra = held.encode()
            try:
                key = AESGCM(_wrapping_key(slot, password.encode(), extra)).decrypt(
                    b"\0" * 12, _bytes(slot.sealed), _about(slot)
                )
            except InvalidTag:
                continue
            self._tries_path.unlink(missing_ok=True)
            return key
        wait = self._count_wrong(user)
        raise KnownError("accounts.wrong_password_wait" if wait else "accounts.wrong_password", seconds=wait)

    def wait_left(self, user: str) -> int:
        """Seconds until *user* may try again; 0 when at once."""
        until = float(self._tries().get(user, {}).get("until", 0.0))
        # A clock that was set back must not lock anybody out for longer than the longest wait.
        return int(max(0.0, min(float(_LONGEST_WAIT), until - self._now() + 0.5)))

    def _refuse_early(self, user: str) -> None:
        left = self.wait_left(user)
        if left:
            raise KnownError("accounts.wait", seconds=left)

    def _count_wrong(self, user: str) -> int:
        tries = self._tries()
        count = tries.get(user, {}).get("count", 0) + 1
        wait = min(_LONGEST_WAIT, 1 << int(count - _FREE_TRIES)) if count > _FREE_TRIES else 0
        tries[user] = {"count": count, "until": self._now() + wait}
        _replace(self._tries_path, json.dumps(tries))
        return wait

    def _tries(self) -> dict[str, dict[str, float]]:
        try:
            return dict(json.loads(self._tries_path.read_text(encoding="utf-8")))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def _add(self, user: str, kind: str, password: bytes, extra: bytes, key: bytes) -> None:
        cost = self._cost
        bare = _Slot(user, kind, _text(secrets.token_bytes(16)), "", cost.memory, cost.passes, cost.lanes)
        # Each slot's wrapping key is used once (fresh salt), so a constant nonce is safe.
        sealed = AESGCM(_wrapping_key(bare, password, extra)).encrypt(b"\0" * 12, key, _about(bare))
        slot = _Slot(user, kind, bare.salt, _text(sealed), cost.memory, cost.passes, cost.lanes)
        self._write([old for old in self._slots() if (old.user, old.kind) != (user, kind)] + [slot])

    def _slots(self) -> list[_Slot]:
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        return [_Slot(**slot) for slot in raw["slots"]]

    def _write(self, slots: list[_Slot]) -> None:
        _replace(
            self._path,
            json.dumps({"version": 1, "slots": [asdict(slot) for slot in slots]}, indent=1, ensure_ascii=False),
        )


def keeps_secrets(ring: Ring) -> bool:
    """Whether *ring* really keeps what it is given: the null back end drops it in silence, the failing one raises."""
    name = f"probe-{secrets.token_hex(4)}"
    try:
        ring.set_password(SERVICE, name, "1")
        kept = ring.get_password(SERVICE, name) == "1"
        ring.delete_password(SERVICE, name)
    except (keyring.errors.KeyringError, OSError, RuntimeError):
        return False
    return kept


def _wrapping_key(slot: _Slot, password: bytes, extra: bytes) -> bytes:
    stretched = hash_secret_raw(password, _bytes(slot.salt), slot.passes, slot.memory, slot.lanes, 32, Type.ID)
    return HKDF(hashes.SHA256(), 32, extra or None, b"xiangzhitong key slot").derive(stretched)


def _about(slot: _Slot) -> bytes:
    return f"{slot.kind}:{slot.user}".encode()


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.chmod(0o600)
    beside.replace(path)


def _shred(path: Path) -> None:
    if path.exists():
        with path.open("r+b") as file:
            size = path.stat().st_size
            for filling in (secrets.token_bytes(size), b"\0" * size):
                file.seek(0)
                file.write(filling)
                file.flush()
                os.fsync(file.fileno())
        path.unlink()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
