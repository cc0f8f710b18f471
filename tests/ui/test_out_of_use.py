"""A window whose county puts the device out of use: it locks itself, comes back when taken back, and says what was emptied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from sync.county import office
from tests.command.conftest import cheap_passwords, clerk, forms, made_county, quiet_town, town  # noqa: F401 - fixtures
from ui.__main__ import Program
from ui.jobs import Jobs
from ui.pages.first import FirstPage
from ui.pages.login import LoginPage


@pytest.fixture
def program(qapp, clerk):  # noqa: F811
    clerk.save("resident", name="张文贵")
    assert clerk.json("sync")["in_agreement"]
    jobs = Jobs()
    made = Program(qapp, clerk.home, jobs, sync=False)
    made.begin()
    yield made
    made.close()
    jobs.close()
    for window in (made.window, made.door):
        if window is not None:
            window.close()
            window.deleteLater()


def log_in(qtbot, program, clerk):  # noqa: F811
    page = program.door.centralWidget()
    page.password.setText(clerk.password)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not program.jobs.busy(), timeout=30_000)
    return page


def device(town):  # noqa: F811
    return office.devices(town.county)[0]["id"]


def test_a_revoked_window_locks_itself_and_opens_again_when_the_county_takes_it_back(qtbot, program, town, clerk):  # noqa: F811
    log_in(qtbot, program, clerk)
    office.revoke(town.county, device(town))
    with qtbot.waitSignal(program._auto.locked, timeout=30_000):
        program._auto.ask()
    assert program.window is None
    page = program.door.centralWidget()
    assert isinstance(page, LoginPage)
    assert "已停用" in page.error.text()
    assert "一条也没有丢" in page.error.text()
    # Still out of use: whoever signs in is told what is safe and whom to call.
    assert "请联系县中心" in log_in(qtbot, program, clerk).error.text()
    assert program.window is None
    office.allow(town.county, device(town))
    log_in(qtbot, program, clerk)
    assert program.window is not None
    assert program.window.current_name() == "desk"


def test_a_window_whose_data_was_to_be_wiped_says_so_and_nothing_opens_any_more(qtbot, program, town, clerk):  # noqa: F811
    log_in(qtbot, program, clerk)
    office.revoke(town.county, device(town), wipe=True)
    with qtbot.waitSignal(program._auto.locked, timeout=30_000):
        program._auto.ask()
    page = program.door.centralWidget()
    assert isinstance(page, FirstPage)
    assert "已清除" in page.emptied.text()
    assert not (clerk.home / "keys.json").exists()
    assert not (clerk.home / "store.db").exists()
    assert [line["state"] for line in office.devices(town.county)] == ["wiped"]
    # The same machine may be enrolled anew.
    assert clerk("init", "--county", town.url, "--code", town.code()).code == 0
    assert clerk.json("sync")["in_agreement"]
