"""What the map's page reads in the lane: the scene, what does not agree, a place, the dwellings at a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.rules.living import GONE
from app.schema.dates import china_time
from app.schema.outline import area_m2, read_outline, spoken_area
from app.schema.record import Record
from app.schema.values import BadValue
from app.services.map_check import NOT_DRAWN, NOT_ENTERED, OTHER, Findings, Stray, check_map
from app.services.maps import Ground
from app.services.registry import Family, Place
from ui.map.findings import Finding
from ui.map.scene import Scene, prepare
from ui.pages.registry_read import read_children, read_roots

if TYPE_CHECKING:
    from app.services.office import Office

_AT_ONCE = 60
_LINES = 500


@dataclass(frozen=True)
class Read:
    """The ground as it stood on a day; ``stamp``: the store's when it was read."""

    ground: Ground
    today: str
    stamp: tuple[int, int]


@dataclass(frozen=True)
class MapFile:
    """The ground as it was read, and the scene made of it."""

    read: Read
    scene: Scene

    @property
    def ground(self) -> Ground:
        return self.read.ground

    def held(self, office: Office) -> set[str]:
        """The divisions that this user holds: what lies above them is nobody's to look at."""
        divisions, mine = office.gate.divisions(), office.session.areas
        return {row["code"] for row in self.ground.areas if divisions.any_covers(mine, row["code"])}

    def kind(self, key: str) -> str:
        """The level of the division *key*; what is none is a grid."""
        return next((row["level"] for row in self.ground.areas if row["code"] == key), "") or "grid"


@dataclass(frozen=True)
class CheckFile:
    """What does not agree, in words, and the scene that shows it."""

    findings: Findings
    lines: tuple[Finding, ...]
    scene: Scene


@dataclass(frozen=True)
class PlaceFile:
    """A division or a grid for the card: what it is called, what it holds, its outline's record where it has one."""

    key: str
    kind: str
    name: str
    facts: tuple[tuple[str, str], ...]
    drawn: bool = False
    rev: int = 0
    may_draw: bool = False


@dataclass(frozen=True)
class HomeFile:
    """A dwelling for the card. ``entered`` and ``found`` are the names of the grids that are entered and that its point lies in."""

    record: Record
    entered: str
    families: tuple[Family, ...]
    may_edit: bool
    stray: Stray | None = None
    found: str = ""


@dataclass(frozen=True)
class Way:
    """The way down the tree to a place, each step with its children."""

    steps: tuple[tuple[Place, tuple[Place, ...]], ...] = field(default=())


def read_ground(office: Office, held: MapFile | None = None) -> Read | None:
    """All that the map shows, as it is kept; None where *held* still says it."""
    today, stamp = china_time(office.store.now_ms())[:10], office.store.stamp()
    if held is not None and (held.read.today, held.read.stamp) == (today, stamp):
        return None
    return Read(office.maps.ground(), today, stamp)


def make_map(read: Read) -> MapFile:
    """The scene of it: of a county as long a piece of work as reading it, so whoever waits for the lane comes between."""
    return MapFile(read, prepare(read.ground, read.today))


def read_check(office: Office, file: MapFile) -> CheckFile:
    """What does not agree on it: read after the map is there to be looked at."""
    findings = check_map(office, ground=file.ground)
    scene = file.scene.with_strays([stray.dwelling for stray in findings.strays])
    return CheckFile(findings, tuple(told(findings)), scene)


def read_place(office: Office, kind: str, key: str) -> PlaceFile:
    """The card of a division or a grid."""
    if kind == "grid":
        return _read_grid(office, key)
    name = next((row["name"] for row in office.store.areas() if row["code"] == key), key)
    grids = office.maps.grids([key])
    drawn = [grid for grid in grids if grid.outline]
    homes = office.store.count("dwelling", area=key)
    # As the tree counts them: without who moved away or died, and without households that were struck off.
    people = office.store.count("resident", area=key) - office.store.count(
        "resident", {"presence": list(GONE)}, area=key
    )
    facts = [
        ("网格", f"{len(grids)} 个，画了范围 {len(drawn)} 个"),
        ("面积", _area([grid.outline for grid in drawn if grid.kind not in ("dedicated", "micro")])),
        ("房屋", f"{homes:,} 处"),
        ("住户", f"{office.store.count('household', {'ended_on': None}, area=key):,} 户"),
        ("人口", f"{people:,} 人"),
    ]
    return PlaceFile(key, kind, name, tuple(facts))


