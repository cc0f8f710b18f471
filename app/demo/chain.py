"""What hangs on the demo's villages beside its people: movements of the past year, posts, sector grids, organisations and premises."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator

from app.demo.numbers import Numbers
from app.demo.population import GridSite, Row, VillageSite
from app.demo.words import MALE, given_name, surname, words
from app.schema.credit_code import check_sign, inner_check
from app.schema.values import Value

_TOLD = 0.6
"""Of those who left, died or came, how many have a movement; the others came with a roster of before."""
_STATES = {"away": "away", "moved": "move_out", "abroad": "abroad", "dead": "death"}


class Chain:
    """Adds to one village after another; from a chance of its own, so that the people stay who they were."""

    def __init__(self, seed: str, numbers: Numbers, now: dt.datetime) -> None:
        self._chance = random.Random(f"{seed}/chain")  # noqa: S311 - the same seed must give the same county
        self._numbers = numbers
        self._today = now.date()
        self._codes = 0

    def village(self, site: VillageSite, rows: Iterable[Row]) -> Iterator[Row]:
        """*rows* of the village with what belongs to them; nothing refers to what comes later."""
        homes: dict[str, tuple[Value, Value]] = {}
        grids: dict[str, Value] = {}
        for form, record_id, area, values in rows:
            if form == "resident":
                told = self._movement(values, homes, grids, area)
                yield form, record_id, area, values
                if told is not None:
                    movement = {**told, "resident": record_id, "name": values["name"], "household": values["household"]}
                    yield "movement", self._numbers.record_id(), area, movement
                continue
            yield form, record_id, area, values
            if form == "grid":
                yield from self._posts(site, record_id, values, area)
            elif form == "building":
                homes.clear()
                grids.clear()
                yield from self._building_head(record_id, values, area)
            elif form == "dwelling":
                grids[record_id] = values.get("grid")
            elif form == "household":
                homes[record_id] = (values.get("dwelling"), grids.get(str(values.get("dwelling"))))
        yield from self._organisations(site)
        yield from self._sectors(site)

    def _movement(
        self, values: dict[str, Value], homes: dict[str, tuple[Value, Value]], grids: dict[str, Value], _area: str
    ) -> dict[str, Value] | None:
        """How somebody came to what he is, where the past year tells; the resident's own dates are filled in."""
        chance, table = self._chance, words("chain")
        presence = str(values["presence"])
        born = dt.date.fromisoformat(str(values["birth_date"]))
        drawn = chance.random()
        day = self._today - dt.timedelta(days=chance.randint(10, 400))
        young = (self._today - born).days < 360
        place = str(chance.choice(table["away"]))
        told: dict[str, Value]
        if young and presence == "present":
            day = born
            told = {"kind": "birth", "to_presence": presence}
            values["living_since"] = values["presence_since"] = day.isoformat()
        elif drawn > _TOLD or day <= born:
            return None
        elif presence in _STATES:
            told = {"kind": _STATES[presence], "from_presence": "present", "to_presence": presence}
            if presence != "dead":
                told |= {"to_place": place, "reason": str(chance.choice(table["reasons"]))}
            values["presence_since"] = day.isoformat()
        elif presence == "lodging":
            told = {"kind": "move_in", "to_presence": presence, "from_place": place, "reason": "务工"}
            values["living_since"] = values["presence_since"] = day.isoformat()
        else:
            return None
        household = values["household"]
        dwelling, grid = homes.get(str(household), (None, None))
        came = told["kind"] in {"birth", "move_in"}
        ends: dict[str, Value] = {"to_household": household, "to_dwelling": dwelling, "to_grid": grid}
        if not came:
            ends |= {"from_household": household, "from_dwelling": dwelling, "from_grid": grid}
        else:
            told["to_relation"] = values["relation"]
        shared: dict[str, Value] = {"date": day.isoformat(), "act": self._numbers.record_id(), "handled_by": "林小禾"}
        return {key: value for key, value in {**shared, **told, **ends}.items() if value is not None}

    def _posts(self, site: VillageSite, grid: str, values: dict[str, Value], area: str) -> Iterator[Row]:
        chance, unit = self._chance, f"{site.plan.name}{'' if site.plan.community else '村'}委会".replace("村村", "村")
        values_of: list[dict[str, Value]] = [
            {"post": "leader2", "name": site.head, "unit": unit, "valid_from": "2024-01-01"},
            {"post": "leader3", "name": values["leader"], "valid_from": "2024-01-01"},
            {"post": "member", "name": values["member"], "phone": values["member_phone"], "employment": "full",
             "valid_from": chance.choice(("2024-01-01", "2025-03-01"))},
            {"post": "linked_unit", "name": values["linked_unit"], "valid_from": "2024-01-01"},
        ]  # fmt: skip
        if values_of[2]["valid_from"] != "2024-01-01":
            before = surname(chance) + given_name(chance, MALE, 1980)
            values_of.append({"post": "member", "name": before, "valid_from": "2024-01-01", "valid_to": "2025-03-01"})
        if chance.random() < 0.5:
            adviser = surname(chance) + given_name(chance, MALE, 1983)
            values_of.append({"post": "adviser", "name": adviser, "unit": "云岭镇政府", "valid_from": "2024-01-01"})
        for post in values_of:
            yield "grid_post", self._numbers.record_id(), area, {"grid": grid, **post}

    def _building_head(self, building: str, values: dict[str, Value], area: str) -> Iterator[Row]:
        if values.get("head") and values.get("grid"):
            post: dict[str, Value] = {
                "grid": values["grid"], "post": "building_head", "name": values["head"], "phone": values.get("head_phone"),
                "building": building, "valid_from": "2024-06-01",
            }  # fmt: skip
            yield (
                "grid_post",
                self._numbers.record_id(),
                area,
                {key: value for key, value in post.items() if value is not None},
            )

    def _organisations(self, site: VillageSite) -> Iterator[Row]:
        chance, table = self._chance, words("chain")
        area = site.plan.code
        for row in table["organization"]:
            grid = chance.choice(site.grids)
            values: dict[str, Value] = {
                "name": str(row["name"]).replace("{村}", site.plan.name),
                "credit_code": self._credit_code(str(row["code"])),
                "organization_kind": row["kind"],
                "state": "open",
                "grid": grid.id,
                "address": f"云岭县{site.plan.township}{site.plan.name}",
                "legal_person": surname(chance) + given_name(chance, MALE, 1972),
                "staff": chance.randint(3, 40),
                "hazardous": False,
            }
            yield "organization", self._numbers.record_id(), area, values
        for row in table["premises"]:
            grid = chance.choice(site.grids)
            values = {
                "name": str(row["name"]).replace("{村}", site.plan.name),
                "premises_kind": row["kind"],
                "state": "open",
                "grid": grid.id,
                "address": f"{site.plan.name}{chance.choice(words('places')['words']['lanes'])}{chance.randint(1, 60)}号",
                "manager": surname(chance) + given_name(chance, MALE, 1980),
            }
            yield "premises", self._numbers.record_id(), area, values

    def _sectors(self, site: VillageSite) -> Iterator[Row]:
        chance, area = self._chance, site.plan.code
        for row in words("chain")["sector"]:
            sector = self._numbers.record_id()
            values: dict[str, Value] = {
                "name": str(row["name"]).replace("{村}", site.plan.name),
                "sector": row["sector"],
                "unit": row["unit"],
                "leader": surname(chance) + given_name(chance, MALE, 1975),
                "valid_from": "2024-01-01",
            }
            yield "sector_grid", sector, area, values
            taken: list[GridSite] = chance.sample(site.grids, min(len(site.grids), chance.randint(1, 3)))
            for grid in taken:
                link: dict[str, Value] = {"sector": sector, "grid": grid.id, "valid_from": "2024-01-01"}
                yield "sector_place", self._numbers.record_id(), area, link

    def _credit_code(self, begin: str) -> str:
        """A code of the unassigned region 990000 with both check characters right."""
        self._codes += 1
        first = f"MA{self._codes:06}"
        whole = f"{begin}990000{first}{inner_check(first)}"
        return whole + check_sign(whole)
