"""Who may do what: action x form x area x role, from resources/rules/permissions.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import KnownError
from app.messages import sentence
from app.paths import resource
from app.rules.areas import BY_PREFIX, Divisions, covers
from app.rules.case_actions import read_actions
from app.rules.case_states import read_states
from app.rules.limits import Limits
from app.rules.reading import Sheets, Table, read_table

__all__ = ["ACTIONS", "Decision", "Permissions", "Role", "covers"]

ACTIONS = (
    "read", "reveal", "create", "edit", "delete", "import", "export", "export_plain", "resolve", "document", "report",
    "backup", "configure", "secure", "audit",
)  # fmt: skip
# What every user does on his own device and with his own account.
EVERYBODY = frozenset({"sync", "login", "password", "unit"})
LONGEST_UNIT = 60
"""Characters of the name of a user's unit."""
# What concerns the office as a whole: neither form nor area matter.
_PLACELESS = frozenset({"backup", "configure", "secure", "audit"})
_DEFAULT_GROUP = "ledger"
_RESTRICTED = ("mediation", "care")
_CLASSES = ("urgent", "ordinary", *_RESTRICTED)
_ACT = "act:"
# A whole value is shown only to whom another right lets read the record at all.
_NEEDS_READ = frozenset({"reveal", "export_plain"})


@dataclass(frozen=True, slots=True)
class Decision:
    """``reason_code``: granted, no_role, no_grant, not_own or outside_area; ``role``: the one that grants it.

    ``needs_reason``: it is granted to whom gives a reason, which goes into the audit.
    """

    allowed: bool
    reason_code: str
    role: str | None = None
    needs_reason: bool = False

    @property
    def message(self) -> str:
        """Why not, for people; empty where it is allowed."""
        return "" if self.allowed else sentence(f"rules.denied_{self.reason_code}")


@dataclass(frozen=True, slots=True)
class Role:
    """``own``: it reaches only what is given to the user himself. ``township``: it holds over a township, too.

    ``village``: it holds over villages alone; over a township it grants nothing, and isn't given.
    """

    code: str
    label: str
    may: Mapping[str, frozenset[str]]
    streams: frozenset[str]
    own: bool = False
    township: bool = False
    village: bool = False


