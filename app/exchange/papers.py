"""Papers of the registry, from records to a sheet: what each prints is gathered here, masked unless whole values were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.exchange import data_sheet, meeting_sheet
from app.exchange.documents import registry_papers as paper
from app.exchange.documents.blocks import Sheet, written_texts
from app.exchange.documents.fonts import missing_glyphs
from app.exchange.documents.registry_papers import Family, Printed
from app.exchange.documents.render import sheet_bytes, suffix, write
from app.exchange.paper_kinds import PAPERS, Paper, papers_of
from app.rules.living import GONE, VOID
from app.schema.dates import china_time
from app.schema.record import Record

if TYPE_CHECKING:
    from app.services.office import Office

__all__ = ["PAPERS", "Paper", "form_of", "papers_of", "sheet", "write_paper"]

_AT_ONCE = 400
_MOVES = "movement"
_MOST_MOVES, _MOST_VISITS = 40, 8
_PERSON = (
    "name", "former_name", "sex", "birth_date", "id_number", "phone", "relation", "presence", "resident_kind", "occupation",
    "workplace", "live_address", "hukou_address", "remark", "verify_note",
)  # fmt: skip
_HOME = ("number", "head_name", "contact", "last_visit", "remark")
_DWELLING = (
    "address", "building", "grid", "unit", "room", "floor", "area_m2", "structure", "use", "rented", "owner", "owner_id", "owner_phone", "remark",
)  # fmt: skip
_GRID = ("name", "code", "grid_kind", "leader", "member", "member_phone")


def form_of(office: Office, record_id: str) -> str:
    """The form of a record that papers exist for; KnownError("papers.no_record")."""
    for form in dict.fromkeys(one.form for one in PAPERS):
        if office.store.get(form, record_id) is not None:
            return form
    raise KnownError("papers.no_record", id=record_id)


def sheet(office: Office, form: str, record_id: str, name: str, *, reason: str = "", plain: bool = False) -> Sheet:
    """Paper *name* of a record. Denied, or KnownError("papers.…"); the gate writes down who printed it and what for.

    Numbers are masked unless *plain*, which asks for a *reason* and the right to reveal; a paper about many people stays masked.
    """
    known = {one.name: one for one in papers_of(form)}
    if not known:
        raise KnownError("papers.none", form=office.forms[form].title if form in office.forms else form)
    if name not in known:
        raise KnownError("papers.unknown", name=name, names="、".join(known))
    plain = plain and not known[name].bulk
    record = office.records.get(form, record_id)
    if name == "data_sheet":
        reason, plain = data_sheet.allow(office, record, reason), False
    if plain and not reason.strip():
        raise KnownError("papers.plain_reason")
    office.gate.require("document", form, record.area, record=record_id, fields=name, reason=reason)
    if plain:
        office.gate.require("reveal", form, record.area, record=record_id, fields=name, reason=reason)
    moment = china_time(office.store.now_ms())[:16].replace("T", " ")
    printed = Printed(office.session.unit, office.session.name, moment, reason.strip(), plain or name == "data_sheet")
    if name == "data_sheet":
        return data_sheet.gather(office, record, printed)
    if form == "meeting":
        return meeting_sheet.gather(office, record, name, printed)
    return _Gathering(office, printed).of(name, record)


def write_paper(
    office: Office, form: str, record_id: str, name: str, out: Path, *, reason: str = "", plain: bool = False
) -> tuple[str, ...]:
    """Write a paper to *out* (.docx or .pdf); return the characters that no carried font can draw. See ``sheet``."""
    kind = suffix(out, ".docx", ".pdf")
    made = sheet(office, form, record_id, name, reason=reason, plain=plain)
    write(out, sheet_bytes(made, kind))
    return missing_glyphs("".join(written_texts(made.blocks)))


class _Gathering:
    """What the records say, in shown words."""

    def __init__(self, office: Office, printed: Printed) -> None:
        self._office = office
        self._store = office.store
        self._printed = printed

    def of(self, name: str, record: Record) -> Sheet:
        match name:
            case "person_card":
                return self._person(record)
            case "household_book":
                return self._household(record)
            case "dwelling_card":
                return self._dwelling(record)
            case _:
                return self._grid(record)

    def _person(self, person: Record) -> Sheet:
        home = self._linked("household", person.values.get("household"))
        where = " › ".join(place.name for place in self._office.registry.place_of(person))
        facts = [*self._facts(person, _PERSON), ("所在", where)]
        family = self._families([home])[0] if home else None
        return paper.person_card(self._printed, facts, family, self._moves({"resident": person.id}))

    def _household(self, home: Record) -> Sheet:
        [family] = self._families([home])
        visits = [
            tuple(self._show(visit, name) for name in ("visit_date", "purpose", "visitor", "content"))
            for visit in self._read("visit", home.area, {"household": home.id}, "-visit_date", _MOST_VISITS)
        ]
        facts = [*family.facts, *self._place(home)]
        moves = self._moves({"household": home.id})
        return paper.household_book(self._printed, replace(family, facts=facts), visits, moves)

    def _dwelling(self, dwelling: Record) -> Sheet:
        found = self._store.select("household", {"dwelling": dwelling.id}, order=["number", "id"])
        homes = [home for home in found if not home.values.get("ended_on")]
        # Its address may say no more than a room of its building: the village stands on the paper in any case.
        village = next((area["name"] for area in self._store.areas() if area["code"] == dwelling.area), "")
        facts = [("村（社区）", village), *self._facts(dwelling, _DWELLING)]
        return paper.dwelling_card(self._printed, facts, self._families(homes))

    def _grid(self, grid: Record) -> Sheet:
        dwellings = self._store.select("dwelling", {"grid": grid.id})
        dwellings.sort(key=lambda one: natural(str(one.values.get("address") or "")))
        homes: dict[str, list[Record]] = {}
        for home in self._among("household", "dwelling", [one.id for one in dwellings]):
            if not home.values.get("ended_on"):
                homes.setdefault(str(home.values["dwelling"]), []).append(home)
        people: dict[str, list[Record]] = {}
        for person in self._among("resident", "household", [home.id for held in homes.values() for home in held]):
            if person.values.get("presence") not in GONE:
                people.setdefault(str(person.values["household"]), []).append(person)
        rows: list[paper.Row] = []
        for dwelling in dwellings:
            for home in sorted(homes.get(dwelling.id, ()), key=lambda one: str(one.values.get("number") or one.id)):
                members = sorted(people.get(home.id, ()), key=_head_first)
                head = members[0] if members else None
                rows.append(
                    (
                        str(len(rows) + 1),
                        self._show(dwelling, "address"),
                        self._show(home, "head_name") or (self._show(head, "name") if head else ""),
                        self._show(home, "number"),
                        str(len(members)),
                        self._show(head, "phone") if head else "",
                        self._show(head, "presence") if head else "",
                        self._show(home, "contact"),
                        self._show(home, "last_visit"),
                    )
                )
        counts = [
            ("房屋", f"{len(dwellings)} 处"),
            ("住户", f"{len(rows)} 户"),
            ("人数", f"{sum(map(len, people.values()))} 人"),
        ]
        return paper.grid_sheet(self._printed, [*self._facts(grid, _GRID), *counts], rows)

    # -- parts ------------------------------------------------------------------------------------

    def _families(self, homes: Sequence[Record]) -> list[Family]:
        people: dict[str, list[Record]] = {}
        for person in self._among("resident", "household", [home.id for home in homes]):
            people.setdefault(str(person.values["household"]), []).append(person)
        found = []
        for home in homes:
            members = sorted(people.get(home.id, ()), key=_head_first)
            rows = [(str(place), *self._member(person)) for place, person in enumerate(members, 1)]
            head = str(home.values.get("head_name") or (members[0].values.get("name") if members else "") or "")
            gone = sum(person.values.get("presence") in GONE for person in members)
            found.append(Family(f"{head}户", self._facts(home, _HOME), rows, gone))
        return found

    def _member(self, person: Record) -> paper.Row:
        relation = str(person.values.get("relation_text") or self._show(person, "relation"))
        rest = (self._show(person, name) for name in ("sex", "birth_date", "id_number", "phone", "presence"))
        return (self._show(person, "name"), relation, *rest)

    def _moves(self, where: dict[str, Any]) -> list[paper.Row]:
        if _MOVES not in self._office.forms:
            return []
        names = ("date", "kind", "from_place", "to_place", "reason", "handled_by")
        area = self._office.session.area
        # A movement that was taken back takes two records; one line says both.
        found = self._read(_MOVES, area, where, "-date", 2 * _MOST_MOVES)
        told = [one for one in found if one.values.get("kind") != VOID][:_MOST_MOVES]
        void = {
            str(one.values["voids"])
            for one in (self._store.select(_MOVES, {"voids": [one.id for one in told]}) if told else ())
        }
        rows = [[self._show(one, name) for name in names] for one in told]
        return [
            (day, f"已撤销：{kind}" if one.id in void else kind, *rest)
            for one, (day, kind, *rest) in zip(told, rows, strict=True)
        ]

    def _place(self, home: Record) -> list[tuple[str, str]]:
        dwelling = self._linked("dwelling", home.values.get("dwelling"))
        if dwelling is None:
            return [("住址", "")]
        grid = self._linked("grid", dwelling.values.get("grid"))
        return [("住址", self._show(dwelling, "address")), ("所属网格", self._show(grid, "name") if grid else "")]

    def _facts(self, record: Record, names: Iterable[str]) -> list[tuple[str, str]]:
        fields = self._office.forms[record.form].fields
        return [(fields[name].label, self._show(record, name)) for name in names if name in fields]

    def _show(self, record: Record, name: str) -> str:
        form = self._office.forms[record.form]
        if name not in form.fields:
            return ""
        value = record.values.get(name)
        targets = dict(form.references)
        if name in targets:
            target = self._linked(targets[name], value)
            return self._office.forms[targets[name]].record_title(target.values, masked=True) if target else ""
        return form.show(name, value, masked=not self._printed.whole)

    def _read(self, form: str, area: str, where: dict[str, Any], order: str, most: int) -> list[Record]:
        """What this user may read of another form, the newest first; nothing where he may not."""
        if not self._office.gate.decide("read", form, area, own=True).allowed:
            return []
        return self._store.select(form, where, order=[order], limit=most)

    def _among(self, form: str, field: str, ids: Sequence[str]) -> Iterable[Record]:
        for start in range(0, len(ids), _AT_ONCE):
            yield from self._store.select(form, {field: list(ids[start : start + _AT_ONCE])})

    def _linked(self, form: str, record_id: object) -> Record | None:
        found = self._store.get(form, str(record_id)) if record_id else None
        return found if found and not found.deleted else None


def natural(text: str) -> list[tuple[int, int, str]]:
    """*text* as it is sorted by people: 2号 before 10号."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|\D+", text)]


def _head_first(person: Record) -> tuple[bool, str, str]:
    values = person.values
    return values.get("relation") != "0", str(values.get("relation") or "9"), str(values.get("birth_date") or "")
