"""From the sheet of a household to what is saved of it: edits on what was on the screen, movements, audit lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.living import GONE
from app.schema.values import Value
from app.services.chronicle import Chronicle, Occasion
from app.services.entry_sheet import COMES, HEAD, MEMBER, NEW, Line, ReadLine, Sheet, with_note
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.registry import Registry
    from app.store.audit import AuditLine
    from app.store.store import Store

_LIVES_HERE = ("present", "lodging")
_HOUSEHOLD_FIELDS = ("number", "contact", "remark")


@dataclass(frozen=True, slots=True)
class Written:
    """One save of a household. ``counts``: of people who are NEW, who COME and of MEMBERs who were changed."""

    edits: tuple[Edit, ...]
    audit: tuple[AuditLine, ...]
    counts: Mapping[str, int]


class EntryWriting:
    """Sheets that were checked, as edits; Denied where one of them is not this user's."""

    def __init__(self, store: Store, gate: Gate, registry: Registry, chronicle: Chronicle) -> None:
        self._store = store
        self._gate = gate
        self._registry = registry
        self._chronicle = chronicle

    def of(self, sheet: Sheet, reads: Sequence[tuple[Line, ReadLine]]) -> Written:
        """All that is to be saved of *sheet*, whose rows were read as *reads*; empty where nothing changes."""
        sheet = self._where_it_is(self._at_its_address(sheet))
        edits: list[Edit] = []
        lines: list[AuditLine] = []
        if sheet.new_dwelling:
            place = self._store.forms["dwelling"].clean(sheet.place)[0]
            edits.append(Edit("dwelling", sheet.dwelling, sheet.area, place, dict.fromkeys(place, 0)))
        household = self._household(sheet, reads)
        if household is not None:
            edits.append(household)
        counts = {NEW: 0, COMES: 0, MEMBER: 0}
        for line, read in reads:
            if line.blank:
                continue
            edit = self._person(sheet, line, read)
            if line.known == COMES and (going := self._going(line, sheet)) is not None:
                edits += going[0]
                lines += going[1]
            if edit is not None:
                edits.append(edit)
                counts[line.known] += 1
        for edit in edits:
            lines += self._audited(edit)
        told = self._with_movements(sheet, edits)
        for edit in told[len(edits) :]:
            lines += self._audited(edit)
        return Written(tuple(told), tuple(lines), counts)

    def _at_its_address(self, sheet: Sheet) -> Sheet:
        """A dwelling whose address the village has already is that one, whoever typed it anew."""
        if not sheet.new_dwelling or self._store.get("dwelling", sheet.dwelling) is not None:
            return sheet
        address = self._store.forms["dwelling"].clean(sheet.place)[0]["address"]
        for held in self._store.select("dwelling", {"address": address}, area=sheet.area, limit=1):
            return replace(sheet, dwelling=held.id, new_dwelling=False)
        return sheet

    def _where_it_is(self, sheet: Sheet) -> Sheet:
        """A household that was handed over to another village while the sheet was open stays there, and its new people go there."""
        held = self._store.get("household", sheet.household)
        return replace(sheet, area=held.area) if held is not None else sheet

    def _household(self, sheet: Sheet, reads: Sequence[tuple[Line, ReadLine]]) -> Edit | None:
        typed = {name: value for name, value in sheet.typed.items() if name in _HOUSEHOLD_FIELDS}
        values = self._store.forms["household"].clean(typed, partial=True)[0]
        heads = [
            (line, read)
            for line, read in reads
            if not line.blank and (read.values.get("relation", line.stands.get("relation")) == HEAD)
        ]
        if heads and (sheet.new or {"name", "relation"} & heads[0][0].typed.keys() or heads[0][0].known == COMES):
            line, read = heads[0]
            values |= {"head": line.id, "head_name": read.values.get("name", line.stands.get("name"))}
        if sheet.new or (sheet.dwelling and sheet.dwelling != sheet.stands.get("dwelling")):
            values["dwelling"] = sheet.dwelling
        if not sheet.new:
            values = {name: value for name, value in values.items() if value != sheet.stands.get(name)}
            if not values:
                return None
        # A sheet that comes back from a draft may have been saved already: then nothing of what stands now was on the screen.
        return Edit(
            "household", sheet.household, sheet.area, values, {name: sheet.seen.get(name, 0) for name in values}
        )

    def _person(self, sheet: Sheet, line: Line, read: ReadLine) -> Edit | None:
        form = self._store.forms["resident"]
        values = dict(read.values)
        settled = bool(values.get("id_number"))
        if read.doubts or (settled and line.stands.get("id_written")):
            values["verify_note"] = with_note(line.stands.get("verify_note"), read.doubts, settled=settled)
        if line.known != MEMBER:
            values["household"] = sheet.household
            lives = values.get("presence", line.stands.get("presence")) in _LIVES_HERE
            if lives and (address := self._address(sheet)):
                values["live_address"] = address
        if line.known == NEW:
            made = {name: value for name, value in values.items() if value is not None}
            return Edit("resident", line.id, "" if self._is_here(line) else sheet.area, made, dict.fromkeys(made, 0))
        if line.known == COMES:
            values |= self._registered(sheet, line, values)
        # What merges as one is sent as one: as it was on the screen, not as it may stand by now.
        for name in list(values):
            for part in form.unit_of[name]:
                values.setdefault(part, line.stands.get(part))
        if all(line.stands.get(name) == value for name, value in values.items()):
            return None
        values = {
            name: value
            for name, value in values.items()
            if any(values.get(part) != line.stands.get(part) for part in form.unit_of[name])
        }
        return Edit(
            "resident",
            line.id,
            sheet.area if line.known == COMES else "",
            values,
            {name: line.seen[name] for name in values if name in line.seen},
        )

    def _is_here(self, line: Line) -> bool:
        return self._store.get("resident", line.id) is not None

    def _registered(self, sheet: Sheet, line: Line, values: Mapping[str, Value]) -> dict[str, Value]:
        """Who lodges here stays registered where he was; who comes to where he is registered has the two together again."""
        registered = line.stands.get("registered_household")
        if registered == sheet.household:
            return {"registered_household": None}
        lodges = values.get("presence", line.stands.get("presence")) == "lodging"
        return {"registered_household": line.stands.get("household")} if lodges and not registered else {}

    def _with_movements(self, sheet: Sheet, edits: Sequence[Edit]) -> list[Edit]:
        """*edits* with a movement of today for each who comes from another household, or from outside where he had left."""
        comers = [line for line in sheet.lines if line.known == COMES and line.stands.get("household")]
        came = list(edits)
        for kind, gone in (("move", False), ("move_in", True)):
            ids = {line.id for line in comers if (line.stands.get("presence") in GONE) == gone}
            if ids:
                said = sentence("entry.reason_moved")
                act, by = self._store.new_id(), self._gate.session.name
                came = self._chronicle.told(came, Occasion(kind, self._chronicle.today(), act, said, by=by), ids)
        return came

    def _going(self, line: Line, sheet: Sheet) -> tuple[list[Edit], list[AuditLine]] | None:
        person = self._registry.here("resident", line.id)
        if person.values.get("household") == sheet.household:
            return None
        return self._registry.going_along(person, sheet.area, reason=sentence("entry.reason_moved"))

    def _audited(self, edit: Edit) -> list[AuditLine]:
        held = self._store.get(edit.form, str(edit.id))
        area = held.area if held else edit.area
        said = ",".join(edit.values)
        action = "edit" if held else "create"
        return (
            [self._gate.line(action, edit.form, area, record=str(edit.id), fields=said, own=True)]
            if edit.values
            else []
        )

    def _address(self, sheet: Sheet) -> Value:
        if sheet.new_dwelling:
            return self._store.forms["dwelling"].clean(sheet.place)[0].get("address")
        place = self._store.get("dwelling", sheet.dwelling) if sheet.dwelling else None
        return place.values.get("address") if place else None
