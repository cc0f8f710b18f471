"""Verdicts of the county that come together: written down together, and each as if it had come alone."""

from __future__ import annotations

import time

import pytest

from app.store.answering import Answering
from app.store.saving import Edit
from sync.client import taking
from sync.client.filling import Filling
from sync.client.link import suited
from sync.client.report import Tally
from sync.client.taking import Answer
from sync.wire import Receipts, WireError
from tests.sync.conftest import VILLAGES

V = VILLAGES[0]
FIRST = 1 << 40


@pytest.fixture
def database(tmp_path):
    """What lies under the county has no part in this."""
    return tmp_path / "county.db"


def framed(desk, frames, each=3):
    """So many frames of new people, *each* of so many: numbered and written down."""
    desk.save(*[Edit("resident", None, V, {"name": f"张{n}"}) for n in range(frames * each)])
    filling = Filling(desk.store, suited(desk.store, desk.store.sync.state.url), raw=True)
    return [filling.next(each) for _ in range(frames)]


def answer(desk, frames):
    return Answer(desk.store, Tally(), {frame.number: frame for frame in frames}, set(), time.time)


def accepted(frames):
    told, rev = [], FIRST
    for frame in frames:
        told.append(Receipts(frame.number, rev))
        rev += len(frame.counters)
    return told


def held(desk):
    """What has no verdict yet, frame by frame."""
    return [(frame.number, frame.counters) for frame in desk.store.sync.open_frames()]


@pytest.fixture
def written(monkeypatch):
    """How many changes each transaction of verdicts held."""
    found = []
    honest = Answering.answered

    def answered(self, frames):
        frames = list(frames)
        found.append([len(receipts) for _, receipts in frames])
        honest(self, frames)

    monkeypatch.setattr(Answering, "answered", answered)
    return found


def test_verdicts_of_one_answer_are_written_down_together(desks, written):
    a, b = desks
    framed(a, 6, 5)
    written.clear()
    assert a.sync().in_agreement
    assert written == [[5] * 6]
    assert b.sync().down.count == 30
    assert b.store.sync.reckon() == a.store.sync.reckon()


def test_no_transaction_holds_more_than_a_long_frame(desks, written, monkeypatch):
    a, _ = desks
    frames = framed(a, 5)
    monkeypatch.setattr(taking, "MOST_CHANGES", 7)
    one = answer(a, frames)
    one.take_together(accepted(frames))
    assert written == [[3, 3], [3, 3], [3]]
    assert (held(a), a.store.sync.waiting().total) == ([], 0)


def test_a_verdict_that_can_not_be_read_takes_nothing_from_those_before_it(desks):
    a, _ = desks
    frames = framed(a, 4)
    told = accepted(frames)
    told[2] = Receipts(frames[2].number, 0)
    with pytest.raises(WireError):
        answer(a, frames).take_together(told)
    assert held(a) == [(frame.number, frame.counters) for frame in frames[2:]]
    assert a.store.sync.waiting().total == 6


def test_what_another_machine_sent_ends_it_where_it_stands(desks):
    a, _ = desks
    frames = framed(a, 4)
    before = a.store.sync.state.incarnation
    told = accepted(frames)
    told[1] = Receipts(frames[1].number, code="sync.not_yours")
    one = answer(a, frames)
    one.take_together(told)
    assert one.again
    assert a.store.sync.state.incarnation != before
    # The first was taken under the old name; all else has no verdict, also what is said behind it.
    assert (held(a), a.store.sync.waiting().total) == ([], 9)


def test_a_verdict_that_comes_twice_counts_once(desks):
    a, _ = desks
    frames = framed(a, 2)
    one = answer(a, frames)
    one.take_together([*accepted(frames), *accepted(frames)])
    assert (one._tally.up, held(a)) == (6, [])


def test_together_they_are_written_down_all_or_none(desks, monkeypatch):
    a, b = desks
    frames = framed(a, 3)
    honest, calls = Answering._verdicts, []

    def dies(self, number, receipts):
        calls.append(number)
        if len(calls) == 3:
            raise RuntimeError("the power fails")
        honest(self, number, receipts)

    with monkeypatch.context() as failing:
        failing.setattr(Answering, "_verdicts", dies)
        with pytest.raises(RuntimeError):
            answer(a, frames).take_together(accepted(frames))
    assert held(a) == [(frame.number, frame.counters) for frame in frames]
    assert a.store.sync.waiting().total == 9
    assert a.sync().in_agreement
    assert b.sync().down.count == 9
