"""The states of a case and the words under which each profile shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.rules.reading import Table

COUNTS = ("none", "reported", "received", "open", "closed", "excluded")


@dataclass(frozen=True, slots=True)
class State:
    """One state: ``counts``: its place in statistics, ``due``: the timer that runs in it, ``next``: what is usual."""

    code: str
    label: str
    counts: str
    due: str = ""
    next: str = ""

    @property
    def open(self) -> bool:
        """Accepted and not yet closed: somebody owes an answer."""
        return self.counts in {"received", "open"}

    @property
    def waiting(self) -> bool:
        """Somebody has to do the next step: open, or reported and not yet looked at."""
        return self.open or self.counts == "reported"


@dataclass(frozen=True, slots=True)
class Stage:
    label: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """The stages that a case of this kind shows; ``skips`` are actions that its page doesn't offer."""

    code: str
    label: str
    stages: tuple[Stage, ...]
    skips: frozenset[str]

    def stage(self, state: str) -> int | None:
        """The number of the stage that *state* belongs to, from 0; None outside the line (rejected, void)."""
        return next((index for index, stage in enumerate(self.stages) if state in stage.states), None)


def read_states(root: Table, timers: Collection[str]) -> dict[str, State]:
    """The states of a rule file, in its order."""
    states = {}
    for code, table in root.tables("states").items():
        table.only("label", "counts", "due", "next")
        due = table.one_of("due", timers) if "due" in table else ""
        states[code] = State(code, table.text("label"), table.one_of("counts", COUNTS), due, table.text("next", ""))
    if "draft" not in states:
        raise root.fault("key_missing", key="states.draft")
    return states


def read_profiles(root: Table, states: Mapping[str, State], actions: Collection[str]) -> dict[str, Profile]:
    """The profiles of a rule file; every state that a case can wait in must have a stage."""
    profiles = {}
    for code, table in root.tables("profiles").items():
        table.only("label", "stages", "skips")
        stages = []
        for row in table.rows("stages"):
            row.only("label", "states")
            stages.append(Stage(row.text("label"), row.some_of("states", states)))
        shown = {state for stage in stages for state in stage.states}
        for state in states.values():
            if state.counts != "excluded" and state.code not in shown:
                raise table.fault("key_missing", key=state.code)
        profiles[code] = Profile(
            code, table.text("label"), tuple(stages), frozenset(table.some_of("skips", actions, ()))
        )
    return profiles
