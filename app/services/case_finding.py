"""Finding what a case is about while it is typed: its place as a dwelling, grid or village, and its people in the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.messages import sentence
from app.schema.record import Record
from app.services.addresses import AddressBook, is_initials
from app.services.entry import Entry
from app.services.gate import Gate
from app.services.registry import Registry
from app.store.search_keys import fold, is_letters, spellings

if TYPE_CHECKING:
    from app.store.store import Store

_RESIDENT, _DWELLING, _GRID = "resident", "dwelling", "grid"


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place that was meant. ``kind``: dwelling, grid or village; ``dwelling`` and ``grid`` are ids, empty where it has none."""

    kind: str
    words: str
    note: str
    area: str
    grid: str = ""
    dwelling: str = ""


@dataclass(frozen=True, slots=True)
class PersonHit:
    """A resident that was meant; ``note`` is masked: sex and age, where he lives."""

    resident: str
    name: str
    note: str
    area: str


class CaseFinding:
    """Looks places and people up among what this user may read; who may read no registry finds villages and nobody."""

    def __init__(self, store: Store, gate: Gate, registry: Registry, entry: Entry) -> None:
        self._store = store
        self._gate = gate
        self._registry = registry
        self._entry = entry
        self._book: AddressBook | None = None
        self._held: tuple[tuple[int, int], list[tuple[str, PlaceHit]]] | None = None

    def places(self, text: str, limit: int = 12) -> list[PlaceHit]:
        """The places that *text* may mean: villages and grids by name or initials, then dwellings by address or initials."""
        text = text.strip()
        if not text:
            return []
        ranked = []
        for number, (name, hit) in enumerate(self._named()):
            if (rank := _rank(fold(text), name)) is not None:
                ranked.append((rank, number, hit))
        named = [hit for _, _, hit in sorted(ranked)[: limit // 2]]
        return named + self._dwellings(text, limit - len(named))

    def prepare(self) -> None:
        """Read the addresses once for those who type initials; what is added later is found by its words."""
        if self._gate.decide("read", _DWELLING, None).allowed:
            areas = list(self._gate.session.areas)
            if self._book is not None and len(self._book) == self._store.count(_DWELLING, area=areas):
                return
            self._gate.require("read", _DWELLING, None)
            self._book = AddressBook(self._store.query.column(_DWELLING, "address", area=areas))

    def people(self, text: str, limit: int = 10) -> list[PersonHit]:
        """The residents that *text* may mean: by name, initials, or a part of a number or phone. What is shown is masked."""
        if not text.strip() or not self._gate.decide("read", _RESIDENT, None).allowed:
            return []
        hits = [hit for hit in self._registry.find(text, forms=[_RESIDENT], limit=limit) if hit.form == _RESIDENT]
        held = self._store.many(_RESIDENT, [hit.id for hit in hits])
        form = self._store.forms[_RESIDENT]
        names = {area["code"]: area["name"] for area in self._store.areas()}
        homes = self._homes([held[hit.id] for hit in hits if hit.id in held])
        found = []
        for hit in hits:
            person = held.get(hit.id)
            if person is None:
                continue
            values = person.values
            notes = [
                form.show("sex", values.get("sex")),
                str(values.get("birth_date") or "")[:4],
                homes.get(person.id) or names.get(person.area, ""),
                form.show("phone", values.get("phone"), masked=True) if "phone" in form.fields else "",
            ]
            found.append(
                PersonHit(person.id, str(values.get("name") or ""), " ".join(n for n in notes if n), person.area)
            )
        return found

    def place_of(self, resident: str) -> PlaceHit | None:
        """The dwelling in which a resident lives, as the place of a case; None where it isn't known."""
        person = self._store.get(_RESIDENT, resident)
        household = self._linked("household", person.values.get("household") if person else None)
        dwelling = self._linked(_DWELLING, household.values.get("dwelling") if household else None)
        return self._dwelling_hit(dwelling) if dwelling else None

    def _dwellings(self, text: str, limit: int) -> list[PlaceHit]:
        if limit < 1 or not self._gate.decide("read", _DWELLING, None).allowed:
            return []
        if self._book is None or not is_initials(text.replace(" ", "")):
            return [self._dwelling_hit(place) for place in self._entry.dwellings(text, limit=limit)]
        found = self._book.find(text, limit)
        held = self._store.many(_DWELLING, found)
        return [self._dwelling_hit(held[one]) for one in found if one in held and not held[one].deleted]

    def _dwelling_hit(self, place: Record) -> PlaceHit:
        grid = str(place.values.get("grid") or "")
        if not grid and (building := self._linked("building", place.values.get("building"))):
            grid = str(building.values.get("grid") or "")
        names = {area["code"]: area["name"] for area in self._store.areas()}
        held = self._store.get(_GRID, grid) if grid else None
        note = " › ".join(
            part for part in (names.get(place.area, ""), str(held.values.get("name") or "") if held else "") if part
        )
        return PlaceHit("dwelling", str(place.values.get("address") or ""), note, place.area, grid, place.id)

    def _named(self) -> list[tuple[str, PlaceHit]]:
        """Villages and grids with the folded names that they go by; read again where the store changed."""
        stamp = self._store.stamp()
        if self._held is not None and self._held[0] == stamp:
            return self._held[1]
        session, divisions = self._gate.session.areas, self._gate.divisions()
        areas = [a for a in self._store.areas() if a["level"] != "county" and divisions.any_covers(session, a["code"])]
        names = {area["code"]: area["name"] for area in areas}
        found = [(fold(a["name"]), PlaceHit("village", a["name"], "", a["code"])) for a in areas]
        if self._gate.decide("read", _GRID, None).allowed:
            for record_id, area, name in self._store.columns(_GRID, ("id", "area", "name")):
                village = names.get(area)
                if village is not None:
                    hit = PlaceHit("grid", f"{village}{name}", sentence("cases.a_grid"), area, record_id)
                    found.append((fold(hit.words), hit))
        self._held = stamp, found
        return found

    def _homes(self, people: list[Record]) -> dict[str, str]:
        """Where *people* live, in words."""
        households = self._store.many(
            "household", {str(p.values["household"]) for p in people if p.values.get("household")}
        )
        wanted = {str(h.values["dwelling"]) for h in households.values() if h.values.get("dwelling")}
        dwellings = self._store.many(_DWELLING, wanted)
        found = {}
        for person in people:
            household = households.get(str(person.values.get("household") or ""))
            dwelling = dwellings.get(str(household.values.get("dwelling") or "")) if household else None
            if dwelling is not None:
                found[person.id] = str(dwelling.values.get("address") or "")
        return found

    def _linked(self, form: str, record_id: object) -> Record | None:
        found = self._store.get(form, str(record_id)) if record_id else None
        return found if found and not found.deleted else None


def _rank(typed: str, name: str) -> int | None:
    """0 the name, 1 its begin, 2 its initials or sound, 3 a part; 三网格 is 上寨村第三网格 as people say it."""
    if typed == name:
        return 0
    if name.startswith(typed):
        return 1
    if is_letters(typed):
        starts = [start for start, letters in spellings(name[:12]) if letters.startswith(typed)]
        return (2 if 0 in starts else 3) if starts else None
    plain = name.replace("第", "").replace("村", "").replace("社区", "")
    short = typed.replace("第", "").replace("村", "").replace("社区", "")
    return 3 if typed in name or (short and short in plain) else None
