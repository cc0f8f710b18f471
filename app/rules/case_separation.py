"""Who may not be the same person in one case: reporter and handler, handler and verifier, who asks and who grants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.messages import sentence
from app.rules.case_admission import ALWAYS, GIVING, Span, read_span
from app.rules.case_effects import said
from app.rules.case_fold import CaseState
from app.rules.classes import above
from app.rules.reading import Table

MODES = ("strict", "warn", "off")
_HANDLING = frozenset(
    {"acknowledge", "return_back", "progress", "feed_back", "extend_request", "suspend_request", "supervise_answer"}
)
_VERIFYING = frozenset({"verify", "verify_pass", "verify_fail"})


@dataclass(frozen=True, slots=True)
class Concern:
    """A separation rule that an action would offend; a *strict* one forbids it, the others are said and go on."""

    code: str
    strict: bool
    message: str


@dataclass(frozen=True, slots=True)
class Doing:
    """An action with what it says, and who would do it: account, role and unit as the step records them."""

    action: str
    values: Mapping[str, Any]
    user: str
    role: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Separation:
    """One rule; cases of ``classes`` and people in ``roles`` are free of it, and ``modes`` gives some classes a mode of their own."""

    code: str
    mode: str
    classes: frozenset[str]
    modes: Mapping[str, str] = field(default_factory=dict)
    span: Span = ALWAYS
    roles: frozenset[str] = frozenset()

    def mode_for(self, category: str) -> str:
        """strict, warn or off for cases of *category*; a class has what the class above it has."""
        codes = above(category)
        if not self.classes.isdisjoint(codes):
            return "off"
        return next((self.modes[code] for code in codes if code in self.modes), self.mode)

    def concern(self, case: CaseState, doing: Doing, at: dt.datetime | None = None) -> Concern | None:
        """The concern that *doing* something at *at* gives rise to; None where there is none."""
        if doing.role in self.roles or (at is not None and not self.span.holds(at)):
            return None
        if not _RULES[self.code](case, doing):
            return None
        mode = self.mode_for(case.category)
        return None if mode == "off" else Concern(self.code, mode == "strict", sentence(f"rules.{self.code}"))


def read_separations(root: Table) -> tuple[Separation, ...]:
    """The separation rules of a rule file; one that it doesn't name is off."""
    found = []
    for row in root.rows("separation"):
        row.only("code", "mode", "classes", "modes", "roles", "since", "until")
        modes = row.table("modes")
        found.append(
            Separation(
                row.one_of("code", _RULES),
                row.one_of("mode", MODES),
                frozenset(row.texts("classes", ())),
                {name: modes.one_of(name, MODES) for name in modes},
                read_span(row),
                frozenset(row.texts("roles", ())),
            )
        )
    return tuple(found)


def _reporter_handles(case: CaseState, doing: Doing) -> bool:
    action, values, user = doing.action, doing.values, doing.user
    # Who brought in an order of another system found nothing out himself.
    if not case.reporter or case.imported:
        return False
    # Entered for a member who phoned in, it is he who collected it, not the clerk who wrote it down.
    reporter = {case.entered_for} if case.entered_for else {case.reporter, case.reporter_name or case.reporter}
    if action in GIVING:
        return said(values, "lead_handler") in reporter
    if action != "acknowledge":
        return False
    handler, name = said(values, "handler"), said(values, "name")
    is_reporter = not reporter.isdisjoint({user, name} - {""}) if case.entered_for else user == case.reporter
    # Who signs for another unit's handler is not that handler.
    return handler in reporter or (handler in {"", user, name} and is_reporter)


def _handler_verifies(case: CaseState, doing: Doing) -> bool:
    # A visit before the closing is the check of that profile.
    checks = doing.action in _VERIFYING or (doing.action == "return_visit" and case.closed_at is None)
    return checks and doing.user in case.handlers


def _handler_visits(case: CaseState, doing: Doing) -> bool:
    if doing.action != "return_visit" or case.closed_at is None:
        return False
    return doing.user in case.handlers or (case.self_handled and doing.user == case.reporter)


def _stranger_handles(case: CaseState, doing: Doing) -> bool:
    """What the lead unit says of its case is said by somebody of another one."""
    if doing.action not in _HANDLING or not case.lead_unit or case.transferred:
        return False
    who = {doing.unit, doing.user, said(doing.values, "name")} - {""}
    return bool(doing.unit) and who.isdisjoint({case.lead_unit, case.handler})


def _asker_grants(case: CaseState, doing: Doing) -> bool:
    """Somebody says yes to his own request: to the extension or the suspension that waits."""
    if doing.action == "extend_grant":
        return bool(case.extension_days and case.extension_by) and doing.user == case.extension_by
    return doing.action == "suspend" and bool(case.suspension_by) and doing.user == case.suspension_by


_RULES = {
    "reporter_not_handler": _reporter_handles,
    "handler_not_verifier": _handler_verifies,
    "handler_not_visitor": _handler_visits,
    "handler_of_lead": _stranger_handles,
    "asker_not_granter": _asker_grants,
}
