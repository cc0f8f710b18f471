"""A case from a row of a ledger: the visit, hazard or dispute says it once, the case and the ledger tell each other the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.case_fold import Step
from app.rules.case_sources import Source
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Value
from app.services.case_folding import EVENT
from app.services.case_links import begun_from, free_case_id
from app.services.case_taking import PERSON, person_id
from app.services.cases import Case, Cases
from app.services.gate import Gate
from app.services.records import Outcome, Records
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

_ONCE = "source"
_GONE = frozenset({"void", "not_accepted"})
_HEAD = "0"


class CaseSources:
    """Raises Denied and KnownError("links.…", "store.no_record")."""

    def __init__(self, store: Store, gate: Gate, cases: Cases, records: Records, sources: Mapping[str, Source]) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases
        self._records = records
        self.sources = sources

    def of(self, form: str, record_id: str) -> list[Record]:
        """The cases that were begun from a row, the newest last. Two devices that began one apart have begun the same one."""
        self._gate.require("read", EVENT, None, own=True)
        return [case for case in begun_from(self._store, record_id) if not case.deleted]

    def begin(self, form: str, record_id: str) -> dict[str, Value]:
        """What the event begins with: everything that the row says already."""
        record = self._records.get(form, record_id)
        source = self.sources.get(form)
        if source is None:
            raise KnownError("links.no_source", form=self._store.forms[form].title)
        values = source.event(self._store.forms[form], record.values)
        if dwelling := self._dwelling(record):
            values |= {"dwelling": dwelling.id, "place": dwelling.values.get("address")}
            values["grid"] = values.get("grid") or dwelling.values.get("grid")
        values |= {"source_form": form, "source_id": record_id}
        return {name: value for name, value in values.items() if value is not None}

    def make(self, form: str, record_id: str) -> Outcome:
        """Report a case from a row, in one save with the people of the row, and with the row told of it.

        KnownError("links.made") where a case from it stands already.
        """
        record = self._records.get(form, record_id)
        before = self.of(form, record_id)
        if before and str(before[-1].values.get("state")) not in _GONE:
            raise KnownError("links.made", title=str(before[-1].values.get("title") or ""))
        event_id = free_case_id(self._store, record_id)
        values = self.begin(form, record_id)
        if not values.get("title"):
            raise KnownError("links.nothing_said", form=self._store.forms[form].title)
        edits, lines, faults = self._cases.begun(event_id, values, said={"once": _ONCE}, area=record.area)
        if faults:
            return Outcome(None, tuple(faults))
        for edit in self._people(record, event_id):
            edits.append(edit)
            lines.append(self._gate.line("create", PERSON, record.area, record=event_id, own=True))
        told, line = self._told(record, event_id)
        if told is not None and line is not None:
            edits.append(told)
            lines.append(line)
        self._store.save(edits, self._gate.session.user, audit=lines)
        return Outcome(self._store.get(EVENT, event_id))

    def news(self, form: str, record_id: str) -> dict[str, Value]:
        """What the case says that the row hasn't: when it was put right, by whom it was checked, that it is struck off.

        Only fields that the row leaves empty; nothing while the case is open.
        """
        record = self._records.get(form, record_id)
        closed = [case for case in self.of(form, record_id) if case.values.get("closed_at")]
        if not closed:
            return {}
        found = _FACTS.get(form, _nothing)(self._cases.case(closed[-1].id))
        held = record.values
        return {name: value for name, value in found.items() if value and held.get(name) in (None, "")}

    def take_news(self, form: str, record_id: str) -> Outcome:
        """Write into the row what its case says."""
        return self._records.save(form, self.news(form, record_id), record_id=record_id)

    def _dwelling(self, record: Record) -> Record | None:
        home = str(record.values.get("household") or "")
        household = self._store.get("household", home) if home else None
        dwelling = str(household.values.get("dwelling") or "") if household else ""
        return self._store.get("dwelling", dwelling) if dwelling else None

    def _people(self, record: Record, event_id: str) -> list[Edit]:
        """The head of the household that was visited: it is his matter."""
        name = str(record.values.get("household_name") or "")
        if not name:
            return []
        home = str(record.values.get("household") or "")
        members = self._store.select("resident", {"household": home, "relation": _HEAD}) if home else []
        head = next((one for one in members if one.values.get("name") == name), None)
        values: dict[str, Value] = {"event": event_id, "role": "reporter", "name": name, "order": 0}
        if head is not None:
            values["resident"] = head.id
        made = person_id(event_id, head.id if head else "") or companion(event_id, PERSON)
        return [Edit(PERSON, made, record.area, values)]

    def _told(self, record: Record, event_id: str) -> tuple[Edit | None, AuditLine | None]:
        """The row's own word that it became a case, where this user may write it; the case says it anyway."""
        if not self._gate.decide("edit", record.form, record.area, own=True).allowed:
            return None, None
        values: dict[str, Value] = {"event": event_id}
        if "reported_up" in self._store.forms[record.form].fields:
            values["reported_up"] = True
        line = self._gate.line("edit", record.form, record.area, record=record.id, fields=",".join(values), own=True)
        return Edit(record.form, record.id, record.area, values), line


def _last(case: Case, *actions: str) -> Step | None:
    """The last step of one of *actions* that counts."""
    return next((step for step in reversed(case.steps) if step.action in actions and case.state.counts(step.id)), None)


def _day(step: Step | None) -> str | None:
    return step.at.date().isoformat() if step else None


def _name(step: Step | None) -> str | None:
    return str(step.values.get("name") or step.user) if step else None


def _hazard(case: Case) -> dict[str, Value]:
    spot = _last(case, "self_handle")
    done, checked = _last(case, "feed_back") or spot, _last(case, "verify_pass")
    closed = case.state.closed_at.date().isoformat() if case.state.closed_at else None
    return {
        "measure": str(done.values.get("measure") or done.values.get("result") or "") if done else None,
        "rectified_at": _day(done),
        "rechecked_by": _name(checked),
        "recheck_at": _day(checked),
        "result": "handed" if case.state.transferred else "done" if checked or spot else None,
        "struck_off_at": closed,
    }


def _dispute(case: Case) -> dict[str, Value]:
    closed = case.state.closed_at.date().isoformat() if case.state.closed_at else None
    return {
        "lead_unit": case.state.lead_unit,
        "handler": case.state.handler,
        "result": "elsewhere" if case.state.transferred else None,
        "measure": case.state.result if not case.state.transferred else None,
        "closed_at": closed,
    }


def _nothing(_case: Case) -> dict[str, Value]:
    return {}


_FACTS = {"hazard": _hazard, "dispute": _dispute}
