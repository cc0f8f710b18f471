"""A process that really stood still, as in a laptop that slept: what it says of due times once it goes on, whatever its clock shows then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from app.services.office import make_office
from app.store.agreement import Area
from app.store.store import new_key
from tests.services.conftest import ALL, CHEAP, TOWN, UPPER, colleague
from tests.services.test_cases import act, report

DAY = 86400
# Says what the reminders are whenever they are others, twenty times a second; its clock is a file, its running time the machine's.
CHILD = """
import json, sys, time
from pathlib import Path
from app.schema.loading import load_forms
from app.services.office import office_with_key
home, key, wall = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), Path(sys.argv[3])
office = office_with_key(home, "lin", key, forms=load_forms(), now=lambda: float(wall.read_text() or 0))
last = None
while True:
    found = [[n.event, n.rule, n.seen] for n in office.reminders.now()]
    told = found, office.cases.now().isoformat()
    if told != last:
        print(json.dumps(told), flush=True)
        last = told
    time.sleep(0.05)
"""


class Wall:
    """A clock on the wall, for this process and the other."""

    def __init__(self, path, at):
        self.path = path
        self.set(at)

    def set(self, at):
        new = self.path.with_suffix(".new")
        new.write_text(str(at))
        new.replace(self.path)

    def __call__(self):
        return float(self.path.read_text())


@pytest.fixture
def sleeper(tmp_path, forms):
    """An office with a case that is due on Tuesday the 22nd at 17:30, its clock, and another process over the same store."""
    # 2026-09-18, a Friday, 10:00 in China.
    wall, key = Wall(tmp_path / "wall", 1_789_696_800.0), new_key()
    account = {"name": "林小禾", "roles": list(ALL), "areas": [TOWN], "unit": "村电站"}
    office = make_office(tmp_path / "home", key, "lin", "pw", account, forms=forms, now=wall, cost=CHEAP)
    office.store.sync.set_areas([Area(TOWN, "云岭镇", "township"), Area(UPPER, "上寨村", "village", TOWN)])
    event = report(office, category="appeal")
    act(office, event, "accept")
    act(colleague(office, "he", roles=("dispatcher",)), event, "assign", lead_unit="村电站")
    act(office, event, "acknowledge")
    command = [sys.executable, "-c", CHILD, str(tmp_path / "home"), key.hex(), str(wall.path)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield office, event, wall, child
    finally:
        child.send_signal(signal.SIGCONT)
        child.kill()
        child.wait()
        child.stdout.close()
        office.close()


def slept(child, while_):
    """What *child* says first once it goes on, after it stood still during *while_*."""
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    while_()
    child.send_signal(signal.SIGCONT)
    return json.loads(child.stdout.readline())


def test_a_process_that_stood_still_says_once_what_fell_due_meanwhile_and_no_clock_takes_it_back(sleeper):
    office, event, wall, child = sleeper
    begun, shown = json.loads(child.stdout.readline())
    assert (begun, shown[:16]) == ([], "2026-09-18T10:00")
    # Over the weekend and Monday: of all the moments that passed only the newest is said, and of the case once.
    found, shown = slept(child, lambda: wall.set(wall() + 5 * DAY))
    assert (found, shown[:16]) == ([[event, "due", False]], "2026-09-23T10:00")

    def seen_elsewhere():
        wall.set(wall() + 60)
        office.reminders.see([event])

    found, _ = slept(child, seen_elsewhere)
    assert found == [[event, "due", True]]
    # The battery was empty: the clock begins in 2009. What was late stays late, and time goes on from where it was.
    office.cases.act(event, "progress", {"text": "在修"})
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    before = wall()
    wall.set(1_230_000_000.0)
    time.sleep(0.2)
    child.send_signal(signal.SIGCONT)
    wall.set(1_230_000_001.0)
    assert office.cases.now().isoformat()[:16] == "2026-09-23T10:01"
    # Set right again, a day later: what came due since is said anew.
    wall.set(before + DAY)
    told = [found]
    while told[-1] == [[event, "due", True]]:
        found, shown = json.loads(child.stdout.readline())
        assert shown >= "2026-09-23T10:01", "time never went back"
        told.append(found)
    assert told[-1] == [[event, "late", False]]
