"""What a case is at one moment: its steps, and the state that follows from them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rules.calendar import iso, parse
from app.rules.whistles import Whistle
from app.schema.dates import CHINA

LEVELS = ("grid", "village", "township", "county")
# The columns of an event step; what an action records beside them stands in ``details`` as JSON.
_COLUMNS = ("opinion", "lead_unit", "assist_units", "due_at", "case_no")
_NO_TIME = dt.datetime(1970, 1, 1, tzinfo=CHINA)
_UNITS = re.compile(r"[、,，;；\s]+")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody did in a case; never changed after. ``rev`` is the county's number, None while unsent.

    ``counter`` is the device's own count of its saves; it orders only what is unsent.
    """

    id: str
    action: str
    at: dt.datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    role: str = ""
    unit: str = ""
    rev: int | None = None
    counter: int | None = None

    @classmethod
    def read(
        cls,
        id: str,  # noqa: A002 - a record's id
        values: Mapping[str, Any],
        user: str = "",
        rev: int | None = None,
        counter: int | None = None,
    ) -> Step:
        """The step that an event_step record holds. A ``details`` that isn't JSON stays text under its own name.

        An ``at`` that is no time counts as the beginning of 1970: one bad step must not end the folding of all cases.
        """
        merged = {name: values[name] for name in _COLUMNS if values.get(name) is not None}
        details = values.get("details")
        if details:
            try:
                found = json.loads(details)
            except ValueError:
                found = None
            merged = {**found, **merged} if isinstance(found, dict) else {**merged, "details": details}
        who = user or str(values.get("by") or "")
        return cls(
            id, str(values.get("action") or ""), _moment(values.get("at")), merged, who,
            str(values.get("role") or ""), str(values.get("unit") or ""), rev, counter,
        )  # fmt: skip

    def row(self) -> dict[str, str | None]:
        """The values of its event_step record, but for ``event``."""
        columns = {name: self.values[name] for name in _COLUMNS if self.values.get(name) not in (None, "", (), [])}
        if "assist_units" in columns:
            columns["assist_units"] = "、".join(units(columns["assist_units"]))
        rest = {name: value for name, value in self.values.items() if name not in _COLUMNS and value not in (None, "")}
        return {
            "action": self.action,
            "at": iso(self.at),
            "by": self.user or None,
            "role": self.role or None,
            "unit": self.unit or None,
            **columns,
            "details": json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else None,
        }


def _moment(at: object) -> dt.datetime:
    try:
        return parse(str(at))
    except (ValueError, OverflowError):
        return _NO_TIME


def in_order(steps: Iterable[Step]) -> list[Step]:
    """The county's order: by rev, then what is unsent by local count.

    Within one rev the id decides, because every replica knows it: ids count up on the device that made them.
    """
    return sorted(steps, key=order_key)


def order_key(step: Step) -> tuple[bool, int, int, str]:
    """Where *step* stands in the county's order, among the steps of one case and of several."""
    return step.rev is None, step.rev or 0, (step.counter or 0) if step.rev is None else 0, step.id


