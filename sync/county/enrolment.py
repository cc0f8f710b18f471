"""How a device becomes known: a one-time code, bound to the key that the device made for itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

import argon2
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.errors import KnownError
from sync.county.county import County
from sync.county.epochs import begun, tag_at
from sync.county.office import HASHER, put_user
from sync.county.past import tell
from sync.county.rights import Device
from sync.county.tables import ACCOUNT, CODE, DEVICE
from sync.wire import Area, code_hash, enrol_text

ASK_AGAIN_MS = 3600 * 1000
"""So long the same key may ask again with a used code: its first answer may have been lost on the way."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a device is told once; the token is kept here only as a hash."""

    device: str
    token: str
    county: str
    epoch: int
    user: str
    areas: tuple[Area, ...]
    held: tuple[str, ...]
    roles: tuple[str, ...]
    streams: tuple[tuple[str, str], ...]
    recipient: str
    verify: str
    begun: bytes = b""
    mark: tuple[int, bytes] = (0, b"")
    unit: str = ""


def enrol(county: County, code: str, public_key: bytes, signature: bytes, user: str, password: str) -> Enrolled:
    """Make a device of the key that signed; KnownError for a wrong or used code, or a known user's wrong password."""
    _prove(public_key, signature, code)
    now = county.now_ms()
    with county.database.plain() as conn:
        key = (CODE.c.county == county.code, CODE.c.hash == code_hash(code))
        row = conn.execute(sa.select(CODE).where(*key).with_for_update()).one_or_none()
        if row is None:
            raise KnownError("county.code_wrong")
        if row.used is None and row.until < now:
            raise KnownError("county.code_old")
        again = row.used is not None
        if again and _state(county, conn, row.device) != "active":
            raise KnownError("county.code_used")
        if again and not (hmac.compare_digest(row.public_key, public_key) and now - row.used <= ASK_AGAIN_MS):
            raise KnownError("county.code_used")
        roles = _user(county, conn, user, password, json.loads(row.roles))
        device = row.device if again else secrets.token_hex(8)
        token = secrets.token_urlsafe(32)
        held = {
            "county": county.code,
            "id": device,
            "public_key": public_key,
            "token": hashlib.sha256(token.encode()).digest(),
            "areas": row.areas,
            "roles": json.dumps(roles),
            "account": user,
            "state": "active",
            "unit": row.unit or None,
            "made": row.used or now,
            "seen": now,
        }
        county.database.put(conn, DEVICE, [held])
        conn.execute(sa.update(CODE).where(*key), {"used": row.used or now, "device": device, "public_key": public_key})
        county.audit(conn, "enrol", device=device, account=user, again=again)
        epoch, rev = county.standing(conn)
        start, tag = begun(conn, county.code, epoch), tag_at(conn, county.code, rev)
        known = Device(device, user, tuple(json.loads(row.areas)), tuple(roles))
        rights = county.rights(conn)
        streams = rights.streams(known)
        tell(conn, county.code, device, rights.areas(known), roles, now, row.unit or None)
        areas = scope_areas(county.areas(conn), {area for area, _ in streams})
    keys = county.keys
    return Enrolled(
        device, token, county.code, epoch, user, areas, known.areas, tuple(roles), tuple(streams), keys.recipient, keys.verify,
        start, (rev, tag), row.unit or "",
    )  # fmt: skip


def scope_areas(areas: list[Area], held: set[str]) -> tuple[Area, ...]:
    """The divisions *held*, and those above them, by code."""
    by_code = {area.code: area for area in areas}
    wanted = set(held)
    for code in held:
        area = by_code.get(code)
        while area and area.parent and area.parent not in wanted:
            wanted.add(area.parent)
            area = by_code.get(area.parent)
    return tuple(area for area in areas if area.code in wanted)


def _prove(public_key: bytes, signature: bytes, code: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, enrol_text(code))
    except (InvalidSignature, ValueError) as bad:
        raise KnownError("county.key_unproven") from bad


def _user(county: County, conn: sa.Connection, user: str, password: str, roles: list[str]) -> list[str]:
    """The roles of *user* on this device, which are the code's; a new user is made, a known one proves who he is."""
    query = sa.select(ACCOUNT).where(ACCOUNT.c.county == county.code, ACCOUNT.c.name == user)
    row = conn.execute(query).one_or_none()
    if row is None:
        put_user(county, conn, user, password, roles)
        return roles
    try:
        HASHER.verify(row.password, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError) as bad:
        raise KnownError("county.password_wrong") from bad
    return roles


def _state(county: County, conn: sa.Connection, device: str) -> str:
    query = sa.select(DEVICE.c.state).where(DEVICE.c.county == county.code, DEVICE.c.id == device)
    return str(conn.scalar(query) or "")
