"""The plan for a sheet of any form: columns are its fields, a row is a record."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.errors import KnownError
from app.exchange.excel.headings import ID_TARGET
from app.exchange.excel.layout import Layout, Recognised, Row
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, is_blank, text_of
from app.exchange.roster.cells import cell_text, read_cell
from app.exchange.roster.choices import NONE, SKIP, Choices
from app.exchange.roster.drafting import Drafting
from app.exchange.roster.people import read_number
from app.exchange.roster.plan import Finding, Plan, Tick, Twin, no_tick, say
from app.exchange.roster.register import Register
from app.schema.form import Field, Form, Forms
from app.schema.kinds import Ref
from app.schema.record import Record
from app.schema.values import BadValue, Value, comparable, tight

_NATURAL = {"grid": ("name",), "building": ("name", "grid"), "dwelling": ("address",)}
"""The fields by which people name a record of these forms; of others only the same row is the same record."""


_AT_ONCE = 500
"""Rows whose records are fetched together."""


class FormPlan:
    """Reads rows as records of ``form``; a record is known by its number from an export, by its name, or by being the same."""

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
        self._form = forms[form]
        self._words = words
        self._register = register
        self._area = area
        self._today = today
        self._choices = choices
        self._tick = tick
        self._drafting = Drafting(register)
        self._refused: list[Finding] = []
        self._flagged: list[Finding] = []
        self._same: list[Twin] = []
        self._tally = {"created": 0, "updated": 0, "unchanged": 0}
        self._taken: dict[object, tuple[str, int]] = {}
        self._titles: dict[str, dict[str, list[str]]] = {}

    def plan(self) -> Plan:
        """What the import would do."""
        layouts = [layout for layout in self._found.layouts if layout.form == self._form.name]
        if not layouts:
            raise KnownError("import.no_headings", file=self._found.file)
        if self._area:
            self._register.load(self._form.name, self._area)
        for layout in layouts:
            same_rows = self._same_rows(layout)
            self._load_people(layout)
            for place, row in enumerate(layout.rows):
                if place % _AT_ONCE == 0:
                    self._tick(place, len(layout.rows))
                    self._fetch(layout.rows[place : place + _AT_ONCE])
                self._drafting.bundle += 1
                self._row(layout, row, same_rows)
        return Plan(
            form=self._form.name,
            rows=sum(len(layout.rows) for layout in layouts),
            records=self._drafting.records(),
            refused=tuple(self._refused),
            flagged=tuple(self._flagged),
            same_person=tuple(self._same),
            possible_duplicates=(),
            not_collected=tuple((layout.sheet.name, heading) for layout in layouts for heading in layout.not_collected),
            created=self._tally["created"],
            updated=self._tally["updated"],
            unchanged=self._tally["unchanged"],
        )

    def _fetch(self, rows: Sequence[Row]) -> None:
        """Have the records that *rows* name at hand, and what those point to."""
        numbers = (tight(text_of(row.cells.get(ID_TARGET))).lower() for row in rows)
        ids = [number for number in numbers if number]
        self._register.fetch(self._form.name, ids)
        pointing = [item for item in self._form.stored if isinstance(item.kind, Ref)]
        for item in pointing:
            held = (self._register.record(self._form.name, record_id) for record_id in ids)
            others = {str(record.values[item.name]) for record in held if record and record.values.get(item.name)}
            self._register.fetch(item.kind.form, others)  # type: ignore[attr-defined]

    def _load_people(self, layout: Layout) -> None:
        if self._form.name != "resident" or "resident.id_number" not in layout.by_target:
            return
        numbers = []
        for row in layout.rows:
            with contextlib.suppress(BadValue):
                identity = read_number(row.cells.get("resident.id_number"), self._today)
                numbers += [identity.number] if identity else []
        self._register.load_people(numbers)

    def _columns(self, layout: Layout) -> tuple[str, ...]:
        return tuple(name.partition(".")[2] for name in layout.by_target if name != ID_TARGET)

    def _row(self, layout: Layout, row: Row, same_rows: Mapping[tuple[Value, ...], Record]) -> None:
        where = (layout.sheet.name, row.number)
        if SKIP in self._choices.of(*where):
            self._refused.append(Finding(*where, "", "left_out", say("left_out")))
            return
        known: Record | None = None
        number = tight(text_of(row.cells.get(ID_TARGET))).lower()
        if number:
            known = self._register.record(self._form.name, number) if re.fullmatch(r"[0-9a-f]{32}", number) else None
            if known is None or known.deleted:
                self._refused.append(Finding(*where, "id", "record_id_unknown", say("record_id_unknown")))
                return
        findings: list[Finding] = []
        values: dict[str, Value] = {}
        for name in self._columns(layout):
            cell = row.cells.get(f"{self._form.name}.{name}")
            item = self._form.fields[name]
            if known is not None and self._untouched(item, known, cell):
                continue
            try:
                values[name] = self._value(item, cell, (known.area if known else self._area) or "")
            except BadValue as bad:
                code = "ref_unknown" if isinstance(item.kind, Ref) else bad.code
                said = "ref_unknown" if code == "ref_unknown" else "value_wrong"
                findings.append(
                    Finding(*where, name, code, say(said, label=item.label, value=text_of(cell), detail=bad.message))
                )
        self._settle(where, known, values, findings, self._columns(layout), same_rows)

    def _settle(
        self,
        where: tuple[str, int],
        known: Record | None,
        values: dict[str, Value],
        findings: list[Finding],
        columns: tuple[str, ...],
        same_rows: Mapping[tuple[Value, ...], Record],
    ) -> None:
        """Decide what becomes of a row that has been read."""
        if known is not None:
            self._flagged += findings
            self._tally["updated" if self._drafting.change(known, values) else "unchanged"] += 1
            return
        if self._form.system or self._form.immutable:
            raise KnownError("import.not_importable", form=self._form.title)
        for item in self._form.stored:
            if (
                values.get(item.name) is None
                and item.default is not None
                and not any(f.field == item.name for f in findings)
            ):
                values[item.name] = item.default
            if item.required and values.get(item.name) is None:
                fault = next((f for f in findings if f.field == item.name), None)
                self._refused.append(
                    fault or Finding(*where, item.name, "required_missing", say("required_missing", label=item.label))
                )
                return
        key = tuple(values.get(name) for name in (_NATURAL.get(self._form.name) or columns))
        if self._is_of_another(where, values):
            return
        if key in self._taken:
            sheet, first = self._taken[key]
            self._same.append(Twin(*where, "same_record_twice", sheet, first))
            return
        self._taken[key] = where
        self._flagged += findings
        same = self._natural(values) or same_rows.get(tuple(values.get(name) for name in columns))
        if same is not None:
            self._tally["updated" if self._drafting.change(same, values) else "unchanged"] += 1
            return
        if not self._area:
            raise KnownError("import.area_missing")
        self._drafting.make(self._form.name, self._area, values)
        self._tally["created"] += 1

    def _untouched(self, item: Field, known: Record, cell: Cell) -> bool:
        """Whether a cell still holds what an export wrote, masked or whole."""
        value = known.values.get(item.name)
        text = text_of(cell).strip()
        if isinstance(item.kind, Ref):
            other = self._register.record(item.kind.form, str(value)) if value else None
            shown = self._title(self._forms[item.kind.form], other)
            return text in {shown, self._title(self._forms[item.kind.form], other, masked=True)}
        return text == cell_text(item.kind, value).strip() or bool(
            item.sensitive and text and text == item.kind.mask(value)
        )

    def _value(self, item: Field, cell: Cell, area: str) -> Value:
        if not isinstance(item.kind, Ref):
            return read_cell(item.kind, cell, self._words, self._today)
        if is_blank(cell):
            return None
        found = self._of_title(item.kind.form, area).get(comparable(text_of(cell)), [])
        if len(found) != 1:
            raise BadValue("reference_wrong")
        return found[0]

    def _of_title(self, form: str, area: str) -> dict[str, list[str]]:
        key = f"{form}\0{area}"
        if key not in self._titles:
            self._register.load(form, area)
            table: dict[str, list[str]] = defaultdict(list)
            for record in self._register.records(form, area):
                table[comparable(self._title(self._forms[form], record))].append(record.id)
            self._titles[key] = table
        return self._titles[key]

    def _title(self, form: Form, record: Record | None, *, masked: bool = False) -> str:
        return form.record_title(record.values, masked=masked).strip() if record else ""

    def _natural(self, values: Mapping[str, Value]) -> Record | None:
        number = values.get("id_number")
        if self._form.name == "resident" and number:
            person = self._register.person(str(number))
            return self._register.record("resident", person.id) if person else None
        names = _NATURAL.get(self._form.name)
        if not names or not self._area:
            return None
        for known in self._register.named(self._form.name, self._area, str(values.get(names[0]))):
            record = self._register.record(self._form.name, known.id)
            if record and all(
                values.get(name) is None or record.values.get(name) in {None, values[name]} for name in names[1:]
            ):
                return record
        return None

    def _is_of_another(self, where: tuple[str, int], values: Mapping[str, Value]) -> bool:
        """Whether a resident's number belongs to somebody of another name; he stays as he is."""
        same = self._natural(values) if self._form.name == "resident" else None
        if same is None or comparable(str(same.values.get("name"))) == comparable(str(values.get("name"))):
            return False
        self._refused.append(Finding(*where, "id_number", "id_of_another_person", say("id_of_registered_person")))
        return True

    def _same_rows(self, layout: Layout) -> dict[tuple[Value, ...], Record]:
        columns = self._columns(layout)
        exported = all(not is_blank(row.cells.get(ID_TARGET)) for row in layout.rows)
        if not self._area or exported:
            return {}
        held = self._register.records(self._form.name, self._area)
        return {tuple(record.values.get(name) for name in columns): record for record in held}
