"""A ledger on its way out, as a workbook or on paper: a worker writes, a strip shows how far it is, and it can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTemporaryDir, Signal

from ui.pieces.progress import ProgressStrip

if TYPE_CHECKING:
    from ui.jobs import Worker

_STOPPED = "已取消，没有留下文件。数据不受影响。"


class LedgerOut(ProgressStrip):
    """``begin(words, arguments, done)``; one at a time. Signal ``told(sentence)``. *worker* makes a `Worker` of a subcommand's arguments."""

    told = Signal(str)

    def __init__(self, worker: Callable[[Sequence[str]], Worker]) -> None:
        super().__init__("", can_stop=True)
        self._make = worker
        self._scratch = QTemporaryDir()
        self.worker: Worker | None = None
        self.stopped.connect(self._stop)
        self.hide()

    def busy(self) -> bool:
        """Whether a file is being written."""
        return self.worker is not None

    def listed(self, ids: Sequence[str]) -> str:
        """A file with *ids* for the worker."""
        path = Path(self._scratch.path()) / "ids"
        path.write_text("\n".join(ids), encoding="utf-8")
        return str(path)

    def begin(self, title: str, arguments: Sequence[str], done: Callable[[Mapping[str, Any]], str]) -> None:
        """Start the subcommand *arguments*; *done* makes of its answer the sentence to be told."""
        if self.worker is not None:
            self.told.emit("上一份还在写，请稍等，或先取消它。")
            return
        self.title.setText(title)
        self.show_progress(0, 0)
        self.stop_button.refuse("")
        self.show()
        worker = self.worker = self._make(arguments)
        worker.progressed.connect(self._on_progress)
        worker.finished.connect(lambda answer: self._end(done(answer)))
        worker.failed.connect(self._end)
        worker.cancelled.connect(lambda: self._end(_STOPPED))
        worker.start()

    def _on_progress(self, said: Mapping[str, Any]) -> None:
        told = said.get("progress")
        if isinstance(told, Mapping):
            self.show_progress(int(told["done"]), int(told.get("total") or 0))

    def _stop(self) -> None:
        if self.worker is not None:
            self.stop_button.refuse("正在取消")
            self.worker.cancel()

    def _end(self, sentence: str) -> None:
        self.worker = None
        self.hide()
        self.told.emit(sentence)
