"""Choosing a paper of a record: which, what for, whole numbers or not; then a printer, a PDF or a Word file, by a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.exchange.paper_kinds import Paper, papers_of
from ui import theme
from ui.fonts import unprinted_words
from ui.pieces.buttons import Button
from ui.pieces.text import words
from ui.printing import AskPrinter, Printing, ask_printer, printer_for

if TYPE_CHECKING:
    from app.schema.record import Record
    from app.services.office import Office
    from ui.jobs import Worker

MakeWorker = Callable[[Sequence[str]], "Worker"]
Told = Callable[[str], object]
# ask_path(parent, proposed name, suffix) -> path or "".
AskPath = Callable[[QWidget, str, str], str]


def ask_path(parent: QWidget, name: str, kind: str) -> str:
    """Where to save, "" where nobody wants to."""
    return QFileDialog.getSaveFileName(parent, "存到哪里", str(Path.home() / f"{name}{kind}"), f"*{kind}")[0]


def ways_foot(
    leave: Callable[[], object], act: Callable[[str], object], keys: str = ""
) -> tuple[QHBoxLayout, list[Button]]:
    """The lowest line of a dialog for papers, with its three ways; *act* is called with ".docx", ".pdf" or "print", for which *keys* stand."""
    foot = QHBoxLayout()
    foot.addWidget(Button("取消", leave))
    foot.addStretch(1)
    ways = [
        Button("存为 Word", lambda: act(".docx")),
        Button("存为 PDF", lambda: act(".pdf")),
        Button("打印…", lambda: act("print"), kind="primary", icon="printer", keys=keys),
    ]
    for way in ways:
        foot.addWidget(way)
    return foot, ways


class PaperDialog(QDialog):
    """``PaperDialog(page, office, record, then)``: calls *then(paper, way, reason, plain)* once; *way* is "print", ".pdf" or ".docx"."""

    def __init__(
        self,
        parent: QWidget,
        office: Office,
        record: Record,
        then: Callable[[Paper, str, str, bool], object],
        *,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._then = then
        self._papers = [one for one in papers_of(record.form) if not name or one.name == name]
        self._may_reveal = office.gate.decide("reveal", record.form, record.area).allowed
        self.setWindowTitle("打印")
        self.setMinimumWidth(theme.current().grown(420))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(10)
        body.addWidget(words("打印", "16", strong=True))
        self.choices = QButtonGroup(self)
        for place, paper in enumerate(self._papers):
            choice = QRadioButton(paper.title)
            choice.setChecked(place == 0)
            self.choices.addButton(choice, place)
            body.addWidget(choice)
        self.choices.idToggled.connect(lambda _place, _on: self._judge())
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("用途，印在每页下面，记入日志")
        self.reason.setAccessibleName("用途")
        self.reason.textChanged.connect(lambda _text: self._judge())
        body.addWidget(self.reason)
        self.plain = QCheckBox("号码不遮盖（要写用途）")
        self.plain.toggled.connect(lambda _on: self._judge())
        self.plain.setVisible(self._may_reveal)
        body.addWidget(self.plain)
        self.note = words("", "13", "text-3", wrap=True)
        body.addWidget(self.note)
        body.addSpacing(4)
        foot, self.ways = ways_foot(self.reject, self._act)
        body.addLayout(foot)
        self.reason.returnPressed.connect(lambda: self._act("print"))
        self._judge()

    def paper(self) -> Paper:
        """The paper that is chosen."""
        return self._papers[max(0, self.choices.checkedId())]

    def _judge(self) -> None:
        paper = self.paper()
        sheet = paper.name == "data_sheet"
        self.plain.setEnabled(not paper.bulk and not sheet)
        plain = self.plain.isChecked() and self.plain.isEnabled()
        if sheet:
            self.note.setText("查阅单列出本人的全部信息，只在办理本人的查阅申请时打印。")
        elif paper.bulk:
            self.note.setText("涉及许多人的表，号码总是遮盖。")
        else:
            self.note.setText("" if plain else "身份证号、电话只印一部分。")
        why_not = "先写明用途" if plain and not self.reason.text().strip() else ""
        for way in self.ways:
            way.refuse(why_not)

    def _act(self, way: str) -> None:
        plain = self.plain.isChecked() and self.plain.isEnabled()
        reason = self.reason.text().strip()
        if plain and not reason:
            return
        self.accept()
        self._then(self.paper(), way, reason, plain)


class Papers(QObject):
    """What makes papers for a page: ``ask(record)`` opens the dialog. *told(sentence)* says what came of it."""

    def __init__(
        self,
        page: QWidget,
        office: Office,
        worker: MakeWorker,
        told: Told,
        *,
        ask_path: AskPath = ask_path,
        ask_printer: AskPrinter = ask_printer,
    ) -> None:
        super().__init__(page)
        self._page, self._office, self._make, self._told = page, office, worker, told
        self._ask_path, self._ask_printer = ask_path, ask_printer
        self.worker: Worker | None = None
        self.printing: Printing | None = None
        self.dialog: PaperDialog | None = None

    def may(self, record: Record | None) -> bool:
        """Whether this user may have papers of *record* made."""
        if record is None or not papers_of(record.form):
            return False
        return self._office.gate.decide("document", record.form, record.area).allowed

    def ask(self, record: Record, name: str = "") -> None:
        """Open the dialog for *record*; with *name* for that paper alone."""
        title = self._office.forms[record.form].record_title(record.values)
        self.dialog = PaperDialog(
            self._page,
            self._office,
            record,
            lambda paper, way, reason, plain: self._go_on(record.id, title, paper, way, reason, plain=plain),
            name=name,
        )
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()
        self.dialog.reason.setFocus()

    def make(self, record_id: str, name: str, out: str, tail: Sequence[str] = ()) -> None:
        """Have paper *name* written to the file *out*, or printed where *out* is "-"; in a worker process."""
        if self.worker is not None:
            self._told("上一份还在排版，请稍等。")
            return
        self.worker = self._make(["document", record_id, name, out, *tail])
        self.worker.finished.connect(self._print if out == "-" else self._written)
        self.worker.failed.connect(self._failed)
        self.worker.start()

    def _go_on(self, record_id: str, title: str, paper: Paper, way: str, reason: str, *, plain: bool) -> None:
        out = "-"
        if way != "print":
            chosen = self._ask_path(self._page, f"{paper.title}-{title}", way)
            if not chosen:
                return
            out = str(Path(chosen).with_suffix(way))
        tail = [*(["--reason", reason] if reason else []), *(["--plain"] if plain else [])]
        self.make(record_id, paper.name, out, tail)

    def _written(self, document: dict[str, Any]) -> None:
        self.worker = None
        self._told(f"已存到 {document['file']}{unprinted_words(document.get('missing_glyphs') or ())}")

    def _print(self, document: dict[str, Any]) -> None:
        self.worker = None
        printer = printer_for(document)
        if not self._ask_printer(self._page, printer):
            return
        self.printing = Printing(printer, document, self)
        more = unprinted_words(document.get("missing_glyphs") or ())
        self.printing.printed.connect(lambda pages: self._told(f"已送到打印机，共 {pages} 页{more}"))
        self.printing.failed.connect(self._told)
        self.printing.start()

    def _failed(self, sentence: str) -> None:
        self.worker = None
        self._told(sentence)
