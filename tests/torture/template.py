"""A county with enrolled devices, made once and copied for every schedule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import argon2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.store.agreement import Area as StoreArea
from app.store.store import Store, new_key
from sync.county import enrolment, office
from sync.wire import Area, enrol_text

CODE = "990001"
TOWNSHIP = "990001101000"
VILLAGES = ("990001101201", "990001101202", "990001101203")
USERS = ("张干事", "李干事", "王村")
SCOPES = ((TOWNSHIP,), (TOWNSHIP,), VILLAGES[:1])
"""What each device holds: two the whole township, the last one village."""
_PASSWORD = "一个够长的密码"
_AREAS = [
    Area(TOWNSHIP, "幸福镇", "township"),
    *(Area(code, f"幸福{number}村", "village") for number, code in enumerate(VILLAGES, 1)),
]


@dataclass(frozen=True)
class Template:
    """The county's *database* (a file, or the URL of PostgreSQL), the devices' homes and the key to all of them."""

    database: object
    homes: tuple
    key: bytes


def make(database, folder: Path, forms) -> Template:
    """Make it: the county in *database*, the homes in *folder*."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    before = office.HASHER
    office.HASHER = enrolment.HASHER = cheap
    key = new_key()
    county = office.init(database, forms, CODE)
    try:
        office.add_areas(county, _AREAS)
        homes = tuple(
            home(county, folder / f"home{number}", key, forms, user, areas)
            for number, (user, areas) in enumerate(zip(USERS, SCOPES, strict=True))
        )
    finally:
        county.close()
        office.HASHER = enrolment.HASHER = before
    return Template(database, homes, key)


def home(county, folder, key, forms, user, areas, roles=office.DEFAULT_ROLES):
    """Enrol a device of *user* at *county*, with an empty store in *folder*."""
    code = office.issue_code(county, areas, roles)
    own = Ed25519PrivateKey.generate()
    public = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    made = enrolment.enrol(county, code, public, own.sign(enrol_text(code)), user, _PASSWORD)
    store = Store.create(folder, key, forms)
    store.sync.enrolled(
        device=made.device,
        county=made.county,
        url="http://127.0.0.1:9",
        token=made.token,
        epoch=made.epoch,
        areas=[StoreArea(area.code, area.name, area.level, area.parent) for area in made.areas],
        streams=set(made.streams),
    )
    with store.transaction():
        store.meta.set("signing_key", own.private_bytes_raw().hex())
    store.close()
    return folder
