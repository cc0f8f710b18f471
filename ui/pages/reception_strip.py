"""Below a leader's reception day: the cases of those who came, and the button that takes the next one in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ui.jobs import Jobs
from ui.page import Page
from ui.pieces.buttons import Button
from ui.pieces.chips import Chip, state
from ui.pieces.strip import Strip
from ui.pieces.text import rule, words

if TYPE_CHECKING:
    from app.services.office import Office


def read_visitors(office: Office, day: str) -> list[tuple[str, str, str]]:
    """(case, title, state in words) of everybody who came on that day; runs in the lane."""
    if not office.gate.decide("read", "event", None, own=True).allowed:
        return []
    states = office.cases.rules.states
    found = []
    for case in office.receptions.cases(day):
        known = states.get(str(case.values.get("state") or ""))
        found.append((case.id, str(case.values.get("title") or ""), known.label if known else ""))
    return found


class ReceptionStrip(Strip):
    """``ReceptionStrip(office, jobs, day, area, page)``: a visitor's matter is taken in as every case is, and belongs to the day."""

    def __init__(self, office: Office, jobs: Jobs, day: str, page: Page) -> None:
        super().__init__()
        self._office, self._jobs, self._day, self._page = office, jobs, day, page
        jobs.run(lambda: read_visitors(office, day), self._show)

    def _show(self, cases: list[tuple[str, str, str]]) -> None:
        self.clear()
        self.add(rule())
        for case, title, said in cases:
            open_it = Button(title, partial(self._page.go.emit, "case", {"id": case}), kind="link", small=True)
            self.add_line(words("来访", "13", "text-3"), Chip(state(said)), open_it)
        roles = self._office.session.roles
        may = self._office.cases.rules.role_for("report", roles) is not None
        if may and self._office.gate.decide("create", "event", None).allowed:
            take = Button("登记来访", self._take, small=True, icon="plus", tip="按“群众来访”登记成事件，记在这一天名下")
            self.add_line(take)

    def _take(self) -> None:
        self._page.go.emit("event_new", {"values": self._office.receptions.taking(self._day)})
