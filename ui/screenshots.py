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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from app.demo import plan, records
from app.messages import sentence
from app.rules.permissions import Permissions
from app.schema.dates import CHINA
from app.services.office import make_office
from app.services.traffic import next_morning
from app.store.agreement import Area, Exchange
from app.store.keys import Cost
from app.store.saving import Edit
from app.store.store import new_key
from ui import pictured_papers

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

# The pictures' own clock: a Friday morning, so that the same pictures come out on any day.
NOW = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)
_MESSY = Path(__file__).resolve().parents[1] / "tests" / "data" / "roster_messy.xlsx"


@dataclass(frozen=True)
class Shot:
    """One picture: the page, its arguments once the office stands, what to do before and after the shutter, which looks, whose office."""

    name: str
    page: str
    args: Callable[[Office], dict[str, Any]] = lambda _office: {}
    before: Callable[[QWidget], object] = lambda _page: None
    after: Callable[[QWidget, Office], object] = lambda _page, _office: None
    dark: bool = False
    looks: Sequence[str] = field(default=("light", "large"))
    office: str = "village"


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


def _shots() -> list[Shot]:
    def first_case(office: Office) -> dict[str, Any]:
        busy = [e for e in office.cases.open_cases() if e.values.get("state") == "handling"]
        return {"id": (busy or office.cases.open_cases())[0].id}

    def mediation(office: Office) -> dict[str, Any]:
        held = {s.values["mediation"] for s in office.store.select("mediation_session")}
        ids = [m.id for m in office.mediations.list() if m.id in held]
        return {"id": ids[-1]}

    def session(office: Office) -> dict[str, Any]:
        record = mediation(office)["id"]
        return {"id": record, "session": office.mediations.file(record).sessions[-1].id}

    def conflict(office: Office) -> dict[str, Any]:
        return {"id": office.conflicts.open()[0].id}

    def person(office: Office) -> dict[str, Any]:
        return {"id": office.store.select("resident", limit=1)[0].id}

    def grid(office: Office) -> dict[str, Any]:
        return {"grid": office.store.select("grid", {"code": "990001101201002"}, limit=1)[0].id}

    def stray(office: Office) -> dict[str, Any]:
        from app.services.map_check import check_map

        return {"dwelling": check_map(office).strays[0].dwelling}

    def village(_office: Office) -> dict[str, Any]:
        return {"grid": "990001101201"}

    def whole(page: QWidget) -> None:
        _wait_until(lambda: page.canvas.whole)  # type: ignore[attr-defined]

    def check(page: QWidget) -> None:
        page.tabs.pick("check")  # type: ignore[attr-defined]
        page.tabs.picked.emit("check")  # type: ignore[attr-defined]
        whole(page)

    def draw(page: QWidget) -> None:
        page.card.draw.emit(page.canvas.focus_key)  # type: ignore[attr-defined]
        whole(page)

    def put_down(page: QWidget, _office: Office) -> None:
        page.drawing.put_down()  # type: ignore[attr-defined]

    def quick(page: QWidget) -> None:
        page.entry.setText("上寨三网格 路灯不亮 张文贵来电 19900000001")  # type: ignore[attr-defined]

    def end(page: QWidget) -> None:
        page.end()  # type: ignore[attr-defined]

    return [
        Shot("desk", "desk", before=quick, dark=True),
        Shot("events", "events", lambda _office: {"tab": "open"}),
        Shot("case", "case", first_case),
        Shot("case-action", "case", lambda office: {**first_case(office), "action": "feed_back"}),
        Shot("event-new", "event_new"),
        Shot("mediation", "mediation"),
        Shot("mediation-case", "mediation_case", mediation),
        Shot("mediation-session", "mediation_session", session),
        Shot("mediation-check", "mediation_session", session, before=end),
        Shot("sync", "sync"),
        Shot("conflict", "conflict", conflict),
        Shot("reports", "reports", lambda _office: {"day": "2026-09-18"}),
        Shot("registry", "registry"),
        Shot("people", "people", lambda _office: {"presence": "away"}),
        Shot("person", "person", person),
        Shot("map", "map", before=whole, dark=True, office="township"),
        Shot("map-village", "map", village, before=whole, office="township"),
        Shot("map-drawing", "map", grid, before=draw, after=put_down, office="township"),
        Shot("map-check", "map", village, before=check, looks=("light",), office="township"),
        Shot("map-dwelling", "map", stray, before=whole, looks=("light",), office="township"),
        Shot("data-request", "data_request", pictured_papers.request),
        Shot("leaving", "leaving", pictured_papers.leavers, before=pictured_papers.ticked),
        Shot("visits", "visits"),
        Shot("ledgers", "ledgers"),
        Shot("import", "import"),
        Shot("settings", "settings"),
        Shot("rules", "rules", lambda _office: {"tab": "calendar", "year": 2026}),
        Shot("rules-classes", "rules", lambda _office: {"tab": "classes"}, looks=("light",)),
    ]


