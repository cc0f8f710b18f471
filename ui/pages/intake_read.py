"""What the page that takes a case begins with, and what it looks up; read in the lane as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.schema.dates import read_time
from app.schema.values import BadValue
from app.services.case_finding import PlaceHit
from app.services.case_sheet import Sheet
from app.services.case_taking import Member
from ui.forms.opening import areas
from ui.forms.references import Target
from ui.pages.intake_class import ClassIndex
from ui.pieces.dates import read_typed

if TYPE_CHECKING:
    from app.services.office import Office


@dataclass(frozen=True)
class Opening:
    """``kept``: the sheet is a draft that was left behind; ``others``: the keys of this user's other drafts, the newest first."""

    sheet: Sheet
    place: PlaceHit | None
    index: ClassIndex
    recent: tuple[str, ...]
    areas: Sequence[tuple[str, str]]
    members: Sequence[Member]
    kept: bool
    others: tuple[str, ...]


def draft_prefix(office: Office) -> str:
    """What the keys of this user's drafts begin with: people share devices."""
    return f"taking:{office.session.user}:"


def read_opening(office: Office, args: Mapping[str, Any], index: ClassIndex | None) -> Opening:
    """The newest draft of this user, or the one named by ``draft``, unless the page was opened with values or for a ``new`` case."""
    prefix = draft_prefix(office)
    keys = [key for key, _form, _id, _time in office.store.drafts() if key.startswith(prefix)]
    sheet = None
    if args.get("draft") in keys:
        keys.remove(str(args["draft"]))
        keys.insert(0, str(args["draft"]))
    if not args.get("values") and not args.get("new"):
        while keys and sheet is None:
            sheet = _left_behind(office, keys.pop(0))
    kept = sheet is not None
    if sheet is None:
        sheet = office.taking.begin(args.get("values"), str(args.get("area") or ""))
    codes = office.forms.codes["event_class"]
    return Opening(
        sheet, place_of(office, sheet), index or ClassIndex(codes), office.taking.recent_classes(), areas(office),
        office.taking.members(), kept, tuple(keys),
    )  # fmt: skip


def _left_behind(office: Office, key: str) -> Sheet | None:
    """The sheet of a draft; one whose case was saved just before the machine stopped is no draft any more."""
    draft = office.store.draft(key)
    if draft is None:
        return None
    sheet = Sheet.unpacked(draft)
    if office.store.get("event", sheet.id) is not None:
        office.store.drop_draft(key)
        return None
    return sheet


def place_of(office: Office, sheet: Sheet) -> PlaceHit | None:
    """The place that a sheet's dwelling or grid is; None where only words stand there."""
    values = sheet.values
    for form, kind in (("dwelling", "dwelling"), ("grid", "grid")):
        held = office.store.get(form, str(values[form])) if values.get(form) else None
        if held is not None and not held.deleted:
            said = str(values.get("place") or held.values.get("address") or held.values.get("name") or "")
            grid = str(values.get("grid") or "")
            return PlaceHit(kind, said, "", held.area, grid, held.id if form == "dwelling" else "")
    return None


def place_targets(hits: Sequence[PlaceHit]) -> list[Target]:
    """*hits* as a field offers them; the id is their number."""
    kinds = {"village": "村（社区）", "grid": "网格"}
    return [Target(str(n), hit.words, hit.note or kinds.get(hit.kind, ""), hit.area) for n, hit in enumerate(hits)]


def people_targets(office: Office, text: str) -> list[Target]:
    """Residents by what is typed, as a field offers them; runs in the lane."""
    return [Target(hit.resident, hit.name, hit.note, hit.area) for hit in office.finding.people(text)]


def read_when(text: str, today: dt.date) -> str:
    """A time as a clerk types it (9.18 14:30, 今天 9:00, 14:30) as it is kept; what can't be read stays, for the form to name."""
    said = text.strip().replace("：", ":")
    if not said:
        return ""
    day, _, hour = said.partition(" ")
    try:
        if ":" in day:
            return read_time(f"{today.isoformat()} {day}")
        iso = read_typed(day, today)
        return read_time(f"{iso} {hour}".strip())
    except BadValue:
        return said


def with_place(values: Mapping[str, Any], hit: PlaceHit | None, typed: str) -> dict[str, Any]:
    """*values* with the place that stands: found, or the words."""
    found = {name: value for name, value in values.items() if name not in ("place", "grid", "dwelling")}
    if typed:
        found["place"] = typed
    if hit is not None:
        found |= {name: held for name, held in (("grid", hit.grid), ("dwelling", hit.dwelling)) if held}
    return found
