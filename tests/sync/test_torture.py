"""A county and its devices under a bad network, with either of them dying at any moment; `make torture` plays many more."""

from __future__ import annotations

import hashlib
import json
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sync.client.outgoing import Outgoing
from tests.torture.carriers import CARRIED
from tests.torture.places import Processes, Threads
from tests.torture.schedule import CARRIED_FROM, LONG_FROM, play, steps_of
from tests.torture.world import STEPS, World


@pytest.fixture(scope="module")
def threads():
    mode = Threads()
    yield mode
    mode.close()


@pytest.fixture(scope="module")
def processes():
    mode = Processes()
    yield mode
    mode.close()


@pytest.mark.parametrize("seeds", [range(start, start + 10) for start in range(0, 30, 10)], ids=str)
def test_nothing_is_lost_or_doubled_and_all_agree(threads, seeds):
    met = {}
    for seed in seeds:
        played = play(threads, steps_of(seed))
        assert not played.failure, f"seed {seed}: {played.failure}"
        met = {key: met.get(key, 0) + count for key, count in (("faults", played.faults), ("deaths", played.deaths))}
    # A schedule without faults and deaths would prove nothing.
    assert met["faults"] > 20
    assert met["deaths"] > 10


def test_so_it_is_with_sticks_photos_restricted_records_and_replaced_devices(threads):
    for seed in range(CARRIED_FROM, CARRIED_FROM + 10):
        played = play(threads, steps_of(seed))
        assert not played.failure, f"seed {seed}: {played.failure}"


def test_so_it_is_where_long_requests_are_cut_in_the_middle(threads, monkeypatch):
    gone_on, set_out = [], Outgoing.set_out
    monkeypatch.setattr(Outgoing, "set_out", lambda stream: (gone_on.append(stream), set_out(stream))[1])
    for seed in range(LONG_FROM, LONG_FROM + 6):
        played = play(threads, steps_of(seed))
        assert not played.failure, f"seed {seed}: {played.failure}"
    assert gone_on


def test_a_seed_of_before_plays_what_it_always_played():
    drawn = [steps_of(seed) for seed in range(400)]
    assert not {name for steps in drawn for name, _ in steps} & CARRIED.keys()
    assert hashlib.sha256(json.dumps(drawn).encode()).hexdigest() == (
        "059b368d13209f8f4f412cadf701362fc1c00096238b0f900c6e881a445c64f2"
    )


@pytest.mark.parametrize("seed", [0, 1, 2, CARRIED_FROM])
def test_so_it_is_with_processes_that_are_killed(processes, seed):
    played = play(processes, steps_of(seed))
    assert not played.failure, played.failure


class Township(RuleBasedStateMachine):
    """The same steps, drawn and made fewer by hypothesis."""

    mode: object

    @initialize()
    def begin(self):
        self.place = self.mode.fresh()
        self.world = World(self.place.__enter__())
        self.world.begin()

    @rule(step=st.sampled_from(sorted(STEPS)), seed=st.integers(0, 1 << 30))
    def go(self, step, seed):
        getattr(self.world, step)(random.Random(seed))
        self.world.check()

    def teardown(self):
        if hasattr(self, "world"):
            try:
                self.world.settle()
            finally:
                self.world.close()
                self.place.__exit__(None, None, None)


def test_whatever_happens_in_whatever_order(threads):
    run_state_machine_as_test(
        type("Township", (Township,), {"mode": threads}),
        settings=settings(
            max_examples=10, stateful_step_count=20, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