def _extremes() -> list[Shot]:
    """Pictures of nothing at all and of the longest texts, and an import with real faults."""

    def first(form: str) -> Callable[[Office], dict[str, Any]]:
        return lambda office: {"id": office.store.select(form, limit=1)[0].id}

    def messy(_office: Office) -> dict[str, Any]:
        return {"form": "resident", "area": "990001101201", "path": str(_MESSY)}

    def looked(page: QWidget) -> None:
        _wait_until(lambda: not page.busy())  # type: ignore[attr-defined]
        page.check.tabs.pick("problems")  # type: ignore[attr-defined]

    def run(page: QWidget) -> None:
        looked(page)
        page.run_import()  # type: ignore[attr-defined]
        looked(page)

    def missing(page: QWidget) -> None:
        looked(page)
        page.check.tabs.pick("absent")  # type: ignore[attr-defined]

    def later(office: Office) -> dict[str, Any]:
        """Next month's roster: one villager group of the six, over a register that has a family more of it."""
        home = office.store.select("household", limit=1)[0]
        values = {"name": "周守田", "sex": "1", "birth_date": "1951-03-02", "household": home.id, "presence": "present"}
        office.store.save([Edit("resident", None, home.area, values)], office.session.user)
        return messy(office)

    light = ("light",)
    return [
        Shot("desk-empty", "desk", looks=light, office="new"),
        Shot("events-empty", "events", looks=light, office="new"),
        Shot("registry-empty", "registry", looks=light, office="new"),
        Shot("import-check", "import", messy, before=looked, looks=("light", "large"), office="new"),
        Shot("import-report", "import", messy, before=run, looks=light, office="new"),
        Shot("import-absent", "import", later, before=missing, looks=light, office="new"),
        Shot("registry-long", "registry", office="long"),
        Shot("case-long", "case", first("event"), office="long"),
        Shot("person-long", "person", first("resident"), office="long"),
    ]


def _states() -> list[Shot]:
    """Pictures of what lasts a while: an exchange that runs or is held, and what it left to a person."""
    from ui import pictured_sync as made

    def case(office: Office) -> dict[str, Any]:
        return {"id": office.cases.open_cases()[0].id}

    def past(office: Office) -> dict[str, Any]:
        [person] = office.store.select("resident", {"name": "张文贵"})
        return {"form": "resident", "id": person.id}

    def paused(office: Office) -> dict[str, Any]:
        office.traffic.pause(next_morning(office.store.now_ms()))
        return {}

    def over(office: Office) -> dict[str, Any]:
        office.traffic.set_budget(20)
        return {}

    def compared(page: QWidget) -> None:
        _wait_until(lambda: not page.busy())  # type: ignore[attr-defined]

    def resume(page: QWidget, _office: Office) -> None:
        page.held_card.resumed.emit()  # type: ignore[attr-defined]

    def unlimited(page: QWidget, _office: Office) -> None:
        page.network_card.budget_picked.emit(0)  # type: ignore[attr-defined]

    light = ("light",)
    return [
        Shot("sync-asking", "sync", office="troubled", dark=True),
        Shot("sync-progress", "sync", before=made.going, after=made.ended, office="troubled"),
        Shot("sync-paused", "sync", paused, after=resume, looks=light, office="troubled"),
        Shot("sync-over", "sync", over, after=unlimited, looks=light, office="troubled"),
        Shot("sync-usb", "sync", before=made.written, looks=light, office="troubled"),
        Shot("conflict-choice", "conflict", made.resident_conflict, dark=True, office="troubled"),
        Shot("history", "history", past, office="troubled"),
        Shot("duplicates", "duplicates", before=compared, office="troubled"),
        Shot("case-files", "case", case, dark=True, office="troubled"),
        Shot("clock", "desk", before=made.wrong_clock, after=made.right_clock, looks=light, office="troubled"),
    ]


def _chains() -> list[Shot]:
    """Pictures of movements, who lived where, grids and what is looked after by nobody."""
    from ui import pictured_grids as made

    return [
        Shot("life", "life", made.moved),
        Shot("life-who", "life", made.in_march),
        Shot("grids", "grids", made.posted, dark=True),
        Shot("sectors", "grids", lambda _office: {"tab": "sectors"}, looks=("light",)),
        Shot("organizations", "organizations", looks=("light",)),
        Shot("coverage", "coverage", lambda _office: {"kind": "heads"}),
    ]


def _entries() -> list[Shot]:
    """Pictures of a household that is being entered."""
    from ui import pictured_entry as made

    known = made.Registered()
    return [
        Shot("entry", "household_entry", made.begun, after=made.forget, looks=("light",)),
        Shot("entry-half", "household_entry", made.begun, before=made.half, after=made.forget, dark=True),
        Shot("entry-known", "household_entry", known.begun, before=known.typed, after=made.forget),
        Shot("entry-standing", "household_entry", made.standing, after=made.forget, looks=("light",)),
        Shot("entry-long", "household_entry", made.standing, after=made.forget, office="long"),
    ]


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
        shots = [
            shot
            for shot in [*_shots(), *_extremes(), *_states(), *_chains(), *_entries()]
            if shot.office == name and (not only or shot.name in only)
        ]
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


def _wait_until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.02)


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
    # Pages have few colours: a palette of the 256 most used makes a third of the bytes.
    pixels = Counter(memoryview(picture.constBits()).cast("I"))
    table = [colour for colour, _count in pixels.most_common(256)]
    flags = Qt.ImageConversionFlag.AvoidDither
    picture.convertToFormat(QImage.Format.Format_Indexed8, table, flags).save(str(path), "PNG", 5)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
