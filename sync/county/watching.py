"""The county's watch over due times: which case is late when, and the steps that the rules owe it, each made once."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import sqlalchemy as sa

from app import __version__
from app.messages import sentence
from app.rules.case_engine import CaseRules, CaseState, Step
from app.rules.renewing import still
from app.rules.watching import SYSTEM, SYSTEM_ROLE, Act
from app.schema.dates import CHINA
from app.schema.record import AREA, Change, Receipt, Record
from sync.county.epochs import tag_at
from sync.county.folding import EVENT, STEP, Folding
from sync.county.records import Held
from sync.county.rights import Device
from sync.county.tables import COUNTY, HISTORY, WATCH
from sync.county.writing import Hand, Writes
from sync.merge import Context, content_hash, merge

if TYPE_CHECKING:
    from sync.county.county import County

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_log = logging.getLogger(__name__)
PORTION = 1000
"""Revs learned in one transaction."""
_ACTS = 100
"""Cases dealt with in one transaction."""


class Watching:
    """Asked each minute and at each exchange; what it knows stands in the database, so that a restart loses nothing.

    Only the county makes these steps: it alone has what all devices did. Their ids follow from case, rule and due time, so that a
    county that was restored, and gets them back from a device, has them once.
    """

    def __init__(self, county: County) -> None:
        self._county = county
        self._lock = threading.Lock()

    def look(self, most: int | None = None, stopped: Callable[[], bool] = lambda: False) -> int:
        """Learn what changed and do what is due; how many steps were made.

        *most*: revs to learn at once, and then one portion of cases is dealt with, so that nobody waits long; None: all, portion
        by portion, until it is *stopped*: what is left is found next time.
        """
        if STEP not in self._county.tables.by_form or not self._lock.acquire(blocking=False):
            return 0
        try:
            return self._look(most, stopped)
        finally:
            self._lock.release()

    @property
    def _rules(self) -> str:
        """By which rules is read: those of the county, over those that this program brought."""
        return f"{self._county.ruled.stamp} {__version__}"

    def _look(self, most: int | None, stopped: Callable[[], bool]) -> int:
        county = self._county
        learned = 0
        while not stopped() and (most is None or learned < most):
            with county.database.snapshot() as conn:
                county.ruled.renew(conn)
                row = conn.execute(sa.select(COUNTY).where(COUNTY.c.county == county.code)).one()
                query = sa.select(sa.func.min(WATCH.c.next)).where(WATCH.c.county == county.code)
                first = conn.scalar(query)
            behind = (row.watched or 0) < row.rev or row.watched_rules != self._rules
            if not behind:
                break
            learned += self._learn()
        else:
            return 0  # cases whose newest steps aren't known yet are left alone
        made, more = 0, first is not None and first <= county.now_ms()
        while more and not stopped():
            steps, more = self._act()
            made += steps
            if most is not None:
                break
        return made

    def _learn(self) -> int:
        """Fold the cases that the next revs touched; how many revs."""
        county = self._county
        # In this order: where others come meanwhile, what is written down says that it was reckoned by those of before.
        named, rules = self._rules, still(county.applier.rules)
        with county.database.plain() as conn:
            query = sa.select(COUNTY).where(COUNTY.c.county == county.code)
            # Whoever only reads must not wait for those who write: where one does, the watch comes later.
            row = conn.execute(query.with_for_update(nowait=True)).one()
            # Other rules may mean something else for every case: from the beginning.
            afresh = row.watched_rules != named
            after = 0 if afresh else row.watched or 0
            there = HISTORY.c.county == county.code, HISTORY.c.rev > after
            lines = conn.execute(
                sa.select(HISTORY.c.rev, HISTORY.c.form, HISTORY.c.id)
                .where(*there)
                .order_by(HISTORY.c.rev)
                .limit(PORTION)
            ).all()
            events = {line.id for line in lines if line.form == EVENT}
            steps = [line.id for line in lines if line.form == STEP]
            for held in county.records.get(conn, STEP, steps).values():
                events.add(str(held.record.values.get("event") or ""))
            wanted = sorted(events - {""})
            self._note(conn, rules, wanted, self._cases(conn, rules, wanted))
            values = {"watched": lines[-1].rev if lines else row.rev, "watched_rules": named}
            conn.execute(sa.update(COUNTY).where(COUNTY.c.county == county.code), values)
        return max(len(lines), 1)

    def _act(self) -> tuple[int, bool]:
        """Make the steps of the first cases whose moment has come; how many, and whether there may be more such cases."""
        county = self._county
        now, rules = county.now_ms(), still(county.applier.rules)
        with county.database.write(county.code) as (conn, _, rev):
            due = WATCH.c.county == county.code, WATCH.c.next <= now
            ids = conn.scalars(sa.select(WATCH.c.event).where(*due).order_by(WATCH.c.next).limit(_ACTS)).all()
            if not ids:
                return 0, False
            hand = Hand(Device("", SYSTEM, (), ()), "", 0, now)
            writes = Writes(county.applier, conn, hand, rev, tag_at(conn, county.code, rev))
            after: dict[str, tuple[Record, CaseState]] = {}
            for event, (record, case) in self._cases(conn, rules, sorted(ids)).items():
                then = _spared(event, self._one, rules, record, case, now, writes)
                if then is not None:
                    after[event] = record, then
            writes.flush({})
            conn.execute(sa.update(COUNTY).where(COUNTY.c.county == county.code), {"rev": writes.rev})
            self._note(conn, rules, ids, after)
            if writes.history:
                county.audit(conn, "watch", account=SYSTEM, steps=len(writes.history))
            return len(writes.history), len(ids) == _ACTS

    def _one(self, rules: CaseRules, event: Record, case: CaseState, now: int, writes: Writes) -> CaseState:
        """*case* after the steps that it is owed."""
        moment = _moment(now)
        refused: set[str] = set()
        while (act := _next(rules, event, case, moment, refused)) and act.moment <= moment:
            step = _step(rules, event, case, act, moment)
            if step is None:
                refused.add(act.step)
                continue
            self._write(event, step, now, writes)
            case = rules.apply(case, replace(step, rev=writes.rev))
        return case

    def _write(self, event: Record, step: Step, now: int, writes: Writes) -> None:
        form = self._county.forms[STEP]
        said = {AREA: event.area, "event": event.id, **{n: v for n, v in step.row().items() if v is not None}}
        change = Change(STEP, step.id, event.area, said, dict.fromkeys(said, 0), now, 0, SYSTEM)
        held: dict[tuple[str, str], Held] = {}
        if writes.there(held, change):
            return  # a device brought it back after a restore, before the case was folded again
        writes.rev += 1
        record = merge(form, None, change, Context("", writes.rev, now)).record
        body = [change.values, change.bases, [], {}]
        receipt = Receipt(0, "accepted", writes.rev)
        writes.note(held, change, record, receipt, content_hash("", change), body, None, county=True)

    def _cases(
        self, conn: sa.Connection, rules: CaseRules, events: Sequence[str]
    ) -> dict[str, tuple[Record, CaseState]]:
        """The cases of *events* that there are, as they are folded."""
        folding = Folding(conn, self._county.records, rules, events)
        found: dict[str, tuple[Record, CaseState]] = {}
        for record in [record for record in folding.events if not record.deleted]:
            case = _spared(record.id, folding.state, record)
            if case is not None:
                found[record.id] = record, case
        return found

    def _note(
        self,
        conn: sa.Connection,
        rules: CaseRules,
        events: Sequence[str],
        cases: Mapping[str, tuple[Record, CaseState]],
    ) -> None:
        """Write down when each of *events* has to be looked at again; who is not among *cases*, only when it changes."""
        county = self._county
        now = _moment(county.now_ms())
        rows = []
        for event, (record, case) in cases.items():
            moment = _spared(event, _first, rules, record, case, now)
            if moment is not None:
                rows.append({"county": county.code, "event": event, "next": int(moment.timestamp() * 1000)})
        county.database.put(conn, WATCH, rows)
        none = sorted(set(events) - {row["event"] for row in rows})
        if none:
            conn.execute(sa.delete(WATCH).where(WATCH.c.county == county.code, WATCH.c.event.in_(none)))


def _spared(event: str, work: Callable[[*Ts], T], *args: *Ts) -> T | None:
    """What *work* reckons of a case; None, and a line in the log, where it can't be: the others are watched all the same."""
    try:
        return work(*args)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception as bad:  # noqa: BLE001 - the county's edge: one bad case must not hold up the others
        _log.warning("the watch leaves case %s alone: %s", event, type(bad).__name__)
        return None


