"""The composition root: the door, logging in, the window behind it, the exchange that goes by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

from app.errors import KnownError
from app.services.office import make_office
from app.store.agreement import Area
from app.store.keys import Cost
from app.store.store import new_key
from tests.ui.offices import TOWN, UPPER, account
from ui.__main__ import Program
from ui.autosync import AutoSync
from ui.frame import make_window
from ui.idle import Idle
from ui.jobs import Jobs, Worker
from ui.looks import read, write
from ui.pages.first import FirstPage
from ui.pages.login import LoginPage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path):
    place = tmp_path / "home"
    office = make_office(place, new_key(), "lin", "pw", account(), cost=Cost(1024, 1, 1))
    office.store.sync.set_areas([Area(TOWN, "云岭镇", "township"), Area(UPPER, "上寨村", "village", TOWN)])
    office.cases.report({"title": "路灯不亮", "place": "村口"}, area=UPPER)
    office.close()
    return place


@pytest.fixture
def program(qapp, home):
    jobs = Jobs()
    made = Program(qapp, home, jobs, hint="演示密码：pw", sync=False)
    yield made
    made.close()
    jobs.close()
    for window in (made.window, made.door):
        if window is not None:
            window.close()
            window.deleteLater()


def settle(qtbot, jobs):
    qtbot.waitUntil(lambda: not jobs.busy(), timeout=60_000)


def log_in(qtbot, program, password="pw"):
    program.begin()
    page = program.door.centralWidget()
    assert isinstance(page, LoginPage)
    page.password.setText(password)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    settle(qtbot, program.jobs)
    return page


def test_the_right_password_opens_the_desk_with_what_waits(qtbot, program):
    log_in(qtbot, program)
    assert program.door is None
    assert program.window.current_name() == "desk"
    settle(qtbot, program.jobs)
    page = program.window.current_page()
    qtbot.waitUntil(lambda: page.table.model.rowCount() > 0)
    assert "工作台" in page.title.text()
    assert program.window.top.sync.said().text.startswith("待发送")


def test_a_wrong_password_says_so_and_the_desk_stays_shut(qtbot, program):
    page = log_in(qtbot, program, "wrong")
    assert "密码不对" in page.error.text()
    assert program.window is None


def test_after_several_wrong_passwords_the_page_counts_down(qtbot, program):
    page = log_in(qtbot, program, "wrong")
    for _ in range(3):
        page.password.setText("wrong")
        page.enter.click()
        settle(qtbot, program.jobs)
    assert page.waiting()
    assert not page.enter.isEnabled()


def test_locking_closes_the_office_and_the_same_user_comes_back(qtbot, program):
    log_in(qtbot, program)
    settle(qtbot, program.jobs)
    program.lock()
    settle(qtbot, program.jobs)
    assert program.window is None
    page = program.door.centralWidget()
    page.password.setText("pw")
    page.enter.click()
    settle(qtbot, program.jobs)
    assert program.window.current_name() == "desk"


def test_rules_of_the_county_that_could_not_be_followed_are_said(qtbot, program, monkeypatch):
    log_in(qtbot, program)
    settle(qtbot, program.jobs)

    def full():
        raise KnownError("store.no_space")

    monkeypatch.setattr(program._office, "renew_rules", full)
    failed = []
    program.jobs.failed.connect(failed.append)
    program._on_synced({})
    settle(qtbot, program.jobs)
    assert [error.code for error in failed] == ["store.no_space"]


def test_ctrl_k_finds_a_case(qtbot, program):
    log_in(qtbot, program)
    found = []
    program._frame.find("路灯", found.append)
    settle(qtbot, program.jobs)
    assert [(hit.page, hit.title) for hit in found[0]] == [("case", "路灯不亮")]


def test_without_a_store_the_first_page_says_how_to_enrol(qtbot, qapp, tmp_path):
    jobs = Jobs()
    program = Program(qapp, tmp_path / "none", jobs)
    program.begin()
    page = program.door.centralWidget()
    assert isinstance(page, FirstPage)
    page.again.click()
    assert "还是没有找到" in page.said.text()
    program.door.close()
    jobs.close()


def test_no_page_opens_a_window_of_its_own_or_loses_the_focus(qtbot, qapp, home):
    from app.services.office import open_office

    jobs = Jobs()
    office = open_office(home, "lin", "pw")
    window, _frame = make_window(qapp, office, jobs, lambda tail: Worker([sys.executable, *tail]))
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    seen = _TopLevels(window)
    qapp.installEventFilter(seen)
    case = office.store.select("event")[0].id
    mediation = office.mediations.accept({"title": "相邻纠纷", "mediator": "杨守义"}, area=UPPER).record.id
    for name, args in (
        ("desk", {}),
        ("events", {"tab": "open"}),
        ("case", {"id": case}),
        ("event_new", {}),
        ("mediation", {}),
        ("mediation_case", {"id": mediation}),
        ("mediation_session", {"id": mediation}),
        ("sync", {}),
        ("conflict", {}),
        ("reports", {}),
        ("registry", {}),
        ("household_entry", {}),
        ("visits", {}),
        ("ledgers", {}),
        ("import", {}),
        ("settings", {}),
    ):
        window.go(name, **args)
        settle(qtbot, jobs)
        qapp.processEvents()
        assert seen.names == [], name
        assert qapp.focusWidget() is not None, name
    qapp.removeEventFilter(seen)
    window.close()
    jobs.run(office.close)
    jobs.close()


class _TopLevels(QObject):
    def __init__(self, window):
        super().__init__()
        self.window, self.names = window, []

    def eventFilter(self, watched, event):  # noqa: N802 - Qt's name
        shown = event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow()
        if shown and watched is not self.window:
            self.names.append(type(watched).__name__)
        return False


def child(code):
    return lambda tail: Worker([sys.executable, "-c", code, *tail])


def test_one_exchange_at_a_time_and_its_answer_comes_back(qtbot):
    started = []

    def make(tail):
        started.append(tuple(tail))
        return child("import json,sys,time; time.sleep(0.2); print(json.dumps({'ok': True}))")(tail)

    auto = AutoSync(make)
    with qtbot.waitSignal(auto.ended, timeout=60_000) as ended:
        auto.ask()
        auto.go()
    assert ended.args == [{"ok": True}]
    assert started == [("sync",)]
    auto.stop()


def test_a_failure_tells_the_countys_own_words_and_whether_anybody_asked(qtbot):
    line = json.dumps({"failed": {"code": "sync.unreachable", "message": "连不上县中心。"}})
    auto = AutoSync(child(f"import sys; sys.stderr.write({line!r} + chr(10)); sys.exit(3)"))
    with qtbot.waitSignal(auto.failed, timeout=60_000) as failed:
        auto.go()
    assert failed.args == ["连不上县中心。", False]
    with qtbot.waitSignal(auto.failed, timeout=60_000) as failed:
        auto.ask()
    assert failed.args == ["连不上县中心。", True]


def test_nobody_there_for_long_locks_once(qtbot, qapp):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    now = [0.0]
    idle = Idle(widget.windowHandle(), 15, lambda: now[0])
    told = []
    idle.passed.connect(lambda: told.append(now[0]))
    now[0] = 899
    idle.look()
    qtbot.keyClick(widget.windowHandle(), Qt.Key.Key_A)
    now[0] = 1500
    idle.look()
    assert told == []
    now[0] = 1900
    idle.look()
    idle.look()
    assert told == [1900]


def test_the_look_is_remembered_beside_the_store(tmp_path):
    assert read(tmp_path) == ("light", False)
    write(tmp_path, "dark", True)
    assert read(tmp_path) == ("dark", True)
    (tmp_path / "look.json").write_text("{", encoding="utf-8")
    assert read(tmp_path) == ("light", False)


def test_a_picture_of_the_desk_is_written_and_the_window_ends(home, tmp_path):
    picture = tmp_path / "new" / "desk.png"
    env = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "TOWNSHIP_PICTURE": str(picture),
        "TOWNSHIP_USER": "lin",
        "TOWNSHIP_PASSWORD": "pw",
    }
    command = [sys.executable, "-m", "ui", "--home", str(home)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_with_a_wrong_password_ends_with_the_sentence(home, tmp_path):
    env = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "TOWNSHIP_PICTURE": str(tmp_path / "desk.png"),
        "TOWNSHIP_USER": "lin",
        "TOWNSHIP_PASSWORD": "no",
    }
    command = [sys.executable, "-m", "ui", "--home", str(home)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3
    assert "密码不对" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_village_picked_at_the_top_shows_its_cases(qtbot, program):
    log_in(qtbot, program)
    settle(qtbot, program.jobs)
    program.window.area_picked.emit(UPPER)
    settle(qtbot, program.jobs)
    page = program.window.current_page()
    assert program.window.current_name() == "events"
    assert page.filters.now.area == UPPER
    assert page.table.model.rowCount() == 1


def test_f1_opens_the_guide_and_esc_goes_back(qtbot, program):
    log_in(qtbot, program)
    settle(qtbot, program.jobs)
    qtbot.keyClick(program.window, Qt.Key.Key_F1)
    assert program.window.current_name() == "help"
    qtbot.keyClick(program.window, Qt.Key.Key_Escape)
    assert program.window.current_name() == "desk"
