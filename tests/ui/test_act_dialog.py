"""A dialog for an act: done once, left only when what came of it is known, and open where it could not be done."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from ui.forms.act import ActDialog


@pytest.fixture
def ask(qtbot, desk):
    page = QWidget()
    qtbot.addWidget(page)
    page.show()

    def make(work, done=lambda _result: None):
        dialog = ActDialog(page, desk.jobs, "添加", "", "添加", lambda: work, done)
        dialog.ask("姓名", QLineEdit())
        dialog.begin()
        return dialog

    return make


@pytest.fixture
def gate(desk):
    """Holds the work up; opened in the end, whatever comes."""
    made = threading.Event()
    yield made
    made.set()


def test_enter_twice_does_it_once_and_escape_waits_for_what_comes_of_it(qtbot, desk, ask, gate):
    made, done = [], []
    dialog = ask(lambda: (gate.wait(), made.append("one")), done.append)
    field = dialog._fields[0]
    qtbot.keyClick(field, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    gate.set()
    desk.settle()
    assert made == ["one"]
    assert len(done) == 1


def test_what_was_typed_stays_where_something_went_wrong(qtbot, desk, ask):
    def fails():
        raise ValueError("张三")

    dialog = ask(fails)
    dialog._fields[0].setText("李长顺")
    dialog.do()
    desk.settle()
    assert dialog.isVisible()
    assert dialog._fields[0].text() == "李长顺"
    assert dialog.said.text()
    assert "张三" not in dialog.said.text()
    assert dialog.act.isEnabled()
    desk.failures.clear()


def test_what_is_missing_takes_no_room_from_the_buttons(qtbot, desk, ask):
    dialog = ask("请把要办的事写清楚，不写清楚后面的人不知道办到了哪里。" * 6)
    tall = dialog.act.height()
    before = dialog.height()
    dialog.do()
    desk.settle()
    assert dialog.said.isVisible()
    assert dialog.height() > before
    assert dialog.act.height() == tall
    assert dialog.said.geometry().bottom() < dialog.act.geometry().top()
