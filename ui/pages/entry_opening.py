"""What the entry page begins with: a household that stands, a draft left behind, or a new one; read in the lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.services.entry_sheet import Sheet
from ui.forms.opening import areas, target_of
from ui.forms.references import Target

if TYPE_CHECKING:
    from app.services.office import Office


@dataclass(frozen=True)
class OpenedEntry:
    """``home`` is the dwelling that stands, ``written`` an address that was typed and not picked; ``kept``: a draft was there."""

    sheet: Sheet
    written: str
    home: Target | None
    areas: Sequence[tuple[str, str]]
    kept: bool


def read_entry(office: Office, args: Mapping[str, Any], key: str, *, forget_draft: bool) -> OpenedEntry:
    """The sheet that *args* of the page ask for; the draft *key* goes before a new one, unless it is to be forgotten."""
    if forget_draft:
        office.store.drop_draft(key)
    draft = office.store.draft(key)
    written = ""
    if draft is not None:
        written = str(draft.pop("written", ""))
        sheet = office.entry.again(Sheet.unpacked(draft))
    elif args.get("household"):
        sheet = office.entry.open(str(args["household"]))
    else:
        sheet = office.entry.begin(area=str(args.get("area") or ""), dwelling=str(args.get("dwelling") or ""))
    places = areas(office)
    if not sheet.area and len(places) == 1:
        sheet = replace(sheet, area=places[0][0])
    home = office.store.get("dwelling", sheet.dwelling) if sheet.dwelling else None
    return OpenedEntry(sheet, written, target_of(office, home) if home else None, places, draft is not None)
