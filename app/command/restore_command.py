"""`township restore`: a backup into an empty home."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from app.command.desk import Desk
from app.errors import KnownError

HELP = "把备份恢复到一个空的位置"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Unpack beside the home, open it as its user does, and only then move it in: a wrong password leaves the home as it was.

    The device begins a new incarnation, so nothing is sent under an old number.
    """
    from app.store.backup import bring_back
    from app.store.store import DATABASE

    if (desk.home / DATABASE).exists():
        raise KnownError("store.not_empty", path=desk.home)
    desk.home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{desk.home.name}-", dir=desk.home.parent) as beside:
        bring_back(args.file, Path(beside))
        office = replace(desk, home=Path(beside)).open_office()
        try:
            office.gate.require("backup", "", None)
            if office.store.sync.state.device:
                office.store.sync.new_incarnation()
        finally:
            office.close()
        desk.home.mkdir(exist_ok=True)
        # The database last: a home with one counts as whole.
        for part in sorted(Path(beside).iterdir(), key=lambda part: part.name == DATABASE):
            part.replace(desk.home / part.name)
    desk.answer({"ok": True}, "已恢复。请同步一次，县里会补上备份之后的内容。")
    return 0
