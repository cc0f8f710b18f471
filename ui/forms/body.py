"""The fields of a form in their sections: Enter goes from one to the next, faults stand below theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QScrollArea

from app.schema.codes import CodeList
from app.schema.form import Field, Form
from app.schema.kinds import Choice
from app.schema.values import Fault, Value
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.fields import FieldRow
from ui.forms.layout import Sections
from ui.forms.opening import AREA
from ui.forms.references import RefEntry
from ui.pieces.keys import enter_alone

Find = Callable[..., object]
Reveal = Callable[[Callable[[Value], None]], object]
_AREA_FIELD = Field(AREA, Choice(codes=CodeList("area", "村（社区）", "", ())), "村（社区）", required=True)


class FormBody(QScrollArea):
    """A row for every field of *form* that is shown, behind one for the village (``area_row``, hidden unless asked).

    Signals: ``touched(field)`` typed in, ``picked(Target)`` in a reference, ``ended`` (Enter in the last field).
    *find* and *reveal* give a field's search and its way to the whole value.
    """

    touched = Signal(str)
    picked = Signal(object)
    ended = Signal()

    def __init__(
        self,
        form: Form,
        only: Sequence[str] | None,
        find: Callable[[Field], Find],
        reveal: Callable[[Field], Reveal | None],
        *,
        titles: bool,
    ) -> None:
        super().__init__()
        self._form, self._find, self._reveal = form, find, reveal
        self._with_area = False
        self.rows: dict[str, FieldRow] = {}
        self.area_row = FieldRow(_AREA_FIELD, lambda _text, _show: None)
        self._sections = Sections()
        self._sections.add_row(self.area_row)
        shown = self._shown(only)
        for title, names in shown:
            if names:
                self._sections.add_title(title if titles and len(shown) > 1 else "")
            for name in names:
                self._sections.add_row(self._row(name))
        self.area_row.entry.installEventFilter(self)
        self.area_row.entry.chosen.connect(lambda: self._next(self.area_row.entry))
        self.area_row.changed.connect(lambda: self.touched.emit(AREA))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._sections.setObjectName("scrolled")
        self.setWidget(self._sections)

    def ask_area(self, wanted: bool) -> None:
        """Whether the village is asked for."""
        self._with_area = wanted
        self.area_row.setVisible(wanted)

    def order(self) -> list[FieldRow]:
        """The rows that can be typed in, in their order."""
        rows = ([self.area_row] if self._with_area else []) + list(self.rows.values())
        return [row for row in rows if row.entry.isEnabled()]

    def arrange(self) -> None:
        """Place the rows for the width there is."""
        self._sections.arrange(self.width())

    def say_faults(self, faults: Sequence[Fault]) -> str:
        """Say each fault below its field and go to the first; what is to be said of the whole."""
        said = {fault.field: fault.message for fault in reversed(faults)}
        for name, row in {**self.rows, AREA: self.area_row}.items():
            row.say(said.get(name, ""))
        elsewhere = [fault.message for fault in faults if fault.field not in self.rows and fault.field != AREA]
        first = next((row for row in self.order() if row.problem()), None)
        if first is not None:
            first.entry.setFocus(Qt.FocusReason.TabFocusReason)
            self.ensureWidgetVisible(first, 0, theme.current().px("row"))
        return elsewhere[0] if elsewhere else f"有 {len(said)} 处要改"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and enter_alone(event)
        if pressed and not isinstance(watched, QPlainTextEdit):
            self._next(watched)
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _shown(self, only: Sequence[str] | None) -> list[tuple[str, list[str]]]:
        shown = [
            (section.title, [name for name in section.fields if self._shows(name, only)])
            for section in self._form.sections
        ]
        placed = {name for _, names in shown for name in names}
        left_out = [
            item.name
            for item in self._form.stored
            if item.required and item.name not in placed and self._shows(item.name, only)
        ]
        return [*shown, ("其他", left_out)] if left_out else shown

    def _shows(self, name: str, only: Sequence[str] | None) -> bool:
        item = self._form.fields[name]
        return not item.derived and not item.retired and (only is None or name in only)

    def _row(self, name: str) -> FieldRow:
        item = self._form.fields[name]
        row = FieldRow(item, self._find(item), self._reveal(item))
        row.entry.installEventFilter(self)
        row.changed.connect(lambda: self.touched.emit(name))
        if isinstance(row.entry, RefEntry):
            row.entry.picked.connect(self.picked)
        if isinstance(row.entry, ChoiceEntry | RefEntry):
            row.entry.chosen.connect(lambda: self._next(row.entry))
        self.rows[name] = row
        return row

    def _next(self, watched: QObject) -> None:
        rows = self.order()
        here = next((number for number, row in enumerate(rows) if row.entry is watched), -1)
        if here + 1 < len(rows):
            entry = rows[here + 1].entry
            entry.setFocus(Qt.FocusReason.TabFocusReason)
            self.ensureWidgetVisible(entry, 0, theme.current().px("row"))
        else:
            self.ended.emit()
