"""The pages of desk, cases, mediation, exchange and reports, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ui.jobs import Jobs, Worker
from ui.page import Page

if TYPE_CHECKING:
    from app.services.office import Office
    from app.services.traffic import Allowance

MakeWorker = Callable[[Sequence[str]], Worker]
Entry = tuple[str, Callable[[], Page], str]


def pages(
    office: Office,
    jobs: Jobs,
    worker: MakeWorker,
    *,
    urgent: Callable[[], object] = lambda: None,
    sync_now: Callable[[], object] = lambda: None,
    allowed: Callable[[Allowance], object] = lambda _allowance: None,
    next_in: Callable[[], int] = lambda: -1,
) -> list[Entry]:
    """(name, make, navigation entry) of each page; nothing of a page is imported before it is wanted.

    *urgent* is called after a save that the county should have soon, *sync_now* where somebody asks for an exchange;
    *allowed* hears what may go by itself from now on, *next_in* tells when it goes next.
    """

    def desk() -> Page:
        from ui.pages.desk import DeskPage

        return DeskPage(office, jobs, urgent)

    def events() -> Page:
        from ui.pages.event_list import EventsPage

        return EventsPage(office, jobs, worker, urgent)

    def case() -> Page:
        from ui.pages.case import CasePage

        return CasePage(office, jobs, urgent, worker)

    def intake() -> Page:
        from ui.pages.intake import IntakePage

        return IntakePage(office, jobs, urgent)

    def orders() -> Page:
        from ui.pages.orders import OrdersPage

        return OrdersPage(office, jobs, worker, urgent)

    def event_form() -> Page:
        from ui.pages.case_form import EventFormPage

        return EventFormPage(office, jobs, urgent)

    def mediations() -> Page:
        from ui.pages.mediation import MediationsPage

        return MediationsPage(office, jobs)

    def mediation_case() -> Page:
        from ui.pages.mediation_case import MediationPage

        return MediationPage(office, jobs, worker)

    def mediation_form() -> Page:
        from ui.pages.mediation_form import MediationFormPage

        return MediationFormPage(office, jobs)

    def mediation_session() -> Page:
        from ui.pages.mediation_session import SessionPage

        return SessionPage(office, jobs)

    def sync() -> Page:
        from ui.pages.sync import SyncPage

        return SyncPage(office, jobs, sync_now, worker, allowed, next_in)

    def conflict() -> Page:
        from ui.pages.conflict import ConflictPage

        return ConflictPage(office, jobs, urgent)

    def history() -> Page:
        from ui.pages.history import HistoryPage

        return HistoryPage(office, jobs)

    def reports() -> Page:
        from ui.pages.reports import ReportsPage

        return ReportsPage(office, jobs, worker)

    def meeting() -> Page:
        from ui.pages.meeting import MeetingPage

        return MeetingPage(office, jobs, worker, urgent)

    def patrons() -> Page:
        from ui.pages.patrons import PatronsPage

        return PatronsPage(office, jobs, worker)

    def whistles() -> Page:
        from ui.pages.whistles import WhistlesPage

        return WhistlesPage(office, jobs, worker)

    def repeats() -> Page:
        from ui.pages.repeats import RepeatsPage

        return RepeatsPage(office, jobs)

    def receptions() -> Page:
        from ui.pages.receptions import ReceptionsPage

        return ReceptionsPage(office, jobs)

    def help_page() -> Page:
        from ui.pages.help import HelpPage

        return HelpPage()

    return [
        ("help", help_page, ""),
        ("desk", desk, "desk"),
        ("events", events, "events"),
        ("case", case, "events"),
        ("event_new", intake, "events"),
        ("event_edit", event_form, "events"),
        ("orders", orders, "events"),
        ("repeats", repeats, "events"),
        ("whistles", whistles, "events"),
        ("mediation", mediations, "mediation"),
        ("mediation_case", mediation_case, "mediation"),
        ("mediation_new", mediation_form, "mediation"),
        ("mediation_form", mediation_form, "mediation"),
        ("mediation_session", mediation_session, "mediation"),
        ("reports", reports, "reports"),
        ("meeting", meeting, "meetings"),
        ("patrons", patrons, "meetings"),
        ("receptions", receptions, "meetings"),
        ("sync", sync, "sync"),
        ("conflict", conflict, "sync"),
        ("history", history, ""),
    ]
