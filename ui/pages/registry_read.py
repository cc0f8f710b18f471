"""What the registry's pages read in the lane: children of a place, households of it, the way to a hit, a person's card."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.rules.living import GONE
from app.schema.dates import china_time
from app.schema.record import Record
from app.services.registry import Family, Place
from app.store.places import Tally
from app.store.search import Hit
from app.store.standing import Standing, less_far
from ui.lists import Mark
from ui.pages.registry_homes import home_words
from ui.pages.standing_words import mark

if TYPE_CHECKING:
    from app.services.office import Office

FORMS = ("resident", "household", "dwelling", "building", "grid")
PAGE = 200
_VILLAGES = ("village", "community")


@dataclass(frozen=True)
class Row:
    """A household of the middle table with its members, or a person without one. ``cells`` are as they are shown."""

    id: str
    form: str
    cells: tuple[str, ...]
    members: tuple[Row, ...] = ()
    presence: str = ""
    mark: Mark | None = None


@dataclass(frozen=True)
class Households:
    """A page of rows; ``total`` counts them all, ``note`` says what more there is to know of the place."""

    rows: tuple[Row, ...]
    total: int
    note: str = ""


@dataclass(frozen=True)
class Found:
    """Where a hit is: the way down the tree, each step with its children, and the rows to select."""

    way: tuple[tuple[Place, tuple[Place, ...]], ...]
    place: Place | None
    household: str = ""
    resident: str = ""
    alone: bool = False
    """The household stands in no list: it was struck off."""


def read_roots(office: Office) -> list[Place]:
    """The topmost divisions held, and behind them who has no household yet."""
    held = office.session.areas
    # What lies above the areas held is no place of this user's: its households may not be read.
    divisions = office.gate.divisions()
    places = [place for place in office.registry.areas() if divisions.any_covers(held, place.area)]
    codes = {place.area for place in places}
    parents = {area["code"]: area["parent"] for area in office.store.areas()}
    roots = [place for place in places if parents.get(place.area) not in codes]
    loose = office.registry.unplaced()
    if loose:
        roots.append(Place("unplaced", "unplaced", "未落户", office.session.area, Tally(residents=loose)))
    return roots


def read_children(office: Office, place: Place) -> list[Place]:
    """What lies directly in *place*; dwellings that no building or grid holds stand at the end of their village or grid."""
    registry, store = office.registry, office.store
    if place.kind in ("county", "township"):
        divisions = office.gate.divisions()
        return [
            child
            for child in registry.areas()
            if child.key != place.key and divisions.covers(place.area, child.area) and _below(place, child)
        ]
    if place.kind in _VILLAGES:
        found = registry.grids(place.area)
        loose = store.count("dwelling", {"grid": None}, area=place.area)
        if loose:
            found.append(
                Place("no_grid", f"no_grid:{place.area}", "未入网格的房屋", place.area, Tally(dwellings=loose))
            )
        return found
    if place.kind == "grid":
        found = registry.buildings(place.key)
        loose = store.count("dwelling", {"grid": place.key, "building": None})
        if loose:
            found.append(
                Place("no_building", f"no_building:{place.key}", "未入楼栋的房屋", place.area, Tally(dwellings=loose))
            )
        return found
    if place.kind == "building":
        # Below its building a dwelling needs no village and no building in its name.
        return [
            replace(home, name=home.name.partition(place.name)[2] or home.name)
            for home in registry.dwellings(place.key)
        ]
    if place.kind in ("no_grid", "no_building"):
        held = store.select("dwelling", _loose(place), area=place.area, order=["address"], limit=500)
        return [Place("dwelling", d.id, str(d.values["address"]), d.area) for d in held]
    return []


def read_households(office: Office, place: Place, offset: int = 0, only: str = "") -> Households:
    """A page of the households of *place*, or the one household *only*."""
    store = office.store
    office.gate.require("read", "household", place.area or None)
    today = china_time(store.now_ms())[:10]
    if only:
        return Households(tuple(_family_rows(office, store.many("household", [only]).values(), today, place)), 1)
    if place.kind == "unplaced":
        held = list(office.session.areas)
        people = store.select("resident", {"household": None}, area=held, order=["name"], limit=PAGE, offset=offset)
        total = store.count("resident", {"household": None}, area=held)
        now, stand = office.cases.now(), office.standings.many("resident", [person.id for person in people])
        rows = [replace(_person_row(office, p, today), mark=mark(stand.get(p.id), now)) for p in people]
        return Households(tuple(rows), total)
    where, area = _households_of(office, place)
    # What was struck off is found by its number, its people's story and the coverage check; it clutters no list.
    where = {**where, "ended_on": None}
    homes = store.select("household", where, area=area, order=["number", "id"], limit=PAGE, offset=offset)
    total = store.count("household", where, area=area)
    return Households(tuple(_family_rows(office, homes, today, place)), total, _empty_homes(place))


def read_way(office: Office, hit: Hit) -> Found:
    """Where *hit* is in the tree."""
    record = office.records.get(hit.form, hit.id)
    household = resident = ""
    if hit.form == "resident":
        resident = record.id
        household = str(record.values.get("household") or "")
    elif hit.form == "household":
        household = record.id
    chain = _chain(office, record)
    roots = read_roots(office)
    way: list[tuple[Place, tuple[Place, ...]]] = []
    divisions = office.gate.divisions()
    here = next((root for root in roots if chain and divisions.covers(root.area, chain[0].area)), None)
    if hit.form == "resident" and not household:
        here = next((root for root in roots if root.kind == "unplaced"), None)
        return Found((), here, "", resident)
    if here is not None and here.key != chain[0].key:
        way.append((here, tuple(read_children(office, here))))
    place = None
    for step in chain:
        way.append((step, tuple(read_children(office, step))))
        place = step
    # A dwelling's households are best seen among their neighbours of the building.
    if (
        place is not None
        and place.kind == "dwelling"
        and len(chain) > 1
        and chain[-2].kind == "building"
        and hit.form != "dwelling"
    ):
        place = chain[-2]
        way.pop()
    home = office.store.get("household", household) if household else None
    return Found(tuple(way), place, household, resident, home is not None and bool(home.values.get("ended_on")))


@dataclass(frozen=True)
class PersonFile:
    """A person or a household for the card: the record, who else lives there, where, and what happened."""

    record: Record
    members: tuple[Record, ...]
    household: Record | None
    where: str
    age: str
    dealings: tuple[tuple[str, str, str, str], ...]
    """(day, words, form, id), the newest first."""
    standing: Standing | None = None
    now: datetime.datetime | None = None
    registered: str = ""
    """Of a person: the household where the registration is, if it is another; of a household: who is registered there and lives elsewhere."""


def read_person(office: Office, form: str, record_id: str) -> PersonFile:
    """The card of a resident, or of a household by its head."""
    record = office.records.get(form, record_id)
    home_id = record.id if form == "household" else str(record.values.get("household") or "")
    home = office.store.get("household", home_id) if home_id else None
    members = tuple(office.store.select("resident", {"household": home_id})) if home_id else ()
    if form == "resident":
        chain = office.registry.place_of(record)
    else:
        chain = _chain(office, record)
    where = where_words(chain)
    today = china_time(office.store.now_ms())[:10]
    standing, now = office.standings.of(form, record_id), office.cases.now()
    dealings, registered = tuple(_dealings(office, home)), _registered(office, record)
    return PersonFile(record, members, home, where, age_words(record, today), dealings, standing, now, registered)


def _registered(office: Office, record: Record) -> str:
    if record.form == "household":
        away = office.store.select("resident", {"registered_household": record.id}, order=["id"], limit=20)
        return "、".join(str(person.values.get("name") or "") for person in away)
    key = record.values.get("registered_household")
    home = office.store.get("household", str(key)) if key else None
    return f"{home.values.get('head_name') or ''}户" if home is not None else ""


def _dealings(office: Office, home: Record | None) -> list[tuple[str, str, str, str]]:
    if home is None:
        return []
    found = []
    codes = office.forms.codes["visit_purpose"]
    if office.gate.decide("read", "visit", home.area, own=True).allowed:
        for visit in office.store.select("visit", {"household": home.id}, order=["-visit_date"], limit=8):
            values = visit.values
            purpose = codes.label(str(values.get("purpose") or ""))
            words = f"走访 · {purpose} · {values.get('visitor') or ''}"
            found.append((str(values.get("visit_date") or ""), words, "visit", visit.id))
    dwelling = home.values.get("dwelling")
    if dwelling and office.gate.decide("read", "event", home.area, own=True).allowed:
        events = office.store.select("event", {"dwelling": dwelling}, order=["-found_at"], limit=8)
        found += [
            (str(e.values.get("found_at") or "")[:10], str(e.values.get("title") or "事件"), "event", e.id)
            for e in events
        ]
    return sorted(found, reverse=True)[:8]


def _below(place: Place, child: Place) -> bool:
    return place.kind != "county" or child.kind == "township"


def _loose(place: Place) -> dict[str, object]:
    return {"grid": None} if place.kind == "no_grid" else {"grid": place.key.partition(":")[2], "building": None}


def _households_of(office: Office, place: Place) -> tuple[dict[str, object], str | None]:
    if place.kind in ("county", "township", *_VILLAGES):
        return {}, place.area
    if place.kind == "dwelling":
        return {"dwelling": place.key}, None
    where: dict[str, object] = (
        {"building": place.key}
        if place.kind == "building"
        else {"grid": place.key}
        if place.kind == "grid"
        else _loose(place)
    )
    dwellings = office.store.select("dwelling", where, area=place.area)
    return {"dwelling": [d.id for d in dwellings]}, None


def where_words(chain: Sequence[Place]) -> str:
    """The way to a place in one line; what an address says once more of the village or the building above it is left out."""
    said: list[str] = []
    for number, place in enumerate(chain):
        below = chain[number + 1] if number + 1 < len(chain) else None
        if place.kind == "building" and below is not None and below.name.endswith(place.name):
            continue
        rest = place.name
        if place.kind == "dwelling":
            for above in said:
                rest = rest.removeprefix(above)
        said.append(rest or place.name)
    return " › ".join(said)


def _empty_homes(place: Place) -> str:
    tally = place.tally
    return f"{tally.residents:,} 人" if tally.residents else ""


def _chain(office: Office, record: Record) -> list[Place]:
    """The places from the village down to *record*, itself included where it is a place."""
    store = office.store
    household = record if record.form == "household" else None
    dwelling = building = grid = None
    if record.form == "resident":
        return office.registry.place_of(record)
    if household is not None and household.values.get("dwelling"):
        dwelling = store.get("dwelling", str(household.values["dwelling"]))
    dwelling = record if record.form == "dwelling" else dwelling
    if dwelling is not None and dwelling.values.get("building"):
        building = store.get("building", str(dwelling.values["building"]))
    building = record if record.form == "building" else building
    nearest = building or dwelling
    grid_id = (dwelling or building or record).values.get("grid") if nearest else None
    if grid_id:
        grid = store.get("grid", str(grid_id))
    grid = record if record.form == "grid" else grid
    village = next((a for a in store.areas() if a["code"] == record.area), None)
    chain = [Place(village["level"], village["code"], village["name"], village["code"])] if village else []
    for kind, held, name in (("grid", grid, "name"), ("building", building, "name"), ("dwelling", dwelling, "address")):
        if held is not None:
            chain.append(Place(kind, held.id, str(held.values[name]), held.area))
    return chain


def _family_rows(office: Office, homes: Collection[Record], today: str, place: Place) -> list[Row]:
    members: dict[str, list[Record]] = {}
    ids = [home.id for home in homes]
    for person in office.store.select("resident", {"household": ids}) if ids else ():
        members.setdefault(str(person.values["household"]), []).append(person)
    dwellings = office.store.many("dwelling", {str(h.values["dwelling"]) for h in homes if h.values.get("dwelling")})
    called = home_words(office, dwellings, place)
    rows = []
    now, stand = office.cases.now(), office.standings.many("household", ids)
    people_stand = office.standings.many("resident", [person.id for held in members.values() for person in held])
    for home in homes:
        people = sorted(members.get(home.id, ()), key=_head_first)
        row = _family_row(office, Family(home, tuple(people)), called, today)
        lived = tuple(replace(p, mark=mark(people_stand.get(p.id), now)) for p in row.members)
        # Folded, a household says what the least far of its people would.
        whole = functools.reduce(less_far, [people_stand[p.id] for p in people if p.id in people_stand], stand[home.id])
        rows.append(replace(row, members=lived, mark=mark(whole, now)))
    return rows


def _family_row(office: Office, family: Family, called: Mapping[str, str], today: str) -> Row:
    values = family.household.values
    head = family.members[0] if family.members else None
    presence = office.forms["resident"].show("presence", head.values.get("presence")) if head else ""
    cells = (
        str(values.get("head_name") or (head.values.get("name") if head else "") or "（未填户主）"),
        str(values.get("number") or ""),
        called.get(str(values.get("dwelling")), ""),
        str(sum(member.values.get("presence") not in GONE for member in family.members)),
        presence,
        str(values.get("contact") or ""),
        str(values.get("last_visit") or ""),
        "",
    )
    people = tuple(_person_row(office, person, today) for person in family.members)
    return Row(family.household.id, "household", cells, people, presence)


def _person_row(office: Office, person: Record, today: str) -> Row:
    form, values = office.forms["resident"], person.values
    sex = form.show("sex", values.get("sex"))
    relation = str(values.get("relation_text") or form.show("relation", values.get("relation")))
    gone = form.show("presence", values.get("presence")) if values.get("presence") in GONE else ""
    cells = (
        str(values.get("name") or ""),
        gone or relation,
        " · ".join(part for part in (sex, age_words(person, today)) if part),
        "",
        form.show("id_number", values.get("id_number"), masked=True),
        "",
        form.show("phone", values.get("phone"), masked=True),
        "",
    )
    return Row(person.id, "resident", cells)


def _head_first(person: Record) -> tuple[bool, str, str]:
    values = person.values
    return values.get("relation") != "0", str(values.get("relation") or "9"), str(values.get("birth_date") or "")


def age_words(person: Record, today: str) -> str:
    born = person.values.get("birth_date")
    if not born:
        return ""
    day, now = datetime.date.fromisoformat(str(born)), datetime.date.fromisoformat(today)
    return f"{now.year - day.year - ((now.month, now.day) < (day.month, day.day))} 岁"


def hit_words(hits: Sequence[Hit], now: int) -> str:
    """The line below the search field: how many fit, the one that is shown, the next."""
    said = []
    for number in dict.fromkeys((now, (now + 1) % len(hits))):
        hit = hits[number]
        said.append(f"{hit.title} {hit.note}".strip() + ("（已定位）" if number == now else ""))
    more = "以上" if len(hits) >= 50 else ""
    return f"{len(hits)} 条{more}相符：" + "；".join(said)
