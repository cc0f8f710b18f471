"""Work beside the window: in order, results on the GUI thread, drained at the end; children speak JSON."""

from __future__ import annotations

import logging
import sys
import threading

import pytest
import shiboken6
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QLabel

from app.errors import KnownError
from ui.jobs import Jobs, Worker


@pytest.fixture
def jobs(qtbot):
    jobs = Jobs()
    yield jobs
    jobs.close()


def test_jobs_run_in_the_order_given(jobs: Jobs, qtbot) -> None:
    done: list[int] = []
    gate = threading.Event()
    jobs.run(gate.wait)
    for number in range(20):
        jobs.run(lambda number=number: number, then=done.append)
    gate.set()
    qtbot.waitUntil(lambda: len(done) == 20)
    assert done == list(range(20))


def test_results_arrive_on_the_gui_thread_and_work_does_not_run_there(jobs: Jobs, qtbot) -> None:
    seen: list[tuple[QThread, QThread]] = []
    jobs.run(QThread.currentThread, then=lambda worked_on: seen.append((worked_on, QThread.currentThread())))
    qtbot.waitUntil(lambda: bool(seen))
    worked_on, told_on = seen[0]
    assert told_on is jobs.thread()
    assert worked_on is not jobs.thread()


def test_a_failure_goes_to_its_own_slot_and_the_lane_lives_on(jobs: Jobs, qtbot) -> None:
    failures: list[Exception] = []
    done: list[int] = []

    def work() -> None:
        raise KnownError("store.busy")

    jobs.run(work, failed=failures.append)
    jobs.run(lambda: 1, then=done.append)
    qtbot.waitUntil(lambda: done == [1])
    assert [fault.code for fault in failures] == ["store.busy"]


def test_a_failure_nobody_waits_for_is_announced(jobs: Jobs, qtbot) -> None:
    with qtbot.waitSignal(jobs.failed) as heard:
        jobs.run(lambda: 1 / 0)
    assert isinstance(heard.args[0], ZeroDivisionError)


def test_the_log_of_a_fault_holds_no_personal_data(jobs: Jobs, qtbot, caplog) -> None:
    def work() -> None:
        raise ValueError("李长顺 990001196503141234")

    with caplog.at_level(logging.ERROR), qtbot.waitSignal(jobs.failed):
        jobs.run(work)
    assert "ValueError" in caplog.text
    assert "李长顺" not in caplog.text


def test_a_result_for_a_widget_that_is_gone_is_dropped(jobs: Jobs, qtbot) -> None:
    label, done = QLabel(), []
    gate = threading.Event()
    jobs.run(lambda: gate.wait() and "好", then=label.setText)
    shiboken6.delete(label)
    gate.set()
    jobs.run(lambda: 1, then=done.append)
    qtbot.waitUntil(lambda: done == [1])
    assert not jobs.busy()


def test_closing_finishes_what_was_given(qtbot) -> None:
    jobs = Jobs()
    done: list[int] = []
    gate = threading.Event()
    jobs.run(gate.wait)
    for number in range(5):
        jobs.run(lambda number=number: done.append(number))
    gate.set()
    jobs.close()
    assert done == [0, 1, 2, 3, 4]


CHILD = """
import json, sys
key = sys.stdin.buffer.readline().strip() if len(sys.argv) > 2 else b""
print(json.dumps({"done": 1, "total": 2}), file=sys.stderr, flush=True)
print("说明", file=sys.stderr)
print(json.dumps({"secret": key.decode(), "argv": sys.argv[1:]}))
sys.exit(int(sys.argv[1]))
"""


def test_a_worker_gets_its_key_through_the_pipe_and_reports_progress(qtbot) -> None:
    worker = Worker([sys.executable, "-c", CHILD, "0", "key"], secret=b"key-of-32\n")
    steps: list[dict[str, int]] = []
    worker.progressed.connect(steps.append)
    with qtbot.waitSignal(worker.finished, timeout=60_000) as heard:
        worker.start()
    assert heard.args[0] == {"secret": "key-of-32", "argv": ["0", "key"]}
    assert steps == [{"done": 1, "total": 2}]


def test_a_worker_that_refused_some_data_has_finished(qtbot) -> None:
    worker = Worker([sys.executable, "-c", CHILD, "1"])
    with qtbot.waitSignal(worker.finished, timeout=60_000):
        worker.start()


def test_a_worker_that_failed_says_its_own_last_words(qtbot) -> None:
    worker = Worker([sys.executable, "-c", CHILD, "3"])
    with qtbot.waitSignal(worker.failed, timeout=60_000) as heard:
        worker.start()
    assert heard.args == ["说明"]


def test_a_worker_that_cannot_start_says_what_to_do(qtbot) -> None:
    worker = Worker(["/no/such/program"])
    with qtbot.waitSignal(worker.failed, timeout=60_000) as heard:
        worker.start()
    assert "重试" in heard.args[0]


def test_a_worker_told_to_stop_may_end_by_itself(qtbot) -> None:
    stops = "import sys; sys.stdin.readline(); line = sys.stdin.readline(); sys.exit(0 if line == 'cancel\\n' else 3)"
    worker = Worker([sys.executable, "-c", stops], secret=b"key\n")
    worker.start()
    qtbot.waitUntil(worker.running)
    with qtbot.waitSignal(worker.cancelled, timeout=4_000):
        worker.cancel()


def test_a_cancelled_worker_neither_finishes_nor_fails(qtbot) -> None:
    worker = Worker([sys.executable, "-c", "import time; time.sleep(60)"])
    heard: list[object] = []
    worker.finished.connect(heard.append)
    worker.failed.connect(heard.append)
    worker.start()
    qtbot.waitUntil(worker.running)
    with qtbot.waitSignal(worker.cancelled, timeout=60_000):
        worker.cancel()
    assert heard == []
