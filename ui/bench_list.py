"""`township bench list`: how a long list of residents scrolls, beside Qt's own table with the same rows all in memory."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView

from app.bench.timing import at
from app.rules.permissions import Permissions
from app.services.office import make_office
from app.services.people import Filter
from app.store.agreement import Area
from app.store.saving import Edit
from app.store.store import new_key
from ui import theme
from ui.__main__ import be_quick
from ui.bench import TOWN, VILLAGES, rows, until
from ui.jobs import Jobs
from ui.pages.people import PeoplePage

if TYPE_CHECKING:
    from app.services.office import Office

_AT_ONCE = 2000
_STEPS = 300
_NOTCH = 3
"""Rows that one notch of a wheel scrolls."""


def bench_list(residents: int = 100_000) -> dict[str, Any]:
    """Milliseconds: a frame while the wheel turns and while pages are leafed through, until rows stand after a jump, a filter, a sort.

    ``…cpu…`` is the window's thread alone.
    ``peer_…`` are the same of a plain QTableView whose rows are all in memory.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    be_quick()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app)
    jobs = Jobs()
    with tempfile.TemporaryDirectory() as folder:
        made: list[Office] = []
        jobs.run(lambda: made.append(_office(Path(folder), residents)))
        until(lambda: not jobs.busy(), 3600)
        page = PeoplePage(made[0], jobs)
        page.resize(1166, 700)
        page.show()
        page.opened({})
        until(lambda: not jobs.busy())
        found = {"residents": residents, **_measure(page, jobs), **_peer(page)}
        page.close()
        jobs.run(made[0].close)
        jobs.close()
    return found


def _measure(page: PeoplePage, jobs: Jobs) -> dict[str, Any]:
    view, model = page.table.view, page.table.model

    def there() -> bool:
        first = view.rowAt(0)
        return not jobs.busy() and first >= 0 and model.held(first) is not None

    jumps = []
    for share in (0.5, 0.99, 0.25, 0.75, 0.1):
        begun = time.perf_counter()
        page.table.go_to(int(model.total() * share))
        until(there)
        jumps.append((time.perf_counter() - begun) * 1000)
    wheel, wheel_cpu = _frames(view, _NOTCH)
    leafing, leafing_cpu = _frames(view, max(1, view.viewport().height() // max(1, view.rowHeight(0))))
    waits = {}
    for name, change in (
        ("filter_ms", lambda: page.use(Filter(sex="2"))),
        ("all_ms", lambda: page.use(Filter())),
        ("sort_ms", lambda: page.table.view.horizontalHeader().sectionClicked.emit(2)),
        ("sort_back_ms", lambda: page.table.view.horizontalHeader().sectionClicked.emit(2)),
    ):
        begun = time.perf_counter()
        change()
        until(there)
        waits[name] = round((time.perf_counter() - begun) * 1000, 1)
    return {
        "wheel_p50_ms": at(wheel, 0.5, 2),
        "wheel_p99_ms": at(wheel, 0.99, 2),
        "wheel_cpu_p99_ms": at(wheel_cpu, 0.99, 2),
        "page_p50_ms": at(leafing, 0.5, 2),
        "page_p99_ms": at(leafing, 0.99, 2),
        "page_cpu_p99_ms": at(leafing_cpu, 0.99, 2),
        "jump_p99_ms": at(jumps, 0.99, 2),
        **waits,
    }


def _peer(page: PeoplePage) -> dict[str, Any]:
    model = QStandardItemModel()
    total, columns = page.table.model.total(), page.table.model.columnCount()
    for number in range(total):
        model.appendRow([QStandardItem(f"{number}-{column}") for column in range(columns)])
    plain = QTableView()
    plain.setModel(model)
    plain.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    plain.resize(page.table.size())
    plain.show()
    QCoreApplication.processEvents()
    wheel, _ = _frames(plain, _NOTCH)
    leafing, _ = _frames(plain, max(1, plain.viewport().height() // max(1, plain.rowHeight(0))))
    plain.close()
    return {
        "peer_wheel_p50_ms": at(wheel, 0.5, 2),
        "peer_wheel_p99_ms": at(wheel, 0.99, 2),
        "peer_page_p99_ms": at(leafing, 0.99, 2),
    }


def _frames(view: QTableView, rows_a_step: int) -> tuple[list[float], list[float]]:
    """What each step down costs: moving, painting, and taking in what arrived; by the clock, and of the window's thread alone."""
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 3)
    height = view.rowHeight(max(0, view.rowAt(0)))
    by_pixel = view.verticalScrollMode() == QAbstractItemView.ScrollMode.ScrollPerPixel
    times, own = [], []
    for _ in range(_STEPS):
        begun, worked = time.perf_counter(), time.thread_time()
        bar.setValue(bar.value() + rows_a_step * (height if by_pixel else 1))
        view.viewport().repaint()
        QCoreApplication.processEvents()
        times.append((time.perf_counter() - begun) * 1000)
        own.append((time.thread_time() - worked) * 1000)
        # As far apart as frames are: what comes from the lane meanwhile is taken in by the next.
        time.sleep(max(0.0, 0.016 - (time.perf_counter() - begun)))
    return times, own


def _office(folder: Path, residents: int) -> Office:
    account = {"name": "bench", "roles": list(Permissions.load().township_roles()), "areas": [TOWN], "unit": ""}
    office = make_office(folder / "home", new_key(), "bench", "bench-2026", account)
    villages = [Area(code, f"幸福{number}村", "village", TOWN) for number, code in enumerate(VILLAGES, 1)]
    office.store.sync.set_areas([Area(TOWN, "幸福镇", "township"), *villages])
    edits = (Edit(form, record_id, area, values) for form, record_id, area, values in rows(residents))
    while some := list(itertools.islice(edits, _AT_ONCE)):
        office.store.save(some, "bench", bulk=True)
    return office
