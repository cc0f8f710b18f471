"""One village of the demo as records: grids, then grid by grid its buildings, dwellings, households and residents."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.demo.ground import DemoGround
from app.demo.households import Families, Person
from app.demo.known import known_household
from app.demo.numbers import Numbers
from app.demo.places import Building, Dwelling, buildings
from app.demo.plan import VillagePlan
from app.demo.words import FEMALE, MALE, given_name, numeral, surname, words
from app.schema.ids import companion
from app.schema.values import Value

Row = tuple[str, str, str, dict[str, Value]]

_VACANT, _LET = 0.05, 0.06
_SAMPLE = 40


@dataclass(frozen=True, slots=True)
class GridSite:
    """A grid as cases refer to it: record id, name, its member and the member's phone."""

    id: str
    name: str
    member: str
    phone: str


@dataclass(frozen=True, slots=True)
class Home:
    """A household as cases refer to it."""

    household: str
    dwelling: str
    resident: str
    grid: GridSite
    address: str
    group: str
    head: Person
    spouse: Person | None


@dataclass
class VillageSite:
    """What cases need of a village: its head, its grids, some of its households; a bounded number at any size."""

    plan: VillagePlan
    grids: list[GridSite] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)
    known: dict[str, Home] = field(default_factory=dict)
    head: str = ""
    seen: int = 0

    def keep(self, home: Home, chance: random.Random, *, known: bool) -> None:
        """Keep *home* by chance, every one of the village with the same; those of known people by name."""
        if known:
            self.known[home.head.name] = home
        self.seen += 1
        if len(self.homes) < _SAMPLE:
            self.homes.append(home)
        elif (at := chance.randrange(self.seen)) < _SAMPLE:
            self.homes[at] = home


