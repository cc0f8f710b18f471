"""Below a leader's reception day: the cases of those who came, and the button that takes the next one in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.jobs import Jobs
from ui.page import Page
from ui.pages.case_strip import CaseLine, CaseStrip, case_lines, may_read, may_report
from ui.pieces.buttons import Button
from ui.pieces.text import rule

if TYPE_CHECKING:
    from app.services.office import Office


def read_visitors(office: Office, day: str) -> tuple[CaseLine, ...]:
    """The cases of everybody who came on that day; runs in the lane."""
    return case_lines(office, office.receptions.cases(day)) if may_read(office) else ()


class ReceptionStrip(CaseStrip):
    """``ReceptionStrip(office, jobs, day, page)``: a visitor's matter is taken in as every case is, and belongs to the day."""

    def __init__(self, office: Office, jobs: Jobs, day: str, page: Page) -> None:
        super().__init__(page)
        self._office, self._day = office, day
        jobs.run(lambda: read_visitors(office, day), self._show)

    def _show(self, cases: tuple[CaseLine, ...]) -> None:
        self.clear()
        self.add(rule())
        self.add_cases("来访", cases)
        if may_report(self._office):
            take = Button("登记来访", self._take, small=True, icon="plus", tip="按“群众来访”登记成事件，记在这一天名下")
            self.add_line(take)

    def _take(self) -> None:
        self._page.go.emit("event_new", {"values": self._office.receptions.taking(self._day)})
