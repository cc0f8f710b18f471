"""Below a record: the cases that came of it, each with where it stands, and whether another may be begun."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ui.page import Page
from ui.pieces.buttons import Button
from ui.pieces.chips import Chip, state
from ui.pieces.strip import Strip
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.schema.record import Record
    from app.services.office import Office


@dataclass(frozen=True)
class CaseLine:
    """One case as a line says it; ``state`` in shown words."""

    id: str
    title: str
    state: str


def may_read(office: Office) -> bool:
    """Whether this user may read a case at all."""
    return office.gate.decide("read", "event", None, own=True).allowed


def may_report(office: Office) -> bool:
    """Whether this user may begin one."""
    reports = office.cases.rules.role_for("report", office.session.roles) is not None
    return reports and office.gate.decide("create", "event", None).allowed


def case_lines(office: Office, cases: Iterable[Record]) -> tuple[CaseLine, ...]:
    """*cases* as lines, in their order; runs in the lane."""
    states = office.cases.rules.states
    found = []
    for case in cases:
        known = states.get(str(case.values.get("state") or ""))
        found.append(CaseLine(case.id, str(case.values.get("title") or ""), known.label if known else ""))
    return tuple(found)


class CaseStrip(Strip):
    """A strip whose lines open cases on *page*."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def add_cases(self, word: str, cases: Iterable[CaseLine]) -> None:
        """A line a case, each begun with *word*."""
        for case in cases:
            go = partial(self._page.go.emit, "case", {"id": case.id})
            open_it = Button(case.title, go, kind="link", small=True, tip=case.title, shrinks=True)
            self.add_line(words(word, "13", "text-3"), Chip(state(case.state)), open_it)
