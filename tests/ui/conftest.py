"""The window's tests: offscreen, with the theme and the font in force, typing as an input method does."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import functools
from collections.abc import Callable

import pytest
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.offices import desk, open_desk
from ui import theme

__all__ = ["desk", "open_desk"]


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The application in the light theme."""
    theme.apply(qapp)
    return qapp


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """The plugin's own, which waits a minute where a test names no time: five seconds are too few on a busy machine."""
    patient = QtBot(request)
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitCallback", "waitExposed", "waitActive"):
        setattr(patient, name, functools.partial(getattr(patient, name), timeout=60_000))
    return patient


@pytest.fixture
def type_text() -> Callable[[QWidget, str], None]:
    """Commit text as an input method does; qtbot.keyClicks with a Chinese character would abort the process."""
    return commit


@pytest.fixture
def compose() -> Callable[[QWidget, str], None]:
    """Leave a word unfinished, as while an input method shows its candidates."""
    return unfinished


def commit(widget: QWidget, text: str) -> None:
    """Commit *text* into *widget*."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(widget, event)


def unfinished(widget: QWidget, letters: str) -> None:
    """Compose *letters* in *widget* without committing them."""
    QApplication.sendEvent(widget, QInputMethodEvent(letters, []))
