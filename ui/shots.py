"""What pictures there are: page, arguments, what to do before and after the shutter, in which looks and over whose office."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.services.traffic import next_morning
from app.store.saving import Edit
from ui import pictured_intake, pictured_meetings, pictured_papers
from ui.pieces.buttons import Button

if TYPE_CHECKING:
    from app.services.office import Office

_ORDERS = Path(__file__).resolve().parents[1] / "tests" / "data" / "orders_12345.xlsx"
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


def every_shot() -> list[Shot]:
    """All pictures of the pages of the window, in the order in which they are taken."""
    return [*_shots(), *_extremes(), *_states(), *_chains(), *_entries()]


def _shots() -> list[Shot]:
    def first_case(office: Office) -> dict[str, Any]:
        busy = [e for e in office.cases.open_cases() if e.values.get("state") == "handling"]
        return {"id": (busy or office.cases.open_cases())[0].id}

    def whistled(office: Office) -> dict[str, Any]:
        [step] = office.store.select("event_step", {"action": "whistle"}, order=["-id"], limit=1)
        return {"id": step.values["event"]}

    def asks_paper(page: QWidget) -> None:
        _wait_until(lambda: bool(page.papers_card.choices))  # type: ignore[attr-defined]
        page.papers_card.ask()  # type: ignore[attr-defined]

    def leaves_paper(page: QWidget, _office: Office) -> None:
        page.papers_card.leaving()  # type: ignore[attr-defined]

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

    def mark_some(page: QWidget) -> None:
        rows = page.table.model.loaded()  # type: ignore[attr-defined]
        page.table.model.set_checked([row["id"] for _, row in rows[2:12]], on=True)  # type: ignore[attr-defined]
        _wait_until(lambda: "件" in str([b.words() for b in page.batch.findChildren(Button)]))  # type: ignore[attr-defined]

    def mark_none(page: QWidget, _office: Office) -> None:
        page.table.model.clear_checked()  # type: ignore[attr-defined]

    def quick(page: QWidget) -> None:
        page.entry.setText("上寨三网格 路灯不亮 张文贵来电 19900000001")  # type: ignore[attr-defined]

    def read_orders(page: QWidget) -> None:
        _wait_until(lambda: not page.busy())  # type: ignore[attr-defined]

    def match_units(page: QWidget) -> None:
        read_orders(page)
        page.check.pick_side("values")  # type: ignore[attr-defined]
        page.check.values.edit(0)  # type: ignore[attr-defined]

    def leave_orders(page: QWidget, _office: Office) -> None:
        page.restart()  # type: ignore[attr-defined]

    def end(page: QWidget) -> None:
        page.end()  # type: ignore[attr-defined]

    return [
        Shot("desk", "desk", before=quick, dark=True),
        Shot("events", "events", lambda _office: {"tab": "open"}),
        Shot("events-batch", "events", lambda _office: {"tab": "open"}, before=mark_some, after=mark_none),
        Shot("case", "case", first_case),
        Shot("case-whistle", "case", whistled, looks=("light",)),
        Shot("case-papers", "case", whistled, before=asks_paper, after=leaves_paper, looks=("light",)),
        Shot("case-action", "case", lambda office: {**first_case(office), "action": "feed_back"}),
        Shot(
            "event-new",
            "event_new",
            pictured_intake.new,
            before=pictured_intake.half,
            after=pictured_intake.forget,
            dark=True,
        ),
        Shot(
            "event-new-solved",
            "event_new",
            pictured_intake.new,
            before=pictured_intake.solved,
            after=pictured_intake.forget,
            looks=("light",),
        ),
        Shot("repeats", "repeats"),
        Shot("whistles", "whistles"),
        Shot("mediation", "mediation"),
        Shot("mediation-case", "mediation_case", mediation),
        Shot("mediation-session", "mediation_session", session),
        Shot("mediation-check", "mediation_session", session, before=end),
        Shot("sync", "sync"),
        Shot("conflict", "conflict", conflict),
        Shot("meetings", "meetings", lambda _office: {"form": "meeting"}),
        Shot("meeting", "meeting", pictured_meetings.now, before=pictured_meetings.typed),
        Shot("patrons", "patrons", pictured_meetings.patrons),
        Shot("receptions", "receptions"),
        Shot("reception", "meetings", pictured_meetings.reception, looks=("light",)),
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
        Shot("ledgers", "ledgers", lambda _office: {"form": "dispute"}),
        Shot("import", "import"),
        Shot("orders", "orders"),
        Shot(
            "orders-check",
            "orders",
            lambda _office: {"source": "12345热线", "path": str(_ORDERS)},
            before=read_orders,
            after=leave_orders,
        ),
        Shot(
            "orders-values",
            "orders",
            lambda _office: {"source": "12345热线", "path": str(_ORDERS)},
            before=match_units,
            after=leave_orders,
            looks=("light",),
        ),
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


def _wait_until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.02)
