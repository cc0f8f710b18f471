"""A case handed to mediation and what comes back: the mediation begins with the case's facts, its outcome is a step of the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.rules.case_fold import Step
from app.rules.case_sources import Source
from app.rules.classes import above
from app.schema.dates import china_time, spoken_date
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Value
from app.services.case_folding import EVENT, STEP
from app.services.case_taking import PERSON
from app.services.cases import Case, Cases
from app.services.gate import Gate
from app.services.mediation import LIMIT_DAYS, MEDIATION, PARTY
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

TO_MEDIATION, FAILED, TIMER = "to_mediation", "mediation_failed", "mediation_due"
REACHED = frozenset({"written", "oral"})
ENDED = frozenset({"failed", "withdrawn", "refused", "unreachable"})
# Whose own matter it is when he calls or comes; what a grid member found on his round is not his.
_OWN = frozenset({"visit_in", "phone", "letter", "hotline", "online"})
_SIDES = {"reporter": "applicant", "party": "respondent", "victim": "applicant"}


class CaseMediation:
    """Between cases and mediations. ``attend`` is asked of every save at this device; it never hinders one."""

    def __init__(self, store: Store, gate: Gate, cases: Cases, sources: Mapping[str, Source]) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases
        kinds = sources["dispute"].by["category"].values if "dispute" in sources else {}
        self._kinds = {category: kind for kind, category in reversed(list(kinds.items()))}

    def attend(self, edits: Sequence[Edit]) -> Sequence[Edit]:
        """*edits* with the mediation of a case that is handed over among them, and with the outcome of one told to its case."""
        more: list[Edit] = []
        for edit in edits:
            if edit.form == STEP and edit.values.get("action") == TO_MEDIATION and edit.id:
                case = self._store.get(EVENT, str(edit.values.get("event")))
                if case is not None and self._store.get(STEP, edit.id) is None and self._may(case.area):
                    more += self._begun(case, edit.id, Step.read(edit.id, edit.values).values)
                    self._note("create", MEDIATION, case.area, mediation_id(edit.id))
            elif edit.form == MEDIATION and edit.id and edit.values.get("outcome"):
                told = self._told(edit)
                if told is not None:
                    more.append(told)
                    self._note(f"act:{told.values['action']}", EVENT, told.area, str(told.values["event"]))
        return [*edits, *more] if more else edits

    def waiting(self, event_id: str) -> str:
        """The step that handed a case to mediation where no mediation of it is here yet and this user may begin one; else ""."""
        case = self._cases.case(event_id)
        step = _handed(case)
        if TIMER not in case.state.due or not step or not self._may(case.event.area):
            return ""
        if self._store.select(MEDIATION, {"event": event_id}):
            return ""
        return step if self._store.get(MEDIATION, mediation_id(step)) is None else ""

    def accept(self, event_id: str) -> Record:
        """Begin the mediation of a case that somebody without a place in the committee handed over; KnownError("links.no_mediation")."""
        step = self.waiting(event_id)
        if not step:
            raise KnownError("links.no_mediation")
        event = self._cases.case(event_id).event
        line = self._gate.line("create", MEDIATION, event.area, record=mediation_id(step), own=True)
        said = Step.read(step, self._store.many(STEP, [step])[step].values).values
        self._store.save(self._begun(event, step, said), self._gate.session.user, audit=[line])
        return self._store.many(MEDIATION, [mediation_id(step)])[mediation_id(step)]

    def _note(self, action: str, form: str, area: str, record: str) -> None:
        """What came along with another's save stands in the log by itself; the caller holds the transaction."""
        self._store.audit.write([self._gate.line(action, form, area, record=record, own=True)])

    def _may(self, area: str) -> bool:
        return self._gate.decide("create", MEDIATION, area, own=True).allowed

    def _begun(self, case: Record, step_id: str, said: Mapping[str, object]) -> list[Edit]:
        """The mediation and its parties; their ids follow from the step, so two devices begin one."""
        made, today = mediation_id(step_id), dt.date.fromisoformat(china_time(self._store.now_ms())[:10])
        held = case.values
        category = str(held.get("class_now") or held.get("category") or "")
        kind = next((self._kinds[code] for code in above(category) if code in self._kinds), None)
        values: dict[str, Value] = {
            "title": held.get("title"),
            "facts": held.get("detail"),
            "dispute_type": kind,
            "source": str(said.get("source") or "") or None,
            "committee": str(said.get("lead_unit") or "") or None,
            "accepted_on": today.isoformat(),
            "due": (today + dt.timedelta(days=LIMIT_DAYS)).isoformat(),
            "outcome": "pending",
            "event": case.id,
        }
        edits = [Edit(MEDIATION, made, case.area, {name: value for name, value in values.items() if value is not None})]
        for number, party in enumerate(self._parties(case), 1):
            key = companion(made, f"{PARTY} {party.get('resident') or party['name']}")
            edits.append(Edit(PARTY, key, case.area, {**party, "mediation": made, "order": number}))
        return edits

    def _parties(self, case: Record) -> list[dict[str, Value]]:
        found: dict[str, dict[str, Value]] = {}
        for person in self._store.select(PERSON, {"event": case.id}, order=["order", "id"]):
            held = person.values
            side = _SIDES.get(str(held.get("role")))
            if side and held.get("name"):
                named = {name: held.get(name) for name in ("name", "phone", "address", "resident")}
                found.setdefault(str(held["name"]), {"side": side, **named})
        reporter = str(case.values.get("reporter") or "")
        if reporter and reporter not in found and case.values.get("channel") in _OWN:
            own = {"side": "applicant", "name": reporter, "phone": case.values.get("reporter_phone")}
            found = {reporter: own, **found}
        return [{name: value for name, value in party.items() if value is not None} for party in found.values()]

    def _told(self, edit: Edit) -> Edit | None:
        """The step that tells the case how its mediation ended; None where the outcome isn't new or the case isn't in mediation."""
        held = self._store.get(MEDIATION, str(edit.id))
        before = held.values if held else {}
        values = {**before, **edit.values}
        outcome, event = str(values.get("outcome") or ""), str(values.get("event") or "")
        if not event or outcome == before.get("outcome") or outcome not in REACHED | ENDED:
            return None
        label = self._store.forms[MEDIATION].show("outcome", outcome)
        # How it ended, and no word of what was said or agreed there (人民调解法第十五条: 保密).
        facts = [sentence("cases.mediated", label=label)]
        if values.get("agreement_no"):
            facts.append(sentence("cases.agreement", number=values["agreement_no"]))
        if values.get("agreed_on") and outcome in REACHED:
            facts.append(spoken_date(str(values["agreed_on"])))
        text = "，".join(facts)
        once = f"{MEDIATION} {edit.id} {'reached' if outcome in REACHED else 'ended'}"
        if outcome in ENDED:
            return self._cases.beside(event, FAILED, {"words": text, "once": once}, while_=TIMER)
        said = {"result": text, "measure": sentence("cases.by_mediation"), "assist_open_note": text, "once": once}
        return self._cases.beside(event, "feed_back", said, while_=TIMER)


def _handed(case: Case) -> str:
    """The step that handed *case* to mediation; "" where none counts."""
    return next((s.id for s in reversed(case.steps) if s.action == TO_MEDIATION and case.state.counts(s.id)), "")


def mediation_id(step_id: str) -> str:
    """The id of the mediation that the step *step_id* handed a case to."""
    return companion(step_id, MEDIATION)
