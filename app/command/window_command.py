"""`township` without a subcommand: the window. Only here does the command know Qt, and only when it is asked for."""

from __future__ import annotations

import argparse

from app.command.desk import Desk

HELP = "打开窗口"


def run(_args: argparse.Namespace, desk: Desk) -> int:
    """Open the window over the home."""
    from ui.__main__ import main

    return int(main(desk.home))
