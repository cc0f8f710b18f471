"""People whom a roster leaves out: marked as to be verified, never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from app.messages import sentence
from app.schema.dates import china_time
from app.schema.values import Value
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.office import Office

_NOTE = "verify_note"
_BULK_FROM = 500


def doubt(office: Office, ids: Iterable[str]) -> dict[str, Value]:
    """Note of each of these residents that the roster doesn't have him; returns the notes as they were, for ``restore``.

    Who bears that note already is left as he is. Raises Denied.
    """
    now = china_time(office.store.now_ms())
    said = sentence("import.absent_note", year=now[:4], month=int(now[5:7]))
    kind = office.forms["resident"].fields[_NOTE].kind
    before: dict[str, Value] = {}
    notes: dict[str, Value] = {}
    for record in office.store.many("resident", ids).values():
        held = str(record.values.get(_NOTE) or "")
        if said in held or record.deleted:
            continue
        before[record.id] = held or None
        notes[record.id] = kind.check(f"{held}；{said}" if held and len(held) + len(said) < 290 else held or said)
    _write(office, notes)
    return before


def restore(office: Office, notes: Mapping[str, Value]) -> None:
    """Give these residents back the notes that they had. Raises Denied."""
    _write(office, notes)


def _write(office: Office, notes: Mapping[str, Value]) -> None:
    records = office.store.many("resident", notes)
    for area in sorted({record.area for record in records.values()}):
        office.gate.require("edit", "resident", area, fields=_NOTE)
    edits = [Edit("resident", r.id, r.area, {_NOTE: notes[r.id]}, {_NOTE: r.rev_of(_NOTE)}) for r in records.values()]
    if edits:
        office.store.save(edits, office.session.user, bulk=len(edits) >= _BULK_FROM)
