"""The exchange that goes by itself: one worker at a time, on starting, every few minutes, at once after an urgent save."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.services.traffic import NO_LIMIT, Allowance
from ui.jobs import Worker
from ui.network import Network

EVERY_MS = 5 * 60_000
SOON_MS = 100
"""What is saved within this goes along: a case and its first step are two saves."""
RETRY_MS, RETRY_MOST_MS = 20_000, 15 * 60_000
OUT_OF_USE = {
    "sync.revoked",
    "sync.wipe",
    "sync.wiped",
    "sync.wiped_empty",
    "sync.wiped_log",
    "sync.cannot_seal",
    "sync.no_room_to_seal",
    "sync.locked",
}
"""What an exchange fails with where the county has put this device out of use."""

MakeWorker = Callable[[Sequence[str]], Worker]


class AutoSync(QObject):
    """``AutoSync(worker)``. Signals ``began``, ``progressed(dict)``, ``ended(document)``, ``failed(words, asked)``, ``stopped``,
    ``locked(words)`` where the county has put this device out of use.

    Being offline is normal: *asked* says whether a person asked for this exchange and wants to hear of it. While the network is
    away it tries ever more seldom, and at once when it comes back. Paused, or over the day's budget, only what is urgent goes,
    and it is tried again like everything else until it got through.
    """

    began = Signal()
    progressed = Signal(dict)
    ended = Signal(dict)
    failed = Signal(str, bool)
    stopped = Signal()
    locked = Signal(str)

    def __init__(
        self,
        worker: MakeWorker,
        parent: QObject | None = None,
        *,
        every: int = EVERY_MS,
        soon: int = SOON_MS,
        retry: int = RETRY_MS,
        network: Network | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(parent)
        self._make, self._every, self._retry, self._now = worker, every, retry, now
        self._worker: Worker | None = None
        self._allowance = NO_LIMIT
        self._asked = self._again = self._started = self._urgent = False
        self._vain = 0
        self._beat = QTimer(self, singleShot=True)
        self._beat.timeout.connect(self.go)
        self._soon = QTimer(self, singleShot=True, interval=soon)
        self._soon.timeout.connect(self._go_urgent)
        self._network = network or Network(self)
        self._network.came_back.connect(self._on_network)

    def start(self, *, urgent: bool = False) -> None:
        """Exchange now and from now on; *urgent* says whether something urgent waits from before."""
        self._started = True
        self._urgent = self._urgent or urgent
        self.go()
        self._wait()

    def allow(self, allowance: Allowance) -> None:
        """What may go by itself from now on; a pause ends what runs at the frame in flight."""
        held, self._allowance = self._allowance, allowance
        now = self._allowed()
        if now.paused and not held.paused and self._worker is not None and not self._asked:
            self._worker.cancel()
        elif held.paused and not now.paused and self._started:
            self.go()

    def allowance(self) -> Allowance:
        """What may go by itself now."""
        return self._allowed()

    def soon(self) -> None:
        """Something urgent was saved: an exchange begins at once; one that runs notices by itself."""
        self._urgent = True
        if not self._soon.isActive():
            self._soon.start()

    def ask(self) -> None:
        """A person asked for an exchange at once, whatever the pause or the budget says."""
        self._asked = True
        if self._worker is None:
            self._run([])
        else:
            self._again = True

    def go(self) -> None:
        """The time has come: exchange what may go by itself."""
        most = self._allowed().most
        if self._worker is None and (most != 0 or self._urgent):
            self._run([] if most is None else ["--most", str(most)])
        self._wait()

    def running(self) -> bool:
        """Whether an exchange is under way."""
        return self._worker is not None

    def next_in(self) -> int:
        """Milliseconds until it tries again by itself; -1: it doesn't."""
        return self._beat.remainingTime()

    def stop(self) -> None:
        """No exchange after this; one that runs is cut off, and what got through stays."""
        self._started = self._again = False
        self._beat.stop()
        self._soon.stop()
        if self._worker is not None:
            self._worker.cancel()
            self._worker.wait(3000)

    def _allowed(self) -> Allowance:
        return self._allowance.at(int(self._now() * 1000))

    def _go_urgent(self) -> None:
        if self._worker is not None:
            self._again = True
            return
        most = self._allowed().most
        self._run([] if most is None else ["--most", str(most)])

    def _run(self, limits: Sequence[str]) -> None:
        self._again = False
        worker = self._make(["sync", *limits])
        worker.setParent(self)
        worker.progressed.connect(self._on_progressed)
        worker.finished.connect(self._on_finished)
        worker.failed.connect(self._on_failed)
        worker.cancelled.connect(self._on_cancelled)
        self._worker = worker
        self.began.emit()
        worker.start()

    def _on_network(self) -> None:
        # Many devices get their network back at the same moment, as after a power cut.
        if self._started and self._vain:
            self._beat.start(random.randint(500, 3000))  # noqa: S311 - spreads devices out, guards nothing

    def _on_progressed(self, line: dict[str, Any]) -> None:
        if isinstance(told := line.get("progress"), dict):
            self.progressed.emit(told)

    def _on_finished(self, document: dict[str, Any]) -> None:
        asked_again = self._again and self._asked
        self._asked = asked_again
        self._vain = 0
        self._clear()
        self.ended.emit(document)
        left = document.get("left") or {}
        # What was saved while it ran may be too late for its count.
        self._urgent = self._again or bool(int(left.get("urgent") or 0))
        if asked_again:
            self.ask()
        elif self._again and int(left.get("urgent") or 0):
            # Saved too late for the one that has just ended.
            self._go_urgent()
        self._again = self._again and self._worker is not None
        self._wait()

    def _on_failed(self, words: str) -> None:
        asked, self._asked, self._again = self._asked, False, False
        self._vain += 1
        code = self._worker.code if self._worker is not None else ""
        self._clear()
        if code in OUT_OF_USE:
            self.stop()
            self.locked.emit(words)
            return
        self.failed.emit(words, asked)
        self._wait()

    def _on_cancelled(self) -> None:
        self._asked = False
        self._clear()
        self.stopped.emit()
        self._wait()

    def _wait(self) -> None:
        """Set the time of the next try: every few minutes; after failures soon at first, then ever more seldom."""
        if not self._started:
            return
        pause = min(self._retry * 2 ** min(self._vain - 1, 10), RETRY_MOST_MS) if self._vain else self._every
        self._beat.start(int(pause * random.uniform(0.8, 1.2)))  # noqa: S311 - spreads devices out, guards nothing

    def _clear(self) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
            self._worker = None