def _read_grid(office: Office, key: str) -> PlaceFile:
    record = office.records.get("grid", key)
    form = office.forms["grid"]
    shown = office.records.shown(record)
    shape = office.maps.outline(key)
    tally = next((place.tally for place in office.registry.grids(record.area) if place.key == key), None)
    facts = [
        (form.fields[name].label, shown[name]) for name in ("code", "grid_kind", "leader", "member") if shown.get(name)
    ]
    if tally is not None:
        facts.append(("房屋", f"{tally.dwellings:,} 处，{tally.households:,} 户 {tally.residents:,} 人"))
    if shape is not None:
        words = office.records.shown(shape)
        facts.append(("面积", _area([str(shape.values["outline"])])))
        facts.append(
            ("范围", "，".join(one for one in (words.get("source"), words.get("drawn_at"), words.get("datum")) if one))
        )
    else:
        facts.append(("范围", "还没有勾绘"))
    may = office.gate.decide("edit", "grid_shape", record.area, own=True).allowed
    rev = shape.rev_of("outline") if shape else 0
    return PlaceFile(key, "grid", shown.get("name") or "", tuple(facts), shape is not None, rev, may)


def read_homes(office: Office, ids: Sequence[str]) -> list[Record]:
    """The dwellings with these ids that may be read, by address."""
    office.gate.require("read", "dwelling", None)
    found = [one for one in office.store.many("dwelling", list(ids)[:_AT_ONCE]).values() if not one.deleted]
    return sorted(found, key=lambda one: str(one.values.get("address") or ""))


def read_home(office: Office, dwelling: str, findings: Findings | None) -> HomeFile:
    """The card of a dwelling with who lives there."""
    record = office.records.get("dwelling", dwelling)
    grid = office.store.get("grid", str(record.values["grid"])) if record.values.get("grid") else None
    stray = next((one for one in (findings.strays if findings else ()) if one.dwelling == dwelling), None)
    found = findings.names.get(stray.found or "", "") if findings and stray else ""
    may = office.gate.decide("edit", "dwelling", record.area, own=True).allowed
    entered = str(grid.values.get("name") or "") if grid else ""
    return HomeFile(record, entered, tuple(office.registry.families(dwelling=dwelling)), may, stray, found)


def read_way_to(office: Office, keys: Sequence[str]) -> Way:
    """The steps of the tree along *keys*, from the top."""
    roots = {place.key: place for place in read_roots(office)}
    known, steps = dict(roots), []
    for key in keys:
        if key in known:
            children = tuple(read_children(office, known[key]))
            steps.append((known[key], children))
            known.update({child.key: child for child in children})
    return Way(tuple(steps))


def told(findings: Findings) -> list[Finding]:
    """Each finding in words, with what it leads to."""
    names = findings.names
    found = []
    for one in findings.strays:
        entered, inside = names.get(one.entered or "", ""), names.get(one.found or "", "")
        said = {
            OTHER: f"登记在{entered}，位置在{inside}",
            NOT_ENTERED: f"没有填网格，位置在{inside}" if inside else "没有填网格，也不在网格范围里",
            NOT_DRAWN: f"登记的{entered}还没有范围，位置在{inside}",
        }.get(one.kind, f"登记在{entered}，位置在范围之外")
        found.append(Finding("home-question", one.address, said, ("dwelling", one.dwelling, one.lon, one.lat)))
    for lap in findings.overlaps:
        both = f"{names.get(lap.first, '')}与{names.get(lap.second, '')}"
        found.append(
            Finding("layers-intersect", both, f"范围重叠 {spoken_area(lap.m2)}", ("grid", lap.second, *lap.at))
        )
    for gap in findings.gaps:
        beside = "、".join(names.get(key, "") for key in gap.beside[:3])
        found.append(Finding("border-none", f"{beside}之间", f"空着 {spoken_area(gap.m2)}", ("spot", "", *gap.at)))
    found += [
        Finding("layout-grid-add", grid.name, "还没有勾绘范围", ("undrawn", grid.id, 0.0, 0.0))
        for grid in findings.without_outline
    ]
    if len(found) > _LINES:
        rest = Finding(
            "dots", f"另有 {len(found) - _LINES:,} 处", "先处理上面的，这里会接着列出", ("more", "", 0.0, 0.0)
        )
        return [*found[:_LINES], rest]
    return found


def _area(outlines: Sequence[str]) -> str:
    whole = 0.0
    for text in outlines:
        try:
            whole += area_m2(read_outline(text))
        except BadValue:
            continue
    return spoken_area(whole) if whole else ""
