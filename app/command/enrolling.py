"""A new home: the device's key first, the county's yes, then the encrypted store with its first user."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.errors import KnownError
from app.rules.permissions import LONGEST_UNIT
from app.services.office import make_office
from app.store.agreement import Area
from app.store.retirement import begin_anew
from app.store.store import DATABASE, new_key

if TYPE_CHECKING:
    from app.services.office import Office

_ASKING = "enrolling.key"


def make_home(
    home: Path, url: str, code: str, user: str, password: str, *, ca: str = "", name: str = "", unit: str = ""
) -> Office:
    """Enrol the device at *home* and open its new store; *unit*: what the user says himself, where the county gives none.

    The device's signing key is written down before anything is asked: whoever loses the line, or the machine, in between
    asks again with the same key and the same code. KnownError("store.exists") where the home has a store.
    """
    from sync.client import enrol

    unit = " ".join(unit.split())
    if len(unit) > LONGEST_UNIT:
        raise KnownError("accounts.unit_long", most=LONGEST_UNIT)
    begin_anew(home)
    if (home / DATABASE).exists():
        raise KnownError("store.exists", path=home)
    home.mkdir(parents=True, exist_ok=True)
    key = _signing_key(home / _ASKING)
    said = enrol(url, code, user, password, key=key, ca=ca)
    shows = int(time.time() * 1000)
    account = {
        "name": name or user,
        "roles": list(said.roles),
        "areas": list(said.held),
        "unit": said.unit,
        "unit_said": unit,
    }
    office = make_office(home, new_key(), user, password, account)
    office.store.sync.enrolled(
        device=said.device,
        county=said.county,
        url=said.url,
        token=said.token,
        epoch=said.epoch,
        ca=said.ca,
        areas=[Area(area.code, area.name, area.level, area.parent) for area in said.areas],
        streams=set(said.streams),
        begun=said.begun,
        mark=said.mark,
    )
    office.store.sync.learn_county_keys(said.recipient, said.verify)
    if said.clock:
        # From the first save on: a clock that stands in 2009 must not make everything on this device old.
        office.store.sync.county_clock(said.clock, shows)
    with office.store.transaction():
        office.store.meta.set("signing_key", _raw(key).hex())
    (home / _ASKING).unlink()
    return office


def _signing_key(path: Path) -> Ed25519PrivateKey:
    if path.exists():
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    key = Ed25519PrivateKey.generate()
    path.write_bytes(_raw(key))
    path.chmod(0o600)
    return key


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
