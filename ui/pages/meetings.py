"""会议研判: the meetings and the leaders' reception days, each as a ledger; a meeting opens on its own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.schema.record import Record
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.ledger import LedgerPage
from ui.pages.paper_dialog import MakeWorker
from ui.pages.reception_strip import ReceptionStrip
from ui.pieces.buttons import Button

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

MEETING, DAY = "meeting", "reception_day"


class MeetingsPage(LedgerPage):
    """``opened`` as every ledger. A new meeting begins as the last one of its kind did; saved, it goes on to its list."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker, *, ask_path: AskPath = ask_save_path) -> None:
        self._new = False
        # A meeting is the township's where no village was picked: its list is of all that is open there.
        self._home = office.session.area
        super().__init__(office, jobs, worker, [MEETING, DAY], "会议研判", ask_path=ask_path)
        if office.gate.decide("read", DAY, None).allowed:
            self.add_quiet(Button("接访安排", lambda: self.go.emit("receptions", {}), icon="calendar-event"))
        if office.gate.decide("read", "event", None).allowed:
            self.add_quiet(Button("领导包案", lambda: self.go.emit("patrons", {}), icon="user-star"))

    def new(self) -> None:
        if self.form_name != MEETING:
            self._open_entry(None, {})
            return
        area = self._area
        self._jobs.run(lambda: self._office.meetings.begin(area), lambda values: self._open_entry(None, values))

    def _open_entry(self, record_id: str | None, preset: Mapping[str, Any], *, focus: bool = True) -> None:
        self._new = record_id is None
        super()._open_entry(record_id, preset, focus=focus)
        if record_id and self.form_name == DAY:
            self._panel.add(ReceptionStrip(self._office, self._jobs, record_id, self))

    def _edit(self, record_id: Any) -> None:
        if record_id and self.form_name == MEETING:
            self.go.emit("meeting", {"id": str(record_id)})
        else:
            super()._edit(record_id)

    def _after_saved(self, record: Record) -> None:
        if record.form == MEETING and self._new:
            self.go.emit("meeting", {"id": record.id})
        else:
            super()._after_saved(record)
