"""The chronicle: every change of where people live, households stand and dwellings belong is written down as a movement, by whatever way it came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.rules.living import TURNS
from app.schema.dates import china_time
from app.schema.record import Record
from app.schema.values import Value
from app.services.gate import Gate
from app.services.merging import INTO
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

MOVEMENT = "movement"
REGRID = "regrid"
GOES_ALONG = ("building", "organization", "premises")
"""What goes into another grid with its dwellings, or alone; a movement names it by the field of its form."""
CORRECT = "correct"
SINCE: Mapping[str, str] = {
    "household": "living_since",
    "presence": "presence_since",
    "dwelling": "dwelling_since",
    "grid": "grid_since",
}
"""Beside each value the field that says since when it stands."""
_OF: Mapping[str, tuple[str, ...]] = {
    "resident": ("household", "presence"),
    "household": ("dwelling",),
    "dwelling": ("grid",),
}
_BESIDES = "relation"
_WORD = "relation_text"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing that was done: everything it moved bears its ``act``. ``place``: where from or where to outside the registry, in words."""

    kind: str
    day: str
    act: str
    reason: str = ""
    place: str = ""
    by: str = ""


class Chronicle:
    """Adds to a save the movements that belong to it."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def today(self) -> str:
        """Today in China, as a date field keeps it."""
        return china_time(self._store.now_ms())[:10]

    def attend(self, edits: Sequence[Edit]) -> Sequence[Edit]:
        """*edits* with a movement ``correct`` of today for each value that is overwritten and of which no movement among them speaks.

        So who lived where stays answered whoever overwrote a field: a form, an import, a decision. Two registrations that become one,
        or two again, move nobody.
        """
        merging = any(edit.form == "resident" and INTO in edit.values for edit in edits)
        spoken = _subjects(edits)
        wanted = [
            edit
            for edit in edits
            if edit.id and edit.form in _OF and edit.id not in spoken and {*_OF[edit.form]} & edit.values.keys()
            if not (merging and edit.form == "resident")
        ]
        wanted = self._overwriting(wanted)
        if not wanted:
            return edits
        occasion = Occasion(CORRECT, self.today(), self._store.new_id(), by=self._gate.session.name)
        return self._told(edits, wanted, occasion, made=False)

    def _overwriting(self, edits: Sequence[Edit]) -> list[Edit]:
        """Those that put another value in the place of one; what is new, as most of an import, costs one look."""
        found: list[Edit] = []
        for form, names in _OF.items():
            mine = [edit for edit in edits if edit.form == form]
            held = self._store.many(form, [str(edit.id) for edit in mine]) if mine else {}
            for edit in mine:
                before = held[str(edit.id)].values if edit.id in held else {}
                if any(before.get(n) is not None and before[n] != edit.values[n] for n in names if n in edit.values):
                    found.append(edit)
        return found

    def told(self, edits: Sequence[Edit], occasion: Occasion, only: Collection[str] | None = None) -> list[Edit]:
        """*edits* with their movements on *occasion*, those of people who are new and of changed relations too; *only* of these ids where given."""
        wanted = [
            edit
            for edit in edits
            if edit.id and edit.form in _OF and {*_OF[edit.form], _BESIDES} & edit.values.keys()
            if only is None or edit.id in only
        ]
        return list(self._told(edits, wanted, occasion, made=True))

    def gone_along(self, records: Iterable[Record], into: str, occasion: Occasion) -> list[Edit]:
        """The movements of buildings, organisations and premises that come into the grid *into*."""
        return [
            Edit(
                MOVEMENT,
                self._store.new_id(),
                record.area,
                {
                    "date": occasion.day,
                    "kind": occasion.kind,
                    "act": occasion.act,
                    "reason": occasion.reason or None,
                    "handled_by": occasion.by or None,
                    "name": self._store.forms[record.form].record_title(record.values) or None,
                    record.form: record.id,
                    "from_grid": record.values.get("grid"),
                    "to_grid": into,
                },
            )
            for record in records
        ]

    def _told(self, edits: Sequence[Edit], wanted: Sequence[Edit], occasion: Occasion, *, made: bool) -> Sequence[Edit]:
        around = _Around(self._store, edits, wanted)
        movements: list[Edit] = []
        filled: dict[int, Edit] = {}
        for edit in wanted:
            held = around.record(edit.form, str(edit.id))
            if held is None and not (made and edit.form == "resident"):
                continue
            before: Mapping[str, Value] = held.values if held is not None else {}
            turned = [
                name
                for name in _OF[edit.form]
                if name in edit.values
                and edit.values[name] != before.get(name)
                # What nobody had said before is filled in now: that is no turn.
                and (made or before.get(name) is not None)
            ]
            related = made and _BESIDES in edit.values and edit.values[_BESIDES] != before.get(_BESIDES)
            if not turned and not related:
                continue
            values = dict(edit.values)
            for name in turned:
                began = SINCE[name]
                # Who gives a new value without its day means the day on which it is done.
                if values.get(began) in (None, before.get(began)):
                    values[began] = occasion.day
            new = replace(edit, values=values)
            filled[id(edit)] = new
            movements += around.movements(new, held, occasion)
        allowed = [m for m in movements if self._gate.decide("create", MOVEMENT, m.area).allowed]
        return [filled.get(id(edit), edit) for edit in edits] + allowed


class _Around:
    """The records that a save touches and those beside them, as they stand before it and after it."""

    def __init__(self, store: Store, edits: Sequence[Edit], wanted: Sequence[Edit]) -> None:
        self._store = store
        self._held: dict[tuple[str, str], Record | None] = {}
        self._edits: dict[tuple[str, str], list[Edit]] = {}
        for edit in edits:
            if edit.id:
                self._edits.setdefault((edit.form, edit.id), []).append(edit)
        for form in _OF:
            self._read(form, [str(edit.id) for edit in wanted if edit.form == form])
        for form, below in (("household", "resident"), ("dwelling", "household")):
            ids = [str(edit.values.get(form) or "") for edit in wanted if edit.form == below]
            held = [self._held.get((below, str(edit.id))) for edit in wanted if edit.form == below]
            ids += [str(record.values.get(form) or "") for record in held if record is not None]
            self._read(form, [each for each in ids if each])

    def record(self, form: str, record_id: str) -> Record | None:
        """The record as it stands before the save."""
        if (form, record_id) not in self._held:
            self._read(form, [record_id])
        return self._held[form, record_id]

    def movements(self, edit: Edit, held: Record | None, occasion: Occasion) -> list[Edit]:
        """The movements of what *edit* turns: one, or one at either end where it leads from one area to another."""
        before: Mapping[str, Value] = held.values if held is not None else {}
        after = {**before, **edit.values}
        values: dict[str, Value] = {
            "date": occasion.day,
            "kind": occasion.kind,
            "act": occasion.act,
            "reason": occasion.reason or None,
            "handled_by": occasion.by or None,
            "name": self._name(edit.form, before, after),
        }
        left = held.area if held is not None else ""
        came = edit.area or left
        if edit.form == "dwelling":
            values |= _turn("grid", before, after)
            return [self._made({**values, "dwelling": edit.id}, came)]
        if edit.form == "household":
            values |= _turn("dwelling", before, after)
            values |= self._grids(before, after) | self._places(before, after, "")
            here = self._made({**values, "household": edit.id}, came)
            if left == came or not before.get("dwelling"):
                return [here]
            # Who asks at the old dwelling holds neither the household nor its people any more.
            there = {**values, "dwelling": before["dwelling"]}
            return [here, self._made(there, left), *self._members_left(str(edit.id), there, left)]
        home_before, home_after = self._home(before), self._home(after, late=True)
        values |= {"resident": edit.id} | _turn("household", before, after) | _turn("presence", before, after)
        values |= {"from_relation": before.get(_BESIDES), "to_relation": after.get(_BESIDES)}
        if before.get(_WORD) != after.get(_WORD):
            values |= {"from_relation_text": before.get(_WORD)}
        values |= {"from_dwelling": home_before.get("dwelling"), "to_dwelling": home_after.get("dwelling")}
        values |= self._grids(home_before, home_after) | self._places(home_before, home_after, occasion.place, after)
        if left != came and before.get("household"):
            return [
                self._made({**values, "household": before["household"]}, left),
                self._made({**values, "household": after.get("household")}, came),
            ]
        # With the household that was left: who is in a household now says so himself.
        return [self._made({**values, "household": before.get("household") or after.get("household")}, came)]

    def _made(self, values: Mapping[str, Value], area: str) -> Edit:
        return Edit(MOVEMENT, self._store.new_id(), area, {k: v for k, v in values.items() if v is not None})

    def _members_left(self, household: str, values: Mapping[str, Value], area: str) -> list[Edit]:
        found = []
        for person in self._store.select("resident", {"household": household}):
            presence = person.values.get("presence")
            own: dict[str, Value] = {
                "resident": person.id,
                "name": person.values.get("name"),
                "from_household": household,
                "to_household": household,
                "from_presence": presence,
                "to_presence": presence,
                "from_presence_since": person.values.get("presence_since"),
            }
            since = max(
                (str(day) for day in (values.get("from_since"), person.values.get("living_since")) if day), default=None
            )
            found.append(self._made({**values, **own, "from_since": since}, area))
        return found

    def _name(self, form: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Value:
        name = {"resident": "name", "household": "head_name", "dwelling": "address"}[form]
        said = before.get(name) or after.get(name)
        return f"{said}户" if said and form == "household" else said

    def _home(self, person: Mapping[str, Value], *, late: bool = False) -> Mapping[str, Value]:
        household = person.get("household")
        return self._values("household", str(household), late=late) if household else {}

    def _values(self, form: str, record_id: str, *, late: bool) -> Mapping[str, Value]:
        record = self.record(form, record_id)
        values = dict(record.values) if record is not None else {}
        for edit in self._edits.get((form, record_id), ()) if late else ():
            values.update(edit.values)
        return values

    def _grids(self, before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, home, late in (("from_grid", before, False), ("to_grid", after, True)):
            if home.get("dwelling"):
                found[name] = self._values("dwelling", str(home["dwelling"]), late=late).get("grid")
        return found

    def _places(
        self,
        before: Mapping[str, Value],
        after: Mapping[str, Value],
        place: str,
        person: Mapping[str, Value] | None = None,
    ) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, home, late in (("from_place", before, False), ("to_place", after, True)):
            if home.get("dwelling"):
                found[name] = self._values("dwelling", str(home["dwelling"]), late=late).get("address")
        if place:
            away = person is not None and person.get("presence") in {"moved", "abroad", "away"}
            found["to_place" if away else "from_place"] = place
        return found

    def _read(self, form: str, ids: Iterable[str]) -> None:
        fresh = [each for each in dict.fromkeys(ids) if (form, each) not in self._held]
        found = self._store.many(form, fresh) if fresh else {}
        self._held.update({(form, each): found.get(each) for each in fresh})


def _turn(name: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
    """The two sides of a value in the fields of a movement, and since when the one before stood."""
    source, target, since = TURNS[name]
    return {source: before.get(name), target: after.get(name), since: before.get(SINCE[name])}


def _subjects(edits: Iterable[Edit]) -> set[str]:
    """The people, households and dwellings of which a movement among *edits* speaks."""
    found: set[str] = set()
    for edit in edits:
        if edit.form == MOVEMENT:
            subject = edit.values.get("resident") or edit.values.get("household") or edit.values.get("dwelling")
            found.add(str(subject))
    return found
