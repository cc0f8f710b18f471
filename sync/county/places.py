"""Divisions in words, and those that were given from one to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.rules.areas import any_covers
from sync.county.rights import Device, Rights
from sync.wire import Area

_ABOVE_VILLAGES = "township"


def words(areas: Iterable[Area]) -> Mapping[str, str]:
    """For each division its name, a village's behind its township's."""
    known = {area.code: area for area in areas}
    found = {}
    for code, area in known.items():
        above = known.get(area.parent)
        found[code] = f"{above.name}{area.name}" if above and above.level == _ABOVE_VILLAGES else area.name
    return found


def given_away(rights: Rights, device: Device, areas: Iterable[Area]) -> tuple[tuple[str, str, str], ...]:
    """Divisions that by their digits would be *device*'s and are not: (code, where it is in words, the code above it)."""
    known = list(areas)
    named, held = words(known), set(rights.areas(device))
    return tuple(
        (area.code, named[area.code], area.parent)
        for area in known
        if area.code not in held and any_covers(device.areas, area.code)
    )
