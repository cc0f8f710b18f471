"""The case engine: which actions a case allows, what they ask for, and the state that its steps add up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.messages import sentence
from app.paths import resource
from app.rules.calendar import WorkCalendar, iso
from app.rules.case_actions import Action, read_actions
from app.rules.case_admission import Admission, read_admissions
from app.rules.case_applying import applied, dues_set, owned
from app.rules.case_effects import BEFORE_FILLING, GUARDS, WAITS, said
from app.rules.case_extension import day_unit, extension_fault
from app.rules.case_fields import check_fields, fill_fields
from app.rules.case_fold import CaseState, Step, in_order
from app.rules.case_judging import faults, graded
from app.rules.case_profiles import Grade, Profile, read_profiles
from app.rules.case_separation import Concern, Doing, Separation, read_separations
from app.rules.case_soundness import check_cases, check_classes
from app.rules.case_states import State, read_states
from app.rules.case_yielding import barred_too, yielding
from app.rules.classes import above
from app.rules.limits import Limits
from app.rules.reading import Sheets, read_table
from app.rules.renewing import still
from app.rules.repeats import RepeatRules
from app.rules.visits import VisitRules
from app.rules.watching import Watch
from app.schema.codes import CodeList, load_codes
from app.schema.values import Fault

__all__ = ["Action", "CaseRules", "CaseState", "Concern", "Doing", "Owner", "Profile", "State", "Step"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who must act next: somebody of *team* (with one of its ``roles``), of ``unit`` where one is meant, ``person`` by name."""

    team: str
    roles: tuple[str, ...]
    unit: str = ""
    person: str = ""


