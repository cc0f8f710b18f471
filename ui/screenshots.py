"""Pictures of every page over a made-up township: ``python -m ui.screenshots docs/screenshots``."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.demo import plan, records
from app.messages import sentence
from app.rules.permissions import Permissions
from app.schema.dates import CHINA
from app.services.office import make_office
from app.store.agreement import Area, Exchange
from app.store.keys import Cost
from app.store.saving import Edit
from app.store.store import new_key
from ui.shots import Shot, every_shot

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

# The pictures' own clock: a Friday morning, so that the same pictures come out on any day.
NOW = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)


def main(arguments: Sequence[str]) -> int:
    """Write the pictures into the folder named; print what was written."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    out = Path(arguments[0]) if arguments else Path("docs/screenshots")
    only = set(arguments[1:])
    out.mkdir(parents=True, exist_ok=True)
    from ui import theme

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app)
    # One name for all runs: pages show where the data lies.
    folder = Path(tempfile.gettempdir()) / "xiangzhitong-demo"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _shoot(app, folder, out, only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def build(home: Path) -> tuple[Office, bytes]:
    """A small office as a clerk has it: people, cases, mediations, something unsent, one thing that two people changed."""
    key = new_key()
    account = {
        "name": "林小禾",
        "roles": list(Permissions.load().township_roles()),
        "areas": ["990001101000"],
        "unit": "云岭镇综治中心",
    }
    office = make_office(home, key, "林小禾", "demo", account, now=NOW.timestamp, cost=Cost(1024, 1, 1))
    made = plan("village", 1)
    areas = [Area(a["code"], a["name"], a["level"], a.get("parent", "")) for a in made.areas]
    office.store.sync.enrolled(
        device="0" * 28 + "c001",
        county="云岭县",
        url="https://county.invalid",
        token="",
        epoch=1,
        areas=areas,
        streams={(area.code, form.stream) for area in areas for form in office.forms.values()},
    )
    edits = [Edit(form, record_id, area, values) for form, record_id, area, values in records(made, NOW)]
    for start in range(0, len(edits), 500):
        office.store.save(edits[start : start + 500], "demo", bulk=True)
    _agree(office)
    _work(office)
    return office, key


def _agreed(made: tuple[Office, bytes]) -> tuple[Office, bytes]:
    _agree(made[0])
    return made


def _agree(office: Office) -> None:
    """Let the county have had everything of the demo: receipts for all frames."""
    from app.schema.record import Receipt

    sync = office.store.sync
    rev = 0
    while frame := sync.compose(5000, lambda _number, _changes: b"demo"):
        receipts = []
        for counter in frame.counters:
            rev += 1
            receipts.append(Receipt(counter, "accepted", rev))
        sync.receipts(frame.number, receipts)
    at = int(NOW.timestamp() * 1000)
    hour = 3_600_000
    for ago, up, down, sent, got, seconds, result, note in (
        (43 * hour, 388, 1034, 41_200, 96_300, 9.4, "ok", ""),
        (18 * hour, 9, 0, 5_320, 0, 31.0, "sync.unreachable", "县中心暂时连不上。"),
        (17 * hour, 41, 19, 22_900, 8_410, 4.2, "ok", ""),
        (60_000, 14, 86, 3_120, 11_570, 2.9, "ok", ""),
    ):
        sync.log(Exchange(at - ago, "network", up, down, sent, got, seconds, result, note))


def _work(office: Office) -> None:
    """What this desk did since the last exchange."""
    village = next(a["code"] for a in office.store.areas() if a["level"] in ("village", "community"))
    office.cases.report(
        {
            "title": "三网格 路灯不亮",
            "category": "facility_light",
            "place": "第三网格村口",
            "channel": "phone",
            "reporter": "张文贵",
        },
        area=village,
    )
    conflict = {
        "record_form": "mediation",
        "record": office.mediations.list()[0].id,
        "field": "performance",
        "label": "履行方式",
        "base": '"段某拆除越界围墙，恢复原状，费用自理。"',
        "mine": '"段某拆除越界围墙东段 3.2 米，恢复原状，费用由双方各担一半。"',
        "theirs": '"段某拆除越界围墙，恢复原状并平整路面，费用自理。"',
        "who": "林小禾",
        "other": "段宏远",
        "device": office.store.sync.state.device,
        "at": "2026-09-17T16:20:00+08:00",
        "status": "open",
    }
    form = "mediation_conflict" if "mediation_conflict" in office.forms else "conflict"
    office.store.save([Edit(form, None, village, conflict)], "county")


def _shoot(app: QApplication, home: Path, out: Path, only: set[str]) -> None:
    from ui import pictured, pictured_map, pictured_sync, theme
    from ui.jobs import Jobs
    from ui.pages.login import LoginPage

    for name, said in (("login", ""), ("login-locked", sentence("sync.revoked"))):
        if only and name not in only:
            continue
        for look, large in (("light", False), ("large", True)):
            theme.apply(app, "light", large)
            login = LoginPage(["林小禾", "杨守义"], hint="演示密码：demo", office="云岭镇综治中心")
            if said:
                login.show_error(said)
            login.resize(1366, 768)
            login.show()
            _settle(app, jobs := Jobs())
            jobs.close()
            _write(login, out / f"{name}-{look}.png")
            login.close()
    makers: dict[str, Callable[[Path], tuple[Office, bytes]]] = {
        "village": build,
        "new": lambda home: pictured.empty(home, NOW),
        "long": lambda home: pictured.longest(home, NOW),
        "township": lambda home: _agreed(
            pictured_map.township(home, NOW, plan("township", 1).areas, records(plan("township", 1), NOW))
        ),
        "troubled": lambda home: pictured_sync.troubled(home, NOW),
    }
    for name, make in makers.items():
        shots = [shot for shot in every_shot() if shot.office == name and (not only or shot.name in only)]
        if shots:
            # The first one's folder is the one that the settings page shows.
            _shoot_office(app, home / ("home" if name == "village" else name), make, shots, out)


def _shoot_office(
    app: QApplication,
    home: Path,
    make: Callable[[Path], tuple[Office, bytes]],
    shots: Sequence[Shot],
    out: Path,
) -> None:
    from ui.frame import make_window
    from ui.jobs import Jobs, Worker

    jobs = Jobs()
    made: list[tuple[Office, bytes]] = []
    jobs.run(lambda: made.append(make(home)))
    _settle(app, jobs, 180)
    office, key = made[0]

    def worker(tail: Sequence[str]) -> Worker:
        secret = json.dumps({"user": "林小禾", "key": key.hex()}) + "\n"
        return Worker([sys.executable, "-m", "app", "--home", str(home), "--worker", *tail], secret.encode())

    window, _frame = make_window(app, office, jobs, worker)
    window.resize(1366, 768)
    window.show()
    window.activateWindow()
    for look, name, large in (("light", "light", False), ("large", "light", True), ("dark", "dark", False)):
        window.look(name, large)
        for shot in shots:
            if not window.has(shot.page) or (look not in shot.looks and not (look == "dark" and shot.dark)):
                continue
            args: list[dict[str, Any]] = []
            jobs.run(lambda shot=shot, args=args: args.append(shot.args(office)))
            _settle(app, jobs)
            if not args:
                sys.stderr.write(f"{shot.name}: nothing to show\n")
                continue
            window.go(shot.page, **args[0])
            _settle(app, jobs)
            page = window.current_page()
            assert page is not None
            shot.before(page)
            _settle(app, jobs)
            _write(window, out / f"{shot.name}-{look}.png")
            shot.after(page, office)
            _settle(app, jobs)
    window.close()
    jobs.run(office.close)
    jobs.close()


def _settle(app: QApplication, jobs: Jobs, seconds: float = 20.0) -> None:
    """Let the lane run dry and the window lay itself out."""
    end = time.monotonic() + seconds
    quiet = 0
    while quiet < 6 and time.monotonic() < end:
        app.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        quiet = 0 if jobs.busy() else quiet + 1
        time.sleep(0.02)


def _write(widget: QWidget, path: Path) -> None:
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    for dialog in widget.findChildren(QDialog):
        if dialog.isVisible():
            # A window of its own: it stands where the desktop would put it.
            painter.drawPixmap(widget.rect().center() - dialog.rect().center(), dialog.grab())
    painter.end()
    # Pages have few colours: a palette of the 256 most used makes a third of the bytes.
    pixels = Counter(memoryview(picture.constBits()).cast("I"))
    table = [colour for colour, _count in pixels.most_common(256)]
    flags = Qt.ImageConversionFlag.AvoidDither
    picture.convertToFormat(QImage.Format.Format_Indexed8, table, flags).save(str(path), "PNG", 5)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
