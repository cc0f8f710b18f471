"""A device in this process, which dies at a statement, or in one of its own, which is killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
from dataclasses import dataclass

from app.errors import KnownError
from app.rules.areas import any_covers
from app.schema.loading import load_forms
from tests.torture import work
from tests.torture.work import Desk, Fuse, Killed


@dataclass(frozen=True)
class Death:
    """When a process ends: at the *statement*-th statement, after *message* messages, or after *seconds*, whichever it can."""

    statement: int | None = None
    message: int | None = None
    seconds: float = 0.0


class Device:
    """What both have in common: ``do`` a piece of work at the store; Killed where the device died over it."""

    def __init__(self, folder, key, user, areas):
        self.folder = folder
        self.key = key
        self.user = user
        self.areas = areas
        self.offset = 0.0
        self.closed = frozenset()
        """Classes of streams that its user may not see."""

    def holds(self, area, stream=""):
        """Whether *area* is in this device's scope, and *stream* of it."""
        return any_covers(self.areas, area) and stream not in self.closed

    def clone(self, folder):
        """Another device, from a copy of this one's disk."""
        self.back_up(folder)
        return self.at(folder)

    def at(self, folder):
        """A device of the same clerk whose home is *folder*."""
        made = self._at(folder)
        made.closed = self.closed
        return made

    def back_up(self, folder):
        """Copy everything that this device has on its disk to *folder*."""
        self.close()
        shutil.copytree(self.folder, folder)
        self.revive()

    def put_back(self, folder, *, journal):
        """Set the disk back to what *folder* has; with *journal* also the journal, else it is newer than the store."""
        self.close()
        held = self.folder / "journal"
        kept = None if journal else shutil.copytree(held, self.folder.with_suffix(".journal"))
        shutil.rmtree(self.folder)
        shutil.copytree(folder, self.folder)
        if kept:
            shutil.rmtree(held)
            kept.rename(held)
        self.revive()

    def set_clock(self, offset):
        self.offset = offset
        self.do(work.set_clock, offset)


class ThreadDevice(Device):
    """The store is open in this process; dead, it is dropped where it stands."""

    def __init__(self, folder, key, user, areas, forms):
        super().__init__(folder, key, user, areas)
        self._forms = forms
        self._desk = self._open()

    def _open(self):
        return Desk(self.folder, self.key, self._forms, self.user, self.offset, Fuse()).open()

    def do(self, task, *arguments, death=None, **options):
        if death is not None:
            self._desk.fuse.set(death.statement)
            if task is work.sync:
                options["die_at"] = death.message
        try:
            return task(self._desk, *arguments, **options)
        finally:
            if not self._desk.fuse.burnt:
                self._desk.fuse.set(None)

    def _at(self, folder):
        return ThreadDevice(folder, self.key, self.user, self.areas, self._forms)

    @property
    def dead(self):
        return self._desk.fuse.burnt

    def revive(self):
        with contextlib.suppress(Exception):
            self._desk.close()
        self._desk = self._open()

    @contextlib.contextmanager
    def beside(self):
        """The same home opened once more, as by a second process."""
        other = self._open()
        try:
            yield lambda task, *arguments, **options: task(other, *arguments, **options)
        finally:
            other.close()

    def close(self):
        with contextlib.suppress(Exception):
            self._desk.close()


class ProcessDevice(Device):
    """The store is open in a process of its own; dead, that was killed."""

    def __init__(self, folder, key, user, areas, context):
        super().__init__(folder, key, user, areas)
        self._context = context
        self._worker = _Worker(context, folder, key, user, self.offset)
        self.dead = False

    def do(self, task, *arguments, death=None, **options):
        try:
            return self._worker.do(task, *arguments, patience=death.seconds if death else None, **options)
        except Killed:
            self.dead = True
            raise

    def _at(self, folder):
        return ProcessDevice(folder, self.key, self.user, self.areas, self._context)

    def revive(self):
        self._worker.kill()
        self._worker = _Worker(self._context, self.folder, self.key, self.user, self.offset)
        self.dead = False

    @contextlib.contextmanager
    def beside(self):
        """The same home opened by a second process."""
        other = _Worker(self._context, self.folder, self.key, self.user, self.offset)
        try:
            yield other.do
        finally:
            other.kill()

    def close(self):
        self._worker.kill()


class _Worker:
    def __init__(self, context, *desk):
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, *desk), daemon=True)
        self._process.start()
        theirs.close()

    def do(self, task, *arguments, patience=None, **options):
        self._pipe.send((task, arguments, options))
        try:
            if patience is not None and not self._pipe.poll(patience):
                self.kill()
                raise Killed
            ok, answer = self._pipe.recv()
        except (EOFError, ConnectionResetError) as gone:
            raise RuntimeError(f"the worker of {task.__name__} ended by itself") from gone
        if ok:
            return answer
        if isinstance(answer, str):
            raise KnownError(answer)
        raise answer

    def kill(self):
        self._process.kill()
        self._process.join()
        self._pipe.close()


def serve(pipe, folder, key, user, offset):
    """The other process: do what is told, answer, until the pipe ends."""
    from tests.torture import quick

    quick.be_quick()
    desk = Desk(folder, key, load_forms(), user, offset).open()
    while True:
        try:
            task, arguments, options = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, task(desk, *arguments, **options)
        except KnownError as bad:
            answer = False, bad.code
        except Exception as bad:  # noqa: BLE001 - whatever it is, it is told where it can be seen
            answer = False, RuntimeError(f"{type(bad).__name__}: {bad}")
        pipe.send(answer)


def new_context():
    """Processes are forked from a server that has loaded everything: they begin at once, and share no thread or socket."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.torture.devices", "tests.torture.counties", "app.__main__"])
    return context
