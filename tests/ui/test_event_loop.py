"""The window goes on answering while the lane saves and while a worker imports."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Self

import pytest
from PySide6.QtCore import Qt, QTimer

from app.store.saving import Edit
from tests.ui.offices import UPPER
from ui.frame import make_window

ROSTER = Path(__file__).resolve().parents[1] / "data" / "roster_clean.xlsx"
BEAT = 5
"""Milliseconds between two beats of a timer on the GUI thread."""


class Pulse:
    """Measures how late a timer on the GUI thread comes, in ms: what a clerk feels as stalling."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer(interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_beat)

    def __enter__(self) -> Self:
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.stop()

    def worst_but(self, share: float) -> float:
        """The longest gap but for *share* of them."""
        return sorted(self.gaps)[int(len(self.gaps) * (1 - share)) - 1]

    def _on_beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now


@pytest.fixture(autouse=True)
def switching():
    """As the window's own root sets it: work in the lane gives way to the window sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.001)
    yield
    sys.setswitchinterval(before)


def test_the_window_answers_while_the_lane_saves_two_thousand_records(desk, qtbot):
    def batch(start: int) -> None:
        people = [Edit("resident", None, UPPER, {"name": f"张{number}"}) for number in range(start, start + 100)]
        desk.office.store.save(people, "test", bulk=True)

    with Pulse() as pulse:
        for start in range(0, 2000, 100):
            desk.jobs.run(lambda start=start: batch(start))
        qtbot.waitUntil(lambda: not desk.jobs.busy(), timeout=60_000)
    assert desk.office.store.count("resident") == 2000
    assert len(pulse.gaps) > 10
    assert pulse.worst_but(0.01) < 120


@pytest.mark.parametrize("moving", [False, True], ids=["standing", "switching pages"])
def test_the_window_answers_while_a_worker_imports_a_roster(desk, qapp, qtbot, moving):
    window, _frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.show()
    for name in ("events", "registry", "ledgers", "desk"):
        window.go(name)
        desk.settle()
    worker = desk.worker(["import", "resident", str(ROSTER), "--json", "--area", UPPER])
    names = iter(("events", "registry", "ledgers", "sync", "desk") * 1000)
    moves = QTimer(interval=250)
    moves.timeout.connect(lambda: window.go(next(names)))
    if moving:
        moves.start()
    with qtbot.waitSignal(worker.finished, timeout=60_000), Pulse() as pulse:
        worker.start()
        qtbot.waitUntil(lambda: not worker.running() and bool(pulse.gaps), timeout=60_000)
    moves.stop()
    desk.settle()
    assert desk.office.store.count("resident") > 0
    # Building a page anew takes its time; without that the window must feel immediate.
    assert pulse.worst_but(0.01) < (250 if moving else 120)
    window.close()
