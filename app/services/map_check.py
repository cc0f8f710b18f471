"""What the map and the registry say against each other, and grids against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.geometry import Cover, Gap, Overlap
from app.schema.dates import china_time
from app.services.maps import GridOn, Ground
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.office import Office

OTHER, OUTSIDE, NOT_ENTERED, NOT_DRAWN = "other", "outside", "not_entered", "not_drawn"
_WITHIN_OTHERS = frozenset({"dedicated", "micro"})
"""Grids that lie within others: what they share with those is no fault."""
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Stray:
    """A dwelling whose point and whose entered grid disagree.

    ``kind``: ``other`` the point lies in another grid than the entered one; ``outside`` in none, away from the entered one;
    ``not_entered`` no grid is entered; ``not_drawn`` the entered one has no outline, and the point lies in another.
    """

    dwelling: str
    address: str
    area: str
    kind: str
    entered: str | None
    found: str | None
    lon: float
    lat: float


@dataclass(frozen=True)
class Findings:
    """All that does not agree; ``names`` of the grids named in it by id."""

    strays: tuple[Stray, ...]
    overlaps: tuple[Overlap, ...]
    gaps: tuple[Gap, ...]
    without_outline: tuple[GridOn, ...]
    names: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.strays) + len(self.overlaps) + len(self.gaps) + len(self.without_outline)


def check_map(office: Office, areas: Collection[str] | None = None, *, ground: Ground | None = None) -> Findings:
    """Lay points and outlines of *areas* (default: all held) over each other; *ground* where it was read already."""
    ground = ground or office.maps.ground(areas)
    today = china_time(office.store.now_ms())[:10]
    grids = [grid for grid in ground.grids if not grid.past(today)]
    cover = Cover({grid.id: grid.outline for grid in grids if grid.outline})
    base: dict[str, dict[str, str]] = {}
    for grid in grids:
        if grid.outline:
            base.setdefault(grid.kind if grid.kind in _WITHIN_OTHERS else "", {})[grid.id] = grid.outline
    overlaps = [one for outlines in base.values() for one in Cover(outlines).overlaps()]
    gaps = Cover(base.get("", {})).gaps()
    return Findings(
        tuple(_strays(office, ground, cover)),
        tuple(sorted(overlaps, key=lambda one: -one.m2)),
        tuple(gaps),
        tuple(grid for grid in grids if not grid.outline),
        {grid.id: grid.name for grid in ground.grids},
    )


def take_grid_by_place(office: Office, strays: Sequence[Stray]) -> int:
    """Enter for each of these dwellings the grid that its point lies in, as one save; how many were changed.

    What somebody entered since the check stays. Raises Denied, KnownError("map.nothing_to_take").
    """
    wanted = {one.dwelling: one for one in strays if one.found}
    if not wanted:
        raise KnownError("map.nothing_to_take")
    held = office.store.many("dwelling", list(wanted))
    edits = [
        Edit("dwelling", record.id, record.area, {"grid": wanted[record.id].found})
        for record in held.values()
        if not record.deleted and record.values.get("grid") == wanted[record.id].entered
    ]
    lines = [
        office.gate.line("edit", "dwelling", area, fields=f"grid,{sum(e.area == area for e in edits)}", own=True)
        for area in sorted({edit.area for edit in edits})
    ]
    if edits:
        office.store.save(edits, office.gate.session.user, audit=lines)
    return len(edits)


def _strays(office: Office, ground: Ground, cover: Cover) -> list[Stray]:
    homes = ground.dwellings
    inside = cover.each(homes.lons, homes.lats)
    drawn = set(cover.keys)
    odd: list[tuple[int, str]] = []
    for at, (entered, found) in enumerate(zip(homes.grids, inside, strict=True)):
        if entered == found:
            continue
        if entered is None:
            odd.append((at, NOT_ENTERED))
        elif entered not in drawn:
            if found is not None:
                odd.append((at, NOT_DRAWN))
        elif not cover.near(entered, homes.lons[at], homes.lats[at]):
            odd.append((at, OTHER if found else OUTSIDE))
    ids = [homes.ids[at] for at, _ in odd]
    records = {}
    for start in range(0, len(ids), _AT_ONCE):
        records.update(office.store.many("dwelling", ids[start : start + _AT_ONCE]))
    made = [
        Stray(
            homes.ids[at], str(records[homes.ids[at]].values.get("address") or ""), homes.areas[at], kind,
            homes.grids[at], inside[at], homes.lons[at], homes.lats[at],
        )
        for at, kind in odd
        if homes.ids[at] in records
    ]  # fmt: skip
    return sorted(made, key=lambda one: (one.area, one.kind, one.address))
