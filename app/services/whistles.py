"""Who was called to the spot (吹哨报到, L28), read from the steps of the cases."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.rules.case_engine import CaseRules
from app.rules.whistles import Called, Whistle
from app.schema.record import Record
from app.services.case_folding import EVENT, chunks, fold_case, read_steps
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.store.store import Store


@dataclass(frozen=True, slots=True)
class Line:
    """One unit that was called, as the ledger has it: ``proposed`` is what the times say, until a person has said."""

    event: Record
    whistle: Whistle
    called: Called
    proposed: str


class Whistles:
    """The calls of the cases at this desk."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules

    def lines(self, *, area: str = "") -> list[Line]:
        """A line for each unit of each call, the newest call first. A call that doesn't count in its case is none."""
        self._gate.require("read", EVENT, area or None)
        areas, divisions = [area] if area else self._gate.session.areas, self._gate.divisions()
        # Where is asked afterwards: by their areas all cases would be gone through for the few that were called to.
        called = self._store.select(EVENT, {"whistled_at": (">", "")})
        called = [event for event in called if divisions.any_covers(areas, event.area)]
        now = dt.datetime.fromtimestamp(self._store.now_ms() / 1000, dt.UTC)
        found: list[Line] = []
        for part in chunks(called):
            held = read_steps(self._store, [event.id for event in part])
            for event in part:
                for whistle in fold_case(self._store, self._rules, event, held.get(event.id, [])).whistles:
                    found += [Line(event, whistle, one, whistle.proposed(one, now)) for one in whistle.units]
        return sorted(found, key=lambda line: (line.whistle.at, line.whistle.step), reverse=True)
