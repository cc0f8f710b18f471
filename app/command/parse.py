"""Arguments, exit codes and the one sentence on standard error."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from app import __version__
from app.command.desk import Desk
from app.command.words import Parser, told
from app.errors import KnownError
from app.messages import sentence
from app.paths import default_home

SUBCOMMANDS = (
    "demo", "init", "import", "export", "find", "duplicates", "list", "show", "apply", "attachment", "document", "ledger", "report", "forms", "map",
    "sync", "bundle", "conflicts", "digest", "backup", "restore", "doctor", "county", "bench",
)  # fmt: skip


def run(argv: list[str]) -> int:
    """Parse *argv*, run the subcommand, return its exit code."""
    _utf8()
    args = parser().parse_args(argv)
    desk = Desk.of(args)
    try:
        if args.subcommand is None:
            return int(_module("window").run(args, desk))
        return int(args.run(args, desk))
    except KnownError as bad:
        return desk.failed(str(bad), bad.code, bad.exit_code)
    except KeyboardInterrupt:
        return desk.failed(sentence("command.stopped"), "command.stopped", 3)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        sys.stdout = None
        return 3
    except OSError as bad:
        _trace()
        return desk.failed(sentence("command.system", detail=told(bad)), "command.system", 3)
    except Exception as bad:  # noqa: BLE001 - the command's edge: a bug of ours is told in a sentence, too
        _trace()
        return desk.failed(sentence("command.bug", kind=type(bad).__name__), "command.bug", 3)
    finally:
        desk.close()


def parser() -> Parser:
    """The whole grammar; subcommands bring their own part."""
    common = _common(suppress=True)
    top = Parser(prog="township", description=sentence("command.about"), parents=[_common(suppress=False)])
    top.add_argument("--version", action="version", version=f"xiangzhitong {__version__}")
    rooms = top.add_subparsers(dest="subcommand", metavar="COMMAND", parser_class=Parser)
    for name in SUBCOMMANDS:
        module = _module(name)
        room = rooms.add_parser(name, help=module.HELP, description=module.HELP, parents=[common])
        module.add(room, common)
        room.set_defaults(run=module.run) if hasattr(module, "run") else None
    return top


def _common(*, suppress: bool) -> Parser:
    """Options that stand before or after the subcommand: after it they count only where they are given."""

    def default(value: Any) -> Any:
        return argparse.SUPPRESS if suppress else value

    options = Parser(add_help=False)
    options.add_argument(
        "--home", type=Path, default=default(None), help=sentence("command.home", place=default_home())
    )
    options.add_argument("--user", default=default(None), help=sentence("command.user"))
    options.add_argument("--password-file", type=Path, default=default(None), help=sentence("command.password_file"))
    options.add_argument("--json", action="store_true", default=default(False), help=sentence("command.json"))
    options.add_argument("--worker", action="store_true", default=default(False), help=argparse.SUPPRESS)
    return options


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"app.command.{name}_command")


def _utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A Windows console of another code page must not stop a report with Chinese in it.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _trace() -> None:
    if os.environ.get("TOWNSHIP_TRACE"):
        traceback.print_exc()
