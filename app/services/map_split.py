"""The ground of a grid that was split off: proposed by where its dwellings lie, and taken out of the grid that it came of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.schema.outline import MOST_POINTS, Outline, points, read_outline
from app.schema.record import Record
from app.store import located

if TYPE_CHECKING:
    from app.services.maps import Drawn
    from app.services.office import Office


@dataclass(frozen=True, slots=True)
class CutFrom:
    """The grid whose ground a new one is cut from. ``proposal``: the part where the new one's dwellings lie, empty where that can't be told."""

    grid: str
    name: str
    proposal: Outline = ()


def cut_from(office: Office, grid: str) -> CutFrom | None:
    """Of which grid the ground of *grid* is to be cut: the one that it was split off; None where *grid* was drawn before, or that never was."""
    from app.rules.geometry import nearer

    held = office.store.get("grid", grid)
    source = (
        office.store.get("grid", str(held.values["predecessor"])) if held and held.values.get("predecessor") else None
    )
    if held is None or source is None or source.deleted or source.area != held.area:
        return None
    if office.maps.outline(grid) is not None or not (ground := office.maps.ground_of(source.id)):
        return None
    lie = located.dwellings(office.store.conn, [held.area])
    spots: dict[str | None, list[tuple[float, float]]] = {}
    for lon, lat, of in zip(lie.lons, lie.lats, lie.grids, strict=True):
        spots.setdefault(of, []).append((lon, lat))
    found = nearer(read_outline(ground), spots.get(grid, []), spots.get(source.id, []))
    name = str(source.values.get("name") or "")
    return CutFrom(source.id, name, found if found and points(found) <= MOST_POINTS else ())


def keep_cut(office: Office, drawn: Drawn, source: str, *, seen: Mapping[str, int] | None = None) -> Record:
    """Keep *drawn* for the new grid, and take its ground out of that of *source*, as one save. *seen* as for ``Maps.keep``.

    KnownError("map.nothing_left") where the other grid would have no ground any more.
    """
    from app.rules.geometry import meet, without

    ground = office.maps.ground_of(source)
    if not ground or not meet(read_outline(ground), drawn.outline):
        return office.maps.keep(drawn, seen=seen)
    rest = without(read_outline(ground), drawn.outline)
    if rest is None:
        held = office.store.get("grid", source)
        raise KnownError("map.nothing_left", name=held.values.get("name") if held else "")
    before = office.maps.outline(source)
    datum = str(before.values.get("datum") or drawn.datum) if before else drawn.datum
    left = replace(drawn, grid=source, outline=rest, datum=datum)
    office.maps.keep_many([replace(drawn, datum=datum), left], action="edit", seen=seen)
    kept = office.maps.outline(drawn.grid)
    if kept is None:
        raise KnownError("store.no_record", form=office.forms["grid_shape"].title, id=drawn.grid)
    return kept
