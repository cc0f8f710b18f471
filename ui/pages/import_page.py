"""The import assistant: choose a file, match columns and see faults, import in a worker, report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTemporaryDir
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from app.exchange.roster import absent
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import areas
from ui.jobs import Worker
from ui.page import Page
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.import_check import ABSENT, CheckStep
from ui.pages.import_read import More, Preview, importable
from ui.pages.import_report import ReportStep
from ui.pages.import_run import RunStep, hint_label, report_arguments, write_template
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.progress import ProgressStrip
from ui.pieces.stages import StageStrip
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

KINDS = "表格 (*.xlsx *.xlsm *.xls *.et *.xlsb *.ods *.csv *.tsv *.txt)"
CHOOSE, CHECK, RUN, REPORT = range(4)
_WITH_ROSTER = ("resident", "household", "dwelling", "building", "grid")


def ask_open_path(parent: QWidget, title: str, _name: str, kinds: str) -> str:
    """Which file to read, "" where none."""
    return QFileDialog.getOpenFileName(parent, title, str(Path.home()), kinds)[0]


class ImportPage(Page):
    """``opened``: {"form": name, "area": code, "path": file}. *worker* makes a `Worker` of a subcommand's arguments.

    *imported* is told the forms whose records an import changed, also where it was cancelled or failed half-way.
    """

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: Callable[[Sequence[str]], Worker],
        *,
        ask_path: AskPath = ask_open_path,
        ask_save: AskPath = ask_save_path,
        imported: Callable[[Sequence[str]], object] = lambda _forms: None,
    ) -> None:
        super().__init__("从 Excel 导入", back=True)
        self._office, self._jobs, self._make_worker = office, jobs, worker
        self._ask_path, self._ask_save, self._imported = ask_path, ask_save, imported
        self._by_hand: dict[str, str] = {}
        self._turn = 0
        self.preview: Preview | None = None
        self.worker: Worker | None = None
        self._reader: Worker | None = None
        self._scratch = QTemporaryDir()
        self.setAcceptDrops(True)
        self.stages = StageStrip(["选文件", "对列、查错", "导入", "报告"], CHOOSE, numbered=True)
        self.add_beside(self.stages)
        self.cancel_button = Button("换一个文件", self.restart)
        self.cancel_button.hide()
        self.add_quiet(self.cancel_button)
        self.import_button = self.set_primary("导入", self.run_import, keys="Ctrl+Return")
        self.import_button.hide()
        self.steps = QStackedWidget()
        self.check = CheckStep(may_edit=office.gate.decide("edit", "resident", None).allowed)
        self.check.sheet_picked.connect(self._replan)
        self.check.matched.connect(self._on_matched)
        self.check.report_wanted.connect(self._save_report)
        self.check.person_wanted.connect(lambda key: self.go.emit("person", {"id": key}))
        self.check.doubted.connect(self._doubt)
        for step in (self._choose(), self.check, self._run(), self._report()):
            self.steps.addWidget(step)
        self.add(self.steps, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        if self.worker is not None:
            return
        if args.get("form"):
            self.form_choice.set_value(args["form"])
        if args.get("area"):
            self.area_choice.set_value(args["area"])
        if args.get("path"):
            self.read(Path(str(args["path"])))
        elif self.steps.currentIndex() == REPORT:
            self.restart()
        self.choose_button.setFocus()

    def escape(self) -> bool:
        if self.worker is not None:
            return True
        if self._reader is not None or self.steps.currentIndex() != CHOOSE:
            self.restart()
            return True
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and self.worker is None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.read(Path(event.mimeData().urls()[0].toLocalFile()))

    # -- the four steps ---------------------------------------------------------------------------------------------------------

    def _choose(self) -> QWidget:
        card = Card()
        choices = importable(self._office)
        self.form_choice = ChoiceEntry(choices)
        self.form_choice.set_value(choices[0][0] if choices else None)
        self.area_choice = ChoiceEntry([])
        self._jobs.run(lambda: areas(self._office), self._on_areas)
        for field, hint in ((self.form_choice, "导入什么"), (self.area_choice, "表里没写村名的行归到")):
            field.setAccessibleName(hint)
            field.setMaximumWidth(theme.current().grown(260))
            card.add_line(hint_label(hint), field, None)
        self.refusal = words("", tone="orange", wrap=True)
        self.refusal.hide()
        card.add(self.refusal)
        self.reading = ProgressStrip("正在读这个文件", can_stop=True)
        self.reading.stopped.connect(self.restart)
        self.reading.hide()
        card.add(self.reading)
        self.choose_button = Button(
            "选择文件…", self._ask_file, icon="file-import", why_not="" if choices else "您的身份不能导入"
        )
        template = Button("存一份空模板", self._save_template, kind="quiet", icon="file-spreadsheet")
        card.add(
            EmptyState(
                "file-spreadsheet",
                "选一个 Excel 文件，或拖到这里",
                "花名册照原样就行：标题行、合并单元格、小计行都会认。先看结果，点“导入”之前不改动任何数据。",
                self.choose_button,
                template,
            ),
            1,
        )
        return card

    def _run(self) -> QWidget:
        card = RunStep()
        self.progress = card.progress
        self.progress.stopped.connect(self._cancel)
        return card

    def _report(self) -> QWidget:
        self.report = ReportStep()
        self.report.report_wanted.connect(self._save_report)
        self.report.absent_wanted.connect(self._see_absent)
        self.report.see_wanted.connect(self._see)
        self.report.again_wanted.connect(self.restart)
        return self.report

    # -- choosing and checking --------------------------------------------------------------------------------------------------

    def busy(self) -> bool:
        """Whether a worker reads the file, or imports it."""
        return self._reader is not None or self.worker is not None

    def restart(self) -> None:
        """Back to choosing a file."""
        self._turn += 1
        self._stop_reading()
        self.preview = None
        self._by_hand = {}
        self.check.problems.forget()
        self._ready()
        self._show_step(CHOOSE)

    def read(self, path: Path) -> None:
        """Read *path* in a worker and show what an import would do."""
        if self._office.forms.get(str(self.form_choice.value())) is None:
            self._refuse("先选导入什么。")
            return
        self._by_hand = {}
        self.check.problems.forget()
        self._plan(path, None)

    def _ask_file(self) -> None:
        path = self._ask_path(self, "选择要导入的文件", "", KINDS)
        if path:
            self.read(Path(path))

    def _plan(self, path: Path, sheet: str | None) -> None:
        self._turn += 1
        self._stop_reading()
        turn, form, area = self._turn, str(self.form_choice.value()), str(self.area_choice.value() or "")
        self.refusal.hide()
        self.choose_button.refuse("正在读")
        self.import_button.refuse("正在核对")
        self.reading.show_progress(0, 0)
        self.reading.setVisible(self.steps.currentIndex() == CHOOSE)
        self.check.wait()
        tail = ["import", form, str(path), "--preview", "--json", "--choices", self._choices_file()]
        tail += ["--area", area] if area else []
        tail += ["--sheet", sheet] if sheet else []
        reader = self._reader = self._make_worker(tail)
        reader.setParent(self)
        reader.cancelled.connect(reader.deleteLater)
        more = More()
        reader.progressed.connect(lambda said: self._on_read(turn, said, more))
        reader.finished.connect(lambda said: self._on_preview(turn, Preview(path, form, area, sheet, said, more)))
        reader.failed.connect(lambda said: self._on_refused(turn, said))
        reader.start()

    def _choices_file(self) -> str:
        """What was decided, for the worker: headings, sheets and row numbers, nothing of people."""
        path = Path(self._scratch.path()) / "choices.json"
        path.write_text(json.dumps(self.check.choices(self._by_hand), ensure_ascii=False), encoding="utf-8")
        return str(path)

    def _stop_reading(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            # It only looks: nothing is lost where it ends at once.
            reader.cancel()

    def _replan(self) -> None:
        if self.preview is not None:
            self._plan(self.preview.path, self.check.sheet())

    def _on_matched(self, heading: str, target: str) -> None:
        self._by_hand[heading] = target
        self._replan()

    def _on_read(self, turn: int, said: Mapping[str, Any], more: More) -> None:
        if turn == self._turn and isinstance(said.get("more"), Mapping):
            more.take(said["more"])
        told = said.get("progress")
        if turn == self._turn and isinstance(told, Mapping):
            self.reading.show_progress(
                int(told["done"]), int(told.get("total") or 0), figure=" ", note=str(told.get("text") or "")
            )

    def _on_preview(self, turn: int, preview: Preview) -> None:
        if turn != self._turn:
            return
        self._reader = None
        self._ready()
        preview.more.first(preview.shown)
        self.preview = preview
        self.check.show_preview(preview)
        self._show_step(CHECK)
        (self.check.problems.table.view if preview.problems else self.import_button).setFocus()
        created, updated = preview.count("created"), preview.count("updated")
        something = f"导入：新增 {created:,}，更新 {updated:,}" if created + updated else "照选的办法导入"
        self.import_button.set_words(something)
        # Rows that are left out now may come in by what somebody decides about them.
        may = created + updated + preview.refused_rows + preview.same_rows
        self.import_button.refuse("" if may else "没有要导入的行" if preview.understood else "先把列对上")

    def _on_refused(self, turn: int, said: str) -> None:
        if turn == self._turn:
            self._reader = None
            self._ready()
            self._refuse(said)

    def _refuse(self, said: str) -> None:
        self._show_step(CHOOSE)
        self.refusal.setText(said)
        self.refusal.show()

    def _ready(self) -> None:
        self.choose_button.refuse("")
        self.reading.hide()
        self.import_button.refuse("")

    def _on_areas(self, found: Sequence[tuple[str, str]]) -> None:
        self.area_choice.show_choices(found)
        if len(found) == 1:
            self.area_choice.set_value(found[0][0])

    # -- importing and reporting ------------------------------------------------------------------------------------------------

    def run_import(self) -> None:
        """Import what was checked, in a worker process."""
        preview = self.preview
        if preview is None or self.steps.currentIndex() != CHECK:
            return
        self.import_button.refuse("正在导入")
        tail = ["import", preview.form, str(preview.path), "--json", "--choices", self._choices_file()]
        tail += ["--area", preview.area] if preview.area else []
        tail += ["--sheet", preview.sheet] if preview.sheet else []
        self._show_step(RUN)
        self.progress.show_progress(0, 0)
        self.worker = self._make_worker(tail)
        self.worker.progressed.connect(self._on_progress)
        self.worker.finished.connect(self._on_finished)
        self.worker.failed.connect(self._on_failed)
        self.worker.cancelled.connect(self._on_cancelled)
        self.worker.start()

    def _cancel(self) -> None:
        if self.worker is not None:
            self.worker.cancel()

    def _on_progress(self, said: Mapping[str, Any]) -> None:
        told = said.get("progress", said)
        if isinstance(told, Mapping) and "done" in told:
            self.progress.show_progress(
                int(told["done"]), int(told.get("total") or 0), note=str(told.get("text") or "")
            )

    def _tell(self) -> None:
        # A roster makes dwellings and grids, too: whatever shows them reads again.
        form = self.preview.form if self.preview else ""
        self._imported(list(dict.fromkeys((form, *_WITH_ROSTER))))

    def _on_finished(self, answer: Mapping[str, Any]) -> None:
        self.worker = None
        self._tell()
        self.report.show_answer(answer)
        self._show_step(REPORT)
        self.said.emit(f"导入完成：新增 {answer.get('created', 0):,}，更新 {answer.get('updated', 0):,}", None)

    def _on_failed(self, message: str) -> None:
        self.worker = None
        self._tell()
        self._ready()
        self._refuse(message)

    def _on_cancelled(self) -> None:
        self.worker = None
        self._tell()
        self._ready()
        self._refuse("已取消。取消前导入的户都是完整的；再导一次这个文件会接着来，不会重复。")

    def _save_report(self) -> None:
        preview = self.preview
        if preview is None:
            return
        path = self._ask_save(self, "存为改错表", f"{preview.path.stem}_改错表.xlsx", "Excel 工作簿 (*.xlsx)")
        if not path:
            return
        out = Path(path).with_suffix(".xlsx")
        writer = self._make_worker(report_arguments(preview, self._choices_file(), out))
        writer.setParent(self)
        writer.finished.connect(lambda _said: self.said.emit(f"改错表存在 {out}", None))
        writer.failed.connect(lambda said: self.said.emit(said, None))
        writer.start()

    def _save_template(self) -> None:
        form = str(self.form_choice.value())
        if form not in self._office.forms:
            return
        path = self._ask_save(
            self, "存一份空模板", f"{dict(importable(self._office))[form]}_模板.xlsx", "Excel 工作簿 (*.xlsx)"
        )
        if path:
            out = Path(path).with_suffix(".xlsx")
            self._jobs.run(
                lambda: write_template(self._office, form, out),
                lambda _done: self.said.emit(f"模板存在 {out}", None),
            )

    def _doubt(self, ids: list[str]) -> None:
        def done(before: dict[str, Any]) -> None:
            def undo() -> None:
                self._jobs.run(lambda: absent.restore(self._office, before), lambda _done: self._tell())

            self._tell()
            self.said.emit(f"已标为待核实：{len(before)} 人", undo if before else None)

        self._jobs.run(lambda: absent.doubt(self._office, ids), done)

    def _see_absent(self) -> None:
        """Back to the list of who is missing; what was imported is imported."""
        self._show_step(CHECK)
        self.import_button.hide()
        self.check.tabs.pick(ABSENT)

    def _see(self) -> None:
        form = self.preview.form if self.preview else "resident"
        if self._office.forms[form].ledger:
            self.go.emit("ledgers", {"form": form})
        else:
            self.go.emit("registry", {})

    def _show_step(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        self.stages.set_now(step if step != REPORT else 4)
        self.cancel_button.setVisible(step == CHECK)
        self.import_button.setVisible(step == CHECK)
        self.back_button.setVisible(step != RUN)
