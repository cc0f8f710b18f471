"""The page that mends the facts of an event; what was done in it is steps and stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.schema.record import Record
from ui.forms.editor import RecordForm
from ui.jobs import Jobs
from ui.page import Page
from ui.pieces.card import Card

if TYPE_CHECKING:
    from app.services.office import Office


class EventFormPage(Page):
    """Opened with the ``id`` of an event."""

    def __init__(self, office: Office, jobs: Jobs, urgent: Callable[[], object] = lambda: None) -> None:
        super().__init__("修改事件", back=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._card = Card()
        self.form: RecordForm | None = None
        self.add(self._card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        """Begin a form; a draft left behind comes back."""
        self._card.clear()
        form = RecordForm(self._office, self._jobs, "event", record_id=str(args["id"]))
        form.saved.connect(self._on_saved)
        form.left.connect(lambda: self.go.emit("back", {}))
        form.loaded.connect(form.begin)
        self.form = form
        self._card.add(form, 1)

    def refresh(self, changed: Sequence[str]) -> None:
        if self.form is not None:
            self.form.refresh(changed)

    def leaving(self) -> None:
        if self.form is not None:
            self.form.keep()

    def _on_saved(self, record: Record) -> None:
        self._urgent()
        self.said.emit(f"已保存：{record.values.get('title')}", None)
        self.go.emit("back", {})
