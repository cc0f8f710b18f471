"""Bundles and network mixed in any order, files lost, late, read twice and by the wrong end: nothing lost, nothing doubled, all agree."""

from __future__ import annotations

import functools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from app.errors import KnownError
from sync import bundle
from sync.county import bundles
from tests.sync.test_any_order import DESKS, Township

FILES = st.integers(0, 40)
# Why a device may leave a file alone: not its own, of its past, or beyond what it has.
LEFT = {"bundle.not_for_us", "bundle.outdated", "sync.gap"}


def never_mended(sync, **options):
    """A file must leave nothing that the comparing of ranges would have to put right behind it."""
    report = sync(**options)
    assert report.mended == 0
    return report


class Carried(Township):
    """What clerks and networks do in ``Township``, and files that are carried: each may be read at any time, or never."""

    def __init__(self):
        super().__init__()
        self.going = []
        self.coming = []

    def _desk(self, folder, number):
        made = super()._desk(folder, number)
        made.sync = functools.partial(never_mended, made.sync)
        return made

    @rule(who=DESKS)
    def write_a_file(self, who):
        store = self.desks[who].store
        before = store.sync.waiting()
        made = bundle.write(store)
        bundle.note(store, made)
        assert store.sync.waiting() == before
        self.going.append(made.content)

    @rule(file=FILES)
    def the_county_reads_one(self, file):
        if self.going:
            taken = bundles.take(self.running.county, self.going[-1 - file % len(self.going)])
            self.coming.append(taken.answer)

    @rule(who=DESKS)
    def the_county_writes_another_answer(self, who):
        try:
            made = bundles.answer_again(self.running.county, self.desks[who].store.sync.state.device)
        except KnownError as bad:
            assert bad.code == "bundle.none_yet"  # noqa: PT017 - which one it may be is what is said
        else:
            self.coming.append(made.answer)

    @rule(who=DESKS, file=FILES)
    def a_device_reads_one(self, who, file):
        if not self.coming:
            return
        store = self.desks[who].store
        before = store.sync.cursors(), store.sync.digests(), store.sync.waiting()
        try:
            bundle.read(store, self.coming[-1 - file % len(self.coming)])
        except KnownError as bad:
            assert bad.code in LEFT  # noqa: PT017 - which one it may be is what is said
            assert (store.sync.cursors(), store.sync.digests(), store.sync.waiting()) == before

    @rule(who=DESKS)
    def there_and_back(self, who):
        self.write_a_file(who)
        self.the_county_reads_one(0)
        store = self.desks[who].store
        got = bundle.read(store, self.coming[-1])
        assert got.refused == 0
        assert store.sync.reckon() == store.sync.digests()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_files_and_network_agree_in_whatever_order(kind, request, forms, empty_home):
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    machine = type("Carried", (Carried,), {"database": url, "forms": forms, "empty_home": empty_home})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20 if kind == "sqlite" else 6, stateful_step_count=25, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
