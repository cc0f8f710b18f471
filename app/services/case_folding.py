"""Folding the cases of a store: the steps of an event in their order, what they add up to, and the columns kept of it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from app.rules.calendar import iso
from app.rules.case_engine import CaseRules, CaseState, Step
from app.rules.case_fold import in_order
from app.rules.case_merging import MERGED, Look, barred, masters, root, told
from app.rules.renewing import still
from app.rules.repeats import matter_key, place_key
from app.schema.record import Record
from app.schema.values import Value

if TYPE_CHECKING:
    from app.store.store import Derive, Store

EVENT, STEP = "event", "event_step"
_AT_ONCE = 400
_One = TypeVar("_One")
_FELL = frozenset({"excluded", "none"})
# What in the columns of a case concerns those that were merged into it.
_TELLS = frozenset({"state", "master", "visit_due", "owner_role"})


def read_steps(store: Store, events: Iterable[str]) -> dict[str, list[Step]]:
    """The steps of each event: the county's in its order, then what is unsent in this device's."""
    records = store.select(STEP, {"event": list(events)})
    counters = {
        record_id: changes[0].counter
        for record_id, changes in store.outbox.of(r.id for r in records if r.pending).items()
    }
    found: dict[str, list[Step]] = {}
    for record in records:
        step = Step.read(record.id, record.values, "", record.revs.get("") or None, counters.get(record.id))
        found.setdefault(str(record.values["event"]), []).append(step)
    return {event: in_order(steps) for event, steps in found.items()}


def look_in(store: Store) -> Look:
    """Looks up events with their steps in *store*, each once."""

    @functools.cache
    def look(event_id: str) -> tuple[Mapping[str, Value], Sequence[Step]] | None:
        event = store.get(EVENT, event_id)
        return None if event is None else (event.values, read_steps(store, [event_id]).get(event_id, []))

    return look


def fold_case(store: Store, rules: CaseRules, event: Record, steps: Sequence[Step]) -> CaseState:
    """What the *steps* of *event* add up to, as derived columns and pages have it."""
    return rules.fold(event.values, steps, _barred(rules, event.id, steps, look_in(store)))


def _barred(rules: CaseRules, event_id: str, steps: Sequence[Step], look: Look) -> frozenset[str]:
    return barred(rules, event_id, look) if masters(steps) else frozenset()


def derive_cases(held: CaseRules) -> Derive:
    """What the store calls in the transaction of every change: folds the steps of the events touched by what *held* is then."""

    def derive(store: Store, touched: set[tuple[str, str]]) -> None:
        rules = still(held)
        events = {record_id for form, record_id in touched if form == EVENT}
        came = [record_id for form, record_id in touched if form == STEP]
        if came:
            events |= {str(r.values["event"]) for r in store.many(STEP, came).values() if r.values.get("event")}
        if not events:
            return
        look, done = look_in(store), set[str]()
        names = {area["code"]: area["name"] for area in store.areas()}
        while events:
            around: set[str] = set()
            for part in chunks(sorted(events)):
                by_event = read_steps(store, part)
                turned: list[str] = []
                for event_id, event in store.many(EVENT, part).items():
                    steps = by_event.get(event_id, [])
                    # Whether a merge counts, the master's own merges say: where one comes, the other is reckoned anew.
                    around |= masters(steps)
                    state = rules.fold(event.values, steps, _barred(rules, event_id, steps, look))
                    columns: dict[str, Value] = {
                        **state.columns(),
                        "area_name": names.get(event.area),
                        "place_key": place_key(event.values.get("place")),
                        "matter_key": matter_key(event.values.get("grid"), state.category),
                        "visit_why": (why := rules.visits_of(state, steps).why(event_id, event.area, state)) or None,
                    }
                    if state.state == MERGED:
                        columns |= _merged(store, rules, event_id, state, steps, look)
                    elif not why and not rules.states[state.state].waiting:
                        # Closed, and neither a rule nor the draw asks for a visit: nobody has to act any more.
                        columns |= {"visit_due": None, "first_due": None, "owner_role": None, "owner_unit": None}
                    # Most steps change a few of them, and each has an index to be kept up.
                    new = {name: value for name, value in columns.items() if event.values.get(name) != value}
                    if new:
                        store.set_derived(EVENT, event_id, new)
                    # One in the middle of a chain may have nothing new, and those merged into it have all the same.
                    if state.state == MERGED or new.keys() & _TELLS or (EVENT, event_id) in touched:
                        turned.append(event_id)
                # What was merged into a case waits for what becomes of it.
                # Asked by the master alone: with the state beside it every merged case would be gone through, at each save.
                parts = store.query.columns(EVENT, ("id", "state"), {"master": turned}) if turned else ()
                around |= {one for one, state in parts if state == MERGED}
                # The case number is searched for, so the event is indexed again even where only a step came.
                missing = [event_id for event_id in part if (EVENT, event_id) not in touched]
                if missing:
                    store.reindex(EVENT, missing)
            done |= events
            events = around - done

    return derive


def stands(rules: CaseRules, master: Record) -> bool:
    """Whether work is or was done on *master*: it is neither deleted nor void, rejected, merged or a draft."""
    state = rules.states.get(str(master.values.get("state") or ""))
    return not master.deleted and state is not None and state.counts not in _FELL


def _merged(
    store: Store, rules: CaseRules, event_id: str, case: CaseState, steps: Sequence[Step], look: Look
) -> dict[str, Value]:
    """Who must act on a merged case: the first desk where its master fell, who visits once the master is closed, else nobody.

    Of a master that isn't on this device nothing is known.
    """
    nobody: dict[str, Value] = {
        "owner_role": None,
        "owner_unit": None,
        "due_at": None,
        "first_due": None,
        "visit_due": None,
    }
    end = root(rules, event_id, look)
    held, record = look(end), store.get(EVENT, end)
    if held is None or record is None or end == event_id:
        return nobody
    master = rules.fold(*held, barred=barred(rules, end, look))
    last = max(moment for moment in (case.last_at, master.last_at) if moment)
    if record.deleted or rules.states[master.state].counts in _FELL:
        since = iso(last)
        return {**nobody, "owner_role": rules.states["reported"].owner, "due_at": since, "first_due": since}
    if master.closed_at is None or told(case, steps):
        return nobody
    due = rules.limits.due("visit_due", master.closed_at, case.urgency, case.category) or master.closed_at
    return {**nobody, "owner_role": rules.states["closed"].owner, "visit_due": iso(due), "first_due": iso(due)}


def chunks(whole: Sequence[_One]) -> Iterable[Sequence[_One]]:
    """*whole* in parts of which one statement takes the ids."""
    return (whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE))
