"""Corrected time: what a wrong clock does to it, and what it never does."""

from __future__ import annotations

import itertools

import pytest

from app.services.timekeeping import clock_words, span_words
from app.store.clock import DAY_MS, MINUTE_MS, Clock
from app.store.store import Store, new_key
from tests.store.conftest import person

NOW = 1_800_000_000_000
YEARS = 17 * 365 * DAY_MS


class Machine:
    """A machine whose clock and whose running time are set by hand, in milliseconds."""

    def __init__(self, shows=NOW):
        self.shows, self.ran = shows, 0

    def goes_on(self, ms):
        self.shows += ms
        self.ran += ms

    def now(self):
        return self.shows / 1000

    def monotonic(self):
        return self.ran / 1000


class Kept(dict):
    """Meta as the clock uses it."""

    def integer(self, key):
        return int(self.get(key, 0))

    def set(self, key, value):
        self[key] = value


def clock(machine, **kept):
    meta = Kept({"offset_ms": kept.get("offset", 0), "clock.known": kept.get("known", 0)})
    return Clock(meta, machine.now, machine.monotonic), meta


def test_a_right_clock_is_taken_as_it_is():
    machine = Machine()
    held, _ = clock(machine, known=NOW - DAY_MS)
    assert (held.ms(), held.read().fault) == (NOW, "")
    machine.goes_on(5000)
    assert held.ms() == NOW + 5000


@pytest.mark.parametrize(("offset", "fault"), [(YEARS, "slow"), (-DAY_MS, "fast")])
def test_a_wrong_clock_is_corrected_by_what_the_county_said_and_told(offset, fault):
    held, _ = clock(Machine(NOW - offset), offset=offset, known=NOW - DAY_MS)
    found = held.read()
    assert (found.ms, found.fault, found.by_ms) == (NOW, fault, abs(offset))


def test_a_clock_that_jumps_back_while_running_takes_no_time_away():
    machine = Machine()
    held, _ = clock(machine)
    assert held.ms() == NOW
    machine.goes_on(10_000)
    machine.shows -= DAY_MS
    found = held.read()
    assert (found.ms, found.fault) == (NOW + 10_000, "back")
    machine.goes_on(7000)
    assert held.ms() == NOW + 17_000


def test_a_clock_in_2009_after_a_flat_battery_goes_on_from_what_was_saved():
    held, _ = clock(Machine(NOW - YEARS), known=NOW)
    found = held.read()
    assert (found.ms, found.fault) == (NOW, "back")
    assert "比已经存下的内容还早" in clock_words(found)


@pytest.mark.parametrize("offset", [YEARS, -DAY_MS])
def test_a_clock_that_was_set_right_since_is_not_corrected_twice(offset):
    found = clock(Machine(NOW), offset=offset, known=NOW - MINUTE_MS)[0].read()
    assert (found.ms, found.fault) == (NOW, "")


def test_half_a_year_beyond_all_that_is_known_is_asked_about():
    assert clock(Machine(NOW), known=NOW - 179 * DAY_MS)[0].read().fault == ""
    assert clock(Machine(NOW), known=NOW - 200 * DAY_MS)[0].read().fault == "ahead"


def test_what_was_saved_under_a_clock_that_ran_ahead_holds_time_up_only_until_the_county_is_heard():
    machine = Machine(NOW)
    held, meta = clock(machine, known=NOW + 365 * DAY_MS)
    assert held.read().fault == "back"
    meta.update(held.learned(NOW, machine.shows))
    found = held.read()
    assert (found.ms, found.fault) == (NOW, "")


def test_the_county_is_written_down_only_where_it_says_something_new():
    machine = Machine()
    held, meta = clock(machine)
    meta.update(held.learned(NOW + 300, machine.shows))
    assert dict(meta) == {"offset_ms": 0, "clock.known": NOW + 300}
    assert held.learned(NOW + 60_000, machine.shows + 60_000) == {}
    assert set(held.learned(NOW + 60_000, machine.shows)) == {"offset_ms", "clock.known"}


@pytest.mark.parametrize(
    ("ms", "said"), [(180_000, "3 分钟"), (7_200_000, "2 小时"), (DAY_MS, "1 天"), (YEARS, "17 年"), (1, "1 分钟")]
)
def test_spans_are_said_as_people_say_them(ms, said):
    assert span_words(ms) == said


def test_saves_keep_their_order_and_ids_through_jumps_and_starts(tmp_path, forms):
    machine, key = Machine(), new_key()
    store = Store.create(tmp_path / "home", key, forms, now=machine.now)
    made = []
    for jump in (0, -DAY_MS, 365 * DAY_MS, -YEARS, YEARS):
        machine.shows += jump
        made.append(store.save([person(), person()], "lin"))
    store.close()
    machine.shows = NOW - YEARS
    store = Store.open(tmp_path / "home", key, forms, now=machine.now)
    made.append(store.save([person()], "lin"))
    ids = [record_id for saved in made for record_id in saved.ids]
    times = [change.time for saved in made for change in saved.changes]
    assert len(set(ids)) == len(ids)
    # What one process made counts up; where the next one begins within the same moment is chance.
    assert ids[:-1] == sorted(ids[:-1])
    assert int(ids[-1][:12], 16) >= int(ids[-2][:12], 16) - MINUTE_MS
    assert all(later >= earlier - MINUTE_MS for earlier, later in itertools.pairwise(times))
    assert [change.counter for change in store.outbox.all()] == sorted(change.counter for change in store.outbox.all())
    store.close()
