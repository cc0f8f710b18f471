"""How a case hangs together with others: links, what was merged into it, what it came from; each undone by a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.case_merging import root, told
from app.schema.dates import china_time
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Value
from app.services.case_folding import EVENT, fold_case, look_in, read_steps
from app.services.cases import Cases
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

LINK = "case_link"
LINKED = (EVENT, "visit", "hazard", "dispute", "mediation", "meeting", "reception_day")
"""The forms whose records a case can be linked to, as far as this program has them."""
MEDIATED = "mediated"
_FILE = "cases_attachment"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a case, seen from it. ``other`` is None where that record isn't on this device.

    ``id`` is empty for what the case itself says of its source: that is no link and can't be undone.
    """

    id: str
    kind: str
    form: str
    record: str
    other: Record | None
    note: str = ""
    ours: bool = True
    """Whether the link was made from this case, not from the other one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A case that was merged into another: whether its reporter has been told what came of it, and its files."""

    event: Record
    told: bool
    files: int


@dataclass(frozen=True, slots=True)
class Hanging:
    """Everything that hangs together with a case. ``master``: where the work on it is done, None where that is here."""

    links: tuple[Link, ...]
    parts: tuple[Part, ...]
    master: Record | None

    @property
    def to_tell(self) -> tuple[Part, ...]:
        """The merged cases whose reporters are still to be told, once the master is closed."""
        return tuple(part for part in self.parts if not part.told)


