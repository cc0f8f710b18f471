"""Somebody has the number of the person on the page already: who he is, and what may be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.schema.record import Record
from app.schema.values import Fault
from app.services.entry import NUMBER, NUMBER_TAKEN
from app.services.entry_sheet import Known
from ui.pieces.buttons import Button
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.forms.editor import RecordForm
    from ui.jobs import Jobs

# What the movement says, or what is read off the number, is not filled in from what was typed.
_NOT_FILLED = frozenset({"household", "living_since", "relation", "presence", "presence_since", "id_number"})


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
        self.setObjectName("inset")
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 6, 12, 6)
        line.setSpacing(8)
        self.said = words("", tone="blue", wrap=True)
        self.bring_button = Button("移到这一户", self.bring, small=True, keys="F9")
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
        self.bring_button.refuse("正在办理")

        def work() -> tuple[Record, str, list[str]]:
            today, told = office.chronicle.today(), str(relation) if relation else None
            movements = office.movements
            if person.gone:
                state = str(presence or "present")
                done = movements.arrive(home, today, resident=person.id, relation=told, presence=state)
            else:
                done = movements.move([person.id], home, today, relations={person.id: told})
            shape, stands = office.forms["resident"], office.records.get("resident", person.id).values
            clean, _ = shape.clean(typed, partial=True)
            empty = {name: value for name, value in clean.items() if value is not None and stands.get(name) is None}
            other = [shape.fields[n].label for n, v in clean.items() if n not in empty and v != stands.get(n)]
            if empty and not office.records.save("resident", empty, record_id=person.id).ok:
                other += [shape.fields[name].label for name in empty]
            return office.records.get("resident", person.id), done.act, other

        self._jobs.run(work, self._on_came, self._on_failed)

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
        self.bring_button.setVisible(comes)
        self.bring_button.refuse("")
        self.show()

    def _on_came(self, done: tuple[Record, str, list[str]]) -> None:
        self._forget()
        self.came.emit(*done)

    def _on_failed(self, error: Any) -> None:
        self.bring_button.refuse("")
        self.said.setText(str(error))

    def _look(self) -> None:
        if self.person is not None:
            self.looked.emit(self.person.id)

    def _forget(self) -> None:
        self.person = None
        self.hide()
