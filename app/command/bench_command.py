"""`township bench`: speed, against a peer or a floor in the same run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.command.desk import Desk
from app.errors import KnownError

HELP = "测速：search、sync、window、list、map、cases，与参照物在同一次里比"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("name", nargs="?", default="search")
    parser.add_argument("--residents", type=int, default=30_000)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--keep", type=Path, help="search: 库留在这个文件夹，下次接着用")
    parser.add_argument("--quick", action="store_true", help="sync: 只测本机回环")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Run one bench and print what it measured."""
    if args.name == "search":
        from app.bench.search import bench_search

        found: dict[str, Any] = bench_search(args.residents, args.keep)
    elif args.name == "sync":
        from app.bench.exchange import bench_sync

        found = bench_sync(slow=not args.quick)
    elif args.name == "window":
        from ui.bench import bench_window

        found = {"runs": [bench_window(args.residents)]}
    elif args.name == "list":
        from ui.bench_list import bench_list

        found = {"runs": [bench_list(args.residents)]}
    elif args.name == "map":
        from ui.bench_map import bench_map

        found = {"runs": bench_map()}
    elif args.name == "cases":
        from app.bench.cases import bench_cases

        found = bench_cases(args.cases)
    else:
        raise KnownError("command.no_bench", name=args.name)
    rows = found.get("queries") or found.get("runs") or []
    desk.answer(found, "\n".join("\t".join(f"{key} {value}" for key, value in row.items()) for row in rows))
    return 0
