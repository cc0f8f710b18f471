"""The county's own keys: what bundles for it are sealed for, and what it signs its answers with."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.errors import KnownError
from sync.county.database import Database
from sync.county.tables import COUNTY, SECRET
from sync.sealed import new_identity, recipient_of


@dataclass(frozen=True)
class Keys:
    """``identity`` (age) and ``signing`` (Ed25519, 32 bytes) are private; the other two are told to everybody."""

    identity: str
    signing: bytes
    recipient: str
    verify: str


def load_keys(database: Database, county: str, now: int) -> Keys:
    """The keys of *county*, made here where it has none yet."""
    with database.snapshot() as conn:
        held = _held(conn, county)
    if len(held) < len(_MAKERS):
        with database.plain() as conn:
            # Whoever comes second waits for the county's row, and then finds what the first one made.
            if conn.execute(sa.select(COUNTY).where(COUNTY.c.county == county).with_for_update()).one_or_none() is None:
                raise KnownError("county.missing")
            held = _held(conn, county)
            for name in _MAKERS.keys() - held.keys():
                held[name] = _MAKERS[name]()
                conn.execute(sa.insert(SECRET).values(county=county, name=name, value=held[name], made=now))
    signing = bytes.fromhex(held["signing"])
    public = Ed25519PrivateKey.from_private_bytes(signing).public_key()
    verify = public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return Keys(held["identity"], signing, recipient_of(held["identity"]), verify)


def _held(conn: sa.Connection, county: str) -> dict[str, str]:
    rows = conn.execute(sa.select(SECRET.c.name, SECRET.c.value).where(SECRET.c.county == county))
    return {row.name: row.value for row in rows}


def _new_signing() -> str:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex()


_MAKERS = {"identity": lambda: new_identity()[0], "signing": _new_signing}
