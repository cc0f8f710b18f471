"""What every act on people and households shares: its day, what it may be done to, and its one save with its movements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.living import GONE
from app.rules.relations import Member
from app.schema.record import Record
from app.schema.values import BadValue, Value
from app.services.chronicle import MOVEMENT, SINCE, Chronicle, Occasion
from app.services.entry_sheet import Known
from app.services.gate import Gate
from app.services.moving import Moving
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

RESIDENT, HOUSEHOLD, DWELLING = "resident", "household", "dwelling"
WhoHas = Callable[[str], Known | None]
"""Who is registered under a whole identity number."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an act came to: its number, by which it is undone, the household it was about, and the people."""

    act: str
    kind: str
    household: str
    people: tuple[str, ...]


@dataclass
class Work:
    """The edits and audit lines of one act while it is put together."""

    edits: list[Edit] = field(default_factory=list)
    lines: list[AuditLine] = field(default_factory=list)


class Acting:
    """The ground of ``Movements``. Raises Denied, and KnownError("movements.…") with a sentence that says what to do."""

    def __init__(
        self, store: Store, gate: Gate, moving: Moving, chronicle: Chronicle, who_has: WhoHas = lambda _number: None
    ) -> None:
        self._store = store
        self._gate = gate
        self._moving = moving
        self._chronicle = chronicle
        self._who_has = who_has

    def _save(
        self,
        kind: str,
        when: str,
        work: Work,
        household: str,
        people: Sequence[Record],
        *,
        place: str = "",
        reason: str = "",
        made: str = "",
    ) -> Done:
        act = self._store.new_id()
        occasion = Occasion(kind, when, act, reason, place, self._gate.session.name)
        edits = self._chronicle.told(work.edits, occasion)
        for area in dict.fromkeys(edit.area for edit in edits if edit.form == MOVEMENT):
            work.lines.append(self._line("create", MOVEMENT, area, act, reason, fields=kind))
        self._store.save(edits, self._gate.session.user, audit=work.lines)
        return Done(act, kind, household, (made,) if made else tuple(person.id for person in people))

    def _day(self, raw: object) -> str:
        today = self._chronicle.today()
        item = self._store.forms[MOVEMENT].fields["date"]
        try:
            day = str(item.kind.check(raw)) if raw not in (None, "") else today
        except BadValue as bad:
            raise KnownError("movements.bad_value", label=item.label, message=bad.message) from bad
        if day > today:
            raise KnownError("movements.in_future", day=day)
        return day

    def _after(self, person: Record, when: str, *, born: bool = True) -> None:
        """Refuse a day before what is known to have come after it."""
        values = person.values
        if born and values.get("birth_date") and str(values["birth_date"]) > when:
            raise KnownError("movements.born_later", name=self._name(person), last=values["birth_date"], day=when)
        known = [str(values[name]) for name in (SINCE["household"], SINCE["presence"]) if values.get(name)]
        if known and max(known) > when:
            raise KnownError("movements.before_last", name=self._name(person), last=max(known), day=when)

    def _people(self, ids: Sequence[str]) -> list[Record]:
        if not ids:
            raise KnownError("movements.no_people")
        return [self._moving.here(RESIDENT, each) for each in dict.fromkeys(ids)]

    def _household(self, household: str) -> Record:
        home = self._moving.here(HOUSEHOLD, household)
        if home.values.get("ended_on"):
            raise KnownError("movements.ended", name=home.values.get("head_name") or "", day=home.values["ended_on"])
        return home

    def _members(self, household: str) -> list[Record]:
        return self._store.select(RESIDENT, {"household": household}, order=["id"])

    def _member(self, person: Record, household: str) -> None:
        if person.values.get("household") != household:
            raise KnownError("movements.not_member", name=self._name(person))
        if person.values.get("presence") in GONE:
            state = self._store.forms[RESIDENT].show("presence", person.values.get("presence"))
            raise KnownError("movements.is_gone", name=self._name(person), state=state)

    def _dwelling_of(self, home: Record) -> Record | None:
        where = home.values.get("dwelling")
        return self._store.get(DWELLING, str(where)) if where else None

    def _relations(self, people: Sequence[Record]) -> dict[str, Member]:
        return {
            p.id: Member(*(_text(p.values.get(name)) for name in ("relation", "sex", "relation_text"))) for p in people
        }

    def _clean(self, form: str, values: Mapping[str, object], *, partial: bool = True) -> dict[str, Value]:
        filled, faults = self._store.forms[form].clean(values, partial=partial)
        if faults:
            item = self._store.forms[form].fields.get(faults[0].field)
            label = item.label if item is not None else faults[0].field
            raise KnownError("movements.bad_value", label=label, message=faults[0].message)
        return filled

    def _line(
        self, action: str, form: str, area: str, record: str, reason: str, *, fields: str = "movement"
    ) -> AuditLine:
        return self._gate.line(action, form, area, record=record, fields=fields, reason=reason, own=True)

    def _name(self, person: Record) -> str:
        return str(person.values.get("name") or "")

    def _kind(self, kind: str) -> str:
        return self._store.forms[MOVEMENT].show("kind", kind)


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
