"""The page of one case: where it stands, what it is, what was done, and what comes next in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.rules.case_engine import Action
from app.services.records import Outcome
from ui.forms.references import Target
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.action_drafts import ActionDrafts, Left
from ui.pages.attachments_card import AttachmentsCard
from ui.pages.case_action import ActionForm
from ui.pages.case_links_card import LinksCard
from ui.pages.case_next_card import NextCard
from ui.pages.case_owner_card import OwnerCard, show_units
from ui.pages.case_papers_card import PapersCard
from ui.pages.case_people_card import PeopleCard
from ui.pages.case_read import Begun, CaseFile, begin_form, came_since, read_file, stage_labels
from ui.pages.case_search import find_cases
from ui.pages.case_step_files import StepFiles
from ui.pages.case_strip import may_report
from ui.pages.case_time_card import show_due
from ui.pages.case_whistle_card import WhistleCard
from ui.pages.case_words import chip_of
from ui.pages.paper_dialog import MakeWorker
from ui.pages.standing_words import StandingChip
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.chips import Chip, state
from ui.pieces.facts import Fact, Facts
from ui.pieces.stages import StageStrip
from ui.pieces.text import words
from ui.pieces.timeline import Timeline

if TYPE_CHECKING:
    from app.services.office import Office

_LINE = 24


class CasePage(Page):
    """Opened with ``id`` and, to begin one at once, ``action``."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        urgent: Callable[[], object] = lambda: None,
        worker: MakeWorker | None = None,
    ) -> None:
        super().__init__("事件", back=True, dense=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._id = ""
        self._file: CaseFile | None = None
        self._wanted = ""
        # Whether the case is shown for the first time since it was opened or something was done.
        self._fresh = True
        self._form: ActionForm | None = None
        self._drafts = ActionDrafts(office, jobs)
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self._keep)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self.title_row.insertLayout(3, self._chips)
        self._strip = Card()
        self._strip.body.setContentsMargins(4, 0, 4, 0)
        self.facts_card = Card("基本情况", actions=self._edit_buttons())
        self._step_files = StepFiles(office, jobs)
        self.people_card = PeopleCard(office, jobs)
        self.people_card.named.connect(self._on_named)
        self.people_card.opened.connect(lambda resident: self.go.emit("person", {"id": resident}))
        self.files_card = AttachmentsCard(office, jobs, "event", lambda told: self.said.emit(told, None), urgent)
        self.links_card = LinksCard(office, jobs, self.go.emit, lambda told: self.said.emit(told, None))
        self.links_card.changed.connect(self._on_linked)
        self.papers_card = PapersCard(office, jobs, worker, lambda told: self.said.emit(told, None), urgent)
        self.whistle_card = WhistleCard(office.cases.rules, self._begin_with)
        self.steps_card = Card("办理经过", " ")
        self.timeline = Timeline()
        self.steps_card.add(self.timeline, 1)
        self.next_card = NextCard(self._begin, self.go.emit)
        self.owner_card = OwnerCard(office)
        self.due_card = Card("时限")
        self.units_card = Card("承办单位")
        self._place()
        # At the telephone one matter follows another: the next is taken from here, too.
        if may_report(office):
            QShortcut(QKeySequence("Ctrl+N"), self).activated.connect(lambda: self.go.emit("event_new", {}))

    def opened(self, args: Mapping[str, Any]) -> None:
        self._keep()
        if str(args["id"]) != self._id:
            self._show_nothing()
        self._fresh = True
        self._id, self._wanted = str(args["id"]), str(args.get("action", ""))
        self._form = None
        self._load()
        event_id = self._id
        self._jobs.run(lambda: self._office.reminders.see([event_id]))

    def refresh(self, changed: Sequence[str]) -> None:
        if self._form is None:
            self._load()
            return
        event_id = self._id
        self._jobs.run(lambda: read_file(self._office, event_id), then=self._show_came)

    def leaving(self) -> None:
        self._keep()
        self.papers_card.leaving()

    def escape(self) -> bool:
        if self.links_card.escape():
            return True
        if self._form is None:
            return False
        self._form.leave()
        return True

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """Ctrl+K offers what can be done with this case."""
        file = self._file
        return [(action.label, "", partial(self._begin, action)) for action in file.actions] if file else []

    def _edit_buttons(self) -> list[Button]:
        if not self._office.gate.decide("edit", "event", self._office.session.area, own=True).allowed:
            return [self._history_button()]
        edit = Button("修改", self._edit, kind="quiet", icon="pencil", keys="F2", small=True)
        return [self._history_button(), edit]

    def _history_button(self) -> Button:
        return Button(
            "历史",
            lambda: self.go.emit("history", {"form": "event", "id": self._id}),
            kind="quiet",
            small=True,
            tip="谁什么时候改过什么，没用上的话也在",
        )

    def _on_linked(self) -> None:
        self._urgent()
        if self._form is None:
            self._load()
        else:
            self.links_card.show_case(self._id)

    def _edit(self) -> None:
        if self._file is not None:
            self.go.emit("event_edit", {"id": self._id})

    def _place(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(12)
        left, middle, right = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for column in (left, middle, right):
            column.setSpacing(12)
        left.addWidget(self.facts_card)
        left.addWidget(self.people_card)
        left.addWidget(self.whistle_card)
        left.addWidget(self.files_card)
        left.addStretch(1)
        middle.addWidget(self.steps_card, 1)
        middle.addWidget(self.papers_card)
        middle.addWidget(self.links_card)
        for card in (self.next_card, self.owner_card, self.due_card, self.units_card):
            right.addWidget(card)
            self.add_side(card, 272, 232)
        right.addStretch(1)
        grid.addWidget(self._strip, 0, 0, 1, 2)
        grid.addLayout(left, 1, 0)
        grid.addLayout(middle, 1, 1)
        grid.setColumnStretch(0, 10)
        grid.setColumnStretch(1, 12)
        grid.setRowStretch(1, 1)
        # Beside the grid, not in it: there its wrapped words would take the height that they have in a narrow column.
        self._whole = QWidget()
        whole = QHBoxLayout(self._whole)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(12)
        whole.addLayout(grid, 1)
        whole.addLayout(right)
        self.content.addWidget(self._whole, 1)

    def _show_nothing(self) -> None:
        """Until the case that is asked for is read, nothing of the one before can be seen, let alone acted on."""
        self._file = None
        self.set_title("")
        empty(self._chips)
        self._whole.hide()

    def _load(self) -> None:
        event_id = self._id
        self._jobs.run(lambda: read_file(self._office, event_id), then=self._show)

    def _show(self, file: CaseFile) -> None:
        if file.case.event.id != self._id:
            return
        if self._form is not None:
            self._show_came(file)  # a form was opened meanwhile: what is typed into it stays
            return
        self._show_around(file)
        wanted = next((action for action in file.actions if action.code == self._wanted), None)
        self._wanted = ""
        if wanted is not None:
            self._begin(wanted)
        else:
            self._show_next(file)

    def _show_came(self, file: CaseFile) -> None:
        """What others did meanwhile shows all around an action's form; the form stays, with a quiet word above it."""
        if self._form is None or self._file is None or file.case.event.id != self._id:
            return
        if told := came_since(self._office, self._file, file, self._form.action):
            self.came.setText(told)
            self.came.show()
        self._show_around(file)

    def _show_around(self, file: CaseFile) -> None:
        """Everything but what comes next."""
        self._file = file
        self._whole.show()
        self._show_head(file)
        self.facts_card.clear()
        title = str(file.case.event.values.get("title") or "")
        # The head of the page has one line: a long title is written out below it.
        whole = [Fact("标题", title)] if len(title) > _LINE else []
        self.facts_card.add(Facts([*whole, *file.facts]))
        event = file.case.event
        self.people_card.show_people(event.id, file.people, may_add=self._office.taking.may_name(event.area))
        self.whistle_card.show_case(file)
        self.files_card.show_record(file.case.event.id)
        self.papers_card.show_case(file.case.event.id, title)
        self.links_card.show_case(file.case.event.id)
        self.timeline.show_steps(file.steps)
        self.steps_card.note.setText(f"{len(file.steps)} 步，新的在前")

    def _show_head(self, file: CaseFile) -> None:
        event, rules = file.case.event, self._office.cases.rules
        self.set_title(str(event.values.get("title") or ""), file.case.state.case_no or "未编号")
        empty(self._chips)
        known = rules.states[file.case.state.state]
        self._chips.addWidget(Chip(state(known.label)))
        chip = chip_of(event.values, rules, file.now)
        if chip.text != known.label:
            self._chips.addWidget(Chip(chip))
        if file.standing is not None:
            self._chips.addWidget(StandingChip(file.standing, file.now))
        self._strip.clear()
        labels, now = stage_labels(rules, file)
        self._strip.setVisible(bool(labels))
        if labels:
            if now is None:
                self._strip.add(words(f"不在流程内：{known.label}", tone="text-2"))
            else:
                ended = known.counts == "closed" and now == len(labels) - 1
                self._strip.add(StageStrip(labels, len(labels) if ended else now))

    def _show_next(self, file: CaseFile) -> None:
        self._form = None
        self.owner_card.show_case(file)
        show_due(self.due_card, self._office.cases.rules, file)
        show_units(self.units_card, self._office.cases.rules, file)
        # Before the old buttons go: what they throw away gives the cursor to anybody.
        here = self._fresh or self.next_card.holds_focus()
        front = self.next_card.show_case(file)
        if front is not None and here:
            # What a layout was just given is shown by an event of its own, and what isn't shown takes no cursor.
            front.show()
            front.setFocus()
        elif here:
            # Nothing is left to do here: what was done is there to be read.
            self.timeline.setFocus()
        if self._fresh:
            # What went gave the cursor, and with it the sight, to what lies at the end of the page.
            QTimer.singleShot(0, self, self.to_top)
        self._fresh = False

    def _begin_with(self, code: str, values: Mapping[str, Any]) -> None:
        """Begin an action with *values* in its form."""
        action = next((one for one in self._file.actions if one.code == code), None) if self._file else None
        if action is not None:
            self._keep()
            self._drafts.preset(self._id, code, values)
            self._form = None
            self._begin(action)

    def _begin(self, action: Action) -> None:
        file = self._file
        if file is None:
            return
        self._keep()
        event_id = self._id

        def begin() -> tuple[Begun, Left]:
            left = self._drafts.read(event_id, action.code)
            return begin_form(self._office, file, action, left.values), left

        self._jobs.run(begin, then=lambda found: self._show_form(event_id, *found))

    def _find_cases(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        file = self._file
        if file is not None:
            event = file.case.event
            self._jobs.run(lambda: find_cases(self._office, event.id, event.area, text), then=show)

    def _show_form(self, event_id: str, begun: Begun, left: Left) -> None:
        file, action = self._file, begun.action
        if file is None or event_id != self._id:
            return
        if self._form is not None:
            if self._form.action.code == action.code:
                return  # asked for twice: into the first is being typed
            self._keep()
        files = self._step_files.begin(file.case.event, action.code, left.files)
        codes = self._office.forms.codes
        form = ActionForm(
            action, begun.values, codes, begun.units, find=self._find_cases, named=begun.named, files=files
        )
        form.submitted.connect(lambda values: self._act(form, values))
        form.left.connect(self._on_left)
        self.next_card.title.setText(action.label)
        self.next_card.clear()
        if warning := file.warnings.get(action.code):
            self.next_card.add(words(warning, "12", "orange", wrap=True))
        self.came = words("", "12", "orange", wrap=True)
        self.came.hide()
        self.next_card.add(self.came)
        self.next_card.add(form)
        self._form = form
        self._drafts.begun(event_id, action.code, form.values(), left.files)
        self._beat.start()
        # The form has the column to itself: nothing of it lies below the edge.
        self.owner_card.hide()
        self.due_card.hide()
        self.units_card.hide()
        form.start()

    def _on_left(self) -> None:
        self._keep()
        if self._file is not None:
            self._show_next(self._file)

    def _keep(self) -> None:
        """Keep what was typed as a draft, if it changed since it was kept."""
        if self._form is None:
            self._beat.stop()
        else:
            code = self._form.action.code
            self._drafts.keep(self._id, code, self._form.values(), self._step_files.held(self._id, code))

    def _act(self, form: ActionForm, values: Mapping[str, Any]) -> None:
        event_id, code = self._id, form.action.code
        files = form.files.staged() if form.files is not None else ()
        self._jobs.run(
            lambda: self._office.doing.act(event_id, code, values, files),
            then=lambda outcome: self._on_acted(form, event_id, outcome),
            failed=lambda error: self._on_refused(form, error),
        )

    def _on_named(self, name: str) -> None:
        self.said.emit(f"已添加{name}，存在本机", None)
        self._urgent()
        self.refresh(())

    def _on_refused(self, form: ActionForm, error: Exception) -> None:
        if self._form is form:
            form.confirm.setEnabled(True)
        self._jobs.failed.emit(error)

    def _on_acted(self, form: ActionForm, event_id: str, outcome: Outcome) -> None:
        if not outcome.ok:
            if self._form is form:
                form.show_faults(outcome.faults)
            else:
                # He has gone on: nothing else would say that it wasn't done.
                why = "；".join(fault.message for fault in outcome.faults)
                self.said.emit(f"“{form.action.label}”没有办成，填的还在：{why}", None)
            return
        self._drafts.done(event_id, form.action.code)
        self._step_files.done(event_id, form.action.code)
        if self._form is form:
            self._form = None
        label = form.action.label
        self.said.emit(label if label.startswith("已") else f"已{label}，存在本机", None)
        self._urgent()
        if event_id == self._id:
            self._fresh = True
            self._load()
