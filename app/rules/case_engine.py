"""The case engine: which actions a case allows, what they ask for, and the state that its steps add up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.errors import KnownError
from app.messages import sentence
from app.paths import resource
from app.rules.calendar import iso
from app.rules.case_actions import Action, read_actions
from app.rules.case_effects import BEFORE_FILLING, EFFECTS, GUARDS
from app.rules.case_fields import check_fields, fill_fields
from app.rules.case_fold import CaseState, Move, Step, in_order
from app.rules.case_separation import Concern, Separation, read_separations
from app.rules.case_states import Profile, State, read_profiles, read_states
from app.rules.case_timers import HANDLE, next_timers, set_dues
from app.rules.limits import URGENCIES, Limits
from app.rules.reading import Table, read_table
from app.schema.codes import CodeList, load_codes
from app.schema.values import Fault

__all__ = ["Action", "CaseRules", "CaseState", "Concern", "Profile", "State", "Step"]


@dataclass(frozen=True)
class CaseRules:
    """Everything in resources/rules/cases.toml and the limits beside it. Pure: the time comes with the steps."""

    states: Mapping[str, State]
    actions: Mapping[str, Action]
    aliases: Mapping[str, str]
    profiles: Mapping[str, Profile]
    separations: Mapping[str, Separation]
    limits: Limits
    codes: Mapping[str, CodeList]
    never_self_handled: frozenset[str] = frozenset()

    @classmethod
    def load(cls, folder: Path | None = None, codes: Mapping[str, CodeList] | None = None) -> CaseRules:
        """The rules of *folder* (default: resources/rules).

        KnownError("rules.…") naming file, place and key of what is wrong.
        """
        folder = folder or resource("rules")
        limits = Limits.load(folder / "limits.toml")
        root = read_table(folder / "cases.toml")
        root.only("states", "teams", "actions", "separation", "self_handling", "profiles")
        states = read_states(root, limits.timers)
        actions, aliases = read_actions(root, states, limits.timers)
        _check_dues(root, states, limits)
        handling = root.table("self_handling")
        handling.only("never")
        return cls(
            states,
            actions,
            aliases,
            read_profiles(root, states, actions),
            read_separations(root),
            limits,
            load_codes(resource("codes")) if codes is None else codes,
            frozenset(handling.texts("never", ())),
        )

    def action(self, code: str) -> Action | None:
        """The action of *code* or of an alias of it; None for one that a newer program made."""
        return self.actions.get(self.aliases.get(code, code))

    def fold(self, event_values: Mapping[str, Any], steps: Iterable[Step]) -> CaseState:
        """The case that *steps* add up to, in the county's order.

        A step not allowed where it falls is contested: kept, nothing moved.
        """
        case = self.begin(event_values)
        for step in in_order(steps):
            case = self.apply(case, step)
        return case

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
        action = self.action(step.action)
        if action is None or self._refusals(case, action, step, tuple(action.guards)):
            return replace(
                case,
                contested=(*case.contested, step.id),
                moves=(*case.moves, Move(step.id, step.action, step.at, case.state, case.state)),
            )
        after = action.target(case.state, step.values)
        case = self._classified(case, step)
        due, held = next_timers(case, action, after, set_dues(self.limits, case, action, step))
        moved = self._dated(case, step, after)
        for effect in action.does:
            moved = EFFECTS[effect](moved, step)
        if case.state == "suspended" and after != "suspended" and case.suspended_at:
            stood = max(step.at - case.suspended_at, dt.timedelta())
            moved = replace(moved, suspended_at=None, suspended_for=case.suspended_for + stood)
        return replace(
            moved,
            state=after,
            due=due,
            held=held,
            handle_due=None if after in {"draft", "accepted"} else due.get(HANDLE, case.handle_due),
            due_timer=self.states[after].due,
            last_at=step.at,
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

        ``author``: the user made the record. Without ``all_profiles`` what the case's profile skips is
        left out.
        """
        profile = self.profiles.get(case.profile)
        skips = profile.skips if profile and not all_profiles else frozenset[str]()
        found = [
            action
            for action in self.actions.values()
            if not action.quiet
            and action.code not in skips
            and (self.role_for(action.code, roles) is not None or (author and case.state in action.author_sources))
            and not (action.only_reporter and user and case.reporter and user != case.reporter)
            and not self._refusals(
                case, action, Step("", action.code, _EPOCH), tuple(BEFORE_FILLING & set(action.guards))
            )
            and not any(concern.strict for concern in self.separation(case, action.code, {}, user))
        ]
        usual = self.states[case.state].next
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
        action = self.action(code)
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
        }
        return fill_fields(action, values, event, known, self.codes)

    def check(self, code: str, values: Mapping[str, Any]) -> list[Fault]:
        """What is wrong with the *values* of an action, by field; empty where it can be saved."""
        action = self.action(code)
        if action is None:
            return [Fault("action", "unknown_action", sentence("rules.unknown_action", action=code))]
        return check_fields(action, values, self.codes)

    def refusals(self, case: CaseState, step: Step) -> list[Fault]:
        """Why *step* can't be done now: wrong state, a condition not met, a strict separation, not the reporter."""
        action = self.action(step.action)
        if action is None:
            return [Fault("action", "unknown_action", sentence("rules.unknown_action", action=step.action))]
        faults = self._refusals(case, action, step, tuple(action.guards))
        if not faults and action.only_reporter and case.reporter and step.user != case.reporter:
            faults = [Fault("action", "only_reporter", sentence("rules.only_reporter"))]
        category = str(step.values.get("category") or case.category)
        if action.code == "self_handle" and category in self.never_self_handled:
            label = self.codes["event_class"].label(category) if "event_class" in self.codes else category
            faults.append(Fault("category", "not_self_handled", sentence("rules.not_self_handled", label=label)))
        concerns = self.separation(case, action.code, step.values, step.user)
        return faults + [Fault("action", concern.code, concern.message) for concern in concerns if concern.strict]

    def separation(self, case: CaseState, code: str, values: Mapping[str, Any], user: str) -> list[Concern]:
        """The separation rules that the action would offend; those that aren't strict only warn."""
        rules = self.separations.values()
        return [concern for rule in rules if (concern := rule.concern(case, code, values, user)) is not None]

    def dues(self, case: CaseState, step: Step) -> dict[str, str]:
        """The due times that *step* sets, to be stored in its values under ``due``.

        Stored, they stand: a later change of the limits doesn't move them.
        """
        action = self.action(step.action)
        if action is None:
            return {}
        found = set_dues(self.limits, self._classified(case, step), action, step)
        return {timer: iso(moment) for timer, moment in sorted(found.items())}

    def stages(self, case: CaseState) -> Sequence[str]:
        """The labels of the stages that the case's profile shows."""
        profile = self.profiles.get(case.profile)
        return [stage.label for stage in profile.stages] if profile else []

    def _refusals(self, case: CaseState, action: Action, step: Step, guards: Iterable[str]) -> list[Fault]:
        if case.state not in action.sources:
            words = sentence("rules.not_here", state=self.states[case.state].label, action=action.label)
            return [Fault("action", "not_here", words)]
        return [fault for name in guards if (fault := GUARDS[name](case, step)) is not None]

    @staticmethod
    def _classified(case: CaseState, step: Step) -> CaseState:
        return replace(
            case,
            category=str(step.values.get("category") or case.category),
            urgency=str(step.values.get("urgency") or case.urgency),
        )

    def _dated(self, case: CaseState, step: Step, after: str) -> CaseState:
        """The moments that statistics count, and what follows from the way between two states."""
        before, then = self.states[case.state], self.states[after]
        changes: dict[str, Any] = {"case_no": step.values.get("case_no") or case.case_no}
        if before.counts == "none" and then.counts not in {"none", "excluded"}:
            changes.update(reported_at=step.at, reporter=step.user)
        if then.counts == "none":
            changes.update(reported_at=None, reporter="")
        if (then.open or then.counts == "closed") and case.accepted_at is None:
            changes["accepted_at"] = step.at
        if after == "assigned":
            changes.update(assigned_at=step.at, acknowledged_at=None)
        if case.state == "assigned" and after == "handling":
            changes["acknowledged_at"] = step.at
        if after == "feedback" and case.feedback_at is None:
            changes["feedback_at"] = step.at
        if then.counts == "closed" and before.counts != "closed":
            changes["closed_at"] = step.at
        if before.counts == "closed" and then.open:
            changes.update(closed_at=None, reopen_count=case.reopen_count + 1)
        return replace(case, **changes)


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _check_dues(root: Table, states: Mapping[str, State], limits: Limits) -> None:
    """Every state in which somebody has to act needs a timer that every urgency gives a length."""
    for state in states.values():
        if state.waiting and not (state.due and all(limits.limit(state.due, urgency) for urgency in URGENCIES)):
            raise KnownError("rules.no_due", file=root.file, state=state.label, timer=state.due or "—")
