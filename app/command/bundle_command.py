"""`township bundle`: the USB way; a door until the sync room is filled."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk
from app.errors import KnownError

HELP = "用 U 盘同步（后面的版本才有）"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("task", choices=["export", "import"])
    parser.add_argument("file", type=Path)


def run(args: argparse.Namespace, _desk: Desk) -> int:
    """Say that it isn't built."""
    raise KnownError("command.not_built", name=f"bundle {args.task}")
