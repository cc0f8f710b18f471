"""No page is wider than its window, and no label is cut, in any look, with the longest texts there are."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QWidget

from app.schema.dates import CHINA
from ui import pictured, theme
from ui.frame import make_window
from ui.jobs import Jobs, Worker
from ui.pieces.buttons import _GAP, Button
from ui.pieces.text import Elided

NOW = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)
# Width and height in px of a usual notebook, and of the same one at 150 %.
USUAL, ENLARGED = (1366, 768), (911, 512)


@pytest.fixture(params=["empty", "longest"])
def office(request, tmp_path):
    made, _key = getattr(pictured, request.param)(tmp_path / "home", NOW)
    yield made
    made.close()


def settle(qtbot, jobs):
    for _ in range(3):
        qtbot.waitUntil(lambda: not jobs.busy(), timeout=60_000)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def cut(page: QWidget) -> list[str]:
    """What of *page* can't be read whole: labels that have neither room, nor lines, nor a … of their own."""
    found = []
    for label in page.findChildren(QLabel):
        if not label.isVisible() or isinstance(label, Elided) or label.wordWrap() or not label.text():
            continue
        needed = label.fontMetrics().horizontalAdvance(label.text())
        if needed > label.contentsRect().width() + 1:
            found.append(f"{label.text()}: {needed} > {label.contentsRect().width()}")
    for button in page.findChildren(Button):
        parts = [width for width, part in button._parts() if part != "keys"]
        if (
            button.isVisible()
            and not button._shrinks
            and parts
            and sum(parts) + _GAP * (len(parts) - 1) > button.width()
        ):
            found.append(f"{button.words() or button.toolTip()}: {sum(parts)} > {button.width()}")
    areas = [area for area in page.findChildren(QAbstractScrollArea) if area.isVisible()]
    beyond = [(type(area).__name__, area.horizontalScrollBar().maximum()) for area in areas]
    return found + [f"{name} scrolls {px} px to the side" for name, px in beyond if px]


@pytest.mark.parametrize(
    ("look", "large", "size"),
    [("light", False, USUAL), ("light", True, USUAL), ("dark", False, USUAL), ("light", False, ENLARGED)],
    ids=["light", "large", "dark", "enlarged"],
)
def test_every_page_can_be_read_whole(qapp, qtbot, office, look, large, size):
    theme.apply(qapp, look, large)
    jobs = Jobs()
    window, _frame = make_window(qapp, office, jobs, lambda tail: Worker([sys.executable, *tail]))
    window.resize(*size)
    window.show()
    args = {"case": "event", "person": "resident"}
    pages = [
        "desk",
        "events",
        "event_new",
        "mediation",
        "sync",
        "reports",
        "registry",
        "household_entry",
        "visits",
        "ledgers",
        "import",
    ]
    faults = {}
    try:
        for name in [*pages, "settings", *args]:
            known = office.store.select(args[name], limit=1) if name in args else []
            if name in args and not known:
                continue
            window.go(name, **({"id": known[0].id} if known else {}))
            settle(qtbot, jobs)
            page = window.current_page()
            scroll = page.parentWidget().parentWidget()
            found = cut(page)
            if scroll.horizontalScrollBar().maximum():
                found.append(f"wider than the window by {scroll.horizontalScrollBar().maximum()} px")
            if found:
                faults[name] = found
    finally:
        window.close()
        jobs.close()
        # Before the look changes: every widget there is would be dressed anew.
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        theme.apply(qapp)
    assert faults == {}
