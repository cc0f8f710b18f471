"""Work beside the window: short store operations in one lane, in order; long ones in a child process."""

from __future__ import annotations

import functools
import json
import logging
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QProcess, Qt, QThread, QTimer, Signal

from app.errors import KnownError

log = logging.getLogger(__name__)

Failed = Callable[[Exception], object]


@dataclass(frozen=True)
class _Job:
    work: Callable[[], Any]
    then: Callable[[Any], object] | None
    failed: Failed | None


class Jobs(QObject):
    """One background lane: ``jobs.run(lambda: office.records.save(…), then=self._on_saved, failed=self._on_failed)``.

    Jobs run one after another in the order given; *then* and *failed* are called on the GUI thread. A failure without
    *failed* goes out as the signal ``failed(error)``, which the window shows. ``busy_changed`` follows the lane,
    200 ms late.
    """

    failed = Signal(object)
    busy_changed = Signal(bool)
    _done = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = _Lane(self._done.emit)
        self._waiting = 0
        self._shown_busy = False
        self._done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)
        # Nobody needs to see that a job of 50 ms runs.
        self._patience = QTimer(self, singleShot=True, interval=200)
        self._patience.timeout.connect(lambda: self._show_busy(True))
        self._lane.start()

    def run(
        self, work: Callable[[], Any], then: Callable[[Any], object] | None = None, failed: Failed | None = None
    ) -> None:
        """Put *work* at the end of the lane. It must not touch widgets."""
        self._waiting += 1
        if not self._patience.isActive() and not self._shown_busy:
            self._patience.start()
        self._lane.jobs.put(_Job(work, then, failed))

    def busy(self) -> bool:
        """Whether something is under way or waits."""
        return self._waiting > 0

    def close(self) -> None:
        """Finish what was given, then stop the lane; results that nobody waits for any more are dropped."""
        self._lane.jobs.put(None)
        self._lane.wait()

    def _on_done(self, job: _Job, result: Any, error: Exception | None) -> None:
        self._waiting -= 1
        if not self._waiting:
            self._patience.stop()
            self._show_busy(False)
        if error is None:
            if job.then is not None and _alive(job.then):
                job.then(result)
        elif job.failed is not None:
            if _alive(job.failed):
                job.failed(error)
        else:
            self.failed.emit(error)

    def _show_busy(self, busy: bool) -> None:
        if busy != self._shown_busy:
            self._shown_busy = busy
            self.busy_changed.emit(busy)


class _Lane(QThread):
    def __init__(self, report: Callable[[_Job, Any, Exception | None], None]) -> None:
        super().__init__()
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._report = report

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                result, error = job.work(), None
            except KnownError as known:
                result, error = None, known
            except Exception as fault:  # noqa: BLE001 - the lane must live on; the fault is shown and logged
                # The message may hold people's data: only the kind and the place are written down.
                log.error("job failed: %s at %s", type(fault).__name__, _place(fault))  # noqa: TRY400
                result, error = None, fault
            self._report(job, result, error)


def spoken(error: Exception) -> str:
    """*error* as a person reads it; the words of our own faults may hold people's data and stay unsaid."""
    return str(error if isinstance(error, KnownError) else KnownError("ui.job_failed"))


def _alive(slot: Callable[..., object]) -> bool:
    owner = getattr(slot.func if isinstance(slot, functools.partial) else slot, "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)


def _place(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"


class Worker(QObject):
    """A headless command as a child: ``Worker([sys.executable, "-m", "app", "import", …], secret=key)``.

    The *secret* goes through the child's standard input, never through arguments or the environment. Each line of JSON
    on its standard error is ``progressed(dict)``; its one JSON document on standard output is ``finished(dict)`` (exit
    0 and 1: some data may have been refused). Anything else is ``failed(sentence)``, the child's own last words if it
    said any; ``code`` is then what it failed with, if it said so. `cancel` writes it the line "cancel", and ends it
    where it doesn't stop by itself within 5 s; then neither comes but ``cancelled``.
    """

    progressed = Signal(dict)
    finished = Signal(dict)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, command: Sequence[str], secret: bytes = b"", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command, self._secret = list(command), secret
        self._output, self._rest, self._said = bytearray(), bytearray(), ""
        self.code = ""
        self._over = False
        self._stopping = False
        self._process = QProcess(self)
        self._process.started.connect(self._on_started)
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_words)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)

    def start(self) -> None:
        """Start the child."""
        self._process.start(self._command[0], self._command[1:])

    def running(self) -> bool:
        """Whether the child lives."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def cancel(self) -> None:
        """Ask the child to stop; what it has committed stays."""
        if self.running():
            self._stopping = True
            self._process.write(b"cancel\n")
            QTimer.singleShot(5000, self._process, self._process.kill)

    def wait(self, milliseconds: int) -> None:
        """Wait for the child's end; kill it where it doesn't come."""
        if self.running() and not self._process.waitForFinished(milliseconds):
            self._process.kill()
            self._process.waitForFinished(1000)

    def _on_started(self) -> None:
        self._process.write(self._secret)
        self._secret = b""

    def _on_output(self) -> None:
        self._output += self._process.readAllStandardOutput().data()

    def _on_words(self) -> None:
        self._rest += self._process.readAllStandardError().data()
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            self._take_line(line.decode("utf-8", "replace").strip())

    def _take_line(self, line: str) -> None:
        try:
            value = json.loads(line)
        except ValueError:
            self._said = line or self._said
            return
        if isinstance(value, dict) and isinstance(value.get("failed"), dict):
            self._said = str(value["failed"].get("message", ""))
            self.code = str(value["failed"].get("code", ""))
        elif isinstance(value, dict):
            self.progressed.emit(value)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(lambda: self.failed.emit(str(KnownError("ui.worker_start"))))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_words()
        if self._rest:
            self._take_line(self._rest.decode("utf-8", "replace").strip())
        if self._stopping:
            self._end(self.cancelled.emit)
        elif status != QProcess.ExitStatus.NormalExit or code not in (0, 1):
            self._end(lambda: self.failed.emit(self._said or str(KnownError("ui.worker_stopped"))))
        else:
            self._finish()

    def _finish(self) -> None:
        try:
            answer = json.loads(bytes(self._output))
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            self._end(lambda: self.finished.emit(answer))
        else:
            self._end(lambda: self.failed.emit(str(KnownError("ui.worker_answer"))))

    def _end(self, tell: Callable[[], object]) -> None:
        if not self._over:
            self._over = True
            # Whoever hears it may let go of this object, and its process is still in the middle of its signal.
            QTimer.singleShot(0, lambda held=self: held)
            tell()
