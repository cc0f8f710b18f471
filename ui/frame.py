"""The window with all its pages: what the frame shows beside them, and what Ctrl+K finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.services.timekeeping import clock_words
from ui.jobs import Jobs, Worker
from ui.navigation import DOORS, PLACES
from ui.pages import case_room, registry_room
from ui.pages.desk import DeskPage
from ui.pages.desk_tasks import Counts, read_counts
from ui.pages.sync import SyncPage
from ui.pages.sync_speed import Told
from ui.pages.sync_words import moment, went_well
from ui.pieces.dates import correct_by
from ui.topbar import Found
from ui.window import Window

if TYPE_CHECKING:
    from app.services.office import Office
    from app.services.traffic import Allowance

MakeWorker = Callable[[Sequence[str]], Worker]

_ICONS = {"event": "clipboard-list", "resident": "user", "mediation": "users", "party": "users", "household": "home"}
_PAGES = {
    "event": "case",
    "resident": "person",
    "mediation": "mediation_case",
    "grid": "grids",
    "organization": "organizations",
    "premises": "organizations",
}


class Frame:
    """Fills the frame of one window from one office: counts, sync chip, areas, search."""

    def __init__(self, window: Window, office: Office, jobs: Jobs) -> None:
        self._window, self._office, self._jobs = window, office, jobs
        self._syncing = False
        self._offline = False
        self._counts = Counts()
        window.top.search.find = self.find
        window.top.clock_clicked.connect(window.say)
        window.searched.connect(lambda text: window.go("events", text=text))
        window.went.connect(lambda _name: self.recount(fresh=True))
        window.area_picked.connect(self._on_area)
        jobs.failed.connect(window.tell)
        jobs.run(office.store.areas, then=self._on_areas)
        # Pages save without telling the frame: it looks by itself now and then.
        self._beat = QTimer(window, interval=20_000)
        self._beat.timeout.connect(self.recount)
        self._beat.start()

    def recount(self, *, fresh: bool = False) -> None:
        """Read again what waits; *fresh*: the page that shows reads itself anew just now."""
        self._jobs.run(
            lambda: read_counts(self._office),
            then=lambda counts: self.show_counts(counts, fresh=fresh),
            failed=lambda _error: None,
        )

    def show_counts(self, counts: Counts, *, fresh: bool = False) -> None:
        """Show what waits in navigation and chip."""
        before, self._counts = self._counts, counts
        # The day turned, or something fell due while nobody touched anything, or the machine slept: what shows is told anew.
        # What is late no longer was done here or came with an exchange, and whoever did it has read it again.
        turned = before.day is not None and (counts.day != before.day or counts.late > before.late)
        shown = {name: count for name, count in counts.navigation().items() if self._window.has(name)}
        self._window.navigation.show_counts(shown)
        self._window.navigation.show_fresh("desk", counts.reminders)
        self.show_chip()
        if counts.clock is not None:
            correct_by(counts.clock.ms - counts.clock.shows)
            self._window.top.show_clock(clock_words(counts.clock))
        page = self._window.current_page()
        if isinstance(page, DeskPage):
            page.exchanged(counts.last)
        if turned and not fresh:
            self._window.refresh(("event",))

    def syncing(self, now: bool, told: Told | None = None, *, offline: bool | None = None, fresh: bool = False) -> None:
        """An exchange began, goes on or has ended; *fresh*: the page that shows is told of what came by itself."""
        self._syncing = now
        if offline is not None:
            self._offline = offline
        if now:
            share = told.share if told is not None else None
            self._window.top.show_sync("syncing", f"{int(100 * share)}%" if share is not None else "")
        page = self._window.current_page()
        if isinstance(page, SyncPage):
            page.show_syncing(now, told)
            if not now and not fresh:
                page.refresh(())
        if not now:
            self.recount(fresh=fresh)

    def show_chip(self) -> None:
        """Say in the chip how things stand; being offline is normal and no alarm."""
        top, counts = self._window.top, self._counts
        if self._syncing:
            return
        if counts.allowance.paused:
            top.show_sync("paused", str(counts.waiting or ""))
        elif counts.allowance.over:
            top.show_sync("budget", str(counts.waiting or ""))
        elif counts.sync:
            top.show_sync("asking", str(counts.sync))
        elif counts.waiting:
            top.show_sync("waiting", str(counts.waiting))
        elif counts.agreed.now:
            top.show_sync("synced", f"{moment(counts.agreed.at_ms):%H:%M}")
        elif counts.last is not None and went_well(counts.last) and not self._offline:
            top.show_sync("exchanged", f"{moment(counts.last.at):%H:%M}")
        else:
            top.show_sync("offline")

    def find(self, text: str, show: Callable[[Sequence[Found]], None]) -> None:
        """Look for people, cases and records in the lane; the window adds pages and actions."""
        self._jobs.run(
            lambda: self._office.registry.find(text, limit=12),
            then=lambda hits: show(self._hits(hits)),
            failed=lambda _error: show([]),
        )

    def _hits(self, hits: Sequence[Any]) -> list[Found]:
        found = []
        for hit in hits:
            page = _PAGES.get(hit.form, "record")
            args: dict[str, Any] = {"id": hit.id}
            if page in ("record", "organizations"):
                args["form"] = hit.form
            if not self._window.has(page):
                continue
            note = " · ".join(part for part in (self._office.forms[hit.form].title, hit.note) if part)
            found.append(Found(hit.title, note, _ICONS.get(hit.form, "file-text"), page, args))
        return found

    def _on_areas(self, areas: Sequence[Mapping[str, str]]) -> None:
        held = list(self._office.session.areas)
        names = {area["code"]: area["name"] for area in areas}
        parent = {area["code"]: area.get("parent", "") for area in areas}
        below = [code for code in names if parent.get(code) in held]
        shown = [(code, self._spoken(code, names, parent)) for code in [*held, *below] if code in names]
        first = self._office.session.area
        self._window.top.show_areas(shown or [(first, names.get(first, first))], first)

    def _on_area(self, code: str) -> None:
        """A village picked at the top: its cases; the township: all."""
        self._window.go("events", tab="open", area="" if code in self._office.session.areas else code)

    @staticmethod
    def _spoken(code: str, names: Mapping[str, str], parent: Mapping[str, str]) -> str:
        above = names.get(parent.get(code, ""), "")
        return f"{above} · {names[code]}" if above else names[code]


def make_window(
    app: QApplication,
    office: Office,
    jobs: Jobs,
    worker: MakeWorker,
    *,
    urgent: Callable[[], object] = lambda: None,
    sync_now: Callable[[], object] = lambda: None,
    allowed: Callable[[Allowance], object] = lambda _allowance: None,
    next_in: Callable[[], int] = lambda: -1,
) -> tuple[Window, Frame]:
    """The window of *office* with every page there is; the navigation names only those.

    *allowed* hears what the exchange may do by itself from now on, *next_in* tells when it goes next (ms, -1: it doesn't).
    """

    def allow(allowance: Allowance) -> None:
        allowed(allowance)
        frame.recount()

    def saved() -> None:
        urgent()
        frame.recount()

    def imported(forms: Sequence[str]) -> None:
        window.refresh(forms)
        saved()

    entries = [
        *case_room.pages(office, jobs, worker, urgent=saved, sync_now=sync_now, allowed=allow, next_in=next_in),
        *registry_room.pages(office, jobs, worker, imported=imported),
    ]
    names = {name for name, _make, _place in entries}
    window = Window(app, [place for place in PLACES if place.name in names])
    for name, make, place in entries:
        window.add_page(name, make, place)
    window.doors = [door for door in DOORS if not door.makes or office.gate.decide("create", door.makes, None).allowed]
    frame = Frame(window, office, jobs)
    session = office.session
    window.top.show_user(" · ".join(part for part in (session.name, session.unit) if part))
    return window, frame
