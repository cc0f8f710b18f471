"""Leaders' reception days (领导接访): which cases their visitors brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.schema.record import Record
from app.services.case_folding import EVENT
from app.services.case_links import CaseLinks

if TYPE_CHECKING:
    from app.store.store import Store

DAY = "reception_day"


class Receptions:
    """The visitors of the reception days at this desk."""

    def __init__(self, store: Store, links: CaseLinks) -> None:
        self._store = store
        self._links = links

    def taking(self, day: str) -> dict[str, str]:
        """What the case of a visitor begins with: he came by himself, on that day."""
        return {"channel": "visit_in", "source_form": DAY, "source_id": day}

    def cases(self, day: str) -> list[Record]:
        """The cases that were taken in on *day* (a record's id) or linked to it, the newest last."""
        found = {case.id: case for case in self._links.cases_of(DAY, day)}
        # Many come on one day, so their ids don't follow from its id as those of a ledger's row do.
        found |= {case.id: case for case in self._store.select(EVENT, {"source_id": day, "source_form": DAY})}
        return [found[one] for one in sorted(found)]
