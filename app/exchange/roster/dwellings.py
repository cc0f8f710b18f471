"""The plan for a workbook of buildings and dwellings."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.errors import KnownError
from app.exchange.excel.layout import Layout, Recognised, Row
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, is_blank, text_of
from app.exchange.roster.cells import kept_text, read_cell
from app.exchange.roster.choices import NONE, SKIP, Choices
from app.exchange.roster.drafting import Drafting
from app.exchange.roster.people import read_number
from app.exchange.roster.plan import Finding, Plan, Tick, Twin, no_tick, say
from app.exchange.roster.register import Register
from app.schema.form import Field, Form, Forms
from app.schema.values import BadValue, Value, comparable

_PLACE_FIELDS = {"grid", "building", "lon", "lat"}
_CODES = {
    ("area_m2", "number_wrong"): "area_unreadable",
    ("area_m2", "number_small"): "area_wrong",
    ("area_m2", "number_large"): "area_wrong",
    ("structure", "choice_unknown"): "structure_unknown",
}

_AT_ONCE = 500
"""Rows whose records are fetched together."""


@dataclass
class _Reading:
    """One row: its values and what is to be said of it."""

    sheet: str
    row: int
    values: dict[str, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def flag(self, name: str, code: str, message: str) -> None:
        self.findings.append(Finding(self.sheet, self.row, name, code, message))


class DwellingPlan:
    """Reads buildings first, then dwellings; ``form`` is what is counted: dwelling, or building."""

    def __init__(
        self,
        found: Recognised,
        forms: Forms,
        words: Words,
        register: Register,
        area: str | None,
        today: datetime.date,
        form: str,
        *,
        choices: Choices = NONE,
        tick: Tick = no_tick,
    ) -> None:
        self._found = found
        self._forms = forms
        self._words = words
        self._register = register
        if not area:
            raise KnownError("import.area_missing")
        self._area = area
        self._today = today
        self._choices = choices
        self._tick = tick
        self._form = form
        self._drafting = Drafting(register)
        self._refused: list[Finding] = []
        self._flagged: list[Finding] = []
        self._same: list[Twin] = []
        self._tally = {"created": 0, "updated": 0, "unchanged": 0}
        self._rows = 0
        self._taken: dict[str, tuple[str, int]] = {}
        self._knows_buildings = False

    def plan(self) -> Plan:
        """What the import would do."""
        for form in ("dwelling", "building", "grid"):
            self._register.load(form, self._area)
        wanted = [layout for layout in self._found.layouts if layout.form == "building"]
        self._knows_buildings = bool(wanted) or bool(self._register.all("building", self._area))
        if self._form == "dwelling":
            wanted += [layout for layout in self._found.layouts if layout.form == "dwelling"]
        if not any(layout.form == self._form for layout in wanted):
            raise KnownError("import.no_headings", file=self._found.file)
        for layout in wanted:
            for place, row in enumerate(layout.rows):
                if place % _AT_ONCE == 0:
                    self._tick(place, len(layout.rows))
                    self._fetch(layout.form, layout.rows[place : place + _AT_ONCE])
                self._drafting.bundle += 1
                self._row(layout, row)
        return Plan(
            form=self._form,
            rows=self._rows,
            records=self._drafting.records(),
            refused=tuple(self._refused),
            flagged=tuple(self._flagged),
            same_person=tuple(self._same),
            possible_duplicates=(),
            not_collected=tuple((layout.sheet.name, heading) for layout in wanted for heading in layout.not_collected),
            created=self._tally["created"],
            updated=self._tally["updated"],
            unchanged=self._tally["unchanged"],
        )

    def _fetch(self, form: str, rows: Sequence[Row]) -> None:
        """Have the records at hand that *rows* may be."""
        title = f"{form}.{self._forms[form].title_field}"
        names = (text_of(row.cells.get(title)) for row in rows)
        self._register.fetch(form, {k.id for name in names for k in self._register.named(form, self._area, name)})

    def _row(self, layout: Layout, row: Row) -> None:
        form = self._forms[layout.form]
        counts = layout.form == self._form
        self._rows += counts
        if SKIP in self._choices.of(layout.sheet.name, row.number):
            self._refused.append(Finding(layout.sheet.name, row.number, "", "left_out", say("left_out")))
            return
        cells = {name.removeprefix(f"{form.name}."): cell for name, cell in row.cells.items()}
        reading = _Reading(layout.sheet.name, row.number)
        title = self._title(form, cells, reading)
        if not title:
            code = "address_missing" if form.name == "dwelling" else "required_missing"
            message = say(code, label=form.fields[form.title_field].label)
            self._refused.append(Finding(layout.sheet.name, row.number, form.title_field, code, message))
            return
        grid = self._drafting.grid(self._area, self._name("grid", cells))
        key = f"{form.name}\0{comparable(title)}" + (f"\0{grid}" if form.name == "building" else "")
        if key in self._taken:
            sheet, first = self._taken[key]
            self._same.append(
                Twin(layout.sheet.name, row.number, f"same_{form.name}_twice", sheet, first, field=form.title_field)
            )
            return
        self._taken[key] = (layout.sheet.name, row.number)
        self._values(form, cells, reading)
        self._point(cells, reading)
        reading.values["grid"] = grid
        if form.name == "dwelling":
            reading.values["building"] = self._building(self._name("building", cells), grid, reading)
        self._flagged += reading.findings
        self._keep(form, title, grid, reading, counts=counts)

    def _title(self, form: Form, cells: dict[str, Cell], reading: _Reading) -> str:
        try:
            return str(form.fields[form.title_field].kind.check(text_of(cells.get(form.title_field))) or "")
        except BadValue as bad:
            reading.flag(form.title_field, bad.code, bad.message)
            return ""

    def _name(self, form: str, cells: Mapping[str, Cell]) -> str:
        """What a cell calls the grid or the building, as it is kept."""
        return kept_text(self._forms[form].fields["name"].kind, text_of(cells.get(form)))

    def _values(self, form: Form, cells: dict[str, Cell], reading: _Reading) -> None:
        for name, cell in cells.items():
            if name in _PLACE_FIELDS or name not in form.fields:
                continue
            kind = form.fields[name].kind
            try:
                if name == "owner_id" and not is_blank(cell):
                    self._owner(cell, reading)
                    continue
                reading.values[name] = read_cell(kind, cell, self._words, self._today)
            except BadValue as bad:
                code = "owner_" + bad.code if name == "owner_id" else _CODES.get((name, bad.code), bad.code)
                if name == "owner_id":
                    message = say("owner_id_wrong", detail=bad.message)
                elif code != bad.code:
                    message = say(code, value=text_of(cell))
                else:
                    message = bad.message
                reading.flag(name, code, message)
        if reading.values.get("area_m2") == 0:
            reading.values["area_m2"] = None
            reading.flag("area_m2", "area_wrong", say("area_wrong", value=0))

    def _owner(self, cell: Cell, reading: _Reading) -> None:
        identity = read_number(cell, self._today)
        if identity:
            reading.values["owner_id"] = identity.number
            if identity.upgraded:
                reading.flag("owner_id", "owner_id_15_digits", say("owner_id_15_digits"))

    def _point(self, cells: dict[str, Cell], reading: _Reading) -> None:
        """Longitude and latitude stand together or not at all."""
        told: dict[str, float] = {}
        for name in ("lon", "lat"):
            cell = cells.get(name)
            if is_blank(cell):
                continue
            try:
                told[name] = float(self._words.without_unit(text_of(cell)))
            except ValueError:
                reading.flag(name, "coordinates_unreadable", say("coordinates_unreadable", value=text_of(cell)))
                return
        if not told:
            return
        if len(told) == 1:
            missing = "lat" if "lon" in told else "lon"
            reading.flag(missing, "coordinates_incomplete", say("coordinates_incomplete"))
            return
        fields = self._forms["dwelling"].fields
        if _in_range(fields, told["lon"], told["lat"]):
            reading.values.update(told)
        elif _in_range(fields, told["lat"], told["lon"]):
            reading.values.update({"lon": told["lat"], "lat": told["lon"]})
            reading.flag("lon", "lon_lat_swapped", say("lon_lat_swapped"))
        else:
            wrong = "lat" if _fits(fields, "lon", told["lon"]) else "lon"
            reading.flag(wrong, "coordinates_out_of_range", say("coordinates_out_of_range"))

    def _building(self, name: str, grid: str | None, reading: _Reading) -> str | None:
        if not name:
            return None
        found = self._drafting.find("building", self._area, name, grid)
        if found is None and self._knows_buildings:
            reading.flag("building", "building_unknown", say("building_unknown", value=name))
            return None
        return found or self._drafting.building(self._area, name, grid)

    def _keep(self, form: Form, title: str, grid: str | None, reading: _Reading, *, counts: bool) -> None:
        found = self._drafting.find(form.name, self._area, title, grid if form.name == "building" else None)
        record = self._register.record(form.name, found) if found else None
        if record is not None:
            changed = self._drafting.change(record, reading.values)
            self._tally["updated" if changed else "unchanged"] += counts
            return
        values = {**reading.values, form.title_field: title}
        if found:
            self._drafting.add(found, values)
        elif form.name == "building":
            found = self._drafting.building(self._area, title, grid)
            self._drafting.add(str(found), values)
        else:
            self._drafting.make(form.name, self._area, values)
        self._tally["created"] += counts


def _in_range(fields: Mapping[str, Field], lon: float, lat: float) -> bool:
    return _fits(fields, "lon", lon) and _fits(fields, "lat", lat)


def _fits(fields: Mapping[str, Field], name: str, number: float) -> bool:
    try:
        fields[name].kind.check(number)
    except BadValue:
        return False
    return True
