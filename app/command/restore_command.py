"""`township restore`: a backup into an empty home."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk

HELP = "把备份恢复到一个空的位置"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Unpack, then open it as its user does: the device begins a new incarnation, so nothing is sent under an old number."""
    from app.store.backup import bring_back

    bring_back(args.file, desk.home)
    office = desk.open_office()
    office.gate.require("backup", "", None)
    if office.store.sync.state.device:
        office.store.sync.new_incarnation()
    desk.answer({"ok": True}, "已恢复。请同步一次，县里会补上备份之后的内容。")
    return 0
