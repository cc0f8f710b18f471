"""Why a step isn't allowed on a case: the same at every desk, at the county, and wherever the county's order puts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.case_actions import Action
from app.rules.case_admission import admission_fault
from app.rules.case_effects import GUARDS
from app.rules.case_fields import missing
from app.rules.case_fold import CaseState, Step
from app.rules.case_profiles import Grade, Profile
from app.rules.case_separation import Doing
from app.rules.classes import above
from app.schema.values import Fault

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules


def faults(rules: CaseRules, case: CaseState, action: Action, step: Step, profile: str) -> Iterator[Fault]:
    """Why *step* isn't allowed on *case*, which *profile* holds for from now on; lazily, for folding asks only for the first."""
    if case.state not in action.sources:
        words = sentence("rules.not_here", state=rules.states[case.state].label, action=action.label)
        yield Fault("action", "not_here", words)
        return
    known = rules.profiles.get(profile)
    if known and action.code not in known.actions:
        words = sentence("rules.not_in_profile", profile=known.label, action=action.label)
        yield Fault("action", "not_in_profile", words)
        return
    for name in action.guards:
        if fault := GUARDS[name](case, step):
            yield fault
    grade = rules.grade(profile, action.said(step.values, "grade") or case.grade)
    if known and known.grades and case.state != "draft" and (fault := graded(known, grade, action)):
        yield fault
    must = (*action.must, *grade.require.get(action.code, ())) if grade else action.must
    if must and (fault := missing(action, step.values, must)):
        yield fault
    if action.only_reporter and case.reporter and step.user != case.reporter:
        yield Fault("action", "only_reporter", sentence("rules.only_reporter"))
    yield from _class_faults(rules, case, action, step)
    for concern in rules.separation(case, Doing(action.code, step.values, step.user, step.role, step.unit), step.at):
        if concern.strict:
            yield Fault("action", concern.code, concern.message)


def graded(profile: Profile, grade: Grade | None, action: Action) -> Fault | None:
    """Why a case of *grade* can't take *action*."""
    shut = grade is not None and action.code in grade.shuts
    if shut or (action.code in profile.opened and not (grade and action.code in grade.opens)):
        return Fault("action", "not_of_grade", sentence("rules.not_of_grade", action=action.label))
    return None


def _class_faults(rules: CaseRules, case: CaseState, action: Action, step: Step) -> Iterator[Fault]:
    """What the class of the case forbids."""
    category = action.said(step.values, "category") or case.category
    if action.code == "self_handle" and not rules.never_self_handled.isdisjoint(above(category)):
        label = rules.codes["event_class"].label(category) if "event_class" in rules.codes else category
        yield Fault("category", "not_self_handled", sentence("rules.not_self_handled", label=label))
    approved = step.role == "director" or step.values.get("approved_by")
    if action.code == "reject" and not approved and not rules.rejected_by_director.isdisjoint(above(category)):
        yield Fault("approved_by", "director_rejects", sentence("rules.director_rejects"))
    if fault := admission_fault(rules.admissions, category, step, action.code, rules.codes):
        yield fault
