"""What an import would do, told for a page: columns, what is to be said of the rows, who changes and who is missing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.exchange.excel.headings import ID_TARGET, Catalog
from app.exchange.excel.layout import Layout, Recognised
from app.exchange.excel.workbook import Workbook, text_of
from app.exchange.roster.choices import offers
from app.exchange.roster.plan import Plan
from app.messages import sentence

if TYPE_CHECKING:
    from app.schema.form import Field, Forms
    from app.schema.record import Record
    from app.services.office import Office

MOST = 2000
"""Findings, and people, that are told in the answer; what goes beyond is told piece by piece before it, where somebody takes it."""
_PIECE = 200
More = Callable[[dict[str, Any]], object]
"""Takes ``{"problems": […], "lines": […]}``, ``{"changed": […]}`` or ``{"absent": […]}``: what comes after the first ``MOST``, in order."""
_AT_ONCE = 500
_LARGEST_SHOWN = 1e15
_SIGNS_OF_A_NUMBER = 8
_LOST = re.compile(r"\d(\.\d{1,6})?E\+?\d+", re.IGNORECASE)


def preview(
    office: Office,
    book: Workbook,
    found: Recognised,
    catalogs: Sequence[Catalog],
    plan: Plan | None,
    more: More | None = None,
) -> dict[str, Any]:
    """A JSON document for the page that asks before an import; *plan* None where too little was recognised to make one.

    Numbers and whatever else is sensitive are masked: the page shows them beside each other. *more* takes what is beyond ``MOST``, in
    pieces that a window reads between two frames.
    """
    layout = found.layouts[0]
    catalog = next((each for each in catalogs if each.form == layout.form), catalogs[0])
    problems = list(_problems(office.forms, found, plan)) if plan else []
    changed = _first(_changed(office, plan), more, "changed") if plan else []
    absent = _first(absent_rows(office, plan.absent), more, "absent") if plan else []
    for start in range(MOST, len(problems) if more else 0, _PIECE):
        part = problems[start : start + _PIECE]
        if more:
            more({"problems": part, "lines": _lines(office.forms, found, part)})
    return {
        "sheets": _sheets(book, found),
        "columns": [_column(office.forms, layout, column.index) for column in layout.columns],
        "targets": [[target.name, target.label] for target in catalog.targets if target.name != ID_TARGET],
        "problems": problems[:MOST],
        "more_problems": 0 if more else max(len(problems) - MOST, 0),
        "refused_rows": len({(item.sheet, item.row) for item in plan.refused}) if plan else 0,
        "same_rows": len(plan.same_person) if plan else 0,
        "lines": _lines(office.forms, found, problems[:MOST]),
        "changed": changed,
        "absent": absent,
    }


def _first(rows: Iterator[dict[str, Any]], more: More | None, name: str) -> list[dict[str, Any]]:
    """The first ``MOST`` of *rows*; the others go to *more*, and are not even looked at where nobody takes them."""
    first = list(itertools.islice(rows, MOST))
    while more and (part := list(itertools.islice(rows, _PIECE))):
        more({name: part})
    return first


def _sheets(book: Workbook, found: Recognised) -> list[dict[str, Any]]:
    layouts = {layout.sheet.name: layout for layout in found.layouts}
    passed = dict(found.passed_over)
    told = []
    for sheet in book.sheets:
        layout = layouts.get(sheet.name)
        item: dict[str, Any] = {"name": sheet.name, "state": "read" if layout else passed.get(sheet.name, "left_out")}
        if layout:
            shown = [why for _, why in layout.ignored if why not in {"blank", "preface", "number_only"}]
            numbers = {row.number - 1 for row in layout.rows}
            item |= {
                "heading_rows": list(layout.heading_rows),
                "rows": len(layout.rows),
                "left_out": len(shown),
                "hidden_rows": len(sheet.hidden_rows & numbers),
            }
        told.append(item)
    return told


def _column(forms: Forms, layout: Layout, index: int) -> dict[str, Any]:
    column = next(each for each in layout.columns if each.index == index)
    item = _item(forms, column.target)
    sample = "" if column.how == "never" else _sample(layout, index)
    return {
        "heading": column.heading,
        "sample": _covered(item, sample),
        "target": column.target,
        "how": column.how,
    }


def _sample(layout: Layout, index: int) -> str:
    for row in layout.rows[:20]:
        text = _cell(layout, row.number, index)
        if text:
            return text
    return ""


def _cell(layout: Layout, number: int, index: int) -> str:
    cells = layout.sheet.rows[number - 1] if number <= len(layout.sheet.rows) else ()
    cell = cells[index] if index < len(cells) else None
    if isinstance(cell, float) and abs(cell) >= _LARGEST_SHOWN:
        # As Excel shows it, and as nobody can read it back.
        return f"{cell:.5E}"
    return text_of(cell).strip()[:60]


def _item(forms: Forms, target: str | None) -> Field | None:
    form, _, name = (target or "").partition(".")
    return forms[form].fields.get(name) if form in forms else None


def _covered(item: Field | None, text: str) -> str:
    """*text* with the middle of a number covered, whether or not it is a right one."""
    if _LOST.fullmatch(text):
        return text.upper()
    digits = sum(sign.isdigit() for sign in text)
    if digits < _SIGNS_OF_A_NUMBER or not (item is None or item.sensitive):
        return "*" * len(text) if item is not None and item.sensitive and digits else text
    return f"{text[:6]}********{text[-4:]}" if len(text) >= 15 else f"{text[:3]}****{text[-4:]}"


def _problems(forms: Forms, found: Recognised, plan: Plan) -> Iterator[dict[str, Any]]:
    layouts = {layout.sheet.name: layout for layout in found.layouts}
    names = _names(found)
    people = plan.form == "resident"
    findings: list[tuple[str, Iterable[Any]]] = [
        ("refused", plan.refused), ("flagged", plan.flagged), ("maybe", plan.possible_duplicates), ("same", plan.same_person),
    ]  # fmt: skip
    order = {name: place for place, name in enumerate(layouts)}
    for verdict, items in findings:
        for item in sorted(items, key=lambda each: (order.get(each.sheet, 0), each.row)):
            target, heading, value = _where(forms, layouts[item.sheet], item.row, item.field)
            dos = offers(verdict, item.code, people=people)
            yield {
                "sheet": item.sheet, "row": item.row, "name": names.get((item.sheet, item.row), ""), "field": heading, "target": target,
                "value": value, "code": item.code, "message": item.message, "verdict": verdict,
                "dos": [[do, sentence(f"import.do_{named}")] for do, named in dos],
            }  # fmt: skip


def _where(forms: Forms, layout: Layout, row: int, field: str) -> tuple[str, str, str]:
    """Target, heading and covered text of the cell that a finding speaks of."""
    for target, column in layout.by_target.items():
        if target.partition(".")[2] == field:
            return target, column.heading, _covered(_item(forms, target), _cell(layout, row, column.index))
    label = next((form.fields[field].label for form in forms.values() if field in form.fields), "整行")
    return "", label, ""


def _names(found: Recognised) -> dict[tuple[str, int], str]:
    held = {}
    for layout in found.layouts:
        for row in layout.rows:
            cell = (
                row.cells.get("resident.name")
                or row.cells.get("household.head_name")
                or row.cells.get("dwelling.address")
            )
            if cell:
                held[layout.sheet.name, row.number] = text_of(cell)
    return held


def _lines(forms: Forms, found: Recognised, problems: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with findings and those beside them, as the sheet has them, in the columns that are imported."""
    told = []
    for layout in found.layouts:
        columns = [column for column in layout.columns if column.target]
        rows = [item["row"] for item in problems if item["sheet"] == layout.sheet.name]
        near = sorted(
            {number for row in rows for number in (row - 1, row, row + 1) if number > layout.heading_rows[-1]}
        )
        for number in near:
            cells = [_covered(_item(forms, c.target), _cell(layout, number, c.index)) for c in columns]
            if any(cells):
                told.append({"sheet": layout.sheet.name, "row": number, "cells": cells})
    return told


