"""Cases at the county, folded from their steps in its order, as every device folds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.rules.case_engine import CaseRules, CaseState, Step
from app.rules.case_merging import barred, masters
from app.rules.renewing import still
from app.schema.record import Record
from sync.county.records import Records

EVENT, STEP = "event", "event_step"
_Held = tuple[Mapping[str, Any], Sequence[Step]]


class Folding:
    """The cases *ids*, read at once; ``events`` are those that there are, deleted ones too."""

    def __init__(self, conn: sa.Connection, records: Records, rules: CaseRules, ids: Sequence[str]) -> None:
        self._conn = conn
        self._records = records
        self._rules = still(rules)
        found, self._steps = self._read(ids)
        self.events = tuple(found.values())
        self._around: dict[str, _Held | None] = {
            key: (one.values, self._steps.get(key, [])) for key, one in found.items()
        }

    def state(self, event: Record) -> CaseState:
        """What the steps of *event*, one of ``events``, add up to."""
        mine = self._steps.get(event.id, [])
        rules = self._rules
        return rules.fold(event.values, mine, barred(rules, event.id, self._look) if masters(mine) else ())

    def _look(self, event: str) -> _Held | None:
        """Whether a merge counts, the master's own merges say: it may lie outside of what was read at once."""
        if event not in self._around:
            found, steps = self._read([event])
            self._around[event] = (found[event].values, steps.get(event, [])) if event in found else None
        return self._around[event]

    def _read(self, ids: Sequence[str]) -> tuple[dict[str, Record], dict[str, list[Step]]]:
        """Those of *ids* that there are, and their steps."""
        found = {key: one.record for key, one in self._records.get(self._conn, EVENT, ids).items()}
        steps: dict[str, list[Step]] = {}
        for one in self._records.naming(self._conn, STEP, "event", sorted(found)):
            record = one.record
            if not record.deleted:
                step = Step.read(record.id, record.values, "", record.revs.get("") or None)
                steps.setdefault(str(record.values["event"]), []).append(step)
        return found, steps
