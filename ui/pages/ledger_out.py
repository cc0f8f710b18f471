"""A ledger on its way out, as a workbook or on paper: a worker writes, a strip shows how far it is, and it can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTemporaryDir, Signal
from PySide6.QtWidgets import QWidget

from ui.fonts import unprinted_words
from ui.pages.exporting import AskPath
from ui.pieces.dates import china_today
from ui.pieces.progress import ProgressStrip

if TYPE_CHECKING:
    from ui.jobs import Worker

_PRINTABLE = (".pdf", ".docx")


def ask_printable(ask: AskPath, parent: QWidget, title: str) -> Path | None:
    """Where the paper *title* shall go, .pdf or .docx; None where nobody wants it."""
    name = f"{title}_{china_today().isoformat()}.pdf"
    path = ask(parent, "存为可打印的文件", name, "PDF (*.pdf);;Word 文档 (*.docx)")
    if not path:
        return None
    return Path(path) if Path(path).suffix.lower() in _PRINTABLE else Path(f"{path}.pdf")


class LedgerOut(ProgressStrip):
    """``begin(words, arguments, out, done)``; one at a time. Signal ``told(sentence)``. *worker* makes a `Worker` of a subcommand's arguments."""

    told = Signal(str)

    def __init__(self, worker: Callable[[Sequence[str]], Worker]) -> None:
        super().__init__("", can_stop=True)
        self._make = worker
        self._scratch = QTemporaryDir()
        self.worker: Worker | None = None
        self.stopped.connect(self._stop)
        self.hide()

    def listed(self, ids: Sequence[str]) -> str:
        """A file with *ids* for the worker."""
        path = Path(self._scratch.path()) / "ids"
        path.write_text("\n".join(ids), encoding="utf-8")
        return str(path)

    def lay_out(self, form: str, out: Path, more: Sequence[str] = (), *, unit: str = "条") -> None:
        """Have the ledger *form* laid out as *out*; *more* are the subcommand's further arguments."""
        self.begin(
            "正在排版",
            ["ledger", form, str(out), *more],
            out,
            lambda done: f"{done['records']:,} {unit}已排好版，存为 {out}{unprinted_words(done['missing_glyphs'])}",
        )

    def begin(self, title: str, arguments: Sequence[str], out: Path, done: Callable[[Mapping[str, Any]], str]) -> None:
        """Start the subcommand *arguments*, which writes *out*; *done* makes of its answer the sentence to be told."""
        if self.worker is not None:
            self.told.emit("上一份还在写，请稍等，或先取消它。")
            return
        self.title.setText(title)
        self.show_progress(0, 0)
        self.stop_button.refuse("")
        self.show()
        before = _stamp(out)
        worker = self.worker = self._make(arguments)
        worker.progressed.connect(lambda said: self.show_told(said.get("progress")))
        worker.finished.connect(lambda answer: self._end(done(answer)))
        worker.failed.connect(self._end)
        worker.cancelled.connect(lambda: self._end(_cancelled(out, before)))
        worker.start()

    def _stop(self) -> None:
        if self.worker is not None:
            self.stop_button.refuse("正在取消")
            self.worker.cancel()

    def _end(self, sentence: str) -> None:
        self.worker = None
        self.hide()
        self.told.emit(sentence)


def _stamp(out: Path) -> tuple[int, ...]:
    """What tells the file that stands at *out* from another; empty where none does."""
    try:
        held = out.stat()
    except OSError:
        return ()
    return held.st_ino, held.st_mtime_ns, held.st_size


def _cancelled(out: Path, before: tuple[int, ...]) -> str:
    """The word to stop may come when the file is written already."""
    if _stamp(out) != before:
        return f"取消晚了一步，文件已经写好：{out}"
    return "已取消，没有留下文件，数据不受影响。" if not before else f"已取消，{out} 还是原来的，数据不受影响。"
