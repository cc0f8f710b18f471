"""`township export`: records into a workbook, for a reason that is logged."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk
from app.command.shown import known_form
from app.errors import KnownError

HELP = "导出成 Excel（要写理由，默认打码）"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("form")
    parser.add_argument("out", type=Path, metavar="OUT.xlsx")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--area")
    parser.add_argument("--ids", type=Path, metavar="FILE")
    parser.add_argument("--fields", default="", metavar="F,F…", help="只要这几栏")
    parser.add_argument("--source", default="", metavar="NAME")
    parser.add_argument("--plain", action="store_true", help="不打码（要有权限）")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Write the workbook; say how many records stand in it."""
    from app.exchange.outgo import export_form

    if args.form == "orders":
        from app.command import orders

        return orders.send_back(args, desk)
    office = desk.open_office()
    form = known_form(office, args.form)
    ids = read_ids(args.ids) if args.ids else None

    def tick(done: int, total: int) -> None:
        if desk.cancelled.is_set():
            raise KnownError("import.export_stopped")
        desk.progress(done, total, "正在导出")

    fields = [name for name in args.fields.split(",") if name]
    count = export_form(
        office, form.name, args.out, args.reason, area=args.area, plain=args.plain, ids=ids, fields=fields, tick=tick
    )
    desk.answer({"records": count, "file": str(args.out)}, f"已导出 {count} 条到 {args.out}")
    return 0


def read_ids(path: Path) -> list[str]:
    """The ids that stand in *path*; KnownError("command.file_missing")."""
    try:
        return path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as bad:
        raise KnownError("command.file_missing", path=path) from bad
