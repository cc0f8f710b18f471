"""Work orders of other systems as cases: which case an order is, what of it is new, and what is saved for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.messages import sentence
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Fault, Value, comparable
from app.services.case_folding import EVENT, chunks, fold_case, read_steps
from app.services.cases import Cases
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.rules.case_engine import Step
    from app.store.store import Store

IN, UPDATE, REOPEN = "order_in", "order_update", "order_reopen"
OPEN, CLOSED, REOPENED = "open", "closed", "reopened"
_NOBODY = "0" * 32
_FOLLOWS = ("reporter", "reporter_phone", "reply_due", "order_unit", "order_more")
"""What goes on following the source until somebody changes it here; of anything else its new words are told in a step."""
_SILENT = ("order_source", "order_no", "channel")
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it came. ``values`` are those of an event; ``state``: open, closed, reopened or "" in the source's own system.

    ``key``: its number, or what it says where it has none.
    """

    sheet: str
    row: int
    source: str
    key: str
    area: str
    values: Mapping[str, Value]
    state: str = ""

    @property
    def id(self) -> str:
        """The case of this order: devices that import it apart make the same one."""
        return companion(_NOBODY, f"order {comparable(self.source)} {self.key}")

    @property
    def name(self) -> str:
        """Its number, else its title."""
        return str(self.values.get("order_no") or self.values.get("title") or "")

    def prints(self) -> dict[str, str]:
        """What tells whether a field came otherwise than before; a print says neither names nor numbers."""
        return {name: print_of(value) for name, value in self.values.items() if name not in _SILENT and value}

    def whole(self) -> str:
        """The print of everything that came."""
        return print_of(f"{sorted(self.prints().items())} {self.state}")


