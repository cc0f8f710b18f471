"""Who lived where on a day: what the turns of a value, and what stands now, tell of the past; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.schema.values import Value

HERE = frozenset({"present", "lodging", None})
"""States in which somebody really lives in the household; None: nobody has said otherwise."""
GONE = frozenset({"moved", "dead"})
VOID = "void"

# (before, after, since) of each value whose turns are written down, in the fields of a movement.
TURNS: Mapping[str, tuple[str, str, str]] = {
    "household": ("from_household", "to_household", "from_since"),
    "presence": ("from_presence", "to_presence", "from_presence_since"),
    "dwelling": ("from_dwelling", "to_dwelling", "from_since"),
    "grid": ("from_grid", "to_grid", "from_since"),
}


@dataclass(frozen=True, slots=True)
class Then:
    """What a value was on a day.

    ``known`` False: it was not there yet; ``told`` False: no movement speaks of it, it is taken from what stands now.
    """

    value: Value
    known: bool = True
    told: bool = False
    since: Value = None


def standing(movements: Iterable[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """The movements that were not taken back, in the order of their days; each mapping has its ``id``."""
    held = list(movements)
    void = {str(item.get("voids")) for item in held if item.get("kind") == VOID}
    kept = {str(item["id"]): item for item in held if item.get("kind") != VOID and item["id"] not in void}
    return sorted(kept.values(), key=lambda item: (str(item.get("date") or ""), str(item["id"])))


def turns(name: str, movements: Iterable[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """Those of *movements* in which the value *name* turned."""
    before, after, _ = TURNS[name]
    return [item for item in movements if item.get(before) != item.get(after)]


def value_on(
    name: str, day: str, movements: Iterable[Mapping[str, Value]], present: Value, since: Value = None
) -> Then:
    """What *name* was on *day*, by the ``standing`` *movements* of one subject and its *present* value, held *since*.

    On the day of a movement what it made counts. The earliest movement after *day* says what stood before it; so a movement that did not stand
    (two people moved one person apart) changes nothing of what was before both. Without a later one the present value stood already.
    """
    told = turns(name, movements)
    before, _, began = TURNS[name]
    later = next((item for item in told if str(item.get("date") or "") > day), None)
    value, start = (later.get(before), later.get(began)) if later is not None else (present, since)
    if start and str(start) > day:
        return Then(None, known=False, told=True)
    if later is not None and value is None and name in {"household", "presence"}:
        return Then(None, known=later.get("kind") not in {"birth", "move_in"}, told=True)
    return Then(value, True, later is not None or bool(start), start)
