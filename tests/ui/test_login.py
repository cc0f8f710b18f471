"""Logging in: by keyboard alone, with a growing delay after wrong passwords."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from ui.pages.login import LoginPage
from ui.pieces.buttons import Button


@pytest.fixture
def login(qtbot) -> LoginPage:
    login = LoginPage(["林小禾", "杨守义"], hint="演示密码：xzt-2026")
    qtbot.addWidget(login)
    login.show()
    login.activateWindow()
    return login


def test_a_password_and_enter_are_enough(login: LoginPage, qtbot) -> None:
    with qtbot.waitSignal(login.submitted) as heard:
        qtbot.keyClicks(login.password, "secret-1")
        qtbot.keyClick(login.password, Qt.Key.Key_Return)
    assert heard.args == ["林小禾", "secret-1"]
    assert not login.enter.isEnabled()


def test_an_empty_password_is_not_sent(login: LoginPage, qtbot) -> None:
    with qtbot.assertNotEmitted(login.submitted):
        qtbot.keyClick(login.password, Qt.Key.Key_Return)
    assert "密码" in login.error.text()


def test_nothing_is_sent_while_the_delay_counts_down(login: LoginPage, qtbot) -> None:
    login.show_error("密码不对。")
    login.wait(3)
    qtbot.keyClicks(login.password, "again")
    with qtbot.assertNotEmitted(login.submitted):
        qtbot.keyClick(login.password, Qt.Key.Key_Return)
    assert login.enter.words() == "请等 3 秒"
    for left in (2, 1):
        login._on_tick()
        assert login.enter.words() == f"请等 {left} 秒"
    login._on_tick()
    assert not login.waiting()
    with qtbot.waitSignal(login.submitted):
        qtbot.keyClick(login.password, Qt.Key.Key_Return)


def test_an_error_leaves_the_page_ready_to_type_again(login: LoginPage, qtbot) -> None:
    qtbot.keyClicks(login.password, "wrong")
    qtbot.keyClick(login.password, Qt.Key.Key_Return)
    login.show_error("密码不对，还可以再试。")
    assert login.enter.isEnabled()
    qtbot.keyClicks(login.password, "right")
    assert login.password.text() == "right"


def test_the_page_has_one_filled_button(login: LoginPage) -> None:
    filled = [button for button in login.findChildren(Button) if button.property("kind") == "primary"]
    assert filled == [login.enter]
