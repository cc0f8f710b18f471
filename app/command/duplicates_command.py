"""`township duplicates`: who may be registered twice."""

from __future__ import annotations

import argparse

from app.command.desk import Desk

HELP = "比对查重：看着像登记了两次的人"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("--limit", type=int, default=500)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Print the pairs, the surest first; names as in lists, numbers are not shown."""
    office = desk.open_office()
    form = office.forms["resident"]
    pairs = office.duplicates.likely()
    found = [
        {
            "first": pair.first.id,
            "second": pair.second.id,
            "names": [form.record_title(record.values, masked=True) for record in (pair.first, pair.second)],
            "areas": [pair.first.area, pair.second.area],
            "why": pair.why.code,
            "said": pair.said,
        }
        for pair in pairs[: args.limit]
    ]
    lines = [f"{'、'.join(one['names'])}\t{one['said']}\t{one['first']}\t{one['second']}" for one in found]
    desk.answer({"pairs": found, "total": len(pairs)}, "\n".join(lines) or "没有看着像登记了两次的人。")
    return 0
