"""How the keyboard goes through the page that takes a case: Enter on to the next field, pictures pasted anywhere to the photos."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from ui.pages.intake_fields import IntakeFields
from ui.pages.intake_found import FoundEntry
from ui.pieces.keys import enter_alone


class IntakeKeys(QObject):
    """Listens at the fields as long as its *parent* lives. *primary*: the page's main button, where the way ends."""

    def __init__(self, fields: IntakeFields, primary: Callable[[], QWidget | None], parent: QObject) -> None:
        super().__init__(parent)
        self._fields, self._primary = fields, primary
        people = fields.people
        for entry in (*fields.order, people.role, people.phone, fields.solved, fields.result, fields.witness):
            entry.installEventFilter(self)

    def next(self, entry: QObject) -> None:
        """Go on from *entry* to what follows it."""
        fields, primary = self._fields, self._primary()
        place = next((n for n, one in enumerate(fields.order) if one is entry), None)
        after = fields.order[place + 1] if place is not None and place + 1 < len(fields.order) else None
        if after is None:
            ends = entry in (fields.solved, fields.witness) or not fields.solved.isEnabled()
            after = primary if ends else fields.solved
        if after is primary and after is not None:
            after.setFocus(Qt.FocusReason.TabFocusReason)
        elif after is not None:
            fields.go_to(after)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            # Pictures and files go to the photos, whatever field the cursor stands in; words go into the field.
            if event.matches(QKeySequence.StandardKey.Paste) and self._fields.files.take_mime(
                QApplication.clipboard().mimeData()
            ):
                return True
            # A field that finds says itself when it goes on; in a text of several lines Enter is a new line; the line of
            # the people has an order of its own.
            mine = watched is self._fields.solved or any(watched is one for one in self._fields.order)
            if enter_alone(event) and mine and not isinstance(watched, QPlainTextEdit | FoundEntry):
                self.next(watched)
                return True
        return super().eventFilter(watched, event)
