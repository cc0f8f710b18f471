"""Writing a list into a workbook: the reason is asked, a worker writes, the page says when it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTemporaryDir
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.forms.reason import ask_reason
from ui.jobs import Worker
from ui.page import Page
from ui.pieces.dates import china_today

if TYPE_CHECKING:
    from app.services.office import Office

# ask_path(parent, title, proposed name, filter) -> path or "".
AskPath = Callable[[QWidget, str, str, str], str]
_OFFERS = ("上报上级", "存档", "核对数据")


class Exporting:
    """The export of one page: ``ask(form, title, ids)``. *worker* makes a `Worker` of a subcommand's arguments."""

    def __init__(
        self, page: Page, office: Office, worker: Callable[[Sequence[str]], Worker] | None, ask_path: AskPath
    ) -> None:
        self._page, self._office, self._make_worker, self._ask_path = page, office, worker, ask_path
        self._scratch = QTemporaryDir()
        self.worker: Worker | None = None

    def ask(self, form: str, title: str, ids: Sequence[str], fields: Sequence[str] = ()) -> None:
        """Ask what the list is for, then where it shall go, and write the records *ids* there, numbers masked; *fields*: only these."""
        if self._make_worker is None or self.worker is not None or not ids:
            return
        text = f"{len(ids):,} 条，号码打码；导出和理由记入日志。"
        ask_reason(
            self._page,
            f"导出{title}",
            text,
            "选择存放位置",
            lambda reason: self._write(form, title, ids, reason, fields),
            _OFFERS,
        )

    def _write(self, form: str, title: str, ids: Sequence[str], reason: str, fields: Sequence[str]) -> None:
        proposed = f"{title}_{china_today().isoformat()}.xlsx"
        path = self._ask_path(self._page, "导出到", proposed, "Excel 工作簿 (*.xlsx)")
        if not path or self._make_worker is None:
            return
        out = Path(path).with_suffix(".xlsx")
        listed = Path(self._scratch.path()) / "ids"
        listed.write_text("\n".join(ids), encoding="utf-8")
        columns = ["--fields", ",".join(fields)] if fields else []
        worker = self.worker = self._make_worker(
            ["export", form, str(out), "--reason", reason, "--ids", str(listed), *columns, "--json"]
        )
        worker.setParent(self._page)
        worker.finished.connect(lambda said: self._done(f"已导出 {said.get('records', 0):,} 条到 {out}"))
        worker.failed.connect(self._done)
        worker.start()

    def _done(self, said: str) -> None:
        self.worker = None
        self._page.said.emit(said, None)


def ask_save_path(parent: QWidget, title: str, name: str, kinds: str) -> str:
    """Where to save, "" where nobody wants to."""
    return QFileDialog.getSaveFileName(parent, title, str(Path.home() / name), kinds)[0]
