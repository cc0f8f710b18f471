"""The page that takes a case in under a minute: by keyboard from top to bottom, kept as a draft while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from app.schema.values import Fault
from app.services.case_sheet import Person, Sheet
from app.services.case_taking import Again
from app.services.records import Outcome
from ui.jobs import Jobs, spoken
from ui.page import Page
from ui.pages.intake_bars import DraftBar
from ui.pages.intake_class import ClassIndex
from ui.pages.intake_fields import IntakeFields
from ui.pages.intake_files import IntakeFiles
from ui.pages.intake_keys import IntakeKeys
from ui.pages.intake_read import (
    Opening,
    draft_prefix,
    read_opening,
    read_when,
    with_place,
)
from ui.pages.intake_row import IntakeRow
from ui.pages.intake_where import IntakeWhere
from ui.pieces.dates import china_today
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

_LATE = 20
"""So many tenths of a second a save waits for what an Enter looks for: where nothing answers, the words stand."""
_OUTSIDE = {"grid_member", "helper", "grid_leader"}
"""Roles that find cases on their rounds; at the desk of the others the telephone rings."""


class IntakePage(Page):
    """Opened with nothing (a draft left behind comes back), or with ``values`` and ``area`` from the desk's line."""

    def __init__(self, office: Office, jobs: Jobs, urgent: Callable[[], object] = lambda: None) -> None:
        super().__init__("登记事件", "登记即上报，先由受理员甄别", back=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._sheet: Sheet | None = None
        self._index: ClassIndex | None = None
        self._kept: dict[str, Any] | None = None
        self._saving = False
        # How often the page was opened: an answer for the time before is no longer waited for.
        self._turn = 0
        self._cursor: QWidget | None = None
        self._late = 0
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self.keep)
        self._again = QTimer(self, singleShot=True, interval=300)
        self._again.timeout.connect(self._look_again)
        self.set_primary("登记", self.save, keys="Ctrl+Return")
        files = IntakeFiles(office, jobs)
        self.where = IntakeWhere(office, jobs, self)
        self.fields = IntakeFields(
            office.forms.codes, self.where.find_places, self.where.find_people, files, self.where.vague
        )
        self.where.serve(self.fields)
        self.told = words("", tone="orange", wrap=True)
        self.told.hide()
        self.drafts = DraftBar()
        self.add(self.drafts)
        self.add(self.told)
        self.add(self.fields, 1)
        self._connect()
        self.setAcceptDrops(True)

    # -- what the window asks -----------------------------------------------------------------------------------------------------

    def opened(self, args: Mapping[str, Any]) -> None:
        """Begin a case, or go on with the one that was left."""
        self.keep()
        self._sheet = None
        # The telephone doesn't wait: what is typed before the page is read is the title of the new one.
        self.fields.await_reading(True)
        self.fields.title.clear()
        self.fields.title.setFocus()
        self._turn += 1
        self._read(dict(args), self._index)
        self._jobs.run(self._office.finding.prepare)

    def leaving(self) -> None:
        self.keep()
        self._beat.stop()

    def keep(self) -> None:
        """Keep what was typed as a draft, if it changed since it was kept."""
        sheet = self.sheet()
        if sheet is None or self._saving:
            return
        packed = sheet.packed()
        if packed == self._kept:
            return
        self._kept = packed
        key = draft_prefix(self._office) + sheet.id
        self._jobs.run(lambda: self._office.store.keep_draft(key, "event", None, packed))

    def discard(self) -> None:
        """Throw away what was typed and begin anew."""
        if self._sheet is None:
            return
        key, files = draft_prefix(self._office) + self._sheet.id, self.fields.files.staged()
        self._sheet = None
        self._beat.stop()
        self._jobs.run(lambda: self._office.taking.forget(key, files))
        self.opened({})

    def sheet(self) -> Sheet | None:
        """What stands on the page; None before it is opened and after it is saved."""
        if self._sheet is None:
            return None
        return Sheet(
            self._sheet.id,
            str(self.fields.area.value() or self._sheet.area),
            self._values(self._sheet),
            self._with_reporter(self.fields.people.people()),
            self.fields.files.staged(),
            *(
                (self.fields.result.toPlainText().strip(), self.fields.witness.text().strip())
                if self.fields.solved.isChecked()
                else ()
            ),
        )

    def save(self) -> None:
        """Report the case, or close it where it was solved on the spot; what is missing is said below its field."""
        self.fields.settle()
        if self._late < _LATE and (self.fields.place.waits() or self.fields.reporter.waits()):
            # Initials are no place: what they mean is on its way.
            self._late += 1
            meant = self._sheet.id if self._sheet else ""
            QTimer.singleShot(100, self, lambda: self.save() if self._sheet and self._sheet.id == meant else None)
            return
        self._late = 0
        sheet = self.sheet()
        if sheet is None or self._saving:
            return
        if faults := self._missing(sheet):
            self._say(self.fields.say_faults(faults))
            return
        if self.fields.files.coming():
            self._say("照片还在处理，处理完再登记。")
            return
        member = self.where.member()
        if member is not None and member.phone and not sheet.values.get("reporter_phone"):
            sheet = replace(sheet, values={**sheet.values, "reporter_phone": member.phone})
        self.keep()
        self._saving = True
        self._say("")
        # What is typed from here on would be in no case: nothing takes it, and that it is being saved shows.
        self._cursor = QApplication.focusWidget()
        self._shut(True)
        key = draft_prefix(self._office) + sheet.id

        def work() -> Outcome:
            outcome = self._office.taking.save(sheet)
            if outcome.ok:
                self._office.store.drop_draft(key)
            return outcome

        self._jobs.run(work, partial(self._on_saved, self._turn, bool(sheet.solved)), self._on_failed)

    # -- building -----------------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        fields = self.fields
        people = fields.people
        keys = IntakeKeys(fields, lambda: self._primary, self)
        for row in fields.rows.values():
            signal = getattr(row.entry, "changed", None) or getattr(row.entry, "textChanged", None)
            if signal is not None:
                signal.connect(lambda *_what, row=row: self._on_changed(row))
        for choice in fields.choices:
            choice.chosen.connect(partial(keys.next, choice))
        for found in (fields.place, fields.reporter):
            found.chosen.connect(partial(keys.next, found))
            found.went_on.connect(partial(keys.next, found))
        people.ended.connect(lambda: keys.next(people.name))
        fields.category.changed.connect(self._on_class)
        fields.profile.picked.connect(self._on_class)
        self.where.moved.connect(self._again.start)
        fields.place.written.connect(self._again.start)
        fields.solved.toggled.connect(self._on_solved)
        fields.hint.opened.connect(lambda event: self.go.emit("case", {"id": event}))
        self.drafts.wanted.connect(lambda key: self.opened({"draft": key}))
        self.drafts.another.connect(lambda: self.opened({"new": True}))
        self.drafts.unwanted.connect(self.discard)

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def _read(self, args: Mapping[str, Any], index: ClassIndex | None) -> None:
        self._jobs.run(lambda: read_opening(self._office, args, index), partial(self._on_opened, self._turn))

    def _on_opened(self, turn: int, opening: Opening) -> None:
        if turn != self._turn:
            return
        early = self.fields.title.text().strip()
        if early and opening.kept:
            # It belongs to none of those that were left: they wait, and a new one begins with it.
            self._read({"new": True}, opening.index)
            return
        self.fields.await_reading(False)
        sheet = opening.sheet
        self._sheet, self._index = None, opening.index
        values = dict(sheet.values)
        self.fields.category.show_index(opening.index, opening.recent, self._office.forms.codes["event_class"])
        self.where.offer(opening)
        if early and values.get("title"):
            values["detail"] = "\n".join(part for part in (str(values.get("detail") or ""), early) if part)
            early = ""
        self.fields.title.setText(early or str(values.get("title") or ""))
        self.fields.title.setCursorPosition(len(self.fields.title.text()))
        self.fields.category.set_value(values.get("category"))
        self.fields.profile.chosen = values.get("profile")
        self.fields.area.set_value(sheet.area)
        self.fields.urgency.set_value(values.get("urgency") or "normal")
        self.fields.detail.set_value(values.get("detail"))
        self.fields.channel.set_value(values.get("channel") or self._usual_channel())
        self.where.show(values)
        self.fields.found_at.setText(str(values.get("found_at") or "")[:16].replace("T", " "))
        self.fields.phone.setText(str(values.get("reporter_phone") or ""))
        self.fields.reporter.show_words(str(values.get("reporter") or ""))
        self.fields.people.show_people(sheet.people)
        self.fields.files.show_files(sheet.id, sheet.files)
        self.fields.solved.setChecked(bool(sheet.solved))
        self.fields.result.set_value(sheet.solved or None)
        self.fields.witness.setText(sheet.witness)
        for row in self.fields.rows.values():
            row.say("")
        self._say("")
        self._sheet = sheet
        self._on_class()
        self.where.say_place()
        self.drafts.show_drafts(opening.others, kept=opening.kept)
        shown = self.sheet()
        # What came over from the desk's line is typed already: it is kept even where nobody adds a word.
        brought = (bool(sheet.values) or bool(early)) and not opening.kept
        self._kept = shown.packed() if shown and not brought else None
        self._beat.start()
        # What the desk's line said already needs no second look: the cursor goes to the first that it left open.
        if early:
            self.fields.title.setFocus()
        else:
            self.fields.first_open().setFocus(Qt.FocusReason.TabFocusReason)

    def _usual_channel(self) -> str:
        roles = set(self._office.session.roles)
        return "patrol" if roles and roles <= _OUTSIDE else "phone"

    def _on_class(self) -> None:
        code = self.fields.category.value()
        known = str(code) if code else None
        taking = self._office.taking
        flow = self.fields.profile
        flow.show_flows(taking.profile_for(known), taking.profiles(known), known=bool(known))
        may = taking.may_be_solved(known, flow.chosen)
        self.fields.solved.setEnabled(may)
        self.fields.not_solved.setText("" if may else f"{'这种流程' if flow.chosen else '这一类'}不能当场办结")
        if not may:
            self.fields.solved.setChecked(False)
        self._again.start()

    def _on_solved(self, solved: bool) -> None:
        self.fields.result.setVisible(solved)
        self.fields.witness.setVisible(solved)
        if self._primary is not None:
            self._primary.set_words("登记并办结" if solved else "登记")
        if solved:
            self.fields.result.setFocus(Qt.FocusReason.TabFocusReason)

    def _look_again(self) -> None:
        sheet = self.sheet()
        if sheet is not None and (sheet.values.get("place") or sheet.values.get("category")):
            self._jobs.run(lambda: (sheet.id, self._office.taking.repeated(sheet.values, sheet.area)), self._show_again)

    def _show_again(self, found: tuple[str, Sequence[Again]]) -> None:
        key, hits = found
        if self._sheet is None or self._sheet.id != key:
            return
        self.fields.hint.show_hits(hits)

    # -- typing -------------------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste) and self.fields.files.paste():
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.fields.files.take_mime(event.mimeData()):
            event.acceptProposedAction()

    def _values(self, sheet: Sheet) -> dict[str, Any]:
        member = self.where.member()
        values = dict(sheet.values)
        values |= {
            "title": self.fields.title.text().strip(),
            "category": self.fields.category.value(),
            "profile": self.fields.profile.chosen,
            "urgency": self.fields.urgency.value(),
            "detail": self.fields.detail.value(),
            "channel": self.fields.channel.value(),
            "entered_for": member.name if member else self.fields.member.value(),
            "reporter": self.fields.reporter.words(),
            "reporter_phone": self.fields.phone.text().strip(),
            "found_at": read_when(self.fields.found_at.text(), china_today()),
        }
        placed = with_place(values, self.where.place(), self.fields.place.words())
        return {name: value for name, value in placed.items() if value not in (None, "")}

    def _with_reporter(self, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Who reported and was found in the registry is one of the people of the case; typed once."""
        target = self.fields.reporter.target()
        if target is None or self.fields.member.value():
            return people
        person = Person("reporter", target.title, target.id)
        return people if any(person.same(one) for one in people) else (person, *people)

    # -- saving -------------------------------------------------------------------------------------------------------------------

    def _missing(self, sheet: Sheet) -> list[Fault]:
        _, faults = self._office.forms["event"].clean(sheet.values)
        if self.fields.solved.isChecked() and not sheet.solved:
            faults.append(Fault("result", "required", "请写怎么解决的。"))
        if sheet.area not in self.where.areas:
            faults.append(Fault("area", "required", "请选归哪个村（社区）或镇本级。"))
        return faults

    def _say(self, text: str) -> None:
        self.told.setText(text)
        self.told.setVisible(bool(text))

    def _shut(self, shut: bool) -> None:
        self.fields.setEnabled(not shut)
        if self._primary is not None:
            self._primary.setEnabled(not shut)
        if not shut and self._cursor is not None and self.fields.isAncestorOf(self._cursor):
            self._cursor.setFocus()

    def _on_changed(self, row: IntakeRow) -> None:
        """A fault is said until its field is changed."""
        if row.wrong():
            row.say("")
            if not any(one.wrong() for one in self.fields.rows.values()):
                self._say("")

    def _on_saved(self, turn: int, solved: bool, outcome: Outcome) -> None:
        self._saving = False
        self._shut(False)
        if not outcome.ok or outcome.record is None:
            self._say(self.fields.say_faults(outcome.faults))
            return
        self._sheet = None
        self._beat.stop()
        self._urgent()
        done = "已登记并办结" if solved else "已登记"
        self.said.emit(f"{done}：{outcome.record.values.get('title')}", None)
        if turn != self._turn or not self.isVisible():
            return  # who has gone on already isn't called back
        if self._office.gate.decide("read", "event", outcome.record.area, own=True).allowed:
            self.go.emit("case", {"id": outcome.record.id})
        else:
            # Helpers report and read nothing: the page waits for the next one.
            self.opened({"new": True})

    def _on_failed(self, error: Exception) -> None:
        self._saving = False
        self._shut(False)
        self._say(spoken(error))
