"""Another case that an action names: found by words or number, or among those of its village that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.services.case_folding import EVENT
from app.services.case_lists import CaseFilter
from ui.forms.opening import find_targets, target_of
from ui.forms.references import RefEntry, Target

if TYPE_CHECKING:
    from app.services.office import Office

_NEAR = 20


class CaseEntry(RefEntry):
    """``CaseEntry(find)``: with nothing typed Down lists what *find* gives for no words."""

    def search(self) -> None:
        """Ask for what was typed, also where that is nothing."""
        self._turn += 1
        turn = self._turn
        self._find(self.text().strip(), lambda found: self._show(turn, found))


def find_cases(office: Office, event_id: str, area: str, text: str) -> list[Target]:
    """The open cases that *text* may mean, but the case itself; for no text those of *area*, soonest due first. Runs in the lane."""
    if not text:
        near = office.case_lists.listed("open", CaseFilter(area=area))
        found = office.case_lists.page(near.listing, 0, _NEAR + 1)
        return [target_of(office, one) for one in found if one.id != event_id][:_NEAR]
    hits = [one for one in find_targets(office, EVENT, text) if one.id != event_id]
    held = office.store.many(EVENT, [one.id for one in hits])
    states = office.cases.rules.states
    open_ones = {
        key for key, one in held.items() if (known := states.get(str(one.values.get("state")))) and known.waiting
    }
    return [one for one in hits if one.id in open_ones]
