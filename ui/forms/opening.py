"""What a form on the page begins with: the record as it was seen, the titles it refers to, a draft left behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.schema.record import Record
from app.schema.values import Value
from app.store.standing import Standing
from ui.forms.references import Target

if TYPE_CHECKING:
    from app.services.office import Office

SEEN = "@seen"
AREA = "@area"


@dataclass(frozen=True)
class Opened:
    """``record`` is None for a new one; ``draft`` maps fields to what was typed, SEEN to the revs seen then."""

    record: Record | None
    targets: Mapping[str, Target] = field(default_factory=dict)
    draft: Mapping[str, Any] | None = None
    areas: Sequence[tuple[str, str]] = ()
    standing: Standing | None = None
    now: dt.datetime | None = None


def open_record(
    office: Office, form: str, record_id: str | None, preset: Mapping[str, Value], draft_key: str
) -> Opened:
    """Read everything that the form needs; runs in the lane. KnownError where the record isn't there or for this user."""
    record = office.records.get(form, record_id) if record_id else None
    draft = office.store.draft(draft_key)
    wanted: set[tuple[str, str]] = set()
    for values in (record.values if record else preset, draft or {}):
        wanted |= {(target, str(values[name])) for name, target in office.forms[form].references if values.get(name)}
    standing = office.standings.of(form, record_id) if record_id else None
    return Opened(record, read_targets(office, wanted), draft, areas(office), standing, office.cases.now())


def read_targets(office: Office, wanted: Collection[tuple[str, str]]) -> dict[str, Target]:
    """The records (form, id) as they are shown where others refer to them; what can't be seen is left out."""
    found = {}
    for form, record_id in wanted:
        try:
            found[record_id] = target_of(office, office.records.get(form, record_id))
        except KnownError:
            continue
    return found


def find_targets(office: Office, form: str, text: str) -> list[Target]:
    """The records of *form* that *text* may mean."""
    hits = office.registry.find(text, forms=[form], limit=20)
    held = office.store.many(form, [hit.id for hit in hits])
    return [target_of(office, held[hit.id]) for hit in hits if hit.id in held]


def target_of(office: Office, record: Record) -> Target:
    """How *record* is shown where another refers to it."""
    shape = office.forms[record.form]
    notes = [shape.show(name, record.values.get(name), masked=True) for name in shape.note_fields]
    if record.form == "household" and record.values.get("dwelling"):
        dwelling = office.store.get("dwelling", str(record.values["dwelling"]))
        notes.append(str(dwelling.values.get("address") or "") if dwelling else "")
    names = {area["code"]: area["name"] for area in office.store.areas()}
    notes.insert(0, names.get(record.area, ""))
    title = shape.record_title(record.values, masked=True)
    return Target(record.id, title, " ".join(note for note in notes if note), record.area)


def areas(office: Office) -> list[tuple[str, str]]:
    """(code, name) of the places that a new record of this user may belong to, villages before their township."""
    held = office.session.areas
    divisions = office.gate.divisions()
    reached = [area for area in office.store.areas() if divisions.any_covers(held, area["code"])]
    villages = [area for area in reached if area["level"] in ("village", "community")]
    above = [area for area in reached if area["level"] == "township"]
    return [(area["code"], area["name"]) for area in villages] + [
        (area["code"], f"{area['name']}（镇本级）") for area in above
    ]
