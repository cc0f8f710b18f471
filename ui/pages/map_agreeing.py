"""What does not agree on the map: shown at the side, and dwellings given the grid that they lie in, one or all that have none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.services.map_check import Findings, Stray, take_grid_by_place
from ui.pages.map_read import CheckFile
from ui.pages.map_side import MapSide

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class MapAgreeing(QObject):
    """``show(check)``, ``take(dwelling)``; *done* hears that dwellings were given another grid."""

    def __init__(
        self, office: Office, jobs: Jobs, side: MapSide, say: Callable[[str, None], object], done: Callable[[], object]
    ) -> None:
        super().__init__(side)
        self._office, self._jobs, self._side, self._say, self._done = office, jobs, side, say, done
        self.findings: Findings | None = None
        side.took_all.connect(self._take_all)
        side.card.take.connect(self.take)

    def show(self, check: CheckFile) -> None:
        """Show what was found."""
        self.findings = check.findings
        may_edit = self._office.gate.decide("edit", "dwelling", None, own=True).allowed
        self._side.show_check(check, may_edit=may_edit)

    def take(self, dwelling: str) -> None:
        """Give *dwelling* the grid that it lies in."""
        self._take([one for one in self._strays() if one.dwelling == dwelling])

    def _take_all(self) -> None:
        self._take([one for one in self._strays() if one.kind == "not_entered" and one.found])

    def _strays(self) -> Sequence[Stray]:
        return self.findings.strays if self.findings is not None else ()

    def _take(self, strays: Sequence[Stray]) -> None:
        self._jobs.run(lambda: take_grid_by_place(self._office, strays), self._on_taken)

    def _on_taken(self, count: int) -> None:
        self._say(f"已按位置改了 {count} 处房屋的网格。", None)
        self._done()