@dataclass(frozen=True)
class Permissions:
    """The table of rights. ``acts``: for each case action the roles that may do it, the one to be recorded first.

    ``parts``: groups that have rights of their own, and the group to which they belong in everything else.
    """

    roles: Mapping[str, Role]
    groups: Mapping[str, str]
    reasons: frozenset[str]
    acts: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None, folder: Sheets | None = None) -> Permissions:
        """The table at *path* (default: resources/rules/permissions.toml), with the actions of cases.toml beside it, or in *folder*.

        KnownError("rules.…") naming file, place and key of what is wrong.
        """
        path = path or resource("rules", "permissions.toml")
        root = read_table(path)
        root.only("groups", "part_of", "streams", "reasons", "roles")
        lists = root.table("groups")
        groups = {form: group for group in lists for form in lists.texts(group)}
        roles = {code: _read_role(code, table, list(lists)) for code, table in root.tables("roles").items()}
        part_of = root.table("part_of")
        part_of.only(*lists)
        parts = {group: part_of.one_of(group, set(lists)) for group in part_of}
        streams = root.table("streams")
        streams.only(*_CLASSES)
        for stream in streams:
            _check_stream(root, roles, stream, streams.some_of(stream, set(lists)))
        acts = _read_acts(folder or path.parent, roles)
        return cls(roles, groups, frozenset(root.table("reasons").some_of("actions", ACTIONS, ())), acts, parts)

    def decide(
        self,
        action: str,
        form: str,
        area: str | None,
        roles: Iterable[str],
        areas: Collection[str],
        *,
        own: bool = False,
        stream: str | None = None,
        divisions: Divisions = BY_PREFIX,
    ) -> Decision:
        """Whether somebody with *roles* over *areas* may do *action* to a record of *form* in *area*.

        ``own``: the record is given to the user himself. ``stream``: the form's class, so that a form that the table
        doesn't know isn't taken for an open one when it is restricted. ``area`` None or empty: no single area is meant.
        ``act:<case action>``: a step of a case. ``divisions``: which area lies in which.
        """
        held = [self.roles[code] for code in self.roles if code in set(roles)]
        if not held:
            return Decision(False, "no_role")
        if action in EVERYBODY:
            return Decision(True, "granted", held[0].code)
        group = "office" if action in _PLACELESS else self.group(form, stream)
        granting = self._granting(action, group, held)
        if not granting:
            return Decision(False, "no_grant")
        fitting = [role for role in granting if own or not role.own]
        if not fitting:
            return Decision(False, "not_own")
        villages = [code for code in areas if is_village(code)]
        held_here = villages if all(role.village for role in fitting) else areas
        if not held_here and areas:
            return Decision(False, "outside_area")
        areas = held_here
        if area and action not in _PLACELESS and not divisions.any_covers(areas, area):
            return Decision(False, "outside_area")
        # Where a role of the township grants it as well, that is the one to be written down.
        by = next((role for role in fitting if not role.village), fitting[0])
        return Decision(True, "granted", by.code, action in self.reasons)

    def group(self, form: str, stream: str | None = None) -> str:
        """The group of *form*: its stream where that is restricted, else as the table says, else ``ledger``."""
        return stream if stream in _RESTRICTED else self.groups.get(form, _DEFAULT_GROUP)

    def whole_group(self, form: str, stream: str | None = None) -> str:
        """The group to which records of *form* belong but for who may do what: of its files, and of how long they are kept."""
        group = self.group(form, stream)
        return self.parts.get(group, group)

    def streams(self, roles: Iterable[str]) -> set[str]:
        """The stream classes that *roles* may hold on a device."""
        return {stream for code in roles if code in self.roles for stream in self.roles[code].streams}

    def reach_own(self, roles: Iterable[str]) -> bool:
        """Whether any of *roles* reaches what is given to the user or his unit: then his unit is a right, not only a word."""
        return any(self.roles[code].own for code in roles if code in self.roles)

    def misplaced(self, roles: Iterable[str], areas: Iterable[str]) -> str:
        """The first of *roles* that holds over villages alone, where *areas* are more than that; empty for none."""
        wide = [code for code in areas if not is_village(code)]
        return next((code for code in roles if wide and code in self.roles and self.roles[code].village), "")

    def township_roles(self) -> tuple[str, ...]:
        """Every role that a township grants, in the order of the table."""
        return tuple(role.code for role in self.roles.values() if role.township)

    def label(self, role: str) -> str:
        return self.roles[role].label if role in self.roles else role

    def _granting(self, action: str, group: str, held: list[Role]) -> list[Role]:
        if action.startswith(_ACT):
            order = self.acts.get(action.removeprefix(_ACT), ())
            known = {role.code: role for role in held}
            return [known[code] for code in order if code in known] if group == "cases" else []
        if action in _NEEDS_READ and not any(group in role.may.get("read", frozenset()) for role in held):
            return []
        return [role for role in held if group in role.may.get(action, frozenset())]


def is_village(area: str) -> bool:
    """Whether *area* is the code of a village or community, or of a grid in one."""
    return len(area) >= 12 and not area.endswith("000")


def _read_role(code: str, table: Table, groups: list[str]) -> Role:
    table.only("label", "township", "village", "scope", "streams", "may")
    may = table.table("may")
    may.only(*ACTIONS)
    return Role(
        code,
        table.text("label"),
        {action: frozenset(may.some_of(action, groups)) for action in may},
        frozenset(table.some_of("streams", _CLASSES, ("urgent", "ordinary"))),
        table.one_of("scope", ("area", "own"), "area") == "own",
        table.flag("township"),
        table.flag("village"),
    )


def _check_stream(root: Table, roles: Mapping[str, Role], stream: str, groups: Iterable[str]) -> None:
    """A role that may see a restricted group must be one to whose devices its stream is sent."""
    if stream not in _RESTRICTED:
        return
    for role in roles.values():
        for group in groups:
            granted = {action for action, forms in role.may.items() if group in forms} - _NEEDS_READ
            if granted and stream not in role.streams:
                raise KnownError("rules.stream_open", file=root.file, name=role.label, group=group)


def _read_acts(folder: Path | Sheets, roles: Mapping[str, Role]) -> dict[str, tuple[str, ...]]:
    limits = Limits.load(folder / "limits.toml")
    root = read_table(folder / "cases.toml")
    actions, aliases = read_actions(root, read_states(root, limits.timers), limits.timers)
    for action in actions.values():
        for role in action.roles:
            if role not in roles:
                place = root.table("actions").table(action.code)
                raise place.fault("name_unknown", key="roles", name=role, known="、".join(roles))
    acts = {code: action.roles for code, action in actions.items()}
    return acts | {alias: acts[code] for alias, code in aliases.items()}