def _first(rules: CaseRules, event: Record, case: CaseState, now: dt.datetime) -> dt.datetime | None:
    """The moment of the first step that *case* is owed, of those that can be done as it stands."""
    refused: set[str] = set()
    while act := _next(rules, event, case, now, refused):
        step = _step(rules, event, case, act, max(now, act.moment))
        if step is not None:
            return act.moment
        refused.add(act.step)
    return None


def _next(rules: CaseRules, event: Record, case: CaseState, now: dt.datetime, refused: set[str]) -> Act | None:
    return rules.watch.next_act(event.id, case, now, rules.limits.calendar, refused)


def _step(rules: CaseRules, event: Record, case: CaseState, act: Act, at: dt.datetime) -> Step | None:
    """What the county does: as anybody's step, by the system and with its rule; None where that can't be done."""
    if rules.action(act.rule.do, case.profile) is None:
        return None
    timer = rules.limits.timers.get(act.timer, act.timer)
    due = act.due.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    after, county = act.rule.repeat.after, sentence("cases.county")
    when = sentence("cases.over", limit=after.words()) if after else sentence("cases.reached")
    text = sentence(f"cases.auto_{act.rule.do}", timer=timer, when=when, due=due, rule=act.rule.label)
    said = {"name": SYSTEM, "rule": act.rule.code, "timer": act.timer}
    match act.rule.do:
        case "remind":
            said["text"] = text
        case "supervise":
            said |= {"opinion": text, "supervise_unit": county, "supervise_level": act.rule.supervise_level}
        case _:
            said["reason"] = text
    filled = rules.fill(act.rule.do, said, event=event.values, at=at, user=SYSTEM, unit=county, case=case)
    step = Step(act.step, act.rule.do, at, filled, SYSTEM, SYSTEM_ROLE, county)
    if rules.refusals(case, step):
        return None
    dues = rules.dues(case, step)
    return replace(step, values={**filled, "due": dues}) if dues else step


def _moment(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms // 1000, CHINA)
