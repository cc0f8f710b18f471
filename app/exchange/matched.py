"""Which columns an office matched by hand: a small record for each heading, shared by its devices; the later choice counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from app.exchange.excel.words import bare
from app.schema.ids import companion
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.office import Office

MATCH = "column_match"
_HERE = "import_columns"
_NOBODY = "0" * 32
_LONGEST = 120


def remember(office: Office, form: str, by_hand: Mapping[str, str], spelled: Callable[[str], str] = bare) -> None:
    """Keep the targets of headings (``""``: not imported) for the next sheet of this office; *spelled* as they are compared.

    Who may not keep records of the office keeps them on this device. What is too long for a record is not kept.
    """
    area = office.session.area
    told = {key: target for heading, target in by_hand.items() if 0 < len(key := spelled(heading)) <= _LONGEST}
    may = all(office.gate.decide(action, MATCH, area, own=True).allowed for action in ("create", "edit"))
    if not area or not may:
        _keep_here(office, form, told)
        return
    edits = [
        Edit(MATCH, _id(area, form, heading), area, {"imported": form, "heading": heading, "target": target or None})
        for heading, target in sorted(told.items())
    ]
    held = office.store.many(MATCH, [str(edit.id) for edit in edits])
    stands = {key: record.values.get("target") for key, record in held.items() if not record.deleted}
    fresh = [e for e in edits if e.id not in stands or stands[str(e.id)] != e.values["target"]]
    if fresh:
        line = office.gate.line("create", MATCH, area, fields=f"{form},{len(fresh)}")
        office.store.save(fresh, office.session.user, audit=[line])


def remembered(office: Office, form: str) -> dict[str, str]:
    """Targets by bare heading as they were matched by hand before, here or on another device of this office."""
    found: dict[str, str] = dict(office.store.meta.get(_HERE, {}).get(form, {}))
    mine = office.session.area
    for match in office.store.select(MATCH, {"imported": form}, area=mine) if mine else ():
        # Asked for a township, the store answers with its villages, too: they are offices of their own.
        if match.area == mine:
            found[str(match.values.get("heading") or "")] = str(match.values.get("target") or "")
    return found


def _keep_here(office: Office, form: str, told: Mapping[str, str]) -> None:
    with office.store.transaction():
        kept = office.store.meta.get(_HERE, {})
        office.store.meta.set(_HERE, {**kept, form: {**kept.get(form, {}), **told}})


def _id(area: str, form: str, heading: str) -> str:
    """One record for a heading of an office, whichever device makes it."""
    return companion(_NOBODY, f"{MATCH} {area} {form} {heading}")
