"""What a dwelling is called in a list: by its room below its building, in its own words in a village, with its village above that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.schema.record import Record
from app.services.registry import Place

if TYPE_CHECKING:
    from app.services.office import Office

_ABOVE = ("county", "township", "unplaced")
_ROOMS = ("building", "dwelling")


def home_words(office: Office, dwellings: Mapping[str, Record], place: Place | None) -> dict[str, str]:
    """What each of *dwellings* is called in the list of *place*, by id; None: somewhere in the areas of this user."""
    kind = place.kind if place is not None else "township"
    if kind in _ROOMS:
        return {home.id: _room(home) for home in dwellings.values()}
    wanted = {str(home.values["building"]) for home in dwellings.values() if home.values.get("building")}
    buildings = office.store.many("building", wanted) if wanted else {}
    villages = {area["code"]: area["name"] for area in office.store.areas()}
    found = {}
    for home in dwellings.values():
        held = buildings.get(str(home.values.get("building") or ""))
        building = str(held.values.get("name") or "") if held is not None else ""
        village = villages.get(home.area, "")
        said = _whole(home, building).removeprefix(village)
        found[home.id] = f"{village}{said}" if kind in _ABOVE else said
    return found


def _room(home: Record) -> str:
    return str(home.values.get("room") or home.values.get("address") or "")


def _whole(home: Record, building: str) -> str:
    """Its address; one that doesn't say its building stands behind it."""
    address = str(home.values.get("address") or "") or _room(home)
    return address if building in address else f"{building}{address}"
