"""Two devices and a county, in any order of saves, deletions, syncs and cuts: nothing lost, nothing doubled, all agree."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.errors import KnownError
from app.store.saving import Edit
from app.store.store import Store
from sync.county import office
from sync.county.tables import ASIDE, HISTORY
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES, Running

DESKS = st.sampled_from([0, 1])
PICKS = st.integers(0, 5)
# One field that asks, two where the later wins, one of a group: unique texts, so that a value tells who wrote it.
FIELDS = st.sampled_from(["name", "occupation", "remark", "birth_date"])
WAYS = st.sampled_from(["before", "body", "after", "answer"])
_texts = itertools.count(1)


def new_value(field):
    number = next(_texts)
    if field == "birth_date":
        return f"{1900 + number // 336 % 120}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}"
    return f"{'甲乙丙丁戊己庚辛壬癸'[number % 10]}{''.join('零一二三四五六七八九'[int(d)] for d in str(number))}"


class Township(RuleBasedStateMachine):
    """``seen`` and ``written`` are kept from what the clerks had on their screens; the rules of the merge aren't repeated."""

    database: object
    forms: object
    empty_home: object

    @initialize()
    def open(self):
        self.stack = contextlib.ExitStack()
        folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = self.database or folder / "county.db"
        self.running = self.stack.enter_context(Running(database, self.forms).serving())
        self.desks = [self._desk(folder, number) for number in (0, 1)]
        self.records = []
        self.screens = {}
        self.changes = []
        # (record, field) -> what was written, by whom; and what somebody knowingly wrote over.
        self.written = defaultdict(list)
        self.replaced = defaultdict(set)
        self.deletions = defaultdict(list)
        for who in (0, 0, 1):
            self.make(who)
        for who in (0, 1, 0):
            self.sync(who)

    def _desk(self, folder, number):
        home, key = self.empty_home
        shutil.copytree(home, folder / f"home{number}")
        store = Store.open(folder / f"home{number}", key, self.forms)
        self.stack.callback(store.close)
        return self.running.device(store, ("张干事", "李干事")[number])

    def teardown(self):
        if hasattr(self, "stack"):
            try:
                self._settle()
            finally:
                self.stack.close()

    # -- what clerks do ---------------------------------------------------------------------------

    @rule(who=DESKS)
    @precondition(lambda self: len(self.records) < 6)
    def make(self, who):
        name = new_value("name")
        saved = self.desks[who].save(Edit("resident", None, VILLAGES[0], {"name": name}))
        self._note(who, saved)
        self.records.append(saved.ids[0])
        self.written[saved.ids[0], "name"].append((name, who))

    @rule(who=DESKS, pick=PICKS, fields=st.sets(FIELDS, min_size=1, max_size=2))
    def edit(self, who, pick, fields):
        self._edit(who, self._record(pick), fields, None)

    @rule(first=DESKS, pick=PICKS, fields=st.sets(FIELDS, min_size=1, max_size=2), more=FIELDS)
    def edit_apart(self, first, pick, fields, more):
        self._edit(first, self._record(pick), fields, None)
        self._edit(1 - first, self._record(pick), fields | {more}, None)

    @rule(who=DESKS, pick=PICKS, fields=st.sets(FIELDS, min_size=1, max_size=2))
    def edit_and_delete_apart(self, who, pick, fields):
        self._edit(1 - who, self._record(pick), fields, None)
        self.delete_or_revive(who, pick, gone=True)

    @rule(who=DESKS, pick=PICKS)
    def open_form(self, who, pick):
        record = self.desks[who].get("resident", self._record(pick))
        if record:
            self.screens[who] = record

    @rule(who=DESKS, fields=st.sets(FIELDS, min_size=1, max_size=2))
    def save_form(self, who, fields):
        shown = self.screens.pop(who, None)
        if shown:
            self._edit(who, shown.id, fields, shown)

    def _edit(self, who, record_id, fields, shown):
        desk = self.desks[who]
        record = shown or desk.get("resident", record_id)
        if record is None:
            return
        values = {field: new_value(field) for field in fields}
        seen = {field: shown.rev_of(field) for field in shown.values} if shown else {}
        try:
            saved = desk.save(Edit("resident", record_id, record.area, values, seen=seen))
        except KnownError as refused:
            if refused.code != "store.deleted_record":
                raise
            return
        self._note(who, saved)
        for field, value in values.items():
            key = record_id, field
            # What one device itself wrote before is its own to replace.
            self.replaced[key] |= {record.values.get(field), *(old for old, by in self.written[key] if by == who)}
            self.written[key].append((value, who))

    @rule(who=DESKS, pick=PICKS, gone=st.booleans())
    def delete_or_revive(self, who, pick, gone):
        desk, record_id = self.desks[who], self._record(pick)
        record = desk.get("resident", record_id)
        if record is None or record.deleted == gone:
            return
        self._note(who, desk.save(Edit("resident", record_id, record.area, {}, deleted=gone)))
        if gone:
            self.deletions[record_id].append((who, set(record.values.values())))

    def _record(self, pick):
        return self.records[pick % len(self.records)]

    def _note(self, who, saved):
        self.changes += [(self.desks[who].store.sync.state.device, change) for change in saved.changes]

    # -- what the network does --------------------------------------------------------------------

    @rule(who=DESKS)
    def sync(self, who):
        report = self.desks[who].sync()
        assert report.ok, report.error
        assert report.refused == 0

    @rule(who=DESKS, ways=st.lists(WAYS, min_size=1, max_size=3), after=st.integers(1, 900))
    def sync_over_a_bad_link(self, who, ways, after):
        report = self.desks[who].sync(http=Broken(ways, after), tries=1)
        assert report.ok or report.error.code == "sync.unreachable"

    @rule(who=DESKS)
    def lose_an_answer_and_give_its_frames_up(self, who):
        desk = self.desks[who]
        desk.sync(http=Broken(["after"], 0), tries=1)
        for frame in desk.store.sync.open_frames():
            desk.store.sync.void(frame.number)

    @rule(who=DESKS)
    def lose_an_answer_and_begin_a_new_incarnation(self, who):
        desk = self.desks[who]
        desk.sync(http=Broken(["after"], 0), tries=1)
        desk.store.sync.new_incarnation()

    @rule(who=DESKS)
    def crash_and_open_again(self, who):
        desk = self.desks[who]
        folder = desk.store.folder
        desk.store.close()
        desk.store = Store.open(folder, self.empty_home[1], self.forms)
        self.stack.callback(desk.store.close)
        desk.http = requests.Session()

    # -- what must be true ------------------------------------------------------------------------

    @invariant()
    def a_saved_change_waits_or_is_at_the_county(self):
        if not hasattr(self, "stack"):
            return
        there = {(row.device, row.counter) for row in self._rows(HISTORY)}
        waiting = {
            (desk.store.sync.state.device, change.counter) for desk in self.desks for change in desk.store.outbox.all()
        }
        assert {(device, change.counter) for device, change in self.changes} <= there | waiting

    def _settle(self):
        for _ in range(3):
            for desk in self.desks:
                report = desk.sync()
                assert report.ok, report.error
        for desk in self.desks:
            report = desk.sync()
            assert (report.left.total, report.refused, report.in_agreement) == (0, 0, True)
            assert desk.store.sync.reckon() == desk.store.sync.digests()
        self._nothing_lost_nothing_doubled()
        self._all_have_the_same()
        self._nobodys_words_vanished()

    def _nothing_lost_nothing_doubled(self):
        taken = sorted((row.device, row.counter) for row in self._rows(HISTORY) if row.device)
        assert taken == sorted((device, change.counter) for device, change in self.changes)
        assert self._rows(ASIDE) == []

    def _all_have_the_same(self):
        with self.running.county.database.snapshot() as conn:
            county = self.running.county.records.get(conn, "resident", self.records)
        assert county.keys() == set(self.records)
        for desk in self.desks:
            for record_id, held in county.items():
                mine = desk.get("resident", record_id)
                stored = {name: value for name, value in mine.values.items() if value is not None}
                stored = {
                    name: value for name, value in stored.items() if not self.forms["resident"].fields[name].derived
                }
                assert (stored, mine.area, mine.deleted) == (held.record.values, held.record.area, held.record.deleted)
        assert all(row.sound for row in office.digest(self.running.county))

    def _nobodys_words_vanished(self):
        conflicts = self.desks[0].store.select("conflict")
        kept = defaultdict(set)
        for conflict in conflicts:
            for part in ("mine", "theirs"):
                kept[conflict.values["record"]] |= words(json.loads(conflict.values[part]))
        for (record_id, field), writes in self.written.items():
            record = self.desks[0].get("resident", record_id)
            for value, who in writes:
                known = value in self.replaced[record_id, field] or value in kept[record_id]
                assert known or record.values[field] == value, (field, value)
                for deleter, screen in (
                    self.deletions[record_id] if record.deleted and len(self.deletions[record_id]) == 1 else ()
                ):
                    # An edit that the only deleter had not seen is shown to people.
                    assert known or who == deleter or value in screen, (field, value)
        assert len({conflict.id for conflict in conflicts}) == len(conflicts)

    def _rows(self, table):
        with self.running.county.database.snapshot() as conn:
            return conn.execute(sa.select(table).where(table.c.county == self.running.county.code)).all()


def words(value):
    return set(value.values()) if isinstance(value, dict) else {value}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_devices_and_a_county_agree_whatever_happens(kind, request, forms, empty_home):
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    machine = type("Township", (Township,), {"database": url, "forms": forms, "empty_home": empty_home})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25 if kind == "sqlite" else 8, stateful_step_count=25, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
