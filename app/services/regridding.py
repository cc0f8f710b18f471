"""Taking a grid's change back: what still stands where the change put it goes back, what turned again since is left and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Value
from app.services.chronicle import GOES_ALONG, SINCE
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

GRID, DWELLING, POST, SHAPE = "grid", "dwelling", "grid_post", "grid_shape"
BULK_FROM = 500
Told = Mapping[str, Value]
_IN_GRID = (DWELLING, *GOES_ALONG)


@dataclass
class Back:
    """``void``: the movements that count no more; ``left``: names, with why, of what is left as it stands."""

    edits: list[Edit] = field(default_factory=list)
    lines: list[AuditLine] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def regrid_back(store: Store, gate: Gate, act: str, told: Sequence[Told], reason: str) -> Back:
    """What takes the standing movements *told* of one split or merge back.

    Raises Denied, and KnownError("movements.changed_since") where nothing stands as it was put.
    """
    back = Back()
    for item in reversed(told):
        form = next((name for name in _IN_GRID if item.get(name)), DWELLING)
        record = store.get(form, str(item.get(form) or ""))
        if record is None or not _stands(store, record, item):
            back.left.append(str(item.get("name") or store.forms[form].title))
            continue
        values: dict[str, Value] = {GRID: item.get("from_grid")}
        if form == DWELLING:
            values[SINCE[GRID]] = item.get("from_since")
        back.edits.append(Edit(form, record.id, record.area, values))
        back.done.append(record.id)
        back.void.append(str(item["id"]))
    if not back.done:
        raise KnownError("movements.changed_since", name=back.left[0])
    back.edits += _as_of_old(store, told, set(back.done))
    for (form, area), count in Counter((edit.form, edit.area) for edit in back.edits).items():
        back.lines.append(gate.line("edit", form, area, fields=f"{GRID},{count}", reason=reason, own=True))
    for source, target in dict.fromkeys((str(i.get("from_grid") or ""), str(i.get("to_grid") or "")) for i in told):
        _grids(store, gate, back, act, source, target, str(told[0].get("date") or ""), reason)
    return back


def _stands(store: Store, record: Record, item: Told) -> bool:
    """Whether *record* is where the change put it, and where it came from is there to take it back."""
    if record.deleted or record.values.get(GRID) != item.get("to_grid"):
        return False
    source = store.get(GRID, str(item["from_grid"])) if item.get("from_grid") else None
    return source is not None and not source.deleted and source.area == record.area


def _as_of_old(store: Store, told: Sequence[Told], done: set[str]) -> list[Edit]:
    """Buildings and premises of a change that was made when movements named dwellings alone: those that have nothing but its dwellings."""
    if any(item.get(form) for item in told for form in GOES_ALONG):
        return []
    found: list[Edit] = []
    for source, target in {(str(i.get("from_grid") or ""), str(i.get("to_grid") or "")) for i in told}:
        homes = store.many(DWELLING, [str(i[DWELLING]) for i in told if i.get("to_grid") == target])
        went = {str(home.values["building"]) for home in homes.values() if home.values.get("building")}
        for house in store.many("building", went).values():
            inside = {home.id for home in store.select(DWELLING, {"building": house.id, GRID: target})}
            if house.values.get(GRID) == target and inside <= done:
                found.append(Edit("building", house.id, house.area, {GRID: source}))
        for form in ("organization", "premises"):
            placed = [each for each in store.select(form, {GRID: target}) if str(each.values.get(DWELLING)) in done]
            found += [Edit(form, each.id, each.area, {GRID: source}) for each in placed]
    return found


def _grids(store: Store, gate: Gate, back: Back, act: str, source: str, target: str, since: str, reason: str) -> None:
    """The grids themselves: one that a split made is deleted when nothing is left in it, one that was merged is there again."""
    old, new = store.get(GRID, source), store.get(GRID, target)
    if old is None or new is None:
        return
    back.lines.append(gate.line("edit", GRID, new.area, record=target, reason=reason, own=True))
    if new.values.get("predecessor") == source and not new.deleted:
        if inside := _inside(store, target, {str(edit.id) for edit in back.edits}):
            back.left.append(sentence("movements.grid_in_use", name=new.values.get("name"), what=inside))
        else:
            back.lines.append(gate.line("delete", GRID, new.area, record=target, reason=reason, own=True))
            back.edits.append(Edit(GRID, target, new.area, {}, deleted=True))
    elif old.values.get("successor") == target:
        back.lines.append(gate.line("edit", GRID, old.area, record=source, reason=reason, own=True))
        back.edits.append(Edit(GRID, source, old.area, {"valid_to": None, "successor": None}))
        ended = [p for p in store.select(POST, {GRID: source, "ended_act": act}) if p.values.get("valid_to")]
        back.edits += [Edit(POST, p.id, p.area, {"valid_to": None, "ended_act": None}) for p in ended]
        if ended:
            back.lines.append(gate.line("edit", POST, old.area, fields=f"{len(ended)}", reason=reason, own=True))
    if _drawn_since(store, source, target, since):
        back.left.append(sentence("movements.outline_since", name=old.values.get("name")))


def _inside(store: Store, grid: str, going: set[str]) -> str:
    """What a grid holds beside what is *going* out of it, in words; empty for nothing."""
    said = []
    for form in (*_IN_GRID, POST):
        where = {GRID: grid, "valid_to": None} if form == POST else {GRID: grid}
        count = sum(record.id not in going for record in store.select(form, where))
        if count:
            said.append(f"{store.forms[form].title} {count}")
    return "、".join(said)


def _drawn_since(store: Store, source: str, target: str, since: str) -> bool:
    """Whether an outline was drawn that knows of the change made on the day *since*: cut for a split, or with the ground of a merged grid."""
    old, new = store.get(SHAPE, companion(source, SHAPE)), store.get(SHAPE, companion(target, SHAPE))
    if new is None or new.deleted:
        return False
    if source in str(new.values.get("includes") or "").split(","):
        return True
    split = (grid := store.get(GRID, target)) is not None and grid.values.get("predecessor") == source
    return split and old is not None and not old.deleted and str(old.values.get("drawn_at") or "") >= since
