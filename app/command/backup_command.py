"""`township backup`: the whole home in one file, as it stands now."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk

HELP = "把本机数据备份成一个文件（仍是加密的）"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Write the backup."""
    from app.store.backup import back_up

    office = desk.open_office()
    office.gate.require("backup", "", None)
    size = back_up(office.store, args.file)
    desk.answer({"file": str(args.file), "bytes": size}, f"已备份到 {args.file}（{size / 1e6:.1f} MB）。")
    return 0
