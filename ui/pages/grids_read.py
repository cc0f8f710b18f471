"""What the page of grids reads in the lane: the grids of the villages, one grid's sheet, the sector grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.record import Record
from app.services.posts import Sector
from app.store import places
from app.store.places import Tally

if TYPE_CHECKING:
    from app.services.office import Office


@dataclass(frozen=True)
class GridLine:
    """One grid of the list; ``depth`` 1: a micro grid below the one before it."""

    record: Record
    tally: Tally
    village: str
    depth: int = 0


@dataclass(frozen=True)
class GridSheet:
    """Everything of one grid: who is posted there, what it came of, which sector grids take it in."""

    record: Record
    tally: Tally
    buildings: int
    posts: tuple[Record, ...]
    sectors: tuple[str, ...]
    came_of: str
    went_into: str
    upper: str


@dataclass(frozen=True)
class SectorLine:
    """One sector grid of the list, as deep as it lies."""

    record: Record
    places: int
    depth: int


def read_grids(office: Office, area: str, *, past: bool) -> list[GridLine]:
    """The grids of *area*, village by village by their numbers, micro grids below theirs; *past* ones only when asked."""
    office.gate.require("read", "grid", area or None)
    areas = [area] if area else list(office.session.areas)
    names = {each["code"]: each["name"] for each in office.store.areas()}
    tallies = places.by_grid(office.store.conn, areas)
    held = office.store.select("grid", area=areas, order=["area", "code", "name"])
    if not past:
        held = [grid for grid in held if not grid.values.get("valid_to")]
    ids = {grid.id for grid in held}
    below: dict[str, list[Record]] = {}
    for grid in held:
        upper = str(grid.values.get("upper") or "")
        below.setdefault(upper if upper in ids and upper != grid.id else "", []).append(grid)
    found: list[GridLine] = []
    seen: set[str] = set()

    def add(grids: Sequence[Record], depth: int) -> None:
        for grid in grids:
            if grid.id not in seen:
                seen.add(grid.id)
                found.append(GridLine(grid, tallies.get(grid.id, Tally()), names.get(grid.area, ""), depth))
                add(below.get(grid.id, ()), depth + 1)

    add(below.get("", ()), 0)
    # Two that name each other as the upper one hang below nobody.
    add([grid for grid in held if grid.id not in seen], 0)
    return found


def read_sheet(office: Office, grid: str) -> GridSheet:
    """The sheet of one grid."""
    record = office.records.get("grid", grid)
    tally = places.of_grid(office.store.conn, grid)
    buildings = office.store.count("building", {"grid": grid})
    sectors = [str(sector.values.get("name") or "") for sector in office.posts.of_place("grid", grid)]
    return GridSheet(
        record,
        tally,
        buildings,
        tuple(office.posts.of(grid)),
        tuple(sectors),
        _name(office, record.values.get("predecessor")),
        _name(office, record.values.get("successor")),
        _name(office, record.values.get("upper")),
    )


def read_sectors(office: Office) -> list[SectorLine]:
    """The sector grids as a list, each below its upper one."""
    found: list[SectorLine] = []

    def add(sectors: Sequence[Sector], depth: int) -> None:
        for sector in sectors:
            found.append(SectorLine(sector.record, sector.places, depth))
            add(sector.below, depth + 1)

    add(office.posts.sectors(), 0)
    return found


def _name(office: Office, grid: object) -> str:
    record = office.store.get("grid", str(grid)) if grid else None
    return str(record.values.get("name") or "") if record is not None else ""
