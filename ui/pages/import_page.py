"""The import assistant: choose a file, match columns and see faults, import in a worker, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from app.exchange.roster import absent
from app.messages import sentence
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import areas
from ui.jobs import Worker
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.import_check import ABSENT, CheckStep
from ui.pages.import_read import More, Preview, importable
from ui.pages.import_report import ReportStep
from ui.pages.import_run import RunStep, hint_label, import_arguments, report_arguments, write_template
from ui.pages.import_steps import CHECK, CHOOSE, REPORT, RUN, WORKBOOK, ImportSteps, ask_open_path
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_CANCELLED = "已取消。取消前导入的户都是完整的；再导一次这个文件会接着来，不会重复。"
_WITH_ROSTER = ("resident", "household", "dwelling", "building", "grid")


class ImportPage(ImportSteps):
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
        super().__init__("从 Excel 导入", ["选文件", "对列、查错", "导入", "报告"], worker, ask_path, ask_save)
        self._office, self._jobs, self._imported = office, jobs, imported
        self._by_hand: dict[str, str] = {}
        # The file that was refused for want of a village: read on as soon as one is chosen.
        self._waiting: Path | None = None
        self._asked: Path | None = None
        self.preview: Preview | None = None
        self.check = CheckStep(may_edit=office.gate.decide("edit", "resident", None).allowed)
        self.check.sheet_picked.connect(self._replan)
        self.check.matched.connect(self._on_matched)
        self.check.report_wanted.connect(self._save_report)
        self.check.person_wanted.connect(lambda key: self.go.emit("person", {"id": key}))
        self.check.doubted.connect(self._doubt)
        self.show_steps(self._choose(), self.check, self._run(), self._report())

    def opened(self, args: Mapping[str, Any]) -> None:
        if self.worker is not None:
            return
        if self.preview is not None and args.get("form", self.preview.form) != self.preview.form:
            self.restart()  # what was matched is another form's
        if args.get("form"):
            self.form_choice.set_value(args["form"])
        if args.get("area"):
            self.area_choice.set_value(args["area"])
        self.begin_with(args.get("path"))

    # -- the four steps ---------------------------------------------------------------------------------------------------------

    def _choose(self) -> QWidget:
        card = Card()
        choices = importable(self._office)
        self.form_choice = ChoiceEntry(choices)
        self.form_choice.set_value(choices[0][0] if choices else None)
        self.area_choice = ChoiceEntry([])
        self.area_choice.changed.connect(self._on_area)
        self._jobs.run(lambda: areas(self._office), self._on_areas)
        for field, hint in ((self.form_choice, "导入什么"), (self.area_choice, "表里没写村名的行归到")):
            field.setAccessibleName(hint)
            field.setMaximumWidth(theme.current().grown(260))
            card.add_line(hint_label(hint), field, None)
        card.add(self.refusal)
        card.add(self.reading)
        self.choose_button = Button(
            "选择文件…",
            lambda: self.ask_file("选择要导入的文件"),
            icon="file-import",
            why_not="" if choices else "您的身份不能导入",
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
        self.progress.stopped.connect(self.stop_import)
        return card

    def _report(self) -> QWidget:
        self.report = ReportStep()
        self.report.report_wanted.connect(self._save_report)
        self.report.absent_wanted.connect(self._see_absent)
        self.report.see_wanted.connect(self._see)
        self.report.again_wanted.connect(self.restart)
        return self.report

    # -- choosing and checking --------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Back to choosing a file."""
        self._turn += 1
        self.stop_reading()
        self.preview = None
        self._by_hand, self._waiting = {}, None
        self.check.problems.forget()
        self._ready()
        self._show_step(CHOOSE)

    def decided(self) -> bool:
        return bool(self._by_hand or self.check.problems.decided())

    def read(self, path: Path) -> None:
        """Read *path* in a worker and show what an import would do."""
        if self._office.forms.get(str(self.form_choice.value())) is None:
            self.refuse("先选导入什么。")
            return
        self._by_hand, self._waiting = {}, None
        self.check.problems.forget()
        self._plan(path, None)

    def _plan(self, path: Path, sheet: str | None) -> None:
        form, area, more = str(self.form_choice.value()), str(self.area_choice.value() or ""), More()
        tail = import_arguments(form, path, area, sheet, self._choices_file(), ["--preview"])
        self._asked = path
        self.look(
            tail,
            lambda said: self._on_read(said, more),
            lambda said: self._on_preview(Preview(path, form, area, sheet, said, more)),
        )
        self.check.wait()

    def refuse(self, said: str) -> None:
        super().refuse(said)
        if said == sentence("import.area_missing"):
            self._waiting = self._asked
            self.area_choice.setFocus()

    def _on_area(self) -> None:
        if self._waiting is not None and self.area_choice.value() and not self.busy():
            self.read(self._waiting)

    def _choices_file(self) -> str:
        return self.choices_file(self.check.choices(self._by_hand))

    def _replan(self) -> None:
        if self.preview is not None:
            self._plan(self.preview.path, self.check.sheet())

    def _on_matched(self, heading: str, target: str) -> None:
        self._by_hand[heading] = target
        self._replan()

    def _on_read(self, said: Mapping[str, Any], more: More) -> None:
        if isinstance(said.get("more"), Mapping):
            more.take(said["more"])
        self.reading.show_told(said.get("progress"), " ")

    def _on_preview(self, preview: Preview) -> None:
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
        tail = import_arguments(preview.form, preview.path, preview.area, preview.sheet, self._choices_file())
        self.start_import(tail, self.progress, self._on_finished, self._tell, _CANCELLED)

    def _tell(self) -> None:
        # A roster makes dwellings and grids, too: whatever shows them reads again.
        form = self.preview.form if self.preview else ""
        self._imported(list(dict.fromkeys((form, *_WITH_ROSTER))))

    def _on_finished(self, answer: Mapping[str, Any]) -> None:
        self.report.show_answer(answer)
        self._show_step(REPORT)
        self.said.emit(f"导入完成：新增 {answer.get('created', 0):,}，更新 {answer.get('updated', 0):,}", None)

    def _save_report(self) -> None:
        preview = self.preview
        if preview is None:
            return
        path = self._ask_save(self, "存为改错表", f"{preview.path.stem}_改错表.xlsx", WORKBOOK)
        if not path:
            return
        out = Path(path).with_suffix(".xlsx")
        self.write(report_arguments(preview, self._choices_file(), out), f"改错表存在 {out}")

    def _save_template(self) -> None:
        form = str(self.form_choice.value())
        if form not in self._office.forms:
            return
        path = self._ask_save(self, "存一份空模板", f"{dict(importable(self._office))[form]}_模板.xlsx", WORKBOOK)
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
        self.again_button.setVisible(step == CHECK)
        self.import_button.setVisible(step == CHECK)
        self.back_button.setVisible(step != RUN)
