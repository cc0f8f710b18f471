"""Import of work orders: name the source and choose a file, match columns and values, import in a worker, report; replies back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import areas
from ui.forms.reason import ask_reason
from ui.jobs import Worker
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.import_run import RunStep, hint_label
from ui.pages.import_steps import CHECK, CHOOSE, REPORT, WORKBOOK, ImportSteps, ask_open_path
from ui.pages.orders_check import OrdersCheck
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.figures import Figure, Figures
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_CANCELLED = "已取消。取消前导入的工单都是完整的；再导一次这个文件会接着来，不会重复。"
_RUNNING = "可以先去做别的事，导入在后台接着进行。随时可以取消：已导入的工单都是完整的，再导一次会接着来，不会重复。"


class OrdersPage(ImportSteps):
    """``opened``: {"source": name, "path": file}. *worker* makes a `Worker` of a subcommand's arguments; *urgent* is called after an import."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: Callable[[Sequence[str]], Worker],
        urgent: Callable[[], object] = lambda: None,
        *,
        ask_path: AskPath = ask_open_path,
        ask_save: AskPath = ask_save_path,
    ) -> None:
        super().__init__("导入工单", ["选文件", "对列、核对", "导入", "结果"], worker, ask_path, ask_save)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._may = office.gate.decide("import", "event", office.session.area or None).allowed
        self._may_reply = office.gate.decide("export", "event", office.session.area or None).allowed
        self._columns: dict[str, str] = {}
        self._values: dict[str, dict[str, str]] = {}
        self._path = Path()
        self.preview: Mapping[str, Any] | None = None
        self.check = OrdersCheck()
        self.check.matched.connect(self._on_matched)
        self.check.valued.connect(self._on_valued)
        self.check.decided.connect(self._plan)
        self.check.report_wanted.connect(self._save_report)
        self.show_steps(self._choose(), self.check, self._run(), self._report())

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [("导出办理结果发回来源", "", self.ask_replies)] if self._may_reply else []

    def opened(self, args: Mapping[str, Any]) -> None:
        if self.worker is not None:
            return
        self._jobs.run(lambda: (_sources(self._office), areas(self._office)), lambda found: self._on_known(*found))
        if args.get("source"):
            self.source.set_value(str(args["source"]))
        self.begin_with(args.get("path"))

    def may_read(self) -> bool:
        return self._may

    # -- the steps --------------------------------------------------------------------------------------------------------------

    def _choose(self) -> QWidget:
        card = Card()
        self.source = ChoiceEntry([("12345热线", "12345热线")], "哪个系统的工单，如 12345热线")
        self.source.set_value("12345热线")
        self.area = ChoiceEntry([])
        for field, hint in ((self.source, "来源系统"), (self.area, "没写村名的归到")):
            field.setAccessibleName(hint)
            field.setMaximumWidth(theme.current().grown(260))
            card.add_line(hint_label(hint), field, None)
        card.add(self.refusal)
        card.add(self.reading)
        self.choose_button = Button(
            "选择文件…",
            lambda: self.ask_file("选择工单表"),
            icon="file-import",
            why_not="" if self._may else "您的身份不能导入工单",
        )
        replies = Button("导出办理结果", self.ask_replies, kind="quiet", icon="file-export")
        replies.refuse("" if self._may_reply else "您的身份不能导出")
        card.add(
            EmptyState(
                "file-spreadsheet",
                "选一个工单表，或拖到这里",
                "来源系统和工单编号都相同的，只有一件，导几次都一样。先看结果，点“导入”之前不改动任何数据。",
                self.choose_button,
                replies,
            ),
            1,
        )
        return card

    def _run(self) -> QWidget:
        card = RunStep(_RUNNING)
        self.progress = card.progress
        self.progress.stopped.connect(self.stop_import)
        return card

    def _report(self) -> QWidget:
        card = Card("导入结果")
        self.result = Figures([])
        self.result_text = words("", tone="text-2", wrap=True)
        card.add(self.result)
        card.add(self.result_text)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Button("去看看", lambda: self.go.emit("events", {"tab": "all"}), icon="arrow-right"))
        self.faults_button = Button("存为改错表", self._save_report, icon="download")
        line.addWidget(self.faults_button)
        line.addWidget(Button("再导一个文件", self.restart, kind="quiet"))
        line.addStretch(1)
        card.add(line)
        return card

    # -- choosing and checking --------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Back to choosing a file."""
        self._turn += 1
        self.stop_reading()
        self.preview = None
        self._forget()
        self._ready()
        self._show_step(CHOOSE)

    def decided(self) -> bool:
        return bool(self._columns or self._values or self.check.rows())

    def read(self, path: Path) -> None:
        """Read *path* in a worker and show what an import would do."""
        if not self._may:
            return
        self._forget()
        self._path = path
        self._plan()

    def _forget(self) -> None:
        self._columns, self._values = {}, {}
        self.check.forget()

    def _plan(self) -> None:
        self.look(
            [*self._tail(), "--preview"],
            lambda said: self.reading.show_told(said.get("progress", said)),
            self._on_preview,
        )
        self.check.wait()

    def _tail(self) -> list[str]:
        """The arguments of the worker; what was decided goes by a file."""
        told = {
            "columns": self._columns, "values": self._values, "rows": self.check.rows(), "remember": self.check.remember.isChecked(),
        }  # fmt: skip
        tail = [
            "import",
            "orders",
            str(self._path),
            "--source",
            str(self.source.value() or ""),
            "--json",
            "--choices",
            self.choices_file(told),
        ]
        return [*tail, "--area", str(self.area.value())] if self.area.value() else tail

    def _on_matched(self, heading: str, target: str) -> None:
        self._columns[heading] = target
        self._plan()

    def _on_valued(self, target: str, word: str, code: str) -> None:
        self._values.setdefault(target, {})[word] = code
        self._plan()

    def _on_preview(self, said: Mapping[str, Any]) -> None:
        self.preview = said
        self.check.show_preview(said, self._path.name)
        first = self.steps.currentIndex() != CHECK
        self._show_step(CHECK)
        made, updated = int(said["created"]), int(said["updated"])
        self.import_button.set_words(f"导入：新增 {made:,}，更新 {updated:,}")
        self.import_button.refuse("" if made + updated else "没有要导入的工单")
        if first:
            # Who matches one word after the other stays where he is.
            self.check.lists.currentWidget().view.setFocus()

    def _ready(self) -> None:
        self.choose_button.refuse("" if self._may else "您的身份不能导入工单")
        self.reading.hide()
        self.import_button.refuse("")

    def _on_known(self, sources: Sequence[str], found: Sequence[tuple[str, str]]) -> None:
        self.source.show_choices([(name, name) for name in sources])
        self.area.show_choices(found)
        if self.area.value() is None:
            held = [code for code, _ in found]
            self.area.set_value(self._office.session.area if self._office.session.area in held else None)

    # -- importing and reporting ------------------------------------------------------------------------------------------------

    def run_import(self) -> None:
        """Import what was checked, in a worker process."""
        if self.preview is None or self.steps.currentIndex() != CHECK or self.busy():
            return
        self.start_import(self._tail(), self.progress, self._on_finished, self._urgent, _CANCELLED)

    def _on_finished(self, said: Mapping[str, Any]) -> None:
        refused, flagged = said["refused_rows"], said["flagged_count"]
        self.result.show_figures(
            [
                Figure(f"{said['created']:,}", "新增（件）"),
                Figure(f"{said['updated']:,}", "有变化"),
                Figure(f"{said['unchanged']:,}", "没有变化"),
                Figure(f"{said['waiting']:,}", "等您决定", "orange" if said["waiting"] else ""),
                Figure(f"{refused:,}", "没有导入（行）", "orange" if refused else ""),
            ]
        )
        told = []
        if refused:
            told.append(f"{refused:,} 行没有导入，原因写在改错表里；改好后把改错表再导一次即可。")
        if said["waiting"]:
            told.append(f"{said['waiting']:,} 件本处已办结、来源又打开，没有动；再导一次这个文件就可以决定。")
        if flagged:
            told.append(f"{flagged:,} 处照样导入、有存疑，写在改错表里。")
        self.result_text.setText("".join(told) or "全部导入，没有遗漏。新增的在“待甄别”里。")
        self.faults_button.setVisible(bool(refused or flagged))
        self._show_step(REPORT)
        self.said.emit(f"导入完成：新增 {said['created']:,} 件，更新 {said['updated']:,} 件", None)

    def _save_report(self) -> None:
        path = self._ask_save(self, "存为改错表", f"{self._path.stem}_改错表.xlsx", WORKBOOK)
        if path:
            out = Path(path).with_suffix(".xlsx")
            self.write([*self._tail(), "--dry-run", "--report", str(out)], f"改错表存在 {out}")

    def ask_replies(self) -> None:
        """Ask what for and where to, and write the results of the closed orders of the source that stands above."""
        source = str(self.source.value() or "")
        ask_reason(
            self, f"导出{source}的办理结果", "已办结工单的编号、结果、办结时间、满意度；不带姓名电话。导出和理由记入日志。", "选择存放位置",
            lambda reason: self._replies(source, reason), ("回复来源单位",),
        )  # fmt: skip

    def _replies(self, source: str, reason: str) -> None:
        path = self._ask_save(self, "导出到", f"{source}_办理结果.xlsx", WORKBOOK)
        if path:
            out = Path(path).with_suffix(".xlsx")
            self.write(
                ["export", "orders", str(out), "--source", source, "--reason", reason, "--json"], f"办理结果存在 {out}"
            )

    def _show_step(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        self.stages.set_now(step)
        self.import_button.setVisible(step == CHECK)
        self.again_button.setVisible(step == CHECK)


def _sources(office: Office) -> list[str]:
    """The sources that this office knows; runs in the lane."""
    # All that reads workbooks stays out of the window until then.
    from app.exchange.orders.intake import OrderIntake

    return OrderIntake(office).sources()
