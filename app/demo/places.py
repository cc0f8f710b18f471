"""Buildings and dwellings of the demo, laid out grid by grid."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.demo.plan import VillagePlan
from app.demo.words import numeral, words

_FLATS_A_FLOOR = 2


@dataclass(slots=True)
class Dwelling:
    """One dwelling: its full address, and the parts that its record keeps."""

    address: str
    room: str
    unit: str = ""
    floor: str = ""


@dataclass(slots=True)
class Building:
    """A block of flats, a row of houses, or one house with its number, *group* is the villager group or the estate."""

    name: str
    group: str
    floors: int
    units: int = 0
    dwellings: list[Dwelling] = field(default_factory=list)


def buildings(village: VillagePlan, grid: int, chance: random.Random) -> Iterator[Building]:
    """Buildings of the *grid*-th grid (from 1) without end; the taker stops when its people are housed."""
    table = words("places")["words"]
    if village.community:
        yield from _blocks(village, grid, chance, table["estates"])
    groups = [numeral(2 * grid - 1), numeral(2 * grid)]
    short = village.name.removesuffix("村")
    if _in_rows(village):
        # Some villages count houses by rows within the group, others along lanes.
        yield from _blocks(village, grid, chance, table["estates"][:1], count=1 if grid == 1 else 0)
        for number in range(1, 10_000):
            for group in groups:
                for row in table["rows"]:
                    yield _row(village, short, group, row, number, chance)
    lane_at = grid * 3
    for lap in range(10_000):
        lane = table["lanes"][(lane_at + lap) % len(table["lanes"])]
        group = groups[lap % 2]
        for number in range(1, 70):
            name = f"{lane}{number + 70 * (lap // len(table['lanes']))}号"
            dwelling = Dwelling(f"{village.name}{group}组{name}", name.removeprefix(lane))
            yield Building(f"{group}组{name}", f"{group}组", chance.choice((1, 2, 2, 3)), dwellings=[dwelling])


def _in_rows(village: VillagePlan) -> bool:
    return int(village.code[-3:]) % 2 == 1


def _row(village: VillagePlan, short: str, group: str, row: str, lap: int, chance: random.Random) -> Building:
    tens = "" if lap == 1 else str(lap)
    order = words("places")["words"]["rows"].index(row) + 1
    made = Building(f"{short}{group}组{row}{tens}", f"{group}组", 2)
    for number in range(11, 11 + chance.randint(26, 46)):
        room = f"{order + 1}-{number}号"
        made.dwellings.append(Dwelling(f"{village.name}{group}组{row}{tens}{room}", room))
    return made


def _blocks(
    village: VillagePlan, grid: int, chance: random.Random, estates: list[str], count: int = 10_000
) -> Iterator[Building]:
    estate = estates[(grid - 1) % len(estates)]
    # Grids that share an estate go on counting its blocks.
    first = 1 + 40 * ((grid - 1) // len(estates))
    for number in range(first, first + count):
        floors, units = chance.choice(((5, 3), (6, 3), (6, 2), (11, 2)))
        made = Building(f"{estate}{number}幢", estate, floors, units)
        for unit in range(1, units + 1):
            for floor in range(1, floors + 1):
                for flat in range(1, _FLATS_A_FLOOR + 1):
                    room = f"{floor}{flat:02}"
                    address = f"{village.name}{made.name}{unit}单元{room}室"
                    made.dwellings.append(Dwelling(address, room, str(unit), str(floor)))
        yield made
