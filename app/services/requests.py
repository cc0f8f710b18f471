"""Requests of people about their own data (个人信息保护法第四十四条至第五十条): received, carried out, answered in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.rules.requests import RequestRules
from app.schema.dates import china_time
from app.schema.record import Record
from app.schema.values import Value
from app.services.gate import Gate
from app.services.records import Outcome, Records
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.registry import Registry
    from app.store.store import Store

REQUEST, RESIDENT = "data_request", "resident"


class Requests:
    """What was asked stays as a record; what was changed for it is said in it, in the same save."""

    def __init__(self, store: Store, gate: Gate, records: Records, registry: Registry, rules: RequestRules) -> None:
        self._store = store
        self._gate = gate
        self._records = records
        self._registry = registry
        self.rules = rules

    def receive(self, values: Mapping[str, object], *, area: str = "") -> Outcome:
        """Write down a request; its limit is reckoned where none is given, and it lies where its person does."""
        person = self._registry.present(str(values.get("resident") or ""))
        return self._records.save(REQUEST, values, area=area or (person.area if person else ""))

    def open(self) -> list[Record]:
        """The requests of the areas held that wait for an answer, the earliest due first."""
        self._gate.require("read", REQUEST, None)
        return self._store.select(REQUEST, {"outcome": None}, area=self._gate.session.areas, order=["due", "id"])

    def due(self) -> list[Record]:
        """Open requests that are due soon or late, for who may answer them; empty for others."""
        if not self._gate.decide("edit", REQUEST, None).allowed:
            return []
        today = self._today()
        return [one for one in self.open() if self.rules.reminded(one.values, today)]

    def of(self, resident_id: str) -> list[Record]:
        """Every request about one person, the newest first."""
        self._gate.require("read", REQUEST, None)
        whose = [resident_id, *(record.id for record in self._registry.merged(resident_id))]
        return self._store.select(REQUEST, {"resident": whose}, order=["-received_on", "id"])

    def asks(self, resident: Record, kind: str) -> Record | None:
        """The open request of *kind* about *resident* with its identity checked, if there is one."""
        return next(
            (
                one
                for one in self.of(resident.id)
                if one.values.get("kind") == kind and one.values.get("identity_checked") and self.rules.open(one.values)
            ),
            None,
        )

    def correct(
        self, request_id: str, values: Mapping[str, object], *, seen: Mapping[str, int] | None = None
    ) -> Outcome:
        """Correct the person's record as the request asks, and say so in the request: one save, both or neither.

        Faults by field. KnownError("requests.…") where the request isn't one that may be carried out so.
        """
        request = self.ready(request_id, "correct", "更正")
        person = self.person(request)
        form = self._store.forms[RESIDENT]
        clean, faults = form.clean(dict(values), partial=True)
        changed = {name: value for name, value in clean.items() if value != person.values.get(name)}
        if faults:
            return Outcome(person, tuple(faults))
        if not changed:
            raise KnownError("requests.nothing")
        labels = "、".join(form.fields[name].label for name in changed)
        told = sentence("requests.corrected", day=self._today(), labels=labels, who=self._gate.session.name)
        lines = [
            self._gate.line(
                "edit", RESIDENT, person.area, record=person.id, fields=",".join(changed), reason=request.id
            ),
            self._gate.line("edit", REQUEST, request.area, record=request.id, fields="carried_out,outcome"),
        ]
        edits = [Edit(RESIDENT, person.id, person.area, changed, seen or {}), self.answered(request, told)]
        self._store.save(edits, self._gate.session.user, audit=lines)
        return Outcome(self._store.get(RESIDENT, person.id))

    def ready(self, request_id: str, kind: str, act: str) -> Record:
        """The request, if it may be carried out as *kind* now; KnownError says what is missing."""
        request = self._records.get(REQUEST, request_id)
        form = self._store.forms[REQUEST]
        if not self.rules.open(request.values):
            raise KnownError("requests.closed", outcome=form.show("outcome", request.values.get("outcome")))
        if request.values.get("kind") != kind:
            raise KnownError("requests.wrong_kind", kind=form.show("kind", request.values.get("kind")), act=act)
        if not request.values.get("identity_checked"):
            raise KnownError("requests.not_checked")
        return request

    def person(self, request: Record) -> Record:
        """Whose data the request is about; KnownError("requests.no_person")."""
        found = self._registry.present(str(request.values.get("resident") or ""))
        if found is None or found.deleted:
            raise KnownError("requests.no_person")
        return found

    def answered(self, request: Record, told: str) -> Edit:
        """The edit that says in *request* what was done, and that it is done."""
        before = str(request.values.get("carried_out") or "")
        values: dict[str, Value] = {
            "carried_out": "\n".join(part for part in (before, told) if part),
            "outcome": "done",
            "outcome_on": self._today(),
            "handled_by": request.values.get("handled_by") or self._gate.session.name,
        }
        return Edit(REQUEST, request.id, request.area, values)

    def _today(self) -> str:
        return china_time(self._store.now_ms())[:10]