@dataclass(frozen=True)
class CaseRules:
    """Everything in resources/rules/cases.toml and the limits beside it. Pure: the time comes with the steps."""

    states: Mapping[str, State]
    actions: Mapping[str, Action]
    aliases: Mapping[str, str]
    profiles: Mapping[str, Profile]
    separations: tuple[Separation, ...]
    limits: Limits
    codes: Mapping[str, CodeList]
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    admissions: tuple[Admission, ...] = ()
    class_profiles: Mapping[str, str] = field(default_factory=dict)
    never_self_handled: frozenset[str] = frozenset()
    rejected_by_director: frozenset[str] = frozenset()
    watch: Watch = field(default_factory=Watch)
    former: Sequence[tuple[int, CaseRules]] = ()
    """Rules of before, each with the last rev that they judge: what was allowed then stays so when the county changes the rules."""
    visits: VisitRules = field(default_factory=VisitRules.load)
    visits_before: Sequence[tuple[int, VisitRules]] = ()
    """Rules of return visits of before, likewise: whoever was drawn stays drawn, and nobody is drawn afterwards."""
    repeats: RepeatRules = field(default_factory=RepeatRules.load)

    @classmethod
    def load(cls, folder: Path | Sheets | None = None, codes: Mapping[str, CodeList] | None = None) -> CaseRules:
        """The rules of *folder* (default: resources/rules).

        KnownError("rules.…") naming file, place and key of what is wrong.
        """
        folder = folder or resource("rules")
        limits = Limits.load(folder / "limits.toml", WorkCalendar.load(folder))
        root = read_table(folder / "cases.toml")
        root.only(
            "states", "teams", "actions", "separation", "self_handling", "rejecting", "profiles", "class_profiles",
            "admission",
        )  # fmt: skip
        states = read_states(root, limits.timers)
        actions, aliases = read_actions(root, states, limits.timers)
        profiles = read_profiles(root, states, actions, limits.timers)
        handling, rejecting, by_class = (
            root.table("self_handling"),
            root.table("rejecting"),
            root.table("class_profiles"),
        )
        handling.only("never")
        rejecting.only("by_director")
        codes = load_codes(resource("codes")) if codes is None else codes
        teams = {name: root.table("teams").texts(name) for name in root.table("teams")}
        rules = cls(
            states,
            actions,
            aliases,
            profiles,
            read_separations(root),
            limits,
            codes,
            teams,
            read_admissions(root, codes),
            {code: by_class.one_of(code, profiles) for code in by_class},
            frozenset(handling.texts("never", ())),
            frozenset(rejecting.texts("by_director", ())),
            Watch.load(folder / "reminders.toml", limits.timers, teams),
            visits=VisitRules.load(folder / "visits.toml", codes),
            repeats=RepeatRules.load(folder / "repeats.toml"),
        )
        check_cases(rules, root)
        check_classes(root, folder, codes, rules.watch)
        return rules

    def action(self, code: str, profile: str = "") -> Action | None:
        """The action of *code* or of an alias of it, as *profile* has it; None for one that a newer program made.

        An action that the profile doesn't have is given as it is in general: only ``refusals`` says that it can't be done.
        """
        code = self.aliases.get(code, code)
        known = self.profiles.get(profile)
        return (known.actions.get(code) if known else None) or self.actions.get(code)

    def profile_of(self, code: str, values: Mapping[str, Any], held: str) -> str:
        """The profile that holds from an action *code* on, *held* before: another one only where the action asks for it."""
        action = self.action(code)
        return (said(values, "profile") if action and action.asks("profile") else "") or held

    def profile_for(self, category: str | None) -> str | None:
        """The profile that cases of *category* begin with, by the class or the one above it; None where none is said."""
        return next((self.class_profiles[code] for code in above(category or "") if code in self.class_profiles), None)

    def owner(self, case: CaseState) -> Owner | None:
        """Who must act next; None for a case in which nobody has to."""
        if not case.owner_role:
            return None
        person = (case.handler or "") if case.owner_unit else ""
        return Owner(case.owner_role, self.teams.get(case.owner_role, ()), case.owner_unit, person)

    def teams_of(self, roles: Collection[str]) -> list[str]:
        """The teams to which somebody with *roles* belongs: with them ``owner_role`` is asked for."""
        return [team for team, members in self.teams.items() if not set(members).isdisjoint(roles)]

    def fold(
        self, event_values: Mapping[str, Any], steps: Iterable[Step], barred: Collection[str] = frozenset()
    ) -> CaseState:
        """The case that *steps* add up to, in the county's order.

        A step not allowed where it falls is contested: kept, nothing moved; so are the merge steps *barred* by other cases.
        """
        rules = still(self)
        case = rules.begin(event_values)
        for step in in_order(steps):
            if step.id in barred:
                case = barred_too(case, step, sentence("rules.merge_ring"))
            else:
                case = rules._in_force(step).apply(case, step)  # noqa: SLF001 - of its own kind
        # What was done stays judged as it was; who must act is asked of the rules of now.
        return owned(rules, case) if rules.former else case

    def _in_force(self, step: Step) -> CaseRules:
        return next((rules for last, rules in self.former if step.rev and step.rev <= last), self)

    def visits_of(self, case: CaseState, steps: Sequence[Step]) -> VisitRules:
        """The rules of return visits that were in force when the last of *steps* that closed *case* came."""
        rev = next((step.rev for step in reversed(steps) if step.at == case.closed_at), None)
        return next((rules for last, rules in self.visits_before if rev and rev <= last), self.visits)

    def begin(self, event_values: Mapping[str, Any]) -> CaseState:
        """A case without steps: a draft."""
        draft = CaseState()
        return replace(
            draft,
            profile=str(event_values.get("profile") or draft.profile),
            category=str(event_values.get("category") or draft.category),
            urgency=str(event_values.get("urgency") or draft.urgency),
        )

    def apply(self, case: CaseState, step: Step) -> CaseState:
        """*case* after *step*, which is contested where its action isn't allowed there."""
        return yielding(self, case, step, applied)

    def allowed(
        self,
        case: CaseState,
        roles: Collection[str],
        user: str = "",
        *,
        author: bool = False,
        all_profiles: bool = False,
        at: dt.datetime | None = None,
    ) -> list[Action]:
        """What somebody with *roles* can do next, the usual next action first, then in the order of the table.

        ``author``: the user made the record. ``at``: when; rules that are not in force then count for nothing.
        ``all_profiles``: also what the case's profile hides or hasn't.
        """
        profile = self.profiles.get(case.profile)
        known = dict(self.actions) | dict(profile.actions) if profile else self.actions
        skipped = (known.keys() - profile.actions.keys()) | profile.hides if profile else frozenset[str]()
        found = [
            action
            for action in known.values()
            if not action.quiet
            and (all_profiles or action.code not in skipped)
            and (self.role_for(action.code, roles) is not None or (author and case.state in action.author_sources))
            and not self.hindrance(case, action, self.role_for(action.code, roles) or "", user, at)
        ]
        usual = self.next_of(case)
        return sorted(found, key=lambda action: action.code != usual)

    def role_for(self, code: str, roles: Collection[str]) -> str | None:
        """Of *roles* the one in which the action is done and recorded; None where none of them may."""
        action = self.action(code)
        return next((role for role in action.roles if role in roles), None) if action else None

    def fill(
        self,
        code: str,
        values: Mapping[str, Any],
        *,
        event: Mapping[str, Any],
        at: dt.datetime,
        user: str = "",
        unit: str = "",
        area: str = "",
        case: CaseState | None = None,
        photos: int = 0,
    ) -> dict[str, Any]:
        """*values* canonical; what was left out comes from the event, *at* and the user, where the table says so.

        *photos*: how many the case has by then.
        """
        held = case.profile if case else str(event.get("profile") or "")
        action = self.action(code, self.profile_of(code, values, held))
        if action is None:
            return dict(values)
        asked = str(case.extension_days) if case and case.extension_days else ""
        unit_asked = case.extension_unit if case and case.extension_days else ""
        known = {
            "now": iso(at),
            "user": user,
            "unit": unit,
            "area": area,
            "level": case.level if case else "",
            "days": asked,
            "day_unit": unit_asked or (day_unit(self.limits, case) if case else ""),
            "photos": str(photos) if photos else "",
            "asked": case.asked if case else "",
            "reporter": (case.reporter_name or case.reporter) if case else "",
        }
        return fill_fields(action, values, event, known, self.codes)

    def check(self, code: str, values: Mapping[str, Any], case: CaseState | None = None) -> list[Fault]:
        """What is wrong with the *values* of an action on *case*, by field; empty where it can be saved."""
        profile = self.profile_of(code, values, case.profile if case else "")
        action = self.action(code, profile)
        if action is None:
            return [Fault("action", "unknown_action", sentence("rules.unknown_action", action=code))]
        if case is not None and (waits := self._waits(case, action.not_while)):
            return [Fault("action", waits, sentence(f"rules.{waits}"))]
        grade = self.grade(profile, values.get("grade") or (case.grade if case else None))
        found = check_fields(action, values, self.codes, grade.require.get(action.code, ()) if grade else ())
        # Asked at the desk alone: what was granted under a longer limit stays granted when the county shortens it.
        too_long = extension_fault(self.limits, case, action, values) if case and not found else None
        return [too_long] if too_long else found

    def refusals(self, case: CaseState, step: Step) -> list[Fault]:
        """Why *step* can't be done now: wrong state or profile, a condition not met, a strict separation, not admitted."""
        profile = self.profile_of(step.action, step.values, case.profile)
        action = self.action(step.action, profile)
        if action is None:
            return [Fault("action", "unknown_action", sentence("rules.unknown_action", action=step.action))]
        return list(faults(self, case, action, step, profile))

    def separation(self, case: CaseState, doing: Doing, at: dt.datetime | None = None) -> list[Concern]:
        """The separation rules in force at *at* that *doing* would offend; those that aren't strict only warn."""
        return [concern for rule in self.separations if (concern := rule.concern(case, doing, at)) is not None]

    def dues(self, case: CaseState, step: Step) -> dict[str, str]:
        """The due times that *step* sets, to be stored in its values under ``due``.

        Stored, they stand: a later change of the limits doesn't move them.
        """
        profile = self.profile_of(step.action, step.values, case.profile)
        action = self.action(step.action, profile)
        if action is None:
            return {}
        return {timer: iso(moment) for timer, moment in sorted(dues_set(self, case, action, step, profile).items())}

    def stages(self, case: CaseState) -> Sequence[str]:
        """The labels of the stages that the case's profile shows."""
        profile = self.profiles.get(case.profile)
        return [stage.label for stage in profile.stages] if profile else []

    def usual(self, state: str, profile: str = "") -> str:
        """The action that a case of *profile* most often takes next in *state*; empty where none is usual."""
        known = self.profiles.get(profile)
        held = self.states.get(state)
        return (known.next.get(state) if known else None) or (held.next if held else "")

    def next_of(self, case: CaseState) -> str:
        """What *case* most often takes next; empty where none is usual, or what is usual comes from elsewhere now."""
        code = self.usual(case.state, case.profile)
        action = self.action(code, case.profile)
        if action is None:
            return ""
        if not self._waits(case, action.not_next_while):
            return code
        then = self.states[case.state].then
        return then if self.action(then, case.profile) else ""

    @staticmethod
    def _waits(case: CaseState, names: Collection[str]) -> str:
        """The first of *names* of WAITS that *case* is in; "" for none."""
        return next((name for name in names if WAITS[name](case)), "")

    def label(self, code: str, profile: str = "") -> str:
        """What *profile* calls an action; the code of one that a newer program made."""
        action = self.action(code, profile)
        return action.label if action else code

    def hindrance(
        self, case: CaseState, action: Action, role: str, user: str = "", at: dt.datetime | None = None
    ) -> str:
        """Why *action* is out of question for *user* in *role*, whatever its form will say; "" where it isn't."""
        state, known = self.states[case.state], self.profiles.get(case.profile)
        if case.state not in action.sources:
            return sentence("rules.not_here", state=state.label, action=action.label)
        if (
            known
            and known.grades
            and case.state != "draft"
            and (fault := graded(known, self.grade(case.profile, case.grade), action))
        ):
            return fault.message
        if waits := self._waits(case, action.not_while):
            return sentence(f"rules.{waits}")
        if action.only_reporter and user and case.reporter and user != case.reporter:
            return sentence("rules.only_reporter")
        bare = Step("", action.code, _EPOCH, role=role)
        for name in action.guards:
            if name in BEFORE_FILLING and (fault := GUARDS[name](case, bare)):
                return fault.message
        strict = (
            concern for concern in self.separation(case, Doing(action.code, {}, user, role), at) if concern.strict
        )
        return next((concern.message for concern in strict), "")

    def grade(self, profile: str, code: object) -> Grade | None:
        """The grade *code* of *profile*; None where it has none of that name."""
        known = self.profiles.get(profile)
        return known.grades.get(str(code)) if known and code else None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