def _changed(office: Office, plan: Plan) -> Iterator[dict[str, Any]]:
    """The records that change, field by field, as they are and as they would be."""
    changed = [record for record in plan.records if not record.new and record.form == plan.form]
    for start in range(0, len(changed), _AT_ONCE):
        part = changed[start : start + _AT_ONCE]
        held = office.store.many(plan.form, [record.id for record in part])
        for record in part:
            before = held.get(record.id)
            if before is None:
                continue
            shape = office.forms[plan.form]
            fields = []
            for name, value in record.values.items():
                item = shape.fields[name]
                shown = [_shown(office, item, each) for each in (before.values.get(name), value)]
                fields.append([item.label, *shown])
            yield {"id": record.id, "name": shape.record_title(before.values, masked=True), "fields": fields}


def _shown(office: Office, item: Field, value: Any) -> str:
    if value is None:
        return ""
    form = getattr(item.kind, "form", "")
    if form in office.forms:
        record = office.store.get(form, str(value))
        return office.forms[form].record_title(record.values, masked=True) if record else "（新建）"
    return item.kind.mask(value) if item.sensitive else item.kind.show(value)


def absent_rows(office: Office, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Who of the register isn't in the roster, with what helps to tell why."""
    for start in range(0, len(ids), _AT_ONCE):
        part = office.store.many("resident", ids[start : start + _AT_ONCE])
        homes = office.store.many(
            "household", {str(p.values["household"]) for p in part.values() if p.values.get("household")}
        )
        places = office.store.many(
            "dwelling", {str(h.values["dwelling"]) for h in homes.values() if h.values.get("dwelling")}
        )
        for person in part.values():
            yield _person(office.forms, person, homes, places)


def _person(forms: Forms, person: Record, homes: Mapping[str, Record], places: Mapping[str, Record]) -> dict[str, Any]:
    home = homes.get(str(person.values.get("household")))
    place = places.get(str(home.values.get("dwelling"))) if home else None
    shape = forms["resident"]
    return {
        "id": person.id,
        "name": str(person.values.get("name") or ""),
        "number": shape.show("id_number", person.values.get("id_number"), masked=True),
        "presence": shape.show("presence", person.values.get("presence")),
        "household": str(home.values.get("number") or home.values.get("head_name") or "") if home else "",
        "address": str(place.values.get("address") or "") if place else "",
    }
