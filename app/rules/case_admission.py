"""The admission list (准入清单): which classes of cases may be given to a grid member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.messages import sentence
from app.rules.case_actions import Action
from app.rules.case_fold import Step
from app.rules.classes import above
from app.rules.reading import Table
from app.schema.codes import CodeList
from app.schema.dates import CHINA
from app.schema.values import Fault

GIVING = frozenset({"assign", "reassign"})
"""The actions that give a case to somebody."""
MEMBER = "grid_member"


@dataclass(frozen=True, slots=True)
class Span:
    """The days on which a rule is in force, both ends included; what isn't said has no end.

    A rule that changes gets a new row from that day on: what was done under the old one is judged by the old one for ever.
    """

    since: dt.date | None = None
    until: dt.date | None = None

    def holds(self, at: dt.datetime) -> bool:
        """Whether it is in force at *at*."""
        if self.since is None and self.until is None:
            return True
        day = at.astimezone(CHINA).date()
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


ALWAYS = Span()


def read_span(row: Table) -> Span:
    """The ``since`` and ``until`` of *row*."""
    found = []
    for key in ("since", "until"):
        value = row.raw(key) if key in row else None
        if value is not None and (not isinstance(value, dt.date) or isinstance(value, dt.datetime)):
            raise row.fault("value_wrong", key=key, wanted="2026-10-01 这样的日期，不加引号")
        found.append(value)
    return Span(*found)


@dataclass(frozen=True, slots=True)
class Admission:
    """Some classes that grid members may be given, and when."""

    classes: frozenset[str]
    span: Span


def read_admissions(root: Table, codes: Mapping[str, CodeList]) -> tuple[Admission, ...]:
    """The admission list of a rule file; KnownError where it names a class that isn't in the catalogue."""
    found = []
    known = {item.code for item in codes["event_class"].known} if "event_class" in codes else None
    for row in root.rows("admission"):
        row.only("classes", "since", "until", "note")
        classes = row.some_of("classes", known) if known else row.texts("classes")
        found.append(Admission(frozenset(classes), read_span(row)))
    return tuple(found)


def to_member(action: str, values: Mapping[str, Any], role: str) -> bool:
    """Whether a step gives a case to a grid member: it says so, or one takes it over."""
    if action in GIVING:
        return values.get("lead_role") == MEMBER
    return action == "acknowledge" and role == MEMBER


def admission_fault(
    admissions: tuple[Admission, ...], category: str, step: Step, action: str, codes: Mapping[str, CodeList]
) -> Fault | None:
    """Why a grid member can't be given a case of *category*; None where he can. A class admits what lies below it."""
    if not to_member(action, step.values, step.role) or not admissions:
        return None
    codes_above = above(category)
    if any(not row.classes.isdisjoint(codes_above) and row.span.holds(step.at) for row in admissions):
        return None
    label = codes["event_class"].label(category) if "event_class" in codes else category
    return Fault(
        "lead_unit" if action in GIVING else "action", "not_admitted", sentence("rules.not_admitted", label=label)
    )


def givable(
    admissions: tuple[Admission, ...], category: str, at: dt.datetime, action: Action, codes: Mapping[str, CodeList]
) -> Action:
    """*action* without the choice of a grid member where none may be given a case of *category*: to whom it goes is then no question."""
    fields = {field.name: field for field in action.fields}
    to_member = Step("", action.code, at, {"lead_role": MEMBER})
    if "lead_role" not in fields or admission_fault(admissions, category, to_member, action.code, codes) is None:
        return action
    asked = fields["lead_role"]
    fields["lead_role"] = replace(
        asked, options={code: label for code, label in asked.options.items() if code != MEMBER}
    )
    return replace(action, fields=tuple(fields.values()))
