"""The import assistant: choose a file, match columns and see faults, import in a worker, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QWidget

from app.errors import KnownError
from app.exchange.intake import Intake
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import areas
from ui.jobs import Worker
from ui.page import Page
from ui.pages.import_check import CheckStep
from ui.pages.import_read import Preview, importable, read_preview
from ui.pages.ledger import AskPath, ask_save_path
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.figures import Figure, Figures
from ui.pieces.progress import ProgressStrip
from ui.pieces.stages import StageStrip
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

KINDS = "表格 (*.xlsx *.xls *.xlsb *.ods *.csv)"
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
        self.setAcceptDrops(True)
        self.stages = StageStrip(["选文件", "对列、查错", "导入", "报告"], CHOOSE, numbered=True)
        self.add_beside(self.stages)
        self.cancel_button = Button("换一个文件", self.restart)
        self.cancel_button.hide()
        self.add_quiet(self.cancel_button)
        self.import_button = self.set_primary("导入", self.run_import, keys="Ctrl+Return")
        self.import_button.hide()
        self.steps = QStackedWidget()
        self.check = CheckStep()
        self.check.sheet_picked.connect(self._replan)
        self.check.matched.connect(self._on_matched)
        self.check.report_wanted.connect(self._save_report)
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
        if self.steps.currentIndex() != CHOOSE:
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
            card.add_line(_label(hint), field, None)
        self.refusal = words("", tone="orange", wrap=True)
        self.refusal.hide()
        card.add(self.refusal)
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
        card = Card()
        self.progress = ProgressStrip("正在导入", can_stop=True)
        self.progress.stopped.connect(self._cancel)
        card.add(self.progress)
        card.add(
            words(
                "可以先去做别的事，导入在后台接着进行。随时可以取消：已导入的户都是完整的，再导一次会接着来。",
                tone="text-3",
                wrap=True,
            )
        )
        return card

    def _report(self) -> QWidget:
        self.report_card = Card("导入结果")
        self.report_figures = Figures([])
        self.report_card.add(self.report_figures)
        self.report_text = words("", tone="text-2", wrap=True)
        self.report_card.add(self.report_text)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.faults_button = Button("存为改错表", self._save_report, icon="download")
        self.see_button = Button("去看看", self._see, icon="arrow-right")
        line.addWidget(self.see_button)
        line.addWidget(self.faults_button)
        line.addWidget(Button("再导一个文件", self.restart, kind="quiet"))
        line.addStretch(1)
        self.report_card.add(line)
        return self.report_card

    # -- choosing and checking --------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Back to choosing a file."""
        self._turn += 1
        self.preview = None
        self._by_hand = {}
        self._show_step(CHOOSE)

    def read(self, path: Path) -> None:
        """Read *path* and show what an import would do."""
        if self._office.forms.get(str(self.form_choice.value())) is None:
            self._refuse("先选导入什么。")
            return
        self._by_hand = {}
        self._plan(path, None, None)

    def _ask_file(self) -> None:
        path = self._ask_path(self, "选择要导入的文件", "", KINDS)
        if path:
            self.read(Path(path))

    def _plan(self, path: Path, sheet: str | None, old: Preview | None) -> None:
        self._turn += 1
        turn, form, area = self._turn, str(self.form_choice.value()), str(self.area_choice.value() or "")
        by_hand, book = dict(self._by_hand), old.book if old else None
        self.refusal.hide()
        self.choose_button.refuse("正在读")
        self.import_button.refuse("正在核对")
        self.choose_button.set_words("正在读这个文件…")
        self._jobs.run(
            lambda: read_preview(self._office, path, form, area, sheet, by_hand, book),
            lambda preview: self._on_preview(turn, preview),
            lambda error: self._on_refused(turn, error),
        )

    def _replan(self) -> None:
        if self.preview is not None:
            self._plan(self.preview.path, self.check.sheet(), self.preview)

    def _on_matched(self, heading: str, target: str) -> None:
        self._by_hand[heading] = target
        self._replan()

    def _on_preview(self, turn: int, preview: Preview) -> None:
        self._ready()
        if turn != self._turn:
            return
        self.preview = preview
        plan = preview.plan
        self.check.show_preview(preview)
        self._show_step(CHECK)
        something = plan.created + plan.updated
        self.import_button.set_words(f"导入：新增 {plan.created:,}，更新 {plan.updated:,}")
        self.import_button.refuse("" if something else "没有要导入的行")

    def _on_refused(self, turn: int, error: Exception) -> None:
        self._ready()
        if turn == self._turn:
            self._refuse(str(error) if isinstance(error, KnownError) else str(KnownError("ui.job_failed")))

    def _refuse(self, said: str) -> None:
        self._show_step(CHOOSE)
        self.refusal.setText(said)
        self.refusal.show()

    def _ready(self) -> None:
        self.choose_button.refuse("")
        self.choose_button.set_words("选择文件…")
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
        form, by_hand = preview.form, dict(self._by_hand)
        self.import_button.refuse("正在导入")
        # The worker recognises the sheet anew: it knows what was matched by hand because it is remembered.
        if by_hand:
            self._jobs.run(lambda: Intake(self._office).remember(form, by_hand), lambda _done: self._start(preview))
        else:
            self._start(preview)

    def _start(self, preview: Preview) -> None:
        tail = ["import", preview.form, str(preview.path), "--json"]
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
        refused = len({(item["sheet"], item["row"]) for item in answer.get("refused", ())})
        self.report_figures.show_figures(
            [
                Figure(f"{answer.get('created', 0):,}", "新增"),
                Figure(f"{answer.get('updated', 0):,}", "更新"),
                Figure(f"{answer.get('unchanged', 0):,}", "没有变化"),
                Figure(f"{refused:,}", "没有导入（行）", "orange" if refused else ""),
            ]
        )
        flagged = len(answer.get("flagged", ()))
        said = []
        if refused:
            said.append(f"{refused} 行没有导入，原因写在改错表里；改好后把改错表再导一次即可。")
        if flagged:
            said.append(f"{flagged} 处照表导入、标了“待核实”，请有空时核对。")
        self.report_text.setText("".join(said) or "全部导入，没有遗漏。")
        self.faults_button.setVisible(bool(refused or flagged))
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
        if path:
            out = Path(path).with_suffix(".xlsx")
            self._jobs.run(
                lambda: Intake(self._office).report(preview.found, preview.plan, out),
                lambda _done: self.said.emit(f"改错表存在 {out}", None),
            )

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
                lambda: Intake(self._office).template(form, out), lambda _done: self.said.emit(f"模板存在 {out}", None)
            )

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


def _label(text: str) -> QWidget:
    label = words(text, tone="text-2")
    label.setMinimumWidth(theme.current().grown(150))
    return label
