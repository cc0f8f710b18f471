"""What a dwelling is called in a list: by its room below its building, behind its building in a village, behind its village above that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.schema.record import Record
from app.services.registry import Place

if TYPE_CHECKING:
    from app.services.office import Office

_ABOVE = ("county", "township", "unplaced")
_ROOMS = ("building", "dwelling")


def home_words(office: Office, dwellings: Mapping[str, Record], place: Place) -> dict[str, str]:
    """What each of *dwellings* is called in the list of *place*, by id: short, for the column is narrow."""
    if place.kind in _ROOMS:
        return {home.id: _room(home) for home in dwellings.values()}
    villages = {area["code"]: area["name"] for area in office.store.areas()}
    if place.kind in _ABOVE:
        return {home.id: _behind(villages.get(home.area, ""), home, " ") for home in dwellings.values()}
    wanted = {str(home.values["building"]) for home in dwellings.values() if home.values.get("building")}
    names = {one.id: str(one.values.get("name") or "") for one in office.store.many("building", wanted).values()}
    return {
        home.id: _behind(names.get(str(home.values.get("building") or ""), ""), home).removeprefix(
            villages.get(home.area, "")
        )
        for home in dwellings.values()
    }


def _room(home: Record) -> str:
    return str(home.values.get("room") or home.values.get("address") or "")


def _behind(name: str, home: Record, between: str = "") -> str:
    """Its room behind *name*; an address that says the name says it once."""
    room = _room(home)
    return room if name in room and not between else f"{name}{between}{room.removeprefix(name)}".strip()
