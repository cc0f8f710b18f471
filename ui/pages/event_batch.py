"""One act on all marked cases: what it fits, its form, how far it is, and what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QVBoxLayout, QWidget

from app.services.case_batch import MOST, Left, Offer
from ui.jobs import Jobs
from ui.pages.action_drafts import ActionDrafts
from ui.pages.case_action import ActionForm
from ui.pages.case_read import known_units
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.scrolled import scrolled
from ui.pieces.text import rule, words

if TYPE_CHECKING:
    from app.services.office import Office

_SHOWN = 8
_OFFERED = 8


class BatchPanel(Card):
    """Stands beside the list while cases are marked. Signals ``ended(sentence)`` after a run, ``closed`` where it is put away.

    An open form stays while more are marked or some unmarked. What is typed into a form and left is there when it is opened again,
    until it has been done.
    """

    ended = Signal(str)
    closed = Signal()

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__(flush=True)
        self._office, self._jobs = office, jobs
        self._ids: list[str] = []
        self._turn = self._offered = 0
        self._wished = False
        self._stopped = False
        self.running = False
        self.form: ActionForm | None = None
        self._offer: Offer | None = None
        self._typed: dict[str, Mapping[str, Any]] = {}
        self._drafts = ActionDrafts(office, jobs)
        self._units: Mapping[str, Sequence[str]] = {}
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(8)
        self.add(scrolled(inside), 1)

    def show_marked(self, ids: Sequence[str]) -> None:
        """Offer what can be done with *ids*; while something runs, nothing changes."""
        if self.running:
            return
        self._ids = list(ids)
        self._turn += 1
        turn = self._turn
        self._jobs.run(lambda: self._read(ids), then=lambda found: self._show_offers(turn, *found))

    def _read(self, ids: Sequence[str]) -> tuple[list[Offer], dict[str, Sequence[str]], dict[str, Mapping[str, Any]]]:
        offers = self._office.batch.offers(ids)
        codes = [offer.action.code for offer in offers]
        typed = {code: left for code in codes if (left := self._drafts.read("", code).values)}
        return offers, known_units(self._office, [offer.action for offer in offers]), typed

    def keep(self) -> None:
        """Keep what stands in the form as a draft; it stays where it is."""
        if self.form is not None:
            self._drafts.keep("", self.form.action.code, self.form.values(), ())

    def put_away(self) -> None:
        """Nothing is marked any more; what stands in the form is kept."""
        if not self.running:
            self._turn += 1
            self._ids, self._wished = [], False
            self._leave_form()
            empty(self._column)

    def begin(self) -> None:
        """Go to the first action; where they are still being read, as soon as they stand here."""
        self._wished = not self.running and self._offered != self._turn
        if self._wished:
            return
        # What was put away a moment ago is hidden, and still a child of this.
        first = next((each for each in self.findChildren(Button) if each.isEnabled() and not each.isHidden()), None)
        if first is not None:
            first.setFocus()

    def _show_offers(
        self,
        turn: int,
        offers: Sequence[Offer],
        units: Mapping[str, Sequence[str]],
        typed: Mapping[str, Mapping[str, Any]],
    ) -> None:
        if turn != self._turn or self.running:
            return
        self._typed = {**typed, **self._typed}
        self._units = units
        code = self._offer.action.code if self._offer is not None else ""
        if self.form is not None and (same := next((one for one in offers if one.action.code == code), None)):
            self._place_form(same, self.form)
            self._offered = turn
            return
        self._leave_form()
        empty(self._column)
        count = len(self._ids)
        self._column.addWidget(words(f"一起办 {min(count, MOST)} 件", "16", strong=True))
        if count > MOST:
            self._column.addWidget(words(f"一次最多 {MOST} 件，先办前 {MOST} 件。", "13", "orange", wrap=True))
        if not offers:
            self._column.addWidget(words("选中的这些现在没有您能办的。", tone="text-3", wrap=True))
        buttons = []
        for offer in offers[:_OFFERED]:
            line = QHBoxLayout()
            buttons.append(Button(f"{offer.action.label} {len(offer.fits)} 件", partial(self._show_form, offer)))
            line.addWidget(buttons[-1])
            if offer.left:
                line.addWidget(words(f"{len(offer.left)} 件办不了", "13", "text-3"))
            line.addStretch(1)
            self._column.addLayout(line)
        if more := offers[_OFFERED:]:
            menu = QMenu()
            for offer in more:
                words_of = f"{offer.action.label} {len(offer.fits)} 件"
                menu.addAction(words_of).triggered.connect(lambda _on=False, offer=offer: self._show_form(offer))
            line = QHBoxLayout()
            line.addWidget(Button("其他", kind="quiet", menu=menu))
            line.addStretch(1)
            self._column.addLayout(line)
        self._column.addStretch(1)
        self._offered = turn
        if self._wished and buttons:
            buttons[0].show()
            buttons[0].setFocus()
        self._wished = False

    def _show_form(self, offer: Offer) -> None:
        self._leave_form()
        form = ActionForm(
            offer.action, self._typed.get(offer.action.code, {}), self._office.forms.codes, units=self._units
        )
        form.submitted.connect(lambda values: self._check(form, values))
        form.left.connect(lambda _values: self._on_left())
        self._place_form(offer, form)
        self._drafts.begun("", offer.action.code, form.values(), ())
        form.start()

    def _place_form(self, offer: Offer, form: ActionForm) -> None:
        """*form* with what *offer* says around it: also where it stands there already, with the cursor in it."""
        self.form, self._offer = form, offer
        self._column.removeWidget(form)
        empty(self._column)
        self._column.addWidget(words(f"{offer.action.label} {len(offer.fits)} 件", "16", strong=True))
        self._column.addWidget(words("空着的栏，每件事用自己的。每件各记一步、各自保存。", "13", "text-3", wrap=True))
        self._column.addWidget(form)
        self._show_left("办不了、留在外面的", offer.left)
        self._column.addStretch(1)

    def _on_left(self) -> None:
        self._leave_form()
        self.show_marked(self._ids)

    def _leave_form(self) -> None:
        """The form goes, what was typed stays."""
        if self.form is not None:
            self.keep()
            self._typed[self.form.action.code] = self.form.values()
        self.form = self._offer = None

    def _show_left(self, title: str, left: Sequence[Left]) -> None:
        if not left:
            return
        self._column.addWidget(rule())
        self._column.addWidget(words(f"{title} {len(left)} 件", "13", strong=True))
        for one in left[:_SHOWN]:
            self._column.addWidget(words(f"{one.title}：{one.why}", "13", "text-2", wrap=True))
        if len(left) > _SHOWN:
            self._column.addWidget(words(f"还有 {len(left) - _SHOWN} 件", "13", "text-3"))

    def _check(self, form: ActionForm, values: dict[str, Any]) -> None:
        offer = self._offer
        if offer is None:
            return

        def checked(faults: Sequence[Any]) -> None:
            if form is not self.form:
                return
            if faults or offer is not self._offer:
                # Where other cases were marked under the press, he sees first how many they are now.
                form.show_faults(list(faults))
            else:
                self._run(offer, values)

        self._jobs.run(lambda: self._office.batch.faults(offer, values), then=checked, failed=self._on_failed)

    def _on_failed(self, error: Exception) -> None:
        if self.form is not None:
            self.form.confirm.setEnabled(True)
        self._jobs.failed.emit(error)

    # -- the run: one case, one job of the lane, so that others get their turn between two of them ---------------------------------

    def _run(self, offer: Offer, values: dict[str, Any]) -> None:
        self._leave_form()
        self.running, self._stopped = True, False
        empty(self._column)
        self._column.addWidget(words(f"正在{offer.action.label}", "16", strong=True))
        self._far = words("")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, len(offer.fits))
        self._column.addWidget(self._far)
        self._column.addWidget(self._bar)
        line = QHBoxLayout()
        stop = Button("停下", self.stop, small=True, tip="Esc 也行；办了的算数")
        line.addWidget(stop)
        line.addStretch(1)
        self._column.addLayout(line)
        self._column.addStretch(1)
        stop.setFocus()
        self._next(offer, values, 0, [])

    def stop(self) -> None:
        """Do no further case; those done stay done."""
        self._stopped = True

    def _next(self, offer: Offer, values: dict[str, Any], at: int, left: list[Left]) -> None:
        self._far.setText(f"已办 {at - len(left)} 件，共 {len(offer.fits)} 件")
        self._bar.setValue(at)
        if at >= len(offer.fits) or self._stopped:
            self._finish(offer, at, left)
            return
        event_id = offer.fits[at]

        def done(refused: Left | None) -> None:
            self._next(offer, values, at + 1, [*left, refused] if refused else left)

        def failed(error: Exception) -> None:
            # What went wrong here may go wrong again: stop, and say how far it came.
            self._stopped = True
            self._jobs.failed.emit(error)
            self._next(offer, values, at, left)

        self._jobs.run(lambda: self._office.batch.act(event_id, offer.action.code, values), then=done, failed=failed)

    def _finish(self, offer: Offer, at: int, left: Sequence[Left]) -> None:
        done = at - len(left)
        untouched = len(offer.fits) - at
        if not untouched:
            self._typed.pop(offer.action.code, None)
            self._drafts.done("", offer.action.code)
        parts = [f"已{offer.action.label} {done} 件" if done else f"一件也没有{offer.action.label}"]
        if left or offer.left:
            parts.append(f"{len(left) + len(offer.left)} 件没有办")
        if untouched:
            parts.append(f"停下时还剩 {untouched} 件没动")
        said = "，".join(parts)
        here = self.holds_focus()
        empty(self._column)
        self._column.addWidget(words(said, "16", strong=True, wrap=True))
        self._column.addWidget(words("办了的都存在本机，有网时自动发送。", "13", "text-3", wrap=True))
        self._show_left("没有办的", [*left, *offer.left])
        line = QHBoxLayout()
        known = Button("知道了", self.closed.emit, small=True)
        line.addWidget(known)
        line.addStretch(1)
        self._column.addLayout(line)
        self._column.addStretch(1)
        if here:
            known.show()
            known.setFocus()
        self.ended.emit(said)
        # Only now: the marks that go with the run are no wish for another.
        self.running = False
