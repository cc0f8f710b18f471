"""What ends an exchange before its end: a pause, and the bytes that it may take by itself."""

from __future__ import annotations

import random

from app.store.saving import Edit
from tests.sync.conftest import VILLAGES


def people(count):
    noise = random.Random(count)
    return [
        Edit("resident", None, VILLAGES[0], {"name": f"张{number}", "remark": noise.randbytes(80).hex()})
        for number in range(count)
    ]


def event():
    values = {"title": "路灯不亮", "place": "村口", "state": "reported", "channel": "phone"}
    return Edit("event", None, VILLAGES[0], values)


def test_a_pause_ends_an_exchange_at_the_frame_in_flight_and_the_next_goes_on(desks):
    a, b = desks
    a.save(*people(3000), bulk=True)
    report = a.sync(stopped=lambda: a.store.meta.integer("frame") >= 2)
    assert (report.ok, report.halted, report.in_agreement) == (True, "sync.paused", False)
    assert a.store.sync.exchanges(1)[0].result == "sync.paused"
    assert 0 < report.left.total <= 3000
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.store.count("resident") == 3000


def test_over_the_budget_only_what_is_urgent_goes(desks):
    a, b = desks
    a.save(*people(3000), bulk=True)
    a.save(event())
    report = a.sync(most=0)
    assert (report.ok, report.halted) == (True, "sync.over_budget")
    assert (report.left.urgent, report.left.bulk) == (0, 3000)
    assert report.up.bytes + report.down.bytes < 4_000
    assert a.sync(most=0).left.bulk == 3000
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert (b.store.count("resident"), b.store.count("event")) == (3000, 1)


def test_what_the_budget_leaves_is_used_and_no_more_than_a_frame_beyond(desks):
    a, _ = desks
    a.save(*people(6000), bulk=True)
    report = a.sync(most=150_000)
    assert report.halted == "sync.over_budget"
    assert 150_000 < report.up.bytes + report.down.bytes < 300_000
    assert a.store.sync.bytes_since(0) > 150_000


def test_progress_tells_how_many_bytes_are_still_to_go(desks):
    a, _ = desks
    a.save(*people(6000), bulk=True)
    told = []
    assert a.sync(progress=told.append).in_agreement
    whole = told[-1].bytes_up + told[-1].bytes_down
    early = next(held for held in told if held.bytes_up > 100_000)
    guess = early.bytes_up + early.bytes_down + early.expected
    assert 0.5 * whole < guess < 2 * whole


def test_a_first_download_tells_how_many_bytes_are_still_to_come(county, desks, new_store):
    a, _ = desks
    a.save(*people(6000), bulk=True)
    assert a.sync().in_agreement
    told = []
    late = county.device(new_store(), "王干事")
    assert late.sync(progress=told.append).in_agreement
    whole = told[-1].bytes_down
    early = [held for held in told if held.expected and 0.2 * whole < held.bytes_down < 0.8 * whole]
    assert early
    assert all(0.4 * whole < held.bytes_down + held.expected < 2.5 * whole for held in early)
