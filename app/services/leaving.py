"""Who left long ago is pseudonymised: a list is proposed, and a person with the right confirms it; nothing goes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.rules.care import later
from app.rules.retention import Retention
from app.schema.dates import china_time
from app.schema.erasing import MARK, RESIDENT, bare, pseudonym
from app.schema.record import Record
from app.services.gate import Gate
from app.services.requests import REQUEST, Requests
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

_MOVES = "movement"
_BULK_FROM = 500


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody whose time is over: when he left and since when he might go; ``left_on`` empty: nobody wrote down when."""

    person: Record
    left_on: str
    due_on: str


class Leaving:
    """The name, the numbers and the like go for good, here and at the county, once the county has agreed."""

    def __init__(self, store: Store, gate: Gate, requests: Requests, rules: Retention) -> None:
        self._store = store
        self._gate = gate
        self._requests = requests
        self.rules = rules

    def proposals(self) -> list[Proposal]:
        """Who left and whose time is over, the longest gone first; who left nobody knows when stands at the end.

        Denied for who may not delete in the registry.
        """
        self._gate.require("read", RESIDENT, None)
        if not self.may():
            return []
        today = self._today()
        where = {"presence": list(self.rules.presence), MARK: None}
        people = self._store.select(RESIDENT, where, area=self._gate.session.areas, order=["presence_since", "id"])
        found = []
        for person in people:
            left = self.left_on(person)
            if not left or self.rules.over(left, today):
                found.append(Proposal(person, left, later(left, self.rules.months) if left else ""))
        return sorted(found, key=lambda one: (not one.left_on, one.left_on, one.person.id))

    def may(self) -> bool:
        """Whether this user may confirm; asks nobody to write it down."""
        return self._gate.decide("delete", RESIDENT, None).allowed

    def left_on(self, person: Record) -> str:
        """The day on which *person* left, as far as it is known: by the record, a movement, or the day that it was written down."""
        if person.values.get("presence_since"):
            return str(person.values["presence_since"])
        moves = self._store.select(
            _MOVES, {"resident": person.id, "to_presence": list(self.rules.presence)}, order=["-date"], limit=1
        )
        if moves:
            return str(moves[0].values["date"])
        lines = [
            line
            for line in self._store.query.history(person.id)
            if line.time and line.values.get("presence") in self.rules.presence and line.kind in ("own", "county")
        ]
        return china_time(lines[-1].time)[:10] if lines else ""

    def confirm(self, ids: Sequence[str], reason: str) -> int:
        """Pseudonymise these people, as one save; how many. Each is looked at again, and it is all or nothing.

        Denied without the right to delete or a reason; KnownError("leaving.…") for one who has not left, or not long enough.
        """
        if not ids:
            raise KnownError("leaving.none")
        people = [self._person(record_id) for record_id in dict.fromkeys(ids)]
        today = self._today()
        for person in people:
            name = person.values.get("name")
            if not self.rules.gone(person.values):
                raise KnownError("leaving.not_gone", name=name)
            left = self.left_on(person)
            if left and not self.rules.over(left, today):
                raise KnownError("leaving.too_early", name=name, due=later(left, self.rules.months))
        edits = [self._edit(person, today) for person in people]
        lines = [self._line(person, reason) for person in people]
        self._store.save(edits, self._gate.session.user, bulk=len(edits) >= _BULK_FROM, audit=lines)
        return len(people)

    def erase_for(self, request_id: str) -> Record:
        """Carry a request for deletion out (个人信息保护法第四十七条): the person is pseudonymised, the request says so; one save."""
        request = self._requests.ready(request_id, "delete", "删除")
        person = self._person(self._requests.person(request).id)
        told = sentence("requests.erased", day=self._today(), name=pseudonym(person.id), who=self._gate.session.name)
        lines = [
            self._line(person, request.id),
            self._gate.line("edit", REQUEST, request.area, record=request.id, fields="carried_out,outcome"),
        ]
        edits = [self._edit(person, self._today()), self._requests.answered(request, told)]
        self._store.save(edits, self._gate.session.user, audit=lines)
        return self._person(person.id, erased=True)

    def _edit(self, person: Record, today: str) -> Edit:
        # It judges the whole person, as a deletion does: what came since must not go unseen.
        stream = self._store.forms[RESIDENT].stream
        seen = min(person.rev, self._store.sync.cursor(person.area, stream))
        return Edit(RESIDENT, person.id, person.area, {**bare(person), MARK: today}, {MARK: seen})

    def _line(self, person: Record, reason: str) -> AuditLine:
        return self._gate.line("delete", RESIDENT, person.area, record=person.id, fields=MARK, reason=reason)

    def _person(self, record_id: str, *, erased: bool = False) -> Record:
        found = self._store.get(RESIDENT, record_id)
        if found is None or found.deleted:
            raise KnownError("store.no_record", form=self._store.forms[RESIDENT].title, id=record_id)
        if found.values.get(MARK) and not erased:
            raise KnownError("leaving.erased")
        return found

    def _today(self) -> str:
        return china_time(self._store.now_ms())[:10]
