"""`township find`: search as the window does."""

from __future__ import annotations

import argparse
import time

from app.command.desk import Desk
from app.command.shown import known_form

HELP = "按姓名、拼音首字母、号码末几位、电话、地址查找"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("text")
    parser.add_argument("--form", action="append")
    parser.add_argument("--limit", type=int, default=50)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Print the hits, best first; numbers in them are masked."""
    office = desk.open_office()
    for name in args.form or ():
        known_form(office, name)
    start = time.perf_counter()
    hits = office.registry.find(args.text, forms=args.form, limit=args.limit)
    took = (time.perf_counter() - start) * 1000
    found = [{"form": h.form, "id": h.id, "title": h.title, "note": h.note, "score": h.score} for h in hits]
    words = "\n".join(f"{office.forms[h.form].title}\t{h.title}\t{h.note}\t{h.id}" for h in hits) or "没有找到。"
    desk.answer({"hits": found, "ms": round(took, 2)}, words)
    return 0
