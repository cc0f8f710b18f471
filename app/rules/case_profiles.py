"""The profiles of a case: the stages that people see, and how its actions differ from the general ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from app.rules.case_actions import SAME, Action, ActionField, read_field, read_sources
from app.rules.case_effects import EFFECTS, GUARDS
from app.rules.case_fold import LEVELS
from app.rules.case_states import State
from app.rules.reading import Table

_ACTION_KEYS = (
    "label", "from", "to", "text", "fields", "require", "does", "guards", "start", "no_start", "stop", "due_from",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    label: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grade:
    """How hard a case is, and where that takes it.

    ``level`` handles it; ``opens`` are actions that only this grade may take early, ``shuts`` those that it may not take;
    ``require`` names what an action must say of a case of this grade.
    """

    code: str
    level: str
    opens: frozenset[str] = frozenset()
    shuts: frozenset[str] = frozenset()
    require: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of a case. ``actions`` are those that it has, as they are in it, ``hides`` those of them that no page offers;
    ``next`` and ``owners`` by state,
    ``of_lead``: states in which the owner is of the lead unit, beside those that are so in general.
    """

    code: str
    label: str
    stages: tuple[Stage, ...]
    skips: frozenset[str]
    actions: Mapping[str, Action] = field(default_factory=dict)
    next: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, Grade] = field(default_factory=dict)
    of_lead: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()

    def stage(self, state: str) -> int | None:
        """The number of the stage that *state* belongs to, from 0; None outside the line (rejected, void)."""
        return next((index for index, stage in enumerate(self.stages) if state in stage.states), None)

    @property
    def opened(self) -> frozenset[str]:
        """The actions that only some grade may take early."""
        return frozenset(code for grade in self.grades.values() for code in grade.opens)


def read_profiles(
    root: Table, states: Mapping[str, State], actions: Mapping[str, Action], timers: Collection[str]
) -> dict[str, Profile]:
    """The profiles of a rule file.

    Every state that a case can wait in must have a stage and somebody who can act in it, and from every state that can
    be reached a case must be able to end: KnownError names the profile otherwise.
    """
    profiles = {}
    teams = list(root.table("teams"))
    for code, table in root.tables("profiles").items():
        table.only("label", "stages", "skips", "hides", "next", "owners", "of_lead", "actions", "grades")
        stages = []
        for row in table.rows("stages"):
            row.only("label", "states")
            stages.append(Stage(row.text("label"), row.some_of("states", states)))
        shown = {state for stage in stages for state in stage.states}
        for state in states.values():
            if state.counts != "excluded" and state.code not in shown:
                raise table.fault("key_missing", key=state.code)
        skips = frozenset(table.some_of("skips", actions, ()))
        mine = {a.code: a for a in actions.values() if a.code not in skips and (not a.within or code in a.within)}
        for name, changed in table.tables("actions").items():
            if name not in mine:
                raise table.fault("name_unknown", key="actions", name=name, known="、".join(mine))
            mine[name] = _changed(mine[name], changed, states, timers)
        following, owners = table.table("next"), table.table("owners")
        profile = Profile(
            code,
            table.text("label"),
            tuple(stages),
            skips,
            mine,
            _usual(states, mine) | {state: following.one_of(state, mine) for state in following},
            {state: owners.one_of(state, teams) for state in owners},
            {name: _grade(name, grade, mine) for name, grade in table.tables("grades").items()},
            frozenset(table.some_of("of_lead", states, ())),
            frozenset(table.some_of("hides", mine, ())),
        )
        _check_ways(table, profile, states)
        profiles[code] = profile
    return profiles


def _usual(states: Mapping[str, State], actions: Mapping[str, Action]) -> dict[str, str]:
    return {state.code: state.next for state in states.values() if state.next in actions}


def _changed(action: Action, table: Table, states: Mapping[str, State], timers: Collection[str]) -> Action:
    """*action* as one profile has it: fields are added or replaced by name, lists grow, ``from`` and ``to`` are its own."""
    table.only(*_ACTION_KEYS)
    fields: dict[str, ActionField] = {item.name: item for item in action.fields}
    fields.update({item.name: item for item in map(read_field, table.rows("fields"))})
    must = action.must | set(table.some_of("require", fields, ()))
    due_from = table.table("due_from")
    stop = table.some_of("stop", {*timers, "*"}, ())
    off = set(table.some_of("no_start", timers, ()))
    return replace(
        action,
        label=table.text("label", action.label),
        sources=read_sources(table, states) if "from" in table else action.sources,
        to=table.one_of("to", {*states, SAME}, action.to),
        text=table.one_of("text", fields) if "text" in table else action.text,
        fields=tuple(replace(item, required=True) if item.name in must else item for item in fields.values()),
        must=must,
        does=(*action.does, *table.some_of("does", EFFECTS, ())),
        guards=(*action.guards, *table.some_of("guards", GUARDS, ())),
        start=tuple(timer for timer in (*action.start, *table.some_of("start", timers, ())) if timer not in off),
        stop=frozenset(timers) if "*" in stop else action.stop | set(stop),
        due_from={**action.due_from, **{timer: due_from.one_of(timer, fields) for timer in due_from}},
    )


def _grade(code: str, table: Table, actions: Mapping[str, Action]) -> Grade:
    table.only("level", "opens", "shuts", "require")
    require = table.table("require")
    require.only(*actions)
    return Grade(
        code,
        table.one_of("level", LEVELS),
        frozenset(table.some_of("opens", actions, ())),
        frozenset(table.some_of("shuts", actions, ())),
        {action: require.some_of(action, {item.name for item in actions[action].fields}) for action in require},
    )


def _check_ways(table: Table, profile: Profile, states: Mapping[str, State]) -> None:
    """From wherever the profile's own actions lead, they must lead on to an end; else a case would stand still there."""
    ways: dict[str, set[str]] = {code: set() for code in states}
    for action in profile.actions.values():
        for source in action.sources:
            ways[source] |= {source if to == SAME else to for to in (action.to, *action.to_when.values())}
    reached, ends = _reach("draft", ways), {s.code for s in states.values() if s.counts in {"closed", "excluded"}}
    for state in sorted(reached):
        if states[state].waiting and not _reach(state, ways) & ends:
            raise table.fault("no_way", profile=profile.label, state=states[state].label)
        if states[state].waiting and profile.next.get(state) is None:
            raise table.fault("key_missing", key=f"next.{state}")


def _reach(start: str, ways: Mapping[str, set[str]]) -> set[str]:
    found, left = {start}, [start]
    while left:
        new = ways[left.pop()] - found
        found |= new
        left += new
    return found
