"""Becoming known to a county: one request, asked again by itself while the link is bad."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.errors import KnownError
from sync.client.link import CONNECT_SECONDS, STALL_SECONDS, Cut, checked, explained, network, refusal
from sync.wire import Area, enrol_text


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the county told this device; the token is told once. ``clock``: its time in ms since 1970 UTC, 0 if not told.

    ``unit``: the unit that it gives this user; empty where it gives none.
    """

    url: str
    device: str
    token: str
    county: str
    epoch: int
    user: str
    areas: tuple[Area, ...]
    held: tuple[str, ...]
    roles: tuple[str, ...]
    streams: tuple[tuple[str, str], ...]
    ca: str = ""
    recipient: str = ""
    verify: str = ""
    begun: bytes = b""
    mark: tuple[int, bytes] | None = None
    clock: int = 0
    unit: str = ""


def enrol(
    url: str,
    code: str,
    user: str,
    password: str,
    *,
    key: Ed25519PrivateKey | None = None,
    ca: str = "",
    http: requests.Session | None = None,
    tries: int = 5,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> Enrolment:
    """Ask the county at *url* with a one-time code; KnownError for what it refuses, or when no answer came.

    The code is bound to *key* (made here if not given): the same key may ask again for an hour.
    """
    url = checked(url)
    key = key or Ed25519PrivateKey.generate()
    asked = {
        "code": code.strip(),
        "key": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
        "signature": key.sign(enrol_text(code)).hex(),
        "user": user,
        "password": password,
    }
    session = http or requests.Session()
    for attempt in range(tries):
        try:
            return _read(url, ca, _ask(session, url, asked, ca))
        except KnownError as bad:
            raise explained(bad, now()) from bad.__cause__
        except Cut as bad:
            if attempt == tries - 1:
                raise KnownError("sync.unreachable", url=url) from bad
            sleep(random.uniform(0.5, 1.5) * 2**attempt)  # noqa: S311 - spreads devices out, guards nothing
    raise KnownError("sync.unreachable", url=url)


def _ask(http: requests.Session, url: str, asked: dict[str, str], ca: str) -> Any:
    with network():
        response = http.post(
            f"{url}/v1/enrol",
            json=asked,
            timeout=(CONNECT_SECONDS, STALL_SECONDS),
            verify=ca or True,
            allow_redirects=False,
        )
        if response.status_code != requests.codes.ok:
            raise refusal(response)
        try:
            return response.json()
        except ValueError as bad:
            raise KnownError("sync.not_a_county", url=url) from bad


def _read(url: str, ca: str, said: Any) -> Enrolment:
    try:
        return Enrolment(
            url,
            str(said["device"]),
            str(said["token"]),
            str(said["county"]),
            int(said["epoch"]),
            str(said["user"]),
            tuple(Area(row["code"], row["name"], row["level"], row["parent"]) for row in said["areas"]),
            tuple(said["held"]),
            tuple(said["roles"]),
            tuple((area, name) for area, name in said["streams"]),
            ca,
            str(said.get("recipient", "")),
            str(said.get("verify", "")),
            bytes.fromhex(said.get("begun", "")),
            (int(said["mark"][0]), bytes.fromhex(said["mark"][1])) if "mark" in said else None,
            int(said.get("clock", 0)),
            str(said.get("unit") or ""),
        )
    except (KeyError, TypeError, ValueError) as bad:
        raise KnownError("sync.not_a_county", url=url) from bad