class CaseLinks:
    """The links of the cases at this desk. Raises Denied and KnownError("links.…")."""

    def __init__(self, store: Store, gate: Gate, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases

    def add(self, event_id: str, kind: str, other: str, form: str = EVENT, note: str = "") -> Record:
        """Link a case with a record of *form*; the link is seen from both sides."""
        event = self._cases.case(event_id).event
        codes = self._store.forms.codes["case_link_kind"]
        if kind not in {item.code for item in codes.items}:
            raise KnownError("links.kind", kind=kind)
        if form not in LINKED or form not in self._store.forms:
            title = self._store.forms[form].title if form in self._store.forms else form
            raise KnownError("links.form", form=title)
        if other == event_id:
            raise KnownError("links.itself")
        held = self._store.get(form, other)
        if held is None or held.deleted:
            raise KnownError("links.not_here", form=self._store.forms[form].title)
        if any(link.id and link.record == other for link in self._links(event)):
            raise KnownError("links.already")
        return self._write(event, {"kind": kind, "other_form": form, "other": other, "note": note or None})

    def undo(self, link_id: str, note: str = "") -> Record:
        """Take a link away: a record says so, and the link stays to be read. Twice, on two devices, is the same as once."""
        link = self._store.get(LINK, link_id)
        if link is None or link.deleted or link.values.get("undoes") or self._undone({link_id}):
            raise KnownError("links.gone")
        event = self._cases.case(str(link.values["event"])).event
        same = {name: link.values[name] for name in ("kind", "other_form", "other")}
        return self._write(event, {**same, "undoes": link_id, "note": note or None})

    def of(self, event_id: str) -> Hanging:
        """What hangs together with a case, for its page."""
        event = self._cases.case(event_id).event
        merged = self._merged(event_id)
        end = root(self._cases.rules, event_id, look_in(self._store))
        master = self._store.get(EVENT, end) if end != event_id else None
        return Hanging(tuple(self._links(event)), tuple(self._part(one) for one in merged), master)

    def cases_of(self, form: str, record_id: str) -> list[Record]:
        """The cases that came from a record of *form* or are linked to it, the newest last: its page shows them and their state."""
        self._gate.require("read", EVENT, None, own=True)
        made = {case.id for case in begun_from(self._store, record_id)}
        links = self._store.select(LINK, {"other": record_id, "other_form": form})
        undone = self._undone({link.id for link in links})
        made |= {str(link.values["event"]) for link in links if not link.values.get("undoes") and link.id not in undone}
        found = self._store.many(EVENT, made)
        return [found[one] for one in sorted(found) if not found[one].deleted]

    def _links(self, event: Record) -> list[Link]:
        """Links made from the case, then those made to it, then what the case itself says of its source, then its mediations."""
        ours = self._store.select(LINK, {"event": event.id}, order=["at", "id"])
        theirs = self._store.select(LINK, {"other": event.id, "other_form": EVENT}, order=["at", "id"])
        undone = self._undone({link.id for link in (*ours, *theirs)})
        found = []
        for link in (*ours, *theirs):
            values = link.values
            if values.get("undoes") or link.id in undone:
                continue
            mine = values["event"] == event.id
            form, record = (str(values["other_form"]), str(values["other"])) if mine else (EVENT, str(values["event"]))
            note = str(values.get("note") or "")
            found.append(Link(link.id, str(values["kind"]), form, record, self._seen(form, record), note, mine))
        form, record = str(event.values.get("source_form") or ""), str(event.values.get("source_id") or "")
        if form in self._store.forms and record and record not in {link.record for link in found}:
            found.append(Link("", "from", form, record, self._seen(form, record)))
        known = {link.record for link in found}
        mediations = self._store.select("mediation", {"event": event.id}, order=["id"])
        seen = [one for one in mediations if one.id not in known and self._seen(one.form, one.id) is not None]
        return [*found, *(Link("", MEDIATED, one.form, one.id, one) for one in seen)]

    def _seen(self, form: str, record_id: str) -> Record | None:
        """The record where it is here and this user may read it."""
        held = self._store.get(form, record_id) if form in self._store.forms else None
        if held is None or held.deleted or not self._gate.decide("read", form, held.area, own=True).allowed:
            return None
        return held

    def _undone(self, links: set[str]) -> set[str]:
        """Those of *links* that a record has taken away."""
        return (
            {str(one.values["undoes"]) for one in self._store.select(LINK, {"undoes": sorted(links)})}
            if links
            else set()
        )

    def _merged(self, event_id: str) -> list[Record]:
        """Everything that was merged into a case, also by way of another merged one."""
        found: dict[str, Record] = {}
        left = [event_id]
        while left:
            new = [one for one in self._store.select(EVENT, {"master": left}, order=["id"]) if one.id not in found]
            found |= {one.id: one for one in new if one.id != event_id}
            left = [one.id for one in new if one.id != event_id]
        return list(found.values())

    def _part(self, event: Record) -> Part:
        steps = read_steps(self._store, [event.id]).get(event.id, [])
        state = fold_case(self._store, self._cases.rules, event, steps)
        return Part(event, told(state, steps), self._store.count(_FILE, {"owner": event.id, "owner_form": EVENT}))

    def _write(self, event: Record, values: Mapping[str, Value]) -> Record:
        line = self._gate.line("create", LINK, event.area, record=event.id, fields=str(values["kind"]), own=True)
        now = china_time(self._store.now_ms())
        made = self._store.new_id()
        whole = {**values, "event": event.id, "at": now, "by": self._gate.session.name}
        self._store.save([Edit(LINK, made, event.area, whole)], self._gate.session.user, audit=[line])
        return self._store.many(LINK, [made])[made]


def case_id(record_id: str, number: int) -> str:
    """The id of the case begun from a row of a ledger, or of a further one where those before came to nothing.

    Two devices that begin one apart make the same one.
    """
    return companion(record_id, f"{EVENT} {number}")


def free_case_id(store: Store, record_id: str) -> str:
    """The id of the next case from a row; one that is another township's now keeps its own."""
    number = 0
    while store.get(EVENT, made := case_id(record_id, number)) or store.stubs.get(EVENT, made):
        number += 1
    return made


def begun_from(store: Store, record_id: str) -> list[Record]:
    """The cases that were begun from a row, also deleted ones, the newest last."""
    found: list[Record] = []
    while held := store.get(EVENT, case_id(record_id, len(found))):
        found.append(held)
    return found
