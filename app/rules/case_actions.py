"""The actions of a case: from where to where, by whom, with which fields, and what they do to the timers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.rules.case_effects import EFFECTS, GUARDS, WAITS, said
from app.rules.case_states import State
from app.rules.reading import Table

KINDS = ("text", "longtext", "time", "integer", "choice", "yesno", "units", "ref", "count")
"""What a field of an action may be; a ``count`` is filled by the desk and typed by nobody."""
SAME = "same"


@dataclass(frozen=True, slots=True)
class ActionField:
    """What an action asks for; ``defaults`` are tried in order (see CaseRules.fill)."""

    name: str
    label: str
    kind: str
    required: bool = False
    defaults: tuple[str, ...] = ()
    codes: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the action table; ``text`` names the field that is the opinion people read in the timeline.

    ``must``: fields without which the step is contested wherever it was made; what else is required, the desk asks for.
    ``within``: the profiles that know the action, all where it is empty.
    """

    code: str
    label: str
    roles: tuple[str, ...]
    sources: frozenset[str]
    to: str
    fields: tuple[ActionField, ...] = ()
    text: str = ""
    to_when: Mapping[str, str] = field(default_factory=dict)
    start: tuple[str, ...] = ()
    start_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stop: frozenset[str] = frozenset()
    due_from: Mapping[str, str] = field(default_factory=dict)
    limit_of: Mapping[str, str] = field(default_factory=dict)
    does: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    must: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    only_reporter: bool = False
    author_sources: frozenset[str] = frozenset()
    quiet: bool = False
    one_of: tuple[str, ...] = ()
    """Fields of which at least one must be there; asked for at the desk alone."""
    yields: bool = False
    """Whether the county's own step of this kind gives way to what was done without knowing of it."""
    not_while: tuple[str, ...] = ()
    """Names of WAITS under which no desk offers it; what was done apart counts all the same."""
    not_next_while: tuple[str, ...] = ()
    """Likewise, under which it is not what is usually done next."""
    settled_as: tuple[str, ...] = ()
    """What a contested step of this kind is done as, where a person lets it count and it can't be done itself any more."""

    def target(self, state: str, values: Mapping[str, object]) -> str:
        """The state that follows *state*."""
        for name, to in self.to_when.items():
            if values.get(name):
                return to
        return state if self.to == SAME else self.to

    def asks(self, name: str) -> bool:
        """Whether its form has a field *name*."""
        return any(field.name == name for field in self.fields)

    def said(self, values: Mapping[str, Any], name: str) -> str:
        """The text under *name* of a step, where the action asks for it; what else stands there means nothing."""
        return said(values, name) if name in values and self.asks(name) else ""

    def starts(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """The timers that begin with it. Where a value sends the case elsewhere, that way's own begin instead."""
        for name in self.to_when:
            if values.get(name):
                return self.start_when.get(name, ())
        return self.start


_KEYS = (
    "label", "aliases", "roles", "only", "author_from", "from", "to", "to_when", "quiet", "guards", "does", "stop",
    "start", "start_when", "due_from", "limit_of", "text", "fields", "must", "in",
    "one_of", "yields", "not_while", "not_next_while", "settled_as",
)  # fmt: skip


def read_actions(
    root: Table, states: Mapping[str, State], timers: Collection[str]
) -> tuple[dict[str, Action], dict[str, str]]:
    """The actions of a rule file in its order, and the aliases of their codes."""
    teams = {name: root.table("teams").texts(name) for name in root.table("teams")}
    actions: dict[str, Action] = {}
    aliases: dict[str, str] = {}
    for code, table in root.tables("actions").items():
        table.only(*_KEYS)
        fields = tuple(read_field(row) for row in table.rows("fields"))
        names = {item.name for item in fields}
        must = frozenset(table.some_of("must", names, ()))
        fields = tuple(replace(item, required=True) if item.name in must else item for item in fields)
        stop = table.some_of("stop", {*timers, "*"}, ())
        when = table.table("to_when")
        also = table.table("start_when")
        due_from = table.table("due_from")
        limit_of = table.table("limit_of")
        actions[code] = Action(
            code,
            table.text("label"),
            _roles(table, teams),
            read_sources(table, states),
            table.one_of("to", {*states, SAME}),
            fields,
            table.one_of("text", names) if "text" in table else "",
            {name: when.one_of(name, states) for name in when},
            table.some_of("start", timers, ()),
            {name: also.some_of(name, timers) for name in also},
            frozenset(timers) if "*" in stop else frozenset(stop),
            {timer: due_from.one_of(timer, names) for timer in due_from},
            {timer: limit_of.one_of(timer, timers) for timer in limit_of},
            table.some_of("does", EFFECTS, ()),
            table.some_of("guards", GUARDS, ()),
            must,
            frozenset(table.some_of("in", list(root.table("profiles")), ())),
            "only" in table and table.one_of("only", ("reporter",)) == "reporter",
            frozenset(table.some_of("author_from", states, ())),
            table.flag("quiet"),
            table.some_of("one_of", names, ()),
            table.flag("yields"),
            table.some_of("not_while", WAITS, ()),
            table.some_of("not_next_while", WAITS, ()),
            table.some_of("settled_as", list(root.table("actions")), ()),
        )
        aliases.update(dict.fromkeys(table.texts("aliases", ()), code))
    for state in states.values():
        for key, name in (("next", state.next), ("then", state.then)):
            if name and name not in actions:
                raise (
                    root.table("states")
                    .table(state.code)
                    .fault("name_unknown", key=key, name=name, known="、".join(actions))
                )
    return actions, aliases


def _roles(table: Table, teams: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    roles: list[str] = []
    for name in table.texts("roles"):
        if not name.startswith("@"):
            roles.append(name)
        elif name[1:] in teams:
            roles.extend(teams[name[1:]])
        else:
            raise table.fault("name_unknown", key="roles", name=name, known="、".join(teams))
    return tuple(dict.fromkeys(roles))


def read_sources(table: Table, states: Mapping[str, State]) -> frozenset[str]:
    """The states of the ``from`` of *table*: by name, ``open`` or ``any``."""
    names = set(table.some_of("from", {*states, "open", "any"}))
    if "any" in names:
        return frozenset(states)
    every_open = {state.code for state in states.values() if state.open}
    return frozenset(names - {"open"} | (every_open if "open" in names else set()))


def read_field(row: Table) -> ActionField:
    """A field of an action as the file has it."""
    row.only("name", "label", "kind", "required", "default", "codes", "options")
    options = row.table("options")
    kind = row.one_of("kind", KINDS)
    if kind == "choice" and "codes" not in row and "options" not in row:
        raise row.fault("key_missing", key="codes")
    return ActionField(
        row.text("name"),
        row.text("label"),
        kind,
        row.flag("required"),
        row.texts("default", ()),
        row.text("codes", ""),
        {code: options.text(code) for code in options},
    )