class Population:
    """Makes villages one after another; ``site`` is filled while a village's records are taken."""

    def __init__(self, chance: random.Random, numbers: Numbers, now: dt.datetime, ground: DemoGround) -> None:
        self._chance = chance
        self._ground = ground
        self._numbers = numbers
        self._today = now.date()
        self._families = Families(chance, self._today)
        self._households: dict[str, int] = {}

    def village(self, site: VillageSite) -> Iterator[Row]:
        """The records of one village in the order in which they refer to each other."""
        plan = site.plan
        site.head = surname(self._chance) + given_name(self._chance, MALE, 1972)
        rows = [self._grid(plan, index, f"第{numeral(index)}网格") for index in range(1, plan.grids + 1)]
        rows += [self._grid(plan, 501 + at, name) for at, name in enumerate(plan.dedicated)]
        for record_id, values in rows:
            site.grids.append(
                GridSite(record_id, str(values["name"]), str(values["member"]), str(values["member_phone"]))
            )
            yield "grid", record_id, plan.code, values
            yield from self._shape(plan, record_id, values)
        left = plan.people
        for index in range(1, plan.grids + 1):
            wanted = left // (plan.grids - index + 1)
            left -= wanted
            yield from self._people(site, index, wanted)

    def _grid(self, plan: VillagePlan, number: int, name: str) -> tuple[str, dict[str, Value]]:
        general = number < 500
        member_sex = FEMALE if self._chance.random() < 0.6 else MALE
        return self._numbers.record_id(), {
            "name": name,
            "code": f"{plan.code}{number:03}",
            "grid_kind": "general" if general else "dedicated",
            "leader": surname(self._chance) + given_name(self._chance, MALE, 1970),
            "member": surname(self._chance) + given_name(self._chance, member_sex, 1985),
            "member_phone": self._numbers.phone(),
            "linked_unit": self._chance.choice([unit["name"] for unit in words("units")["unit"]][:6]),
            "valid_from": "2024-01-01",
        }

    def _people(self, site: VillageSite, index: int, wanted: int) -> Iterator[Row]:
        grid = site.grids[index - 1]
        made = 0
        for building in buildings(site.plan, index, self._chance):
            if made >= wanted:
                return
            rows: dict[str, list[Row]] = {"dwelling": [], "household": [], "resident": []}
            building_id = self._numbers.record_id()
            for dwelling in building.dwellings:
                if made < wanted:
                    made += self._dwelling(site, grid, building, building_id, dwelling, rows)
            yield "building", building_id, site.plan.code, self._building(site, grid, building, len(rows["dwelling"]))
            for part in rows.values():
                yield from part

    def _building(self, site: VillageSite, grid: GridSite, building: Building, dwellings: int) -> dict[str, Value]:
        values: dict[str, Value] = {
            "name": building.name,
            "grid": grid.id,
            "floors": building.floors,
            "households": dwellings,
        }
        if building.units:
            values["units"] = building.units
        if len(building.dwellings) > 1:
            values["head"] = surname(self._chance) + given_name(self._chance, FEMALE, 1970)
            values["head_phone"] = self._numbers.phone()
            values["lon"], values["lat"] = self._point(site, grid, building)
        return values

    def _shape(self, plan: VillagePlan, grid: str, values: dict[str, Value]) -> Iterator[Row]:
        outline = self._ground.outline(plan, int(str(values["code"])[-3:]))
        if outline:
            drawn: dict[str, Value] = {
                "grid": grid,
                "name": values["name"],
                "outline": outline,
                "source": "imported",
                "datum": "cgcs2000",
                "drawn_at": "2024-03-12",
            }
            yield "grid_shape", companion(grid, "grid_shape"), plan.code, drawn

    def _point(
        self, site: VillageSite, grid: GridSite, building: Building, *, house: bool = False
    ) -> tuple[float, float]:
        """Where a building stands, or a *house* of its own; flats are where their block is."""
        number = site.grids.index(grid) + 1
        along, beside = self._chance.random(), self._chance.random()
        if house and not building.units:
            return self._ground.house(site.plan, number, along, beside, odd=int(along * 1e6))
        return self._ground.building(site.plan, number, building.name)

    def _dwelling(
        self,
        site: VillageSite,
        grid: GridSite,
        building: Building,
        building_id: str,
        dwelling: Dwelling,
        rows: dict[str, list[Row]],
    ) -> int:
        draw = self._chance.random()
        vacant, let = draw < _VACANT, _VACANT <= draw < _VACANT + _LET
        record_id = self._numbers.record_id()
        known = known_household(site.plan.name, building.name, dwelling.room, self._today)
        people = known or ([] if vacant else self._families.tenants() if let else self._families.household())
        let, vacant = let and not known, vacant and not known
        for person in people:
            self._number(person, let=let)
        flat = bool(dwelling.unit)
        lon, lat = self._point(site, grid, building, house=True)
        values: dict[str, Value] = {
            "address": dwelling.address,
            "building": building_id,
            "grid": grid.id,
            "room": dwelling.room,
            "area_m2": float(self._chance.choice((88, 96, 112, 125)) if flat else self._chance.randint(70, 260)),
            "structure": "rc"
            if flat
            else self._chance.choice(("brick_concrete", "brick_concrete", "rc", "brick_wood", "adobe")),
            "use": "vacant" if vacant else "let" if let else "mixed" if draw > 0.97 else "own",
            "rented": let,
            "lon": lon,
            "lat": lat,
        }
        if flat:
            values["unit"], values["floor"] = dwelling.unit, dwelling.floor
        if people and not let:
            values["owner"], values["owner_id"] = people[0].name, people[0].identity
        else:
            values["owner"] = surname(self._chance) + given_name(self._chance, MALE, 1968)
        rows["dwelling"].append(("dwelling", record_id, site.plan.code, values))
        if people:
            self._household(site, grid, building, dwelling, record_id, people, rows, let=let, known=bool(known))
        return len(people)

    def _number(self, person: Person, *, let: bool) -> None:
        if not person.identity:
            region = f"9900{self._chance.choice((12, 34, 58, 77))}" if let else "990001"
            person.identity = self._numbers.identity(person.birth, person.sex, region)
        age = person.age(self._today)
        if not person.phone and age >= 14 and self._chance.random() < (0.9 if age < 65 else 0.45):
            person.phone = self._numbers.phone()

    def _household(
        self,
        site: VillageSite,
        grid: GridSite,
        building: Building,
        dwelling: Dwelling,
        dwelling_id: str,
        people: list[Person],
        rows: dict[str, list[Row]],
        *,
        let: bool,
        known: bool,
    ) -> None:
        chance = self._chance
        household_id = self._numbers.record_id()
        township = site.plan.code[:9]
        count = self._households[township] = self._households.get(township, 0) + 1
        rows["household"].append(
            (
                "household",
                household_id,
                site.plan.code,
                {
                    "number": f"临{count:04}" if let else f"{53 + (int(township[-3:]) - 101) % 47}{count:05}",
                    "head_name": people[0].name,
                    "dwelling": dwelling_id,
                    "contact": grid.member,
                    "last_visit": (self._today - dt.timedelta(days=chance.randint(1, 120))).isoformat(),
                },
            )
        )
        elsewhere = chance.choice(words("places")["words"]["elsewhere"])
        registered = f"{words('places')['county']['name']}{site.plan.township}{dwelling.address}"
        whole_away = not let and chance.random() < 0.04
        first = ""
        for person in people:
            record_id = self._numbers.record_id()
            first = first or record_id
            values = self._resident(person, household_id, let=let, whole_away=whole_away)
            values["live_address"] = dwelling.address
            values["hukou_address"] = elsewhere if values["presence"] == "lodging" else registered
            rows["resident"].append(("resident", record_id, site.plan.code, values))
        spouse = next((person for person in people if person.relation == "1"), None)
        home = Home(household_id, dwelling_id, first, grid, dwelling.address, building.group, people[0], spouse)
        site.keep(home, chance, known=known)

    def _resident(self, person: Person, household: str, *, let: bool, whole_away: bool) -> dict[str, Value]:
        chance, table = self._chance, words("places")["words"]
        age = person.age(self._today)
        presence = "present"
        draw = chance.random()
        if let:
            presence = "lodging"
        elif whole_away or (18 <= age <= 55 and draw < 0.13):
            presence = "away"
        elif draw > 0.992:
            presence = "dead" if age > 70 else "moved" if draw > 0.995 else "abroad" if age > 18 else "present"
        elif draw > 0.972:
            presence = "lodging"
        values: dict[str, Value] = {
            "name": person.name,
            "id_number": person.identity,
            "sex": person.sex,
            "birth_date": person.birth.isoformat(),
            "household": household,
            "relation": person.relation,
            "relation_text": person.relation_text,
            "presence": presence,
            "resident_kind": {"lodging": "migrant_in", "away": "migrant_out"}.get(presence, "registered"),
        }
        if person.phone:
            values["phone"] = person.phone
        if 18 <= age < 72:
            values["occupation"] = chance.choice(table["occupations"])
            if values["occupation"] == "教师":
                values["workplace"] = table["workplaces"][0]
        if presence == "away":
            values["remark"] = chance.choice(table["away"])
        return values
