"""What rules must promise so that no case falls: a due time wherever one waits, an owner who can act, classes that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.case_actions import SAME, Action
from app.rules.case_effects import RELEASES
from app.rules.case_fold import LEVELS
from app.rules.case_profiles import Profile
from app.rules.case_states import State
from app.rules.limits import URGENCIES
from app.rules.reading import Sheets, Table, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from app.rules.case_engine import CaseRules
    from app.rules.watching import Watch
    from app.schema.codes import CodeList

EVENT_CLASS = "event_class"


def check_cases(rules: CaseRules, root: Table) -> None:
    """KnownError("rules.…") where a case of *rules*, read from *root*, could stand without a due time or somebody to act."""
    states = rules.states
    for state in states.values():
        known = state.due and all(rules.limits.limit(state.due, urgency) for urgency in URGENCIES)
        if state.waiting and not known:
            raise KnownError("rules.no_due", file=root.file, state=state.label, timer=state.due or "—")
    # Of a case whose profile nobody here knows the actions hold as they are in general.
    _check_timers(root.table("actions"), rules.actions.values(), states)
    for profile in rules.profiles.values():
        table = root.table("profiles").table(profile.code)
        _check_timers(table, profile.actions.values(), states)
        _check_owners(table, profile, rules)


def check_classes(root: Table, folder: Path | Sheets, codes: Mapping[str, CodeList], watch: Watch) -> None:
    """KnownError("rules.class_unknown") where cases, limits or reminders name a class that isn't in the catalogue."""
    if EVENT_CLASS not in codes:
        return
    known = {item.code for item in codes[EVENT_CLASS].known}
    _known(root.table("self_handling"), root.table("self_handling").texts("never", ()), known)
    _known(root.table("rejecting"), root.table("rejecting").texts("by_director", ()), known)
    _known(root.table("class_profiles"), root.table("class_profiles"), known)
    for row in root.rows("separation"):
        _known(row, (*row.texts("classes", ()), *row.table("modes")), known)
    limits = read_table(folder / "limits.toml")
    _known(limits.table("classes"), limits.table("classes"), known)
    _known(limits.table("extensions").table("classes"), limits.table("extensions").table("classes"), known)
    limits.table("profiles").only(*root.table("profiles"))
    limits.table("levels").only(*LEVELS)
    for rule in watch.escalations:
        for name in sorted(rule.classes - known):
            raise KnownError("rules.class_unknown", file="reminders.toml", where=rule.label, name=name)


def _known(table: Table, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise table.fault("class_unknown", name=name)


def _check_timers(table: Table, actions: Iterable[Action], states: Mapping[str, State]) -> None:
    """Whatever leads into a state in which somebody waits leaves the timer of that state running."""
    for action in actions:
        ways = [
            (action.to, action.start),
            *((to, action.start_when.get(name, ())) for name, to in action.to_when.items()),
        ]
        for source in sorted(action.sources):
            for to, starts in ways:
                then = states[source if to == SAME else to]
                goes_on = states[source].due == then.due and then.due not in action.stop
                if then.waiting and then.due not in starts and not goes_on and RELEASES not in action.does:
                    raise table.fault("no_timer", action=action.label, state=then.label, timer=then.due)


def _check_owners(table: Table, profile: Profile, rules: CaseRules) -> None:
    """Somebody of the team that owns a case can do what is usual there; else it would wait for people who can't move it."""
    for state in rules.states.values():
        usual = profile.actions.get(profile.next.get(state.code, ""))
        if not state.waiting or usual is None:
            continue
        owners = {profile.owners.get(state.code) or state.owner, state.owner_away}
        if state.code not in profile.owners:
            owners |= set(state.owner_at.values())
        for owner in sorted(owners - {""}):
            if set(rules.teams.get(owner, ())).isdisjoint(usual.roles):
                raise table.fault("owner_idle", state=state.label, owner=owner, action=usual.label)
