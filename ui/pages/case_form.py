"""The page that registers an event, or mends the facts of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox

from app.schema.record import Record
from app.services.records import Outcome
from ui.forms.editor import RecordForm
from ui.forms.opening import areas
from ui.jobs import Jobs
from ui.page import Page
from ui.pieces.card import Card
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office


class EventFormPage(Page):
    """Opened with nothing, with ``values`` and ``area`` (from the desk's line), or with the ``id`` of an event."""

    def __init__(self, office: Office, jobs: Jobs, urgent: Callable[[], object] = lambda: None) -> None:
        super().__init__("登记事件", back=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._card = Card()
        # Read in the lane by the save: a plain value, never the widget.
        self._area = ""
        self.area = QComboBox()
        self.area.setAccessibleName("村（社区）")
        self.area.setMinimumContentsLength(12)
        self.area.currentIndexChanged.connect(self._on_area)
        self.area_words = words("村（社区）", tone="text-2")
        self.add_beside(self.area_words)
        self.add_beside(self.area)
        self.form: RecordForm | None = None
        self.add(self._card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        """Begin a form; a draft left behind comes back."""
        event_id = args.get("id")
        self.set_title("修改事件" if event_id else "登记事件", "" if event_id else "登记即上报，先由受理员甄别")
        for part in (self.area, self.area_words):
            part.setVisible(not event_id)
        self._area = str(args.get("area") or "")
        self._jobs.run(lambda: areas(self._office), then=self._show_areas)
        self._card.clear()
        form = RecordForm(
            self._office,
            self._jobs,
            "event",
            record_id=str(event_id) if event_id else None,
            preset=args.get("values"),
            area=self._area,
            save=None if event_id else lambda values, _seen: self._report(values),
            words_save="保存" if event_id else "登记",
        )
        form.saved.connect(lambda record: self._on_saved(record, new=not event_id))
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

    def _report(self, values: dict[str, Any]) -> Outcome:
        return self._office.cases.report(values, area=self._area)

    def _show_areas(self, found: Sequence[tuple[str, str]]) -> None:
        # Nobody said where: the township itself, as for the desk's line, and not whichever village comes first.
        wanted = self._area or self._office.session.area
        self.area.blockSignals(True)
        self.area.clear()
        for code, name in found:
            self.area.addItem(name, code)
        self.area.setCurrentIndex(max(self.area.findData(wanted), 0))
        self.area.blockSignals(False)
        self._on_area()

    def _on_area(self) -> None:
        self._area = str(self.area.currentData() or self._area)

    def _on_saved(self, record: Record, *, new: bool) -> None:
        self._urgent()
        self.said.emit(f"已{'登记' if new else '保存'}：{record.values.get('title')}", None)
        if new:
            self.go.emit("case", {"id": record.id})
        else:
            self.go.emit("back", {})
