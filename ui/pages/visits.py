"""走访巡查: the ledger of visits with its entry always at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.schema.record import Record
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.ledger import LedgerPage
from ui.pages.ledger_read import visit_of
from ui.pages.paper_dialog import MakeWorker
from ui.pieces.dates import china_today

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class VisitsPage(LedgerPage):
    """``opened``: {"household": id} begins a visit there; else as every ledger. After a save the next one begins."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker, *, ask_path: AskPath = ask_save_path) -> None:
        super().__init__(office, jobs, worker, ["visit"], "走访巡查", ask_path=ask_path)
        self._last: dict[str, Any] = {}

    def opened(self, args: Mapping[str, Any]) -> None:
        household = args.get("household")
        super().opened({name: value for name, value in args.items() if name != "household"})
        if household and self._may("create"):
            self._jobs.run(
                lambda: visit_of(self._office, str(household)),
                lambda values: self._open_entry(None, {**self._first_values(), **values}),
            )
        elif self.form_name and self.entry is None and not args.get("id") and self._may("create"):
            self._open_entry(None, self._first_values(), focus=False)

    def _first_values(self) -> dict[str, Any]:
        mine = {"visit_date": china_today().isoformat(), "visitor": self._office.session.name}
        return {**mine, **self._last}

    def _after_saved(self, record: Record) -> None:
        # Ten visits of one round have their day, visitor and kind in common.
        kept = ("visit_date", "visitor", "companions", "purpose")
        self._last = {name: record.values[name] for name in kept if record.values.get(name)}
        self._open_entry(None, self._first_values())
