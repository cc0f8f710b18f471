"""Below a row of a ledger: the case that came of it and where it stands, or the button that begins one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from app.errors import KnownError
from app.services.records import Outcome
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.case_strip import CaseLine, CaseStrip, case_lines, may_read, may_report
from ui.pieces.buttons import Button
from ui.pieces.text import rule, words

if TYPE_CHECKING:
    from app.services.office import Office

_OVER = frozenset({"void", "not_accepted"})


@dataclass(frozen=True)
class Came:
    """The cases of a row; ``begin``: another may be begun; ``news``: labels of what they say."""

    cases: tuple[CaseLine, ...]
    begin: bool
    news: tuple[str, ...]


def read_came(office: Office, form: str, record_id: str) -> Came:
    """What came of a row; runs in the lane."""
    if not may_read(office):
        return Came((), begin=False, news=())
    cases = case_lines(office, office.links.cases_of(form, record_id))
    own = office.sources.of(form, record_id)
    fields = office.forms[form].fields
    news = tuple(fields[name].label for name in office.sources.news(form, record_id))
    writes = office.gate.decide("edit", form, None).allowed
    begin = may_report(office) and all(case.values.get("state") in _OVER for case in own)
    return Came(cases, begin, news if writes else ())


class SourceStrip(CaseStrip):
    """``SourceStrip(office, jobs, form, record, page)``: through *page* it speaks and goes. Signal ``changed``: the row was written to."""

    changed = Signal()

    def __init__(self, office: Office, jobs: Jobs, form: str, record_id: str, page: Page) -> None:
        super().__init__(page)
        self._office, self._jobs, self._form, self._id = office, jobs, form, record_id
        self.load()

    def load(self) -> None:
        """Show what came of the row, anew."""
        self._jobs.run(lambda: read_came(self._office, self._form, self._id), self._show, self._on_refused)

    def _show(self, came: Came) -> None:
        self.clear()
        if came.cases or came.begin:
            self.add(rule())
        self.add_cases("事件", came.cases)
        if came.news:
            fill = Button("填入办结情况", self._take_news, small=True, icon="check", tip="、".join(came.news))
            self.add_line(fill, words(f"事件里已有：{'、'.join(came.news)}", "12", "text-3", wrap=True))
        if came.begin:
            told = words("这里写的都带过去，不用再打。", "12", "text-3", wrap=True)
            self.add_line(Button("生成事件", self._make, small=True, icon="plus"), told)

    def _make(self) -> None:
        self._jobs.run(lambda: self._office.sources.make(self._form, self._id), self._on_made, self._on_refused)

    def _on_made(self, outcome: Outcome) -> None:
        if outcome.record is None:
            self._page.said.emit("；".join(fault.message for fault in outcome.faults), None)
            return
        self._page.said.emit("已生成事件并上报，存在本机", None)
        self._page.go.emit("case", {"id": outcome.record.id})

    def _take_news(self) -> None:
        self._jobs.run(lambda: self._office.sources.take_news(self._form, self._id), self._on_taken, self._on_refused)

    def _on_taken(self, outcome: Outcome) -> None:
        if not outcome.ok:
            self._page.said.emit("；".join(fault.message for fault in outcome.faults), None)
            return
        self._page.said.emit("已按事件的办结情况填好", None)
        self.changed.emit()
        self.load()

    def _on_refused(self, error: Exception) -> None:
        if not isinstance(error, KnownError):
            self._jobs.failed.emit(error)
            return
        self._page.said.emit(str(error), None)
