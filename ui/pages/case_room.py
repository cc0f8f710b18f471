"""The pages of desk, cases, mediation, exchange and reports, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ui.jobs import Jobs, Worker
from ui.page import Page

if TYPE_CHECKING:
    from app.services.office import Office

MakeWorker = Callable[[Sequence[str]], Worker]
Entry = tuple[str, Callable[[], Page], str]


def pages(
    office: Office, jobs: Jobs, worker: MakeWorker, *, urgent: Callable[[], object] = lambda: None
) -> list[Entry]:
    """(name, make, navigation entry) of each page; nothing of a page is imported before it is wanted.

    *urgent* is called after a save that the county should have soon.
    """

    def desk() -> Page:
        from ui.pages.desk import DeskPage

        return DeskPage(office, jobs, urgent)

    def events() -> Page:
        from ui.pages.event_list import EventsPage

        return EventsPage(office, jobs)

    def case() -> Page:
        from ui.pages.case import CasePage

        return CasePage(office, jobs, urgent)

    return [
        ("desk", desk, "desk"),
        ("events", events, "events"),
        ("case", case, "events"),
    ]
