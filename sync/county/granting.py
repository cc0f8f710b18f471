"""What an administrator gives to a device, or takes from it, after it was enrolled: areas and roles."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from app.errors import KnownError
from sync.county.county import County
from sync.county.tables import DEVICE


def grant(
    county: County, device: str, *, areas: Sequence[str] | None = None, roles: Sequence[str] | None = None
) -> None:
    """Give *device* these areas and roles from its next request on; None leaves them as they are.

    What it saved by its rights of before is still judged by them. KnownError("county.device_unknown", "county.area_unknown",
    "county.role_unknown").
    """
    with county.database.plain() as conn:
        known = {area.code for area in county.areas(conn)}
        for area in areas or ():
            if area not in known:
                raise KnownError("county.area_unknown", area=area)
        for role in roles or ():
            if role not in county.permissions.roles:
                raise KnownError("county.role_unknown", role=role)
        given = {"areas": areas, "roles": roles}
        values = {name: json.dumps(list(held)) for name, held in given.items() if held is not None}
        key = DEVICE.c.county == county.code, DEVICE.c.id == device
        if not values or not conn.execute(sa.update(DEVICE).where(*key), values).rowcount:
            raise KnownError("county.device_unknown", device=device)
        said = {name: list(held) for name, held in given.items() if held is not None}
        county.audit(conn, "grant", granted=device, given=said)
