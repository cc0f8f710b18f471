"""Cases: reporting, acting, and what follows from the steps. The state is never a field that anyone sets."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.messages import sentence
from app.rules.case_effects import KEEP
from app.rules.case_engine import Action, CaseRules, CaseState, Concern, Doing, Step
from app.rules.case_merging import MERGE, MERGED, TOLD
from app.rules.case_settling import AS, Way, way
from app.schema.dates import CHINA
from app.schema.record import Record
from app.schema.values import Fault, Value
from app.services.case_folding import EVENT, STEP, derive_cases, fold_case, read_steps
from app.services.case_limits import past_limits
from app.services.case_masters import master_faults
from app.services.case_numbers import CaseNumbers
from app.services.case_queues import Where, ours, questions
from app.services.gate import Gate
from app.services.records import Outcome
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

__all__ = ["EVENT", "STEP", "Case", "Cases", "derive_cases", "keep_reported", "read_steps"]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_APART = datetime.timedelta(minutes=10)
"""So long after its making a step may reach the county without anybody asking when it did."""
Brings = Callable[[str, str], tuple[Sequence[Edit], Sequence["AuditLine"]]]
"""(step id, area) -> what is saved along with a step."""


@dataclass(frozen=True, slots=True)
class Case:
    """An event with its steps and the state that they add up to."""

    event: Record
    state: CaseState
    steps: tuple[Step, ...]


class Cases:
    """The cases of this desk."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self.rules = rules
        self.numbers = CaseNumbers(store)

    def now(self) -> datetime.datetime:
        """The time on the county's clock, in China."""
        return datetime.datetime.fromtimestamp(self._store.now_ms() / 1000, CHINA).replace(microsecond=0)

    def keep(self, values: Mapping[str, object], *, area: str = "") -> Outcome:
        """Save a new event as a draft (暂存): nobody else has to act on it until it is reported."""
        clean, faults = self._clean(values)
        if faults:
            return Outcome(None, tuple(faults))
        where = area or self._gate.session.area
        event_id = self._store.new_id()
        line = self._gate.line("create", EVENT, where, record=event_id, fields=",".join(clean), own=True)
        self._store.save([Edit(EVENT, event_id, where, clean)], self._gate.session.user, audit=[line])
        return Outcome(self._store.get(EVENT, event_id))

    def report(self, values: Mapping[str, object], *, area: str = "") -> Outcome:
        """Take a new event in and report it to the first desk, as one save."""
        event_id = self._store.new_id()
        edits, lines, faults = self.begun(event_id, values, area=area)
        if faults:
            return Outcome(None, tuple(faults))
        self._store.save(edits, self._gate.session.user, audit=lines)
        return Outcome(self._store.get(EVENT, event_id))

    def begun(
        self,
        event_id: str,
        values: Mapping[str, object],
        action: str = "report",
        said: Mapping[str, Any] = _NOTHING,
        *,
        area: str = "",
    ) -> tuple[list[Edit], list[AuditLine], list[Fault]]:
        """What saves a new event with its first step, *action* with what is *said* in it; faults, where it can't be.

        The caller saves it in one transaction with whatever else belongs to the case.
        """
        clean, faults = self._clean(values)
        if faults:
            return [], [], faults
        where = area or self._gate.session.area
        now = self.now()
        clean["found_at"] = clean.get("found_at") or now.isoformat()
        lines = [self._gate.line("create", EVENT, where, record=event_id, fields=",".join(clean), own=True)]
        lines.append(self._gate.line(f"act:{action}", EVENT, where, record=event_id, own=True))
        step, faults = self._step(self.rules.begin(clean), clean, action, said, now, where, event_id)
        if faults or step is None:
            return [], [], faults
        return [Edit(EVENT, event_id, where, clean), self._edit(event_id, where, step)], lines, []

    def further(
        self, event: Record, steps: Sequence[Step], action: str, values: Mapping[str, Any]
    ) -> tuple[Edit | None, list[Fault]]:
        """What saves one more step of a case whose *steps* the caller has read; he asks for the right and saves it with what belongs to it."""
        state = fold_case(self._store, self.rules, event, steps)
        step, faults = self._step(state, event.values, action, values, self.now(), event.area, event.id)
        return (self._edit(event.id, event.area, step) if step is not None and not faults else None), faults

    def _clean(self, values: Mapping[str, object]) -> tuple[dict[str, Value], list[Fault]]:
        form = self._store.forms[EVENT]
        clean, faults = form.clean(values)
        if clean.get("profile") is None:
            # No default of the form: what nobody chose must not hide what the class says.
            clean["profile"] = self.rules.profile_for(str(clean.get("category") or "")) or CaseState().profile
        for item in form.stored:
            if item.default is not None and clean.get(item.name) is None:
                clean[item.name] = item.default
        return clean, faults

    def act(
        self, event_id: str, action: str, values: Mapping[str, Any], *, brings: Brings | None = None, photos: int = 0
    ) -> Outcome:
        """Do *action* on a case; the record returned is the step. Faults say what is missing or why it can't be done now.

        What *brings* gives is saved with it; *photos*: how many are among that.
        """
        case = self.case(event_id)
        known = self.rules.action(action)
        code = known.code if known else action
        own = self._is_own(case)
        area = case.event.area
        line = self._gate.line(f"act:{code}", EVENT, area, record=event_id, own=own)
        now = self.now()
        step, faults = self._step(case.state, case.event.values, code, values, now, area, event_id, photos)
        if step is not None and code == MERGE:
            faults = master_faults(self._store, self.rules, event_id, str(step.values["master"]))
        if step is not None and not faults:
            faults = past_limits(self.rules, case.state.profile, case.event.values, step)
        if faults or step is None:
            return Outcome(None, tuple(faults))
        also, lines = brings(step.id, area) if brings else ((), ())
        if code == "accept" and not step.values.get("case_no") and not case.state.case_no:
            # Only now: a number taken for a step that is refused would be missing from the year's row.
            step = replace(step, values={**step.values, "case_no": self.numbers.next(now.year)})
        edits = [self._edit(event_id, area, step), *also]
        saved = self._store.save(edits, self._gate.session.user, audit=[line, *lines])
        return Outcome(self._store.get(STEP, saved.ids[0]))

    def beside(self, event_id: str, action: str, values: Mapping[str, Any], *, while_: str) -> Edit | None:
        """The step that another save brings along: what came of a mediation, told to its case.

        None where it can't be now: another has told it, or the timer *while_* no longer runs.
        """
        event = self._store.get(EVENT, event_id)
        if event is None or event.deleted:
            return None
        case = Case(event, fold_case(self._store, self.rules, event, self._steps(event_id)), ())
        if values.get("once") in case.state.once or while_ not in case.state.due:
            return None
        if not self._gate.decide(f"act:{action}", EVENT, event.area, own=True).allowed:
            return None
        step, _faults = self._step(case.state, event.values, action, values, self.now(), event.area, event_id)
        return self._edit(event_id, event.area, step) if step is not None else None

    def _steps(self, event_id: str) -> list[Step]:
        return read_steps(self._store, [event_id]).get(event_id, [])

    def settle(self, event_id: str, step_id: str, word: str, why: str = "") -> Outcome:
        """Say of a contested step that it counts after all ("keep") or doesn't ("drop"); that is a step itself.

        A step that counts is done now, as its author said it; faults say why it can't be.
        """
        case = self.case(event_id)
        line = self._gate.line("act:settle", EVENT, case.event.area, record=event_id, own=True)
        held = case.state.aside.get(step_id)
        if held is None:
            raise KnownError("conflicts.gone")
        now, area = self.now(), case.event.area
        values: dict[str, Any] = {"step": step_id, "word": word, "opinion": why}
        if word == KEEP:
            found = self.way(case.event, case.state, held, why)
            if found.fault is not None:
                return Outcome(None, (found.fault,))
            if found.action != held.action:
                said = why or sentence("conflicts.done_as", action=self.rules.label(held.action, case.state.profile))
                values |= {AS: found.action, "opinion": said}
            if dues := self.rules.dues(case.state.settling(step_id, KEEP), found.step):
                values["due"] = dues
        step, faults = self._step(case.state, case.event.values, "settle", values, now, area, event_id)
        if faults or step is None:
            return Outcome(None, tuple(faults))
        saved = self._store.save([self._edit(event_id, area, step)], self._gate.session.user, audit=[line])
        return Outcome(self._store.get(STEP, saved.ids[0]))

    def way(self, event: Record, state: CaseState, held: Step, why: str = "") -> Way:
        """How the contested step *held* would be done now, if somebody let it count for the reason *why*; or why it can't be."""
        said = why or sentence("conflicts.done_as", action=self.rules.label(held.action, state.profile))
        session = self._gate.session
        settling = Step("", "settle", self.now(), {"opinion": said}, session.user, "", session.unit)
        found = way(self.rules, state, held, settling)
        if found.fault is None and held.action == MERGE:
            faults = master_faults(self._store, self.rules, event.id, str(held.values.get("master") or ""))
            return replace(found, fault=next(iter(faults), None))
        return found

    def case(self, event_id: str) -> Case:
        """The case with its steps; KnownError("store.no_record")."""
        event = self._store.get(EVENT, event_id)
        if event is None or event.deleted:
            raise KnownError("store.no_record", form=self._store.forms[EVENT].title, id=event_id)
        steps = read_steps(self._store, [event_id]).get(event_id, [])
        found = Case(event, fold_case(self._store, self.rules, event, steps), tuple(steps))
        self._gate.require("read", EVENT, event.area, record=event_id, own=self._is_own(found))
        return found

    def owns(self, event_id: str) -> bool:
        """Whether the case is this user's own: his unit's or his to handle or to assist in, or reported by him."""
        if (event := self._store.get(EVENT, event_id)) is None:
            return False
        steps = read_steps(self._store, [event_id]).get(event_id, [])
        return self._is_own(Case(event, fold_case(self._store, self.rules, event, steps), tuple(steps)))

    def received(self, case: Case) -> dict[str, datetime.datetime]:
        """When the county took each step, by its own clock, whoever made it; of what it hasn't yet there is nothing."""
        found = self._store.query.received([step.id for step in case.steps])
        return {
            step: datetime.datetime.fromtimestamp(ms / 1000, CHINA).replace(microsecond=0) for step, ms in found.items()
        }

    def came_later(self, case: Case) -> dict[str, datetime.datetime]:
        """``received``, only of the steps that the county took clearly before or after the device says they were done."""
        came = self.received(case)
        return {s.id: came[s.id] for s in case.steps if s.id in came and abs(came[s.id] - s.at) >= _APART}

    def actions(self, case: Case) -> list[Action]:
        """What this user can do next, the usual next action first."""
        session = self._gate.session
        author = case.state.reporter == session.user
        found = self.rules.allowed(case.state, session.roles, session.user, author=author, at=self.now())
        if not case.event.values.get("visit_due"):
            # The reporter of a merged case is told once, when the work on it is done.
            found = [action for action in found if action.code != TOLD]
        own = self._is_own(case)
        return [a for a in found if self._gate.decide(f"act:{a.code}", EVENT, case.event.area, own=own).allowed]

    def concerns(self, case: Case, code: str) -> list[Concern]:
        """What this user should think of before he does the action *code*; strict ones forbid it."""
        session = self._gate.session
        role = self.rules.role_for(code, session.roles) or ""
        doing = Doing(code, {"name": session.name}, session.user, role, session.unit)
        return self.rules.separation(case.state, doing, self.now())

    def why_not(self, case: Case, code: str) -> str:
        """Why ``actions`` doesn't offer this user the action *code* on *case*, in a sentence."""
        session, profile = self._gate.session, self.rules.profiles.get(case.state.profile)
        action = self.rules.action(code, case.state.profile)
        if action is None:
            return sentence("rules.unknown_action", action=code)
        if profile and action.code not in profile.actions:
            return sentence("rules.not_in_profile", profile=profile.label, action=action.label)
        role = self.rules.role_for(action.code, session.roles) or ""
        decision = self._gate.decide(f"act:{action.code}", EVENT, case.event.area, own=self._is_own(case))
        if action.code == TOLD and case.state.state == MERGED and not case.event.values.get("visit_due"):
            return sentence("rules.not_to_tell")
        why = self.rules.hindrance(case.state, action, role, session.user, self.now()) or decision.message
        return why or sentence("rules.seldom", action=action.label)

    def open_cases(self, *, area: str | Collection[str] | None = None, limit: int | None = None) -> list[Record]:
        """Cases in which somebody has to act, soonest due first; for who only handles his own, those."""
        whole = self._gate.decide("read", EVENT, None).allowed
        self._gate.require("read", EVENT, None, own=not whole)
        waiting = [state.code for state in self.rules.states.values() if state.waiting]
        found = self._store.select(
            EVENT, {"state": waiting}, area=area, order=["due_at", "id"], limit=limit if whole else None
        )
        return found if whole else self._own(found)[:limit]

    def queue(
        self,
        name: str,
        *,
        area: str | Collection[str] | None = None,
        order: Sequence[str] = ("due_at", "id"),
        limit: int | None = None,
        within: Where | None = None,
    ) -> list[Record]:
        """The cases of one of ``case_queues.QUEUES``, soonest due first; for who only handles his own, those.

        *within*: of these only such as the columns say.
        """
        whole = self._gate.decide("read", EVENT, None).allowed
        self._gate.require("read", EVENT, None, own=not whole)
        found: list[Record] = []
        for where in questions(self.rules, self._gate.session, name):
            # Few are contested: asked for in an order, the index of that order would be read to its end to find them.
            by = () if name == "contested" else order
            asked = {**where, **(within or {})}
            found += self._store.select(EVENT, asked, area=area, order=by, limit=limit if whole and by else None)
        # Where there are several answers they must be laid together.
        found = list({case.id: case for case in found}.values())
        key = order[0].lstrip("-")
        found.sort(key=lambda case: str(case.values.get(key) or "~"), reverse=order[0].startswith("-"))
        return (found if whole else self._own(found))[:limit]

    def adrift(self) -> list[Record]:
        """Merged cases whose master, at the end of the chain, doesn't stand: void, rejected or deleted.

        Nobody works on them through their master, so a person must split them off. Of a master that isn't on this device
        nothing is known.
        """
        self._gate.require("read", EVENT, None)
        return self._store.select(EVENT, {"state": [MERGED], "due_at": (">", "")}, order=["last_at", "id"])

    def due_cases(self, today: datetime.date, *, area: str | Collection[str] | None = None) -> list[Record]:
        """Open cases due by the end of *today*, soonest first."""
        end = f"{today.isoformat()}T23:59:59+08:00"
        return [case for case in self.open_cases(area=area) if str(case.values.get("due_at") or "9") <= end]

    def _own(self, events: Sequence[Record]) -> list[Record]:
        """Those of *events* that are this user's own, by the columns that the fold keeps."""
        session = self._gate.session
        mine = set(ours(session))
        return [
            event
            for event in events
            if event.values.get("lead_unit") in mine
            or mine & set(str(event.values.get("assisting") or "").split("、"))
            or event.values.get("reported_by") == session.user
        ]

    def _is_own(self, case: Case) -> bool:
        session = self._gate.session
        mine = {session.unit, session.name, session.user} - {""}
        assisting = {part.unit for part in case.state.assist_units}
        return case.state.lead_unit in mine or bool(assisting & mine) or case.state.reporter == session.user

    def _step(
        self,
        state: CaseState,
        event: Mapping[str, Value],
        code: str,
        values: Mapping[str, Any],
        now: datetime.datetime,
        area: str,
        event_id: str,
        photos: int = 0,
    ) -> tuple[Step | None, list[Fault]]:
        session = self._gate.session
        filled = self.rules.fill(
            code, values, event=event, at=now, user=session.name, unit=session.unit, area=area, case=state,
            photos=self.photos(event_id, code, photos),
        )  # fmt: skip
        if session.name != session.user:
            filled["name"] = session.name
        faults = self.rules.check(code, filled, state)
        if faults:
            return None, faults
        role = self.rules.role_for(code, session.roles) or ""
        step = Step(self._store.new_id(), code, now, filled, session.user, role, session.unit)
        faults = self.rules.refusals(state, step)
        if faults:
            return None, faults
        dues = self.rules.dues(state, step)
        return (replace(step, values={**filled, "due": dues}) if dues else step), []

    def photos(self, event_id: str, code: str, more: int = 0) -> int:
        """How many photos the case has with *more* that come along, where the action *code* wants to know."""
        action = self.rules.action(code)
        if action is None or not action.asks("photos"):
            return 0
        return more + self._store.count("cases_attachment", {"owner": event_id, "owner_form": EVENT, "kind": "photo"})

    def _edit(self, event_id: str, area: str, step: Step) -> Edit:
        device = self._gate.session.device or self._store.sync.state.device
        return Edit(STEP, step.id, area, {**step.row(), "event": event_id, "device": device or None})


def keep_reported(event: Record) -> None:
    """KnownError("rules.not_deleted") for a case that was reported: it ends by a step that all can read, never by vanishing."""
    if event.values.get("state") not in (None, "draft", "void"):
        raise KnownError("rules.not_deleted", title=event.values.get("title") or event.id)
