"""What the list of cases reads in the lane: a page of rows as they are shown, and the choices of its filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.codes import CodeList
from app.schema.record import Record
from app.services.case_lists import EVENT, CaseFilter
from app.store.listing import Listing
from app.store.standing import Standing
from ui.lists import Cell
from ui.lists.columns import Row
from ui.pages.case_words import chip_of, due_cell, owner_words, spoken_found, spoken_time
from ui.pages.standing_words import mark, note

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.pieces.filters import Branch

TABS = (
    ("mine", "我的"),
    ("unit", "本单位"),
    ("today", "今天到期"),
    ("late", "超期"),
    ("returned", "被退回"),
    ("to_verify", "待核查"),
    ("supervised", "督办"),
    ("to_visit", "待回访"),
    ("open", "待办"),
    ("all", "全部"),
)
FIELDS = {
    "state": "state",
    "number": "case_no",
    "title": "title",
    "kind": "class_now",
    "village": "area_name",
    "unit": "lead_unit",
    "owner": "owner_unit",
    "due": "due_at",
    "urgency": "urgency_now",
    "reported": "reported_at",
    "found": "found_at",
    "closed": "closed_at",
    "last": "last_at",
}
"""The field that each column shows, as it is exported."""
ORDERS = {**FIELDS, "village": "area"}
del ORDERS["urgency"]


@dataclass(frozen=True)
class EventChoices:
    """(code, name) of the villages held, (id, name) of the grids of the one picked, units, filters and columns kept."""

    areas: tuple[tuple[str, str], ...]
    grids: tuple[tuple[str, str], ...]
    units: tuple[str, ...]
    kept: Mapping[str, CaseFilter]
    columns: Mapping[str, bool]


def read_choices(office: Office, area: str) -> EventChoices:
    """Read them."""
    divisions = office.gate.divisions()
    held = [a for a in office.store.areas() if divisions.any_covers(office.session.areas, a["code"])]
    villages = tuple((a["code"], a["name"]) for a in held if a["level"] not in ("county", "township"))
    grids = office.store.select("grid", area=area, order=["code", "name"]) if area else []
    return EventChoices(
        villages,
        tuple((grid.id, str(grid.values.get("name") or "")) for grid in grids),
        tuple(office.case_lists.units()),
        office.case_lists.kept(),
        office.case_lists.columns.all().get("shown", {}),
    )


def read_rows(office: Office, listing: Listing, offset: int, limit: int) -> Sequence[Row]:
    """A page of rows; nobody's name or number is in them but what the title says."""
    cases = office.case_lists.page(listing, offset, limit)
    held = office.standings.many(EVENT, [case.id for case in cases])
    now = office.cases.now()
    return [case_row(case, office, now, held.get(case.id)) for case in cases]


def case_row(case: Record, office: Office, now: dt.datetime, standing: Standing | None) -> Row:
    """One row of the list."""
    values, codes, rules = case.values, office.forms.codes, office.cases.rules
    return {
        "id": case.id,
        "state": chip_of(values, rules, now),
        "number": values.get("case_no") or "未编号",
        "title": Cell(str(values.get("title") or ""), note(standing)),
        "kind": codes["event_class"].label(str(values.get("class_now") or values.get("category") or "unclassified")),
        "village": values.get("area_name"),
        "unit": values.get("lead_unit"),
        "owner": owner_words(values, rules, office.gate.permissions.roles),
        "due": due_cell(values, rules, now),
        "urgency": codes["urgency"].label(str(values.get("urgency_now") or values.get("urgency") or "normal")),
        "reported": spoken_time(values.get("reported_at"), now),
        "found": spoken_found(values.get("found_at"), now),
        "closed": spoken_time(values.get("closed_at"), now),
        "last": spoken_time(values.get("last_at"), now),
        "standing": mark(standing, now),
    }


def class_tree(codes: CodeList, above: str = "") -> list[Branch]:
    """The catalogue of classes, each with those below it."""
    return [(item.code, item.label, class_tree(codes, item.code)) for item in codes.items if item.parent == above]


def times_tree() -> list[Branch]:
    """The spans of time that are picked most, of each time a case has."""
    return [
        (
            None,
            word,
            [
                ((name, span), f"{word}：{words}", [])
                for span, words in SPANS
                if name == "due" or not span.startswith("next")
            ],
        )
        for name, word in TIMES
    ]


TIMES = (("reported", "上报"), ("found", "发现"), ("due", "到期"), ("closed", "办结"))
SPANS = (
    ("today", "今天"),
    ("next7", "今后 7 天"),
    ("last7", "近 7 天"),
    ("last30", "近 30 天"),
    ("month", "本月"),
    ("before", "上月"),
    ("year", "今年"),
    ("own", "自定起止…"),
)


def span_of(key: str, today: dt.date) -> tuple[str, str]:
    """The first and the last day of a span of ``SPANS``; two empty ones for that which is asked for."""
    first = today.replace(day=1)
    day = dt.timedelta(days=1)
    spans = {
        "today": (today, today),
        "next7": (today, today + 6 * day),
        "last7": (today - 6 * day, today),
        "last30": (today - 29 * day, today),
        "month": (first, today),
        "before": ((first - day).replace(day=1), first - day),
        "year": (today.replace(month=1, day=1), today),
    }
    found = spans.get(key)
    return (found[0].isoformat(), found[1].isoformat()) if found else ("", "")
