"""A PostgreSQL server of our own, for tests and measuring: run by somebody who is not root, without a port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


class PostgreSQL:
    """Started in a temporary folder; raises where it can't be. *durable*: every commit is on the disk, as a county has it."""

    def __init__(self, *, durable: bool = False) -> None:
        self._bin = _binaries()
        self._as = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._data = self.folder / "data"
        if self._as:
            shutil.chown(self.folder, self._as)
        self._count = 0
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        options = f"-k {self.folder} -c listen_addresses="
        if not durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def _run(self, program: str, *arguments: str) -> None:
        before = ["runuser", "-u", self._as, "--"] if self._as else []
        done = subprocess.run(
            [*before, str(self._bin / program), *arguments],
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program == "initdb" else subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
        if done.returncode:
            log = self.folder / "log"
            said = log.read_text(errors="replace") if log.exists() else (done.stdout or b"").decode(errors="replace")
            raise RuntimeError(f"PostgreSQL could not be started: {program}: {said}")

    def url(self, name: str) -> str:
        """The URL of database *name*, over the socket in the server's own folder."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        return self._create("")

    def copy_database(self, url: str) -> str:
        """The URL of a copy of the database at *url*, which nobody may have open."""
        return self._create(f" TEMPLATE {_name(url)}")

    def put_database(self, url: str, over: str) -> None:
        """Replace the database at *over* by a copy of that at *url*."""
        self.drop_database(over)
        self._do(f"CREATE DATABASE {_name(over)} TEMPLATE {_name(url)}")

    def drop_database(self, url: str) -> None:
        """Delete it, whoever has it open."""
        self._do(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def _create(self, how: str) -> str:
        self._count += 1
        name = f"county{self._count}"
        self._do(f"CREATE DATABASE {name}{how}")
        return self.url(name)

    def _do(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as conn:
            conn.execute(statement)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _binaries() -> Path:
    """The newest installation that has initdb, pg_ctl and postgres side by side."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True
    )
    for place in places:
        if all((place / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return place
    raise RuntimeError("PostgreSQL is not installed: the tests need its server (Debian: postgresql)")


def _unprivileged() -> str:
    """Whom to run as: the server refuses root."""
    if os.geteuid() != 0:
        return ""
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise RuntimeError("no unprivileged user to run PostgreSQL as")
