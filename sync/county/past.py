"""What a device could do before: areas and roles that were taken from it, and when it was told."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sync.county.tables import DEVICE

_NEVER = 1 << 62
_GRACE_MS = 10 * 60 * 1000
"""So long after it was told a device may still have saved by what it knew: the answer was under way, its clock wrong by minutes."""


@dataclass(frozen=True, slots=True)
class Past:
    """Areas and roles that a device no longer has, each with the time (ms) at which it was told."""

    areas: Mapping[str, int] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)

    def knew(self, area: str, time: int) -> bool:
        """Whether a change saved at *time* was made when the device still held *area*."""
        return area in self.areas and time <= self.areas[area] + _GRACE_MS

    def had(self, area: str) -> bool:
        """Whether the device ever held *area*."""
        return area in self.areas


def read_past(conn: sa.Connection, county: str, device: str, areas: Collection[str], roles: Collection[str]) -> Past:
    """What *device* had beside the *areas* and *roles* of today; of what it wasn't told yet it knows nothing."""
    told, past = _stored(conn, county, device)
    return Past(
        _lost(told.get("areas", ()), past.get("areas", {}), areas, _NEVER),
        _lost(told.get("roles", ()), past.get("roles", {}), roles, _NEVER),
    )


def knows_rights(conn: sa.Connection, county: str, device: str, roles: Collection[str], unit: str | None) -> bool:
    """Whether *roles* and *unit* are those that the device was last told; roles of which nobody wrote that down are."""
    told, _ = _stored(conn, county, device)
    return (not told or told["roles"] == sorted(roles)) and (unit is None or unit == told.get("unit"))


def tell(
    conn: sa.Connection,
    county: str,
    device: str,
    areas: Collection[str],
    roles: Collection[str],
    now: int,
    unit: str | None = None,
) -> None:
    """The device is told its scope in this answer; it is told again until it knows, and only the last time counts."""
    told, past = _stored(conn, county, device)
    if told and told["areas"] == sorted(areas) and told["roles"] == sorted(roles):
        past = {kind: dict.fromkeys(held, now) for kind, held in past.items()}
    kept = {
        "areas": _lost(told.get("areas", ()), past.get("areas", {}), areas, now),
        "roles": _lost(told.get("roles", ()), past.get("roles", {}), roles, now),
    }
    conn.execute(
        sa.update(DEVICE).where(DEVICE.c.county == county, DEVICE.c.id == device),
        {"told": json.dumps({"areas": sorted(areas), "roles": sorted(roles), "unit": unit}), "past": json.dumps(kept)},
    )


def _lost(told: Collection[str], past: Mapping[str, int], now_has: Collection[str], when: int) -> dict[str, int]:
    has = set(now_has)
    return {name: at for name, at in {**dict.fromkeys(told, when), **past}.items() if name not in has}


def _stored(conn: sa.Connection, county: str, device: str) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    row = conn.execute(
        sa.select(DEVICE.c.told, DEVICE.c.past).where(DEVICE.c.county == county, DEVICE.c.id == device)
    ).one_or_none()
    if row is None:
        return {}, {}
    return json.loads(row.told or "{}"), json.loads(row.past or "{}")
