"""Four devices of differing scope, moves and rights that change in the middle, in any order: all agree, nothing is lost or left behind."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from app.errors import KnownError
from app.store.saving import Edit
from app.store.store import Store
from sync.county import office
from sync.county.granting import grant
from sync.county.tables import ASIDE, HISTORY
from sync.wire import Area
from tests.sync.broken import Broken
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES, Running

OLD, NEW = VILLAGES[:2]
HOLDS = {"张旧村": (OLD,), "李新村": (NEW,), "王乡镇": (TOWNSHIP,), "赵平安": (OTHER,)}
WHO = st.sampled_from(list(HOLDS))
PICKS = st.integers(0, 7)
WAYS = st.sampled_from(["before", "body", "after", "answer"])
_texts = itertools.count(1)


class County(RuleBasedStateMachine):
    """Every device works with what it sees; what a device may do is what its services would let it do."""

    database: object
    forms: object
    empty_home: object

    @initialize()
    def open(self):
        self.stack = contextlib.ExitStack()
        folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.running = self.stack.enter_context(Running(self.database or folder / "county.db", self.forms).serving())
        self.desks = {user: self._desk(folder, user, areas) for user, areas in HOLDS.items()}
        self.records = []
        self.changes = []
        self.village = OLD
        for _ in range(2):
            self.make_home("张旧村")
        self.sync("张旧村")
        self.sync("王乡镇")

    def _desk(self, folder, user, areas):
        home, key = self.empty_home
        shutil.copytree(home, folder / user)
        store = Store.open(folder / user, key, self.forms)
        self.stack.callback(store.close)
        return self.running.device(store, user, areas)

    def teardown(self):
        if hasattr(self, "stack"):
            try:
                self._settle()
            finally:
                self.stack.close()

    def _save(self, who, *edits):
        desk = self.desks[who]
        try:
            saved = desk.save(*edits)
        except KnownError as refused:
            assert refused.code in {"store.deleted_record", "store.handed_over"}  # noqa: PT017 - what the store says no to
            return None
        self.changes += [(desk.store.sync.state.device, change.counter) for change in saved.changes]
        self.records += [(edit.form, made) for edit, made in zip(edits, saved.ids, strict=True) if edit.id is None]
        return saved

    def _area(self, who):
        held = {area for area, _ in self.desks[who].store.sync.digests()}
        return next((area for area in (OLD, NEW, "990001102201") if area in held), None)

    @rule(who=WHO)
    def make_home(self, who):
        area = self._area(who)
        if (
            area
            and len(self.records) < 24
            and (home := self._save(who, Edit("household", None, area, {"head_name": "户"})))
        ):
            people = [Edit("resident", None, area, {"name": "人", "household": home.ids[0]}) for _ in range(2)]
            self._save(who, *people)

    @rule(who=WHO, pick=PICKS)
    def add_a_member(self, who, pick):
        home = self._pick(who, "household", pick)
        if home and not home.deleted and len(self.records) < 24:
            self._save(who, Edit("resident", None, home.area, {"name": "新", "household": home.id}))

    @rule(who=WHO, pick=PICKS)
    def edit(self, who, pick):
        person = self._pick(who, "resident", pick)
        if person:
            self._save(who, Edit("resident", person.id, person.area, {"remark": f"第{next(_texts)}句"}))

    @rule(who=WHO, pick=PICKS, gone=st.booleans())
    def delete(self, who, pick, gone):
        person = self._pick(who, "resident", pick)
        if person and person.deleted != gone:
            self._save(who, Edit("resident", person.id, person.area, {}, deleted=gone))

    @rule(who=WHO, pick=PICKS, to=st.sampled_from([OLD, NEW]))
    def move_home(self, who, pick, to):
        """With everybody whom this device knows to live there."""
        home = self._pick(who, "household", pick)
        held = {area for area, _ in self.desks[who].store.sync.digests()}
        if home and not home.deleted and home.area != to and {home.area, to} <= held:
            people = self.desks[who].store.select("resident", {"household": home.id})
            edits = [Edit("resident", person.id, to, {}) for person in people if person.area == home.area]
            self._save(who, *edits, Edit("household", home.id, to, {}))

    @rule(who=WHO, pick=PICKS, home=PICKS)
    def split(self, who, pick, home):
        person, home = self._pick(who, "resident", pick), self._pick(who, "household", home)
        if person and home and not person.deleted and not home.deleted:
            self._save(who, Edit("resident", person.id, home.area, {"household": home.id}))

    @rule(to=st.sampled_from([TOWNSHIP, OTHER]))
    def give_the_village_to_a_township(self, to):
        office.add_areas(self.running.county, [Area(OLD, "幸福1村", "village", to)])

    @rule(more=st.booleans())
    def let_the_village_reach_further_or_not(self, more):
        grant(self.running.county, self.desks["李新村"].store.sync.state.device, areas=[NEW, OLD] if more else [NEW])

    def _pick(self, who, form, pick):
        ids = [record_id for name, record_id in self.records if name == form]
        return self.desks[who].get(form, ids[pick % len(ids)]) if ids else None

    @rule(who=WHO)
    def sync(self, who):
        report = self.desks[who].sync()
        assert report.ok, report.error

    @rule(who=WHO, ways=st.lists(WAYS, min_size=1, max_size=3), after=st.integers(1, 900))
    def sync_over_a_bad_link(self, who, ways, after):
        report = self.desks[who].sync(http=Broken(ways, after), tries=1)
        assert report.ok or report.error.code == "sync.unreachable"

    def _settle(self):
        for _ in range(3):
            for who in self.desks:
                self.sync(who)
        for desk in self.desks.values():
            report = desk.sync()
            assert (report.left.total, report.mended, report.in_agreement) == (0, 0, True)
            assert desk.store.sync.reckon() == desk.store.sync.digests()
        assert all(row.sound for row in office.digest(self.running.county))
        there = self._rows(HISTORY)
        aside = self._rows(ASIDE)
        # The clocks of all are one: nothing was saved long after its rights had gone.
        assert [row.code for row in aside] == []
        assert sorted((row.device, row.counter) for row in there if row.device) == sorted(self.changes)
        self._everything_where_it_belongs()

    def _everything_where_it_belongs(self):
        with self.running.county.database.snapshot() as conn:
            held = {}
            for form in ("household", "resident"):
                ids = [record_id for name, record_id in self.records if name == form]
                held.update(self.running.county.records.get(conn, form, ids))
        assert held.keys() == {record_id for _, record_id in self.records}
        for desk in self.desks.values():
            scope = {area for area, _ in desk.store.sync.digests()}
            for form, record_id in self.records:
                record, mine = held[record_id].record, desk.get(form, record_id)
                assert (mine is not None) == (record.area in scope)
                if mine is not None:
                    stored = {name: value for name, value in mine.values.items() if value is not None}
                    assert (stored, mine.area, mine.deleted) == (record.values, record.area, record.deleted)
                    assert desk.store.stubs.get(form, record_id) is None

    def _rows(self, table):
        with self.running.county.database.snapshot() as conn:
            return conn.execute(sa.select(table).where(table.c.county == self.running.county.code)).all()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_devices_of_differing_scope_agree_whatever_moves(kind, request, forms, empty_home):
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    machine = type("County", (County,), {"database": url, "forms": forms, "empty_home": empty_home})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10, stateful_step_count=20, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
