"""Photos and papers that are handed in with a step: they stay with the form of their action until it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.jobs import Jobs
from ui.pages.intake_files import IntakeFiles

if TYPE_CHECKING:
    from app.schema.record import Record
    from app.services.attachments import Staged
    from app.services.office import Office


class StepFiles:
    """What was picked and not handed in yet, by case and action; sealed on the disk already."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        self._office, self._jobs = office, jobs
        self._held: dict[tuple[str, str], tuple[Staged, ...]] = {}
        self._last: dict[tuple[str, str], IntakeFiles] = {}

    def begin(self, event: Record, code: str, before: Sequence[Staged] = ()) -> IntakeFiles | None:
        """The line of the form in which they are picked, with those that were picked before; None where this user may add none.

        *before*: those of a draft, where none are held here.
        """
        form = self._office.attachments.form_of("event").name
        if not self._office.gate.decide("create", form, event.area, own=True).allowed:
            return None
        files = IntakeFiles(self._office, self._jobs, small=True)
        key = (event.id, code)
        if before and key not in self._held:
            self._held[key] = tuple(before)
        files.show_files(event.id, self._held.get(key, ()))
        files.changed.connect(lambda: self._held.__setitem__(key, files.staged()))
        # A photo that is still being made small when the form is left comes to the next one, also where that is open by then.
        files.late = lambda staged: self._held.__setitem__(key, (*self._held.get(key, ()), staged))
        if key in self._last:
            files.inherit(self._last[key])
        self._last[key] = files
        return files

    def held(self, event_id: str, code: str) -> tuple[Staged, ...]:
        """What was picked and is sealed."""
        return self._held.get((event_id, code), ())

    def done(self, event_id: str, code: str) -> None:
        """They belong to a step now."""
        self._held.pop((event_id, code), None)
        self._last.pop((event_id, code), None)
