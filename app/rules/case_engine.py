"""The case engine: which actions a case allows, what they ask for, and the state that its steps add up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.errors import KnownError
from app.messages import sentence
from app.paths import resource
from app.rules.calendar import WorkCalendar, iso
from app.rules.case_actions import Action, read_actions
from app.rules.case_admission import Admission, read_admissions
from app.rules.case_effects import BEFORE_FILLING, DROP, EFFECTS, GUARDS, KEEP, SETTLES, said
from app.rules.case_extension import extension_fault
from app.rules.case_fields import check_fields, fill_fields
from app.rules.case_fold import CaseState, Move, Step, in_order
from app.rules.case_judging import above, faults, graded
from app.rules.case_profiles import Grade, Profile, read_profiles
from app.rules.case_separation import Concern, Separation, read_separations
from app.rules.case_states import State, read_states
from app.rules.case_timers import HANDLE, begun, next_timers, set_dues
from app.rules.limits import URGENCIES, Limits
from app.rules.reading import Sheets, Table, read_table
from app.rules.watching import Watch
from app.schema.codes import CodeList, load_codes
from app.schema.values import Fault

__all__ = ["Action", "CaseRules", "CaseState", "Concern", "Owner", "Profile", "State", "Step"]


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
        _check_dues(root, states, limits)
        handling, rejecting, by_class = (
            root.table("self_handling"),
            root.table("rejecting"),
            root.table("class_profiles"),
        )
        handling.only("never")
        rejecting.only("by_director")
        codes = load_codes(resource("codes")) if codes is None else codes
        teams = {name: root.table("teams").texts(name) for name in root.table("teams")}
        return cls(
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
        )

    def action(self, code: str, profile: str = "") -> Action | None:
        """The action of *code* or of an alias of it, as *profile* has it; None for one that a newer program made.

        An action that the profile doesn't have is given as it is in general: only ``refusals`` says that it can't be done.
        """
        code = self.aliases.get(code, code)
        known = self.profiles.get(profile)
        return (known.actions.get(code) if known else None) or self.actions.get(code)

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
        case = self.begin(event_values)
        for step in in_order(steps):
            if step.id in barred:
                case = case.contesting(step, sentence("rules.merge_ring"))
            else:
                case = self._in_force(step).apply(case, step)
        return case

    def _in_force(self, step: Step) -> CaseRules:
        return next((rules for last, rules in self.former if step.rev and step.rev <= last), self)

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
        profile = str(step.values.get("profile") or case.profile)
        action = self.action(step.action, profile)
        if action is None:
            return case.contesting(step, sentence("rules.unknown_action", action=step.action))
        once = said(step.values, "once")
        if once and once in case.once:
            # Two devices told apart of one thing, such as how a mediation ended: both stay to be read, one counts.
            return case.having(moves=(*case.moves, Move(step.id, step.action, step.at, case.state, case.state)))
        if fault := next(faults(self, case, action, step, profile), None):
            return case.contesting(step, fault.message)
        if SETTLES in action.does:
            return self._settled(case, step)
        after = action.target(case.state, step.values)
        classed = self._classified(case, step, profile)
        moved = _affected(classed.having(**self._dated(case, step, after)), action, step)
        # A new level has its own limits; all else is counted from where the case stood.
        timed = classed.having(level=moved.level)
        dues = set_dues(self.limits, timed, action, step)
        due, held = next_timers(classed, action, after, dues)
        then = self.states[after]
        changes: dict[str, Any] = {}
        if case.state == "suspended" and after != "suspended" and case.suspended_at:
            stood = max(step.at - case.suspended_at, dt.timedelta())
            changes.update(suspended_at=None, suspended_for=case.suspended_for + stood)
        if not then.waiting:
            # Once nobody has to act, only the visit is waited for.
            due = {timer: moment for timer, moment in due.items() if timer == "visit_due"}
        if after != "handling":
            changes.update(asked="", extension_days=0, extension_engineering=False)
        team = self._team(moved, then, profile, visit="visit_due" in due)
        of_lead = then.of_lead or (profile in self.profiles and after in self.profiles[profile].of_lead)
        return moved.having(
            **changes,
            state=after,
            due=due,
            held=held,
            since=begun(case, action, step, dues),
            handle_due=None if after in {"draft", "accepted"} else due.get(HANDLE, case.handle_due),
            due_timer=then.due,
            owner_role=team,
            owner_unit=(moved.lead_unit or "") if team and of_lead else "",
            last_at=step.at,
            once=case.once | {once} if once else case.once,
            moves=(*case.moves, Move(step.id, step.action, step.at, case.state, after)),
        )

    def allowed(
        self,
        case: CaseState,
        roles: Collection[str],
        user: str = "",
        *,
        author: bool = False,
        all_profiles: bool = False,
    ) -> list[Action]:
        """What somebody with *roles* can do next, the usual next action first, then in the order of the table.

        ``author``: the user made the record. ``all_profiles``: also what the case's profile hides or hasn't.
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
            and not (action.only_reporter and user and case.reporter and user != case.reporter)
            and not self._before_filling(case, action, self.role_for(action.code, roles) or "")
            and not any(concern.strict for concern in self.separation(case, action.code, {}, user))
        ]
        usual = self.usual(case.state, case.profile)
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
    ) -> dict[str, Any]:
        """*values* canonical; what was left out comes from the event, *at* and the user, where the table says so."""
        action = self.action(code, str(values.get("profile") or (case.profile if case else event.get("profile") or "")))
        if action is None:
            return dict(values)
        asked = str(case.extension_days) if case and case.extension_days else ""
        known = {
            "now": iso(at),
            "user": user,
            "unit": unit,
            "area": area,
            "level": case.level if case else "",
            "days": asked,
            "reporter": (case.reporter_name or case.reporter) if case else "",
        }
        return fill_fields(action, values, event, known, self.codes)

    def check(self, code: str, values: Mapping[str, Any], case: CaseState | None = None) -> list[Fault]:
        """What is wrong with the *values* of an action on *case*, by field; empty where it can be saved."""
        profile = str(values.get("profile") or (case.profile if case else ""))
        action = self.action(code, profile)
        if action is None:
            return [Fault("action", "unknown_action", sentence("rules.unknown_action", action=code))]
        grade = self.grade(profile, values.get("grade") or (case.grade if case else None))
        found = check_fields(action, values, self.codes, grade.require.get(action.code, ()) if grade else ())
        # Asked at the desk alone: what was granted under a longer limit stays granted when the county shortens it.
        too_long = extension_fault(self.limits, case, action, values) if case and not found else None
        return [too_long] if too_long else found

    def refusals(self, case: CaseState, step: Step) -> list[Fault]:
        """Why *step* can't be done now: wrong state or profile, a condition not met, a strict separation, not admitted."""
        profile = str(step.values.get("profile") or case.profile)
        action = self.action(step.action, profile)
        if action is None:
            return [Fault("action", "unknown_action", sentence("rules.unknown_action", action=step.action))]
        return list(faults(self, case, action, step, profile))

    def separation(
        self, case: CaseState, code: str, values: Mapping[str, Any], user: str, at: dt.datetime | None = None
    ) -> list[Concern]:
        """The separation rules in force at *at* that the action would offend; those that aren't strict only warn."""
        return [
            concern for rule in self.separations if (concern := rule.concern(case, code, values, user, at)) is not None
        ]

    def dues(self, case: CaseState, step: Step) -> dict[str, str]:
        """The due times that *step* sets, to be stored in its values under ``due``.

        Stored, they stand: a later change of the limits doesn't move them.
        """
        profile = str(step.values.get("profile") or case.profile)
        action = self.action(step.action, profile)
        if action is None:
            return {}
        classed = self._classified(case, step, profile)
        timed = classed.having(level=_affected(classed, action, step).level)
        found = set_dues(self.limits, timed, action, step)
        return {timer: iso(moment) for timer, moment in sorted(found.items())}

    def stages(self, case: CaseState) -> Sequence[str]:
        """The labels of the stages that the case's profile shows."""
        profile = self.profiles.get(case.profile)
        return [stage.label for stage in profile.stages] if profile else []

    def usual(self, state: str, profile: str = "") -> str:
        """The action that a case of *profile* most often takes next in *state*; empty where none is usual."""
        known = self.profiles.get(profile)
        held = self.states.get(state)
        return (known.next.get(state) if known else None) or (held.next if held else "")

    def label(self, code: str, profile: str = "") -> str:
        """What *profile* calls an action; the code of one that a newer program made."""
        action = self.action(code, profile)
        return action.label if action else code

    def _settled(self, case: CaseState, step: Step) -> CaseState:
        """*case* after a person's word about a contested step: dropped, or done now after all, as its author said it.

        The first word in the county's order counts. What can't be done now either stays contested: a person is asked again.
        """
        case = case.having(moves=(*case.moves, Move(step.id, step.action, step.at, case.state, case.state)))
        held = case.aside.get(str(step.values.get("step") or ""))
        if held is None:
            return case
        if step.values.get("word") != KEEP:
            return case.settling(held.id, DROP)
        after = self.apply(case.settling(held.id, KEEP), self.after_all(held, step))
        return case if held.id in after.contested else after

    @staticmethod
    def after_all(held: Step, settling: Step) -> Step:
        """The contested step *held* as it is done with *settling*: at its time, with the due times stored with it."""
        values = {name: value for name, value in held.values.items() if name != "due"}
        due = settling.values.get("due")
        return replace(held, at=settling.at, values={**values, "due": due} if due else values)

    def _before_filling(self, case: CaseState, action: Action, role: str) -> bool:
        """Whether the action is out of question whatever its form will say."""
        if case.state not in action.sources:
            return True
        known, bare = self.profiles.get(case.profile), Step("", action.code, _EPOCH, role=role)
        if (
            known
            and known.grades
            and case.state != "draft"
            and graded(known, self.grade(case.profile, case.grade), action)
        ):
            return True
        return any(GUARDS[name](case, bare) for name in action.guards if name in BEFORE_FILLING)

    def grade(self, profile: str, code: object) -> Grade | None:
        """The grade *code* of *profile*; None where it has none of that name."""
        known = self.profiles.get(profile)
        return known.grades.get(str(code)) if known and code else None

    def _team(self, case: CaseState, state: State, profile: str, *, visit: bool) -> str:
        """The team that owns *case* in *state*; a closed one only while its visit is to be made."""
        if not state.waiting and not visit:
            return ""
        known = self.profiles.get(profile)
        own = known.owners.get(state.code) if known else None
        return own or state.owner_at.get(case.level, state.owner)

    def _classified(self, case: CaseState, step: Step, profile: str) -> CaseState:
        values = step.values
        grade = self.grade(profile, values.get("grade"))
        return case.having(
            category=str(values.get("category") or case.category),
            urgency=str(values.get("urgency") or case.urgency),
            profile=profile,
            grade=grade.code if grade else case.grade,
            level=grade.level if grade else case.level,
        )

    def _dated(self, case: CaseState, step: Step, after: str) -> dict[str, Any]:
        """The moments that statistics count, and what follows from the way between two states."""
        before, then = self.states[case.state], self.states[after]
        changes: dict[str, Any] = {"case_no": said(step.values, "case_no") or case.case_no}
        if before.counts == "none" and then.counts not in {"none", "excluded"}:
            name = str(step.values.get("name") or "")
            member = said(step.values, "entered_for")
            changes.update(reported_at=step.at, reporter=step.user, reporter_name=name, entered_for=member)
        if then.counts == "none":
            changes.update(reported_at=None, reporter="", reporter_name="", entered_for="")
        if (then.open or then.counts == "closed") and case.accepted_at is None:
            changes["accepted_at"] = step.at
        if after == "assigned":
            changes.update(assigned_at=step.at, acknowledged_at=None, returned_at=None)
        if case.state == "assigned" and after == "handling":
            changes["acknowledged_at"] = step.at
        if after == "feedback" and case.feedback_at is None:
            changes["feedback_at"] = step.at
        if then.counts == "closed" and before.counts != "closed":
            changes["closed_at"] = step.at
        if before.counts == "closed" and then.open:
            changes.update(closed_at=None, reopen_count=case.reopen_count + 1)
        return changes


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _affected(case: CaseState, action: Action, step: Step) -> CaseState:
    for effect in action.does:
        case = EFFECTS[effect](case, step)
    return case


def _check_dues(root: Table, states: Mapping[str, State], limits: Limits) -> None:
    """Every state in which somebody has to act needs a timer that every urgency gives a length."""
    for state in states.values():
        if state.waiting and not (state.due and all(limits.limit(state.due, urgency) for urgency in URGENCIES)):
            raise KnownError("rules.no_due", file=root.file, state=state.label, timer=state.due or "—")
