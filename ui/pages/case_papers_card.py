"""The papers of a case on its page: what was issued, with its number; and issuing one, laid out and kept by a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.exchange.case_paper_kinds import load_papers
from ui.fonts import unprinted_words
from ui.jobs import Failed, Jobs
from ui.pages.case_paper_dialog import CasePaperDialog, Choice
from ui.pages.paper_dialog import AskPath, MakeWorker, Told, ask_path
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.text import words
from ui.printing import AskPrinter, Printing, ask_printer, printer_for

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.services.case_papers import Issued
    from app.services.office import Office
    from ui.jobs import Worker

_MOST = 5
_A4 = {"width": 210.0, "height": 297.0}


def read_choices(office: Office, event_id: str) -> tuple[tuple[Issued, ...], tuple[Choice, ...]]:
    """What was issued of a case, and what can be: new ones, then issued ones once more or corrected; runs in the lane."""
    from app.exchange.case_papers import draft_key, offered

    case = office.cases.case(event_id)
    if not office.gate.decide("read", "papers_attachment", case.event.area, own=True).allowed:
        return (), ()
    issued = office.case_papers.of(event_id)
    may = office.gate.decide("create", "papers_attachment", case.event.area, own=True).allowed
    new: list[Choice] = []
    corrected: list[Choice] = []
    for kind, answers in offered(office, case) if may else ():
        step = kind.step_of(case)
        standing = next(
            (one for one in issued if step and one.kind == kind.name and one.step == step.id and not one.corrected),
            None,
        )
        typed = office.store.draft(draft_key(event_id, kind.name)) or {}
        if standing is None:
            begun = {**answers, **typed}
            new.append(Choice(kind.title, kind.title, kind.name, "", kind.ask, begun, kind.person))
        else:
            before = {**answers, **(json.loads(standing.answers) if standing.answers else {}), **typed}
            label = f"更正{kind.title} {standing.number}"
            corrected.append(Choice(label, kind.title, kind.name, standing.number, kind.ask, before, kind.person))
    again = [_again(one) for one in issued[:_MOST]]
    return issued, (*new, *again, *corrected)


def _again(one: Issued) -> Choice:
    title = _title(one.kind)
    return Choice(f"补打{title} {one.label}", title, one.key, again=True)


def _title(kind: str) -> str:
    known = load_papers()
    return known[kind].title if kind in known else "文书"


class PapersCard(Card):
    """``show_case(id, title)`` shows them; ``ask()`` opens the dialog. *told(sentence)* says what came of it."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: MakeWorker | None,
        told: Told,
        urgent: Callable[[], object] = lambda: None,
        *,
        ask_path: AskPath = ask_path,
        ask_printer: AskPrinter = ask_printer,
    ) -> None:
        self.button = Button("出文书", self.ask, kind="quiet", icon="printer", keys="Ctrl+P", small=True)
        super().__init__("文书", " ", actions=[self.button])
        self._office, self._jobs, self._make, self._told, self._urgent = office, jobs, worker, told, urgent
        self.ask_path, self.ask_printer = ask_path, ask_printer
        self._id = self._case_title = ""
        self.choices: tuple[Choice, ...] = ()
        self.worker: Worker | None = None
        # From the press of a button to the word of the worker: a second press would be a second number.
        self._under_way = False
        self.printing: Printing | None = None
        self.dialog: CasePaperDialog | None = None
        self.hide()

    def show_case(self, event_id: str, title: str) -> None:
        """Read and show the papers of a case."""
        if event_id != self._id:
            self.choices = ()  # those of another case, with its answers
        self._id, self._case_title = event_id, title
        if self._make is not None:
            self._jobs.run(
                lambda: read_choices(self._office, event_id), then=lambda found: self._show(event_id, *found)
            )

    def ask(self) -> None:
        """Open the dialog with what fits the state."""
        self._open(self.choices)

    def leaving(self) -> None:
        """Keep what stands in an open dialog; the page is left."""
        if self.dialog is not None:
            self.dialog.reject()

    def _show(self, event_id: str, issued: Sequence[Issued], choices: Sequence[Choice]) -> None:
        if event_id != self._id:
            return
        self.choices = tuple(choices)
        self.clear()
        self.note.setText(f"{len(issued)} 份" if issued else "")
        for one in issued:
            self.add_line(
                words(_title(one.kind)), None, Button("补打", partial(self._reprint, one), kind="link", small=True)
            )
            parts = [one.number, one.at[:10], one.by, f"已由 {one.corrected} 更正" if one.corrected else ""]
            self.add(words(" · ".join(part for part in parts if part), "13", "text-3", wrap=True))
            if one.twice:
                told = "另有一份文书用了同一个文号（有一台电脑的硬盘是复制的）。两份都留着，请给后出的一份出更正件。"
                self.add(words(told, "13", "orange", wrap=True))
        self.setVisible(bool(issued or choices))

    def _reprint(self, one: Issued) -> None:
        self._open([_again(one), *(choice for choice in self.choices if choice.corrects == one.number)])

    def _open(self, choices: Sequence[Choice]) -> None:
        if not choices or self._make is None:
            return
        if self._under_way:
            self._told("上一份还在排版，请稍等。")
            return
        event_id = self._id
        dialog = self.dialog = CasePaperDialog(
            self, choices, lambda choice, way, answers: self._go_on(event_id, choice, way, answers)
        )
        dialog.finished.connect(lambda _how: self._on_left(event_id, dialog))
        dialog.open()

    def _on_left(self, event_id: str, dialog: CasePaperDialog) -> None:
        """However the dialog is left, nobody types it again: also what stands there for a kind that was only looked at."""
        self.dialog = None
        dialog.deleteLater()
        if typed := dialog.typed():
            self._keep(event_id, typed, self._read_again)

    def _read_again(self) -> None:
        self.show_case(self._id, self._case_title)

    def _go_on(self, event_id: str, choice: Choice, way: str, answers: dict[str, str]) -> None:
        # Where to is asked before a number is given: who thinks better of it leaves none behind.
        out, printer = "-", None
        if way == "print":
            printer = printer_for({**_A4, "name": choice.title})
            if not self.ask_printer(self, printer):
                return
        else:
            chosen = self.ask_path(self, f"{choice.title}-{self._case_title}", way)
            if not chosen:
                return
            out = str(Path(chosen).with_suffix(way))
        tail = ["document", event_id, choice.name, out, *(["--corrects", choice.corrects] if choice.corrects else [])]
        self._under_way = True
        self._keep(event_id, [(choice, answers)], lambda: self._run(tail, printer), self._on_not_kept)

    def _keep(
        self,
        event_id: str,
        typed: Sequence[tuple[Choice, dict[str, str]]],
        then: Callable[[], object],
        failed: Failed | None = None,
    ) -> None:
        """What was typed is a draft until the worker has it on paper."""
        from app.exchange.case_papers import draft_key

        held = [(draft_key(event_id, choice.name), answers) for choice, answers in typed if choice.ask]

        def work() -> None:
            for key, answers in held:
                self._office.store.keep_draft(key, "papers_attachment", event_id, answers)

        self._jobs.run(work, lambda _done: then(), failed)

    def _on_not_kept(self, error: Exception) -> None:
        self._under_way = False
        self._jobs.failed.emit(error)

    def _run(self, tail: Sequence[str], printer: QPrinter | None) -> None:
        assert self._make is not None
        self.worker = self._make(tail)
        self.worker.finished.connect(lambda made: self._made(made, printer))
        self.worker.failed.connect(self._failed)
        self.worker.start()

    def _over(self) -> None:
        """The worker has ended, well or not: what it issued stands on the card, and only what still can be is offered."""
        self.worker, self._under_way, self.choices = None, False, ()
        self._urgent()
        self._read_again()

    def _made(self, made: dict[str, Any], printer: QPrinter | None) -> None:
        self._over()
        number, odd = made["number"], unprinted_words(made.get("missing_glyphs") or ())
        if printer is None:
            self._told(f"已存到 {made['file']}，文号 {number}{odd}")
            return
        self.printing = Printing(printer, made, self)
        self.printing.printed.connect(lambda pages: self._told(f"{number} 已送到打印机，共 {pages} 页{odd}"))
        self.printing.failed.connect(lambda why: self._told(f"{number} 已经存档，可以补打。{why}"))
        self.printing.start()

    def _failed(self, sentence: str) -> None:
        self._over()
        self._told(sentence)
