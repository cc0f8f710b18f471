"""An office for the pictures of the map: the demo's whole township, its grids with their outlines and houses, the people of one village."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.rules.permissions import Permissions
from app.services.office import make_office
from app.store.agreement import Area
from app.store.keys import Cost
from app.store.saving import Edit
from app.store.store import new_key

if TYPE_CHECKING:
    from app.services.office import Office

_FORMS = frozenset({"grid", "grid_shape", "building", "dwelling", "household"})
_PEOPLED = "990001101201"
Row = tuple[str, str, str, dict[str, Any]]


def township(
    home: Path, now: dt.datetime, areas: Sequence[Mapping[str, str]], rows: Iterable[Row]
) -> tuple[Office, bytes]:
    """An office over a township with these *areas*, of whose *rows* the first kinds are taken; one house has no grid yet."""
    key = new_key()
    account = {
        "name": "林小禾",
        "roles": list(Permissions.load().township_roles()),
        "areas": ["990001101000"],
        "unit": "云岭镇综治中心",
    }
    office = make_office(home, key, "林小禾", "demo", account, now=now.timestamp, cost=Cost(1024, 1, 1))
    office.store.sync.set_areas([Area(a["code"], a["name"], a["level"], a.get("parent", "")) for a in areas])
    edits: list[Edit] = []
    for form, record_id, area, values in rows:
        if form == "event":
            break
        if form in _FORMS or area == _PEOPLED:
            edits.append(Edit(form, record_id, area, values))
    homes = [at for at, edit in enumerate(edits) if edit.form == "dwelling"]
    at = homes[len(homes) // 3]
    edits[at] = Edit("dwelling", edits[at].id, edits[at].area, {**edits[at].values, "grid": None})
    for start in range(0, len(edits), 2000):
        office.store.save(edits[start : start + 2000], "demo", bulk=True)
    return office, key
