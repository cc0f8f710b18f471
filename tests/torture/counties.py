"""A county in a thread, stopped dead at a statement, or in a process, killed; begun again at the same address and data."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import logging
import socket
import sys
import threading
import time

import requests
import sqlalchemy as sa

from app.rules.permissions import Permissions
from sync.county.county import County
from sync.county.database import Database
from sync.county.web import Server, listening
from tests.torture.template import CODE
from tests.torture.work import Fuse, Killed


def opened(database, forms, now=time.time, files=None):
    """The county in *database*, which has all its tables: no look whether any are missing. *files*: the folder of its files."""
    county = County(Database(database), forms, CODE, _permissions(), now)
    if files:
        county.keep_files(files, files.with_suffix(".key"))
    return county


@functools.cache
def _permissions():
    return Permissions.load()


class ThreadCounty:
    """Serves in a thread of this process."""

    def __init__(self, database, forms, files):
        self._files = files
        self._database = database
        self._forms = forms
        self._fuse = Fuse()
        self._thread = None
        self.port = _free_port()

    @property
    def up(self):
        return self._thread is not None and self._thread.is_alive() and not self._fuse.burnt

    def start(self):
        """Answer (again) at ``port``."""
        self.stop()
        self._fuse = Fuse()
        self._county = opened(self._database, self._forms, files=self._files)
        engine, fuse = self._county.database.engine, self._fuse
        sa.event.listen(engine, "before_cursor_execute", lambda *_: self._burn(fuse))
        sa.event.listen(engine, "commit", lambda _: self._burn(fuse))
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(60)

    def die_at(self, death):
        """The end comes at the *death*.statement-th statement from now on; None: not."""
        self._fuse.set(death.statement if death else None)

    def stop(self):
        """Stop dead."""
        if self._thread is not None:
            self._fuse.burnt = True
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._serving.cancel)
            self._thread.join(20)
            assert not self._thread.is_alive()
            self._thread = None
            self._county.close()
            logging.getLogger("uvicorn.error").disabled = False

    def _burn(self, fuse):
        try:
            fuse.burn()
        except Killed:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._serving.cancel)
            raise

    def _serve(self, ready):
        self._loop = asyncio.new_event_loop()
        with listening("127.0.0.1", self.port) as sock:
            server = Server(self._county, sock)
            server.on_ready = lambda _: ready.set()
            # What a county that is stopped dead has to say of it is known.
            logging.getLogger("uvicorn.error").disabled = True
            self._serving = self._loop.create_task(server.serve(sockets=[sock]))
            with contextlib.suppress(asyncio.CancelledError, Killed):
                self._loop.run_until_complete(self._serving)
            self._loop.run_until_complete(_drop(server))
            self._loop.close()


async def _drop(server):
    """Let go of everything, finish nothing."""
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class ProcessCounty:
    """`township county serve` in a process of its own."""

    def __init__(self, database, context, files):
        self._files = str(files)
        self._database = str(database)
        self._context = context
        self._process = None
        self._timer = None
        self.port = _free_port()

    @property
    def up(self):
        return self._process is not None and self._process.is_alive()

    def start(self):
        """Answer (again) at ``port``."""
        self.stop()
        self._process = self._context.Process(target=serve, args=(self._database, self.port, self._files), daemon=True)
        self._process.start()
        end = time.monotonic() + 30
        while True:
            assert self._process.is_alive(), "the county ended by itself"
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"http://127.0.0.1:{self.port}/v1/status", timeout=5).ok:
                    return
            assert time.monotonic() < end
            time.sleep(0.01)

    def die_at(self, death):
        """It is killed in *death*.seconds; None: not, if that is not too late."""
        if self._timer:
            self._timer.cancel()
            self._timer.join()
            self._timer = None
        if death:
            self._timer = threading.Timer(death.seconds, _killed, [self._process])
            self._timer.start()

    def stop(self):
        """Kill it."""
        self.die_at(None)
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def _killed(process):
    process.kill()
    process.join()  # a process that was told to die may seem alive for a while


def serve(database, port, files):
    """The other process: the command itself."""
    from app.__main__ import main

    logging.disable(logging.CRITICAL)
    sys.stdout = io.StringIO()
    main(
        [
            "county",
            "serve",
            "--database",
            database,
            "--listen",
            f"127.0.0.1:{port}",
            "--files",
            files,
            "--files-key",
            f"{files}.key",
            "--json",
        ]
    )


def _free_port():
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
