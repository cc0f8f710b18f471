"""What an administrator gives to a device, or takes from it, after it was enrolled: areas, roles, its user's unit."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from app.errors import KnownError
from app.rules.permissions import LONGEST_UNIT, Permissions
from sync.county.county import County
from sync.county.tables import DEVICE


def grant(
    county: County,
    device: str,
    *,
    areas: Sequence[str] | None = None,
    roles: Sequence[str] | None = None,
    unit: str | None = None,
) -> None:
    """Give *device* these areas and roles and its user this *unit* from its next request on; None leaves them as they are.

    What it saved by its rights of before is still judged by them. KnownError("county.device_unknown", "county.area_unknown",
    "county.role_unknown", "county.village_only", "accounts.unit_long").
    """
    with county.database.plain() as conn:
        known = {area.code for area in county.areas(conn)}
        for area in areas or ():
            if area not in known:
                raise KnownError("county.area_unknown", area=area)
        for role in roles or ():
            if role not in county.permissions.roles:
                raise KnownError("county.role_unknown", role=role)
        stands = conn.execute(
            sa.select(DEVICE.c.areas, DEVICE.c.roles).where(DEVICE.c.county == county.code, DEVICE.c.id == device)
        ).first()
        held_areas, held_roles = (json.loads(stands.areas), json.loads(stands.roles)) if stands else ([], [])
        fits(county.permissions, held_roles if roles is None else roles, held_areas if areas is None else areas)
        given = {"areas": areas, "roles": roles}
        values: dict[str, str] = {name: json.dumps(list(held)) for name, held in given.items() if held is not None}
        if unit is not None:
            unit = " ".join(unit.split())
            if len(unit) > LONGEST_UNIT:
                raise KnownError("accounts.unit_long", most=LONGEST_UNIT)
            values["unit"] = unit
        key = DEVICE.c.county == county.code, DEVICE.c.id == device
        if not values or not conn.execute(sa.update(DEVICE).where(*key), values).rowcount:
            raise KnownError("county.device_unknown", device=device)
        said: dict[str, object] = {name: list(held) for name, held in given.items() if held is not None}
        said |= {} if unit is None else {"unit": unit}
        county.audit(conn, "grant", granted=device, given=said)


def fits(permissions: Permissions, roles: Sequence[str], areas: Sequence[str]) -> None:
    """KnownError("county.village_only") where a role that holds over villages alone would be given over more."""
    misplaced = permissions.misplaced(roles, areas)
    if misplaced:
        raise KnownError("county.village_only", role=permissions.label(misplaced))
