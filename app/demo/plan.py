"""How large a demo is and where it lies: its townships, villages and grids."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.demo.words import words

SCALES = ("village", "township", "county")
_PEOPLE = {"village": 2_000, "county": 500_000}
_GRID_PEOPLE = 750


@dataclass(frozen=True, slots=True)
class VillagePlan:
    """A village or community: its 12-digit code, how many people it should have and its grids (name, dedicated)."""

    code: str
    name: str
    township: str
    people: int
    grids: int
    dedicated: tuple[str, ...] = ()

    @property
    def community(self) -> bool:
        return self.name.endswith("社区")


@dataclass(frozen=True)
class DemoPlan:
    """The frame of a demo county; ``areas`` are as the county's area table takes them, parents first."""

    county_code: str
    scale: str
    seed: int
    areas: tuple[dict[str, str], ...]
    villages: tuple[VillagePlan, ...]

    @property
    def people(self) -> int:
        """About how many residents there will be."""
        return sum(village.people for village in self.villages)


def plan(scale: str, seed: int = 1) -> DemoPlan:
    """The demo of *scale*: "village" 2,000 people, "township" 30,000, "county" 500,000; ValueError for any other."""
    if scale not in SCALES:
        raise ValueError(scale)
    table = words("places")
    county = table["county"]
    villages = _first_township(table["township"])
    if scale == "village":
        chosen = next(village for village in villages if village.name == "上寨村")
        villages = [VillagePlan(chosen.code, chosen.name, chosen.township, _PEOPLE[scale], 3, chosen.dedicated)]
    names = {table["township"]["code"]: table["township"]["name"]}
    if scale == "county":
        missing = _PEOPLE[scale] - sum(village.people for village in villages)
        for code, name, more in _other_townships(table["county_townships"], missing, random.Random(seed)):  # noqa: S311
            names[code] = name
            villages.extend(more)
    areas = [{"code": f"{county['code']}000000", "name": county["name"], "level": "county", "parent": ""}]
    areas += [
        {"code": f"{code}000", "name": name, "level": "township", "parent": areas[0]["code"]}
        for code, name in names.items()
    ]
    areas += [
        {"code": village.code, "name": village.name, "level": "village", "parent": f"{village.code[:9]}000"}
        for village in villages
    ]
    return DemoPlan(county["code"], scale, seed, tuple(areas), tuple(villages))


def _first_township(table: dict[str, object]) -> list[VillagePlan]:
    rows: list[dict[str, object]] = table["villages"]  # type: ignore[assignment]
    return [
        VillagePlan(
            f"{table['code']}{row['code']}",
            str(row["name"]),
            str(table["name"]),
            int(str(row["people"])),
            int(str(row["grids"])),
            tuple(row.get("dedicated", ())),  # type: ignore[arg-type]
        )
        for row in rows
    ]


def _other_townships(
    table: dict[str, list[str]], people: int, chance: random.Random
) -> list[tuple[str, str, list[VillagePlan]]]:
    county = words("places")["county"]["code"]
    named = [(f"{county}{102 + at}", name) for at, name in enumerate(table["towns"])]
    named += [(f"{county}{201 + at}", name) for at, name in enumerate(table["townships"])]
    named += [(f"{county}{1 + at:03}", name) for at, name in enumerate(table["streets"])]
    taken = {village["name"] for village in words("places")["township"]["villages"]}
    heads = [first + second for first in table["village_first"] for second in table["village_second"]]
    # The people whom the manual names live in the first township's villages, and only there.
    heads = [head for head in heads if f"{head}村" not in taken]
    chance.shuffle(heads)
    found = []
    for index, (code, name) in enumerate(named):
        share = people // len(named) + (people % len(named) if index == 0 else 0)
        count = 8 + index % 4
        weights = [chance.uniform(0.7, 1.4) for _ in range(count)]
        villages = []
        for at, weight in enumerate(weights):
            community = at == 0
            own = table["communities"][index % 4] if community else f"{heads.pop()}村"
            size = round(share * weight / sum(weights))
            tail = f"{1 + at:03}" if community else f"{200 + at:03}"
            villages.append(VillagePlan(code + tail, own, name, size, max(1, round(size / _GRID_PEOPLE))))
        found.append((code, name, villages))
    return found
