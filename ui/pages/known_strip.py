"""Somebody has the number of the person on the page already: who he is, and what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.schema.record import Record
from app.schema.values import Fault, Value
from app.services.entry import NUMBER, NUMBER_TAKEN
from app.services.entry_sheet import Known
from app.services.records import Outcome
from ui.jobs import Jobs, spoken
from ui.pieces.buttons import Button
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.forms.editor import RecordForm

# What the movement says, or what is read off the number, is not filled in from what was typed.
_NOT_FILLED = frozenset({"household", "living_since", "relation", "presence", "presence_since", "id_number"})

_BRING = "移到这一户"


class KnownStrip(QFrame):
    """Seen while the form that it watches has a number that another person has.

    Signals: ``looked(id)`` to open him; ``came(record, act, kept)`` when he has been moved into the household of the form; *kept*: the labels of
    what was typed and stands otherwise in his registration, where it was left.
    """

    looked = Signal(str)
    came = Signal(object, str, list)

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__()
        self._office, self._jobs = office, jobs
        self._form: RecordForm | None = None
        self.person: Known | None = None
        # Where he has come but what was typed could not be written: who, and the act that brought him.
        self._moved: tuple[Record, str] | None = None
        self.setObjectName("inset")
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 6, 12, 6)
        line.setSpacing(8)
        self.said = words("", tone="blue", wrap=True)
        self.bring_button = Button(_BRING, self.bring, small=True, keys="F9")
        self.look_button = Button("看他的登记", self._look, kind="quiet", small=True)
        line.addWidget(self.said, 1)
        line.addWidget(self.look_button)
        line.addWidget(self.bring_button)
        self.hide()

    def watch(self, form: RecordForm) -> None:
        """Serve *form* from now on, where it has a number."""
        self._form = form
        self._forget()
        if form.form.name == "resident" and NUMBER in form.rows:
            form.faulted.connect(self._on_faulted)
            form.rows[NUMBER].changed.connect(self._forget)

    def bring(self) -> None:
        """Move him into the household of the form, and fill in what was typed where his registration is empty."""
        form, person = self._form, self.person
        if form is None or person is None or not self.bring_button.isVisible():
            return
        office, home = self._office, str(form.value("household") or "")
        relation, presence = form.value("relation"), form.value("presence")
        typed = {
            name: row.value()
            for name, row in form.rows.items()
            if name not in _NOT_FILLED and row.value() not in (None, "") and not row.item.derived
        }
        clean, faults = form.form.clean(typed, partial=True)
        if faults:
            self.said.setText("；".join(fault.message for fault in faults))
            return
        self.bring_button.refuse("正在办理")
        if self._moved is not None:
            self._fill(*self._moved, clean)
            return

        def move() -> tuple[Record, str]:
            today, told = office.chronicle.today(), str(relation) if relation else None
            movements = office.movements
            if person.gone:
                state = str(presence or "present")
                done = movements.arrive(home, today, resident=person.id, relation=told, presence=state)
            else:
                done = movements.move([person.id], home, today, relations={person.id: told})
            return office.records.get("resident", person.id), done.act

        self._jobs.run(move, lambda found: self._fill(*found, clean), self._on_failed)

    def _fill(self, moved: Record, act: str, clean: Mapping[str, Value]) -> None:
        """He is here already, and that stands whatever becomes of what was typed."""
        office = self._office
        self._moved = (moved, act)

        def work() -> tuple[Outcome, list[str]]:
            stands, fields = moved.values, office.forms["resident"].fields
            empty = {name: value for name, value in clean.items() if value is not None and stands.get(name) is None}
            other = [fields[n].label for n, v in clean.items() if n not in empty and v != stands.get(n)]
            if not empty:
                return Outcome(office.records.get("resident", moved.id)), other
            return office.records.save("resident", empty, record_id=moved.id), other

        def filled(found: tuple[Outcome, list[str]]) -> None:
            outcome, other = found
            if not outcome.ok or outcome.record is None:
                self._on_not_filled("；".join(fault.message for fault in outcome.faults))
                return
            self._forget()
            self.came.emit(outcome.record, act, other)

        self._jobs.run(work, filled, lambda error: self._on_not_filled(spoken(error)))

    def _on_not_filled(self, why: str) -> None:
        """What was typed stays in the form, and can be written once more."""
        self.bring_button.refuse("")
        self.bring_button.set_words("填进他的登记")
        self.said.setText(f"他已移到这一户；打的内容还没有写进他的登记。{why}")

    def _on_faulted(self, faults: Sequence[Fault]) -> None:
        self._forget()
        form = self._form
        if form is None or not any(fault.code == NUMBER_TAKEN for fault in faults):
            return
        number = form.form.fields[NUMBER].kind.check(form.value(NUMBER))
        self._jobs.run(lambda: self._office.entry.same_person(str(number)), lambda known: self._tell(form, known))

    def _tell(self, form: RecordForm, known: Known | None) -> None:
        if form is not self._form or known is None:
            return
        self.person = known
        home = str(form.value("household") or "")
        leaves = "（户主，移走后那一户要另定户主）" if known.head else ""
        self.said.setText(f"这个号码已登记：{known.who}{leaves}。")
        # Who is registered under an id of his own already can't become another by moving.
        comes = form.record_id is None and bool(home) and (known.household != home or known.gone)
        self.bring_button.set_words(_BRING)
        self.bring_button.setVisible(comes)
        self.bring_button.refuse("")
        self.show()

    def _on_failed(self, error: Exception) -> None:
        self.bring_button.refuse("")
        self.said.setText(spoken(error))

    def _look(self) -> None:
        if self.person is not None:
            self.looked.emit(self.person.id)

    def _forget(self) -> None:
        self.person = self._moved = None
        self.hide()
