"""Three devices of differing scope, a clone, and a county set back at any moment: whatever was saved stands or can be seen."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from app.errors import KnownError
from app.store.saving import Edit
from app.store.store import Store
from sync.county import office, soundness
from sync.county.tables import ASIDE, HISTORY
from tests.sync.broken import Broken
from tests.sync.conftest import TOWNSHIP, VILLAGES, Desk, Running
from tests.sync.test_any_order import new_value, words
from tests.sync.test_county_restored import copied, put_back

SCOPES = [(TOWNSHIP,), (VILLAGES[0],), (VILLAGES[0], VILLAGES[1])]
WHO = st.integers(0, 3)
PICKS = st.integers(0, 5)
FIELDS = st.sets(st.sampled_from(["name", "occupation", "remark", "birth_date"]), min_size=1, max_size=2)
WAYS = st.lists(st.sampled_from(["before", "body", "after", "answer"]), min_size=1, max_size=2)


class Restored(RuleBasedStateMachine):
    """``screens`` is what each clerk saw when he wrote: what he replaced knowingly need not be kept for anybody."""

    database: object
    forms: object
    empty_home: object

    @initialize()
    def open(self):
        self.stack = contextlib.ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.running = self.stack.enter_context(
            Running(self.database or self.folder / "county.db", self.forms).serving()
        )
        self.homes = itertools.count()
        self.desks = []
        for areas in SCOPES:
            home, key = self.empty_home
            store = self._open_copy(home, key)
            self.desks.append(self.running.device(store, f"干事{len(self.desks)}", areas))
        self.backups = []
        self.records = []
        self.written = defaultdict(list)
        self.replaced = defaultdict(set)
        self.deleted = set()
        for who in (0, 1, 2):
            self.make(who, who)
            self.sync(who)
        self.back_up()

    def _open_copy(self, home, key):
        folder = self.folder / f"home{next(self.homes)}"
        shutil.copytree(home, folder)
        store = Store.open(folder, key, self.forms)
        self.stack.callback(store.close)
        return store

    def teardown(self):
        if hasattr(self, "stack"):
            try:
                self._settle()
            finally:
                self.stack.close()

    # -- what clerks do ---------------------------------------------------------------------------

    def _desk(self, who):
        return self.desks[who % len(self.desks)]

    @rule(who=WHO, pick=PICKS)
    @precondition(lambda self: len(self.records) < 6)
    def make(self, who, pick):
        name, desk = new_value("name"), self._desk(who)
        area = VILLAGES[0] if SCOPES[who % len(self.desks) % 3] == (VILLAGES[0],) else VILLAGES[pick % 2]
        self.records.append(desk.save(Edit("resident", None, area, {"name": name})).ids[0])
        self.written[self.records[-1], "name"].append((name, who % len(self.desks)))

    @rule(who=WHO, pick=PICKS, fields=FIELDS)
    def edit(self, who, pick, fields):
        who %= len(self.desks)
        record = self.desks[who].get("resident", self.records[pick % len(self.records)])
        if record is None or record.deleted:
            return
        values = {field: new_value(field) for field in fields}
        self.desks[who].save(Edit("resident", record.id, record.area, values))
        for field, value in values.items():
            key = record.id, field
            own = [old for old, by in self.written[key] if by == who]
            self.replaced[key] |= {record.values.get(field), *own}
            self.written[key].append((value, who))

    @rule(who=WHO, pick=PICKS, gone=st.booleans())
    def delete_or_revive(self, who, pick, gone):
        desk = self._desk(who)
        record = desk.get("resident", self.records[pick % len(self.records)])
        if record is not None and record.deleted != gone:
            with contextlib.suppress(KnownError):
                desk.save(Edit("resident", record.id, record.area, {}, deleted=gone))
                self.deleted.add(record.id)

    # -- what happens to them ---------------------------------------------------------------------

    @rule(who=WHO)
    def sync(self, who):
        report = self._desk(who).sync()
        assert report.ok, report.error

    @rule(who=WHO, ways=WAYS, after=st.integers(1, 900))
    def sync_over_a_bad_link(self, who, ways, after):
        report = self._desk(who).sync(http=Broken(ways, after), tries=1)
        assert report.ok or report.error.code == "sync.unreachable", report.error

    @rule(who=WHO)
    def crash_and_open_again(self, who):
        desk = self._desk(who)
        folder = desk.store.folder
        desk.store.close()
        desk.store = Store.open(folder, self.empty_home[1], self.forms)
        self.stack.callback(desk.store.close)

    @rule()
    @precondition(lambda self: len(self.desks) == 3)
    def clone(self):
        first = self.desks[0]
        first.store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.desks.append(Desk(self._open_copy(first.store.folder, self.empty_home[1]), first.user))
        for writes in self.written.values():
            # What the original wrote is the clone's own past as well.
            writes += [(value, 3) for value, by in writes if by == 0]

    @rule()
    def back_up(self):
        self.backups = [*self.backups[-2:], copied(self.running)]

    @rule(pick=st.integers(0, 2))
    def restore(self, pick):
        put_back(self.running, self.backups[pick % len(self.backups)])

    # -- what must be true ------------------------------------------------------------------------

    def _settle(self):
        for _ in range(3):
            for desk in self.desks:
                report = desk.sync()
                assert report.ok, report.error
        for desk in self.desks:
            report = desk.sync()
            assert (report.left.total, report.refused, report.in_agreement) == (0, 0, True)
            assert desk.store.sync.reckon() == desk.store.sync.digests()
        assert all(row.sound for row in office.digest(self.running.county))
        with self.running.county.database.snapshot() as conn:
            county = self.running.county.code
            assert conn.execute(sa.select(ASIDE).where(ASIDE.c.county == county)).all() == []
            taken = conn.execute(
                sa.select(HISTORY.c.incarnation, HISTORY.c.counter, HISTORY.c.hash).where(
                    HISTORY.c.county == county, HISTORY.c.device != ""
                )
            ).all()
            records = self.running.county.records.get(conn, "resident", self.records)
            # The history still tells each record as it stands.
            assert [key for key, held in records.items() if soundness.rebuilt(conn, county, held) is None] == []
        assert len({row.hash for row in taken}) == len(taken)
        self._everything_stands_or_can_be_seen()

    def _everything_stands_or_can_be_seen(self):
        kept = defaultdict(set)
        for conflict in self.desks[0].store.select("conflict"):
            for part in ("mine", "theirs"):
                kept[conflict.values["record"]] |= words(json.loads(conflict.values[part]))
        for (record_id, field), writes in self.written.items():
            record = self.desks[0].get("resident", record_id)
            assert record is not None
            if record_id in self.deleted:
                continue
            for value, _who in writes:
                seen = value in self.replaced[record_id, field] or value in kept[record_id]
                assert seen or record.values[field] == value, (field, value)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_county_set_back_at_any_moment_ends_with_everything(kind, request, forms, empty_home):
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    machine = type("Restored", (Restored,), {"database": url, "forms": forms, "empty_home": empty_home})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12 if kind == "sqlite" else 6, stateful_step_count=25, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
