"""`township bench window`: how the window answers while a first download runs in its worker, from a county in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from app.command.enrolling import make_home
from app.rules.permissions import Permissions
from app.schema.ids import IdMaker
from app.schema.loading import load_forms
from ui import theme
from ui.__main__ import Program, be_quick
from ui.jobs import Jobs
from ui.pulse import Pulse

COUNTY, TOWN, VILLAGES = "990001", "990001101000", ("990001101201", "990001101202", "990001101203")
_USER, _PASSWORD = "bench", "bench-2026"
_PAGES = ("registry", "events", "sync", "ledgers", "desk")
_TYPED = "张1 王2 "


def bench_window(residents: int = 100_000, *, use: bool = True) -> dict[str, Any]:
    """Gaps of a 5 ms timer on the window's thread while *residents* come down; *use*: somebody types and opens pages meanwhile."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    be_quick()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app)
    with tempfile.TemporaryDirectory() as folder:
        return first_download(app, Path(folder), residents, use=use)


def first_download(app: QApplication, folder: Path, residents: int, *, use: bool = True) -> dict[str, Any]:
    """The same with everything in *folder*, in an application that is there already."""
    code = fill_county(folder / "county", residents)
    server, url = serve(folder / "county")
    jobs = Jobs()
    program = Program(app, folder / "home", jobs, sync=False)
    try:
        make_home(folder / "home", url, code, _USER, _PASSWORD).close()
        program.enter(_USER, _PASSWORD)
        until(lambda: program.window is not None and not jobs.busy())
        return _measure(program, jobs, residents, use=use)
    finally:
        program.close()
        jobs.close()
        server.terminate()
        server.wait(20)
        if program.window is not None:
            program.window.close()
            program.window.deleteLater()


def _measure(program: Program, jobs: Jobs, residents: int, *, use: bool) -> dict[str, Any]:
    window, auto = program.window, program.auto
    assert window is not None
    assert auto is not None
    for name in _PAGES:
        # A page is built when it is opened for the first time; what is measured is the work beside the download.
        window.go(name)
        until(lambda: not jobs.busy())
    ended: list[dict[str, Any]] = []
    failed: list[str] = []
    auto.ended.connect(ended.append)
    auto.failed.connect(lambda words, _asked: failed.append(words))
    hand = QTimer(interval=400)
    steps = _steps(window)
    hand.timeout.connect(lambda: next(steps))
    begun = time.monotonic()
    with Pulse() as pulse:
        if use:
            hand.start()
        auto.ask()
        until(lambda: bool(ended or failed), seconds=1800)
    hand.stop()
    until(lambda: not jobs.busy())
    if failed:
        raise RuntimeError(failed[0])
    gaps = sorted(pulse.gaps)
    return {
        "residents": residents,
        "records": int(ended[0]["down"]["records"]),
        "seconds": round(time.monotonic() - begun, 1),
        "beats": len(gaps),
        "p50_ms": round(gaps[len(gaps) // 2], 1),
        "p99_ms": round(pulse.worst_but(0.01), 1),
        "max_ms": round(gaps[-1], 1),
        "share_over_50_ms": round(pulse.stalled(50.0), 4),
    }


def _steps(window: Any) -> Iterator[None]:
    """What a clerk does meanwhile: types into the search, opens one page after the other."""
    while True:
        for name in _PAGES:
            for letter in _TYPED:
                window.top.search.setFocus()
                window.top.search.insert(letter)
                window.top.search.textEdited.emit(window.top.search.text())
                yield
            window.top.search.clear()
            window.go(name)
            yield


def fill_county(folder: Path, residents: int) -> str:
    """Make a county in *folder* with *residents* and their households; return a code for a device over its township."""
    from sync.county import office
    from sync.county.seeding import fill
    from sync.wire import Area

    folder.mkdir(parents=True)
    county = office.init(folder / "county.db", load_forms(), COUNTY)
    villages = [Area(code, f"幸福{number}村", "village", TOWN) for number, code in enumerate(VILLAGES, 1)]
    office.add_areas(county, [Area(TOWN, "幸福镇", "township"), *villages])
    fill(county, rows(residents), areas=(TOWN,), user="bench")
    code = office.issue_code(county, [TOWN], sorted(Permissions.load().township_roles()))
    county.close()
    return code


def rows(residents: int) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(form, id, area, values) of *residents* made-up people and their households."""
    new_id, surnames = IdMaker(time.time_ns), "赵钱孙李周吴郑王冯陈"
    home = ""
    for number in range(residents):
        village = VILLAGES[number * len(VILLAGES) // residents]
        name = f"{surnames[number % 10]}{chr(0x4E00 + number * 7 % 5000)}{chr(0x4E00 + number * 13 % 5000)}"
        if number % 4 == 0:
            home = new_id()
            yield "household", home, village, {"number": f"{number:07}", "head_name": name}
        born = f"{1940 + number % 80}-{1 + number % 12:02}-{1 + number % 28:02}"
        values = {"household": home, "name": name, "birth_date": born, "sex": "1" if number % 2 else "2"}
        yield "resident", new_id(), village, {**values, "phone": f"199{number:08}", "presence": "present"}


def serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """The county in *folder* as a process on a free port, and its address."""
    command = [sys.executable, "-m", "app", "county", "serve", "--data", str(folder), "--listen", "127.0.0.1:0"]
    server = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert server.stdout is not None
    told = "".join(iter(server.stdout.readline, "}\n")) + "}"
    return server, str(json.loads(told)["url"])


def until(done: Callable[[], bool], seconds: float = 120.0) -> None:
    """Run the event loop until *done*; TimeoutError where it takes longer than *seconds*."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        QCoreApplication.processEvents()
        # processEvents doesn't wait for timers: a nap of a millisecond is the event loop's own rest.
        time.sleep(0.001)
