"""What every import of a workbook does in the window: choose or drop a file, look at it and import it by workers, and come back on a fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTemporaryDir
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from ui.jobs import Worker
from ui.page import Page
from ui.pages.exporting import AskPath, ask_save_path
from ui.pieces.buttons import Button
from ui.pieces.progress import ProgressStrip
from ui.pieces.stages import StageStrip
from ui.pieces.text import words

TABLES = "表格 (*.xlsx *.xlsm *.xls *.et *.xlsb *.ods *.csv *.tsv *.txt)"
WORKBOOK = "Excel 工作簿 (*.xlsx)"
CHOOSE, CHECK, RUN, REPORT = range(4)


def ask_open_path(parent: QWidget, title: str, _name: str, kinds: str) -> str:
    """Which file to read, "" where none."""
    return QFileDialog.getOpenFileName(parent, title, str(Path.home()), kinds)[0]


class ImportSteps(Page):
    """Four steps on one page. *worker* makes a `Worker` of a subcommand's arguments.

    A page of its own makes the steps (`show_steps`), says the arguments, and takes what comes: `read`, `restart`, `_ready`, `_show_step`.
    """

    def __init__(
        self,
        title: str,
        stages: Sequence[str],
        worker: Callable[[Sequence[str]], Worker],
        ask_path: AskPath = ask_open_path,
        ask_save: AskPath = ask_save_path,
    ) -> None:
        super().__init__(title, back=True)
        self._make_worker, self._ask_path, self._ask_save = worker, ask_path, ask_save
        self._turn = 0
        self.worker: Worker | None = None
        self._reader: Worker | None = None
        self._scratch = QTemporaryDir()
        self.setAcceptDrops(True)
        self.stages = StageStrip(list(stages), CHOOSE, numbered=True)
        self.add_beside(self.stages)
        self.again_button = Button("换一个文件", self.restart)
        self.again_button.hide()
        self.add_quiet(self.again_button)
        self.import_button = self.set_primary("导入", self.run_import, keys="Ctrl+Return")
        self.import_button.hide()
        self.steps = QStackedWidget()
        self.refusal = words("", tone="orange", wrap=True)
        self.refusal.hide()
        self.reading = ProgressStrip("正在读这个文件", can_stop=True)
        self.reading.stopped.connect(self.restart)
        self.reading.hide()
        self.choose_button: Button

    # -- what each import says for itself ---------------------------------------------------------------------------------------

    def read(self, path: Path) -> None:
        """Read *path* in a worker and show what an import would do."""
        raise NotImplementedError

    def restart(self) -> None:
        """Back to choosing a file."""
        raise NotImplementedError

    def run_import(self) -> None:
        """Import what was checked, in a worker process."""
        raise NotImplementedError

    def may_read(self) -> bool:
        """Whether a file may be dropped here."""
        return True

    def _ready(self) -> None:
        raise NotImplementedError

    def _show_step(self, step: int) -> None:
        raise NotImplementedError

    # -- choosing ---------------------------------------------------------------------------------------------------------------

    def show_steps(self, *steps: QWidget) -> None:
        """Put the four steps on the page."""
        for step in steps:
            self.steps.addWidget(step)
        self.add(self.steps, 1)

    def begin_with(self, path: object) -> None:
        """Opened, with a *path* or without: a report that was read gives way to another file."""
        if path:
            self.read(Path(str(path)))
        elif self.steps.currentIndex() == REPORT:
            self.restart()
        self.choose_button.setFocus()

    def decided(self) -> bool:
        """Whether somebody matched or decided something by hand."""
        raise NotImplementedError

    def escape(self) -> bool:
        if self.worker is not None:
            return True
        if self.steps.currentIndex() == CHECK and self.decided():
            # Nobody matches a hundred words twice: the page is left as it stands. “换一个文件” throws them away.
            self.said.emit("对好的都在，再打开“导入”接着来。", None)
            return False
        if self._reader is not None or self.steps.currentIndex() != CHOOSE:
            self.restart()
            return True
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and self.worker is None and self.may_read():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.read(Path(event.mimeData().urls()[0].toLocalFile()))

    def busy(self) -> bool:
        """Whether a worker reads the file, or imports it."""
        return self._reader is not None or self.worker is not None

    def ask_file(self, title: str) -> None:
        """Let a file be chosen, and read it."""
        path = self._ask_path(self, title, "", TABLES)
        if path:
            self.read(Path(path))

    # -- looking ----------------------------------------------------------------------------------------------------------------

    def look(
        self,
        tail: Sequence[str],
        heard: Callable[[Mapping[str, Any]], object],
        done: Callable[[Mapping[str, Any]], object],
    ) -> None:
        """Let a worker look at the file; *heard* and *done* are told only as long as nothing else was asked since."""
        self._turn += 1
        self.stop_reading()
        turn = self._turn
        self.refusal.hide()
        self.choose_button.refuse("正在读")
        self.import_button.refuse("正在核对")
        self.reading.show_progress(0, 0)
        self.reading.setVisible(self.steps.currentIndex() == CHOOSE)

        def ended(said: Any, then: Callable[[Any], object]) -> None:
            if turn == self._turn:
                self._reader = None
                self._ready()
                then(said)

        reader = self._reader = self._make_worker(tail)
        reader.setParent(self)
        reader.cancelled.connect(reader.deleteLater)
        reader.progressed.connect(lambda said: heard(said) if turn == self._turn else None)
        reader.finished.connect(lambda said: ended(said, done))
        reader.failed.connect(lambda said: ended(said, self.refuse))
        reader.start()

    def stop_reading(self) -> None:
        """Nobody waits for what is being read any more."""
        reader, self._reader = self._reader, None
        if reader is not None:
            # It only looks: nothing is lost where it ends at once.
            reader.cancel()

    def choices_file(self, choices: Mapping[str, Any]) -> str:
        """The file in which a worker is told what was decided: headings, words and row numbers, nothing of people."""
        path = Path(self._scratch.path()) / "choices.json"
        path.write_text(json.dumps(choices, ensure_ascii=False), encoding="utf-8")
        return str(path)

    def refuse(self, said: str) -> None:
        """Back at choosing, say why."""
        self._show_step(CHOOSE)
        self.refusal.setText(said)
        self.refusal.show()

    # -- importing, and what else a worker writes -------------------------------------------------------------------------------

    def start_import(
        self,
        tail: Sequence[str],
        strip: ProgressStrip,
        done: Callable[[Mapping[str, Any]], object],
        changed: Callable[[], object],
        cancelled: str,
    ) -> None:
        """Let a worker import; *changed* is called however it ends, *done* where it ended well; *cancelled* is said where it was stopped."""

        def ended(then: Callable[[], object]) -> None:
            self.worker = None
            changed()
            then()

        def failed(said: str) -> None:
            self._ready()
            self.refuse(said)

        self.import_button.refuse("正在导入")
        self._show_step(RUN)
        strip.show_progress(0, 0)
        self.worker = self._make_worker(tail)
        self.worker.progressed.connect(lambda said: strip.show_told(said.get("progress", said)))
        self.worker.finished.connect(lambda said: ended(lambda: done(said)))
        self.worker.failed.connect(lambda said: ended(lambda: failed(said)))
        self.worker.cancelled.connect(lambda: ended(lambda: failed(cancelled)))
        self.worker.start()

    def stop_import(self) -> None:
        """Stop the import that runs."""
        if self.worker is not None:
            self.worker.cancel()

    def write(self, tail: Sequence[str], done: str) -> None:
        """Let a worker write a file, and say *done*."""
        writer = self._make_worker(tail)
        writer.setParent(self)
        writer.finished.connect(lambda _said: self.said.emit(done, None))
        writer.failed.connect(lambda said: self.said.emit(said, None))
        writer.start()
