"""`township report`: the figures of a period, as a file."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from app.command.desk import Desk
from app.errors import KnownError

HELP = "日汇总（周、月、季报后面的版本才有）"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("period", choices=["day", "week", "month", "quarter"])
    parser.add_argument("--at", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--area")
    parser.add_argument("out", type=Path, metavar="OUT.xlsx|OUT.docx|OUT.pdf|OUT.json")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Write the report."""
    if args.period != "day":
        raise KnownError("command.not_built", name=f"report {args.period}")
    from app.exchange.documents.day_report import day_report

    try:
        day = datetime.date.fromisoformat(args.at)
    except ValueError as bad:
        raise KnownError("command.date_wrong", value=args.at) from bad
    office = desk.open_office()
    day_report(office.statistics.day(day, area=args.area), args.out)
    desk.answer({"file": str(args.out)}, f"已写出 {args.out}")
    return 0
