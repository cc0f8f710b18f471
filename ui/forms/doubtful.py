"""A wrong number in a form: one key keeps it as it was written, to be verified, and nobody is held up by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.messages import sentence
from app.schema.values import Fault
from ui.pieces.buttons import Button

if TYPE_CHECKING:
    from ui.forms.editor import RecordForm

NUMBER, WRITTEN, NOTE = "id_number", "id_written", "verify_note"


class KeepDoubtful(Button):
    """``KeepDoubtful()`` beside a page's actions: seen while the form that it watches has a number that is wrong."""

    def __init__(self) -> None:
        super().__init__("号码存为待核实", self.keep, kind="quiet", icon="help-circle", keys="F8")
        self._form: RecordForm | None = None
        self._why = ""
        self.hide()

    def watch(self, form: RecordForm) -> None:
        """Serve *form* from now on, where it has a place for what was written."""
        self._form = form
        self.hide()
        if {NUMBER, WRITTEN, NOTE} <= form.rows.keys():
            form.faulted.connect(self._on_faulted)
            form.rows[NUMBER].changed.connect(self.hide)

    def keep(self) -> None:
        """Put what stands in the number's place into that of what was written, say why, and save."""
        form = self._form
        if form is None or not self.isVisible():
            return
        note = sentence("entry.verify_number", why=self._why.rstrip("。"))
        held = str(form.value(NOTE) or "")
        form.set_value(WRITTEN, str(form.value(NUMBER)))
        form.set_value(NOTE, f"{held}；{note}" if held else note)
        # A right number that stood before stays.
        form.set_value(NUMBER, form.stands(NUMBER))
        self.hide()
        form.save()

    def _on_faulted(self, faults: Sequence[Fault]) -> None:
        self._why = next((fault.message for fault in faults if fault.field == NUMBER), "")
        self.setVisible(bool(self._why and self._form is not None and self._form.value(NUMBER)))
