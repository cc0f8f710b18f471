"""How far records have come, as people see them: a case with its steps, and what waits for a person's word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from app.services.cases import EVENT
from app.services.conflicts import Conflicts
from app.store.standing import CONFLICT, REFUSED, Standing

if TYPE_CHECKING:
    from app.store.store import Store


class Standings:
    """Reads only; the rights of a record are those of who shows it."""

    def __init__(self, store: Store, conflicts: Conflicts) -> None:
        self._store = store
        self._conflicts = conflicts

    def of(self, form: str, record_id: str) -> Standing | None:
        """Where one record stands; None where it isn't here."""
        return self.many(form, [record_id]).get(record_id)

    def many(self, form: str, ids: Iterable[str]) -> dict[str, Standing]:
        """Where each of these records stands with the parts it is made of; those that aren't here are left out."""
        found = self._store.sync.with_parts(form, ids)
        if form == EVENT and found:
            # Two people's steps of one case are a question, too, though no field of a record tells it.
            for event_id in self._conflicts.contested() & found.keys():
                if found[event_id].state != REFUSED:
                    found[event_id] = replace(found[event_id], state=CONFLICT)
        return found
