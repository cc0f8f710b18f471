"""Into which case another may go: the one that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.case_engine import CaseRules
from app.schema.values import Fault
from app.services.case_folding import EVENT, stands

if TYPE_CHECKING:
    from app.store.store import Store


def master_faults(store: Store, rules: CaseRules, event_id: str, master: str) -> list[Fault]:
    """Why the case *event_id* can't go into *master*: into itself, or into one that itself went elsewhere, it would be lost."""
    held = store.get(EVENT, master)
    if master == event_id:
        why = sentence("rules.master_itself")
    elif held is None or held.deleted:
        why = sentence("rules.master_not_here")
    elif not stands(rules, held):
        label = rules.states[str(held.values.get("state") or "draft")].label
        why = sentence("rules.master_state", state=label)
    else:
        return []
    title = str(held.values.get("title") or "") if held else master
    return [Fault("master", "not_master", sentence("rules.not_master", title=title, why=why))]
