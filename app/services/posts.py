"""Who holds which post in a grid, from when to when, and the sector grids over the same places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.schema.record import Record
from app.schema.values import Value
from app.services.chronicle import Chronicle
from app.services.gate import Gate
from app.services.moving import Moving
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

POST, SECTOR, PLACE = "grid_post", "sector_grid", "sector_place"
PLACES = ("grid", "dwelling", "organization", "premises")
_SHOWN: Mapping[str, tuple[str, str]] = {
    "leader3": ("leader", ""),
    "member": ("member", "member_phone"),
    "adviser": ("adviser", ""),
    "linked_leader": ("linked_leader", ""),
    "linked_unit": ("linked_unit", ""),
}
"""For a post the fields of the grid that name who holds it today: lists and cases read them."""


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector grid with those below it and how many places it has itself."""

    record: Record
    places: int
    below: tuple[Sector, ...] = ()


class Posts:
    """Posts are ended and begun, never overwritten."""

    def __init__(self, store: Store, gate: Gate, moving: Moving, chronicle: Chronicle) -> None:
        self._store = store
        self._gate = gate
        self._moving = moving
        self._chronicle = chronicle

    def of(self, grid: str, day: str = "") -> list[Record]:
        """The posts of *grid*, those held today (or on *day*) first, in the order of the code list; without *day* the past ones behind."""
        record = self._moving.here("grid", grid)
        self._gate.require("read", POST, record.area)
        today = day or self._chronicle.today()
        order = {code.code: n for n, code in enumerate(self._store.forms.codes["grid_post"].items)}
        held = self._store.select(POST, {"grid": grid})
        found = [post for post in held if not day or _held(post.values, day)]
        return sorted(
            found,
            key=lambda p: (
                not _held(p.values, today),
                order.get(str(p.values.get("post")), 99),
                str(p.values.get("valid_from") or ""),
                p.id,
            ),
        )

    def appoint(
        self, grid: str, values: Mapping[str, object], *, instead_of: str = "", day: object = None, reason: str = ""
    ) -> Record:
        """Give a post: ``post``, ``name``, ``phone`` … of *values*; who held it, *instead_of* (id of the post), ends on that day."""
        home = self._moving.here("grid", grid)
        filled, faults = self._store.forms[POST].clean(
            {"valid_from": day or self._chronicle.today(), **values, "grid": grid}
        )
        if faults:
            label = self._store.forms[POST].fields[faults[0].field].label
            raise KnownError("movements.bad_value", label=label, message=faults[0].message)
        new = self._store.new_id()
        edits = [Edit(POST, new, home.area, filled)]
        lines = [self._gate.line("create", POST, home.area, record=new, reason=reason)]
        if instead_of:
            before = self._moving.here(POST, instead_of)
            edits.append(Edit(POST, instead_of, before.area, {"valid_to": filled["valid_from"]}))
            lines.append(self._gate.line("edit", POST, before.area, record=instead_of, reason=reason, own=True))
        shown = self._shown(home, filled, str(filled["post"]), replaced=bool(instead_of))
        if shown:
            edits.append(Edit("grid", grid, home.area, shown))
            lines.append(self._gate.line("edit", "grid", home.area, record=grid, reason=reason, own=True))
        self._store.save(edits, self._gate.session.user, audit=lines)
        return self._moving.here(POST, new)

    def end(self, post: str, day: object = None, *, reason: str = "") -> Record:
        """Somebody leaves a post."""
        held = self._moving.here(POST, post)
        filled, faults = self._store.forms[POST].clean({"valid_to": day or self._chronicle.today()}, partial=True)
        if faults:
            raise KnownError("movements.bad_value", label="离任日期", message=faults[0].message)
        edits = [Edit(POST, post, held.area, filled)]
        home = self._store.get("grid", str(held.values["grid"]))
        names = _SHOWN.get(str(held.values["post"]))
        if home is not None and names and home.values.get(names[0]) == held.values.get("name"):
            empty: dict[str, Value] = {name: None for name in names if name}
            edits.append(Edit("grid", home.id, home.area, empty))
        line = self._gate.line("edit", POST, held.area, record=post, reason=reason, own=True)
        self._store.save(edits, self._gate.session.user, audit=[line])
        return self._moving.here(POST, post)

    # -- sector grids -----------------------------------------------------------------------------

    def sectors(self) -> tuple[Sector, ...]:
        """The trees of sector grids that this user holds, by their line of work and name."""
        self._gate.require("read", SECTOR, None)
        held = self._store.select(SECTOR, area=list(self._gate.session.areas), order=["sector", "name", "id"])
        counts = self._store.tally(PLACE, "sector", {"valid_to": None})
        ids = {record.id for record in held}
        below: dict[str, list[Record]] = {}
        for record in held:
            upper = str(record.values.get("upper") or "")
            below.setdefault(upper if upper in ids else "", []).append(record)

        def tree(key: str, above: frozenset[str]) -> tuple[Sector, ...]:
            # Two people may put each below the other: whoever is met again ends the branch.
            return tuple(
                Sector(r, counts.get(r.id, 0), tree(r.id, above | {r.id}))
                for r in below.get(key, ())
                if r.id not in above
            )

        found = tree("", frozenset())
        seen = {key for root in found for key in _ids(root)}
        lost = tuple(Sector(r, counts.get(r.id, 0)) for r in held if r.id not in seen)
        return found + lost

    def places(self, sector: str) -> list[tuple[Record, Record]]:
        """(link, place) of what a sector grid takes in today; what two devices put in apart comes once."""
        self._gate.require("read", PLACE, None)
        found: dict[str, tuple[Record, Record]] = {}
        for link in self._store.select(PLACE, {"sector": sector, "valid_to": None}, order=["id"]):
            for form in PLACES:
                place = self._store.get(form, str(link.values[form])) if link.values.get(form) else None
                if place is not None and not place.deleted:
                    found.setdefault(place.id, (link, place))
        return list(found.values())

    def include(self, sector: str, form: str, place: str, day: object = None) -> Record:
        """Take a grid, dwelling, organisation or premises into a sector grid; what is in it already stays as it is."""
        for link in self._store.select(PLACE, {"sector": sector, form: place, "valid_to": None}):
            return link
        record = self._moving.here(form, place)
        filled, _ = self._store.forms[PLACE].clean(
            {"sector": sector, form: place, "valid_from": day or self._chronicle.today()}
        )
        new = self._store.new_id()
        line = self._gate.line("create", PLACE, record.area, record=new)
        self._store.save([Edit(PLACE, new, record.area, filled)], self._gate.session.user, audit=[line])
        return self._moving.here(PLACE, new)

    def exclude(self, sector: str, form: str, place: str, day: object = None) -> int:
        """Take a place out of a sector grid, however often it was put in; return how many links that ended."""
        links = self._store.select(PLACE, {"sector": sector, form: place, "valid_to": None})
        today = self._chronicle.today() if day is None else day
        filled, _ = self._store.forms[PLACE].clean({"valid_to": today}, partial=True)
        lines = [self._gate.line("edit", PLACE, link.area, record=link.id, own=True) for link in links]
        edits = [Edit(PLACE, link.id, link.area, filled) for link in links]
        if edits:
            self._store.save(edits, self._gate.session.user, audit=lines)
        return len(edits)

    def of_place(self, form: str, place: str) -> list[Record]:
        """The sector grids that a place lies in today; a dwelling also by its grid."""
        record = self._moving.here(form, place)
        self._gate.require("read", SECTOR, record.area)
        asked = [(form, place)]
        if form != "grid" and record.values.get("grid"):
            asked.append(("grid", str(record.values["grid"])))
        ids = {
            str(link.values["sector"])
            for name, key in asked
            for link in self._store.select(PLACE, {name: key, "valid_to": None})
        }
        return sorted(self._store.many(SECTOR, ids).values(), key=lambda r: str(r.values.get("name")))

    def _shown(self, grid: Record, values: Mapping[str, Value], post: str, *, replaced: bool) -> dict[str, Value]:
        name, phone = _SHOWN.get(post, ("", ""))
        if not name or values.get("valid_to") or (grid.values.get(name) and not replaced):
            return {}
        shown: dict[str, Value] = {name: values.get("name")}
        if phone:
            shown[phone] = values.get("phone")
        return shown


def _held(values: Mapping[str, Value], day: str) -> bool:
    start, end = values.get("valid_from"), values.get("valid_to")
    return (not start or str(start) <= day) and (not end or str(end) > day)


def _ids(sector: Sector) -> list[str]:
    return [sector.record.id, *(key for below in sector.below for key in _ids(below))]
