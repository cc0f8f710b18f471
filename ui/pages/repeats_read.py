"""What the page of repeated places and matters shows, read in the lane as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.schema.record import Record
from app.services.case_folding import EVENT
from app.services.case_repeats import Repeat
from ui.lists import Cell
from ui.lists.columns import Row
from ui.pages.case_words import chip_of, spoken_time

if TYPE_CHECKING:
    from app.services.office import Office

ALL = "all"
WAYS = {"dwelling": "同一房屋", "place": "同一地点同类事", "grid": "同一网格同类事"}


def read_repeats(office: Office) -> dict[str, tuple[Row, ...]]:
    """The repetitions by way, the largest first."""
    found: dict[str, list[Row]] = {ALL: [], **{way: [] for way in WAYS}}
    repeats = office.repeats.all()
    # Of each only its newest case is read: the others are counted already, and a grid may have hundreds.
    newest = office.store.many(EVENT, {one.events[0] for one in repeats})
    for one in repeats:
        if one.events[0] in newest:
            row = _row(office, one, newest[one.events[0]])
            found[ALL].append(row)
            found.setdefault(one.way, []).append(row)
    return {key: tuple(rows) for key, rows in found.items()}


def cases_of(office: Office, events: Sequence[str]) -> tuple[Row, ...]:
    """The cases of one repetition, the newest first."""
    held, rules, now = office.store.many(EVENT, events), office.cases.rules, office.cases.now()
    return tuple(
        {
            "id": key,
            "state": chip_of(held[key].values, rules, now),
            "title": str(held[key].values.get("title") or ""),
            "unit": held[key].values.get("lead_unit"),
            "reported": spoken_time(held[key].values.get("reported_at"), now),
        }
        for key in events
        if key in held
    )


def _row(office: Office, one: Repeat, newest: Record) -> Row:
    return {
        "id": f"{one.way} {newest.id}",
        "events": one.events,
        "what": Cell(_place(office, one.way, newest), " · ".join(_about(office, one.way, newest))),
        "count": str(len(one.events)),
        "open": Cell(str(one.waiting), tone="orange") if one.waiting else Cell("—", tone="text-3"),
        "last": spoken_time(str(newest.values.get("reported_at") or "")[:10], office.cases.now()),
    }


def _place(office: Office, way: str, newest: Record) -> str:
    """Where the cases of a repetition lie, as its newest says it."""
    said = str(newest.values.get("place") or "")
    if way == "place":
        return said
    held = office.store.get(way, str(newest.values.get(way) or ""))
    name = str((held.values.get("address") or held.values.get("name") or "") if held else "")
    return name or said


def _about(office: Office, way: str, newest: Record) -> list[str]:
    """The matter, down to the level that counts, and the village."""
    matter = office.repeats.rules.matter(newest.values.get("class_now") or newest.values.get("category"))
    label = office.forms.codes["event_class"].label(matter) if matter and way != "dwelling" else ""
    return [part for part in (label, str(newest.values.get("area_name") or "")) if part]