@dataclass(frozen=True, slots=True)
class Known:
    """The case of an order that came before: the prints that came last, of everything that ever came, and the source's state then."""

    event: Record
    steps: tuple[Step, ...]
    prints: Mapping[str, str]
    wholes: frozenset[str]
    state: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What an order brings to its case: ``values`` into fields, ``words`` as (label, was, is) into a step. ``reopened``: a person decides."""

    order: Order
    known: Known
    values: Mapping[str, Value]
    words: tuple[tuple[str, str, str], ...]
    reopened: bool = False


class Orders:
    """The orders of this desk. Planning and rights belong to the caller."""

    def __init__(self, store: Store, gate: Gate, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases
        self._form = store.forms[EVENT]

    def known(self, orders: Iterable[Order]) -> dict[str, Known]:
        """The cases that there are of *orders*, also deleted ones, by id."""
        ids = sorted({order.id for order in orders})
        found: dict[str, Known] = {}
        for part in chunks(ids):
            events = self._store.many(EVENT, part)
            steps = read_steps(self._store, events)
            found |= {key: _known(event, steps.get(key, [])) for key, event in events.items()}
        return found

    def elsewhere(self, order: Order) -> bool:
        """Whether its case was handed over to another office."""
        return self._store.stubs.get(EVENT, order.id) is not None

    def changed(self, order: Order, known: Known) -> Changed | None:
        """What *order* brings to its case; None where it says nothing new."""
        again = self._again(order, known)
        if order.whole() in known.wholes and not again:
            return None
        values: dict[str, Value] = {}
        told: list[tuple[str, str, str]] = []
        for name, value in order.values.items():
            if not value or name in _SILENT or known.prints.get(name) == print_of(value):
                continue
            held = known.event.values.get(name)
            if held == value:
                continue
            touched = held is not None and print_of(held) != known.prints.get(name)
            if held is None or (name in _FOLLOWS and not touched):
                values[name] = value
            if held is not None:
                told.append((self._form.fields[name].label, self._show(name, held), self._show(name, value)))
        if not values and not told and not again and order.state == known.state:
            return None
        return Changed(order, known, values, tuple(told), again)

    def new(self, order: Order) -> tuple[list[Edit], list[Fault]]:
        """What saves the case of a new order."""
        # Another device may have brought the same file in, apart: then one of the two counts, and the other is no quarrel.
        said = {"note": _said_of(order), "order": _mark(order), "once": IN}
        edits, _lines, faults = self._cases.begun(order.id, order.values, IN, said, area=order.area)
        return edits, faults

    def update(self, changed: Changed, *, reopen: bool = False) -> tuple[list[Edit], list[Fault]]:
        """What saves what an order brings to its case; *reopen* takes the closed case up again."""
        order, event = changed.order, changed.known.event
        lines = [sentence("orders.changed_to", label=label, now=now) for label, _was, now in changed.words]
        lines += [
            sentence("orders.filled", label=self._form.fields[name].label)
            for name in changed.values
            if event.values.get(name) is None
        ]
        if changed.reopened:
            lines.insert(0, sentence("orders.reopened", source=order.source))
        elif order.state == CLOSED and changed.known.state != CLOSED:
            lines.append(sentence("orders.closed_there", source=order.source))
        text = "\n".join(lines) or sentence("orders.state_only", source=order.source)
        mark = {"text": text, "order": _mark(order, changed.known)}
        # What came to this device a moment ago, and nobody looked at, isn't overruled in silence either.
        seen = {name: event.rev_of(name) for name in changed.values}
        edits = [Edit(EVENT, event.id, event.area, changed.values, seen)] if changed.values else []
        wanted: list[tuple[str, dict[str, Any]]] = [(UPDATE, mark)]
        if reopen:
            due = str(order.values.get("reply_due") or "")
            # A limit of the past is no limit for what begins anew: then the table's counts.
            still = {"due_at": due} if due > self._cases.now().isoformat() else {}
            # Decided on two devices apart it counts once; a later reopening is another.
            once = f"{REOPEN} {order.whole()} {event.values.get('reopen_count') or 0}"
            wanted.append((REOPEN, {"reason": text, "once": once, **still}))
        for action, values in wanted:
            edit, faults = self._cases.further(event, changed.known.steps, action, values)
            if edit is None:
                return [], faults
            edits.append(edit)
        return edits, []

    def save(self, source: str, edits: Sequence[Edit], reopened: int = 0) -> None:
        """Save *edits* as one, with a line of the audit for each area."""
        by_area: dict[str, int] = {}
        for edit in edits:
            by_area[edit.area] = by_area.get(edit.area, 0) + (edit.form == EVENT)
        lines = [
            self._gate.line("import", EVENT, area, fields=f"{source},{count}")
            for area, count in sorted(by_area.items())
        ]
        if reopened:
            lines += [self._gate.line(f"act:{REOPEN}", EVENT, area) for area in sorted(by_area)]
        self._store.save(edits, self._gate.session.user, bulk=len(edits) > _AT_ONCE // 2, audit=lines)

    def results(self, events: Sequence[Record]) -> dict[str, str]:
        """What came of each of *events*, in the words that count last."""
        steps = read_steps(self._store, [event.id for event in events])
        states = {one.id: fold_case(self._store, self._cases.rules, one, steps.get(one.id, [])) for one in events}
        return {key: state.result for key, state in states.items() if state.result}

    def may_reopen(self, known: Known) -> bool:
        """Whether this user takes a case up again that was closed; one in the archive stays there."""
        action = self._cases.rules.action(REOPEN)
        here = action is not None and known.event.values.get("state") in action.sources
        return here and self._gate.decide(f"act:{REOPEN}", EVENT, known.event.area).allowed

    def reached(self, known: Known) -> bool:
        """Whether the case lies where this user imports."""
        return self._gate.decide("import", EVENT, known.event.area).allowed

    def _again(self, order: Order, known: Known) -> bool:
        """Whether the case is closed here and the source has it open again, and nobody was asked about that yet."""
        state = self._cases.rules.states.get(str(known.event.values.get("state") or ""))
        if state is None or state.counts != "closed":
            return False
        if order.state == REOPENED:
            return known.state != REOPENED
        return order.state == OPEN and known.state == CLOSED

    def _show(self, name: str, value: Value) -> str:
        return self._form.show(name, value, masked=True)


def print_of(value: object) -> str:
    """A short print of a value, alike for alike spellings."""
    return hashlib.blake2b(comparable(str(value)).encode(), digest_size=6).hexdigest()


def _said_of(order: Order) -> str:
    due = str(order.values.get("reply_due") or "")[:16].replace("T", " ")
    number = str(order.values.get("order_no") or "")
    parts = [
        sentence("orders.note_number", source=order.source, number=number)
        if number
        else sentence("orders.note", source=order.source)
    ]
    return "".join([*parts, sentence("orders.note_due", due=due)] if due else parts)


def _mark(order: Order, before: Known | None = None) -> dict[str, Any]:
    """What a step keeps of what came: enough to know it again, and none of its words."""
    held = dict(before.prints) if before else {}
    return {"prints": {**held, **order.prints()}, "whole": order.whole(), "state": order.state}


def _known(event: Record, steps: Sequence[Step]) -> Known:
    prints: dict[str, str] = {}
    wholes: set[str] = set()
    state = ""
    for step in steps:
        mark = step.values.get("order") if step.action in {IN, UPDATE} else None
        if isinstance(mark, Mapping):
            prints |= {str(name): str(value) for name, value in dict(mark.get("prints") or {}).items()}
            wholes.add(str(mark.get("whole")))
            state = str(mark.get("state") or "")
    return Known(event, tuple(steps), prints, frozenset(wholes), state)
