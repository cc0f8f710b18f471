"""The window goes on answering while the lane saves and while a worker imports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QTimer

from app.store.saving import Edit
from tests.ui.offices import UPPER
from ui.bench import first_download
from ui.frame import make_window
from ui.pulse import Pulse

ROSTER = Path(__file__).resolve().parents[1] / "data" / "roster_clean.xlsx"


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


def test_the_window_feels_nothing_of_a_first_download_while_somebody_types_and_opens_pages(qapp, tmp_path):
    found = first_download(qapp, tmp_path, 20_000)
    assert found["records"] == 25_000
    assert found["beats"] > 100
    assert found["p99_ms"] < 50


def test_the_window_answers_while_a_case_is_typed_and_photos_are_taken_in(desk, qapp, qtbot, tmp_path):
    people = [Edit("resident", None, UPPER, {"name": f"张{number}"}) for number in range(1500)]
    homes = [Edit("dwelling", None, UPPER, {"address": f"上寨村一组{number}号"}) for number in range(1500)]
    desk.office.store.save([*people, *homes], "test", bulk=True)
    window, _frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.show()
    window.go("event_new", new=True)
    desk.settle()
    fields = window.current_page().fields
    photos = [tmp_path / f"{number}.jpg" for number in range(3)]
    for number, path in enumerate(photos):
        Image.effect_noise((2400, 1800), 40 + number).save(path, "JPEG")
    with Pulse() as pulse:
        fields.files.take_paths(photos)
        for entry, text in ((fields.place, "szcyz12"), (fields.reporter, "zhang1"), (fields.category, "ldzm")):
            entry.setFocus()
            for count in range(1, len(text) + 1):
                entry.setText(text[:count])
                entry.textEdited.emit(text[:count])
                qtbot.wait(30)
        qtbot.waitUntil(lambda: not desk.jobs.busy() and not fields.files.coming(), timeout=60_000)
    assert len(fields.files.staged()) == 3
    assert pulse.worst_but(0.01) < 120
    window.current_page().discard()
    desk.settle()
    window.close()
