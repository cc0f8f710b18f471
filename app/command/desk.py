"""Where a subcommand gets its office from, and how it answers: JSON on standard output, people's words on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.paths import default_home

if TYPE_CHECKING:
    from app.services.office import Office


@dataclass
class Desk:
    """One run of the command. ``worker``: started by the window, which hands over user and key through standard input."""

    home: Path
    user: str | None
    password_file: Path | None
    json: bool
    worker: bool
    cancelled: threading.Event = field(default_factory=threading.Event)
    _last: float = 0.0
    _office: Office | None = None

    @classmethod
    def of(cls, args: argparse.Namespace) -> Desk:
        """The desk for parsed arguments; environment where they are silent."""
        home = args.home or os.environ.get("TOWNSHIP_HOME")
        user = args.user or os.environ.get("TOWNSHIP_USER") or None
        # Work that is done within the second says nothing of its progress.
        last = 0.0 if args.worker else time.monotonic()
        return cls(
            Path(home) if home else default_home(),
            user,
            args.password_file,
            args.json or args.worker,
            args.worker,
            _last=last,
        )

    def password(self) -> str:
        """The password from file or environment; KnownError("accounts.need_password")."""
        if self.password_file:
            try:
                return self.password_file.read_text(encoding="utf-8-sig").rstrip("\r\n")
            except OSError as bad:
                raise KnownError("command.password_file_missing", path=self.password_file) from bad
        held = os.environ.get("TOWNSHIP_PASSWORD")
        if held is None:
            raise KnownError("accounts.need_password")
        return held

    def open_office(self, *, even_locked: bool = False) -> Office:
        """Log in and open the store; a worker gets the key from the window, never from arguments or environment.

        *even_locked*: also where the county has put the device out of use, to ask it again or to look at what is wrong.
        """
        from app.command.retiring import refuse_wiped
        from app.services.office import office_with_key, open_office
        from app.store.store import DATABASE

        if self.worker:
            lines = _lines(0)
            handed = json.loads(next(lines, b"{}"))
            threading.Thread(target=self._listen, args=(lines,), daemon=True).start()
            self._office = office_with_key(
                self.home, handed["user"], bytes.fromhex(handed["key"]), even_locked=even_locked
            )
            return self._office
        refuse_wiped(self.home)
        if not (self.home / DATABASE).exists():
            raise KnownError("store.missing", path=self.home)
        self._office = open_office(self.home, self.user, self.password(), ring=ring(), even_locked=even_locked)
        return self._office

    def close(self) -> None:
        """Give back the store, where one was opened."""
        if self._office is not None:
            self._office.close()

    def _listen(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            if line.strip() == b"cancel":
                self.cancelled.set()

    def answer(self, document: Any, words: str = "") -> None:
        """The result: *document* as JSON where it was asked for, else *words*."""
        text = json.dumps(document, ensure_ascii=False, indent=None if self.worker else 1) if self.json else words
        if text and sys.stdout is not None:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def say(self, words: str) -> None:
        """A message to people, on standard error."""
        if sys.stderr is not None and not self.worker:
            sys.stderr.write(words + "\n")
            sys.stderr.flush()

    def progress(self, done: int, total: int, text: str = "", **figures: int) -> None:
        """How far a long work is: a JSON line for the window, with *figures* beside it, a line now and then for people."""
        now = time.monotonic()
        if now - self._last < (0.1 if self.worker else 1.0) and (done < total or not self.worker):
            return
        self._last = now
        if self.worker and sys.stderr is not None:
            line = {"progress": {"done": done, "total": total, "text": text, **figures}}
            sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stderr.flush()
        else:
            self.say(f"{text} {done}/{total}" if total else text)

    def tell(self, piece: dict[str, Any]) -> None:
        """A part of the answer before the answer, for the window, which takes it between two frames."""
        if self.worker and sys.stderr is not None:
            sys.stderr.write(json.dumps(piece, ensure_ascii=False) + "\n")
            sys.stderr.flush()

    def failed(self, words: str, code: str, exit_code: int) -> int:
        """It could not be done: one sentence; a worker's window gets its code beside it."""
        if sys.stderr is not None:
            line = (
                json.dumps({"failed": {"code": code, "message": words}}, ensure_ascii=False) if self.worker else words
            )
            sys.stderr.write(line + "\n")
        return exit_code


def _lines(handle: int) -> Iterator[bytes]:
    """The lines that come through *handle*, unbuffered: a thread that waits in Python's own buffer could not be ended."""
    rest = b""
    while chunk := os.read(handle, 4096):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def ring() -> Any:
    """The operating system's keyring, as the key slots take it."""
    import keyring

    return keyring
