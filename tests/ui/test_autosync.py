"""The exchange that goes by itself: pauses, budgets, failures and a network that comes back."""

from __future__ import annotations

import sys

import pytest

from app.services.traffic import FOREVER, Allowance, day_of
from ui.autosync import AutoSync
from ui.jobs import Worker
from ui.network import Network

NOW = 1_789_696_800.0
TODAY = day_of(int(NOW * 1000))
FINE = "import json; print(json.dumps({'ok': True, 'left': {'urgent': 0}}))"
AWAY = "import sys; sys.exit(3)"


class Made:
    """Workers that do nothing but end, and what they were asked for."""

    def __init__(self, code=FINE):
        self.code = code
        self.asked = []

    def __call__(self, tail):
        self.asked.append(tuple(tail))
        return Worker([sys.executable, "-c", self.code, *tail])


@pytest.fixture
def made():
    return Made()


@pytest.fixture
def auto(qtbot, made):
    found = AutoSync(made, soon=1, retry=60_000, now=lambda: NOW)
    yield found
    found.stop()


def test_paused_only_what_is_urgent_goes(qtbot, made, auto):
    auto.allow(Allowance(TODAY, pause=FOREVER))
    auto.start()
    assert made.asked == []
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.soon()
    assert made.asked == [("sync", "--most", "0")]


def test_what_is_urgent_and_found_no_network_is_tried_again_though_all_else_is_paused(qtbot, made, auto):
    auto.allow(Allowance(TODAY, pause=FOREVER))
    auto.start()
    made.code = AWAY
    with qtbot.waitSignal(auto.failed, timeout=60_000):
        auto.soon()
    made.code = FINE
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.go()
    auto.go()
    assert made.asked == [("sync", "--most", "0")] * 2


def test_what_was_urgent_yesterday_goes_when_the_window_opens_paused(qtbot, made, auto):
    auto.allow(Allowance(TODAY, pause=FOREVER))
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.start(urgent=True)
    assert made.asked == [("sync", "--most", "0")]


def test_a_pause_that_is_over_holds_nothing(auto, made, qtbot):
    auto.allow(Allowance(TODAY, pause=int(NOW * 1000) - 1))
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.start()
    assert made.asked == [("sync",)]


def test_what_is_left_of_the_budget_goes_along_and_a_new_day_has_its_own(auto, made, qtbot):
    auto.allow(Allowance(TODAY, used=300, budget=1000))
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.go()
    auto.allow(Allowance("2026-09-17", used=1000, budget=1000))
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.go()
    auto.allow(Allowance(TODAY, used=1000, budget=1000))
    auto.go()
    assert made.asked == [("sync", "--most", "700"), ("sync", "--most", "1000")]
    # Who asks gets a whole one.
    with qtbot.waitSignal(auto.ended, timeout=60_000):
        auto.ask()
    assert made.asked[-1] == ("sync",)


def test_while_the_network_is_away_it_tries_ever_more_seldom_and_at_once_when_it_is_back(qtbot, made):
    network = Network()
    network.say(online=False)
    made.code = AWAY
    auto = AutoSync(made, retry=60_000, network=network)
    waits = []
    with qtbot.waitSignal(auto.failed, timeout=60_000):
        auto.start()
    waits.append(auto.next_in())
    with qtbot.waitSignal(auto.failed, timeout=60_000):
        auto.go()
    waits.append(auto.next_in())
    assert 40_000 < waits[0] < 80_000 < waits[1] < 160_000
    network.say(online=True)
    # A coarse timer of Qt may be up to a twentieth late, and says so.
    assert 0 <= auto.next_in() <= 3150
    auto.stop()


def test_a_save_that_comes_too_late_for_the_running_one_goes_with_the_next(qtbot, made, auto):
    made.code = "import json; print(json.dumps({'ok': True, 'left': {'urgent': 1}}))"
    with qtbot.waitSignals([auto.ended, auto.ended], timeout=60_000):
        auto.go()
        auto.soon()
        auto._go_urgent()
    assert len(made.asked) == 2
