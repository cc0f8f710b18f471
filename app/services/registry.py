"""The registry: 镇 › 村 › 网格 › 楼栋 › 房屋 › 户 › 人, and finding anybody in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.areas import prefix
from app.rules.case_engine import CaseRules
from app.schema.record import Record
from app.services.gate import Gate
from app.services.merging import Merging
from app.services.moving import Moving
from app.store import places
from app.store.places import Tally
from app.store.search import Hit

if TYPE_CHECKING:
    from app.store.store import Store


_FIRST = {"resident": 0, "event": 1, "mediation": 2, "household": 3, "dwelling": 4}


@dataclass(frozen=True, slots=True)
class Place:
    """One node of the tree. ``kind``: county, township, village, grid, building, dwelling; ``key``: area code or record id."""

    kind: str
    key: str
    name: str
    area: str
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Family:
    """A household with its members, the head first."""

    household: Record
    members: tuple[Record, ...]


class Registry(Moving, Merging):
    """Reading the registry along its chain, moving what is in it, and making one of what is there twice."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        Moving.__init__(self, store, gate, rules)

    def areas(self) -> list[Place]:
        """The divisions this user holds, townships before their villages, with how many people live in each."""
        self._gate.require("read", "resident", None)
        people = places.by_area(self._store.conn)
        found = []
        divisions = self._gate.divisions()
        for area in self._store.areas():
            inside = sum(count for code, count in people.items() if divisions.covers(area["code"], code))
            held = divisions.any_covers(self._gate.session.areas, area["code"])
            if held or any(divisions.covers(area["code"], code) for code in self._gate.session.areas):
                found.append(Place(area["level"], area["code"], area["name"], area["code"], Tally(residents=inside)))
        return found

    def grids(self, area: str) -> list[Place]:
        """The grids of *area* by code, with what each holds."""
        self._gate.require("read", "grid", area)
        tallies = places.by_grid(self._store.conn, [area])
        grids = self._store.select("grid", area=area, order=["area", "code", "name"])
        return [Place("grid", g.id, str(g.values["name"]), g.area, tallies.get(g.id, Tally())) for g in grids]

    def buildings(self, grid: str) -> list[Place]:
        """The buildings of a grid."""
        self._gate.require("read", "building", None)
        tallies = places.by_building(self._store.conn, grid)
        found = self._store.select("building", {"grid": grid}, order=["name"])
        found.sort(key=lambda b: _natural(str(b.values["name"])))
        return [Place("building", b.id, str(b.values["name"]), b.area, tallies.get(b.id, Tally())) for b in found]

    def dwellings(self, building: str) -> list[Place]:
        """The dwellings of a building."""
        self._gate.require("read", "dwelling", None)
        tallies = places.by_dwelling(self._store.conn, building)
        found = self._store.select("dwelling", {"building": building})
        found.sort(key=lambda d: _natural(str(d.values["address"])))
        return [Place("dwelling", d.id, str(d.values["address"]), d.area, tallies.get(d.id, Tally())) for d in found]

    def families(self, *, dwelling: str | None = None, building: str | None = None, limit: int = 500) -> list[Family]:
        """The households of a dwelling or a building with their members; those that were struck off left out."""
        self._gate.require("read", "household", None)
        if dwelling is None:
            ids = [d.id for d in self._store.select("dwelling", {"building": building})]
        else:
            ids = [dwelling]
        households = self._store.select("household", {"dwelling": ids, "ended_on": None}, order=["number"], limit=limit)
        members: dict[str, list[Record]] = {}
        for person in self._store.select("resident", {"household": [h.id for h in households]}):
            members.setdefault(str(person.values["household"]), []).append(person)
        return [Family(h, tuple(sorted(members.get(h.id, ()), key=_head_first))) for h in households]

    def residents(
        self, area: str, *, offset: int = 0, limit: int = 200, order: Sequence[str] = ("name",)
    ) -> list[Record]:
        """A page of the residents of *area*."""
        self._gate.require("read", "resident", area)
        return self._store.select("resident", area=area, order=order, offset=offset, limit=limit)

    def find(self, text: str, *, forms: Sequence[str] | None = None, limit: int = 50) -> list[Hit]:
        """The best hits for what was typed, among what this user may read: of equally good ones people first. Numbers are masked."""
        readable = [name for name in forms or self._store.forms if self._gate.decide("read", name, None).allowed]
        self._gate.require("read", next(iter(readable), "resident"), None)
        mine = self._gate.session.areas
        areas = [prefix(code) for code in mine] + self._gate.divisions().strangers(mine)
        hits = self._store.find(text, readable, area=areas, limit=limit)
        hits.sort(key=lambda hit: (-hit.score, _FIRST.get(hit.form, len(_FIRST))))
        return hits + self._handed_over(text, readable, limit - len(hits))

    def _handed_over(self, text: str, forms: Sequence[str], limit: int) -> list[Hit]:
        """Where somebody of this name went, after everybody who is here."""
        found = []
        for stub in self._store.stubs.find(text.strip(), forms, limit) if text.strip() and limit > 0 else ():
            shape = self._store.forms[stub.form]
            title = shape.record_title({shape.title_field: stub.title}, masked=True)
            found.append(Hit(stub.form, stub.id, title, sentence("store.went", went=stub.went), 0.0))
        return found

    def place_of(self, resident: Record) -> list[Place]:
        """Where a person lives, from the village down to the dwelling, as far as it is known."""
        chain: list[Place] = []
        household = self._linked("household", resident.values.get("household"))
        dwelling = self._linked("dwelling", household.values.get("dwelling") if household else None)
        building = self._linked("building", dwelling.values.get("building") if dwelling else None)
        known = [place.values["grid"] for place in (dwelling, building) if place and place.values.get("grid")]
        grid = self._linked("grid", next(iter(known), None))
        village = next((a for a in self._store.areas() if a["code"] == resident.area), None)
        if village:
            chain.append(Place(village["level"], village["code"], village["name"], village["code"]))
        for kind, record, named in (
            ("grid", grid, "name"),
            ("building", building, "name"),
            ("dwelling", dwelling, "address"),
        ):
            if record:
                chain.append(Place(kind, record.id, str(record.values[named]), record.area))
        return chain

    def unplaced(self) -> int:
        """How many residents have no household yet."""
        return places.unplaced_residents(self._store.conn, self._gate.session.areas)

    def _linked(self, form: str, record_id: object) -> Record | None:
        found = self._store.get(form, str(record_id)) if record_id else None
        return found if found and not found.deleted else None


def _head_first(person: Record) -> tuple[bool, str, str]:
    values = person.values
    return values.get("relation") != "0", str(values.get("relation") or "9"), str(values.get("birth_date") or "")


def _natural(text: str) -> list[tuple[int, int | str]]:
    parts: list[tuple[int, int | str]] = []
    digits = ""
    for letter in text + "\0":
        if letter.isdecimal():
            digits += letter
            continue
        if digits:
            parts.append((0, int(digits)))
            digits = ""
        parts.append((1, letter))
    return parts
