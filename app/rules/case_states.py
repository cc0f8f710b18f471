"""The states of a case: what each counts as, when it is due, and who owns a case that stands in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from app.rules.reading import Table

COUNTS = ("none", "reported", "received", "open", "closed", "excluded")
LEAD = "lead"


@dataclass(frozen=True, slots=True)
class State:
    """One state: ``counts``: its place in statistics, ``due``: the timer that runs in it, ``next``: what is usual,
    ``then``: what is usual where that is not, having been done already.

    ``owner``: the team that has to act in it, ``owner_at``: another one at some levels; ``of_lead``: of the lead unit;
    ``owner_away``: who follows a case that was handed to a body outside.
    """

    code: str
    label: str
    counts: str
    due: str = ""
    next: str = ""
    owner: str = ""
    owner_at: Mapping[str, str] = field(default_factory=dict)
    of_lead: bool = False
    owner_away: str = ""
    then: str = ""

    @property
    def open(self) -> bool:
        """Accepted and not yet closed: somebody owes an answer."""
        return self.counts in {"received", "open"}

    @property
    def waiting(self) -> bool:
        """Somebody has to do the next step: open, or reported and not yet looked at."""
        return self.open or self.counts == "reported"


def read_states(root: Table, timers: Collection[str]) -> dict[str, State]:
    """The states of a rule file, in its order."""
    teams = list(root.table("teams"))
    states = {}
    for code, table in root.tables("states").items():
        table.only("label", "counts", "due", "next", "then", "owner", "owner_at", "owner_away", "of")
        at = table.table("owner_at")
        states[code] = State(
            code,
            table.text("label"),
            table.one_of("counts", COUNTS),
            table.one_of("due", timers) if "due" in table else "",
            table.text("next", ""),
            table.one_of("owner", teams) if "owner" in table else "",
            {level: at.one_of(level, teams) for level in at},
            "of" in table and table.one_of("of", (LEAD,)) == LEAD,
            table.one_of("owner_away", teams) if "owner_away" in table else "",
            table.text("then", ""),
        )
        if states[code].waiting and not states[code].owner:
            raise table.fault("key_missing", key="owner")
    if "draft" not in states:
        raise root.fault("key_missing", key="states.draft")
    return states
