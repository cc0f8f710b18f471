"""Who may not be the same person in one case: the reporter and the handler, the handler and the verifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.messages import sentence
from app.rules.case_fold import CaseState
from app.rules.reading import Table

MODES = ("strict", "warn", "off")
_ASSIGNING = frozenset({"assign", "reassign"})
_VERIFYING = frozenset({"verify", "verify_pass", "verify_fail"})


@dataclass(frozen=True, slots=True)
class Concern:
    """A separation rule that an action would offend; a *strict* one forbids it, the others are said and go on."""

    code: str
    strict: bool
    message: str


@dataclass(frozen=True, slots=True)
class Separation:
    """One rule; cases of ``classes`` are free of it."""

    code: str
    mode: str
    classes: frozenset[str]

    def concern(self, case: CaseState, action: str, values: Mapping[str, Any], user: str) -> Concern | None:
        """The concern that *user* doing *action* gives rise to; None where there is none."""
        if self.mode == "off" or case.category in self.classes or not _RULES[self.code](case, action, values, user):
            return None
        return Concern(self.code, self.mode == "strict", sentence(f"rules.{self.code}"))


def read_separations(root: Table) -> dict[str, Separation]:
    """The separation rules of a rule file; one that it doesn't name is off."""
    found = {}
    for row in root.rows("separation"):
        row.only("code", "mode", "classes")
        code = row.one_of("code", _RULES)
        found[code] = Separation(code, row.one_of("mode", MODES), frozenset(row.texts("classes", ())))
    return found


def _reporter_handles(case: CaseState, action: str, values: Mapping[str, Any], user: str) -> bool:
    if not case.reporter:
        return False
    if action in _ASSIGNING:
        return values.get("lead_handler") == case.reporter
    return action == "acknowledge" and (values.get("handler") or user) == case.reporter


def _handler_verifies(case: CaseState, action: str, _values: Mapping[str, Any], user: str) -> bool:
    return action in _VERIFYING and user in case.handlers


_RULES = {"reporter_not_handler": _reporter_handles, "handler_not_verifier": _handler_verifies}