def units(value: object) -> tuple[str, ...]:
    """The unit names of *value*, a list or a text parted by 、 or commas, each once."""
    parts = _UNITS.split(value) if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    return tuple(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


@dataclass(frozen=True, slots=True)
class AssistPart:
    """An assisting unit and how far it is: assigned, acknowledged, done or refused."""

    unit: str
    state: str = "assigned"

    @property
    def open(self) -> bool:
        """Whether the unit still owes its part."""
        return self.state in {"assigned", "acknowledged"}


@dataclass(frozen=True, slots=True)
class Move:
    """What one step did: the states before and after it. A contested one moved nothing."""

    step: str
    action: str
    at: dt.datetime
    before: str
    after: str


@dataclass(frozen=True)
class CaseState:
    """A case after all its steps. ``due`` holds the timers that run, ``held`` those stopped by a suspension,
    ``since`` when each was set (also of those that run no more).

    ``handle_due`` is the handling limit last agreed: statistics compare with it also after its timer has stopped.
    ``own_span``: how long the dispatcher gave where that was not the table's limit. ``owner_role`` is a team of the
    rule file, ``owner_unit`` the unit in it that is meant, empty where whoever is of the team may act. ``aside``: the
    contested steps by id, ``reasons`` why they are; ``once``: what counts once only, however many devices told of it;
    ``settled``: what a person said of steps that were contested, by step: "keep" or "drop".
    ``asked``: the request that waits for a word, of two the later (then the other is next); ``suspension_asked``: a suspension is.
    ``yielded``: steps of the county's own that gave way; ``beneath``: the case as it would be without those that still may (see
    ``case_yielding``).
    ``entered_for``: the member who found it, where somebody else registered it for him. ``imported``: it came as an order of
    another system; ``reporter`` only brought it in.
    """

    state: str = "draft"
    profile: str = "seven_stage"
    category: str = "unclassified"
    urgency: str = "normal"
    level: str = "township"
    grade: str | None = None
    case_no: str | None = None
    lead_unit: str | None = None
    assist_units: tuple[AssistPart, ...] = ()
    owner_role: str = ""
    owner_unit: str = ""
    handler: str | None = None
    asked: str = ""
    suspension_asked: bool = False
    suspension_by: str = ""
    result: str | None = None
    master: str | None = None
    due_timer: str = ""
    due: Mapping[str, dt.datetime] = field(default_factory=dict)
    held: Mapping[str, dt.datetime] = field(default_factory=dict)
    since: Mapping[str, dt.datetime] = field(default_factory=dict)
    reporter: str = ""
    reporter_name: str = ""
    entered_for: str = ""
    imported: bool = False
    handlers: frozenset[str] = frozenset()
    reported_at: dt.datetime | None = None
    accepted_at: dt.datetime | None = None
    assigned_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    feedback_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    handle_due: dt.datetime | None = None
    own_span: dt.timedelta | None = None
    last_at: dt.datetime | None = None
    returned_at: dt.datetime | None = None
    suspended_at: dt.datetime | None = None
    suspended_for: dt.timedelta = dt.timedelta()
    contested: tuple[str, ...] = ()
    aside: Mapping[str, Step] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    settled: Mapping[str, str] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    yielded: tuple[str, ...] = ()
    beneath: CaseState | None = None
    return_count: int = 0
    reopen_count: int = 0
    rework_count: int = 0
    verify_count: int = 0
    extension_count: int = 0
    extension_days: int = 0
    extension_unit: str = ""
    extension_by: str = ""
    extended_days: int = 0
    extension_engineering: bool = False
    remind_count: int = 0
    escalations: tuple[dt.datetime, ...] = ()
    supervise_level: int = 0
    patron: str | None = None
    review_count: int = 0
    self_handled: bool = False
    transferred: bool = False
    once: frozenset[str] = frozenset()
    whistles: tuple[Whistle, ...] = ()
    visited_at: dt.datetime | None = None
    visit_tries: int = 0
    satisfaction: str | None = None

    def having(self, **changes: Any) -> CaseState:
        """A copy with *changes*. A case is folded some ten thousand times in a first copy: this costs a tenth of ``replace``."""
        made = object.__new__(CaseState)
        made.__dict__.update(self.__dict__)
        made.__dict__.update(changes)
        return made

    @property
    def due_at(self) -> dt.datetime | None:
        """When the timer of the present state ends; None where none runs."""
        return self.due.get(self.due_timer)

    def overdue(self, at: dt.datetime) -> bool:
        """Whether what this state waits for was due before *at*; for a suspended case its planned end."""
        return self.due_at is not None and self.due_at < at

    def late_timers(self, at: dt.datetime) -> tuple[str, ...]:
        """Every timer that ended before *at*, the longest late first."""
        return tuple(timer for timer, due in sorted(self.due.items(), key=lambda item: (item[1], item[0])) if due < at)

    def contesting(self, step: Step, why: str) -> CaseState:
        """The case with *step* kept aside, *why* in words: it moves nothing until a person has said what counts."""
        known = step.id in self.aside
        return self.having(
            contested=self.contested if known else (*self.contested, step.id),
            aside={**self.aside, step.id: step},
            reasons={**self.reasons, step.id: why},
            moves=(*self.moves, Move(step.id, step.action, step.at, self.state, self.state)),
        )

    def settling(self, step_id: str, word: str) -> CaseState:
        """The case with one contested step settled."""
        return self.having(
            contested=tuple(one for one in self.contested if one != step_id),
            aside={one: step for one, step in self.aside.items() if one != step_id},
            settled={**self.settled, step_id: word},
        )

    def counts(self, step_id: str) -> bool:
        """Whether a step of the case counts: it is not contested, and nobody has said that it doesn't."""
        return step_id not in self.aside and self.settled.get(step_id) != "drop"

    def columns(self) -> dict[str, str | int | None]:
        """The derived fields of the event record."""
        moments = {
            "due_at": self.due_at,
            "due_since": self.since.get(self.due_timer) if self.due_at else None,
            "first_due": min(self.due.values(), default=None),
            "handle_due": self.handle_due,
            "visit_due": self.due.get("visit_due"),
            "patron_due": self.due.get("patron_due"),
            "reported_at": self.reported_at,
            "accepted_at": self.accepted_at,
            "closed_at": self.closed_at,
            "returned_at": self.returned_at,
            "last_at": self.last_at,
            "whistled_at": max((whistle.at for whistle in self.whistles), default=None),
        }
        return {
            "state": self.state,
            "case_no": self.case_no,
            "level": self.level,
            "lead_unit": self.lead_unit,
            **{name: iso(moment) if moment else None for name, moment in moments.items()},
            "contested": len(self.contested),
            "class_now": self.category,
            "urgency_now": self.urgency,
            "profile_now": self.profile,
            "grade": self.grade,
            "owner_role": self.owner_role or None,
            "owner_unit": self.owner_unit or None,
            "handler": self.handler,
            "handlers": "、".join(sorted(self.handlers)) or None,
            "reported_by": self.reporter or None,
            "assisting": "、".join(part.unit for part in self.assist_units) or None,
            "assist_open": "、".join(part.unit for part in self.assist_units if part.open) or None,
            "asked": self.asked or None,
            "patron": self.patron,
            "supervise_level": self.supervise_level,
            "return_count": self.return_count,
            "reopen_count": self.reopen_count,
            "extension_count": self.extension_count,
            "satisfaction": self.satisfaction,
            "master": self.master,
            "visit_tries": self.visit_tries,
        }
