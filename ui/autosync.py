"""The exchange that goes by itself: one worker at a time, on starting, every few minutes, soon after an urgent save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ui.jobs import Worker

EVERY_MS = 5 * 60_000
SOON_MS = 2_000
OUT_OF_USE = {
    "sync.revoked",
    "sync.wipe",
    "sync.wiped",
    "sync.wiped_empty",
    "sync.cannot_seal",
    "sync.locked",
}
"""What an exchange fails with where the county has put this device out of use."""

MakeWorker = Callable[[Sequence[str]], Worker]


class AutoSync(QObject):
    """``AutoSync(worker)``. Signals ``began``, ``progressed(done, total)``, ``ended(document)``, ``failed(words, asked)``,
    ``locked(words)`` where the county has put this device out of use.

    Being offline is normal: *asked* says whether a person asked for this exchange and wants to hear of it.
    """

    began = Signal()
    progressed = Signal(int, int)
    ended = Signal(dict)
    failed = Signal(str, bool)
    locked = Signal(str)

    def __init__(self, worker: MakeWorker, parent: QObject | None = None, *, every: int = EVERY_MS) -> None:
        super().__init__(parent)
        self._make = worker
        self._worker: Worker | None = None
        self._asked = self._again = False
        self._said = ""
        self._beat = QTimer(self, interval=every)
        self._beat.timeout.connect(self.go)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.go)

    def start(self) -> None:
        """Exchange now and from now on."""
        self._beat.start()
        self.go()

    def soon(self) -> None:
        """Something urgent was saved: what follows within two seconds goes along."""
        self._soon.start()

    def ask(self) -> None:
        """A person asked for an exchange at once."""
        self._asked = True
        self.go()

    def go(self) -> None:
        """Exchange now; where one runs, once more after it."""
        if self._worker is not None:
            self._again = True
            return
        self._said, self._again = "", False
        worker = self._make(["sync"])
        worker.setParent(self)
        worker.progressed.connect(self._on_progressed)
        worker.finished.connect(self._on_finished)
        worker.failed.connect(self._on_failed)
        worker.cancelled.connect(self._clear)
        self._worker = worker
        self.began.emit()
        worker.start()

    def running(self) -> bool:
        """Whether an exchange is under way."""
        return self._worker is not None

    def stop(self) -> None:
        """No exchange after this; one that runs is cut off, and what got through stays."""
        self._beat.stop()
        self._soon.stop()
        self._again = False
        if self._worker is not None:
            self._worker.cancel()
            self._worker.wait(3000)

    def _on_progressed(self, line: dict[str, Any]) -> None:
        if isinstance(told := line.get("failed"), dict):
            self._said = str(told.get("message") or "")
        elif isinstance(told := line.get("progress"), dict):
            self.progressed.emit(int(told.get("done") or 0), int(told.get("total") or 0))

    def _on_finished(self, document: dict[str, Any]) -> None:
        self._asked = False
        self._clear()
        self.ended.emit(document)
        self._next()

    def _on_failed(self, words: str) -> None:
        asked, self._asked = self._asked, False
        code = self._worker.code if self._worker is not None else ""
        self._clear()
        if code in OUT_OF_USE:
            self.stop()
            self.locked.emit(self._said or words)
            return
        self.failed.emit(self._said or words, asked)
        # After a failure the next beat is soon enough.
        self._again = False

    def _clear(self) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
            self._worker = None

    def _next(self) -> None:
        if self._again:
            self.soon()
