"""Where a schedule is played: in threads over SQLite, or in processes over PostgreSQL; from copies of one template."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

from app.schema.loading import load_forms
from tests.network.faults import KINDS
from tests.sync.postgres import PostgreSQL
from tests.torture import quick, template
from tests.torture.counties import ProcessCounty, ThreadCounty
from tests.torture.devices import ProcessDevice, ThreadDevice, new_context

_MEMORY = Path("/dev/shm")


class Threads:
    """County and devices in this process."""

    name = "threads"
    database_kind = "sqlite"
    kinds = tuple(KINDS)
    size = 1_500
    patience = 0.02
    """Seconds within which something that comes by time happens."""

    def __init__(self):
        self._undo = quick.be_quick()
        self.forms = load_forms()
        self._root = _new_folder()
        self._made = template.make(self._root / "county.db", self._root, self.forms)

    @contextlib.contextmanager
    def fresh(self):
        """A place for one schedule; its folder goes, unless what was played there failed."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        place = _Lite(self, folder)
        place.database = folder / "county.db"
        shutil.copy(self._made.database, place.database)
        place.county = ThreadCounty(place.database, self.forms, place.files)
        place.devices = [
            ThreadDevice(home, self._made.key, user, areas, self.forms)
            for home, user, areas in _homes(folder, self._made)
        ]
        yield place
        if not place.keep:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self):
        self._undo()
        _leave(self._root, self._made)


class Processes:
    """The county's command and each device are processes; PostgreSQL is the tests' own."""

    name = "processes"
    database_kind = "postgresql"
    kinds = tuple(KINDS)
    size = 1_500
    patience = 0.15

    def __init__(self):
        self._undo = quick.be_quick()
        self.forms = load_forms()
        self._root = _new_folder()
        self._server = PostgreSQL()
        self._context = new_context()
        self._made = template.make(self._server.new_database(), self._root, self.forms)

    @contextlib.contextmanager
    def fresh(self):
        """A place for one schedule, with a database of its own."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        place = _Served(self, folder)
        place.server = self._server
        place.database = self._server.copy_database(self._made.database)
        place.county = ProcessCounty(place.database, self._context, place.files)
        place.devices = [
            ProcessDevice(home, self._made.key, user, areas, self._context)
            for home, user, areas in _homes(folder, self._made)
        ]
        yield place
        for database in (place.database, *place.backups):
            self._server.drop_database(database)
        if not place.keep:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self):
        self._undo()
        self._server.stop()
        _leave(self._root, self._made)


MODES = {"threads": Threads, "processes": Processes}


class _Place:
    def __init__(self, kind, folder):
        self.forms = kind.forms
        self.size = kind.size
        self.patience = kind.patience
        self.kinds = kind.kinds
        self.folder = folder
        self.files = folder / "files"
        self.keep = False
        self.backups = []


class _Lite(_Place):
    """Over SQLite: a backup is a copy of the file."""

    def back_up(self):
        self.backups.append(self.folder / f"backup{len(self.backups)}.db")
        with (
            contextlib.closing(sqlite3.connect(self.database)) as now,
            contextlib.closing(sqlite3.connect(self.backups[-1])) as then,
        ):
            now.backup(then)

    def put_back(self, number):
        for end in ("", "-wal", "-shm"):
            Path(f"{self.database}{end}").unlink(missing_ok=True)
        shutil.copy(self.backups[number], self.database)


class _Served(_Place):
    """Over PostgreSQL: a backup is a database; nobody may have either open."""

    def back_up(self):
        self.backups.append(self.server.copy_database(self.database))

    def put_back(self, number):
        self.server.put_database(self.backups[number], self.database)


def _homes(folder, made):
    for number, home in enumerate(made.homes):
        shutil.copytree(home, folder / f"home{number}")
        yield folder / f"home{number}", template.USERS[number], template.SCOPES[number]


def _leave(root, made):
    """Delete the template; what a schedule left because it failed stays."""
    Path(made.database).unlink(missing_ok=True)
    for home in made.homes:
        shutil.rmtree(home)
    with contextlib.suppress(OSError):
        root.rmdir()


def _new_folder():
    return Path(tempfile.mkdtemp(prefix="torture-", dir=_MEMORY if _MEMORY.is_dir() else None))
